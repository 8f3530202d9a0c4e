/* SPDX-License-Identifier: MIT */
/* common.c - the steps that protocols of the axis `invalidate` share, and those that do nothing */
#include "mm/protocols/invalidate.h"

u32 fault_begin_nothing(struct address_space *mapping)
{
	return 0;
}

void fault_copied_nothing(struct page *page)
{
}

bool fault_never_stale(struct address_space *mapping, struct page *page, u32 seq)
{
	return false;
}

void fault_end_nothing(struct page *page, struct page *copy)
{
}

void fault_end_unlock(struct page *page, struct page *copy)
{
	unlock_page(page);
}

void unmap_begin_nothing(struct address_space *mapping)
{
}

/* ---- truncate_count -------------------------------------------------------------------------------- */

u32 truncate_count_begin(struct address_space *mapping)
{
	u32 count = READ_ONCE(mapping->truncate_count);

	smp_rmb(); /* the count before i_size, which ->nopage reads */
	SYNC_LABEL("seq_read");
	return count;
}

/* The page table lock orders this look after the increment of whoever has unmapped this pte already. */
bool truncate_count_stale(struct address_space *mapping, struct page *page, u32 seq)
{
	return READ_ONCE(mapping->truncate_count) != seq;
}

void truncate_count_unmap_begin(struct address_space *mapping)
{
	smp_wmb(); /* i_size before the count */
	WRITE_ONCE(mapping->truncate_count, mapping->truncate_count + 1);
	smp_mb(); /* the count before any pte is read, where taking a lock does not order that */
	SYNC_LABEL("counted");
}

/* ---- one page ---------------------------------------------------------------------------------------- */

int invalidate_page_if_mapped(struct address_space *mapping, struct page *page)
{
	if (page_mapped(page))
		unmap_page(mapping, page);
	SYNC_LABEL("unmapped");
	return invalidate_complete_page2(mapping, page);
}

int invalidate_page_always(struct address_space *mapping, struct page *page)
{
	unmap_page(mapping, page);
	SYNC_LABEL("unmapped");
	return invalidate_complete_page2(mapping, page);
}

int invalidate_page_once(struct address_space *mapping, struct page *page)
{
	if (page_mapped(page))
		unmap_page(mapping, page);
	SYNC_LABEL("unmapped");
	BUG_ON(page_mapped(page));
	return invalidate_complete_page2(mapping, page);
}

void truncate_page_unmap(struct address_space *mapping, struct page *page)
{
	if (page_mapped(page))
		unmap_page(mapping, page);
	SYNC_LABEL("page_unmapped");
	truncate_complete_page(mapping, page);
}

/*
 * ---- a file shrinks ------------------------------------------------------------------------------------
 */

static void truncate_i_size(struct inode *inode, unsigned long offset)
{
	i_size_write(inode, offset);
	SYNC_LABEL("i_size");
}

static void truncate_unmap(struct inode *inode, unsigned long offset)
{
	unmap_mapping_range(&inode->i_data, (offset + PAGE_SIZE - 1) & PAGE_MASK, 0, true);
	SYNC_LABEL("unmapped");
}

void truncate_unmap_before(struct inode *inode, unsigned long offset)
{
	truncate_i_size(inode, offset);
	truncate_unmap(inode, offset);
	truncate_inode_pages(&inode->i_data, offset);
}

void truncate_unmap_twice(struct inode *inode, unsigned long offset)
{
	truncate_unmap_before(inode, offset);
	truncate_unmap(inode, offset);
}

void truncate_no_unmap(struct inode *inode, unsigned long offset)
{
	truncate_i_size(inode, offset);
	truncate_inode_pages(&inode->i_data, offset);
}
