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

/* addr and len in bytes, whole pages; vm_flags: VM_READ ...; pgoff in pages; file NULL: anonymous */
long sys_mmap(unsigned long addr, unsigned long len, unsigned long vm_flags, struct file *file,
	      unsigned long pgoff);
long sys_munmap(unsigned long addr, unsigned long len);
long sys_ftruncate(struct file *file, unsigned long length);
/*
 * Buffered, in one page; => the count, or -EIO, -EINVAL (across a page or past the end of the disk's part)
 */
long sys_pread(struct file *file, void *buf, size_t n, unsigned long pos);
long sys_pwrite(struct file *file, const void *buf, size_t n, unsigned long pos);
/*
 * O_DIRECT, in one page, pos and n multiples of 512; => the count, or -EIO: written, yet a page stayed
 * cached
 */
long sys_pwrite_direct(struct file *file, const void *buf, size_t n, unsigned long pos);

#endif
