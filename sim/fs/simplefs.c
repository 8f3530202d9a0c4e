/* SPDX-License-Identifier: MIT */
/*
 * simplefs.c - a file system whose block map is a straight line
 *
 * Mirrors, of 2.6.18: mpage_readpage(), generic_file_read() and _write(), and generic_file_direct_IO() with
 * its invalidation after the write.
 *
 * I1: what lies beyond i_size reads as zeroes.
 *
 * Lock order: i_mutex, page lock.
 *
 * Left out: writeback (a dirty page stays in memory until truncation drops it), invalidation before a
 * direct write, direct reads, holes.
 */
#include <string.h>

#include "fs/fs.h"
#include "mm/mm.h"

static int simplefs_readpage(struct file *file, struct page *page)
{
	unsigned long size = i_size_read(file->f_inode);
	struct disk_request r = { .block = file->f_inode->i_block + page->index,
				  .frame = page_address(page),
				  .page = page };

	if (page->index << PAGE_SHIFT >= size) {
		content_zero(page_address(page), PAGE_SIZE);
		SetPageUptodate(page);
		unlock_page(page);
		return 0;
	}
	disk_submit(&r);
	return 0;
}

const struct address_space_operations simplefs_aops = {
	.readpage = simplefs_readpage,
};

long file_read(struct file *file, void *buf, size_t n, unsigned long pos)
{
	unsigned long size = i_size_read(file->f_inode);
	struct page *page;
	int error;

	if (pos >= size)
		return 0;
	if (n > size - pos)
		n = size - pos;
	error = read_cache_page(file, pos >> PAGE_SHIFT, &page);
	if (error)
		return error;
	content_read(buf, (u8 *)page_address(page) + (pos & ~PAGE_MASK), n);
	page_cache_release(page);
	return (long)n;
}

long file_write(struct file *file, const void *buf, size_t n, unsigned long pos)
{
	struct page *page;
	int error;

	for (;;) {
		error = read_cache_page(file, pos >> PAGE_SHIFT, &page);
		if (error)
			return error;
		lock_page(page);
		if (page->mapping == file->f_mapping)
			break;
		unlock_page(page);
		page_cache_release(page);
	}
	content_write((u8 *)page_address(page) + (pos & ~PAGE_MASK), buf, n);
	set_page_dirty(page);
	unlock_page(page);
	page_cache_release(page);
	if (pos + n > file->f_inode->i_size)
		i_size_write(file->f_inode, pos + n);
	return (long)n;
}

/* The disk moves whole pages: what the write leaves alone is read first. => 0, or -EIO and the disk is as it was */
static int write_block(unsigned long block, struct page *page, const void *buf, size_t n,
		       unsigned long offset)
{
	struct completion *done = &current->io_done;
	struct disk_request r = {
		.block = block, .frame = page_address(page), .done = done, .error = &current->io_error
	};

	init_completion(done);
	current->io_error = false;
	if (n < PAGE_SIZE) {
		disk_submit(&r);
		wait_for_completion(done);
		if (current->io_error)
			return -EIO;
	}
	content_write((u8 *)page_address(page) + offset, buf, n);
	r.write = true;
	disk_submit(&r);
	wait_for_completion(done);
	return current->io_error ? -EIO : 0;
}

long file_write_direct(struct file *file, const void *buf, size_t n, unsigned long pos, bool *written)
{
	unsigned long index = pos >> PAGE_SHIFT;
	struct page *page = alloc_page();
	int error;

	*written = false;
	if (!page)
		return -ENOMEM;
	error = write_block(file->f_inode->i_block + index, page, buf, n, pos & ~PAGE_MASK);
	put_page(page);
	if (error)
		return error;
	*written = true;
	if (pos + n > file->f_inode->i_size)
		i_size_write(file->f_inode, pos + n);
	SYNC_LABEL("on_disk");
	if (READ_ONCE(file->f_mapping->nrpages) &&
	    invalidate_inode_pages2_range(file->f_mapping, index, index))
		return -EIO;
	return (long)n;
}
