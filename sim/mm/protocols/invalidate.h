/* SPDX-License-Identifier: MIT */
/*
 * invalidate.h - the axis `invalidate`: how a fault and those who revoke a file's pages keep out of each
 * other's way
 *
 * The steps of a file fault are numbered in mm/fault.c. Revokers unmap a page, then remove it from the
 * pagecache; what keeps a fault from mapping it in between is what the protocols differ in. Every hook is
 * set; those that stand for "nothing" and the steps that several share are below.
 */
#ifndef SIM_MM_PROTOCOLS_INVALIDATE_H
#define SIM_MM_PROTOCOLS_INVALIDATE_H

#include <faultline/protocol.h>

#include "mm/mm.h"

struct invalidate_protocol {
	/* ---- the fault; mmap_sem held for read throughout ---- */

	/* Before the page is looked for. => returns what fault_stale is given; may sleep */
	u32 (*fault_begin)(struct address_space *mapping);
	/* ->nopage returns the page locked, and fault_end unlocks it. */
	bool page_locked;
	/* => returns the page with a reference, locked as above; or NOPAGE_* */
	struct page *(*nopage)(struct vm_area_struct *vma, unsigned long address);
	/* A private copy of the page was made, and is not mapped yet. => no spinlock held */
	void (*fault_copied)(struct page *page);
	/*
	 * => called with the page table lock held, the page or a copy of it about to be mapped; true: start
	 * again
	 */
	bool (*fault_stale)(struct address_space *mapping, struct page *page, u32 seq);
	/*
	 * The pte is set, or will not be; copy: the private copy that was made, or NULL.
	 * => no spinlock held, a reference to the page held
	 */
	void (*fault_end)(struct page *page, struct page *copy);

	/* ---- the revokers ---- */

	/* => called with i_mmap_lock held, before any pte is looked at */
	void (*unmap_begin)(struct address_space *mapping);
	/*
	 * Unmap and remove one page inside i_size. => called with the page locked; 0, or -EIO and it stays
	 */
	int (*invalidate_page)(struct address_space *mapping, struct page *page);
	/* Remove one page beyond i_size. => called with the page locked */
	void (*truncate_page)(struct address_space *mapping, struct page *page);
	/* Shrink a file. => called with i_mutex held */
	void (*truncate)(struct inode *inode, unsigned long offset);
};

/* ---- shared steps: common.c ---- */

u32 fault_begin_nothing(struct address_space *mapping);
void fault_copied_nothing(struct page *page);
bool fault_never_stale(struct address_space *mapping, struct page *page, u32 seq);
void fault_end_nothing(struct page *page, struct page *copy);
void fault_end_unlock(struct page *page, struct page *copy);
void unmap_begin_nothing(struct address_space *mapping);

/* truncate-count, which several protocols keep for truncation: i_size, then the count, then the ptes. */
u32 truncate_count_begin(struct address_space *mapping);
bool truncate_count_stale(struct address_space *mapping, struct page *page, u32 seq);
void truncate_count_unmap_begin(struct address_space *mapping);

/*
 * Unmap if it is mapped, then remove. Before 2.6.23 kernels looped while it was mapped, which a thread that
 * goes on faulting can keep up for ever; what comes after the loop is the same.
 */
int invalidate_page_if_mapped(struct address_space *mapping, struct page *page);
/*
 * Unmap, then remove. Where faults do not hold the page lock, page_mapped() may not decide whether to
 * unmap: a fault sets the pte before it counts it.
 */
int invalidate_page_always(struct address_space *mapping, struct page *page);
/* Unmap once, assert that it is unmapped, then remove: as in 2.6.23. */
int invalidate_page_once(struct address_space *mapping, struct page *page);

/* Unmap it here if it is still mapped, then remove. */
void truncate_page_unmap(struct address_space *mapping, struct page *page);

/* i_size, unmap private copies too, remove the pages; unmap before, before and after, or not at all. */
void truncate_unmap_before(struct inode *inode, unsigned long offset);
void truncate_unmap_twice(struct inode *inode, unsigned long offset);
void truncate_no_unmap(struct inode *inode, unsigned long offset);

#endif
