/* SPDX-License-Identifier: MIT */
/*
 * rmap.c - how many ptes map a page
 *
 * Mirrors mm/rmap.c of 2.6.18.
 *
 * I1: while no page table lock is held, _mapcount + 1 is the number of present ptes that map the page.
 *
 * Left out: anon_vma chains and the reverse walk: nothing here unmaps an anonymous page by its rmap.
 */
#include "mm/mm.h"
#include "mm/protocols/cow.h"

void page_add_file_rmap(struct page *page)
{
	if (atomic_inc_and_test(&page->_mapcount))
		SYNC_LABEL("mapped");
}

void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address)
{
	atomic_set(&page->_mapcount, 0);
	page->mapping = (struct address_space *)PAGE_MAPPING_ANON;
	page->index = ((address - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
	if (this_machine->cow->exclusive)
		SetPageAnonExclusive(page);
}

void page_remove_rmap(struct page *page)
{
	int count = atomic_dec_return(&page->_mapcount);

	if (unlikely(count < -1))
		sync_violation("bad-mapcount", "page_remove_rmap() of page %lu, which no pte maps",
			       page_to_pfn(page));
}
