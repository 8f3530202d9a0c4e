/* SPDX-License-Identifier: MIT */
/*
 * anon-exclusive - each anonymous page says whether it is one process's alone
 *
 * Idea: David Hildenbrand, 2022: PG_anon_exclusive is set on a page that was made for one process, and cleared when fork
 * shares it, which fork does not do to a page that may be pinned. A store to an exclusive page needs no more questions;
 * to another it does, and reuse makes the page exclusive again. A pin, for reading too, is only taken of an exclusive
 * page: else the process is given one of its own first (FAULT_FLAG_UNSHARE). So what is pinned is never copied away from
 * who pinned it.
 *
 * Ordering: fork clears the bit with the pte's lock held after looking for pins, inside write_protect_seq; a lockless
 * walk takes its pin, reads the pte again, then the bit, and is thrown away if the sequence has moved.
 *
 * Fails to cover: references that are no pins (FOLL_GET), as vmsplice and old drivers take them.
 *
 * Kernels: 5.19 on.
 */
#include "mm/protocols/cow.h"

/* More references than a page table, the swap cache and a batch of new pages can have. */
#define TOO_MANY_REFERENCES 3

/* => called with ptl held; true: nobody else has the page, and it is exclusive from here on */
static bool can_reuse(struct vm_fault *vmf, struct page *page)
{
	bool reuse;

	if (PageKsm(page) || page_count(page) > TOO_MANY_REFERENCES)
		return false;
	if (!PageLRU(page))
		lru_add_drain(); /* this CPU's batch holds a reference */
	if (page_count(page) > 1 + PageSwapCache(page) || !trylock_page(page))
		return false;
	if (PageSwapCache(page))
		try_to_free_swap(page);
	reuse = !PageKsm(page) && page_count(page) == 1;
	if (reuse)
		page_move_anon_rmap(page, vmf->vma, vmf->address);
	unlock_page(page);
	return reuse;
}

static enum wp_verdict wp_exclusive(struct vm_fault *vmf, struct page *page)
{
	return PageAnonExclusive(page) || can_reuse(vmf, page) ? WP_REUSE : WP_COPY;
}

static bool share_no_longer_exclusive(struct vm_area_struct *src_vma, struct page *page, bool anon)
{
	if (!anon || !PageAnonExclusive(page))
		return true;
	if (!fork_shares_unless_pinned(src_vma, page, anon))
		return false;
	ClearPageAnonExclusive(page);
	return true;
}

static bool swapin_still_exclusive(struct page *page, pte_t orig, bool write)
{
	/* The pte's entry, the swap cache, the fault: nobody else, so the cache can go. */
	if (write && PageSwapCache(page) && !PageKsm(page) && page_count(page) == 2)
		try_to_free_swap(page);
	return !PageKsm(page) && (pte_swp_exclusive(orig) || page_count(page) == 1);
}

static bool must_unshare(struct vm_area_struct *vma, unsigned flags, struct page *page)
{
	if ((flags & (FOLL_WRITE | FOLL_PIN)) != FOLL_PIN)
		return false;
	if (PageAnon(page))
		return !PageAnonExclusive(page);
	/* A pin for long of a page that the next store would copy. Without the vma, the slow path is to judge. */
	if (!(flags & FOLL_LONGTERM))
		return false;
	return !vma || (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

static bool exclusive_is_copied(const struct vm_area_struct *vma, unsigned flags, struct page *page,
				pte_t pte)
{
	(void)pte;
	if (!(flags & FOLL_FORCE) || !page || (vma->vm_flags & (VM_SHARED | VM_MAYSHARE | VM_WRITE)))
		return false;
	return (vma->vm_flags & VM_MAYWRITE) && PageAnon(page) && PageAnonExclusive(page);
}

static void nothing_to_remember(unsigned *flags)
{
	(void)flags;
}

static const struct cow_protocol anon_exclusive = {
	.wp_anon = wp_exclusive,
	.fork_share = share_no_longer_exclusive,
	.fork_begin = fork_seq_begin,
	.fork_end = fork_seq_end,
	.swapin_exclusive = swapin_still_exclusive,
	.gup_must_unshare = must_unshare,
	.gup_can_write = exclusive_is_copied,
	.gup_cow_broken = nothing_to_remember,
	.gup_fast_begin = gup_fast_seq_begin,
	.gup_fast_retry = gup_fast_seq_retry,
	.may_unmap = may_unmap_unpinned,
	.exclusive = true,
};
PROTOCOL(cow_anon_exclusive, AXIS_COW, "anon-exclusive", &anon_exclusive,
	 "5.19 on: a bit says that a page is one process's alone; pins are only taken of such pages");
