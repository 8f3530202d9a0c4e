/* SPDX-License-Identifier: MIT */
/*
 * swap_state.c - the swap cache: pages that have a slot of the swap device
 *
 * Mirrors mm/swap_state.c of 2.6.31: an address_space whose index is the slot.
 *
 * I1: a page is at a slot of the tree exactly when it has PG_swapcache and the slot's entry in ->private. All change with
 *     the page locked and tree_lock held for write; either is enough to look.
 * I2: the swap cache holds one reference to each of its pages, and one count of each of its slots.
 * I3: whoever finds a page here without its lock looks again, under it, whether it still is the entry's.
 * I4: a slot's count for the cache and the tree change together under tree_lock, so that who brings in an entry that a
 *     pte holds finds the page, or nothing and may add it: nobody waits for somebody between the two.
 *
 * Lock order: page lock, tree_lock with interrupts off, the swap device's lock.
 *
 * Left out: readahead, per-cluster trees.
 */
#include "mm/mm.h"

static const struct address_space_operations swap_aops = {
	.writepage = swap_writepage,
};

static struct address_space *swap_cache(void)
{
	return &this_machine->swap.cache;
}

struct address_space *page_mapping(const struct page *page)
{
	if (PageSwapCache(page))
		return swap_cache();
	return PageAnon(page) ? NULL : page_mapping_raw(page);
}

void swap_cache_init(void)
{
	struct address_space *cache = swap_cache();

	cache->a_ops = &swap_aops;
	radix_tree_init(&cache->page_tree);
	rwlock_init(&cache->tree_lock);
	spin_lock_init(&cache->i_mmap_lock);
	INIT_LIST_HEAD(&cache->i_mmap_nonlinear);
}

/* => called with tree_lock held for write; 0, -EEXIST, -ENOMEM */
static int insert(struct address_space *cache, struct page *page, swp_entry_t entry)
{
	int error = radix_tree_insert(&cache->page_tree, swp_offset(entry), page);

	if (error)
		return error;
	if (swapcache_prepare(entry) == -ENOENT) {
		radix_tree_delete(&cache->page_tree, swp_offset(entry));
		return -EEXIST;
	}
	page_cache_get(page);
	WRITE_ONCE(page->private, entry.val);
	SetPageSwapCache(page);
	WRITE_ONCE(cache->nrpages, cache->nrpages + 1);
	return 0;
}

int add_to_swap_cache(struct page *page, swp_entry_t entry)
{
	struct address_space *cache = swap_cache();
	int error;

	BUG_ON(!PageLocked(page) || PageSwapCache(page) || PagePrivate(page));
	write_lock_irq(&cache->tree_lock);
	error = insert(cache, page, entry);
	write_unlock_irq(&cache->tree_lock);
	if (!error)
		SYNC_LABEL("in_swap_cache");
	return error;
}

void __delete_from_swap_cache(struct page *page)
{
	struct address_space *cache = swap_cache();
	swp_entry_t entry = page_swp_entry(page);

	BUG_ON(!PageLocked(page) || !PageSwapCache(page) || PageWriteback(page));
	radix_tree_delete(&cache->page_tree, swp_offset(entry));
	WRITE_ONCE(page->private, 0);
	ClearPageSwapCache(page);
	WRITE_ONCE(cache->nrpages, cache->nrpages - 1);
	swapcache_free(entry);
}

void delete_from_swap_cache(struct page *page)
{
	struct address_space *cache = swap_cache();

	write_lock_irq(&cache->tree_lock);
	__delete_from_swap_cache(page);
	write_unlock_irq(&cache->tree_lock);
	SYNC_LABEL("out_of_swap_cache");
	page_cache_release(page);
}

/* A slot's first contents are the page's: it is dirty before anybody may think it clean. */
bool add_to_swap(struct page *page)
{
	swp_entry_t entry = get_swap_page();

	BUG_ON(!PageLocked(page) || !PageUptodate(page));
	if (!entry.val)
		return false;
	if (add_to_swap_cache(page, entry)) {
		swapcache_free(entry);
		return false;
	}
	SetPageDirty(page);
	return true;
}

struct page *lookup_swap_cache(swp_entry_t entry)
{
	return find_get_page(swap_cache(), swp_offset(entry));
}

struct page *read_swap_cache_async(swp_entry_t entry)
{
	struct page *page, *new = NULL;
	int error = 0;

	for (;;) {
		page = lookup_swap_cache(entry);
		if (page || error == -ENOMEM)
			break;
		if (!new)
			new = alloc_page();
		if (!new)
			return NULL;
		if (!PageLocked(new)) {
			lock_page(new);
			SetPageSwapBacked(new);
		}
		error = add_to_swap_cache(new, entry);
		if (!error) {
			lru_cache_add(new);
			swap_readpage(new);
			return new;
		}
		if (error == -EEXIST && !swap_count(entry))
			break; /* freed meanwhile: the pte has changed */
		cond_resched();
	}
	if (new) {
		unlock_page(new);
		put_page(new);
	}
	return page;
}

/* Nobody maps it: if no entry stands for it, what is on swap is of no use to anyone. */
static void free_swap_cache(struct page *page)
{
	if (PageSwapCache(page) && !page_mapped(page) && trylock_page(page)) {
		try_to_free_swap(page);
		unlock_page(page);
	}
}

void free_page_and_swap_cache(struct page *page)
{
	free_swap_cache(page);
	put_page(page);
}

void free_pages_and_swap_cache(struct page **pages, int nr)
{
	for (int i = 0; i < nr; i++)
		free_swap_cache(pages[i]);
	release_pages(pages, nr);
}
