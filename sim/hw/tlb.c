/* SPDX-License-Identifier: MIT */
/*
 * tlb.c - address space switches, and the shootdown of translations
 *
 * Mirrors arch/x86_64/kernel/smp.c of 2.6.18: the CPU flushes its own TLB, then interrupts every other one
 * that runs the mm and waits until each has flushed.
 *
 * I1: whoever changed or cleared a pte returns to its caller, or frees the page, only after a flush of it.
 *
 * Left out: lazy TLB mode; one mm stays on a CPU for as long as its actor runs.
 */
#include "hw/machine.h"
#include "hw/mmu.h"

/* Past so many pages a flush is of the whole TLB. */
#define FLUSH_CEILING 16

struct flush {
	struct mm_struct *mm;
	unsigned long start, end;
};

/* => called on the CPU; what is cached between TLB and tables is gone */
static void flush_pde_cache(struct cpu *c)
{
	for (int i = 0; i < PDE_CACHE_ENTRIES; i++)
		c->pde_cache[i].tag = 0;
}

void switch_mm(int cpu, struct mm_struct *mm)
{
	struct cpu *c = &this_machine->cpu[cpu];

	if (c->active_mm)
		clear_bit(cpu, &c->active_mm->cpu_vm_mask);
	c->active_mm = mm;
	c->tlb_generation++;
	flush_pde_cache(c);
	if (mm)
		set_bit(cpu, &mm->cpu_vm_mask);
}

/* => called on the CPU, inside an instruction or as the handler of an IPI */
static void flush_local(int cpu, void *info)
{
	const struct flush *f = info;
	struct cpu *c = &this_machine->cpu[cpu];

	if (c->active_mm != f->mm)
		return;
	flush_pde_cache(c);
	if ((f->end - f->start) >> PAGE_SHIFT > FLUSH_CEILING) {
		c->tlb_generation++;
		return;
	}
	for (unsigned long addr = f->start & PAGE_MASK; addr < f->end; addr += PAGE_SIZE)
		if (c->tlb[tlb_slot(addr)].tag == (addr >> PAGE_SHIFT) + 1)
			c->tlb[tlb_slot(addr)].tag = 0;
}

void flush_tlb_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct flush f = { mm, start, end };
	u64 mask = READ_ONCE(mm->cpu_vm_mask), self = 1ull << smp_processor_id();

	if (mask & self) {
		insn_begin();
		flush_local(smp_processor_id(), &f);
		insn_end();
	}
	if (mask & ~self)
		smp_call_function_many(mask & ~self, flush_local, &f);
}

void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr)
{
	flush_tlb_range(vma->vm_mm, addr & PAGE_MASK, (addr & PAGE_MASK) + PAGE_SIZE);
}

void flush_tlb_mm(struct mm_struct *mm)
{
	flush_tlb_range(mm, 0, TASK_SIZE);
}
