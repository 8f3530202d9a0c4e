/* SPDX-License-Identifier: MIT */
/*
 * memory.c - taking mappings away
 *
 * Mirrors the unmapping half of mm/memory.c of 2.6.29; the fault half is fault.c, fork's copy_page_range.c. The gather's
 * batches are those of 3.x, the details of a zap those of 2.6.29.
 *
 * I1: a page whose pte was cleared is dropped only after every CPU that runs the mm has flushed the translation.
 * I2: a page is found through i_mmap as long as a vma maps its index: so a walk of i_mmap under i_mmap_lock finds every
 *     pte that was set before it looked at it; later ones are the protocols' business.
 * I3: the dirty bit of a cleared pte is handed to the page before the page is dropped.
 *
 * Lock order: i_mmap_lock, then a page table lock. Flushes of zapped ranges hold i_mmap_lock at most.
 *
 * Left out: restarting the walk of i_mmap to let others in (need_lockbreak).
 */
#include "mm/fault.h"
#include "mm/protocols/invalidate.h"
#include "hw/mmu.h"
#include "hw/observer.h"

struct page *vm_normal_page(const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	(void)vma;
	(void)addr;
	return pte_special(pte) ? NULL : pfn_to_page(pte_pfn(pte));
}

void copy_user_page(struct page *to, const struct page *from)
{
	content_copy(page_address(to), page_address(from), PAGE_SIZE);
}

_Static_assert(TASK_RSS_COUNTERS == NR_MM_COUNTERS, "a task counts what its mm counts");

void sync_mm_rss(struct task_struct *task, struct mm_struct *mm, enum mm_counter c)
{
	atomic_add(task->rss[c], &mm->rss[c]);
	task->rss[c] = 0;
}

/* ---- the gather ----------------------------------------------------------------------------------------------- */

void tlb_gather_init(struct mmu_gather *tlb, struct mm_struct *mm)
{
	tlb->mm = mm;
	tlb->nr = 0;
	tlb->max = GATHER_PAGES;
	tlb->pages = tlb->local;
	tlb->batch = NULL;
	tlb->start = ~0ul;
	tlb->end = 0;
}

/* => no page table lock held; the gather is empty and goes on */
static void tlb_flush_mmu(struct mmu_gather *tlb)
{
	if (tlb->end)
		flush_tlb_range(tlb->mm, tlb->start, tlb->end);
	free_pages_and_swap_cache(tlb->pages, tlb->nr);
	tlb->nr = 0;
	tlb->start = ~0ul;
	tlb->end = 0;
}

/* => no page table lock held */
void tlb_finish_mmu(struct mmu_gather *tlb)
{
	tlb_flush_mmu(tlb);
	if (tlb->batch)
		put_page(tlb->batch);
	tlb_gather_init(tlb, tlb->mm);
}

/*
 * A big range gets a page to gather in, so that it is flushed less often. => the local array is full; false: it has to
 * be flushed now
 */
static bool tlb_next_batch(struct mmu_gather *tlb)
{
	if (tlb->batch)
		return false;
	tlb->batch = __alloc_page(GFP_ATOMIC);
	if (!tlb->batch)
		return false;
	tlb->pages = page_address(tlb->batch);
	for (int i = 0; i < tlb->nr; i++)
		tlb->pages[i] = tlb->local[i];
	tlb->max = GATHER_BATCH;
	return true;
}

bool tlb_full(struct mmu_gather *tlb)
{
	return tlb->nr == tlb->max && !tlb_next_batch(tlb);
}

void tlb_note_flush(struct mmu_gather *tlb, unsigned long addr, unsigned long size)
{
	if (addr < tlb->start)
		tlb->start = addr;
	if (addr + size > tlb->end)
		tlb->end = addr + size;
}

void tlb_remove_page(struct mmu_gather *tlb, struct page *page, unsigned long addr)
{
	if (tlb_full(tlb))
		tlb_flush_mmu(tlb);
	tlb_note_flush(tlb, addr, PAGE_SIZE);
	tlb->pages[tlb->nr++] = page;
}

/* ---- zapping ---------------------------------------------------------------------------------------------------- */

/* What a nonlinear vma maps at addr is not what its place says: the pte keeps the index. */
static pte_t after_zap(const struct vm_area_struct *vma, unsigned long addr, const struct page *page,
		       const struct zap_details *details)
{
	if (details->keep_file_ptes && linear_page_index(vma, addr) != page->index)
		return pgoff_to_pte(page->index);
	return (pte_t){ 0 };
}

/* => called with the page table lock held; a pte that maps something */
static void zap_present_pte(struct mmu_gather *tlb, struct vm_area_struct *vma, pte_t *pte,
			    unsigned long addr, pte_t ptent, const struct zap_details *details)
{
	struct page *page = vm_normal_page(vma, addr, ptent);
	pte_t left = { 0 };

	if (page && details->check_mapping && page_mapping_raw(page) != details->check_mapping)
		return;
	if (page && details->nonlinear &&
	    (page->index < details->first_index || page->index > details->last_index))
		return;
	if (page)
		left = after_zap(vma, addr, page, details);
	ptent = ptep_get_and_clear(pte);
	if (!pte_none(left))
		set_pte(pte, left);
	tlb_note_flush(tlb, addr, PAGE_SIZE);
	if (!page)
		return;
	add_mm_counter(vma->vm_mm, mm_counter_of(page), -1);
	if (!PageAnon(page)) {
		if (pte_dirty(ptent))
			set_page_dirty(page);
		if (pte_young(ptent))
			mark_page_accessed(page);
	}
	page_remove_rmap(page);
	tlb_remove_page(tlb, page, addr);
}

/* => called with the page table lock held; a pte that holds an entry */
static void zap_nonpresent_pte(struct vm_area_struct *vma, pte_t *pte, pte_t ptent,
			       const struct zap_details *details)
{
	/* Entries are of private pages, which stay when only a file's pages are asked for. */
	if (details->check_mapping)
		return;
	if (pte_file(ptent)) {
		if (!details->nonlinear && !details->keep_file_ptes)
			set_pte(pte, (pte_t){ 0 });
		return;
	}
	if (is_pte_marker(ptent) && details->keep_markers)
		return;
	if (is_swap_entry(ptent)) {
		add_mm_counter(vma->vm_mm, MM_SWAPENTS, -1);
		free_swap_and_cache(pte_to_swp_entry(ptent));
	} else if (is_migration_entry(ptent)) {
		struct page *page = pfn_to_page(swp_offset(pte_to_swp_entry(ptent)));

		add_mm_counter(vma->vm_mm, mm_counter_of(page), -1);
		/* whoever moves it holds the reference that was this pte's */
	}
	set_pte(pte, (pte_t){ 0 });
}

/* The ptes of [addr, end), in one page of ptes, until the gather is full. => returns where it stopped */
static unsigned long zap_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma, pte_t *pte,
				   spinlock_t *ptl, unsigned long addr, unsigned long end,
				   const struct zap_details *details)
{
	pte_t ptent;

	spin_lock(ptl);
	for (; addr < end && !tlb_full(tlb); addr += PAGE_SIZE, pte++) {
		ptent = entry_read(pte);
		if (pte_none(ptent))
			continue;
		if (pte_present(ptent))
			zap_present_pte(tlb, vma, pte, addr, ptent, details);
		else
			zap_nonpresent_pte(vma, pte, ptent, details);
	}
	spin_unlock(ptl);
	return addr;
}

/* => true: a huge page was at addr, and is gone; *next: where it ended. One of which only a part goes is split */
static bool unmap_huge(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long addr,
		       unsigned long end, unsigned long *next)
{
	pmd_t *pmd = pmd_find(vma->vm_mm, addr, next);

	if (!pmd || !pmd_huge(entry_read(pmd)))
		return false;
	if (!(addr & ~HPAGE_MASK) && addr + HPAGE_SIZE <= end)
		return zap_huge_pmd(tlb, vma, pmd, addr);
	split_huge_pmd(vma, pmd, addr);
	return false;
}

void unmap_vma_range(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long start,
		     unsigned long end, const struct zap_details *details)
{
	unsigned long addr = start, next;
	spinlock_t *ptl;
	pte_t *pte;

	if (!details->of_file && unlikely(vma->vm_flags & VM_HUGETLB)) {
		unmap_hugepage_range(vma, start, end);
		return;
	}
	while (addr < end) {
		if (!details->of_file && unlikely(vma_may_have_huge(vma)) &&
		    unmap_huge(tlb, vma, addr, end, &next)) {
			addr = next;
			continue;
		}
		pte = pte_find(vma->vm_mm, addr, &ptl, &next);
		if (next > end)
			next = end;
		addr = pte ? zap_pte_range(tlb, vma, pte, ptl, addr, next, details) : next;
		if (tlb->nr == tlb->max)
			tlb_flush_mmu(tlb);
	}
}

void zap_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		    const struct zap_details *details)
{
	bool discard = !details->check_mapping;
	struct mmu_gather tlb;

	tlb_gather_init(&tlb, vma->vm_mm);
	if (discard)
		observe_discard_begin(vma->vm_mm, start, end);
	observe_revoke_begin(vma->vm_mm);
	unmap_vma_range(&tlb, vma, start, end, details);
	tlb_finish_mmu(&tlb);
	observe_revoke_end(vma->vm_mm);
	if (discard)
		observe_discard_end(vma->vm_mm, start, end);
}

/* ---- the mappings of a file ---------------------------------------------------------------------------------------- */

/* => called with i_mmap_lock held; first .. last: indices in the file */
static void unmap_mapping_range_vma(struct vm_area_struct *vma, unsigned long first, unsigned long last,
				    const struct zap_details *details)
{
	unsigned long vba = vma->shared.start, vea = vma->shared.last;

	if (first > vba)
		vba = first;
	if (last < vea)
		vea = last;
	zap_page_range(vma, ((vba - vma->shared.start) << PAGE_SHIFT) + vma->vm_start,
		       ((vea - vma->shared.start + 1) << PAGE_SHIFT) + vma->vm_start, details);
}

void unmap_mapping_range(struct address_space *mapping, unsigned long holebegin, unsigned long holelen,
			 bool even_cows)
{
	unsigned long first = holebegin >> PAGE_SHIFT;
	unsigned long last = holelen ? (holebegin + holelen - 1) >> PAGE_SHIFT : ~0ul;
	struct zap_details details = { .check_mapping = even_cows ? NULL : mapping,
				       .keep_markers = true,
				       .of_file = true };
	struct interval_tree_node *node;
	struct vm_area_struct *vma;

	spin_lock(&mapping->i_mmap_lock);
	machine_const(invalidate)->unmap_begin(mapping);
	node = interval_tree_iter_first(&mapping->i_mmap, first, last);
	for (; node; node = interval_tree_iter_next(node, first, last))
		unmap_mapping_range_vma(container_of(node, struct vm_area_struct, shared), first, last,
					&details);
	details.nonlinear = details.keep_file_ptes = true;
	details.first_index = first;
	details.last_index = last;
	list_for_each_entry(vma, &mapping->i_mmap_nonlinear, nonlinear)
		zap_page_range(vma, vma->vm_start, vma->vm_end, &details);
	spin_unlock(&mapping->i_mmap_lock);
}
