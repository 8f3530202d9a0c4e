/* SPDX-License-Identifier: MIT */
/*
 * vm.h - what a race does with the machine: processes, files, mappings, accesses
 *
 * Files and processes are numbered from 0 in the order of their making. Addresses, sizes and positions are
 * bytes; a page has 4096. Calls that can fail return 0 (or a count) or a negative error number, accesses 0
 * or a signal.
 *
 * A set-up makes files and processes, acts as a process (vm_as), and says which process each actor runs in
 * (vm_run): an actor is a thread of that process on a CPU of its own, whose TLB is empty when the race
 * begins.
 */
#ifndef FAULTLINE_VM_H
#define FAULTLINE_VM_H

#include <stddef.h>
#include <stdint.h>

#define VM_PAGE 4096ul

enum vm_mapping {
	MAPPED_SHARED,
	MAPPED_PRIVATE,
};

#define VM_SIGBUS 7
#define VM_SIGSEGV 11

/* ---- for set-ups ---- */

/* Makes a file of so many pages, on disk and not cached. => its number */
int vm_file(unsigned pages);
/* Makes a process without mappings. => its number */
int vm_process(void);
/* From here on the set-up acts as this process. */
void vm_as(int process);
/* The actor of this index runs in this process. */
void vm_run(int actor, int process);

/* ---- for set-ups and actors: as the process that they run in ---- */

/* Maps pages of a file, readable and writable, at addr; file -1: anonymous memory. */
int vm_mmap(unsigned long addr, unsigned pages, enum vm_mapping kind, int file, unsigned long first_page);
int vm_munmap(unsigned long addr, unsigned pages);

/* The rights of a mapping, for vm_mprotect(). */
#define VM_PROT_NONE 0
#define VM_PROT_READ 1
#define VM_PROT_WRITE 2

int vm_mprotect(unsigned long addr, unsigned pages, int prot);
/* behaviour: MADV_*, with Linux's numbers */
int vm_madvise(unsigned long addr, unsigned pages, int behaviour);
/* Moves a mapping to where nothing else is, or replaces what is there. */
int vm_mremap(unsigned long from, unsigned pages, unsigned long to);

/* One load or store of 8 bytes. */
int vm_load(unsigned long addr, uint64_t *value);
int vm_store(unsigned long addr, uint64_t value);
/* A load whose value only the oracles look at. */
int vm_touch(unsigned long addr);

int vm_truncate(int file, unsigned long size);
/* invalidate_inode_pages2_range(): as a direct write or another node's write of the cluster has it done */
int vm_invalidate(int file, unsigned long first_page, unsigned long last_page);
/* One page, written whole with this word repeated, past the pagecache (direct) or through it. */
int vm_write_direct(int file, unsigned long page, uint64_t word);
int vm_write(int file, unsigned long page, uint64_t word);
/* Reads 8 bytes through the pagecache: brings the page in. */
int vm_read(int file, unsigned long pos, uint64_t *value);

/* What was written to the file is on disk when it returns. */
int vm_fsync(int file);
/*
 * O_DIRECT: between the file and memory of the process, pinned meanwhile. pos, addr and n are multiples of 512.
 * => the count or a negative error number
 */
int vm_direct_read(int file, unsigned long pos, unsigned long addr, unsigned long n);
int vm_direct_write(int file, unsigned long pos, unsigned long addr, unsigned long n);
/* An unlinked file of so many pages in memory: memfd_create(). => its number, behind those of vm_file() */
int vm_memfd(unsigned pages);

/* ---- processes -------------------------------------------------------------------------------------------------- */

/* => the number of the child, which nobody runs in yet, or a negative error number */
int vm_fork(void);
/* The process ends. => nobody runs in it but the caller, who goes on running in what is torn down when it ends */
void vm_exit(int process);
/* A debugger's access to 8 bytes of another process, whatever their protection. => 0 or -EIO */
int vm_peek(int process, unsigned long addr, uint64_t *value);
int vm_poke(int process, unsigned long addr, uint64_t value);

/* ---- pages held by others than the process that maps them ----------------------------------------------------------- */

enum vm_pin_flags {
	VM_PIN_WRITE = 1,    /* for writing */
	VM_PIN_LONGTERM = 2, /* FOLL_LONGTERM: until it is unpinned, may it take for ever */
	VM_PIN_GET = 4,	     /* plain references (FOLL_GET), as before 5.6, in place of pins (FOLL_PIN) */
	VM_PIN_SLOW = 8,     /* get_user_pages() with mmap_sem held; without: the lockless walk first */
};

/* Holds up to 4 pages from addr on. => a handle, or a negative error number and nothing is held */
int vm_pin(unsigned long addr, unsigned pages, int flags);
/* Dropped; pages that were held for writing become dirty. => by whichever actor */
void vm_unpin(int pin);
/*
 * A device stores this word all over bytes [offset, offset + n) of what is held, or loads the first word of each 512
 * bytes, which is one step each. offset and n are multiples of 512. => 0, or -EIO: the words differ, *word is the last
 */
int vm_dma_write(int pin, unsigned long offset, unsigned long n, uint64_t word);
int vm_dma_read(int pin, unsigned long offset, unsigned long n, uint64_t *word);

/* The one pipe: pages of memory go in as they are; what comes out is copied to memory. => the count, -EAGAIN, -EFAULT */
int vm_vmsplice(unsigned long addr, unsigned long n);
int vm_pipe_read(unsigned long addr, unsigned long n);

#endif
