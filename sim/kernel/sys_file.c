/* SPDX-License-Identifier: MIT */
/*
 * sys_file.c - system calls on files, and the kernel's own reads and writes
 *
 * I1: the oracles are told of a write before it begins and when it is over, and of a truncation before the call returns,
 *     all with i_mutex held.
 */
#include "kernel/sys.h"
#include "fs/fs.h"
#include "hw/observer.h"
#include "mm/mm.h"

long sys_ftruncate(struct file *file, unsigned long length)
{
	struct inode *inode = file->f_inode;
	int error;

	if ((s64)length < 0 || !(file->f_mode & FMODE_WRITE))
		return -EINVAL;
	mutex_lock(&inode->i_mutex);
	error = inode->i_op->setsize(inode, length);
	if (inode->ghosted && !error)
		observe_truncated(inode);
	SYNC_LABEL("truncated");
	mutex_unlock(&inode->i_mutex);
	return error;
}

long sys_fallocate(struct file *file, int mode, unsigned long offset, unsigned long len)
{
	return vfs_fallocate(file, mode, offset, len);
}

long sys_fsync(struct file *file)
{
	return vfs_fsync(file);
}

long sys_pread(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	return vfs_read(file, user, n, pos);
}

long sys_pwrite(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	return vfs_write(file, user, n, pos);
}

/* ---- from and to a kernel buffer ------------------------------------------------------------------------------- */

/* => the transfer lies in one page, and in the file's part of the disk if it has one */
static bool in_one_page(const struct file *file, size_t n, unsigned long pos)
{
	return n && !((pos ^ (pos + n - 1)) & PAGE_MASK) &&
	       (shmem_mapping(file->f_mapping) || pos + n <= FILE_PAGES_MAX * PAGE_SIZE);
}

long kernel_read(struct file *file, void *buf, size_t n, unsigned long pos)
{
	if (!in_one_page(file, n, pos))
		return -EINVAL;
	return shmem_mapping(file->f_mapping) ? shmem_read(file->f_inode, buf, n, pos) :
						file_read(file, buf, n, pos);
}

static long shmem_kernel_write(struct file *file, const void *buf, size_t n, unsigned long pos)
{
	struct address_space *mapping = file->f_mapping;
	struct page *page;
	int error = mapping->a_ops->write_begin(file, pos, n, &page);

	if (error)
		return error;
	content_write((u8 *)page_address(page) + (pos & ~PAGE_MASK), buf, n);
	mapping->a_ops->write_end(file, pos, n, page);
	return (long)n;
}

long kernel_write(struct file *file, const void *buf, size_t n, unsigned long pos)
{
	struct inode *inode = file->f_inode;
	long ret;

	if (!in_one_page(file, n, pos))
		return -EINVAL;
	mutex_lock(&inode->i_mutex);
	if (!inode->ghosted) {
		ret = shmem_kernel_write(file, buf, n, pos);
	} else {
		observe_write_begin(inode, pos, buf, n);
		ret = file_write(file, buf, n, pos);
		observe_write_end(inode, pos, ret < 0 ? 0 : n);
	}
	mutex_unlock(&inode->i_mutex);
	return ret;
}

long kernel_write_direct(struct file *file, const void *buf, size_t n, unsigned long pos)
{
	struct inode *inode = file->f_inode;
	bool written;
	long ret;

	if (!in_one_page(file, n, pos) || ((n | pos) & (DISK_BEAT - 1)) || !inode->ghosted)
		return -EINVAL;
	mutex_lock(&inode->i_mutex);
	observe_write_begin(inode, pos, buf, n);
	ret = file_write_direct(file, buf, n, pos, &written);
	observe_write_end(inode, pos, written ? n : 0);
	mutex_unlock(&inode->i_mutex);
	return ret;
}
