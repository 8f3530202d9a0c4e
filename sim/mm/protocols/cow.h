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
	/* A page came back from swap. => page locked, ptl held; true: it may be mapped writable at once, and is exclusive */
	bool (*swapin_exclusive)(struct page *page, pte_t orig);
	/* get_user_pages() finds an anonymous page mapped. => ptl held, or interrupts off; true: it must fault UNSHARE first */
	bool (*gup_must_unshare)(struct vm_area_struct *vma, unsigned flags, struct page *page);
	/* Reclaim is about to unmap a page. => page locked; false: leave it alone */
	bool (*may_unmap)(struct page *page);
	/* Whether PG_anon_exclusive means anything. */
	bool exclusive;
};

#endif
