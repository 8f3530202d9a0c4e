/* SPDX-License-Identifier: MIT */
/*
 * inode.c - files come into being
 *
 * Mirrors inode_init_once() of fs/inode.c of 2.6.18. Every file has a part of the disk to itself.
 *
 * Left out: names, removal, inode reclaim.
 */
#include "fs/fs.h"
#include "hw/observer.h"
#include "mm/mm.h"

u64 file_initial_word(unsigned ino, unsigned long pos)
{
	return ((u64)(ino + 1) << 32) | (pos + 1);
}

static void fill_disk(const struct inode *inode, unsigned pages)
{
	u64 buf[PAGE_SIZE / sizeof(u64)];

	for (unsigned i = 0; i < pages; i++) {
		for (unsigned w = 0; w < PAGE_SIZE / sizeof(u64); w++)
			buf[w] = file_initial_word(inode->i_ino, i * PAGE_SIZE + w * sizeof(u64));
		content_write(this_machine->disk.block[inode->i_block + i], buf, PAGE_SIZE);
	}
}

struct file *file_create(unsigned pages)
{
	struct machine *m = this_machine;
	struct inode *inode = &m->inode[m->nr_files];
	struct file *file = &m->file[m->nr_files];
	struct address_space *mapping = &inode->i_data;

	if (m->nr_files == NR_FILES || pages > FILE_PAGES_MAX)
		return NULL;
	inode->i_ino = (unsigned)m->nr_files;
	inode->i_block = (unsigned long)m->nr_files * FILE_PAGES_MAX;
	inode->i_size = pages * PAGE_SIZE;
	mutex_init(&inode->i_mutex);
	mapping->host = inode;
	mapping->a_ops = &simplefs_aops;
	radix_tree_init(&mapping->page_tree);
	rwlock_init(&mapping->tree_lock);
	spin_lock_init(&mapping->i_mmap_lock);
	INIT_LIST_HEAD(&mapping->i_mmap_nonlinear);
	inode->ghosted = true;
	file->f_vm_ops = &generic_file_vm_ops;
	file->f_mode = FMODE_READ | FMODE_WRITE;
	file->f_inode = inode;
	file->f_mapping = mapping;
	m->nr_files++;
	fill_disk(inode, pages);
	observe_file_created(inode);
	return file;
}
