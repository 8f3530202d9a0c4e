/* SPDX-License-Identifier: MIT */
/*
 * put_page.c - references to pages
 *
 * Mirrors put_page() and release_pages() of mm/swap.c of 2.6.29.
 *
 * I1: who drops the last reference frees the page: it takes it off its LRU list and gives it to the allocator.
 * I2: a page that belongs to a huge one is counted at its head.
 *
 * Lock order: lru_lock, then the zone lock, one after the other.
 */
#include "hw/observer.h"
#include "mm/mm.h"

/* => the last reference is gone */
static void free_page(struct page *page)
{
	lru_del_at_free(page);
	free_unref_page(page);
}

void get_page(struct page *page)
{
	page = compound_head(page);
	observe_get_page(page);
	atomic_inc(&page->_count);
}

/* => whether it was the last reference. The page is a head, or small */
static bool put_page_testzero(struct page *page)
{
	int count = atomic_dec_return(&page->_count);

	if (unlikely(count < 0))
		sync_violation("bad-refcount", "put_page() of page %lu, which has no references",
			       page_to_pfn(page));
	return count == 0;
}

void put_page(struct page *page)
{
	page = compound_head(page);
	if (put_page_testzero(page))
		free_page(page);
}

void release_pages(struct page **pages, int nr)
{
	int last = 0;

	for (int i = 0; i < nr; i++) {
		struct page *page = compound_head(pages[i]);

		if (put_page_testzero(page))
			pages[last++] = page;
	}
	lru_del_many_at_free(pages, last);
	for (int i = 0; i < last; i++)
		free_unref_page(pages[i]);
}
