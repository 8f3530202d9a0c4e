/* SPDX-License-Identifier: MIT */
/*
 * mlock.c - memory that stays in memory
 *
 * Mirrors mm/mlock.c: VM_LOCKED as in 2.6.29, what fails and with which error as in 6.18.
 *
 * I1: a vma has VM_LOCKED from before its pages are faulted in, so that reclaim leaves them alone: it asks the vmas.
 *     PG_mlocked says so of a page without a walk, and may be missing.
 * I2: mmap_sem is not held for write while pages are faulted in.
 *
 * Lock order: mmap_sem, then a page table lock.
 *
 * Left out: RLIMIT_MEMLOCK (root has none), mlockall(), MLOCK_ONFAULT, the unevictable list.
 */
#include "kernel/uapi.h"
#include "mm/mm.h"

/* => called with mmap_sem held for write; the pages that are there learn that a locked vma maps them, or does not */
static void mark_pages(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool lock)
{
	unsigned long addr = start, next;
	spinlock_t *ptl;
	pte_t *pte, entry;

	while (addr < end) {
		pte = pte_find(vma->vm_mm, addr, &ptl, &next);
		if (!pte) {
			addr = next;
			continue;
		}
		spin_lock(ptl);
		for (; addr < end && addr < next; addr += PAGE_SIZE, pte++) {
			entry = entry_read(pte);
			if (!pte_present(entry) || pte_special(entry))
				continue;
			if (lock)
				SetPageMlocked(pfn_to_page(pte_pfn(entry)));
			else
				ClearPageMlocked(pfn_to_page(pte_pfn(entry)));
		}
		spin_unlock(ptl);
	}
}

int do_mlock_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool lock)
{
	unsigned long newflags = lock ? vma->vm_flags | VM_LOCKED : vma->vm_flags & ~VM_LOCKED;
	unsigned long pages = (end - start) >> PAGE_SHIFT;
	int error;

	if (newflags == vma->vm_flags || (vma->vm_flags & (VM_SPECIAL | VM_HUGETLB)))
		return 0;
	vma = vma_modify(vma, start, end, newflags, &error);
	if (!vma)
		return error;
	if (vma->vm_flags != newflags) {
		vma->vm_flags = newflags;
		vma->vm_mm->locked_vm += lock ? pages : -pages;
	}
	mark_pages(vma, start, end, lock);
	return 0;
}

/* => mmap_sem held for write; 0 or -errno: what lies before a hole is done */
static int apply_vma_lock_flags(struct mm_struct *mm, unsigned long start, unsigned long end, bool lock)
{
	struct vm_area_struct *vma;
	unsigned long to;
	int error;

	for (; start < end; start = to) {
		vma = vma_lookup(mm, start);
		if (!vma)
			return -ENOMEM;
		to = end < vma->vm_end ? end : vma->vm_end;
		error = do_mlock_range(vma, start, to, lock);
		if (error)
			return error;
	}
	return 0;
}

/* => called with mmap_sem held for read; 0 or -errno. Private memory that may be written gets pages of its own */
static long populate_one(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	if (vma->vm_flags & (VM_IO | VM_PFNMAP))
		return 0;
	if (!vma_is_accessible(vma))
		return -EFAULT;
	return populate_vma_page_range(vma, start, end, (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE);
}

/* => called without locks; 0 or -errno, as far as it went */
static long populate(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	unsigned long to;
	long ret = 0;

	down_read(&mm->mmap_sem);
	for (vma = find_vma(mm, start); !ret && vma && vma->vm_start < end; vma = find_vma(mm, to)) {
		if (start < vma->vm_start)
			start = vma->vm_start;
		to = end < vma->vm_end ? end : vma->vm_end;
		ret = populate_one(vma, start, to);
		if (to == end)
			break;
		start = to;
	}
	up_read(&mm->mmap_sem);
	return ret;
}

long do_mlock(struct mm_struct *mm, unsigned long start, unsigned long len, bool lock)
{
	unsigned long end;
	long error;

	len = page_align(len + (start & ~PAGE_MASK));
	start &= PAGE_MASK;
	end = start + len;
	if (end < start)
		return -EINVAL;
	if (!len)
		return 0;
	down_write(&mm->mmap_sem);
	error = apply_vma_lock_flags(mm, start, end, lock);
	up_write(&mm->mmap_sem);
	if (error || !lock)
		return error;
	SYNC_LABEL("locked");
	error = populate(mm, start, end);
	if (error == -EFAULT)
		return -ENOMEM;
	return error == -ENOMEM ? -EAGAIN : error;
}
