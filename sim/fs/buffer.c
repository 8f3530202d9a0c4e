/* SPDX-License-Identifier: MIT */
/*
 * buffer.c - buffers: what a file system knows of a page beside what the page itself says
 *
 * Mirrors fs/buffer.c of 2.6.29 for blocks as large as a page: a page has one buffer, which is dirty or clean on its
 * own account. Only files whose inode says so (->buffers) have any.
 *
 * I1: PG_private and ->private change with the page locked; the buffer's dirty bit at any time.
 * I2: a dirty page that has a buffer has a dirty one, or one whose contents somebody has begun to write since. So
 *     whoever marks the page dirty marks its buffer first.
 *
 * Lock order: page lock.
 *
 * Left out: several buffers a page, a lock and a reference of their own (the pagecache's reference serves), block
 * mapping.
 */
#include "fs/fs.h"
#include "mm/mm.h"

#define BUFFER_MAPPED 0 /* bits of page->private */
#define BUFFER_DIRTY 1

#define SYNC_BATCH 8

void attach_page_buffers(struct page *page)
{
	if (!page->mapping->host->buffers || PagePrivate(page))
		return;
	page->private = 1ul << BUFFER_MAPPED;
	SetPagePrivate(page);
}

void mark_buffers_dirty(struct page *page)
{
	set_bit(BUFFER_DIRTY, &page->private);
}

bool buffers_to_write(struct page *page)
{
	return !PagePrivate(page) || test_and_clear_bit(BUFFER_DIRTY, &page->private);
}

void discard_buffers(struct page *page)
{
	if (PagePrivate(page)) {
		ClearPagePrivate(page);
		WRITE_ONCE(page->private, 0);
	}
}

bool simplefs_releasepage(struct page *page)
{
	if (test_bit(BUFFER_DIRTY, &page->private))
		return false;
	discard_buffers(page);
	return true;
}

/* => 0 or -EIO; the caller has a reference */
static int write_buffer(struct page *page)
{
	struct inode *inode = page->mapping->host;
	struct disk_request r = { .block = inode->i_block + page->index,
				  .frame = page_address(page),
				  .write = true,
				  .done = &current->io_done,
				  .error = &current->io_error };

	init_completion(&current->io_done);
	current->io_error = false;
	disk_submit(&r);
	wait_for_completion(&current->io_done);
	return current->io_error ? -EIO : 0;
}

static int sync_page_buffer(struct page *page)
{
	int error = 0;

	lock_page(page);
	if (page->mapping && PagePrivate(page) && test_and_clear_bit(BUFFER_DIRTY, &page->private)) {
		SYNC_LABEL("buffer_clean");
		error = write_buffer(page);
	}
	unlock_page(page);
	return error;
}

int sync_mapping_buffers(struct address_space *mapping)
{
	struct page *pages[SYNC_BATCH];
	unsigned long next = 0;
	unsigned n;
	int ret = 0;

	while ((n = find_get_pages(mapping, next, SYNC_BATCH, pages))) {
		for (unsigned i = 0; i < n; i++) {
			next = pages[i]->index + 1;
			if (sync_page_buffer(pages[i]))
				ret = -EIO;
			page_cache_release(pages[i]);
		}
	}
	return ret;
}
