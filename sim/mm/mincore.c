/* SPDX-License-Identifier: MIT */
/*
 * mincore.c - which pages of a mapping are in memory
 *
 * Mirrors mm/mincore.c of 6.18: what is mapped is present; where nothing is, a file's page is if the pagecache has it
 * uptodate, anonymous memory is not; a swap entry is if the swap cache has its page.
 *
 * I1: an answer is true of some moment of the call, no more.
 *
 * Lock order: mmap_sem for read, then a page table lock, then tree_lock.
 *
 * Left out: files that the caller may not write (it is root).
 */
#include "mm/fault.h"
#include "mm/mm.h"

static bool page_here(struct page *page)
{
	bool here = page && PageUptodate(page);

	if (page)
		put_page(page);
	return here;
}

/* => called with mmap_sem held; whether the pagecache has what would be mapped at addr */
static bool mincore_unmapped(const struct vm_area_struct *vma, unsigned long index)
{
	return vma->vm_file && page_here(find_get_page(vma->vm_file->f_mapping, index));
}

/* => called with mmap_sem and the pte's lock held */
static bool mincore_pte(const struct vm_area_struct *vma, pte_t pte, unsigned long addr)
{
	if (pte_none(pte) || is_pte_marker(pte))
		return mincore_unmapped(vma, linear_page_index(vma, addr));
	if (pte_present(pte) || is_migration_entry(pte))
		return true;
	if (pte_file(pte))
		return mincore_unmapped(vma, pte_to_pgoff(pte));
	return page_here(lookup_swap_cache(pte_to_swp_entry(pte)));
}

/* => called with mmap_sem held for read; addresses of one page table, or of none. Where it stopped */
static unsigned long mincore_table(const struct vm_area_struct *vma, unsigned long addr, unsigned long end,
				   u8 *vec)
{
	unsigned long next;
	spinlock_t *ptl;
	pmd_t *pmd = pmd_find(vma->vm_mm, addr, &next);
	bool huge = pmd && vma_may_have_huge(vma) && pmd_huge(entry_read(pmd));
	pte_t *pte = pte_find(vma->vm_mm, addr, &ptl, &next);

	if (next < end)
		end = next;
	if (pte)
		spin_lock(ptl);
	for (; addr < end; addr += PAGE_SIZE, vec++) {
		if (pte)
			*vec = mincore_pte(vma, entry_read(pte++), addr);
		else
			*vec = huge || mincore_unmapped(vma, linear_page_index(vma, addr));
	}
	if (pte)
		spin_unlock(ptl);
	return end;
}

long do_mincore(struct mm_struct *mm, unsigned long start, unsigned long len, u8 *vec)
{
	unsigned long end, addr = start, to;
	struct vm_area_struct *vma;
	long ret = 0;

	if (start & ~PAGE_MASK)
		return -EINVAL;
	if (start > TASK_SIZE || len > TASK_SIZE - start)
		return -ENOMEM;
	end = start + page_align(len);
	down_read(&mm->mmap_sem);
	while (addr < end && !ret) {
		vma = vma_lookup(mm, addr);
		if (!vma)
			ret = -ENOMEM;
		for (to = vma && vma->vm_end < end ? vma->vm_end : end; vma && addr < to;)
			addr = mincore_table(vma, addr, to, vec + ((addr - start) >> PAGE_SHIFT));
	}
	up_read(&mm->mmap_sem);
	return ret;
}
