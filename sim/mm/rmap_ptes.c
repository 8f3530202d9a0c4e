/* SPDX-License-Identifier: MIT */
/*
 * rmap_ptes.c - what reclaim and writeback do at the ptes of a page: ask, clean, replace
 *
 * Mirrors the second half of mm/rmap.c of 2.6.29. From 6.x: lazily freed pages, pages that are pinned, exclusive ones.
 *
 * I1: a pte is cleared and its translation flushed before what it said of the page (dirty) is taken for all that there
 *     is to say; the page is told no later than the pte stops saying it.
 * I2: the entry that takes a pte's place is counted before it can be found there.
 *
 * Lock order: page lock; i_mmap_lock or an anon_vma's lock; a page table lock; the swap device's, lru_lock and tree_lock
 * (set_page_dirty()).
 *
 * Left out: the mlock of pages whose vma turns out to be locked, clusters of nonlinear vmas: they are searched for the
 * one page. KSM's pages: nobody unmaps them.
 */
#include "hw/mmu.h"
#include "hw/observer.h"
#include "mm/fault.h"
#include "mm/protocols/cow.h"

/* ---- was it used? ------------------------------------------------------------------------------------------------ */

/* => called with no page table lock; a huge page's one entry */
static bool pmd_referenced(struct page *page, struct vm_area_struct *vma, unsigned long address)
{
	unsigned long next;
	pmd_t *pmd = pmd_find(vma->vm_mm, address, &next);
	bool young = false;
	spinlock_t *ptl;

	if (!pmd || !pmd_huge(entry_read(pmd)))
		return false;
	ptl = pmd_lockptr(pmd);
	spin_lock(ptl);
	if (pmd_huge(entry_read(pmd)) && pmd_pfn(entry_read(pmd)) == page_to_pfn(page))
		young = ptep_test_and_clear_young((pte_t *)pmd);
	spin_unlock(ptl);
	return young;
}

/* What was read in sequence is not read again: such uses count for nothing. */
static int page_referenced_one(struct page *page, struct vm_area_struct *vma, unsigned long address,
			       struct rmap_walk *walk)
{
	bool young = false;
	spinlock_t *ptl;
	pte_t *pte;

	if (unlikely(PageHead(page)) && pmd_referenced(page, vma, address)) {
		walk->found++;
		return SWAP_AGAIN;
	}
	pte = page_check_address(page, vma->vm_mm, address, &ptl);
	if (!pte)
		return SWAP_AGAIN;
	if (ptep_test_and_clear_young(pte)) {
		flush_tlb_page(vma, address);
		young = true;
	}
	spin_unlock(ptl);
	if (young && !(vma->vm_flags & VM_SEQ_READ))
		walk->found++;
	return SWAP_AGAIN;
}

int page_referenced(struct page *page)
{
	struct rmap_walk walk = { .one = page_referenced_one };

	if (page_mapped(page))
		rmap_walk(page, &walk);
	return walk.found;
}

/* ---- clean it ----------------------------------------------------------------------------------------------------- */

/* Private mappings have the file's page read-only and clean. */
static int page_mkclean_one(struct page *page, struct vm_area_struct *vma, unsigned long address,
			    struct rmap_walk *walk)
{
	spinlock_t *ptl;
	pte_t *pte, entry;

	if (!(vma->vm_flags & VM_SHARED))
		return SWAP_AGAIN;
	pte = page_check_address(page, vma->vm_mm, address, &ptl);
	if (!pte)
		return SWAP_AGAIN;
	entry = entry_read(pte);
	if (pte_dirty(entry) || pte_write(entry)) {
		observe_revoke_begin(vma->vm_mm);
		entry = ptep_get_and_clear(pte);
		flush_tlb_page(vma, address);
		set_pte(pte, pte_wrprotect(pte_mkclean(entry)));
		observe_revoke_end(vma->vm_mm);
		walk->found++;
	}
	spin_unlock(ptl);
	return SWAP_AGAIN;
}

int page_mkclean(struct page *page)
{
	struct rmap_walk walk = { .one = page_mkclean_one, .nonlinear = true };

	BUG_ON(!PageLocked(page));
	if (page_mapped(page) && !PageAnon(page))
		rmap_walk(page, &walk);
	return walk.found;
}

/* ---- unmap it ------------------------------------------------------------------------------------------------------ */

/*
 * The pte was cleared and flushed: no new pin by the lockless walk can come of it, so that what is counted now is all.
 * => called with the page table lock held; false: it is pinned, and stays exclusive
 */
static bool try_share_anon_rmap(struct page *page)
{
	smp_mb();
	if (page_maybe_dma_pinned(page))
		return false;
	ClearPageAnonExclusive(page);
	smp_mb(); /* before the pte says that it is shared */
	return true;
}

/*
 * A page that MADV_FREE gave up goes without being written, if it is clean and only ptes and reclaim have it: a reference
 * of get_user_pages() may be about to dirty it. The pte is gone, then the count is looked at, then the dirty bit.
 */
static bool may_discard(struct page *page)
{
	int refs, maps;

	smp_mb();
	refs = page_count(page);
	maps = page_mapcount(page);
	smp_rmb();
	if (PageDirty(page)) {
		SetPageSwapBacked(page);
		return false;
	}
	return refs == 1 + maps;
}

static pte_t migration_pte(const struct page *page, pte_t old, bool exclusive)
{
	enum swp_type type = pte_write(old) ? SWP_MIGRATION_WRITE :
			     exclusive	    ? SWP_MIGRATION_READ_EXCLUSIVE :
					      SWP_MIGRATION_READ;

	return swp_entry_to_pte(swp_entry(type, page_to_pfn(page)));
}

/* => called with the page table lock held, the pte cleared; what is to stand there, or old: the page must stay mapped */
static pte_t after_unmap(struct page *page, struct vm_area_struct *vma, unsigned long address, pte_t old,
			 enum ttu_flags flags)
{
	bool exclusive = this_machine->cow->exclusive && PageAnon(page) && PageAnonExclusive(page);
	struct mm_struct *mm = vma->vm_mm;
	pte_t new;

	if (flags == TTU_MIGRATION)
		return exclusive && !try_share_anon_rmap(page) ? old : migration_pte(page, old, exclusive);
	if (!PageAnon(page)) {
		add_mm_counter(mm, mm_counter_of(page), -1);
		if ((vma->vm_flags & VM_NONLINEAR) && linear_page_index(vma, address) != page->index)
			return pgoff_to_pte(page->index);
		return (pte_t){ 0 };
	}
	if (!PageSwapBacked(page)) {
		if (!may_discard(page))
			return old;
		add_mm_counter(mm, MM_ANONPAGES, -1);
		return (pte_t){ 0 };
	}
	if (!PageSwapCache(page) || (exclusive && !try_share_anon_rmap(page)))
		return old;
	swap_duplicate(page_swp_entry(page));
	add_mm_counter(mm, MM_ANONPAGES, -1);
	add_mm_counter(mm, MM_SWAPENTS, 1);
	new = swp_entry_to_pte(page_swp_entry(page));
	return exclusive ? pte_swp_mkexclusive(new) : new;
}

static int try_to_unmap_one(struct page *page, struct vm_area_struct *vma, unsigned long address,
			    struct rmap_walk *walk)
{
	spinlock_t *ptl;
	pte_t *pte, old, new;

	pte = page_check_address(page, vma->vm_mm, address, &ptl);
	if (!pte)
		return SWAP_AGAIN;
	if (walk->flags != TTU_MIGRATION && (vma->vm_flags & VM_LOCKED)) {
		spin_unlock(ptl);
		return SWAP_MLOCK;
	}
	observe_revoke_begin(vma->vm_mm);
	old = ptep_get_and_clear(pte);
	flush_tlb_page(vma, address);
	observe_revoke_end(vma->vm_mm);
	SYNC_LABEL("pte_cleared");
	if (pte_dirty(old))
		set_page_dirty(page);
	new = after_unmap(page, vma, address, old, walk->flags);
	if (!pte_none(new))
		set_pte(pte, new);
	if (!pte_same(new, old)) {
		page_remove_rmap(page);
		put_page(page); /* the caller has another */
	}
	spin_unlock(ptl);
	if (pte_same(new, old))
		return SWAP_FAIL;
	return page_mapped(page) ? SWAP_AGAIN : SWAP_SUCCESS;
}

int try_to_unmap(struct page *page, enum ttu_flags flags)
{
	struct rmap_walk walk = { .one = try_to_unmap_one, .flags = flags, .nonlinear = true };
	int ret;

	BUG_ON(!PageLocked(page));
	if (PageKsm(page) || (flags == TTU_UNMAP && !this_machine->cow->may_unmap(page)))
		return SWAP_FAIL;
	ret = rmap_walk(page, &walk);
	return page_mapped(page) ? ret : SWAP_SUCCESS;
}
