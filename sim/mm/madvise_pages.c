/* SPDX-License-Identifier: MIT */
/*
 * madvise_pages.c - advice about pages: forget them, let reclaim have them, guard their place
 *
 * Mirrors the page walks of mm/madvise.c: MADV_DONTNEED of 2.6.29, MADV_FREE of 4.5, MADV_COLD and MADV_PAGEOUT of 5.4,
 * guards of 6.13 (of files too, 6.15).
 *
 * I1: a guard is a marker in the pte. MADV_DONTNEED leaves it, unmapping removes it. It is set only where nothing is.
 * I2: a page that was freed lazily is anonymous, clean and not swap-backed: reclaim may drop it, a store makes it dirty
 *     and so keeps it. It is marked with the page locked where the swap cache could have it.
 *
 * Lock order: mmap_sem for read, then a page table lock, then lru_lock; the page lock is only tried under a ptl.
 *
 * Left out: huge pages in parts (they are split), the size of a pile of pages that is reclaimed at a time.
 */
#include "mm/fault.h"
#include "mm/madvise.h"
#include "hw/mmu.h"
#include "hw/observer.h"

/* What a walk does with one pte, with its lock held. */
typedef void (*pte_fn)(struct vm_area_struct *vma, pte_t *pte, unsigned long addr, void *arg);

static void walk_ptes(struct vm_area_struct *vma, unsigned long start, unsigned long end, pte_fn fn,
		      void *arg)
{
	unsigned long addr = start, next;
	spinlock_t *ptl;
	pmd_t *pmd;
	pte_t *pte;

	while (addr < end) {
		pmd = pmd_find(vma->vm_mm, addr, &next);
		if (pmd && vma_may_have_huge(vma) && pmd_huge(entry_read(pmd)))
			split_huge_pmd(vma, pmd, addr);
		pte = pte_find(vma->vm_mm, addr, &ptl, &next);
		if (!pte) {
			addr = next;
			continue;
		}
		spin_lock(ptl);
		for (; addr < end && addr < next; addr += PAGE_SIZE, pte++)
			fn(vma, pte, addr, arg);
		spin_unlock(ptl);
	}
}

/* ---- forgetting ------------------------------------------------------------------------------------------------------------ */

int madvise_dontneed(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	const struct zap_details details = { .keep_markers = true };

	if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP))
		return -EINVAL;
	zap_page_range(vma, start, end, &details);
	return 0;
}

/* => called with the pte's lock held; the page is nobody else's, not on swap, and need not go there. false: it may be */
static bool page_forgets(struct page *page)
{
	bool forgot;

	if (!PageSwapCache(page) && !PageDirty(page))
		return true;
	if (!trylock_page(page))
		return false;
	forgot = page_mapcount(page) == 1 && (!PageSwapCache(page) || try_to_free_swap(page));
	if (forgot)
		ClearPageDirty(page);
	unlock_page(page);
	return forgot;
}

static void free_pte(struct vm_area_struct *vma, pte_t *pte, unsigned long addr, void *arg)
{
	pte_t entry = entry_read(pte);
	struct page *page;

	if (is_swap_entry(entry)) {
		add_mm_counter(vma->vm_mm, MM_SWAPENTS, -1);
		free_swap_and_cache(pte_to_swp_entry(entry));
		set_pte(pte, (pte_t){ 0 });
		return;
	}
	page = pte_present(entry) ? vm_normal_page(vma, addr, entry) : NULL;
	if (!page || !PageAnon(page) || !page_forgets(page))
		return;
	if (pte_young(entry) || pte_dirty(entry)) {
		entry = ptep_get_and_clear(pte);
		set_pte(pte, pte_mkold(pte_mkclean(entry)));
		*(bool *)arg = true;
	}
	mark_page_lazyfree(page);
}

int madvise_free(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	bool flush = false;

	if ((vma->vm_flags & (VM_LOCKED | VM_PFNMAP)) || !vma_is_anonymous(vma))
		return -EINVAL;
	lru_add_drain();
	observe_may_discard(vma->vm_mm, start, end);
	observe_revoke_begin(vma->vm_mm);
	walk_ptes(vma, start, end, free_pte, &flush);
	/* A store through a translation that is dirty would not say so in the pte, and the page would be dropped. */
	if (flush)
		flush_tlb_range(vma->vm_mm, start, end);
	observe_revoke_end(vma->vm_mm);
	return 0;
}

/* ---- reclaiming --------------------------------------------------------------------------------------------------------------- */

static void isolate_pte(struct vm_area_struct *vma, pte_t *pte, unsigned long addr, void *arg)
{
	pte_t entry = entry_read(pte);
	struct page *page = pte_present(entry) ? vm_normal_page(vma, addr, entry) : NULL;

	if (!page || page_mapcount(page) != 1)
		return;
	ptep_test_and_clear_young(pte);
	ClearPageReferenced(page);
	if (!arg)
		deactivate_page(page);
	else if (!isolate_lru_page(page))
		list_add(&page->lru, arg);
}

int madvise_cold_or_pageout(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool pageout)
{
	struct list_head pages = LIST_HEAD_INIT(pages);

	if (vma->vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB))
		return -EINVAL;
	lru_add_drain();
	walk_ptes(vma, start, end, isolate_pte, pageout ? &pages : NULL);
	if (!list_empty(&pages))
		reclaim_pages(&pages);
	return 0;
}

static void note_swap_entry(struct vm_area_struct *vma, pte_t *pte, unsigned long addr, void *arg)
{
	pte_t entry = entry_read(pte);

	(void)vma;
	(void)addr;
	if (is_swap_entry(entry))
		*(swp_entry_t *)arg = pte_to_swp_entry(entry);
}

void swapin_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct page *page;
	swp_entry_t entry;

	if (!READ_ONCE(this_machine->swap.nr_slots))
		return;
	for (; start < end; start += PAGE_SIZE) {
		entry = (swp_entry_t){ 0 };
		walk_ptes(vma, start, start + PAGE_SIZE, note_swap_entry, &entry);
		page = entry.val ? read_swap_cache_async(entry) : NULL;
		if (page)
			put_page(page);
	}
	lru_add_drain();
}

/* ---- guards ------------------------------------------------------------------------------------------------------------------ */

static pte_t guard_pte(void)
{
	return swp_entry_to_pte(swp_entry(SWP_MARKER, PTE_MARKER_GUARD));
}

static bool is_guard(pte_t pte)
{
	return is_pte_marker(pte) && swp_offset(pte_to_swp_entry(pte)) == PTE_MARKER_GUARD;
}

/* => 0: guards stand everywhere; 1: something is mapped; or -ENOMEM */
static int install_guards(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long addr = start, next;
	pte_t *pte, entry;
	spinlock_t *ptl;
	pmd_t *pmd;
	int left = 0;

	while (addr < end) {
		pmd = pmd_find(vma->vm_mm, addr, &next);
		if (pmd && vma_may_have_huge(vma) && pmd_huge(entry_read(pmd)))
			return 1;
		pte = pte_alloc_map(vma->vm_mm, addr, &ptl);
		if (!pte)
			return -ENOMEM;
		next = (addr & ~(PMD_SIZE - 1)) + PMD_SIZE;
		spin_lock(ptl);
		for (; addr < end && addr < next; addr += PAGE_SIZE, pte++) {
			entry = entry_read(pte);
			if (pte_none(entry))
				set_pte(pte, guard_pte());
			else if (!is_guard(entry))
				left = 1;
		}
		spin_unlock(ptl);
	}
	return left;
}

int madvise_guard_install(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	const struct zap_details all = { .keep_markers = false };
	int ret;

	if (vma->vm_flags & (VM_SPECIAL | VM_HUGETLB | VM_LOCKED))
		return -EINVAL;
	WRITE_ONCE(vma->maybe_guard, 1);
	if (vma_is_anonymous(vma) && anon_vma_prepare(vma))
		return -ENOMEM;
	while ((ret = install_guards(vma, start, end)) > 0) {
		zap_page_range(vma, start, end, &all);
		cond_resched();
	}
	return ret;
}

static void remove_guard(struct vm_area_struct *vma, pte_t *pte, unsigned long addr, void *arg)
{
	(void)vma;
	(void)addr;
	(void)arg;
	if (is_guard(entry_read(pte)))
		set_pte(pte, (pte_t){ 0 });
}

int madvise_guard_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	if (vma->vm_flags & (VM_SPECIAL | VM_HUGETLB))
		return -EINVAL;
	walk_ptes(vma, start, end, remove_guard, NULL);
	return 0;
}
