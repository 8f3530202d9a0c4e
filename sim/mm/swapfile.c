/* SPDX-License-Identifier: MIT */
/*
 * swapfile.c - the slots of the swap device, and who counts on them
 *
 * Mirrors mm/swapfile.c of 2.6.31: one device; a slot's byte counts the entries that name it (ptes, and shmem's trees),
 * with a bit of its own for the swap cache.
 *
 * I1: a slot is free exactly when its byte is 0. Slot 0 is never used.
 * I2: SWAP_HAS_CACHE is set from get_swap_page() until the slot leaves the swap cache, or is given back by who never put
 *     it there. From its first entry on, it changes with the cache's tree_lock held for write, together with the tree.
 * I3: the slot that was freed last is the first that is handed out.
 *
 * Lock order: page table locks and the cache's tree_lock, then the device's; it is innermost.
 *
 * Left out: priorities, clusters, discard, swapon and swapoff, counts of more than SWAP_MAP_MAX.
 */
#include "mm/mm.h"

void swap_init(void)
{
	struct swap_info *si = &this_machine->swap;

	spin_lock_init(&this_machine->swap.lock);
	si->next = 1;
	si->nr_free = si->nr_slots ? si->nr_slots - 1 : 0;
	swap_cache_init();
}

/* => called with the device's lock held; the entry is of the device and in use, or reported */
static u8 *slot_of(struct swap_info *si, swp_entry_t entry, const char *op)
{
	unsigned long offset = swp_offset(entry);

	if (likely(swp_type(entry) == 0 && offset && offset < si->nr_slots))
		return &si->map[offset];
	sync_violation("bad-swap-count", "%s of entry %#llx, which is no slot of the device", op,
		       (unsigned long long)entry.val);
	return NULL;
}

static void free_slot(struct swap_info *si, unsigned long offset)
{
	si->nr_free++;
	si->next = (unsigned)offset;
}

/* => called with the device's lock held; the first free slot from `next` on, round; 0: none */
static unsigned scan_swap_map(const struct swap_info *si)
{
	unsigned offset = si->next;

	for (unsigned i = 0; si->nr_free && i < si->nr_slots; i++) {
		if (offset >= si->nr_slots)
			offset = 1;
		if (!si->map[offset])
			return offset;
		offset++;
	}
	return 0;
}

swp_entry_t get_swap_page(void)
{
	struct swap_info *si = &this_machine->swap;
	unsigned offset;

	spin_lock(&si->lock);
	offset = scan_swap_map(si);
	if (offset) {
		si->map[offset] = SWAP_HAS_CACHE;
		si->nr_free--;
		si->next = offset + 1;
	}
	spin_unlock(&si->lock);
	return offset ? swp_entry(0, offset) : (swp_entry_t){ 0 };
}

void swap_duplicate(swp_entry_t entry)
{
	struct swap_info *si = &this_machine->swap;
	u8 *slot;

	spin_lock(&si->lock);
	slot = slot_of(si, entry, "swap_duplicate()");
	if (slot && (!*slot || (*slot & ~SWAP_HAS_CACHE) >= SWAP_MAP_MAX))
		sync_violation("bad-swap-count", "swap_duplicate() of slot %lu, whose count is %#x",
			       swp_offset(entry), *slot);
	else if (slot)
		++*slot;
	spin_unlock(&si->lock);
}

int swapcache_prepare(swp_entry_t entry)
{
	struct swap_info *si = &this_machine->swap;
	int error = -ENOENT;
	u8 *slot;

	spin_lock(&si->lock);
	slot = slot_of(si, entry, "swapcache_prepare()");
	if (slot && *slot & SWAP_HAS_CACHE) {
		error = -EEXIST;
	} else if (slot && *slot) {
		*slot |= SWAP_HAS_CACHE;
		error = 0;
	}
	spin_unlock(&si->lock);
	return error;
}

void swapcache_free(swp_entry_t entry)
{
	struct swap_info *si = &this_machine->swap;
	u8 *slot;

	spin_lock(&si->lock);
	slot = slot_of(si, entry, "swapcache_free()");
	if (slot && !(*slot & SWAP_HAS_CACHE))
		sync_violation("bad-swap-count", "slot %lu leaves the swap cache, which has not got it",
			       swp_offset(entry));
	else if (slot && !(*slot &= ~SWAP_HAS_CACHE))
		free_slot(si, swp_offset(entry));
	spin_unlock(&si->lock);
}

/* A slot that no entry was ever made of is given back by the same call. => what is left of the slot's byte */
static u8 swap_entry_free(swp_entry_t entry)
{
	struct swap_info *si = &this_machine->swap;
	u8 *slot, left = 0;

	spin_lock(&si->lock);
	slot = slot_of(si, entry, "swap_free()");
	if (slot && !*slot) {
		sync_violation("bad-swap-count", "swap_free() of slot %lu, which no entry counts on",
			       swp_offset(entry));
	} else if (slot) {
		left = *slot = *slot == SWAP_HAS_CACHE ? 0 : *slot - 1;
		if (!left)
			free_slot(si, swp_offset(entry));
	}
	spin_unlock(&si->lock);
	return left;
}

void swap_free(swp_entry_t entry)
{
	swap_entry_free(entry);
}

int swap_count(swp_entry_t entry)
{
	struct swap_info *si = &this_machine->swap;
	u8 *slot, map = 0;

	spin_lock(&si->lock);
	slot = slot_of(si, entry, "swap_count()");
	if (slot)
		map = *slot;
	spin_unlock(&si->lock);
	return (map & ~SWAP_HAS_CACHE) + !!(map & SWAP_HAS_CACHE);
}

/* ---- the page that a slot is cached in -------------------------------------------------------------------------- */

/* => page locked, in the swap cache; how many entries count on its slot */
static int page_swapcount(const struct page *page)
{
	return swap_count(page_swp_entry(page)) - 1;
}

/* It is as good as new: nothing on disk is like it. */
static void leave_swap_cache(struct page *page)
{
	delete_from_swap_cache(page);
	SetPageDirty(page);
}

bool can_share_swap_page(struct page *page)
{
	int count = page_mapcount(page);

	BUG_ON(!PageLocked(page));
	if (count <= 1 && PageSwapCache(page)) {
		count += page_swapcount(page);
		if (count == 1 && !PageWriteback(page))
			leave_swap_cache(page);
	}
	return count <= 1;
}

/* The disk may be reading the page still: then the slot has to wait. */
bool try_to_free_swap(struct page *page)
{
	BUG_ON(!PageLocked(page));
	if (!PageSwapCache(page) || PageWriteback(page) || page_swapcount(page))
		return false;
	leave_swap_cache(page);
	return true;
}

/*
 * Whoever has the page locked decides what becomes of the slot, so that a trylock is enough: reclaim frees the slot with
 * the page, and a fault looks whether its entry is there still.
 */
void free_swap_and_cache(swp_entry_t entry)
{
	struct page *page;

	if (swap_entry_free(entry) != SWAP_HAS_CACHE)
		return;
	page = lookup_swap_cache(entry);
	if (!page)
		return;
	if (trylock_page(page)) {
		if (PageSwapCache(page) && page_swp_entry(page).val == entry.val && !page_mapped(page))
			try_to_free_swap(page);
		unlock_page(page);
	}
	put_page(page);
}
