/* SPDX-License-Identifier: MIT */
/*
 * page_io.c - pages to and from the swap device
 *
 * Mirrors mm/page_io.c of 2.6.29. The device hangs on the disk's task; on a machine with io_at_once the transfer is done
 * when it is asked for.
 *
 * I1: while a page is under writeback its slot stays its own: nobody takes it out of the swap cache.
 * I2: a page is unlocked after it was read, uptodate if that went well; before it is written, under writeback.
 * I3: a write that failed leaves the page dirty, and so in memory.
 *
 * Lock order: called with the page locked and no spinlock.
 *
 * Left out: swap files with holes, barriers, frontswap.
 */
#include "fs/fs.h"
#include "mm/mm.h"

static void end_swap_bio_read(void *data, bool error)
{
	struct page *page = data;

	if (error)
		SetPageError(page);
	else
		SetPageUptodate(page);
	unlock_page(page);
}

static void end_swap_bio_write(void *data, bool error)
{
	struct page *page = data;

	if (error) {
		SetPageError(page);
		set_page_dirty(page);
		ClearPageReclaim(page);
	}
	end_page_writeback(page);
}

static void submit(struct page *page, bool write)
{
	struct disk_request r = {
		.block = swp_offset(page_swp_entry(page)),
		.frame = page_address(page),
		.write = write,
		.swap = true,
		.end_io = write ? end_swap_bio_write : end_swap_bio_read,
		.data = page,
	};

	disk_submit(&r);
}

int swap_writepage(struct page *page)
{
	BUG_ON(!PageLocked(page) || !PageSwapCache(page));
	if (try_to_free_swap(page)) {
		unlock_page(page);
		return 0;
	}
	set_page_writeback(page);
	unlock_page(page);
	submit(page, true);
	return 0;
}

int swap_readpage(struct page *page)
{
	BUG_ON(!PageLocked(page) || PageUptodate(page));
	page_lock_passed(page);
	submit(page, false);
	return 0;
}
