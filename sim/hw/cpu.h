/* SPDX-License-Identifier: MIT */
/*
 * cpu.h - what each CPU has to itself: the address space that it runs, its TLB and paging-structure cache
 *
 * I1: only code that runs on the CPU touches its caches: its instructions, its flushes, handlers of IPIs to
 *     it.
 *
 * Left out: global and huge entries, PCIDs; of the paging-structure caches those above the PDE cache.
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

/* A pmd entry that a walk went through: the next walk in its 2 MiB begins there. Only this finds freed tables. */
#define PDE_CACHE_ENTRIES 4

struct pde_cache_entry {
	u64 tag; /* address >> PMD_SHIFT, + 1; 0: empty */
	u64 pmd;
};

struct cpu {
	struct mm_struct *active_mm; /* (this CPU) whose tables CR3 points to; NULL: none */
	u32 tlb_generation;	     /* (this CPU) a whole flush costs one increment */
	struct tlb_entry tlb[TLB_ENTRIES];
	struct pde_cache_entry
		pde_cache[PDE_CACHE_ENTRIES]; /* (this CPU) any flush empties it, as INVLPG does */
};

static inline unsigned tlb_slot(unsigned long addr)
{
	return (addr >> PAGE_SHIFT) % TLB_ENTRIES;
}
static inline unsigned pde_cache_slot(unsigned long addr)
{
	return (addr >> PMD_SHIFT) % PDE_CACHE_ENTRIES;
}

#endif
