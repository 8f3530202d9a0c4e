/* SPDX-License-Identifier: MIT */
/*
 * cpu.h - what each CPU has to itself: the address space that it runs, and its TLB
 *
 * I1: only code that runs on the CPU touches its TLB: its instructions, its flushes, handlers of IPIs to
 *     it.
 *
 * Left out: global and huge entries, PCIDs, paging-structure caches.
 */
#ifndef SIM_HW_CPU_H
#define SIM_HW_CPU_H

#include "hw/pgtable.h"

struct mm_struct;

#define NR_CPUS 16
#define TLB_ENTRIES 64

struct tlb_entry {
	u64 tag;	 /* page number + 1, 0: empty */
	u64 pte;	 /* as it was when it was loaded, with A, and D if a store went through it */
	u32 generation;	 /* of the TLB when it was loaded; another one: flushed since */
	u32 incarnation; /* of the frame when it was loaded; for oracles, no hardware has it */
};

struct cpu {
	struct mm_struct *active_mm; /* (this CPU) whose tables CR3 points to; NULL: none */
	u32 tlb_generation;	     /* (this CPU) a whole flush costs one increment */
	struct tlb_entry tlb[TLB_ENTRIES];
};

static inline unsigned tlb_slot(unsigned long addr)
{
	return (addr >> PAGE_SHIFT) % TLB_ENTRIES;
}

#endif
