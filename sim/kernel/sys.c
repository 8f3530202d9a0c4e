/* SPDX-License-Identifier: MIT */
/* sys.c - system-call entry: takes the locks that the memory manager and the file system want held */
#include "kernel/sys.h"
#include "fs/fs.h"
#include "hw/observer.h"
#include "mm/mm.h"

long sys_ftruncate(struct file *file, unsigned long length)
{
	struct inode *inode = file->f_inode;

	if (length > FILE_PAGES_MAX * PAGE_SIZE)
		return -EFBIG;
	mutex_lock(&inode->i_mutex);
	vmtruncate(inode, length);
	observe_truncated(inode);
	SYNC_LABEL("truncated");
	mutex_unlock(&inode->i_mutex);
	return 0;
}

/* => the transfer lies in one page and in the file's part of the disk */
static bool in_one_page(size_t n, unsigned long pos)
{
	return n && !((pos ^ (pos + n - 1)) & PAGE_MASK) && pos + n <= FILE_PAGES_MAX * PAGE_SIZE;
}

long kernel_read(struct file *file, void *buf, size_t n, unsigned long pos)
{
	return in_one_page(n, pos) ? file_read(file, buf, n, pos) : -EINVAL;
}

long kernel_write(struct file *file, const void *buf, size_t n, unsigned long pos)
{
	long ret;

	if (!in_one_page(n, pos))
		return -EINVAL;
	mutex_lock(&file->f_inode->i_mutex);
	observe_write_begin(file->f_inode, pos, buf, n);
	ret = file_write(file, buf, n, pos);
	observe_write_end(file->f_inode, pos, ret < 0 ? 0 : n);
	mutex_unlock(&file->f_inode->i_mutex);
	return ret;
}

long kernel_write_direct(struct file *file, const void *buf, size_t n, unsigned long pos)
{
	bool written;
	long ret;

	if (!in_one_page(n, pos) || ((n | pos) & (DISK_BEAT - 1)))
		return -EINVAL;
	mutex_lock(&file->f_inode->i_mutex);
	observe_write_begin(file->f_inode, pos, buf, n);
	ret = file_write_direct(file, buf, n, pos, &written);
	observe_write_end(file->f_inode, pos, written ? n : 0);
	mutex_unlock(&file->f_inode->i_mutex);
	return ret;
}
