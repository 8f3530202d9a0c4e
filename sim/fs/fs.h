/* SPDX-License-Identifier: MIT */
/* fs.h - the file system's and the disk's functions, by the file that has them */
#ifndef SIM_FS_FS_H
#define SIM_FS_FS_H

#include "fs/fs_types.h"

/* ---- disk.c ---- */

/* The disk itself: serves requests for ever. */
void disk_run(void *arg);
/* Hands a request over; the queue has room for one a page and a task. => called without spinlocks */
void disk_submit(const struct disk_request *r);
/* So much is to be done that who need not submit more had better wait. => called without disk.lock */
bool disk_congested(void);

/* ---- pipe.c ---- */

void pipe_init(void);

/* ---- inode.c ---- */

/* The disk, the queues, the list of inodes. => called once, at boot */
void fs_init(void);
/*
 * A file of so many pages, all of them on disk, none cached; NULL: too many files or pages. => before the
 * race
 */
struct file *file_create(unsigned pages);
/* What the disk holds there in the beginning: differs from word to word and from page to page, never 0. */
u64 file_initial_word(unsigned ino, unsigned long pos);
/* What all kinds of files begin with. => zeroed; a_ops are the kind's */
void inode_init(struct inode *inode, const struct address_space_operations *a_ops);
void file_init(struct file *file, struct inode *inode, const struct vm_operations_struct *vm_ops);

/* ---- simplefs.c: files on disk ---- */

extern const struct address_space_operations simplefs_aops;
extern const struct inode_operations simplefs_iops;
extern const struct vm_operations_struct
	simplefs_vm_ops; /* with page_mkwrite: where stores to clean pages fault */

/* => the range lies in one page; the count, less at the end of the file, or -EIO, -ENOMEM */
long file_read(struct file *file, void *buf, size_t n, unsigned long pos);
/*
 * => called with i_mutex held; the range lies in one page of the file's part of the disk; the count or -EIO, -ENOMEM.
 * *written: whether the disk has it, which it may although pages in memory could not be dropped
 */
long file_write(struct file *file, const void *buf, size_t n, unsigned long pos);
long file_write_direct(struct file *file, const void *buf, size_t n, unsigned long pos, bool *written);

/* ---- buffer.c: what a file system knows of a page, one buffer a page ---- */

/* => called with the page locked; the page has a buffer from here on, if its file has them */
void attach_page_buffers(struct page *page);
/* The page was made dirty: its buffer is too. => PG_private; whatever keeps the page in its file */
void mark_buffers_dirty(struct page *page);
/* => called with the page locked; true: it had no buffer, or a dirty one, which is clean now: write the page */
bool buffers_to_write(struct page *page);
/* a_ops->releasepage, and for pages that are dropped, whatever their buffers say. => as there */
bool simplefs_releasepage(struct page *page);
void discard_buffers(struct page *page);
/* Writes dirty buffers and waits; the pages stay marked dirty: a journal's ordered data. => without locks; 0 or -EIO, -ENOMEM */
int sync_mapping_buffers(struct address_space *mapping);

/* ---- direct-io.c: O_DIRECT ---- */

#define DIO_PAGES_MAX (FILE_PAGES_MAX + 1)

/* A direct transfer between a file and pinned pages of user memory. */
struct kiocb {
	struct file *file;  /* (c) with a reference */
	unsigned long user; /* (c) multiples of DISK_BEAT, all three */
	size_t n;	    /* (c) once submitted */
	unsigned long pos;  /* (c) */
	bool write, async;  /* (c) */
	bool error;	    /* (a) some request has failed */
	unsigned nr_pages;  /* (c) once submitted */
	struct page *pages[DIO_PAGES_MAX];
	atomic_t pending;	/* (a) requests under way, and one while they are being submitted */
	long ret;		/* written before `done` is completed */
	struct list_head list;	/* (aio lock) */
	struct completion done; /* of who waits */
};

/* As inode_operations has it, on O_DIRECT files: misaligned: -EINVAL; not all of it mapped: less, or -EFAULT. */
long direct_read(struct file *file, unsigned long user, size_t n, unsigned long pos);
long direct_write(struct file *file, unsigned long user, size_t n, unsigned long pos);
/*
 * Begins it and returns, the pages pinned; another task unpins them when it is over. => 0, and in *iocbp what
 * aio_wait() is to be given, once; or -errno
 */
int aio_submit(struct file *file, bool write, unsigned long user, size_t n, unsigned long pos,
	       struct kiocb **iocbp);
long aio_wait(struct kiocb *iocb); /* => the count or -EIO; iocb is gone */
/* Finishes direct I/O that nobody waits for, for ever. A device of the machine. */
void aio_run(void *arg);

/* ---- read_write.c, open.c ---- */

/* => called without locks; the count or -errno */
long vfs_read(struct file *file, unsigned long user, size_t n, unsigned long pos);
long vfs_write(struct file *file, unsigned long user, size_t n, unsigned long pos);
/* => called without locks, mmap_sem too; 0 or -errno */
long vfs_fallocate(struct file *file, int mode, unsigned long offset, unsigned long len);
long vfs_fsync(struct file *file);

#endif
