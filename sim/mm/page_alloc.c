/* SPDX-License-Identifier: MIT */
/*
 * page_alloc.c - frames, reused last in, first out
 *
 * Mirrors mm/page_alloc.c and swap.c's put_page() of 2.6.18: one order, one zone.
 *
 * I1: _count is 0 exactly when the frame is on the free list or about to be put there; then nothing maps
 *     it, it belongs to no file and its contents are poisoned.
 * I2: frame 0 is never used, so that an entry that names it is a bug that shows.
 *
 * Lock order: the zone lock is innermost.
 *
 * Left out: per-CPU lists (a frame is reused at once by whichever CPU asks next, which finds more),
 * watermarks, compound pages.
 */
#include "hw/observer.h"
#include "mm/mm.h"

#define CHECK_AT_FREE ((1ul << PG_locked) | (1ul << PG_free))

void page_alloc_init(void)
{
	struct machine *m = this_machine;

	spin_lock_init(&m->zone.lock);
	INIT_LIST_HEAD(&m->zone.free);
	for (unsigned long i = m->nr_frames - 1; i > 0; i--) {
		struct page *page = &m->mem_map[i];

		atomic_set(&page->_mapcount, -1);
		page->flags = 1ul << PG_free;
		list_add(&page->lru, &m->zone.free);
		m->zone.nr_free++;
		sync_poison(page_address(page), PAGE_SIZE, "page-use-after-free");
	}
	struct page *zero = alloc_zeroed_page();

	zero->flags |= 1ul << PG_reserved;
	m->zero_pfn = page_to_pfn(zero);
}

struct page *__alloc_page(gfp_t gfp)
{
	struct zone *zone = &this_machine->zone;
	struct page *page;

	if (unlikely(sync_choose("alloc", 2)))
		return NULL;
	spin_lock(&zone->lock);
	(void)gfp;
	page = list_empty(&zone->free) ? NULL : list_entry(zone->free.next, struct page, lru);
	if (page) {
		list_del(&page->lru);
		zone->nr_free--;
		sync_unpoison(page_address(page), PAGE_SIZE);
	}
	spin_unlock(&zone->lock);
	if (!page)
		return NULL;
	page->flags = 0;
	atomic_set(&page->_count, 1);
	return page;
}

struct page *alloc_zeroed_page(void)
{
	struct page *page = alloc_page();

	if (page)
		content_zero(page_address(page), PAGE_SIZE);
	return page;
}

/* => the last reference is gone */
static void free_page_check(const struct page *page)
{
	if (page_mapped(page))
		sync_violation("bad-mapcount", "page %lu is freed while %d ptes map it", page_to_pfn(page),
			       page_mapcount(page));
	if (page->flags & CHECK_AT_FREE)
		sync_violation("bad-refcount", "page %lu is freed while it is %s", page_to_pfn(page),
			       page->flags & (1ul << PG_free) ? "free" : "locked");
	if (page->mapping && !((uintptr_t)page->mapping & PAGE_MAPPING_ANON))
		sync_violation("bad-refcount", "page %lu is freed while it is in the pagecache at index %lu",
			       page_to_pfn(page), page->index);
}

/*
 * The contents are overwritten before the frame is poisoned: a step that no stale access to the frame
 * commutes with, so that an exploration tries both orders.
 */
static void free_page(struct page *page)
{
	struct zone *zone = &this_machine->zone;

	free_page_check(page);
	content_zero(page_address(page), PAGE_SIZE);
	page->mapping = NULL;
	page->flags = 1ul << PG_free;
	spin_lock(&zone->lock);
	page->incarnation++;
	list_add(&page->lru, &zone->free);
	zone->nr_free++;
	sync_poison(page_address(page), PAGE_SIZE, "page-use-after-free");
	spin_unlock(&zone->lock);
}

void get_page(struct page *page)
{
	observe_get_page(page);
	atomic_inc(&page->_count);
}

void put_page(struct page *page)
{
	int count = atomic_dec_return(&page->_count);

	if (unlikely(count < 0))
		sync_violation("bad-refcount", "put_page() of page %lu, which has no references",
			       page_to_pfn(page));
	if (count == 0)
		free_page(page);
}
