/* SPDX-License-Identifier: MIT */
/*
 * page_alloc.c - frames, reused last in, first out
 *
 * Mirrors mm/page_alloc.c and swap.c's put_page() of 2.6.29: one zone, two orders (a frame, and a block of HPAGE_NR
 * of them), per-CPU lists, watermarks.
 *
 * I1: _count is 0 exactly when the frame is on a free list, was never handed out, or is about to be put on a list;
 *     then nothing maps it, it belongs to no file and its contents are poisoned.
 * I2: frame 0 is never used, so that an entry that names it is a bug that shows.
 * I3: a free frame is in one place: the zone's list, a CPU's list (PG_percpu), a block on the list of blocks whose
 *     head has PG_compound_free, or [fresh, fresh_end). nr_free counts all but those of CPUs.
 * I4: without pcp_batch a freed frame is the next one that is handed out.
 *
 * Frames that were never handed out are not linked, so that a machine of a million of them boots at once; small ones
 * go from the bottom up, blocks from the top down. The struct pages of the first BOOT_MARKED say that they are free
 * from the beginning on, and their frames are poisoned; beyond, a frame that was never used says nothing.
 *
 * Per-CPU lists belong to tasks: devices and RCU's callbacks, which run beside a CPU's task, go to the zone.
 *
 * Lock order: the zone lock is innermost.
 *
 * Left out: other orders, merging when a frame is freed (alloc_huge_page_frames() looks for whole blocks when it has
 * none), OOM kills: whoever finds no memory is told so.
 */
#include "hw/observer.h"
#include "mm/mm.h"

#define BOOT_MARKED 4096
#define RECLAIM_TRIES 4
#define FREE_FLAG (1ul << PG_free)
#define CHECK_AT_FREE                                                                                        \
	((1ul << PG_locked) | (1ul << PG_free) | (1ul << PG_writeback) | (1ul << PG_swapcache) |             \
	 (1ul << PG_private) | (1ul << PG_lru) | (1ul << PG_reserved) | (1ul << PG_tail))

/* ---- the zone's lists: => each called with the zone lock held ----------------------------------------------- */

/* Readers of nr_free without the lock exist on machines with a watermark only. */
static void count_free(struct zone *zone, long n)
{
	if (machine_const(config.watermark))
		WRITE_ONCE(zone->nr_free, zone->nr_free + (unsigned long)n);
	else
		zone->nr_free += (unsigned long)n;
}

/* => no block is free; one is made of frames that are free each, if there is one. Slow, and rarely asked for */
static bool join_block(struct zone *zone);

/* A free block becomes free frames, the lowest the next to be handed out. */
static bool split_free_block(struct zone *zone)
{
	struct page *head;

	if (list_empty(&zone->free_huge))
		return false;
	head = list_first_entry(&zone->free_huge, struct page, lru);
	list_del(&head->lru);
	head->flags = FREE_FLAG;
	for (unsigned long i = 0; i < HPAGE_NR; i++)
		list_add_tail(&head[i].lru, &zone->free);
	return true;
}

static void mark_fresh(struct page *page)
{
	page->_mapcount.counter = -1;
	page->flags = FREE_FLAG;
}

/* => a frame that was free, off the list; NULL: there is none */
static struct page *take_frame(struct zone *zone)
{
	struct page *page;

	if (list_empty(&zone->free)) {
		if (zone->fresh < zone->fresh_end) {
			page = pfn_to_page(zone->fresh++);
			page->_mapcount.counter = -1;
			count_free(zone, -1);
			return page;
		}
		if (!split_free_block(zone))
			return NULL;
	}
	page = list_first_entry(&zone->free, struct page, lru);
	list_del(&page->lru);
	count_free(zone, -1);
	return page;
}

/* Frames [from, to) that were never handed out go to the end of the list. */
static void link_fresh(struct zone *zone, unsigned long from, unsigned long to)
{
	for (unsigned long pfn = from; pfn < to; pfn++) {
		mark_fresh(pfn_to_page(pfn));
		list_add_tail(&pfn_to_page(pfn)->lru, &zone->free);
	}
}

/* => a block, off the lists, of frames whose struct pages are those of free ones; NULL: there is none */
static struct page *take_block(struct zone *zone)
{
	unsigned long end = zone->fresh_end & ~(HPAGE_NR - 1);
	struct page *head;

	if (list_empty(&zone->free_huge) && end >= zone->fresh + HPAGE_NR) {
		link_fresh(zone, end, zone->fresh_end);
		zone->fresh_end = end - HPAGE_NR;
		head = pfn_to_page(zone->fresh_end);
		for (unsigned long i = 0; i < HPAGE_NR; i++)
			mark_fresh(head + i);
		count_free(zone, -(long)HPAGE_NR);
		return head;
	}
	if (list_empty(&zone->free_huge) && !join_block(zone))
		return NULL;
	head = list_first_entry(&zone->free_huge, struct page, lru);
	list_del(&head->lru);
	count_free(zone, -(long)HPAGE_NR);
	return head;
}

static void put_block(struct zone *zone, struct page *head)
{
	head->flags = FREE_FLAG | (1ul << PG_compound_free);
	list_add(&head->lru, &zone->free_huge);
}

/* => every frame of the block is on the zone's list */
static bool block_is_free(const struct page *head)
{
	for (unsigned long i = 0; i < HPAGE_NR; i++)
		if (READ_ONCE(head[i].flags) != FREE_FLAG)
			return false;
	return true;
}

static bool join_block(struct zone *zone)
{
	link_fresh(zone, zone->fresh, zone->fresh_end);
	zone->fresh = zone->fresh_end;
	for (unsigned long pfn = HPAGE_NR; pfn + HPAGE_NR <= machine_const(nr_frames); pfn += HPAGE_NR) {
		struct page *head = pfn_to_page(pfn);

		if (!block_is_free(head))
			continue;
		for (unsigned long i = 0; i < HPAGE_NR; i++)
			list_del(&head[i].lru);
		put_block(zone, head);
		return true;
	}
	return false;
}

/* ---- per-CPU lists -------------------------------------------------------------------------------------------- */

/* => the running task's; NULL: it goes to the zone */
static struct per_cpu_pages *this_cpu_pages(void)
{
	const struct task_struct *task;

	if (!machine_const(config.pcp_batch))
		return NULL;
	task = current;
	return task ? &this_machine->zone.pcp[task->cpu] : NULL;
}

/* One lock for a batch. => whether there is a frame now */
static bool refill(struct zone *zone, struct per_cpu_pages *pcp)
{
	struct page *page;

	spin_lock(&zone->lock);
	while (pcp->count < machine_const(config.pcp_batch) && (page = take_frame(zone))) {
		WRITE_ONCE(page->flags, FREE_FLAG | (1ul << PG_percpu));
		list_add_tail(&page->lru, &pcp->free);
		pcp->count++;
	}
	spin_unlock(&zone->lock);
	return pcp->count;
}

/* The coldest go back to the zone until `leave` are left. */
static void give_back(struct zone *zone, struct per_cpu_pages *pcp, unsigned leave)
{
	struct page *page;

	spin_lock(&zone->lock);
	while (pcp->count > leave) {
		page = list_last_entry(&pcp->free, struct page, lru);
		list_del(&page->lru);
		pcp->count--;
		WRITE_ONCE(page->flags, FREE_FLAG);
		list_add(&page->lru, &zone->free);
		count_free(zone, 1);
	}
	spin_unlock(&zone->lock);
}

void drain_local_pages(void)
{
	struct per_cpu_pages *pcp = this_cpu_pages();

	if (pcp && pcp->count)
		give_back(&this_machine->zone, pcp, 0);
}

/* ---- allocating -------------------------------------------------------------------------------------------------- */

static bool is_poisoned(const struct page *page)
{
	return page->flags & FREE_FLAG;
}

/* The frame is in use from here on. => off the lists */
static void begin_use(struct page *page)
{
	if (likely(is_poisoned(page)))
		sync_unpoison(page_address(page), PAGE_SIZE);
}

/* => a frame in use but for its flags and its count; NULL: there is none */
static struct page *take(struct zone *zone)
{
	struct per_cpu_pages *pcp = this_cpu_pages();
	struct page *page;

	if (pcp && (likely(pcp->count) || refill(zone, pcp))) {
		page = list_first_entry(&pcp->free, struct page, lru);
		list_del(&page->lru);
		pcp->count--;
		begin_use(page);
		WRITE_ONCE(page->flags, 0);
		return page;
	}
	spin_lock(&zone->lock);
	page = take_frame(zone);
	if (page) {
		begin_use(page);
		init_page_flags(page, 0);
	}
	spin_unlock(&zone->lock);
	return page;
}

/* Devices have no task_struct: they free memory, and allocate little. */
static bool may_have_the_last(gfp_t gfp)
{
	const struct task_struct *task = current;

	return !(gfp & GFP_KERNEL) || !task || task->reclaiming;
}

static void wakeup_kswapd(struct zone *zone)
{
	if (!READ_ONCE(zone->kswapd_woken) && !xchg(&zone->kswapd_woken, 1))
		complete(&zone->kswapd);
}

/* min: the half of the watermark that ordinary allocations leave alone. => what is found above it, or NULL */
static struct page *take_above(struct zone *zone, unsigned long min)
{
	return min && READ_ONCE(zone->nr_free) <= min ? NULL : take(zone);
}

/* A machine that reclaims. => as __alloc_page() */
static struct page *alloc_watched(struct zone *zone, gfp_t gfp)
{
	unsigned long low = machine_const(config.watermark), min = low / 2, nr_free;
	struct page *page;

	if (may_have_the_last(gfp))
		return take(zone);
	nr_free = low ? READ_ONCE(zone->nr_free) : 0;
	if (low && nr_free <= low)
		wakeup_kswapd(zone);
	page = take_above(zone, min);
	for (int i = 0; !page && i < RECLAIM_TRIES; i++) {
		SYNC_LABEL("direct_reclaim");
		if (!try_to_free_pages(nr_free < low ? low - nr_free : 1))
			break;
		page = take_above(zone, min);
	}
	return page;
}

struct page *__alloc_page(gfp_t gfp)
{
	struct machine *m = this_machine;
	struct page *page;

	if (gfp & GFP_KERNEL)
		might_sleep();
	if (unlikely(sync_choose("alloc", 2)))
		return NULL;
	page = unlikely(m->config.lru) ? alloc_watched(&m->zone, gfp) : take(&m->zone);
	if (unlikely(!page))
		return NULL;
	atomic_set(&page->_count, 1);
	return page;
}

struct page *alloc_zeroed_page(void)
{
	struct page *page = alloc_page();

	if (page)
		content_zero(page_address(page), PAGE_SIZE);
	return page;
}

static struct page *try_block(struct zone *zone)
{
	struct page *head;

	spin_lock(&zone->lock);
	head = take_block(zone);
	if (head) {
		head->flags = 1ul << PG_head;
		for (unsigned long i = 1; i < HPAGE_NR; i++) {
			head[i].flags = 1ul << PG_tail;
			head[i].private = (unsigned long)head;
		}
		sync_unpoison(page_address(head), HPAGE_SIZE);
	}
	spin_unlock(&zone->lock);
	return head;
}

struct page *alloc_huge_page_frames(void)
{
	struct machine *m = this_machine;
	struct page *head;

	might_sleep();
	if (unlikely(sync_choose("alloc", 2)) || m->nr_frames < 2 * HPAGE_NR)
		return NULL;
	head = try_block(&m->zone);
	if (!head && m->config.pcp_batch) {
		drain_local_pages();
		head = try_block(&m->zone);
	}
	if (head)
		atomic_set(&head->_count, 1);
	return head;
}

/* ---- freeing ----------------------------------------------------------------------------------------------------- */

/* => the last reference is gone */
static void free_page_check(const struct page *page)
{
	if (page_mapped(page))
		sync_violation("bad-mapcount", "page %lu is freed while %d ptes map it", page_to_pfn(page),
			       page_mapcount(page));
	if (page->flags & CHECK_AT_FREE)
		sync_violation("bad-refcount", "page %lu is freed while its flags are %#lx%s",
			       page_to_pfn(page), page->flags,
			       page->flags & FREE_FLAG		   ? ": it is free" :
			       page->flags & (1ul << PG_locked)	   ? ": it is locked" :
			       page->flags & (1ul << PG_swapcache) ? ": it is in the swap cache" :
								     "");
	if (page->mapping && !((uintptr_t)page->mapping & PAGE_MAPPING_ANON))
		sync_violation("bad-refcount", "page %lu is freed while it is in the pagecache at index %lu",
			       page_to_pfn(page), page->index);
}

/*
 * The contents are overwritten before the frame is poisoned: a step that no stale access to the frame
 * commutes with, so that an exploration tries both orders. => the oracle that an access violates from here on
 */
static const char *end_use(struct page *page)
{
	const char *oracle = observe_use_after_free(page);

	content_scrub(page_address(page), PAGE_SIZE);
	page->mapping = NULL;
	page->private = 0;
	return oracle;
}

static void free_block(struct page *head)
{
	struct zone *zone = &this_machine->zone;

	for (unsigned long i = 0; i < HPAGE_NR; i++) {
		if (i && page_mapped(head + i))
			free_page_check(head + i);
		end_use(head + i);
	}
	spin_lock(&zone->lock);
	for (unsigned long i = 0; i < HPAGE_NR; i++) {
		head[i].incarnation++;
		head[i].flags = FREE_FLAG;
	}
	put_block(zone, head);
	count_free(zone, HPAGE_NR);
	sync_poison(page_address(head), HPAGE_SIZE, "page-use-after-free");
	spin_unlock(&zone->lock);
}

static void free_frame(struct page *page)
{
	struct zone *zone = &this_machine->zone;
	struct per_cpu_pages *pcp = this_cpu_pages();
	const char *oracle = end_use(page);

	if (pcp) {
		page->incarnation++;
		WRITE_ONCE(page->flags, FREE_FLAG | (1ul << PG_percpu));
		sync_poison(page_address(page), PAGE_SIZE, oracle);
		list_add(&page->lru, &pcp->free);
		if (unlikely(++pcp->count > 2 * machine_const(config.pcp_batch)))
			give_back(zone, pcp, machine_const(config.pcp_batch));
		return;
	}
	init_page_flags(page, FREE_FLAG);
	spin_lock(&zone->lock);
	page->incarnation++;
	list_add(&page->lru, &zone->free);
	count_free(zone, 1);
	sync_poison(page_address(page), PAGE_SIZE, oracle);
	spin_unlock(&zone->lock);
}

void free_unref_page(struct page *page)
{
	free_page_check(page);
	if (unlikely(page->flags & (1ul << PG_huge)))
		free_huge_page(page);
	else if (unlikely(page->flags & (1ul << PG_head)))
		free_block(page);
	else
		free_frame(page);
}

/* ---- boot ---------------------------------------------------------------------------------------------------------- */

/* => alone */
static void init_zero_page(struct machine *m)
{
	struct page *page = take(&m->zone);

	atomic_set(&page->_count, 1);
	page->flags = 1ul << PG_reserved;
	content_zero(page_address(page), PAGE_SIZE);
	m->zero_pfn = page_to_pfn(page);
}

void page_alloc_init(void)
{
	struct machine *m = this_machine;
	struct zone *zone = &m->zone;
	unsigned long marked = m->nr_frames < BOOT_MARKED ? m->nr_frames : BOOT_MARKED;

	BUG_ON(m->config.pcp_batch > PCP_MAX);
	spin_lock_init(&m->zone.lock);
	INIT_LIST_HEAD(&zone->free);
	INIT_LIST_HEAD(&zone->free_huge);
	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		INIT_LIST_HEAD(&zone->pcp[cpu].free);
	init_completion(&zone->kswapd);
	lru_init();
	zone->fresh = 1;
	zone->fresh_end = m->nr_frames;
	zone->nr_free = m->nr_frames - 1;
	for (unsigned long pfn = 1; pfn < marked; pfn++)
		mark_fresh(pfn_to_page(pfn));
	sync_poison(m->frame[1], (marked - 1) * PAGE_SIZE, "page-use-after-free");
	init_zero_page(m);
}
