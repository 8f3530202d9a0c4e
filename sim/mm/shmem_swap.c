/* SPDX-License-Identifier: MIT */
/*
 * shmem_swap.c - pages of tmpfs files go to swap and come back
 *
 * Mirrors shmem_writepage(), shmem_getpage() and shmem_free_swp() of mm/shmem.c of 2.6.29, with the entries in the
 * pagecache's own tree, as since 3.1.
 *
 * I1: an index changes from page to entry, and back, in one section of tree_lock: at no moment is it a hole.
 * I2: an entry in the tree counts once on its slot. The count is taken before the entry is there, and dropped after it
 *     has gone.
 * I3: a page comes back with its lock held, while it is the entry's in the swap cache and not under writeback, and is dirty
 *     before its slot is free: what is nowhere else must not look clean.
 *
 * Lock order: page lock, tree_lock; the swap cache's and the swap device's locks are inside the page lock only.
 *
 * Left out: swapoff (shmem_unuse), readahead.
 */
#include "hw/observer.h"
#include "mm/mm.h"

#define FREE_BATCH 8

/* ---- out ------------------------------------------------------------------------------------------------------------- */

/* => called with the page locked and unmapped; its reference of the pagecache passes to the caller */
static void replace_page_by_entry(struct address_space *mapping, struct page *page, swp_entry_t swap)
{
	struct inode *inode = mapping->host;

	write_lock_irq(&mapping->tree_lock);
	radix_tree_replace(&mapping->page_tree, page->index, swp_to_radix_entry(swap));
	WRITE_ONCE(page->mapping, NULL);
	observe_removed(page);
	WRITE_ONCE(mapping->nrpages, mapping->nrpages - 1);
	WRITE_ONCE(inode->swapped, inode->swapped + 1);
	write_unlock_irq(&mapping->tree_lock);
	SYNC_LABEL("swapped_out");
}

int shmem_writepage(struct page *page)
{
	struct address_space *mapping = page->mapping;
	swp_entry_t swap;

	BUG_ON(page_mapped(page));
	if (!add_to_swap(page)) {
		set_page_dirty(page);
		unlock_page(page);
		return -ENOMEM;
	}
	swap = page_swp_entry(page);
	swap_duplicate(swap);
	replace_page_by_entry(mapping, page, swap);
	page_cache_release(page);
	TestClearPageDirty(page);
	return swap_writepage(page);
}

/* ---- in --------------------------------------------------------------------------------------------------------------- */

static bool still_there(struct address_space *mapping, unsigned long index, const void *entry)
{
	bool same;

	read_lock_irq(&mapping->tree_lock);
	same = radix_tree_lookup(&mapping->page_tree, index) == entry;
	read_unlock_irq(&mapping->tree_lock);
	return same;
}

/* => called with the page locked; 0, or -EEXIST: the entry has gone */
static int replace_entry_by_page(struct address_space *mapping, unsigned long index, const void *entry,
				 struct page *page)
{
	struct inode *inode = mapping->host;
	int error = -EEXIST;

	write_lock_irq(&mapping->tree_lock);
	if (radix_tree_lookup(&mapping->page_tree, index) == entry) {
		radix_tree_replace(&mapping->page_tree, index, page);
		page_cache_get(page);
		WRITE_ONCE(page->mapping, mapping);
		page->index = index;
		WRITE_ONCE(mapping->nrpages, mapping->nrpages + 1);
		WRITE_ONCE(inode->swapped, inode->swapped - 1);
		error = 0;
	}
	write_unlock_irq(&mapping->tree_lock);
	return error;
}

/* => called with the page locked, with a reference; 0 and the page is the file's; or -EEXIST, -EIO */
static int take_back(struct address_space *mapping, unsigned long index, const void *entry, struct page *page)
{
	swp_entry_t swap = radix_to_swp_entry(entry);
	int error;

	if (!PageSwapCache(page) || page_swp_entry(page).val != swap.val)
		return -EEXIST;
	if (!PageUptodate(page))
		return -EIO;
	wait_on_page_writeback(page);
	error = replace_entry_by_page(mapping, index, entry, page);
	if (error) {
		try_to_free_swap(page);
		return error;
	}
	delete_from_swap_cache(page);
	set_page_dirty(page);
	swap_free(swap);
	SYNC_LABEL("swapped_in");
	return 0;
}

int shmem_swapin_page(struct address_space *mapping, unsigned long index, void *entry, struct page **pagep)
{
	swp_entry_t swap = radix_to_swp_entry(entry);
	struct page *page = lookup_swap_cache(swap);
	int error;

	if (!page)
		page = read_swap_cache_async(swap);
	if (!page)
		return still_there(mapping, index, entry) ? -ENOMEM : -EEXIST;
	lock_page(page);
	error = take_back(mapping, index, entry, page);
	if (error) {
		unlock_page(page);
		page_cache_release(page);
		return error;
	}
	*pagep = page;
	return 0;
}

/* ---- truncation -------------------------------------------------------------------------------------------------------- */

/* Takes entries of [*next, last] out of the tree. => how many; *next is behind what was looked at, or `last` + 1 */
static unsigned take_entries(struct address_space *mapping, unsigned long *next, unsigned long last,
			     void **entries)
{
	unsigned long indices[FREE_BATCH];
	struct inode *inode = mapping->host;
	unsigned found, n = 0;

	write_lock_irq(&mapping->tree_lock);
	found = radix_tree_gang_lookup_index(&mapping->page_tree, entries, indices, *next, FREE_BATCH);
	*next = found < FREE_BATCH ? last + 1 : indices[found - 1] + 1;
	for (unsigned i = 0; i < found && indices[i] <= last; i++) {
		if (!radix_tree_exceptional(entries[i]))
			continue;
		radix_tree_delete(&mapping->page_tree, indices[i]);
		entries[n++] = entries[i];
	}
	WRITE_ONCE(inode->swapped, inode->swapped - n);
	inode->alloced -= n;
	write_unlock_irq(&mapping->tree_lock);
	return n;
}

void shmem_free_swap_range(struct address_space *mapping, unsigned long first, unsigned long last)
{
	void *entries[FREE_BATCH];
	unsigned n;

	while (first <= last) {
		n = take_entries(mapping, &first, last, entries);
		for (unsigned i = 0; i < n; i++)
			free_swap_and_cache(radix_to_swp_entry(entries[i]));
	}
}
