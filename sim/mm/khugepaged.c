/* SPDX-License-Identifier: MIT */
/*
 * khugepaged.c - small pages become a huge one
 *
 * Mirrors collapse_huge_page() of mm/khugepaged.c of 6.x for one range, as madvise(MADV_COLLAPSE) asks for it, with the
 * conditions of 2.6.38: no page that is shared, swapped or used by anybody else.
 *
 * The steps, with mmap_sem held for write, so that nobody faults:
 *	1  under the anon_vma's lock, which keeps the reverse mapping out: the entry that points to the table is cleared and
 *	   flushed. The flush interrupts every processor of the process: lockless walks that had read it are over
 *	2  each page of the table is locked, if its count says that only its pte has it; else the entry is put back
 *	3  contents are copied, ptes cleared, pages dropped
 *	4  the table is deposited, and the entry maps the huge page
 *
 * I1: pins are counted after the flush: who pinned before is seen, and nobody can pin after.
 * I2: the table is zero when it is deposited.
 *
 * Lock order: mmap_sem, page locks (tried only), anon_vma's lock, page table locks.
 *
 * Left out: the task that looks for ranges, files and shmem, pages that are shared or swapped, limits on empty ptes.
 */
#include "mm/mm.h"
#include "hw/mmu.h"
#include "hw/observer.h"

/* => called with mmap_sem held for write; *vmap, and the entry of address, which points to a table; NULL: -EINVAL */
static pmd_t *find_range(struct mm_struct *mm, unsigned long address, struct vm_area_struct **vmap)
{
	struct vm_area_struct *vma = vma_lookup(mm, address);
	unsigned long next;
	pmd_t *pmd, entry;

	if (!vma || !transhuge_vma_suitable(vma, address) || !vma->anon_vma)
		return NULL;
	pmd = pmd_find(mm, address, &next);
	if (!pmd)
		return NULL;
	entry = entry_read(pmd);
	*vmap = vma;
	return pmd_none(entry) || pmd_huge(entry) ? NULL : pmd;
}

static bool is_hole(pte_t pte)
{
	return pte_none(pte) || (pte_present(pte) && pte_special(pte) && is_zero_pfn(pte_pfn(pte)));
}

/* => called with the lock of the ptes held; the pages of the first n ptes are not locked any more */
static void release_pte_pages(const pte_t *pte, unsigned long n)
{
	for (unsigned long i = 0; i < n; i++)
		if (!is_hole(entry_read(pte + i)))
			unlock_page(pfn_to_page(pte_pfn(entry_read(pte + i))));
}

/* Step 2. => no walk can find the table; true: each page is this table's alone, and locked */
static bool isolate_pages(const pte_t *pte, spinlock_t *ptl)
{
	unsigned long i;

	spin_lock(ptl);
	for (i = 0; i < HPAGE_NR; i++) {
		pte_t entry = entry_read(pte + i);
		struct page *page;

		if (is_hole(entry))
			continue;
		if (!pte_present(entry) || pte_special(entry))
			break;
		page = pfn_to_page(pte_pfn(entry));
		if (!PageAnon(page) || PageKsm(page) || PageCompound(page) || PageSwapCache(page) ||
		    page_mapcount(page) != 1 || !trylock_page(page))
			break;
		if (page_count(page) != 1) {
			unlock_page(page);
			break;
		}
	}
	if (i < HPAGE_NR)
		release_pte_pages(pte, i);
	spin_unlock(ptl);
	return i == HPAGE_NR;
}

/* Step 3. => how many of the pages were there; the ptes are none */
static int copy_pages(struct page *to, pte_t *pte, spinlock_t *ptl)
{
	int copied = 0;

	for (unsigned long i = 0; i < HPAGE_NR; i++) {
		pte_t entry = entry_read(pte + i);
		struct page *page;

		if (is_hole(entry)) {
			content_zero(page_address(to + i), PAGE_SIZE);
			set_pte(pte + i, (pte_t){ 0 });
			continue;
		}
		page = pfn_to_page(pte_pfn(entry));
		copy_user_page(to + i, page);
		spin_lock(ptl);
		set_pte(pte + i, (pte_t){ 0 });
		page_remove_rmap(page);
		spin_unlock(ptl);
		unlock_page(page);
		put_page(page);
		copied++;
	}
	return copied;
}

/* => called with mmap_sem held for write; 0 and the page is used, or -EAGAIN and everything is as it was */
static int collapse(struct vm_area_struct *vma, pmd_t *pmd, unsigned long haddr, struct page *new)
{
	spinlock_t *pmd_ptl = pmd_lockptr(pmd), *ptl;
	struct mm_struct *mm = vma->vm_mm;
	pmd_t table;
	pte_t *pte;
	bool alone;
	int copied;

	spin_lock(&vma->anon_vma->lock);
	spin_lock(pmd_ptl);
	observe_revoke_begin(mm);
	table = xchg(pmd, ((pmd_t){ 0 }));
	flush_tlb_range(mm, haddr, haddr + HPAGE_SIZE);
	observe_revoke_end(mm);
	spin_unlock(pmd_ptl);
	SYNC_LABEL("pmd_cleared");
	pte = page_address(pmd_page(table));
	ptl = pte_lockptr(table);
	alone = isolate_pages(pte, ptl);
	if (!alone) {
		spin_lock(pmd_ptl);
		smp_store_release(pmd, table);
		spin_unlock(pmd_ptl);
	}
	spin_unlock(&vma->anon_vma->lock);
	if (!alone)
		return -EAGAIN;
	copied = copy_pages(new, pte, ptl);
	SYNC_LABEL("copied");
	spin_lock(pmd_ptl);
	page_add_new_anon_rmap(new, vma, haddr);
	lru_cache_add_active(new);
	pgtable_trans_huge_deposit(pmd, pmd_page(table));
	add_mm_counter(mm, MM_ANONPAGES, (int)HPAGE_NR - copied);
	smp_store_release(pmd, mk_huge_pmd(new, vma, true));
	spin_unlock(pmd_ptl);
	return 0;
}

int collapse_huge_page(struct mm_struct *mm, unsigned long address)
{
	struct page *new = alloc_huge_page_frames();
	struct vm_area_struct *vma;
	int ret = -EINVAL;
	pmd_t *pmd;

	if (!new)
		return -ENOMEM;
	address &= HPAGE_MASK;
	lru_add_drain(); /* its batch may have references */
	down_write(&mm->mmap_sem);
	pmd = find_range(mm, address, &vma);
	if (pmd)
		ret = collapse(vma, pmd, address, new);
	up_write(&mm->mmap_sem);
	if (ret)
		put_page(new);
	return ret;
}
