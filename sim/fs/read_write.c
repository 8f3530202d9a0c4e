/* SPDX-License-Identifier: MIT */
/*
 * read_write.c - the calls on files, before it matters what kind of file it is
 *
 * Mirrors fs/read_write.c, vfs_fallocate() of fs/open.c and vfs_fsync() of fs/sync.c, with the errors of 6.18 and their
 * order.
 *
 * I1: nothing has changed when -EBADF, -EINVAL, -EOPNOTSUPP or -EFBIG comes from here.
 *
 * Lock order: i_mutex is the file's own business in reads and writes; fallocate takes it here.
 *
 * Left out: files with a position, leases, locks on ranges, freezing.
 */
#include "fs/fs.h"
#include "kernel/uapi.h"
#include "mm/mm.h"

#define MAX_RW_COUNT 0x7ffff000ul

/* => 0 or -errno; pos is an loff_t in disguise */
static int rw_verify(const struct file *file, unsigned mode, unsigned long user, size_t n, unsigned long pos)
{
	if ((s64)pos < 0)
		return -EINVAL;
	if (!(file->f_mode & mode))
		return -EBADF;
	if (user + n > TASK_SIZE || user + n < user)
		return -EFAULT;
	return 0;
}

long vfs_read(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	int error = rw_verify(file, FMODE_READ, user, n, pos);

	if (error)
		return error;
	return file->f_inode->i_op->read(file, user, n < MAX_RW_COUNT ? n : MAX_RW_COUNT, pos);
}

long vfs_write(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	int error = rw_verify(file, FMODE_WRITE, user, n, pos);

	if (error)
		return error;
	return file->f_inode->i_op->write(file, user, n < MAX_RW_COUNT ? n : MAX_RW_COUNT, pos);
}

long vfs_fallocate(struct file *file, int mode, unsigned long offset, unsigned long len)
{
	struct inode *inode = file->f_inode;
	int error;

	if ((s64)offset < 0 || (s64)len <= 0)
		return -EINVAL;
	if (mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE) || !inode->i_op->punch_hole)
		return -EOPNOTSUPP;
	if (!(file->f_mode & FMODE_WRITE))
		return -EBADF;
	if ((s64)(offset + len) < 0)
		return -EFBIG;
	mutex_lock(&inode->i_mutex);
	error = inode->i_op->punch_hole(inode, offset, offset + len);
	SYNC_LABEL("punched");
	mutex_unlock(&inode->i_mutex);
	return error;
}

long vfs_fsync(struct file *file)
{
	return filemap_write_and_wait_range(file->f_mapping, 0, ~0ul);
}
