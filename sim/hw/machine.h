/* SPDX-License-Identifier: MIT */
/*
 * machine.h - the whole machine: everything that an execution can change, in one struct
 *
 * It stands at the start of the arena, all zero before machine_boot(). There are no mutable globals beside
 * it.
 */
#ifndef SIM_HW_MACHINE_H
#define SIM_HW_MACHINE_H

#include "fs/fs_types.h"
#include "hw/cpu.h"
#include "kernel/slab.h"
#include "kernel/task.h"
#include "mm/mm_types.h"
#include "hw/observer.h"

#define NR_FRAMES 96
#define NR_PROCESSES 4

struct invalidate_protocol;

struct zone {
	spinlock_t lock;
	struct page *free; /* (Z) last in, first out */
	unsigned nr_free;  /* (Z) */
};

struct machine {
	u8 frame[NR_FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
	struct disk disk;
	struct ghost ghost;
	struct page mem_map[NR_FRAMES];
	struct cpu cpu[NR_CPUS];
	struct zone zone;
	struct slab slab;
	struct task_struct task[NR_TASKS];
	struct mm_struct *process[NR_PROCESSES];
	int nr_processes;
	struct inode inode[NR_FILES];
	struct file file[NR_FILES];
	int nr_files;
	const struct invalidate_protocol *invalidate;
};

#define this_machine ((struct machine *)sync_machine())

static inline struct page *pfn_to_page(unsigned long pfn)
{
	return &this_machine->mem_map[pfn];
}
static inline unsigned long page_to_pfn(const struct page *page)
{
	return (unsigned long)(page - this_machine->mem_map);
}
static inline void *page_address(const struct page *page)
{
	return this_machine->frame[page_to_pfn(page)];
}
static inline struct page *virt_to_page(const void *p)
{
	return &this_machine->mem_map[((const u8 *)p - this_machine->frame[0]) >> PAGE_SHIFT];
}
static inline void *pfn_to_virt(unsigned long pfn)
{
	return this_machine->frame[pfn];
}

#endif
