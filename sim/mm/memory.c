/* SPDX-License-Identifier: MIT */
/*
 * memory.c - taking mappings away
 *
 * Mirrors the unmapping half of mm/memory.c of 2.6.18; the fault half is fault.c.
 *
 * I1: a page whose pte was cleared is dropped only after every CPU that runs the mm has flushed the
 *     translation.
 * I2: a page is found through i_mmap as long as a vma maps its index: so a walk of i_mmap under i_mmap_lock
 *     finds every pte that was set before it looked at it; later ones are the protocols' business.
 *
 * Lock order: i_mmap_lock, then a page table lock. Flushes of zapped ranges hold i_mmap_lock at most.
 *
 * Left out: restarting the walk of i_mmap to let others in (need_lockbreak), nonlinear vmas, swap entries,
 * rss.
 */
#include "mm/mm.h"
#include "mm/protocols/invalidate.h"
#include "hw/mmu.h"
#include "hw/observer.h"

void tlb_gather_init(struct mmu_gather *tlb, struct mm_struct *mm)
{
	tlb->mm = mm;
	tlb->nr = 0;
	tlb->start = ~0ul;
	tlb->end = 0;
}

/* => no page table lock held */
void tlb_finish_mmu(struct mmu_gather *tlb)
{
	if (tlb->end)
		flush_tlb_range(tlb->mm, tlb->start, tlb->end);
	for (int i = 0; i < tlb->nr; i++)
		put_page(tlb->pages[i]);
	tlb_gather_init(tlb, tlb->mm);
}

void tlb_remove_page(struct mmu_gather *tlb, struct page *page, unsigned long addr)
{
	if (tlb->nr == GATHER_PAGES)
		tlb_finish_mmu(tlb);
	if (addr < tlb->start)
		tlb->start = addr;
	if (addr + PAGE_SIZE > tlb->end)
		tlb->end = addr + PAGE_SIZE;
	tlb->pages[tlb->nr++] = page;
}

/* => called with the page table lock held */
static void zap_pte(struct mmu_gather *tlb, pte_t *pte, unsigned long addr, const struct zap_details *details)
{
	pte_t ptent = entry_read(pte);
	struct page *page;

	if (pte_none(ptent))
		return;
	page = pfn_to_page(pte_pfn(ptent));
	if (details->check_mapping && page_mapping_raw(page) != details->check_mapping)
		return;
	ptent = ptep_get_and_clear(pte);
	if (pte_dirty(ptent) && !PageAnon(page))
		set_page_dirty(page);
	page_remove_rmap(page);
	tlb_remove_page(tlb, page, addr);
}

/* The ptes of [addr, end), in one page of ptes, until the gather is full. => returns where it stopped */
static unsigned long zap_pte_range(struct mmu_gather *tlb, pte_t *pte, spinlock_t *ptl, unsigned long addr,
				   unsigned long end, const struct zap_details *details)
{
	spin_lock(ptl);
	for (; addr < end && tlb->nr < GATHER_PAGES; addr += PAGE_SIZE, pte++)
		zap_pte(tlb, pte, addr, details);
	spin_unlock(ptl);
	return addr;
}

void zap_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		    const struct zap_details *details)
{
	struct mmu_gather tlb;
	unsigned long addr = start, next;
	spinlock_t *ptl;
	pte_t *pte;

	tlb_gather_init(&tlb, vma->vm_mm);
	observe_revoke_begin(vma->vm_mm);
	while (addr < end) {
		pte = pte_find(vma->vm_mm, addr, &ptl, &next);
		if (next > end)
			next = end;
		addr = pte ? zap_pte_range(&tlb, pte, ptl, addr, next, details) : next;
		if (tlb.nr == GATHER_PAGES)
			tlb_finish_mmu(&tlb);
	}
	tlb_finish_mmu(&tlb);
	observe_revoke_end(vma->vm_mm);
}

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
	struct zap_details details = { .check_mapping = even_cows ? NULL : mapping };
	struct interval_tree_node *node;

	spin_lock(&mapping->i_mmap_lock);
	this_machine->invalidate->unmap_begin(mapping);
	node = interval_tree_iter_first(&mapping->i_mmap, first, last);
	for (; node; node = interval_tree_iter_next(node, first, last))
		unmap_mapping_range_vma(container_of(node, struct vm_area_struct, shared), first, last,
					&details);
	spin_unlock(&mapping->i_mmap_lock);
}
