/* SPDX-License-Identifier: MIT */
/*
 * mprotect.c - changing what may be done with mappings
 *
 * Mirrors mm/mprotect.c of 2.6.29, with the ptes that become writable at once as 6.18 chooses them, and its errors.
 *
 * I1: a pte is changed by taking it away and putting it back, so that A and D that the MMU sets meanwhile are kept.
 * I2: what permission was taken away is gone from every TLB before mmap_sem is dropped.
 * I3: a pte becomes writable here only if a store to it would not have to be noticed: its page is this process's alone,
 *     or it is a shared page that is dirty already.
 *
 * Lock order: mmap_sem for write, then a page table lock.
 *
 * Left out: protection keys, accounting, PROT_GROWSUP, READ_IMPLIES_EXEC, NUMA hinting.
 */
#include "kernel/uapi.h"
#include "mm/mm.h"
#include "mm/protocols/cow.h"
#include "hw/mmu.h"
#include "hw/observer.h"

/* => called with the pte's lock held; pte: with the new protection, not writable yet */
static bool may_be_writable(const struct vm_area_struct *vma, pte_t pte)
{
	struct page *page;

	if (!(vma->vm_flags & VM_WRITE) || pte_protnone(pte))
		return false;
	if (vma->vm_flags & VM_SHARED)
		return vma_wants_writenotify(vma) && pte_dirty(pte);
	if (!this_machine->cow->exclusive || pte_special(pte))
		return false;
	page = pfn_to_page(pte_pfn(pte));
	return PageAnon(page) && PageAnonExclusive(page);
}

/* => called with the pte's lock held; whether a translation may be in a TLB that allows too much */
static bool change_pte(struct vm_area_struct *vma, pte_t *ptep, pgprot_t newprot)
{
	pte_t old = entry_read(ptep), pte;
	swp_entry_t entry;

	if (pte_present(old)) {
		old = ptep_get_and_clear(ptep);
		pte = pte_modify(old, newprot);
		if (!pte_write(pte) && may_be_writable(vma, pte))
			pte = pte_mkwrite(pte);
		set_pte(ptep, pte);
		return !pte_same(old, pte);
	}
	if (is_migration_entry(old)) {
		entry = pte_to_swp_entry(old);
		if (swp_type(entry) == SWP_MIGRATION_WRITE) {
			struct page *page = pfn_to_page(swp_offset(entry));
			unsigned type = PageAnon(page) ? SWP_MIGRATION_READ_EXCLUSIVE : SWP_MIGRATION_READ;

			set_pte(ptep, swp_entry_to_pte(swp_entry(type, swp_offset(entry))));
		}
	}
	return false;
}

/* => whether anything has to be flushed. *next: where the next table begins */
static bool change_table(struct vm_area_struct *vma, unsigned long addr, unsigned long end, pgprot_t newprot,
			 unsigned long *next)
{
	pmd_t *pmd = pmd_find(vma->vm_mm, addr, next);
	bool flush = false;
	spinlock_t *ptl;
	pte_t *pte;

	if (pmd && vma_may_have_huge(vma) && pmd_huge(entry_read(pmd))) {
		if (!(addr & ~HPAGE_MASK) && addr + HPAGE_SIZE <= end &&
		    change_huge_pmd(vma, pmd, addr, newprot))
			return true;
		split_huge_pmd(vma, pmd, addr);
	}
	pte = pte_find(vma->vm_mm, addr, &ptl, next);
	if (!pte)
		return false;
	if (*next < end)
		end = *next;
	spin_lock(ptl);
	for (; addr < end; addr += PAGE_SIZE, pte++)
		flush |= change_pte(vma, pte, newprot);
	spin_unlock(ptl);
	return flush;
}

void change_protection(struct vm_area_struct *vma, unsigned long start, unsigned long end, pgprot_t newprot)
{
	unsigned long addr = start, next;
	bool flush = false;

	observe_revoke_begin(vma->vm_mm);
	for (; addr < end; addr = next)
		flush |= change_table(vma, addr, end, newprot, &next);
	SYNC_LABEL("protected");
	if (flush)
		flush_tlb_range(vma->vm_mm, start, end);
	observe_revoke_end(vma->vm_mm);
}

/* Memory is reserved already, or none is: it need not be when the mapping may be written from now on. */
#define NEED_NO_RESERVE (VM_ACCOUNT | VM_WRITE | VM_HUGETLB | VM_SHARED | VM_NORESERVE)

int mprotect_fixup(struct vm_area_struct *vma, unsigned long start, unsigned long end, unsigned long newflags)
{
	unsigned long oldflags = vma->vm_flags;
	int error;

	if (newflags == oldflags)
		return 0;
	if ((newflags & VM_WRITE) && !(oldflags & NEED_NO_RESERVE))
		newflags |= VM_ACCOUNT;
	else if (!(newflags & VM_WRITE) && vma_is_anonymous(vma) && !vma->anon_vma)
		newflags &= ~VM_ACCOUNT;
	vma = vma_modify(vma, start, end, newflags, &error);
	if (!vma)
		return error;
	vma->vm_flags = newflags;
	vma_set_page_prot(vma);
	change_protection(vma, start, end, vma->vm_page_prot);
	/* Locked memory has pages of its own as soon as it may be written. */
	if ((oldflags & (VM_WRITE | VM_SHARED | VM_LOCKED)) == VM_LOCKED && (newflags & VM_WRITE))
		populate_vma_page_range(vma, start, end, true);
	return 0;
}

/* The ranges of [start, end), as far as they are mapped without a hole. => mmap_sem held for write; 0 or -errno */
static int protect_range(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned long prot)
{
	struct vm_area_struct *vma;
	unsigned long newflags, to;
	int error;

	for (; start < end; start = to) {
		vma = vma_lookup(mm, start);
		if (!vma)
			return -ENOMEM;
		newflags = (prot & VM_ACCESS_FLAGS) | (vma->vm_flags & ~VM_ACCESS_FLAGS);
		if ((newflags & ~(newflags >> 4)) & VM_ACCESS_FLAGS)
			return -EACCES;
		to = end < vma->vm_end ? end : vma->vm_end;
		error = mprotect_fixup(vma, start, to, newflags);
		if (error)
			return error;
	}
	return 0;
}

/* => mmap_sem held for write; where PROT_GROWSDOWN begins: at the start of the stack. 0 or -errno */
static int grows_down(struct mm_struct *mm, unsigned long *start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, *start, end);

	if (!vma)
		return -ENOMEM;
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return -EINVAL;
	*start = vma->vm_start;
	return 0;
}

long do_mprotect(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned long prot)
{
	unsigned long grows = prot & (PROT_GROWSDOWN | PROT_GROWSUP), end;
	int error = 0;

	prot &= ~(PROT_GROWSDOWN | PROT_GROWSUP);
	if (grows == (PROT_GROWSDOWN | PROT_GROWSUP) || (start & ~PAGE_MASK))
		return -EINVAL;
	if (!len)
		return 0;
	end = start + page_align(len);
	if (end <= start)
		return -ENOMEM;
	if (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM))
		return -EINVAL;
	down_write(&mm->mmap_sem);
	if (grows & PROT_GROWSDOWN)
		error = grows_down(mm, &start, end);
	else if (grows)
		error = vma_lookup(mm, start) ? -EINVAL : -ENOMEM;
	if (!error)
		error = protect_range(mm, start, end, prot);
	up_write(&mm->mmap_sem);
	return error;
}
