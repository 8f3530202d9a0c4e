/* SPDX-License-Identifier: MIT */
/*
 * swap.c - the LRU lists: pages join them, move within them, leave them when they are freed
 *
 * Mirrors mm/swap.c of 2.6.29 and mm_inline.h; lazy freeing as in 4.12 and later.
 *
 * I1: a page is on a list exactly when PG_lru is set; both change with lru_lock held. PG_active and PG_swapbacked say
 *     which list, and change only while the page is on none.
 * I2: a page on a list may have no references for a moment: whoever takes it off by the list takes one if it is not
 *     zero, and the last put_page() takes it off itself.
 * I3: a page in a CPU's batch has a reference from there and is on no list.
 *
 * Lock order: lru_lock is innermost. Batches belong to tasks; devices have none.
 *
 * Left out: pagevecs for moves (activation and rotation take the lock at once), zones, the unevictable list (a locked
 * page stays on its list, and is put back whenever reclaim meets it).
 */
#include "mm/mm.h"

void lru_init(void)
{
	struct zone *zone = &this_machine->zone;

	BUG_ON(machine_const(config.lru_batch) > LRU_BATCH_MAX);
	spin_lock_init(&zone->lru_lock);
	for (int i = 0; i < NR_LRU_LISTS; i++)
		INIT_LIST_HEAD(&zone->lru[i]);
}

static bool have_lists(void)
{
	return machine_const(config.lru);
}

static enum lru_list page_lru(const struct page *page)
{
	enum lru_list base = PageSwapBacked(page) ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;

	return PageActive(page) ? base + 1 : base;
}

void add_page_to_lru_list(struct page *page)
{
	struct zone *zone = &this_machine->zone;
	enum lru_list lru = page_lru(page);

	list_add(&page->lru, &zone->lru[lru]);
	zone->nr_lru[lru]++;
	SetPageLRU(page);
}

void del_page_from_lru_list(struct page *page)
{
	ClearPageLRU(page);
	list_del(&page->lru);
	this_machine->zone.nr_lru[page_lru(page)]--;
}

/* ---- joining --------------------------------------------------------------------------------------------------- */

static struct lru_batch *this_cpu_batch(void)
{
	const struct task_struct *task;

	if (!machine_const(config.lru_batch))
		return NULL;
	task = current;
	return task ? &this_machine->zone.lru_add[task->cpu] : NULL;
}

void lru_add_drain(void)
{
	struct lru_batch *batch = have_lists() ? this_cpu_batch() : NULL;
	struct zone *zone = &this_machine->zone;
	unsigned nr = batch ? batch->nr : 0;

	if (!nr)
		return;
	spin_lock(&zone->lru_lock);
	for (unsigned i = 0; i < nr; i++)
		add_page_to_lru_list(batch->page[i]);
	spin_unlock(&zone->lru_lock);
	batch->nr = 0;
	for (unsigned i = 0; i < nr; i++)
		put_page(batch->page[i]);
}

void lru_cache_add(struct page *page)
{
	struct zone *zone = &this_machine->zone;
	struct lru_batch *batch;

	if (!have_lists())
		return;
	batch = this_cpu_batch();
	if (!batch) {
		spin_lock(&zone->lru_lock);
		add_page_to_lru_list(page);
		spin_unlock(&zone->lru_lock);
		return;
	}
	get_page(page);
	batch->page[batch->nr++] = page;
	if (batch->nr >= machine_const(config.lru_batch))
		lru_add_drain();
}

void lru_cache_add_active(struct page *page)
{
	if (!have_lists())
		return;
	SetPageActive(page);
	lru_cache_add(page);
}

/* ---- moving ---------------------------------------------------------------------------------------------------- */

static void activate_page(struct page *page)
{
	struct zone *zone = &this_machine->zone;

	spin_lock(&zone->lru_lock);
	if (PageLRU(page) && !PageActive(page)) {
		del_page_from_lru_list(page);
		SetPageActive(page);
		add_page_to_lru_list(page);
	}
	spin_unlock(&zone->lru_lock);
}

/* Twice accessed while inactive: active. One that is not on a list yet stays referenced until it is. */
void mark_page_accessed(struct page *page)
{
	if (!have_lists())
		return;
	if (!PageActive(page) && PageReferenced(page) && PageLRU(page)) {
		activate_page(page);
		ClearPageReferenced(page);
	} else if (!PageReferenced(page)) {
		SetPageReferenced(page);
	}
}

void deactivate_page(struct page *page)
{
	struct zone *zone = &this_machine->zone;

	if (!have_lists())
		return;
	spin_lock(&zone->lru_lock);
	if (PageLRU(page) && PageActive(page)) {
		del_page_from_lru_list(page);
		ClearPageActive(page);
		ClearPageReferenced(page);
		add_page_to_lru_list(page);
	}
	spin_unlock(&zone->lru_lock);
}

/* A page that is not on a list, being new or reclaim's, keeps its swap: whoever has it decides. */
void mark_page_lazyfree(struct page *page)
{
	struct zone *zone = &this_machine->zone;

	if (!have_lists()) {
		ClearPageSwapBacked(page);
		return;
	}
	spin_lock(&zone->lru_lock);
	if (PageLRU(page) && PageAnon(page) && PageSwapBacked(page) && !PageSwapCache(page)) {
		del_page_from_lru_list(page);
		ClearPageActive(page);
		ClearPageReferenced(page);
		ClearPageSwapBacked(page);
		add_page_to_lru_list(page);
	}
	spin_unlock(&zone->lru_lock);
}

void rotate_reclaimable_page(struct page *page)
{
	struct zone *zone = &this_machine->zone;

	if (!have_lists())
		return;
	spin_lock(&zone->lru_lock);
	if (PageLRU(page) && !PageActive(page))
		list_move_tail(&page->lru, &zone->lru[page_lru(page)]);
	spin_unlock(&zone->lru_lock);
}

/* ---- leaving --------------------------------------------------------------------------------------------------- */

void lru_del_at_free(struct page *page)
{
	struct zone *zone = &this_machine->zone;

	if (!have_lists() || !PageLRU(page))
		return;
	spin_lock(&zone->lru_lock);
	del_page_from_lru_list(page);
	spin_unlock(&zone->lru_lock);
}

void lru_del_many_at_free(struct page **pages, int nr)
{
	struct zone *zone = &this_machine->zone;
	bool locked = false;

	for (int i = 0; have_lists() && i < nr; i++) {
		if (!PageLRU(pages[i]))
			continue;
		if (!locked)
			spin_lock(&zone->lru_lock);
		locked = true;
		del_page_from_lru_list(pages[i]);
	}
	if (locked)
		spin_unlock(&zone->lru_lock);
}
