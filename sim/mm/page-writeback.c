/* SPDX-License-Identifier: MIT */
/*
 * page-writeback.c - dirty pages: how they are marked, found and written
 *
 * Mirrors mm/page-writeback.c, filemap_fdatawrite() and _wait() of mm/filemap.c, and pdflush, of 2.6.29.
 *
 * I1: a page is tagged dirty in its file's tree when PG_dirty is set, or soon after; the tag goes when its writeback
 *     begins and it is not dirty again, or with the page. So a look at the tags misses no page that was dirty before.
 * I2: PG_writeback is set and the tag goes with it, both with the page locked; the end of the I/O clears both. The page
 *     stays in its file meanwhile.
 * I3: what a pte knows about stores goes to PG_dirty before PG_dirty is cleared (clear_page_dirty_for_io): no store is
 *     forgotten between the two. A store after it needs a fault, since the pte is clean and read-only by then, and the
 *     fault marks the page dirty with the page lock held, which waits until PG_dirty is clear and the write has begun.
 *
 * Lock order: page lock, then tree_lock with interrupts off; set_page_dirty() comes with a page table lock too.
 *
 * Files whose a_ops do not account dirty pages (tmpfs) have PG_dirty alone.
 *
 * Left out: limits and throttling, ranges kept between calls, congestion.
 */
#include "fs/fs.h"
#include "mm/mm.h"
#include "mm/protocols/dirty.h"

#define WRITE_BATCH 8

/* ---- marks --------------------------------------------------------------------------------------------------------- */

/* => the page is dirty; it may have left its file */
static void tag_dirty(struct address_space *mapping, struct page *page)
{
	write_lock_irq(&mapping->tree_lock);
	if (page->mapping == mapping)
		radix_tree_tag_set(&mapping->page_tree, page->index, RADIX_TREE_DIRTY);
	write_unlock_irq(&mapping->tree_lock);
	SYNC_LABEL("tagged");
}

bool set_page_dirty(struct page *page)
{
	struct address_space *mapping;

	if (unlikely(PagePrivate(page)))
		mark_buffers_dirty(page);
	if (TestSetPageDirty(page))
		return false;
	mapping = page_mapping_raw(page);
	if (!mapping || (uintptr_t)mapping & PAGE_MAPPING_ANON || !mapping->a_ops->account_dirty)
		return true;
	tag_dirty(mapping, page);
	if (machine_const(config.writeback))
		complete(&this_machine->writeback.work);
	return true;
}

bool clear_page_dirty_for_io(struct page *page)
{
	BUG_ON(!PageLocked(page));
	if (machine_const(dirty)->writenotify && page->mapping->a_ops->account_dirty && page_mkclean(page))
		set_page_dirty(page);
	SYNC_LABEL("cleaned");
	return TestClearPageDirty(page);
}

void set_page_writeback(struct page *page)
{
	struct address_space *mapping = page->mapping;

	if (!bit_trylock(PG_writeback, &page->flags, "writeback"))
		sync_violation("assertion", "page %lu is under writeback already", page_to_pfn(page));
	if (!mapping || (uintptr_t)mapping & PAGE_MAPPING_ANON || !mapping->a_ops->account_dirty)
		return;
	write_lock_irq(&mapping->tree_lock);
	radix_tree_tag_set(&mapping->page_tree, page->index, RADIX_TREE_WRITEBACK);
	if (!PageDirty(page))
		radix_tree_tag_clear(&mapping->page_tree, page->index, RADIX_TREE_DIRTY);
	write_unlock_irq(&mapping->tree_lock);
}

/* A reference is held across the end: the page may be dropped by whom it wakes (5.10). */
void end_page_writeback(struct page *page)
{
	struct address_space *mapping = page_mapping_raw(page);

	get_page(page);
	if (mapping && !((uintptr_t)mapping & PAGE_MAPPING_ANON) && mapping->a_ops->account_dirty) {
		write_lock_irq(&mapping->tree_lock);
		radix_tree_tag_clear(&mapping->page_tree, page->index, RADIX_TREE_WRITEBACK);
		write_unlock_irq(&mapping->tree_lock);
	}
	bit_unlock(PG_writeback, &page->flags);
	SYNC_LABEL("written_back");
	put_page(page);
}

void wait_on_page_writeback(struct page *page)
{
	bit_wait(PG_writeback, &page->flags, "writeback");
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

/* The next pages with the tag, of [*next, end], with references. => how many; *next is behind the last */
static unsigned find_get_pages_tag(struct address_space *mapping, unsigned long *next, unsigned long end,
				   enum radix_tree_tag tag, struct page **pages)
{
	unsigned long indices[WRITE_BATCH];
	unsigned n;

	if (*next > end)
		return 0;
	read_lock_irq(&mapping->tree_lock);
	n = radix_tree_gang_lookup_tag(&mapping->page_tree, (void **)pages, indices, *next, WRITE_BATCH, tag);
	while (n && indices[n - 1] > end)
		n--;
	for (unsigned i = 0; i < n; i++)
		page_cache_get(pages[i]);
	read_unlock_irq(&mapping->tree_lock);
	if (n)
		*next = indices[n - 1] + 1;
	return n;
}

/* => without locks; wait: for a writeback that is under way, so that what was stored before this call is written */
static int write_one_page(struct address_space *mapping, struct page *page, bool wait)
{
	lock_page(page);
	if (page->mapping != mapping || !PageDirty(page)) {
		unlock_page(page);
		return 0;
	}
	if (wait)
		wait_on_page_writeback(page);
	if (PageWriteback(page) || !clear_page_dirty_for_io(page)) {
		unlock_page(page);
		return 0;
	}
	return mapping->a_ops->writepage(page);
}

/* => the first error; what could be written is on its way */
static int write_cache_pages(struct address_space *mapping, unsigned long first, unsigned long last,
			     bool wait)
{
	struct page *pages[WRITE_BATCH];
	int ret = 0, error;
	unsigned n;

	while ((n = find_get_pages_tag(mapping, &first, last, RADIX_TREE_DIRTY, pages))) {
		for (unsigned i = 0; i < n; i++) {
			error = write_one_page(mapping, pages[i], wait);
			if (!ret)
				ret = error;
			page_cache_release(pages[i]);
		}
		cond_resched();
	}
	return ret;
}

/* => 0 or -EIO, to be told once */
static int wait_for_writeback(struct address_space *mapping, unsigned long first, unsigned long last)
{
	struct page *pages[WRITE_BATCH];
	unsigned n;

	while ((n = find_get_pages_tag(mapping, &first, last, RADIX_TREE_WRITEBACK, pages))) {
		for (unsigned i = 0; i < n; i++) {
			wait_on_page_writeback(pages[i]);
			page_cache_release(pages[i]);
		}
		cond_resched();
	}
	return test_and_clear_bit(AS_EIO, &mapping->flags) ? -EIO : 0;
}

int filemap_write_and_wait_range(struct address_space *mapping, unsigned long start, unsigned long end)
{
	unsigned long first = start >> PAGE_SHIFT, last = end >> PAGE_SHIFT;
	int ret, error;

	if (!READ_ONCE(mapping->nrpages) || !mapping->a_ops->account_dirty)
		return 0;
	ret = write_cache_pages(mapping, first, last, true);
	error = wait_for_writeback(mapping, first, last);
	return ret ? ret : error;
}

void writeback_run(void *arg)
{
	struct machine *m = this_machine;

	for (;;) {
		wait_for_completion(&m->writeback.work);
		SYNC_LABEL("writeback_begins");
		for (int i = 0; i < m->nr_files; i++)
			write_cache_pages(&m->inode[i].i_data, 0, ~0ul, false);
	}
}
