/* SPDX-License-Identifier: MIT */
/*
 * sys.h - address spaces of processes, and system calls of the running task
 *
 * System calls are called without locks, may sleep, and return 0 (or a count) or a negative error number.
 */
#ifndef SIM_KERNEL_SYS_H
#define SIM_KERNEL_SYS_H

#include "fs/fs_types.h"
#include "kernel/task.h"

/* => an empty address space with one user; NULL: no memory */
struct mm_struct *mm_alloc(void);
/* Drops a user; the last tears it down. => called without locks */
void mmput(struct mm_struct *mm);
/*
 * Makes a task run in mm (NULL: in none) on its CPU, with an empty TLB. => the task does not run, or is
 * `current`
 */
void use_mm(struct task_struct *task, struct mm_struct *mm);

/*
 * ---- memory: of the running task's mm. prot, flags, behaviour: uapi.h's numbers, which are Linux's -------------------
 */

/* => the address or -errno; file NULL: anonymous; pgoff in pages */
long sys_mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags,
	      struct file *file, unsigned long pgoff);
long sys_munmap(unsigned long addr, unsigned long len);
long sys_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len, unsigned long flags,
		unsigned long new_addr); /* => the address or -errno */
long sys_mprotect(unsigned long start, unsigned long len, unsigned long prot);
long sys_madvise(unsigned long start, unsigned long len, int behaviour);
long sys_msync(unsigned long start, unsigned long len, unsigned long flags);
long sys_mlock(unsigned long start, unsigned long len);
long sys_munlock(unsigned long start, unsigned long len);
long sys_mincore(unsigned long start, unsigned long len, u8 *vec); /* vec: the kernel's, a byte a page */
long sys_remap_file_pages(unsigned long start, unsigned long size, unsigned long prot, unsigned long pgoff,
			  unsigned long flags);

/* ---- files; `user` is an address of the running task's memory ----------------------------------------------------- */

long sys_ftruncate(struct file *file, unsigned long length);
long sys_fallocate(struct file *file, int mode, unsigned long offset, unsigned long len);
long sys_fsync(struct file *file);
/* => the count, less at the end of the file or of user memory, or -errno. On an O_DIRECT file past the pagecache */
long sys_pread(struct file *file, unsigned long user, size_t n, unsigned long pos);
long sys_pwrite(struct file *file, unsigned long user, size_t n, unsigned long pos);
/*
 * From and to a kernel buffer, in one page. => the count, or -EIO, -EINVAL (across a page or past the end of the
 * disk's part)
 */
long kernel_read(struct file *file, void *buf, size_t n, unsigned long pos);
long kernel_write(struct file *file, const void *buf, size_t n, unsigned long pos);
/*
 * O_DIRECT from a kernel buffer, in one page, pos and n multiples of 512; => the count, or -EIO: written, yet a page
 * stayed cached
 */
long kernel_write_direct(struct file *file, const void *buf, size_t n, unsigned long pos);

/* ---- processes -------------------------------------------------------------------------------------------------------- */

/* A copy of the running task's memory. => *child: a process of its own, not running yet; 0 or -ENOMEM, -EAGAIN */
long sys_fork(struct mm_struct **child);
/* Gives a new mm its place in the table of processes. => 0, or -EAGAIN: NR_PROCESSES are alive */
int process_register(struct mm_struct *mm);
/* The process is gone from the table and torn down with its last user. => no actor runs in it but the caller */
void process_exit(struct mm_struct *mm);
/* Another process's memory: process_vm_readv() and _writev() with one range each. => the count or -errno */
long sys_process_vm_read(struct mm_struct *mm, unsigned long user, unsigned long remote, size_t n);
long sys_process_vm_write(struct mm_struct *mm, unsigned long user, unsigned long remote, size_t n);
/* ptrace, /proc/PID/mem: whatever the protection says (FOLL_FORCE). => the count or -EIO */
long sys_peek(struct mm_struct *mm, unsigned long remote, void *buf, size_t n);
long sys_poke(struct mm_struct *mm, unsigned long remote, const void *buf, size_t n);

/* ---- pipes: one of the machine's, not blocking -------------------------------------------------------------------------- */

long sys_vmsplice(unsigned long user,
		  size_t n); /* the pages themselves go in; => the count, -EAGAIN: full, -EFAULT */
long sys_pipe_read(unsigned long user, size_t n); /* => the count, -EAGAIN: empty */
long sys_pipe_write(unsigned long user, size_t n);

#endif
