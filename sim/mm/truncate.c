/* SPDX-License-Identifier: MIT */
/*
 * truncate.c - pages leave the pagecache: for good (truncate), or to be read anew (invalidate)
 *
 * Mirrors mm/truncate.c of 2.6.18 to 2.6.23, and vmtruncate() of mm/memory.c. Where those differ, the
 * protocol says what is done (protocols/invalidate.h).
 *
 * I1: a page leaves with its lock held. page->mapping is looked at anew under the lock, since the page may
 *     have left while the lock was waited for.
 *
 * Lock order: i_mutex, page lock, then i_mmap_lock (unmapping) or tree_lock (removal).
 *
 * Left out: writeback (no page here is ever under it), private buffers, ->releasepage, reclaim's part.
 */
#include "mm/mm.h"
#include "mm/protocols/invalidate.h"

#define PAGEVEC_SIZE 8

static void pagevec_release(struct page **pages, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		page_cache_release(pages[i]);
}

void unmap_page(struct address_space *mapping, struct page *page)
{
	unmap_mapping_range(mapping, page->index << PAGE_SHIFT, PAGE_SIZE, false);
}

/* ---- truncate ----------------------------------------------------------------------------------- */

void truncate_complete_page(struct address_space *mapping, struct page *page)
{
	test_clear_page_dirty(page);
	ClearPageUptodate(page);
	remove_from_page_cache(page);
	page_cache_release(page); /* the pagecache's */
}

/* => called with the page locked; drops the lock */
static void truncate_locked_page(struct address_space *mapping, struct page *page)
{
	if (page->mapping == mapping)
		this_machine->invalidate->truncate_page(mapping, page);
	unlock_page(page);
}

/* Without waiting: what is locked is left for the second pass, when its I/O may have ended. */
static void truncate_what_is_free(struct address_space *mapping, unsigned long start)
{
	struct page *pages[PAGEVEC_SIZE];
	unsigned long next = start;
	unsigned n;

	while ((n = find_get_pages(mapping, next, PAGEVEC_SIZE, pages))) {
		for (unsigned i = 0; i < n; i++) {
			next = pages[i]->index + 1;
			if (trylock_page(pages[i]))
				truncate_locked_page(mapping, pages[i]);
		}
		pagevec_release(pages, n);
		cond_resched();
	}
}

static void truncate_partial_page(struct address_space *mapping, unsigned long lstart)
{
	struct page *page = find_lock_page(mapping, lstart >> PAGE_SHIFT);

	if (!page)
		return;
	content_zero((u8 *)page_address(page) + (lstart & ~PAGE_MASK), PAGE_SIZE - (lstart & ~PAGE_MASK));
	unlock_page(page);
	page_cache_release(page);
}

void truncate_inode_pages(struct address_space *mapping, unsigned long lstart)
{
	unsigned long start = (lstart + PAGE_SIZE - 1) >> PAGE_SHIFT, next = start;
	struct page *pages[PAGEVEC_SIZE];
	unsigned n;

	if (READ_ONCE(mapping->nrpages) == 0)
		return;
	truncate_what_is_free(mapping, start);
	if (lstart & ~PAGE_MASK)
		truncate_partial_page(mapping, lstart);
	for (;;) {
		cond_resched();
		n = find_get_pages(mapping, next, PAGEVEC_SIZE, pages);
		if (!n && next == start)
			return;
		if (!n) {
			next = start; /* until a pass finds nothing */
			continue;
		}
		for (unsigned i = 0; i < n; i++) {
			next = pages[i]->index + 1;
			lock_page(pages[i]);
			truncate_locked_page(mapping, pages[i]);
		}
		pagevec_release(pages, n);
	}
}

void vmtruncate(struct inode *inode, unsigned long offset)
{
	unsigned long old = inode->i_size;

	if (offset >= old) {
		i_size_write(inode, offset);
		SYNC_LABEL("i_size");
		return;
	}
	this_machine->invalidate->truncate(inode, offset);
}

/* ---- invalidate ---------------------------------------------------------------------------------- */

int invalidate_complete_page2(struct address_space *mapping, struct page *page)
{
	write_lock_irq(&mapping->tree_lock);
	if (PageDirty(page)) {
		write_unlock_irq(&mapping->tree_lock);
		return -EIO;
	}
	__remove_from_page_cache(page);
	write_unlock_irq(&mapping->tree_lock);
	ClearPageUptodate(page);
	page_cache_release(page); /* the pagecache's */
	return 0;
}

unsigned long invalidate_mapping_pages(struct address_space *mapping, unsigned long start, unsigned long end)
{
	struct page *pages[PAGEVEC_SIZE];
	unsigned long next = start, dropped = 0;
	unsigned n;

	while (next <= end && (n = find_get_pages(mapping, next, PAGEVEC_SIZE, pages))) {
		for (unsigned i = 0; i < n; i++) {
			next = pages[i]->index + 1;
			if (next > end + 1 || !trylock_page(pages[i]))
				continue;
			if (pages[i]->mapping == mapping && !page_mapped(pages[i]) &&
			    page_count(pages[i]) == 2)
				dropped += !invalidate_complete_page2(mapping, pages[i]);
			unlock_page(pages[i]);
		}
		pagevec_release(pages, n);
	}
	return dropped;
}

int invalidate_inode_pages2_range(struct address_space *mapping, unsigned long start, unsigned long end)
{
	struct page *pages[PAGEVEC_SIZE];
	unsigned long next = start;
	unsigned n;
	int ret = 0;

	while (next <= end && (n = find_get_pages(mapping, next, PAGEVEC_SIZE, pages))) {
		for (unsigned i = 0; i < n; i++) {
			lock_page(pages[i]);
			next = pages[i]->index + 1;
			if (pages[i]->mapping == mapping && pages[i]->index <= end &&
			    this_machine->invalidate->invalidate_page(mapping, pages[i]))
				ret = -EIO;
			unlock_page(pages[i]);
		}
		pagevec_release(pages, n);
		cond_resched();
	}
	return ret;
}
