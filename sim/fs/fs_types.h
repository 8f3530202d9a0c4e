/* SPDX-License-Identifier: MIT */
/*
 * fs_types.h - files and what lies under them
 *
 * Mirrors linux/fs.h of 2.6.18. Lock letters as in mm_types.h; (Q) the disk's queue lock.
 *
 * Left out: dentries, descriptors' lifetime (a file is never closed), i_alloc_sem, writeback.
 */
#ifndef SIM_FS_TYPES_H
#define SIM_FS_TYPES_H

#include "lib/radix_tree.h"
#include "mm/mm_types.h"

struct inode;

struct address_space_operations {
	/*
	 * Fills a page of the file from disk.
	 * => called with the page locked; unlocks it, at the end of the I/O. 0 or -EIO
	 */
	int (*readpage)(struct file *file, struct page *page);
};

struct address_space {
	struct inode *host;		  /* (c) */
	struct radix_tree_root page_tree; /* (T) */
	rwlock_t tree_lock;
	unsigned long nrpages; /* (T) written with it held, read without on purpose */
	struct rb_root i_mmap; /* (I) vmas that map the file, an interval tree by index */
	spinlock_t i_mmap_lock;
	u32 truncate_count;			      /* (I) written with it held, read without on purpose */
	u32 invalidate_seq;			      /* (a) protocol seqlock */
	const struct address_space_operations *a_ops; /* (c) */
};

struct inode {
	unsigned i_ino;	       /* (c) */
	unsigned long i_block; /* (c) first page of the file on disk */
	unsigned long i_size;  /* (M) bytes; written with it held, read without on purpose */
	struct mutex i_mutex;
	struct address_space i_data;
};

/* Lockless on purpose: what it says may be old at once. */
static inline unsigned long i_size_read(const struct inode *inode)
{
	return READ_ONCE(inode->i_size);
}
/* => called with i_mutex held */
static inline void i_size_write(struct inode *inode, unsigned long size)
{
	WRITE_ONCE(inode->i_size, size);
}

struct file {
	struct inode *f_inode;		 /* (c) */
	struct address_space *f_mapping; /* (c) */
};

#define NR_FILES 4
#define FILE_PAGES_MAX 4
#define DISK_PAGES (NR_FILES * FILE_PAGES_MAX)
#define DISK_BEAT 512
#define DISK_QUEUE 8

/* A transfer between a page of the disk and a frame, or a piece of a frame. */
struct disk_request {
	unsigned long block; /* in pages */
	u8 *frame;
	bool write;
	struct page *page;	 /* NULL, or the pagecache page to finish: uptodate, then unlocked */
	struct completion *done; /* NULL, or who waits */
	bool *error;		 /* where to tell who waits that nothing was moved */
};

struct disk {
	spinlock_t lock;
	struct disk_request queue[DISK_QUEUE]; /* (Q) a ring */
	u32 head, tail;			       /* (Q) */
	struct completion work;		       /* one complete() a request */
	u8 block[DISK_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
};

#endif
