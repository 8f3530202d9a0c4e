/* SPDX-License-Identifier: MIT */
/*
 * check.h - the global oracles, and the census that they judge
 *
 * Oracles read the machine directly: they are no scheduling points and take no locks. Global ones run when
 * nothing else does. Each reports by sync_violation() and says what a kernel developer needs: page, index,
 * who maps it, counts.
 */
#ifndef SIM_ORACLE_CHECK_H
#define SIM_ORACLE_CHECK_H

#include "hw/machine.h"
#include "hw/observer.h"

/* One present pte. */
struct mapped {
	const struct vm_area_struct *vma;
	unsigned long addr;
	u64 pte;
	const struct page *page;
	unsigned long index; /* in the vma's file */
};

#define CENSUS_MAPPED 128

/* Who uses which page, counted without believing the pages' own counts. */
struct census {
	int nr_mapped, nr_vmas, nr_mms;
	struct mapped mapped[CENSUS_MAPPED];
	u16 ptes[DEFAULT_FRAMES];    /* how many map the page */
	bool cached[DEFAULT_FRAMES]; /* in a file's page_tree, with mapping and index that agree */
	u16 held[DEFAULT_FRAMES]; /* references of the pipe and of pinners; a pin has GUP_PIN_COUNTING_BIAS */
};

/* The pte of addr, 0 when there is none, without any step. */
u64 pte_at(const struct mm_struct *mm, unsigned long addr);
/* The pagecache's page of a file at an index, without any lock, or NULL. */
const struct page *cached_page(const struct address_space *mapping, unsigned long index);

static inline bool page_is_anon(const struct page *page)
{
	return (uintptr_t)READ_ONCE(page->mapping) & PAGE_MAPPING_ANON;
}
static inline unsigned long pfn_of(u64 pte)
{
	return (pte & PTE_PFN_MASK) >> PAGE_SHIFT;
}

/* ---- the global checks, one a file ---- */

void check_beyond_eof(const struct census *c);
void check_stale_content(const struct census *c);
void check_page_counts(const struct census *c);
void check_tlbs(const struct census *c);
void check_leaks(const struct census *c);

#endif
