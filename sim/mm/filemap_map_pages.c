/* SPDX-License-Identifier: MIT */
/*
 * filemap_map_pages.c - fault-around: the neighbours of a page that was read, if they need no waiting
 *
 * Mirrors filemap_map_pages() of mm/filemap.c of 3.15 and, in what is left out of the window, of 6.18: pages that are
 * locked, not uptodate, beyond i_size or gone meanwhile.
 *
 * I1: a pte is set with the page locked and in its file at an index below i_size, as a fault of its own would have it;
 *     so revokers, who hold the page lock from unmapping to removal, find every pte.
 * I2: only ptes that are none are set, with the vma's own protection, all of them young: x86 does not tell those that
 *     were asked for from those that were not. Nothing is made dirty.
 *
 * Lock order: called with mmap_sem held, only tries the page lock, takes the page table lock inside it.
 *
 * Left out: huge pages of files, lockless lookup.
 */
#include "mm/fault.h"

#define MAP_BATCH 8

/* => called with the page locked; true: the pte has the caller's reference now */
static bool map_locked_page(struct vm_fault *vmf, struct page *page)
{
	pte_t *pte = vmf->pte + (long)(page->index - vmf->pgoff);
	bool map;

	spin_lock(vmf->ptl);
	map = pte_none(entry_read(pte));
	if (map) {
		add_mm_counter(vmf->vma->vm_mm, mm_counter_of(page), 1);
		set_pte(pte, mk_pte(page, vmf->vma, false));
		page_add_file_rmap(page);
		SYNC_LABEL("mapped_around");
	}
	spin_unlock(vmf->ptl);
	return map;
}

/* => the caller has a reference; true: the pte has it now */
static bool try_to_map_page(struct vm_fault *vmf, const struct address_space *mapping, struct page *page)
{
	bool mapped = false;

	if (!PageUptodate(page) || !trylock_page(page))
		return false;
	if (page->mapping == mapping && PageUptodate(page) &&
	    page->index < (i_size_read(mapping->host) + PAGE_SIZE - 1) >> PAGE_SHIFT)
		mapped = map_locked_page(vmf, page);
	unlock_page(page);
	return mapped;
}

void filemap_map_pages(struct vm_fault *vmf, unsigned long start, unsigned long last)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	struct page *pages[MAP_BATCH];
	unsigned long next = start;
	unsigned n;

	while (next <= last && (n = find_get_pages(mapping, next, MAP_BATCH, pages))) {
		for (unsigned i = 0; i < n; i++) {
			next = pages[i]->index + 1;
			if (next - 1 > last || !try_to_map_page(vmf, mapping, pages[i]))
				page_cache_release(pages[i]);
		}
	}
}
