/* SPDX-License-Identifier: MIT */
/*
 * page-count - a page is written in place only if nobody else holds it; fork copies pages that may be pinned at once
 *
 * Idea: Linus Torvalds, 2020: any reference but the pte's, that of the swap cache put aside, makes a store copy. So that
 * this does not take a page away from the process that pinned it, fork leaves such pages to the parent and gives the
 * child a copy (Peter Xu), and reclaim leaves them mapped. get_user_pages() for writing to what may not be written
 * remembers that COW was broken (FOLL_COW) and then takes a pte that is dirty for the copy.
 *
 * Ordering: a fork makes mm->write_protect_seq odd before it looks for pins; a lockless walk that overlaps drops its
 * pins and waits at mmap_sem.
 *
 * Fails to cover: a pte that becomes read-only while its page is pinned for any other reason: a swap-out and swap-in, a
 * child that has exited again, a pin for reading. The next store goes to a copy, and the pin is of no use. The dirty bit
 * is no proof where something sets it on a file's page (CVE-2022-2590).
 *
 * Kernels: 5.9 to 5.18; 5.8 began it.
 */
#include "mm/protocols/cow.h"

/* => called with ptl held, or with the page locked as well; references beside the pte's */
static int others(const struct page *page)
{
	return page_count(page) - 1 - PageSwapCache(page);
}

static enum wp_verdict wp_by_count(struct vm_fault *vmf, struct page *page)
{
	bool reuse;

	(void)vmf;
	if (PageKsm(page))
		return WP_COPY;
	if (others(page) > 0 && !PageLRU(page))
		lru_add_drain(); /* this CPU's batch holds a reference */
	if (others(page) > 0 || !trylock_page(page))
		return WP_COPY;
	if (PageSwapCache(page))
		try_to_free_swap(page);
	reuse = page_count(page) == 1;
	unlock_page(page);
	return reuse ? WP_REUSE : WP_COPY;
}

static bool dirty_is_copied(const struct vm_area_struct *vma, unsigned flags, struct page *page, pte_t pte)
{
	(void)vma;
	(void)page;
	return (flags & FOLL_FORCE) && (flags & FOLL_COW) && pte_dirty(pte);
}

static void note_cow(unsigned *flags)
{
	*flags |= FOLL_COW;
}

static const struct cow_protocol page_count_protocol = {
	.wp_anon = wp_by_count,
	.fork_share = fork_shares_unless_pinned,
	.fork_begin = fork_seq_begin,
	.fork_end = fork_seq_end,
	.swapin_exclusive = swapin_by_mapcount,
	.gup_must_unshare = gup_never_unshares,
	.gup_can_write = dirty_is_copied,
	.gup_cow_broken = note_cow,
	.gup_fast_begin = gup_fast_seq_begin,
	.gup_fast_retry = gup_fast_seq_retry,
	.may_unmap = may_unmap_unpinned,
	.exclusive = false,
};
PROTOCOL(cow_page_count, AXIS_COW, "page-count", &page_count_protocol,
	 "5.8 to 5.18: any other reference makes a store copy; fork copies pages that may be pinned");
