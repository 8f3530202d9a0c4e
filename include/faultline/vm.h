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

#endif
