/* SPDX-License-Identifier: MIT */
/* fault.h - what the files of the fault path share: fault.c, fault_wp.c, fault_swap.c */
#ifndef SIM_MM_FAULT_H
#define SIM_MM_FAULT_H

#include "mm/mm.h"

static inline bool vmf_write(const struct vm_fault *vmf)
{
	return vmf->flags & FAULT_FLAG_WRITE;
}

/* The pte that the fault sets for page: young; of a store also dirty, and writable where the vma may be written. */
static inline pte_t mk_pte(const struct page *page, const struct vm_area_struct *vma, bool write)
{
	pte_t entry = pte_mkyoung(pfn_pte(page_to_pfn(page), vma->vm_page_prot));

	if (!write)
		return entry;
	entry = pte_mkdirty(entry);
	return vma->vm_flags & VM_WRITE ? pte_mkwrite(entry) : entry;
}

/* A pte that maps this page: which counter of the mm it goes to. */
static inline enum mm_counter mm_counter_of(const struct page *page)
{
	if (PageAnon(page))
		return MM_ANONPAGES;
	return PageSwapBacked(page) ? MM_SHMEMPAGES : MM_FILEPAGES;
}

/*
 * A store to, or FAULT_FLAG_UNSHARE of, a page that is mapped read-only.
 * => called with the page table lock held and *pte equal to vmf->orig; drops it. VM_FAULT_*
 */
int do_wp_page(struct vm_fault *vmf);
/*
 * vmf->orig is an entry of something that is not mapped. => called without the page table lock; VM_FAULT_*
 */
int do_swap_page(struct vm_fault *vmf);
/*
 * Tells the file system that a shared page becomes writable. => called with a reference, without spinlocks; 0 and the
 * page locked and still in its file (or locked only, where there is nothing to tell), or VM_FAULT_* and unlocked
 */
int do_page_mkwrite(struct vm_area_struct *vma, struct page *page);

#endif
