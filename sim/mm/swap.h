/* SPDX-License-Identifier: MIT */
/* swap.h - LRU lists, reclaim, the swap cache and the swap device. swap.c, vmscan.c, swap_state.c, swapfile.c */
#ifndef SIM_MM_SWAP_H
#define SIM_MM_SWAP_H

#include "mm/mm_types.h"

/* ---- swap.c: LRU lists. On a machine without them (config.lru) these do nothing ---------------------------------- */

/* => the page is new to the lists; it may be in this CPU's batch for a while, which holds a reference */
void lru_cache_add(struct page *page);
void lru_cache_add_active(struct page *page);
/* This CPU's batch goes to the lists. => no spinlocks held */
void lru_add_drain(void);
void mark_page_accessed(struct page *page);
/* => the last reference is gone: the page leaves its list */
void lru_del_at_free(struct page *page);
void lru_del_many_at_free(struct page **pages, int nr);
/* => the machine boots */
void lru_init(void);
/* => lru_lock held; onto, off the list that the page's flags name, PG_lru included */
void add_page_to_lru_list(struct page *page);
void del_page_from_lru_list(struct page *page);
/* MADV_FREE: an anonymous page, clean by now, need not go to swap any more. => called with a reference or under ptl */
void mark_page_lazyfree(struct page *page);
/* MADV_COLD: reclaim looks at it soon. => as above */
void deactivate_page(struct page *page);
/* Its writeback has ended and reclaim was waiting (PG_reclaim): it is the next that is looked at. */
void rotate_reclaimable_page(struct page *page);

/* ---- vmscan.c ------------------------------------------------------------------------------------------------------ */

/* Frees up to nr pages. => may sleep; how many were freed */
unsigned long try_to_free_pages(unsigned long nr);
/* Reclaims these pages if nobody uses them: MADV_PAGEOUT. They are isolated from the lists, linked by ->lru. */
unsigned long reclaim_pages(struct list_head *pages);
/* => called with lru_lock not held; 0: the page is off its list and has one reference more, or -EBUSY */
int isolate_lru_page(struct page *page);
void putback_lru_page(struct page *page);
/* The reclaim task: frees pages when the free ones run low, for ever. A device of the machine. */
void kswapd_run(void *arg);
/* => the page is locked, unmapped and clean; it leaves its address space if nobody else has it: true */
bool remove_mapping(struct address_space *mapping, struct page *page);

/* ---- swap_state.c: the swap cache, an address_space whose index is the entry's offset ------------------------------ */

/* => page locked, anonymous or shmem's; a slot for it: in the swap cache, dirty. false: no slot, no memory */
bool add_to_swap(struct page *page);
/* => page locked, in the swap cache, and not under writeback; the cache's reference and its slot count are dropped */
void delete_from_swap_cache(struct page *page);
/* => the cache's tree_lock held for write too; its reference stays for the caller to drop */
void __delete_from_swap_cache(struct page *page);
/* => with a reference, or NULL; unlocked */
struct page *lookup_swap_cache(swp_entry_t entry);
/* Brings the page in, or finds it. => with a reference, perhaps locked for the read still; NULL: no memory, or the entry is free */
struct page *read_swap_cache_async(swp_entry_t entry);
/* => 0 or -EEXIST (someone has it, or the slot is free), -ENOMEM; page new and locked */
int add_to_swap_cache(struct page *page, swp_entry_t entry);
/* Drops a page's reference, and its swap slot if nothing else needs the page. */
void free_page_and_swap_cache(struct page *page);
void free_pages_and_swap_cache(struct page **pages, int nr); /* => pages[] is overwritten */

void swap_cache_init(void); /* => the machine boots */

/* ---- swapfile.c: slots and who counts on them ----------------------------------------------------------------------- */

void swap_init(void);
swp_entry_t get_swap_page(void); /* counted once, for the cache; .val 0: full */
/* The cache's count of a slot. prepare: => 0, -EEXIST: it is counted, -ENOENT: the slot is free. A tree_lock may be held */
int swapcache_prepare(swp_entry_t entry);
void swapcache_free(swp_entry_t entry);
/* One more pte holds the entry. => called with the ptl of a pte that does, or the page locked */
void swap_duplicate(swp_entry_t entry);
void swap_free(swp_entry_t entry);
/* Frees the slot and what the cache has there, if that was the last. => no spinlocks but a ptl */
void free_swap_and_cache(swp_entry_t entry);
int swap_count(swp_entry_t entry); /* ptes that hold it, and one for the cache */
/* => page locked; ptes and swap entries that stand for it */
bool can_share_swap_page(struct page *page); /* at most one: a write may go to it; leaves the cache then */
bool try_to_free_swap(struct page *page);    /* leaves the cache if no entry needs it */
/* ---- page_io.c ---- */
int swap_writepage(struct page *page); /* => page locked; unlocks it, writeback ends later */
int swap_readpage(struct page *page);  /* => page locked; unlocks it when it is uptodate, or failed */

static inline swp_entry_t page_swp_entry(const struct page *page)
{
	return (swp_entry_t){ READ_ONCE(page->private) };
}

#endif
