/* SPDX-License-Identifier: MIT */
/*
 * cow.h - the axis `cow`: when a write to a shared page copies it, and what fork and get_user_pages() do about pins
 *
 * Every hook is set. What a protocol needs beside these is added here as another hook, with the do-nothing form in
 * common.c.
 */
#ifndef SIM_MM_PROTOCOLS_COW_H
#define SIM_MM_PROTOCOLS_COW_H

#include <faultline/protocol.h>

#include "mm/mm.h"

/* What do_wp_page() is to do with an anonymous page that a private mapping maps read-only. */
enum wp_verdict {
	WP_COPY,
	WP_REUSE,
	WP_RETRY, /* the pte lock was dropped and *pte has changed: the fault is over */
};

struct cow_protocol {
	/*
	 * A store to a page of a private mapping. => called with vmf->ptl held and *vmf->pte equal to vmf->orig; it is held
	 * and equal on return unless WP_RETRY, when it is not held; may lock the page meanwhile
	 */
	enum wp_verdict (*wp_anon)(struct vm_fault *vmf, struct page *page);
	/*
	 * Fork meets a page of a private mapping. => ptl of both held; true: share it, both read-only; false: the child gets
	 * a copy now
	 */
	bool (*fork_share)(struct vm_area_struct *src_vma, struct page *page, bool anon);
	/* Fork's write-protection of a range begins, ends. => mmap_sem held for write */
	void (*fork_begin)(struct mm_struct *src);
	void (*fork_end)(struct mm_struct *src);
	/*
	 * A page came back from swap, for a store or not. => page locked, ptl held, *pte still orig; true: it is this
	 * process's alone, and is mapped writable at once if it was a store
	 */
	bool (*swapin_exclusive)(struct page *page, pte_t orig, bool write);
	/*
	 * get_user_pages() finds a page mapped read-only. vma NULL: not known. => ptl held, or interrupts off; true: it must
	 * fault UNSHARE first
	 */
	bool (*gup_must_unshare)(struct vm_area_struct *vma, unsigned flags, struct page *page);
	/*
	 * get_user_pages() for writing finds a pte that may not be written. page NULL: the zero page. => ptl held; true: it
	 * may be handed out all the same, since it is a copy of this process's own (FOLL_FORCE)
	 */
	bool (*gup_can_write)(const struct vm_area_struct *vma, unsigned flags, struct page *page, pte_t pte);
	/* Its fault gave a mapping that may not be written a page of its own. => what to look for from here on: *flags */
	void (*gup_cow_broken)(unsigned *flags);
	/* The lockless walk begins: false, it must not; and ends: true, what it pinned must be dropped. => interrupts on */
	bool (*gup_fast_begin)(struct mm_struct *mm, u32 *seq);
	bool (*gup_fast_retry)(struct mm_struct *mm, u32 seq);
	/* Reclaim is about to unmap a page. => page locked; false: leave it alone */
	bool (*may_unmap)(struct page *page);
	/* Whether PG_anon_exclusive means anything. */
	bool exclusive;
};

/* ---- shared steps: cow_common.c -------------------------------------------------------------------------------------- */

/* Mapped and swapped once at most: 2.6.13 to 2.6.29. trylock: who finds the page locked copies. => as wp_anon */
enum wp_verdict wp_by_mapcount(struct vm_fault *vmf, struct page *page);
bool fork_shares(struct vm_area_struct *src_vma, struct page *page, bool anon);
bool fork_shares_unless_pinned(struct vm_area_struct *src_vma, struct page *page, bool anon);
void fork_nothing(struct mm_struct *mm);
/* mm->write_protect_seq is odd between the two, and a lockless walk that overlaps is thrown away. */
void fork_seq_begin(struct mm_struct *mm);
void fork_seq_end(struct mm_struct *mm);
bool gup_fast_seq_begin(struct mm_struct *mm, u32 *seq);
bool gup_fast_seq_retry(struct mm_struct *mm, u32 seq);
bool gup_fast_begin_always(struct mm_struct *mm, u32 *seq);
bool gup_fast_retry_never(struct mm_struct *mm, u32 seq);
bool swapin_by_mapcount(struct page *page, pte_t orig, bool write);
bool gup_never_unshares(struct vm_area_struct *vma, unsigned flags, struct page *page);
bool may_unmap_any(struct page *page);
bool may_unmap_unpinned(struct page *page);

#endif
