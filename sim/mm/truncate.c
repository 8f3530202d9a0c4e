/* SPDX-License-Identifier: MIT */
/*
 * truncate.c - pages leave the pagecache: for good (truncate), or to be read anew (invalidate)
 *
 * Mirrors mm/truncate.c of 2.6.18 to 2.6.29, and vmtruncate() of mm/memory.c. Where those differ, the
 * protocol says what is done (protocols/invalidate.h).
 *
 * I1: a page leaves with its lock held. page->mapping is looked at anew under the lock, since the page may
 *     have left while the lock was waited for.
 * I2: a page that is under writeback stays until that has ended: the disk reads its frame. What was dirty when it was
 *     invalidated stays too; what was dirty when it was truncated is forgotten.
 *
 * Lock order: i_mutex, page lock, then i_mmap_lock (unmapping) or tree_lock (removal).
 *
 * Left out: ->launder_page, reclaim's part.
 */
#include "fs/fs.h"
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
	if (mapping->host->buffers)
		discard_buffers(page);
	test_clear_page_dirty(page);
	ClearPageUptodate(page);
	remove_from_page_cache(page);
	page_cache_release(page); /* the pagecache's */
}

/* => called with the page locked; drops the lock */
static void truncate_locked_page(struct address_space *mapping, struct page *page)
{
	if (page->mapping == mapping)
		machine_const(invalidate)->truncate_page(mapping, page);
	unlock_page(page);
}

/*
 * Pages [start, end] without waiting: what is locked or under writeback is left for the second pass, when its I/O may
 * have ended.
 */
static void truncate_what_is_free(struct address_space *mapping, unsigned long start, unsigned long end)
{
	struct page *pages[PAGEVEC_SIZE];
	unsigned long next = start;
	unsigned n;

	while (next <= end && (n = find_get_pages(mapping, next, PAGEVEC_SIZE, pages))) {
		for (unsigned i = 0; i < n; i++) {
			next = pages[i]->index + 1;
			if (next - 1 > end || !trylock_page(pages[i]))
				continue;
			if (PageWriteback(pages[i]))
				unlock_page(pages[i]);
			else
				truncate_locked_page(mapping, pages[i]);
		}
		pagevec_release(pages, n);
		cond_resched();
	}
}

/* Zeroes bytes [from, to] of one page, if it is cached: also under mappings of it. */
static void truncate_partial_page(struct address_space *mapping, unsigned long from, unsigned long to)
{
	struct page *page = find_lock_page(mapping, from >> PAGE_SHIFT);

	if (!page)
		return;
	wait_on_page_writeback(page);
	content_zero((u8 *)page_address(page) + (from & ~PAGE_MASK), to - from + 1);
	unlock_page(page);
	page_cache_release(page);
}

/* The pages that [lstart, lend] cuts. */
static void truncate_partial_pages(struct address_space *mapping, unsigned long lstart, unsigned long lend)
{
	unsigned long start_end = lstart | ~PAGE_MASK, end_start = lend & PAGE_MASK;

	if (lstart & ~PAGE_MASK)
		truncate_partial_page(mapping, lstart, start_end < lend ? start_end : lend);
	if ((lend & ~PAGE_MASK) != ~PAGE_MASK && end_start >= lstart)
		truncate_partial_page(mapping, end_start, lend);
}

/* => the page is one of find_get_pages() */
static void truncate_after_waiting(struct address_space *mapping, struct page *page)
{
	lock_page(page);
	wait_on_page_writeback(page);
	truncate_locked_page(mapping, page);
}

void truncate_inode_pages_range(struct address_space *mapping, unsigned long lstart, unsigned long lend)
{
	unsigned long start = (lstart + PAGE_SIZE - 1) >> PAGE_SHIFT, next = start;
	unsigned long after = lend == ~0ul ? ~0ul >> PAGE_SHIFT : (lend + 1) >> PAGE_SHIFT; /* the end */
	struct page *pages[PAGEVEC_SIZE];
	unsigned n, dropped = 0;

	if (READ_ONCE(mapping->nrpages) == 0)
		return;
	if (after > start)
		truncate_what_is_free(mapping, start, after - 1);
	truncate_partial_pages(mapping, lstart, lend);
	while (after > start) {
		cond_resched();
		n = find_get_pages(mapping, next, PAGEVEC_SIZE, pages);
		for (unsigned i = 0; i < n; i++) {
			next = pages[i]->index + 1;
			if (next > after)
				break;
			truncate_after_waiting(mapping, pages[i]);
			dropped++;
		}
		pagevec_release(pages, n);
		if (n && next <= after)
			continue;
		if (!dropped)
			return;
		next = start; /* until a pass finds nothing */
		dropped = 0;
	}
}

void truncate_inode_pages(struct address_space *mapping, unsigned long lstart)
{
	truncate_inode_pages_range(mapping, lstart, ~0ul);
}

void vmtruncate(struct inode *inode, unsigned long offset)
{
	unsigned long old = inode->i_size;

	if (offset >= old) {
		i_size_write(inode, offset);
		SYNC_LABEL("i_size");
		return;
	}
	machine_const(invalidate)->truncate(inode, offset);
}

/* ---- invalidate ---------------------------------------------------------------------------------- */

int invalidate_complete_page2(struct address_space *mapping, struct page *page)
{
	if (mapping->host->buffers && !try_to_release_page(page))
		return -EIO;
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
			    !PageWriteback(pages[i]) && page_count(pages[i]) == 2)
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
			wait_on_page_writeback(pages[i]);
			next = pages[i]->index + 1;
			if (pages[i]->mapping == mapping && pages[i]->index <= end &&
			    machine_const(invalidate)->invalidate_page(mapping, pages[i]))
				ret = -EIO;
			unlock_page(pages[i]);
		}
		pagevec_release(pages, n);
		cond_resched();
	}
	return ret;
}
