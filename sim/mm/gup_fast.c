/* SPDX-License-Identifier: MIT */
/*
 * gup_fast.c - pages of the running process without any lock
 *
 * Mirrors arch/x86/mm/gup.c of 2.6.29, with the speculative reference of mm/gup.c of 6.18. The walk reads the page tables
 * with interrupts off: whoever frees a page table has to interrupt this CPU first, and waits.
 *
 * I1: a reference is taken only to a page that has one already; then the pte is read again, and if it has changed the
 *     reference is dropped. Where flushes are IPIs they wait for the walk, so that no frame that it saw is freed before it
 *     ends; the second look is for ptes that are changed without a flush, as fork does.
 * I2: under protocols that have write_protect_seq, no page that was pinned here is one that a fork has met meanwhile:
 *     the pins are dropped, and the slow path waits for the fork at mmap_sem.
 * I3: I4 of gup.c.
 *
 * Lock order: none; falls back to mmap_sem for read.
 *
 * Left out: access keys, checks of the file of FOLL_LONGTERM.
 */
#include "mm/mm.h"
#include "mm/protocols/cow.h"

struct fast_walk {
	struct mm_struct *mm;
	unsigned flags;
	unsigned long nr, done;
	struct page **pages;
};

static void *table_of(u64 entry)
{
	return pfn_to_virt((entry & PTE_PFN_MASK) >> PAGE_SHIFT);
}

static bool permits(u64 entry, unsigned flags)
{
	u64 need = _PAGE_PRESENT | _PAGE_USER | (flags & FOLL_WRITE ? _PAGE_RW : 0);

	return (entry & need) == need;
}

/* => false: the page has no references, it is free or about to be */
static bool try_grab_page(struct page *page, unsigned flags)
{
	return atomic_add_unless(&compound_head(page)->_count, flags & FOLL_PIN ? GUP_PIN_COUNTING_BIAS : 1,
				 0);
}

static void drop_page(struct page *page, unsigned flags)
{
	if (flags & FOLL_PIN)
		unpin_user_page(page);
	else
		put_page(page);
}

/* => interrupts off; *entry was read as pte and permits the access to page. true: the page is held */
static bool take_page(struct fast_walk *w, pte_t *entry, pte_t pte, struct page *page)
{
	if (!try_grab_page(page, w->flags))
		return false;
	SYNC_LABEL("grabbed");
	if (!pte_same(entry_read(entry), pte) ||
	    (!pte_write(pte) && this_machine->cow->gup_must_unshare(NULL, w->flags, page))) {
		drop_page(page, w->flags);
		return false;
	}
	mark_page_accessed(page);
	w->pages[w->done++] = page;
	return true;
}

/* => the entry of the pmd level for address, NULL: none; interrupts off */
static pmd_t *walk_to_pmd(const struct fast_walk *w, unsigned long address)
{
	pgd_t pgd = entry_read(w->mm->pgd + pgd_index(address));
	pud_t pud;

	if (!permits(pgd.pgd, 0))
		return NULL;
	pud = entry_read((pud_t *)table_of(pgd.pgd) + pud_index(address));
	if (!permits(pud.pud, 0))
		return NULL;
	return (pmd_t *)table_of(pud.pud) + pmd_index(address);
}

/* => interrupts off; true: the page of address is held */
static bool walk_one(struct fast_walk *w, unsigned long address)
{
	pmd_t *pmdp = walk_to_pmd(w, address), pmd;
	pte_t *ptep, pte;

	if (!pmdp)
		return false;
	pmd = smp_load_acquire(
		pmdp); /* what it points to was made before it: the processor's address dependency */
	if (pmd_huge(pmd))
		return permits(pmd.pmd, w->flags) &&
		       take_page(w, (pte_t *)pmdp, pmd_pte(pmd),
				 pfn_to_page(pmd_pfn(pmd) + ((address & ~HPAGE_MASK) >> PAGE_SHIFT)));
	if (!permits(pmd.pmd, 0))
		return false;
	ptep = (pte_t *)table_of(pmd.pmd) + pte_index(address);
	pte = entry_read(ptep);
	SYNC_LABEL("pte_read");
	if (!permits(pte.pte, w->flags) || pte_special(pte))
		return false;
	return take_page(w, ptep, pte, pfn_to_page(pte_pfn(pte)));
}

/* => called without locks; w->done pages are held */
static void lockless_pages(struct fast_walk *w, unsigned long start)
{
	const struct cow_protocol *cow = this_machine->cow;
	u32 seq = 0;

	if ((w->flags & FOLL_PIN) && !cow->gup_fast_begin(w->mm, &seq))
		return;
	local_irq_disable();
	while (w->done < w->nr && walk_one(w, start + (w->done << PAGE_SHIFT)))
		;
	local_irq_enable();
	if ((w->flags & FOLL_PIN) && cow->gup_fast_retry(w->mm, seq))
		while (w->done)
			unpin_user_page(w->pages[--w->done]);
}

long get_user_pages_fast(unsigned long start, unsigned long nr, unsigned flags, struct page **pages)
{
	struct fast_walk w = { current->mm, flags, nr, 0, pages };
	long slow;

	start &= PAGE_MASK;
	if (!w.mm || start >= TASK_SIZE || nr > (TASK_SIZE - start) >> PAGE_SHIFT)
		return -EFAULT;
	if (flags & FOLL_PIN)
		mm_set_has_pinned(w.mm);
	else
		w.flags |= FOLL_GET;
	lockless_pages(&w, start);
	if (w.done == nr)
		return (long)nr;
	SYNC_LABEL("slow");
	down_read(&w.mm->mmap_sem);
	slow = get_user_pages(w.mm, start + (w.done << PAGE_SHIFT), nr - w.done, w.flags, pages + w.done);
	up_read(&w.mm->mmap_sem);
	if (slow < 0)
		return w.done ? (long)w.done : slow;
	return (long)w.done + slow;
}

long pin_user_pages_fast(unsigned long start, unsigned long nr, unsigned flags, struct page **pages)
{
	return get_user_pages_fast(start, nr, flags | FOLL_PIN, pages);
}
