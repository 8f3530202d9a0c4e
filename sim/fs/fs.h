/* SPDX-License-Identifier: MIT */
/* fs.h - the file system's and the disk's functions, by the file that has them */
#ifndef SIM_FS_FS_H
#define SIM_FS_FS_H

#include "fs/fs_types.h"

/* ---- disk.c ---- */

void disk_init(void);
/* The disk itself: serves requests for ever. */
void disk_run(void *arg);
/* Hands a request over; the queue has room for one a task. => called without spinlocks */
void disk_submit(const struct disk_request *r);

/* ---- pipe.c ---- */

void pipe_init(void);

/* ---- inode.c ---- */

/*
 * A file of so many pages, all of them on disk, none cached; NULL: too many files or pages. => before the
 * race
 */
struct file *file_create(unsigned pages);
/* What the disk holds there in the beginning: differs from word to word and from page to page, never 0. */
u64 file_initial_word(unsigned ino, unsigned long pos);

/* ---- simplefs.c ---- */

extern const struct address_space_operations simplefs_aops;

/* => the range lies in one page; the count, less at the end of the file, or -EIO, -ENOMEM */
long file_read(struct file *file, void *buf, size_t n, unsigned long pos);
/*
 * => called with i_mutex held; the range lies in one page of the file's part of the disk; the count or -EIO, -ENOMEM.
 * *written: whether the disk has it, which it may although pages in memory could not be dropped
 */
long file_write(struct file *file, const void *buf, size_t n, unsigned long pos);
long file_write_direct(struct file *file, const void *buf, size_t n, unsigned long pos, bool *written);

#endif
