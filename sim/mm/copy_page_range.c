/* SPDX-License-Identifier: MIT */
/*
 * copy_page_range.c - fork: the child gets what the parent's ptes say
 *
 * Mirrors the copying part of mm/memory.c of 2.6.29, with the early copy of pinned pages of 5.9 on where the protocol
 * has it (axis cow).
 *
 * I1: a page of a private mapping is read-only in both processes before the child's pte is set. The parent's CPUs may
 *     hold writable translations until dup_mmap() has flushed them; until then a store through one is from before the
 *     fork.
 * I2: what the child maps it has references, mapcounts and swap counts for, also when the copy ends with -ENOMEM: its
 *     teardown drops them.
 * I3: a vma that faults can fill anew is not copied: one of a file without private pages, where no guards may be.
 *
 * Lock order: mmap_sem of the parent, then of the child; the child's page table lock, then the parent's.
 *
 * Left out: pfn mappings, mlocked pages, uffd.
 */
#include "mm/fault.h"
#include "mm/protocols/cow.h"
#include "hw/mmu.h"
#include "hw/observer.h"

struct fork {
	struct mm_struct *dst, *src;
	struct vm_area_struct *dst_vma, *src_vma;
	struct page *prealloc; /* for a copy that must be made now; NULL: none yet */
	bool cow;
};

static bool is_cow_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* An entry of no page in memory. => both page table locks held */
static void copy_nonpresent_pte(struct fork *f, pte_t *dst, pte_t *src, pte_t pte, unsigned long addr)
{
	swp_entry_t entry = pte_to_swp_entry(pte);

	if (is_swap_entry(pte)) {
		swap_duplicate(entry);
		add_mm_counter(f->dst, MM_SWAPENTS, 1);
		if (pte_swp_exclusive(pte)) {
			pte = pte_swp_clear_exclusive(pte);
			set_pte(src, pte);
		}
	} else if (!pte_file(pte) && is_migration_entry(pte)) {
		add_mm_counter(f->dst, mm_counter_of(pfn_to_page(swp_offset(entry))), 1);
		if (f->cow && swp_type(entry) != SWP_MIGRATION_READ) {
			pte = swp_entry_to_pte(swp_entry(SWP_MIGRATION_READ, swp_offset(entry)));
			set_pte(src, pte);
		}
	}
	set_pte(dst, pte);
	observe_fork_page(f->dst, f->src, addr, PAGE_SIZE);
}

/* => both page table locks held; 0, or -EAGAIN: the page is to be copied and f->prealloc is needed */
static int copy_for_child(struct fork *f, pte_t *dst, struct page *page, unsigned long addr)
{
	struct page *copy = f->prealloc;

	if (!copy)
		return -EAGAIN;
	f->prealloc = NULL;
	observe_fork_page(f->dst, f->src, addr, PAGE_SIZE);
	copy_user_page(copy, page);
	page_add_new_anon_rmap(copy, f->dst_vma, addr);
	lru_cache_add_active(copy);
	add_mm_counter(f->dst, MM_ANONPAGES, 1);
	set_pte(dst, mk_pte(copy, f->dst_vma, true));
	observe_fork_page(f->dst, f->src, addr, PAGE_SIZE);
	return 0;
}

/* => both page table locks held; 0 or -EAGAIN */
static int copy_present_pte(struct fork *f, pte_t *dst, pte_t *src, pte_t pte, unsigned long addr)
{
	struct page *page = vm_normal_page(f->src_vma, addr, pte);

	if (page && f->cow && !this_machine->cow->fork_share(f->src_vma, page, PageAnon(page)))
		return copy_for_child(f, dst, page, addr);
	if (page) {
		get_page(page);
		page_dup_rmap(page);
		add_mm_counter(f->dst, mm_counter_of(page), 1);
	}
	if (f->cow && pte_write(pte)) {
		ptep_set_wrprotect(src);
		SYNC_LABEL("wrprotected");
		pte = pte_wrprotect(pte);
	}
	if (f->src_vma->vm_flags & VM_SHARED)
		pte = pte_mkclean(pte);
	set_pte(dst, pte_mkold(pte));
	observe_fork_page(f->dst, f->src, addr, PAGE_SIZE);
	return 0;
}

/* The ptes of [addr, end), in one page of ptes of each. => returns where it stopped: at end, or where it needs a page */
static unsigned long copy_pte_range(struct fork *f, pte_t *dst, spinlock_t *dst_ptl, pte_t *src,
				    spinlock_t *src_ptl, unsigned long addr, unsigned long end)
{
	pte_t pte;

	spin_lock(dst_ptl);
	spin_lock_nested(src_ptl, 1);
	for (; addr < end; addr += PAGE_SIZE, dst++, src++) {
		pte = entry_read(src);
		if (pte_none(pte))
			continue;
		if (!pte_present(pte))
			copy_nonpresent_pte(f, dst, src, pte, addr);
		else if (copy_present_pte(f, dst, src, pte, addr))
			break;
	}
	spin_unlock(src_ptl);
	spin_unlock(dst_ptl);
	return addr;
}

/* => *pmd of the parent is huge: whether the child has it now; -EAGAIN: it was split, look at the ptes; -ENOMEM */
static int copy_pmd(struct fork *f, pmd_t *src_pmd, unsigned long addr)
{
	pmd_t *dst_pmd = pmd_alloc_map(f->dst, addr);

	if (!dst_pmd)
		return -ENOMEM;
	return copy_huge_pmd(f->dst, f->src, dst_pmd, src_pmd, addr, f->src_vma);
}

/* One page of ptes, or one huge page. => 0 and *addr moved on, or -ENOMEM */
static int copy_some(struct fork *f, unsigned long *addr)
{
	unsigned long next, end = f->src_vma->vm_end, stop;
	spinlock_t *src_ptl, *dst_ptl;
	pte_t *src, *dst;
	pmd_t *pmd;

	pmd = vma_may_have_huge(f->src_vma) ? pmd_find(f->src, *addr, &next) : NULL;
	if (pmd && pmd_huge(entry_read(pmd))) {
		int ret = copy_pmd(f, pmd, *addr);

		if (!ret)
			*addr = next;
		if (ret != -EAGAIN)
			return ret;
	}
	src = pte_find(f->src, *addr, &src_ptl, &next);
	if (next > end)
		next = end;
	if (!src) {
		*addr = next;
		return 0;
	}
	dst = pte_alloc_map(f->dst, *addr, &dst_ptl);
	if (!dst)
		return -ENOMEM;
	stop = copy_pte_range(f, dst, dst_ptl, src, src_ptl, *addr, next);
	*addr = stop;
	if (stop < next && !f->prealloc) {
		f->prealloc = alloc_page();
		if (!f->prealloc)
			return -ENOMEM;
	}
	return 0;
}

int copy_page_range(struct mm_struct *dst, struct mm_struct *src, struct vm_area_struct *dst_vma,
		    struct vm_area_struct *src_vma)
{
	struct fork f = { dst, src, dst_vma, src_vma, NULL, is_cow_mapping(src_vma->vm_flags) };
	unsigned long addr = src_vma->vm_start;
	int ret = 0;

	if (src_vma->vm_flags & VM_HUGETLB)
		return copy_hugetlb_page_range(dst, src, src_vma);
	if (!(src_vma->vm_flags & (VM_NONLINEAR | VM_PFNMAP | VM_MIXEDMAP)) && !src_vma->anon_vma &&
	    !READ_ONCE(src_vma->maybe_guard))
		return 0;
	while (!ret && addr < src_vma->vm_end)
		ret = copy_some(&f, &addr);
	if (f.prealloc)
		put_page(f.prealloc);
	return ret;
}
