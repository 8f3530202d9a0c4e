/* SPDX-License-Identifier: MIT */
/*
 * vmscan.c - memory is taken back from pages that nobody has used for a while
 *
 * Mirrors mm/vmscan.c of 2.6.29. From 6.x: what counts as used (page_check_references), lazily freed pages, pageout of
 * what madvise() names, which writes no file's pages.
 *
 * I1: a page that is looked at is off the lists, has a reference from here and is locked; nothing waits for its lock.
 * I2: a page is written only after its ptes are gone and flushed; it leaves its address space only if it is clean
 *     then and nobody but the address space and this has it: the count first, frozen at 0, then the dirty bit. Who got the
 *     page by a pte marks it dirty before it drops its reference.
 * I3: whoever frees memory may allocate the last of it, and does not begin to free memory again (reclaiming).
 *
 * Lock order: page lock, then whatever unmapping and writing take; lru_lock alone.
 *
 * Left out: zones and priorities (each pass looks at everything, at most RECLAIM_PASSES times), the balance between
 * anonymous and files' lists (a list each in turn), congestion, slab shrinkers, swap tokens.
 */
#include "fs/fs.h"
#include "mm/mm.h"
#include "mm/protocols/cow.h"

#define RECLAIM_PASSES 4
#define SWAP_CLUSTER_MAX 32

struct scan_control {
	unsigned long nr_to_reclaim, nr_reclaimed;
	bool sync;		/* wait for what is being written */
	bool ignore_references; /* whoever asked knows that the page is not needed */
	bool may_write_files;
};

enum page_fate { PAGE_KEEP, PAGE_ACTIVATE, PAGE_FREED };

/* ---- off the lists, and back ----------------------------------------------------------------------------------- */

/* => lru_lock held; false: its last reference is gone, and who dropped it takes it off the list */
static bool isolate(struct page *page)
{
	if (!atomic_inc_not_zero(&page->_count))
		return false;
	del_page_from_lru_list(page);
	return true;
}

int isolate_lru_page(struct page *page)
{
	struct zone *zone = &this_machine->zone;
	int ret = -EBUSY;

	if (!this_machine->config.lru || !PageLRU(page))
		return -EBUSY;
	spin_lock(&zone->lru_lock);
	if (PageLRU(page) && isolate(page))
		ret = 0;
	spin_unlock(&zone->lru_lock);
	return ret;
}

void putback_lru_page(struct page *page)
{
	struct zone *zone = &this_machine->zone;

	if (this_machine->config.lru) {
		spin_lock(&zone->lru_lock);
		add_page_to_lru_list(page);
		spin_unlock(&zone->lru_lock);
	}
	put_page(page);
}

/* The oldest of a list, at most nr, onto `pages`. => how many */
static unsigned isolate_lru_pages(enum lru_list lru, unsigned long nr, struct list_head *pages)
{
	struct zone *zone = &this_machine->zone;
	unsigned taken = 0;

	spin_lock(&zone->lru_lock);
	for (; nr && !list_empty(&zone->lru[lru]); nr--) {
		struct page *page = list_last_entry(&zone->lru[lru], struct page, lru);

		if (isolate(page)) {
			list_add(&page->lru, pages);
			taken++;
		} else {
			list_move(&page->lru, &zone->lru[lru]);
		}
	}
	spin_unlock(&zone->lru_lock);
	return taken;
}

/* ---- a page leaves its address space ---------------------------------------------------------------------------- */

/* => whether exactly so many references exist; then there are none that anybody could take another from */
static bool freeze_refs(struct page *page, int count)
{
	return atomic_cmpxchg(&page->_count, count, 0) == count;
}

static void unfreeze_refs(struct page *page, int count)
{
	BUG_ON(page_count(page) != 0);
	atomic_set(&page->_count, count);
}

/*
 * The dirty bit is looked at after the count: were it the other way about, a store and the drop of the reference that
 * it was made through could both come between, and what was stored would be lost.
 */
bool remove_mapping(struct address_space *mapping, struct page *page)
{
	BUG_ON(!PageLocked(page));
	write_lock_irq(&mapping->tree_lock);
	if (!freeze_refs(page, 2))
		goto busy;
	SYNC_LABEL("frozen");
	if (unlikely(PageDirty(page))) {
		unfreeze_refs(page, 2);
		goto busy;
	}
	if (PageSwapCache(page))
		__delete_from_swap_cache(page);
	else
		__remove_from_page_cache(page);
	write_unlock_irq(&mapping->tree_lock);
	unfreeze_refs(page, 1);
	return true;
busy:
	write_unlock_irq(&mapping->tree_lock);
	return false;
}

/* ---- one page ------------------------------------------------------------------------------------------------------ */

/*
 * What ptes say counts for more than what read(2) left: a page is kept when it was used once through a mapping, active
 * when twice, or when it is anonymous.
 */
static enum page_fate check_references(struct page *page, bool *reclaim)
{
	int ptes = page_referenced(page);
	bool referenced = TestClearPageReferenced(page);

	*reclaim = false;
	if (ptes) {
		if (PageSwapBacked(page))
			return PAGE_ACTIVATE;
		SetPageReferenced(page);
		return referenced || ptes > 1 ? PAGE_ACTIVATE : PAGE_KEEP;
	}
	*reclaim = true;
	return PAGE_KEEP;
}

/*
 * => page locked, dirty, unmapped; *locked: still; true: it is clean, and locked. Only a page that nobody else has is
 * worth writing
 */
static bool pageout(struct page *page, struct address_space *mapping, const struct scan_control *sc,
		    bool *locked)
{
	if (page_count(page) - PagePrivate(page) != 2 || !mapping->a_ops->writepage || disk_congested())
		return false;
	if (!(PageSwapCache(page) ? TestClearPageDirty(page) : clear_page_dirty_for_io(page)))
		return true;
	SetPageReclaim(page);
	SYNC_LABEL("writepage");
	*locked = false;
	if (mapping->a_ops->writepage(page))
		return false;
	if (sc->sync)
		wait_on_page_writeback(page);
	if (!PageWriteback(page))
		ClearPageReclaim(page);
	if (PageWriteback(page) || PageDirty(page) || !trylock_page(page))
		return false;
	*locked = true;
	return !PageWriteback(page) && !PageDirty(page);
}

/* => page locked; an anonymous page that is to be swapped has a slot from here on */
static bool have_slot(struct page *page)
{
	if (!PageAnon(page) || !PageSwapBacked(page) || PageSwapCache(page))
		return true;
	if (this_machine->cow->exclusive && page_maybe_dma_pinned(page))
		return false;
	return add_to_swap(page);
}

/* => page locked, mapped or not; PAGE_FREED: unmapped now. A page that stays has no use for a slot that nobody reads */
static enum page_fate unmap(struct page *page)
{
	int ret;

	if (!page_mapped(page))
		return PAGE_FREED;
	ret = try_to_unmap(page, TTU_UNMAP);
	if (ret == SWAP_SUCCESS)
		return PAGE_FREED;
	try_to_free_swap(page);
	return ret == SWAP_FAIL ? PAGE_ACTIVATE : PAGE_KEEP;
}

/* => page locked and unmapped; whether it is out of its address space and this has the only reference */
static bool take_away(struct page *page)
{
	struct address_space *mapping = page_mapping(page);

	if (PageAnon(page) && !PageSwapBacked(page) && !PageSwapCache(page)) {
		if (!freeze_refs(page, 1))
			return false;
		unfreeze_refs(page, 1);
		return true;
	}
	return mapping && remove_mapping(mapping, page);
}

/* => page locked; *locked: whether it still is */
static enum page_fate shrink_locked_page(struct page *page, const struct scan_control *sc, bool *locked)
{
	struct address_space *mapping;
	enum page_fate fate;
	bool reclaim = true;

	if (PageWriteback(page)) {
		SetPageReclaim(page);
		if (!sc->sync)
			return PAGE_KEEP;
		wait_on_page_writeback(page);
	}
	fate = sc->ignore_references ? PAGE_KEEP : check_references(page, &reclaim);
	if (!reclaim)
		return fate;
	if (PageCompound(page) && (PageHuge(page) || split_huge_page(page)))
		return PAGE_KEEP;
	if (!have_slot(page))
		return PAGE_ACTIVATE;
	fate = unmap(page);
	if (fate != PAGE_FREED)
		return fate;
	SYNC_LABEL("reclaim_unmapped");
	mapping = page_mapping(page);
	if (PageDirty(page) && mapping) {
		if (!PageSwapBacked(page) && !sc->may_write_files)
			return PAGE_ACTIVATE;
		if (!pageout(page, mapping, sc, locked))
			return PAGE_KEEP;
		mapping = page_mapping(page);
	}
	if (PagePrivate(page) &&
	    (!mapping || !mapping->a_ops->releasepage || !mapping->a_ops->releasepage(page)))
		return PAGE_ACTIVATE;
	return take_away(page) ? PAGE_FREED : PAGE_KEEP;
}

static enum page_fate shrink_page(struct page *page, const struct scan_control *sc)
{
	enum page_fate fate;
	bool locked = true;

	if (!trylock_page(page))
		return PAGE_KEEP;
	fate = shrink_locked_page(page, sc, &locked);
	if (locked)
		unlock_page(page);
	return fate;
}

/* => each page of the list is isolated; the list is empty afterwards */
static void shrink_page_list(struct list_head *pages, struct scan_control *sc)
{
	while (!list_empty(pages)) {
		struct page *page = list_last_entry(pages, struct page, lru);

		list_del(&page->lru);
		switch (shrink_page(page, sc)) {
		case PAGE_FREED:
			sc->nr_reclaimed++;
			put_page(page);
			break;
		case PAGE_ACTIVATE:
			SetPageActive(page);
			putback_lru_page(page);
			break;
		default:
			putback_lru_page(page);
		}
	}
}

/* ---- the lists ------------------------------------------------------------------------------------------------------- */

/* The oldest active pages become inactive, until there are as many of those. */
static void shrink_active_list(enum lru_list active)
{
	struct zone *zone = &this_machine->zone;
	struct list_head pages = LIST_HEAD_INIT(pages);
	unsigned long nr;

	spin_lock(&zone->lru_lock);
	nr = zone->nr_lru[active] > zone->nr_lru[active - 1] ?
		     (zone->nr_lru[active] - zone->nr_lru[active - 1] + 1) / 2 :
		     0;
	spin_unlock(&zone->lru_lock);
	isolate_lru_pages(active, nr, &pages);
	while (!list_empty(&pages)) {
		struct page *page = list_last_entry(&pages, struct page, lru);

		list_del(&page->lru);
		ClearPageActive(page);
		putback_lru_page(page);
	}
}

static void shrink_inactive_list(enum lru_list inactive, struct scan_control *sc)
{
	struct zone *zone = &this_machine->zone;
	struct list_head pages = LIST_HEAD_INIT(pages);
	unsigned long left;

	spin_lock(&zone->lru_lock);
	left = zone->nr_lru[inactive];
	spin_unlock(&zone->lru_lock);
	while (left && sc->nr_reclaimed < sc->nr_to_reclaim) {
		unsigned long nr = sc->nr_to_reclaim - sc->nr_reclaimed;

		if (nr > SWAP_CLUSTER_MAX)
			nr = SWAP_CLUSTER_MAX;
		if (nr > left)
			nr = left;
		left -= nr;
		isolate_lru_pages(inactive, nr, &pages);
		shrink_page_list(&pages, sc);
	}
}

/* Files' pages first: to drop one costs nothing, mostly. */
static void shrink_zone(struct scan_control *sc)
{
	shrink_active_list(LRU_ACTIVE_FILE);
	shrink_inactive_list(LRU_INACTIVE_FILE, sc);
	if (sc->nr_reclaimed >= sc->nr_to_reclaim || !this_machine->swap.nr_slots)
		return;
	shrink_active_list(LRU_ACTIVE_ANON);
	shrink_inactive_list(LRU_INACTIVE_ANON, sc);
}

/* ---- who reclaims ------------------------------------------------------------------------------------------------------ */

/* => the running task's PF_MEMALLOC as it was; devices have none, and count as reclaiming always */
static u32 set_reclaiming(u32 reclaiming)
{
	struct task_struct *task = current;
	u32 old = 1;

	if (task) {
		old = task->reclaiming;
		task->reclaiming = reclaiming;
	}
	return old;
}

unsigned long try_to_free_pages(unsigned long nr)
{
	struct scan_control sc = { .nr_to_reclaim = nr, .may_write_files = true };
	u32 old;

	if (!this_machine->config.lru)
		return 0;
	might_sleep();
	old = set_reclaiming(1);
	lru_add_drain();
	for (int pass = 0; pass < RECLAIM_PASSES && sc.nr_reclaimed < nr; pass++) {
		sc.sync = pass > 0;
		shrink_zone(&sc);
	}
	set_reclaiming(old);
	return sc.nr_reclaimed;
}

unsigned long reclaim_pages(struct list_head *pages)
{
	struct scan_control sc = { .ignore_references = true };
	u32 old = set_reclaiming(1);
	struct page *page;

	list_for_each_entry(page, pages, lru)
		ClearPageActive(page);
	shrink_page_list(pages, &sc);
	set_reclaiming(old);
	return sc.nr_reclaimed;
}

/* => whether free memory is short, and how short */
static unsigned long missing_frames(void)
{
	unsigned long nr_free = READ_ONCE(this_machine->zone.nr_free), high = this_machine->config.watermark;

	return nr_free <= high ? high - nr_free + 1 : 0;
}

void kswapd_run(void *arg)
{
	struct zone *zone = &this_machine->zone;
	unsigned long nr;

	for (;;) {
		wait_for_completion(&zone->kswapd);
		WRITE_ONCE(zone->kswapd_woken, 0);
		SYNC_LABEL("kswapd_woken");
		while ((nr = missing_frames()) && try_to_free_pages(nr))
			cond_resched();
	}
}
