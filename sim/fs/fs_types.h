/* SPDX-License-Identifier: MIT */
/*
 * fs_types.h - files and what lies under them
 *
 * Mirrors linux/fs.h of 2.6.18. Lock letters as in mm_types.h; (Q) the disk's queue lock.
 *
 * Left out: dentries, descriptors (a struct file stands for its one), i_alloc_sem.
 */
#ifndef SIM_FS_TYPES_H
#define SIM_FS_TYPES_H

#include "lib/radix_tree.h"
#include "mm/mm_types.h"

struct inode;
struct task_struct;

struct address_space_operations {
	/*
	 * Fills a page of the file from disk.
	 * => called with the page locked; unlocks it, at the end of the I/O. 0 or -EIO
	 */
	int (*readpage)(struct file *file, struct page *page);
	/*
	 * Begins to write a page to disk. => called with the page locked, not dirty any more, not under writeback;
	 * unlocks it, ends its writeback at the end of the I/O. 0 or -EIO, -ENOMEM and the page is dirty again
	 */
	int (*writepage)(struct page *page);
	/* => called with the page locked; drops PG_private, so that the page can be freed; false: it cannot now */
	bool (*releasepage)(struct page *page);
	/*
	 * write(2) is about to change bytes [pos, pos + n), which lie in one page, and has changed the first `copied` of them.
	 * => called with i_mutex held. begin: 0, and in *pagep the page, locked, with a reference, and uptodate; or -EIO, -ENOMEM.
	 * end: unlocks and drops it
	 */
	int (*write_begin)(struct file *file, unsigned long pos, size_t n, struct page **pagep);
	void (*write_end)(struct file *file, unsigned long pos, size_t copied, struct page *page);
	/* Dirty pages are tagged, and written back by themselves: BDI_CAP_ACCT_DIRTY and _WRITEBACK. */
	bool account_dirty;
};

/* address_space.flags */
enum mapping_flags {
	AS_EIO, /* something could not be written back, and nobody was told yet */
};

struct address_space {
	struct inode *host;		  /* (c) */
	struct radix_tree_root page_tree; /* (T) */
	rwlock_t tree_lock;
	unsigned long nrpages;		   /* (T) written with it held, read without on purpose */
	struct rb_root i_mmap;		   /* (I) vmas that map the file, an interval tree by index */
	struct list_head i_mmap_nonlinear; /* (I) those of remap_file_pages(), whose ptes may be anywhere */
	int i_mmap_writable;		   /* (I) shared mappings that may be written */
	spinlock_t i_mmap_lock;
	u32 truncate_count;			      /* (I) written with it held, read without on purpose */
	u32 invalidate_seq;			      /* (a) protocol seqlock */
	const struct address_space_operations *a_ops; /* (c) */
	unsigned long flags;			      /* (a) enum mapping_flags */
};

struct inode {
	unsigned i_ino;	       /* (c) */
	unsigned long i_block; /* (c) first page of the file on disk; of no meaning to shmem */
	unsigned long i_size;  /* (M) bytes; written with it held, read without on purpose */
	u32 i_mtime;	       /* (a) how often the modification time was set */
	atomic_t i_count;      /* (a) open files */
	struct mutex i_mutex;
	struct address_space i_data;
	const struct inode_operations *i_op; /* (c) */
	/* shmem: swap entries of pages that are not in memory stand in page_tree, as (entry | RADIX_EXCEPTIONAL) */
	unsigned long swapped;		       /* (T) how many */
	unsigned long alloced;		       /* (T) pages that it has, in memory and on swap */
	bool ghosted;			       /* (c) the oracles keep its bytes: struct ghost */
	bool buffers;			       /* (c) its pages have buffers: simplefs.c */
	struct inode *ghost_next, *ghost_prev; /* the oracles': inodes from the slab */
};

/* What differs between kinds of files, beside their pages. => called with i_mutex held, unless said otherwise */
struct inode_operations {
	/* Sets the size; what lies beyond is gone when it returns. 0 or -errno */
	int (*setsize)(struct inode *inode, unsigned long size);
	/* fallocate(FALLOC_FL_PUNCH_HOLE): bytes [start, end) read as zeroes from here on. 0 or -errno */
	int (*punch_hole)(struct inode *inode, unsigned long start, unsigned long end);
	/* => without i_mutex; bytes [pos, pos + n) to user memory: the count, or -errno when none */
	long (*read)(struct file *file, unsigned long user, size_t n, unsigned long pos);
	long (*write)(struct file *file, unsigned long user, size_t n, unsigned long pos);
	/* => without i_mutex; the last file is gone */
	void (*evict)(struct inode *inode);
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
	struct inode *f_inode;			     /* (c) */
	struct address_space *f_mapping;	     /* (c) */
	const struct vm_operations_struct *f_vm_ops; /* (c) of its mappings */
	atomic_t f_count; /* (a) references: descriptors and vmas; 0: a file of the machine's, for ever */
	unsigned f_mode;  /* (c) FMODE_* */
	struct file *ghost_next, *ghost_prev; /* the oracles': files from the slab */
	int held;			      /* the oracles': references of descriptors, if anybody tells */
	bool counted;			      /* the oracles': somebody tells */
};
#define FMODE_READ 1u
#define FMODE_WRITE 2u
#define FMODE_DIRECT 4u /* O_DIRECT */

#define NR_FILES 4
#define FILE_PAGES_MAX 4
#define DISK_PAGES (NR_FILES * FILE_PAGES_MAX)
#define DISK_BEAT 512
#define DISK_QUEUE 32 /* one for each page of the disk, and for each task */

/* A transfer between a page of the disk and a frame, or between pieces of the two. */
struct disk_request {
	unsigned long block; /* in pages */
	u32 offset, len;     /* bytes of that page, multiples of DISK_BEAT; len 0: the whole page */
	u8 *frame;	     /* the first byte in memory */
	bool write;
	bool swap; /* block lies on the swap device */
	bool user; /* the frame is user memory, pinned: the oracles are told what is moved */
	struct page *
		page; /* NULL, or the pagecache page to finish: uptodate and unlocked, or no longer under writeback */
	struct completion *done;		/* NULL, or who waits */
	bool *error;				/* where to tell who waits that nothing was moved */
	void (*end_io)(void *data, bool error); /* NULL, or what to call at the end. => it may not sleep */
	void *data;
};

struct disk {
	spinlock_t lock;
	struct disk_request queue[DISK_QUEUE]; /* (Q) a ring */
	u32 head, tail;			       /* (Q) */
	struct completion work;		       /* one complete() a request */
	u8 block[DISK_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
};

/* Direct I/O whose transfers are over and that aio_run() is to finish. */
struct aio_queue {
	spinlock_t lock;
	struct list_head done;	/* (aio lock) of struct kiocb */
	struct completion work; /* one complete() each */
};

/* What writeback_run() waits for. */
struct writeback {
	struct completion work; /* one complete() a page that became dirty */
};

#endif
