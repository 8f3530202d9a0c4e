/* SPDX-License-Identifier: MIT */
/*
 * observer.h - what the machine tells its oracles, and the state that they keep in it
 *
 * sim/oracle implements these. They change nothing but struct ghost and mm->revoking and take no locks of
 * the kernel. Each stands directly at the step that it is about; some are steps themselves, all on
 * one location, since their order decides verdicts: a user access, a page's removal, and the ends of a
 * revocation, a write and a truncation.
 */
#ifndef SIM_HW_OBSERVER_H
#define SIM_HW_OBSERVER_H

#include "fs/fs_types.h"

struct tlb_entry;

/*
 * The bytes that a page of a file may hold: `now`, and from the beginning of a write to its end also
 * `next`.
 */
struct ghost_page {
	u32 from, to;  /* of next; equal: no write is going on */
	u32 zero_from; /* what truncation cut off: from here on `now` is zero, whatever it says */
	u8 now[PAGE_SIZE];
	u8 next[PAGE_SIZE];
};

struct ghost {
	struct ghost_page page[NR_FILES][FILE_PAGES_MAX];
};

/* A file begins its life with these bytes. */
void observe_file_created(const struct inode *inode);
/*
 * write(2) in any form: => the bytes pos .. pos + n lie in one page; one write of a page at a time
 * (i_mutex)
 */
void observe_write_begin(const struct inode *inode, unsigned long pos, const void *buf, size_t n);
/* n 0: it failed, and the file is as it was */
void observe_write_end(const struct inode *inode, unsigned long pos, size_t n);
/* truncate(2) is about to return. */
void observe_truncated(const struct inode *inode);

/* How often the page's frame was freed: the TLB notes it when it loads a translation. */
u32 observe_incarnation(const struct page *page);
/* A user access is about to go through this translation. */
void observe_translation(const struct mm_struct *mm, unsigned long addr, const struct tlb_entry *t);
/* The access and its observation are one: natively no other access or write comes between. */
void observe_access_begin(void);
void observe_access_end(void);
/* It has been performed, on this page. => between the two above */
void observe_load(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		  size_t n);
void observe_store(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		   size_t n);

/*
 * The kernel or a device stores to a frame that it holds, through no mapping: legal wherever the page belongs by now.
 * => between observe_access_begin() and _end(); offset in the page
 */
void observe_page_write(const struct page *page, size_t offset, const void *buf, size_t n);

/* The page has left the pagecache: accesses that still reach it are wrong from here on. */
void observe_removed(const struct page *page);

/* A reference is about to be taken: somebody must hold one already. */
void observe_get_page(const struct page *page);

/* Translations of mm are illegal from the last revoke_end() on, where no pte stands behind them. */
void observe_revoke_begin(struct mm_struct *mm);
void observe_revoke_end(struct mm_struct *mm);

#endif
