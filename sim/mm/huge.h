/* SPDX-License-Identifier: MIT */
/* huge.h - pages of 2 MiB and pages that are merged: huge_memory.c, hugetlb.c, ksm.c */
#ifndef SIM_MM_HUGE_H
#define SIM_MM_HUGE_H

#include "mm/mm_types.h"

/* ---- huge_memory.c: transparent huge pages, split as a whole (2.6.38) ------------------------------------------------- */

/* The vma may have a huge page at address. */
bool transhuge_vma_suitable(const struct vm_area_struct *vma, unsigned long address);
/* => mmap_sem held, *pmd none; VM_FAULT_*, VM_FAULT_FALLBACK: small pages, please */
int do_huge_pmd_anonymous_page(struct vm_fault *vmf);
/* A store to a huge page that is mapped read-only. => as above */
int do_huge_pmd_wp_page(struct vm_fault *vmf, pmd_t orig);
/* Fork. => mmap_sem of both held for write, dst_pmd none; 0, -ENOMEM, -EAGAIN: it was split, go on with ptes */
int copy_huge_pmd(struct mm_struct *dst, struct mm_struct *src, pmd_t *dst_pmd, pmd_t *src_pmd,
		  unsigned long addr, struct vm_area_struct *vma);
struct mmu_gather;
/* => true: it was a huge page and is gone; false: look at the ptes */
bool zap_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr);
bool change_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr, pgprot_t newprot);
/* Turns the huge page at addr, if there is one, into small ones, everywhere. => mmap_sem or i_mmap/anon lock held */
void split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr);
/* => page locked, with a reference; 0, or -EBUSY: pinned */
int split_huge_page(struct page *page);

/* ---- hugetlb.c ------------------------------------------------------------------------------------------------------------ */

int hugetlb_fault(struct vm_fault *vmf);
int copy_hugetlb_page_range(struct mm_struct *dst, struct mm_struct *src, struct vm_area_struct *vma);
void unmap_hugepage_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);

/* ---- ksm.c ------------------------------------------------------------------------------------------------------------------ */

/* Merges the pages at two addresses of two processes, if they hold the same. => without locks; 0 or -EAGAIN, -EFAULT */
int ksm_merge(struct mm_struct *a, unsigned long addr_a, struct mm_struct *b, unsigned long addr_b);
/* Gives the range pages of its own again: MADV_UNMERGEABLE. => mmap_sem held for write; 0 or -errno */
int unmerge_ksm_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end);

#endif
