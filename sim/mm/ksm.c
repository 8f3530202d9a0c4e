/* SPDX-License-Identifier: MIT */
/*
 * ksm.c - pages that hold the same become one
 *
 * Mirrors try_to_merge_one_page(), write_protect_page(), replace_page() and break_ksm() of mm/ksm.c of 2.6.32: the merged
 * page is a page of KSM's own, anonymous and of no family, which nobody can unmap by its reverse mapping. From 5.19: the
 * exclusive bit of a page that is about to be shared.
 *
 * I1: a page is compared after it was write-protected in its one pte, and flushed; its contents cannot change any more
 *     without the pte changing first. The pte is looked at again before it is replaced.
 * I2: references are counted after the flush, which interrupts the processors: who pinned the page through the lockless
 *     walk is seen, who comes later finds the pte read-only. A page with other references than its pte's and ours may be
 *     under I/O and is left alone.
 * I3: a page with PG_ksm is written by nobody: every store to it is given a copy (fault_wp.c).
 *
 * Lock order: mmap_sem (one at a time), page lock (tried only), page table lock.
 *
 * Left out: the trees and the scan, reclaim and migration of merged pages, pages that several ptes map, huge pages.
 */
#include <string.h>

#include "mm/mm.h"
#include "mm/protocols/cow.h"
#include "hw/mmu.h"
#include "hw/observer.h"

#define KSM_COMPARE 1024 /* bytes at a time */

/* => mmap_sem held; the anonymous page that addr shows, with a reference; NULL: none that can be merged */
static struct page *get_mergeable_page(struct vm_area_struct *vma, unsigned long addr)
{
	struct page *page = NULL;
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(vma->vm_mm, addr, &ptl, &next);

	if (!pte)
		return NULL;
	spin_lock(ptl);
	if (pte_present(entry_read(pte)))
		page = vm_normal_page(vma, addr, entry_read(pte));
	if (page && (!PageAnon(page) || PageCompound(page)))
		page = NULL;
	if (page)
		get_page(page);
	spin_unlock(ptl);
	return page;
}

/* => mmap_sem held; NULL: not of a mapping that asked for it */
static struct vm_area_struct *find_mergeable_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	return vma && (vma->vm_flags & VM_MERGEABLE) && vma->anon_vma ? vma : NULL;
}

/* => no spinlocks */
static bool pages_identical(const struct page *a, const struct page *b)
{
	u8 x[KSM_COMPARE], y[KSM_COMPARE];

	for (size_t at = 0; at < PAGE_SIZE; at += KSM_COMPARE) {
		content_read(x, (const u8 *)page_address(a) + at, KSM_COMPARE);
		content_read(y, (const u8 *)page_address(b) + at, KSM_COMPARE);
		if (memcmp(x, y, KSM_COMPARE))
			return false;
	}
	return true;
}

/* => ptl held, *pte cleared and flushed; false: somebody but the pte, us and the swap cache may use it */
static bool may_share(struct page *page)
{
	if (page_count(page) != page_mapcount(page) + 1 + PageSwapCache(page))
		return false;
	if (this_machine->cow->exclusive && PageAnonExclusive(page))
		ClearPageAnonExclusive(page);
	return true;
}

/* => page locked, with a reference of ours; 0 and *orig what the pte is now, -EAGAIN: pinned, or mapped elsewhere */
static int write_protect_page(struct vm_area_struct *vma, unsigned long addr, struct page *page, pte_t *orig)
{
	struct mm_struct *mm = vma->vm_mm;
	spinlock_t *ptl;
	pte_t *pte = page_check_address(page, mm, addr, &ptl), entry;
	bool shared = false;

	if (!pte)
		return -EAGAIN;
	observe_revoke_begin(mm);
	entry = ptep_get_and_clear(pte);
	flush_tlb_page(vma, addr);
	observe_revoke_end(mm);
	SYNC_LABEL("wrprotected");
	if (page_mapcount(page) == 1)
		shared = may_share(page);
	if (shared) {
		if (pte_dirty(entry))
			set_page_dirty(page);
		entry = pte_wrprotect(pte_mkclean(entry));
	}
	set_pte(pte, entry);
	*orig = entry;
	spin_unlock(ptl);
	return shared ? 0 : -EAGAIN;
}

/* => page locked; its pte shows kpage from here on; -EAGAIN: it is not orig any more */
static int replace_page(struct vm_area_struct *vma, unsigned long addr, struct page *page, struct page *kpage,
			pte_t orig)
{
	struct mm_struct *mm = vma->vm_mm;
	spinlock_t *ptl;
	pte_t *pte = page_check_address(page, mm, addr, &ptl);

	if (!pte)
		return -EAGAIN;
	if ((entry_read(pte).pte | _PAGE_ACCESSED) != (orig.pte | _PAGE_ACCESSED)) {
		spin_unlock(ptl);
		return -EAGAIN;
	}
	get_page(kpage);
	atomic_inc(&kpage->_mapcount);
	observe_revoke_begin(mm);
	ptep_get_and_clear(pte);
	flush_tlb_page(vma, addr);
	observe_revoke_end(mm);
	set_pte(pte, pte_mkyoung(pfn_pte(page_to_pfn(kpage), vma->vm_page_prot)));
	page_remove_rmap(page);
	spin_unlock(ptl);
	SYNC_LABEL("merged");
	free_page_and_swap_cache(page); /* the pte's reference */
	return 0;
}

/* => without locks; addr of mm shows kpage, if it holds the same. 0, -EAGAIN, -EFAULT */
static int try_to_merge_one_page(struct mm_struct *mm, unsigned long addr, struct page *kpage)
{
	struct vm_area_struct *vma;
	struct page *page = NULL;
	int ret = -EFAULT;
	pte_t orig;

	down_read(&mm->mmap_sem);
	vma = find_mergeable_vma(mm, addr);
	if (vma)
		page = get_mergeable_page(vma, addr);
	if (!page)
		goto out;
	ret = page == kpage ? 0 : -EAGAIN;
	if (PageKsm(page) || !trylock_page(page))
		goto put;
	ret = write_protect_page(vma, addr, page, &orig);
	if (!ret)
		ret = pages_identical(page, kpage) ? replace_page(vma, addr, page, kpage, orig) : -EAGAIN;
	unlock_page(page);
put:
	put_page(page);
out:
	up_read(&mm->mmap_sem);
	return ret;
}

/* => without locks; the page that addr shows, with a reference; NULL: none that can be merged */
static struct page *look_up_page(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	struct page *page = NULL;

	down_read(&mm->mmap_sem);
	vma = find_mergeable_vma(mm, addr);
	if (vma)
		page = get_mergeable_page(vma, addr);
	up_read(&mm->mmap_sem);
	return page;
}

/* => a page of KSM's that nobody maps, with what page holds; NULL: no memory */
static struct page *new_ksm_page(const struct page *page)
{
	struct page *kpage = alloc_page();

	if (!kpage)
		return NULL;
	copy_user_page(kpage, page);
	kpage->flags |= 1ul << PG_uptodate | 1ul << PG_ksm | 1ul << PG_swapbacked;
	kpage->mapping = (struct address_space *)PAGE_MAPPING_ANON;
	return kpage;
}

/* The page at addr gets a page of its own again. => mmap_sem held; 0, -ENOMEM, -EFAULT */
static int break_ksm(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long faults = current->min_flt;
	struct page *page;
	int ret = 0;

	while (!ret && (page = get_mergeable_page(vma, addr))) {
		bool merged = PageKsm(page);

		put_page(page);
		if (!merged)
			break;
		ret = handle_mm_fault(vma->vm_mm, vma, addr, FAULT_FLAG_UNSHARE | FAULT_FLAG_REMOTE) &
		      VM_FAULT_ERROR;
	}
	current->min_flt = faults;
	return ret & VM_FAULT_OOM ? -ENOMEM : ret ? -EFAULT : 0;
}

/* What was merged with nothing in the end. => without locks */
static void break_cow(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	down_read(&mm->mmap_sem);
	vma = find_mergeable_vma(mm, addr);
	if (vma)
		break_ksm(vma, addr);
	up_read(&mm->mmap_sem);
}

/* => kpage mapped by neither, or by one of the two */
static int merge_two(struct mm_struct *a, unsigned long addr_a, struct mm_struct *b, unsigned long addr_b,
		     struct page *kpage)
{
	bool was_merged = page_mapped(kpage);
	int ret = try_to_merge_one_page(a, addr_a, kpage);

	if (ret)
		return ret;
	ret = try_to_merge_one_page(b, addr_b, kpage);
	if (ret && !was_merged)
		break_cow(a, addr_a);
	return ret;
}

int ksm_merge(struct mm_struct *a, unsigned long addr_a, struct mm_struct *b, unsigned long addr_b)
{
	struct page *page_a, *page_b, *kpage = NULL;
	int ret = -EFAULT;

	addr_a &= PAGE_MASK;
	addr_b &= PAGE_MASK;
	page_a = look_up_page(a, addr_a);
	page_b = look_up_page(b, addr_b);
	if (page_a && page_b) {
		ret = -ENOMEM;
		kpage = PageKsm(page_a) ? page_a : PageKsm(page_b) ? page_b : new_ksm_page(page_a);
		if (kpage == page_a || kpage == page_b)
			get_page(kpage);
	}
	if (page_a)
		put_page(page_a);
	if (page_b)
		put_page(page_b);
	if (!kpage)
		return ret;
	ret = merge_two(a, addr_a, b, addr_b, kpage);
	put_page(kpage);
	return ret;
}

int unmerge_ksm_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	int ret = 0;

	for (unsigned long addr = start; !ret && addr < end; addr += PAGE_SIZE)
		ret = break_ksm(vma, addr);
	return ret;
}
