/* SPDX-License-Identifier: MIT */
/* huge.h - pages of 2 MiB and pages that are merged: huge_memory.c, huge_split.c, khugepaged.c, hugetlb.c, ksm.c */
#ifndef SIM_MM_HUGE_H
#define SIM_MM_HUGE_H

#include "mm/mm_types.h"

/* ---- huge_memory.c: transparent huge pages, split as a whole (2.6.38) ------------------------------------------------- */

/* The vma may have a huge page at address. */
bool transhuge_vma_suitable(const struct vm_area_struct *vma, unsigned long address);
/*
 * Entries of the vma's pmd level may be huge: whoever walks its tables looks. Other vmas cost no step. (MADV_NOHUGEPAGE
 * leaves the huge pages that are there.)
 */
static inline bool vma_may_have_huge(const struct vm_area_struct *vma)
{
	return vma->vm_flags & (VM_HUGEPAGE | VM_NOHUGEPAGE | VM_HUGETLB);
}
/* => mmap_sem held, *pmd none; VM_FAULT_*, VM_FAULT_FALLBACK: small pages, please */
int do_huge_pmd_anonymous_page(struct vm_fault *vmf);
/* A store to, or FAULT_FLAG_UNSHARE of, a huge page that is mapped read-only. => as above */
int do_huge_pmd_wp_page(struct vm_fault *vmf, pmd_t orig);
/* Fork. => mmap_sem of both held for write, dst_pmd none; 0, -ENOMEM, -EAGAIN: it was split, go on with ptes */
int copy_huge_pmd(struct mm_struct *dst, struct mm_struct *src, pmd_t *dst_pmd, pmd_t *src_pmd,
		  unsigned long addr, struct vm_area_struct *vma);
struct mmu_gather;
/*
 * => no page table lock held; addr: where the entry begins. true: it was a huge page and is gone; false: look at the ptes
 */
bool zap_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr);
/* => no page table lock held; the caller flushes. false: it is no huge page any more, look at the ptes */
bool change_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr, pgprot_t newprot);

/*
 * Each huge entry has a table of ptes put by, so that splitting it needs no memory: kept in a list in the page of the
 * table of pmds, by ->private. => the lock of that table held; withdraw: some table that was deposited there
 */
void pgtable_trans_huge_deposit(pmd_t *pmd, struct page *table);
struct page *pgtable_trans_huge_withdraw(pmd_t *pmd);
/* The entry that maps a huge page in vma; of a store, dirty and writable where the vma may be written. */
pmd_t mk_huge_pmd(const struct page *page, const struct vm_area_struct *vma, bool write);
/*
 * The ends of a write-protection fault of a huge entry, of hugetlb's too: the page is written to, or new stands in its
 * place. => called with vmf->ptl, the lock of the entry *vmf->pte, held, which is vmf->orig; the first drops it
 */
int huge_wp_reuse(struct vm_fault *vmf);
void replace_huge_page(struct vm_fault *vmf, struct page *old, struct page *new);
/* What the protocol says of such a fault. => as its wp_anon: enum wp_verdict */
int huge_wp_verdict(struct vm_fault *vmf, struct page *page);
/* => no spinlocks; in pages, one by one */
void clear_huge_page(struct page *page);
void copy_huge_page(struct page *to, const struct page *from);

/* ---- huge_split.c ------------------------------------------------------------------------------------------------------- */

/*
 * Turns the huge page that *pmd maps, if it does, into small ones, everywhere; if it is pinned, only this entry, into ptes
 * of its parts. => mmap_sem held, no spinlocks; on return *pmd is a table, or was none or a table already
 */
void split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr);
/* Before a vma is cut at addr: a huge page that lies on both sides is split. => mmap_sem held for write */
void split_huge_pmd_address(struct vm_area_struct *vma, unsigned long addr);
/* => page locked, with one reference of the caller's; 0, or -EBUSY: others have references, or it is hugetlb's */
int split_huge_page(struct page *page);
/*
 * The entry was seen to be taken from the processors: waits until whoever did that has put something in its place. A fault
 * that only tried again would spin. => no spinlocks held
 */
void wait_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd);
/* Waits until a huge page of the family that was being split is not any more. => no spinlocks held */
void wait_split_huge_page(struct anon_vma *anon_vma);

/* ---- khugepaged.c ---------------------------------------------------------------------------------------------------------- */

/*
 * Puts a huge page in the place of the small ones at [address, address + HPAGE_SIZE). => without locks; 0, -EINVAL: the
 * range cannot have one, -ENOMEM, -EAGAIN: some page of it is shared, pinned, locked, swapped
 */
int collapse_huge_page(struct mm_struct *mm, unsigned long address);

/* ---- hugetlb.c ------------------------------------------------------------------------------------------------------------ */

/* The machine's pool of huge pages. */
struct hugetlb_pool {
	struct mutex
		hugetlb_instantiation_mutex; /* one fault at a time, so that two do not fight for the last page */
	spinlock_t lock __attribute__((aligned(64)));
	struct list_head free;	/* (pool lock) heads, by lru, without references */
	unsigned nr;		/* (c) */
	unsigned nr_free, resv; /* (pool lock) resv of the free ones are promised to mappings */
};

/* What a hugetlb mapping counts on: one for all vmas that came from one mmap() and may use its promise. */
struct hugetlb_map {
	atomic_t users;		 /* (a) vmas */
	struct mm_struct *owner; /* (c) of a private mapping: whose children have no promise */
	bool shared;		 /* (c) */
	bool promised;		 /* (c) pages of the pool are set aside for it */
	unsigned long pgoff, nr; /* (c) of the first page, in small pages; huge pages */
	struct page *page
		[]; /* (instantiation mutex, or the last user) NULL: the promise holds; shared: a reference */
};

void hugetlb_init(void); /* => at boot, after page_alloc_init() */
/* vma, with VM_HUGETLB, is about to be linked for the first time. => 0, -EINVAL: not aligned, -ENOMEM: not enough pages */
int hugetlb_vma_init(struct vm_area_struct *vma);
int hugetlb_fault(struct vm_fault *vmf);
int copy_hugetlb_page_range(struct mm_struct *dst, struct mm_struct *src, struct vm_area_struct *vma);
/* => mmap_sem held, range aligned, between observe_revoke_begin() and _end(); flushed when it returns */
void unmap_hugepage_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);
/* => the last reference to a page with PG_huge is gone */
void free_huge_page(struct page *page);

/* ---- ksm.c ------------------------------------------------------------------------------------------------------------------ */

/*
 * Merges the pages at two addresses of two processes, if they hold the same. => without locks; 0, -EAGAIN: they differ, or
 * one is pinned or locked; -EFAULT: there is no anonymous page of a mergeable mapping; -ENOMEM
 */
int ksm_merge(struct mm_struct *a, unsigned long addr_a, struct mm_struct *b, unsigned long addr_b);
/* Gives the range pages of its own again: MADV_UNMERGEABLE. => mmap_sem held for write; 0 or -errno */
int unmerge_ksm_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end);

#endif
