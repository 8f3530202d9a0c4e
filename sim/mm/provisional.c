/* SPDX-License-Identifier: MIT */
/* provisional.c - stands in for huge pages until their files are there */
#include "mm/mm.h"

#define P __attribute__((weak))

P bool transhuge_vma_suitable(const struct vm_area_struct *vma, unsigned long address)
{
	return false;
}
P int do_huge_pmd_anonymous_page(struct vm_fault *vmf)
{
	return VM_FAULT_FALLBACK;
}
P int do_huge_pmd_wp_page(struct vm_fault *vmf, pmd_t orig)
{
	return VM_FAULT_FALLBACK;
}
P int copy_huge_pmd(struct mm_struct *dst, struct mm_struct *src, pmd_t *dst_pmd, pmd_t *src_pmd,
		    unsigned long addr, struct vm_area_struct *vma)
{
	return -EAGAIN;
}
P bool zap_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr)
{
	return false;
}
P bool change_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr, pgprot_t newprot)
{
	return false;
}
P void split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr)
{
}
P int split_huge_page(struct page *page)
{
	return -EBUSY;
}
P int hugetlb_fault(struct vm_fault *vmf)
{
	return VM_FAULT_SIGBUS;
}
P int copy_hugetlb_page_range(struct mm_struct *dst, struct mm_struct *src, struct vm_area_struct *vma)
{
	return 0;
}
P void unmap_hugepage_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
}
P int unmerge_ksm_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return 0;
}
