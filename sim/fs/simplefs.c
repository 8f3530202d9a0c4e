/* SPDX-License-Identifier: MIT */
/*
 * simplefs.c - a file system whose block map is a straight line
 *
 * Mirrors, of 2.6.18 to 2.6.30: mpage_readpage(), block_write_full_page(), block_page_mkwrite(), block_truncate_page(),
 * generic_file_read() and _write() of a kernel buffer, and a direct write of one with its invalidation after the write.
 * User memory: filemap_read.c, direct-io.c.
 *
 * I1: what lies beyond i_size reads as zeroes: a page that i_size cuts is zeroed from there on when it is written back
 *     and when the file is cut; pages beyond are not written.
 * I2: page_mkwrite returns with the page locked, dirty, in its file below i_size and not under writeback: what the disk
 *     is reading does not change under it.
 *
 * Lock order: i_mutex, page lock.
 *
 * Left out: holes, block allocation; extending writes that fail half-way.
 */
#include <string.h>

#include "fs/fs.h"
#include "hw/observer.h"
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

/* ---- writeback ------------------------------------------------------------------------------------------------------- */

/* => as writepage: nothing of it goes to disk */
static int not_written(struct page *page)
{
	set_page_writeback(page);
	unlock_page(page);
	end_page_writeback(page);
	return 0;
}

/* What was stored behind the end through a mapping never was in the file. */
static void zero_beyond_end(const struct inode *inode, struct page *page, unsigned long from)
{
	content_zero((u8 *)page_address(page) + from, PAGE_SIZE - from);
	observe_truncated(inode);
}

static int simplefs_writepage(struct page *page)
{
	struct inode *inode = page->mapping->host;
	unsigned long size = i_size_read(inode), start = page->index << PAGE_SHIFT;
	struct disk_request r = { .block = inode->i_block + page->index,
				  .frame = page_address(page),
				  .write = true,
				  .page = page };

	if (start >= size || !buffers_to_write(page))
		return not_written(page);
	if (size - start < PAGE_SIZE)
		zero_beyond_end(inode, page, size - start);
	set_page_writeback(page);
	unlock_page(page);
	SYNC_LABEL("writeback_set");
	disk_submit(&r);
	return 0;
}

/* ---- stores and writes ----------------------------------------------------------------------------------------------- */

static int simplefs_page_mkwrite(struct vm_area_struct *vma, struct page *page)
{
	struct inode *inode = vma->vm_file->f_inode;

	lock_page(page);
	if (page->mapping != &inode->i_data) {
		unlock_page(page);
		return VM_FAULT_NOPAGE;
	}
	if (page->index << PAGE_SHIFT >= i_size_read(inode)) {
		unlock_page(page);
		return VM_FAULT_SIGBUS;
	}
	SYNC_LABEL("mkwrite");
	file_update_time(inode);
	attach_page_buffers(page);
	set_page_dirty(page);
	wait_on_page_writeback(page);
	return VM_FAULT_LOCKED;
}

static int simplefs_write_begin(struct file *file, unsigned long pos, size_t n, struct page **pagep)
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
	wait_on_page_writeback(page);
	attach_page_buffers(page);
	*pagep = page;
	return 0;
}

static void simplefs_write_end(struct file *file, unsigned long pos, size_t copied, struct page *page)
{
	if (copied)
		set_page_dirty(page);
	unlock_page(page);
	page_cache_release(page);
	if (copied && pos + copied > file->f_inode->i_size)
		i_size_write(file->f_inode, pos + copied);
}

const struct address_space_operations simplefs_aops = {
	.readpage = simplefs_readpage,
	.writepage = simplefs_writepage,
	.releasepage = simplefs_releasepage,
	.write_begin = simplefs_write_begin,
	.write_end = simplefs_write_end,
	.account_dirty = true,
};

const struct vm_operations_struct simplefs_vm_ops = {
	.nopage = filemap_nopage,
	.page_mkwrite = simplefs_page_mkwrite,
	.map_pages = filemap_map_pages,
};

/* ---- inodes ------------------------------------------------------------------------------------------------------------ */

/* What the end of the file cuts is zeroed in the pagecache and, in time, on disk. => i_size has been set */
static int zero_behind_end(struct inode *inode, unsigned long size)
{
	struct file file = { .f_inode = inode, .f_mapping = &inode->i_data };
	unsigned long at = size & ~PAGE_MASK;
	struct page *page;
	int error = simplefs_write_begin(&file, size, 0, &page);

	if (error)
		return error;
	content_zero((u8 *)page_address(page) + at, PAGE_SIZE - at);
	set_page_dirty(page);
	unlock_page(page);
	page_cache_release(page);
	return 0;
}

static int simplefs_setsize(struct inode *inode, unsigned long size)
{
	bool cut = size < inode->i_size && size & ~PAGE_MASK;

	if (size > FILE_PAGES_MAX * PAGE_SIZE)
		return -EFBIG;
	file_update_time(inode);
	vmtruncate(inode, size);
	return cut ? zero_behind_end(inode, size) : 0;
}

static long simplefs_read(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	return file->f_mode & FMODE_DIRECT ? direct_read(file, user, n, pos) :
					     generic_file_read(file, user, n, pos);
}

static long simplefs_write(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	if (n && pos >= FILE_PAGES_MAX * PAGE_SIZE)
		return -EFBIG;
	if (n > FILE_PAGES_MAX * PAGE_SIZE - pos)
		n = FILE_PAGES_MAX * PAGE_SIZE - pos;
	return file->f_mode & FMODE_DIRECT ? direct_write(file, user, n, pos) :
					     generic_file_write(file, user, n, pos);
}

static void never_evicted(struct inode *inode)
{
	BUG_ON(inode);
}

const struct inode_operations simplefs_iops = {
	.setsize = simplefs_setsize,
	.read = simplefs_read,
	.write = simplefs_write,
	.evict = never_evicted,
};

/* ---- the kernel's own reads and writes --------------------------------------------------------------------------------- */

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
	int error = simplefs_write_begin(file, pos, n, &page);

	if (error)
		return error;
	content_write((u8 *)page_address(page) + (pos & ~PAGE_MASK), buf, n);
	simplefs_write_end(file, pos, n, page);
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
