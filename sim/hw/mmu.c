/* SPDX-License-Identifier: MIT */
/*
 * mmu.c - the CPU's side of virtual memory: TLB, hardware walk, faults
 *
 * A user access is one instruction: no interrupt is taken between its translation and the access. It looks
 * in this CPU's TLB and uses what it finds there, stale or not. On a miss it walks the four levels, a step
 * each, or only the last where the cache of page directory entries knows the page table; sets A, and D for a
 * store, by a compare-and-exchange of the pte, and loads the TLB. A store through an entry without D walks again, as
 * the hardware does to set D.
 *
 * I1: a TLB entry's pte has A; it has D when a store went through it.
 *
 * Left out: A bits of the upper levels (Linux never looks), accesses across pages, execution, speculative
 * walks, TLB entries for 2 MiB (a huge page is cached 4 KiB at a time).
 */
#include "hw/mmu.h"
#include "hw/machine.h"
#include "hw/observer.h"
#include "mm/mm.h"

static bool permits(u64 pte, bool write)
{
	return (pte & _PAGE_PRESENT) && (pte & _PAGE_USER) && (!write || (pte & _PAGE_RW));
}

static void *table_of(u64 entry)
{
	return pfn_to_virt((entry & PTE_PFN_MASK) >> PAGE_SHIFT);
}

/* The entry that maps an address, of the last level or a huge one of the level above. */
struct leaf {
	pte_t *entry; /* NULL: not present */
	bool huge;
};

static struct leaf walk(struct cpu *cpu, unsigned long addr)
{
	struct pde_cache_entry *known = &cpu->pde_cache[pde_cache_slot(addr)];
	const struct leaf none = { NULL, false };
	pgd_t pgd;
	pud_t pud;
	pmd_t pmd, *pmdp;

	if (known->tag == (addr >> PMD_SHIFT) + 1)
		return (struct leaf){ (pte_t *)table_of(known->pmd) + pte_index(addr), false };
	pgd = entry_read(cpu->active_mm->pgd + pgd_index(addr));
	if (!permits(pgd.pgd, false))
		return none;
	pud = entry_read((pud_t *)table_of(pgd.pgd) + pud_index(addr));
	if (!permits(pud.pud, false))
		return none;
	pmdp = (pmd_t *)table_of(pud.pud) + pmd_index(addr);
	pmd = entry_read(pmdp);
	if (!permits(pmd.pmd, false))
		return none;
	if (pmd_huge(pmd))
		return (struct leaf){ (pte_t *)pmdp, true };
	known->tag = (addr >> PMD_SHIFT) + 1;
	known->pmd = pmd.pmd;
	return (struct leaf){ (pte_t *)table_of(pmd.pmd) + pte_index(addr), false };
}

/* => the pte as it is after A and D were set, or 0: to be faulted. Of a huge entry the 4 KiB that addr lies in */
static u64 walk_and_mark(struct cpu *cpu, unsigned long addr, bool write)
{
	u64 need = _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0), within;
	struct leaf leaf = walk(cpu, addr);
	pte_t pte, seen;

	if (!leaf.entry)
		return 0;
	within = leaf.huge ? addr & ~HPAGE_MASK & PAGE_MASK : 0;
	pte = entry_read(leaf.entry);
	for (;;) {
		if (!permits(pte.pte, write) || (leaf.huge && !(pte.pte & _PAGE_PSE)))
			return 0;
		if ((pte.pte & need) == need)
			return pte.pte + within;
		seen = cmpxchg(leaf.entry, pte, ((pte_t){ pte.pte | need }));
		if (pte_same(seen, pte))
			return (pte.pte | need) + within;
		pte = seen;
	}
}

/*
 * => called inside an instruction; the entry through which to access, or NULL: to be faulted
 */
static struct tlb_entry *translate(struct cpu *cpu, unsigned long addr, bool write)
{
	struct tlb_entry *t = &cpu->tlb[tlb_slot(addr)];
	bool hit = t->tag == (addr >> PAGE_SHIFT) + 1 && t->generation == cpu->tlb_generation;
	u64 pte;

	if (hit && permits(t->pte, write) && (!write || (t->pte & _PAGE_DIRTY)))
		return t;
	t->tag = 0;
	pte = cpu->active_mm ? walk_and_mark(cpu, addr, write) : 0;
	if (!pte)
		return NULL;
	sync_step("tlb_fill");
	t->tag = (addr >> PAGE_SHIFT) + 1;
	t->pte = pte;
	t->generation = cpu->tlb_generation;
	t->incarnation = observe_incarnation(pfn_to_page(pte_pfn((pte_t){ pte })));
	return t;
}

/* The access itself. Oracles look at it where somebody watches; natively a benchmark may say that nobody does. */
static void access_through(struct cpu *cpu, const struct tlb_entry *t, unsigned long addr, void *buf,
			   size_t n, bool write)
{
	struct page *page = pfn_to_page(pte_pfn((pte_t){ t->pte }));
	u8 *p = (u8 *)page_address(page) + (addr & ~PAGE_MASK);
	bool watched = sync_watched();

	if (watched) {
		observe_translation(cpu->active_mm, addr, t);
		observe_access_begin();
	}
	if (write)
		content_write(p, buf, n);
	else
		content_read(buf, p, n);
	if (!watched)
		return;
	if (write)
		observe_store(cpu->active_mm, addr, page, buf, n);
	else
		observe_load(cpu->active_mm, addr, page, buf, n);
	observe_access_end();
}

/* => true when it was performed, false when it faults */
static bool access_once(unsigned long addr, void *buf, size_t n, bool write)
{
	struct cpu *cpu = &this_machine->cpu[smp_processor_id()];
	struct tlb_entry *t;

	insn_begin();
	t = translate(cpu, addr, write);
	if (!t) {
		insn_end();
		return false;
	}
	access_through(cpu, t, addr, buf, n, write);
	insn_end();
	return true;
}

static int user_access(unsigned long addr, void *buf, size_t n, bool write)
{
	int sig;

	BUG_ON(!n || ((addr ^ (addr + n - 1)) & PAGE_MASK));
	while (!access_once(addr, buf, n, write)) {
		if (current->pagefault_disabled)
			return SIGSEGV;
		sig = do_page_fault(addr, write);
		if (sig) {
			current->sig = sig;
			current->fault_address = addr;
			return sig;
		}
	}
	return 0;
}

int user_read(unsigned long addr, void *buf, size_t n)
{
	return user_access(addr, buf, n, false);
}

int user_write(unsigned long addr, const void *buf, size_t n)
{
	return user_access(addr, (void *)(uintptr_t)buf, n, true);
}
