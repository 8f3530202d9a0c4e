/* SPDX-License-Identifier: MIT */
/*
 * 2.6.29 - a page that one pte or swap entry stands for belongs to who has that
 *
 * Idea: a store to an anonymous page goes to the page itself when its mapcount and its swap entries' count are one
 * together, looked at under the page lock; else to a copy. References, and so pins, do not count. get_user_pages() for
 * writing to what may not be written breaks COW by a fault, and looks the page up as for reading from then on.
 *
 * Ordering: page lock against swap cache and swap-in; mapcounts go down only after the pte is changed and flushed.
 *
 * Fails to cover: pins. After a fork whoever stores first gets the copy, and a device goes on with the page that stays
 * with the other process; a child that holds a page by vmsplice reads what its parent stores later (CVE-2020-29374).
 * The page that is looked up for reading need not be the one that the fault made: MADV_DONTNEED in between gives the
 * file's own page to who writes (CVE-2016-5195).
 *
 * Kernels: the rule for copies from 2.6.13 on, with the wait for a locked page since 2.6.29; to 5.7.
 */
#include "mm/protocols/cow.h"

static bool never_unwritable(const struct vm_area_struct *vma, unsigned flags, struct page *page, pte_t pte)
{
	(void)vma;
	(void)flags;
	(void)page;
	(void)pte;
	return false;
}

static void go_on_reading(unsigned *flags)
{
	*flags &= ~FOLL_WRITE;
}

static const struct cow_protocol cow_2_6_29 = {
	.wp_anon = wp_by_mapcount,
	.fork_share = fork_shares,
	.fork_begin = fork_nothing,
	.fork_end = fork_nothing,
	.swapin_exclusive = swapin_by_mapcount,
	.gup_must_unshare = gup_never_unshares,
	.gup_can_write = never_unwritable,
	.gup_cow_broken = go_on_reading,
	.gup_fast_begin = gup_fast_begin_always,
	.gup_fast_retry = gup_fast_retry_never,
	.may_unmap = may_unmap_any,
	.exclusive = false,
};
PROTOCOL(
	cow_2_6_29, AXIS_COW, "2.6.29", &cow_2_6_29,
	"2.6.13 to 5.7: one mapping or swap entry and no more may write in place, whoever else holds the page");
