/* SPDX-License-Identifier: MIT */
/*
 * filemap_read.c - read(2) and write(2) through the pagecache
 *
 * Mirrors do_generic_file_read() of mm/filemap.c of 2.6.29, and generic_perform_write() of 6.18.
 *
 * I1: no page lock is held while user memory may fault: the fault may want the same lock (a mapping of the very page
 *     that is written) or mmap_sem, for which a writer may wait that waits for the page lock. So a write copies with
 *     faults off and, when nothing could be copied, lets the page go, faults the source in and begins again.
 * I2: a read looks at i_size after it has an uptodate page: what it returns was in the file at some moment.
 * I3: of a failed copy i_size keeps what write_end has made of it: in 6.18 a tmpfs file is extended up to the position
 *     of a write whose buffer is bad.
 *
 * Bytes go through a buffer of the kernel's own a page at a time, since the oracles want to know what is written
 * before it is (files whose bytes they keep).
 *
 * Lock order: i_mutex, page lock. Neither is held in a fault but i_mutex.
 *
 * Left out: readahead, O_APPEND, O_SYNC, throttling of writers, several segments.
 */
#include "fs/fs.h"
#include "hw/observer.h"
#include "mm/mm.h"

static size_t rest_of_page(unsigned long pos, size_t n)
{
	size_t rest = PAGE_SIZE - (pos & ~PAGE_MASK);

	return n < rest ? n : rest;
}

/* => the bytes of one page from pos on that are in the file: how many, or 0, -EIO, -ENOMEM */
static long read_one_page(struct file *file, void *buf, size_t n, unsigned long pos)
{
	struct page *page;
	unsigned long size;
	int error;

	if (pos >= i_size_read(file->f_inode))
		return 0;
	error = read_cache_page(file, pos >> PAGE_SHIFT, &page);
	if (error)
		return error;
	size = i_size_read(file->f_inode);
	if (pos >= size)
		n = 0;
	else if (n > size - pos)
		n = size - pos;
	if (n)
		content_read(buf, (u8 *)page_address(page) + (pos & ~PAGE_MASK), n);
	mark_page_accessed(page);
	page_cache_release(page);
	return (long)n;
}

long generic_file_read(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	u8 buf[PAGE_SIZE];
	long done = 0, got;
	size_t left;

	while (n) {
		got = read_one_page(file, buf, rest_of_page(pos, n), pos);
		if (got <= 0)
			return done ? done : got;
		left = copy_to_user(user, buf, (size_t)got);
		done += got - (long)left;
		if (left)
			return done ? done : -EFAULT;
		user += (size_t)got;
		pos += (size_t)got;
		n -= (size_t)got;
	}
	return done;
}

void file_update_time(struct inode *inode)
{
	(void)__atomic_fetch_add(&inode->i_mtime, 1, __ATOMIC_RELAXED);
}

/* Copies into one page, which is locked meanwhile. => how many bytes, 0: the source is not there; or -errno */
static long write_one_page(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	const struct address_space_operations *ops = file->f_mapping->a_ops;
	struct inode *inode = file->f_inode;
	struct page *page;
	u8 buf[PAGE_SIZE];
	size_t copied;
	int error;

	error = ops->write_begin(file, pos, n, &page);
	if (error)
		return error;
	SYNC_LABEL("write_begun");
	copied = n - copy_from_user_atomic(buf, user, n);
	if (copied && inode->ghosted)
		observe_write_begin(inode, pos, buf, copied);
	if (copied)
		content_write((u8 *)page_address(page) + (pos & ~PAGE_MASK), buf, copied);
	ops->write_end(file, pos, copied, page);
	if (copied && inode->ghosted)
		observe_write_end(inode, pos, copied);
	return (long)copied;
}

long generic_perform_write(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	long done = 0, copied;
	size_t ask;

	while (n) {
		ask = rest_of_page(pos, n);
		copied = write_one_page(file, user, ask, pos);
		if (copied < 0)
			return done ? done : copied;
		if (!copied && fault_in_readable(user, ask))
			return done ? done : -EFAULT;
		done += copied;
		user += (size_t)copied;
		pos += (size_t)copied;
		n -= (size_t)copied;
		cond_resched();
	}
	return done;
}

long generic_file_write(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	struct inode *inode = file->f_inode;
	long ret;

	if (!n)
		return 0;
	mutex_lock(&inode->i_mutex);
	file_update_time(inode);
	ret = generic_perform_write(file, user, n, pos);
	mutex_unlock(&inode->i_mutex);
	return ret;
}
