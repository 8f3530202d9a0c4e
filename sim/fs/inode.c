/* SPDX-License-Identifier: MIT */
/*
 * inode.c - files come into being, and go with their last reference
 *
 * Mirrors inode_init_once() and iput() of fs/inode.c, get_file() and fput() of fs/file_table.c of 2.6.29. A file on
 * disk has a part of the disk to itself and is the machine's, for ever: its references are not counted.
 *
 * I1: f_count is the number of descriptors, vmas and requests under way that have the file; an inode's i_count that
 *     of its files. What nobody has is freed by whoever dropped the last reference.
 *
 * Lock order: none are held. Eviction takes page locks and what is inside them.
 *
 * Left out: names, removal from disk, inode reclaim.
 */
#include "fs/fs.h"
#include "hw/observer.h"
#include "mm/mm.h"
#include "mm/protocols/dirty.h"

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

void fs_init(void)
{
	struct machine *m = this_machine;

	spin_lock_init(&m->disk.lock);
	init_completion(&m->disk.work);
	spin_lock_init(&m->aio.lock);
	INIT_LIST_HEAD(&m->aio.done);
	init_completion(&m->aio.work);
	init_completion(&m->writeback.work);
}

void inode_init(struct inode *inode, const struct address_space_operations *a_ops)
{
	struct address_space *mapping = &inode->i_data;

	mutex_init(&inode->i_mutex);
	mapping->host = inode;
	mapping->a_ops = a_ops;
	radix_tree_init(&mapping->page_tree);
	rwlock_init(&mapping->tree_lock);
	spin_lock_init(&mapping->i_mmap_lock);
	INIT_LIST_HEAD(&mapping->i_mmap_nonlinear);
}

void file_init(struct file *file, struct inode *inode, const struct vm_operations_struct *vm_ops)
{
	file->f_inode = inode;
	file->f_mapping = &inode->i_data;
	file->f_vm_ops = vm_ops;
	file->f_mode = FMODE_READ | FMODE_WRITE;
}

struct file *file_create(unsigned pages)
{
	struct machine *m = this_machine;
	struct inode *inode = &m->inode[m->nr_files];
	struct file *file = &m->file[m->nr_files];

	if (m->nr_files == NR_FILES || pages > FILE_PAGES_MAX)
		return NULL;
	inode_init(inode, &simplefs_aops);
	inode->i_op = &simplefs_iops;
	inode->i_ino = (unsigned)m->nr_files;
	inode->i_block = (unsigned long)m->nr_files * FILE_PAGES_MAX;
	inode->i_size = pages * PAGE_SIZE;
	inode->ghosted = true;
	file_init(file, inode, m->dirty->writenotify ? &simplefs_vm_ops : &generic_file_vm_ops);
	m->nr_files++;
	fill_disk(inode, pages);
	observe_file_created(inode);
	return file;
}

/* ---- references ------------------------------------------------------------------------------------------------- */

static bool is_machines_own(const struct file *file)
{
	return file >= this_machine->file && file < this_machine->file + NR_FILES;
}

struct file *get_file(struct file *file)
{
	if (!is_machines_own(file))
		atomic_inc(&file->f_count);
	return file;
}

static void iput(struct inode *inode)
{
	if (atomic_dec_and_test(&inode->i_count))
		inode->i_op->evict(inode);
}

void fput(struct file *file)
{
	struct inode *inode = file->f_inode;

	if (is_machines_own(file) || !atomic_dec_and_test(&file->f_count))
		return;
	observe_file_gone(file);
	kmem_free(file, sizeof(*file), SLAB_FILE);
	iput(inode);
}
