/* SPDX-License-Identifier: MIT */
/*
 * madvise.c - what a process says about its memory: advice that changes vmas, and the order of things
 *
 * Mirrors mm/madvise.c in its advices, checks and errors of 6.18. What is done to pages is in madvise_pages.c.
 *
 * I1: a range with holes is done as far as it is mapped, and then the call fails with -ENOMEM; an advice that a vma
 *     refuses ends the call there, what came before stays done. Faulting in stops at a hole.
 * I2: mmap_sem is held for write where vmas change, for read where only ptes do, and not at all in a file's own
 *     functions, which take i_mutex: the file is held by a reference meanwhile (2.6.21, 3.6).
 *
 * Lock order: mmap_sem, then as the functions called.
 *
 * Left out: MADV_COLLAPSE, MADV_HWPOISON, MADV_DONTDUMP, MADV_DONTNEED_LOCKED, process_madvise().
 */
#include "kernel/uapi.h"
#include "mm/madvise.h"

static bool behaviour_valid(int behaviour)
{
	switch (behaviour) {
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_REMOVE:
	case MADV_DONTFORK:
	case MADV_DOFORK:
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
	case MADV_WIPEONFORK:
	case MADV_KEEPONFORK:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_POPULATE_READ:
	case MADV_POPULATE_WRITE:
	case MADV_GUARD_INSTALL:
	case MADV_GUARD_REMOVE:
		return true;
	default:
		return false;
	}
}

/* ---- advice that is kept in the vma ------------------------------------------------------------------------------------ */

/* Whether madvise() works with mmap_sem held for write. */
static bool changes_vma(int behaviour)
{
	switch (behaviour) {
	case MADV_WILLNEED:
	case MADV_DONTNEED:
	case MADV_FREE:
	case MADV_REMOVE:
	case MADV_COLD:
	case MADV_PAGEOUT:
	case MADV_GUARD_INSTALL:
	case MADV_GUARD_REMOVE:
		return false;
	default:
		return true;
	}
}

#define KSM_NEVER (VM_SHARED | VM_MAYSHARE | VM_SPECIAL | VM_HUGETLB)

/* => 0 and *flags as the advice has them, or -EINVAL */
static int new_flags(const struct vm_area_struct *vma, int behaviour, unsigned long *flags)
{
	*flags = vma->vm_flags;
	switch (behaviour) {
	case MADV_NORMAL:
		*flags &= ~(VM_RAND_READ | VM_SEQ_READ);
		break;
	case MADV_RANDOM:
		*flags = (*flags & ~VM_SEQ_READ) | VM_RAND_READ;
		break;
	case MADV_SEQUENTIAL:
		*flags = (*flags & ~VM_RAND_READ) | VM_SEQ_READ;
		break;
	case MADV_DONTFORK:
		*flags |= VM_DONTCOPY;
		break;
	case MADV_DOFORK:
		if (*flags & VM_SPECIAL)
			return -EINVAL;
		*flags &= ~VM_DONTCOPY;
		break;
	case MADV_WIPEONFORK:
		if (vma->vm_file || (*flags & VM_SHARED))
			return -EINVAL;
		*flags |= VM_WIPEONFORK;
		break;
	case MADV_KEEPONFORK:
		*flags &= ~VM_WIPEONFORK;
		break;
	case MADV_HUGEPAGE:
		*flags = (*flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE;
		break;
	case MADV_NOHUGEPAGE:
		*flags = (*flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE;
		break;
	case MADV_MERGEABLE:
		if (!(*flags & KSM_NEVER))
			*flags |= VM_MERGEABLE;
		break;
	case MADV_UNMERGEABLE:
		*flags &= ~VM_MERGEABLE;
		break;
	}
	return 0;
}

/* => mmap_sem held for write; 0 or -errno */
static int madvise_behaviour(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			     int behaviour)
{
	unsigned long flags;
	int error = new_flags(vma, behaviour, &flags);

	if (error || flags == vma->vm_flags)
		return error;
	if (behaviour == MADV_UNMERGEABLE)
		error = unmerge_ksm_pages(vma, start, end);
	if (error)
		return error;
	vma = vma_modify(vma, start, end, flags, &error);
	if (vma)
		vma->vm_flags = flags;
	return error;
}

/* ---- advice that goes to the file -------------------------------------------------------------------------------------------- */

/* => mmap_sem held for read, and dropped meanwhile; 0 or -errno */
static int madvise_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct mm_struct *mm = vma->vm_mm;
	struct file *file = vma->vm_file;
	unsigned long offset;
	int error;

	if ((vma->vm_flags & VM_LOCKED) || !file)
		return -EINVAL;
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) != (VM_SHARED | VM_MAYWRITE))
		return -EACCES;
	offset = linear_page_index(vma, start) << PAGE_SHIFT;
	get_file(file);
	up_read(&mm->mmap_sem);
	error = (int)sys_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, end - start);
	fput(file);
	down_read(&mm->mmap_sem);
	return error;
}

/* => mmap_sem held for read, and dropped meanwhile; 0: what cannot be read now is not missed */
static int madvise_willneed(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct mm_struct *mm = vma->vm_mm;
	struct file *file = vma->vm_file;
	unsigned long index, last;
	struct page *page;

	if (!file || shmem_mapping(file->f_mapping)) {
		swapin_range(vma, start, end);
		return 0;
	}
	index = linear_page_index(vma, start);
	last = index + ((end - start) >> PAGE_SHIFT);
	get_file(file);
	up_read(&mm->mmap_sem);
	for (; index < last && index << PAGE_SHIFT < i_size_read(file->f_inode); index++) {
		page = find_get_page(file->f_mapping, index);
		if (page)
			put_page(page);
		else if (page_cache_read(file, index))
			break;
	}
	fput(file);
	down_read(&mm->mmap_sem);
	return 0;
}

/* ---- the call ---------------------------------------------------------------------------------------------------------------- */

/* => mmap_sem held as changes_vma() says; 0 or -errno */
static int madvise_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end, int behaviour)
{
	switch (behaviour) {
	case MADV_WILLNEED:
		return madvise_willneed(vma, start, end);
	case MADV_REMOVE:
		return madvise_remove(vma, start, end);
	case MADV_DONTNEED:
		return madvise_dontneed(vma, start, end);
	case MADV_FREE:
		return madvise_free(vma, start, end);
	case MADV_COLD:
	case MADV_PAGEOUT:
		return madvise_cold_or_pageout(vma, start, end, behaviour == MADV_PAGEOUT);
	case MADV_GUARD_INSTALL:
		return madvise_guard_install(vma, start, end);
	case MADV_GUARD_REMOVE:
		return madvise_guard_remove(vma, start, end);
	default:
		return madvise_behaviour(vma, start, end, behaviour);
	}
}

/* => mmap_sem held as changes_vma() says; vmas may change under the advice, so each is looked up anew */
static int madvise_walk_vmas(struct mm_struct *mm, unsigned long start, unsigned long end, int behaviour)
{
	struct vm_area_struct *vma;
	int error, unmapped = 0;
	unsigned long to;

	for (;;) {
		vma = find_vma(mm, start);
		if (!vma || vma->vm_start >= end)
			return -ENOMEM;
		if (start < vma->vm_start) {
			unmapped = -ENOMEM;
			start = vma->vm_start;
		}
		to = end < vma->vm_end ? end : vma->vm_end;
		error = madvise_vma(vma, start, to, behaviour);
		if (error)
			return error;
		if (to == end)
			return unmapped;
		start = to;
	}
}

/* => mmap_sem held for read; 0 or -errno, as far as it went */
static int madvise_populate(struct mm_struct *mm, unsigned long start, unsigned long end, bool write)
{
	struct vm_area_struct *vma;
	unsigned long to;
	int error;

	for (; start < end; start = to) {
		vma = vma_lookup(mm, start);
		if (!vma)
			return -ENOMEM;
		if ((vma->vm_flags & (VM_IO | VM_PFNMAP)) || !(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
			return -EINVAL;
		to = end < vma->vm_end ? end : vma->vm_end;
		error = (int)populate_vma_page_range(vma, start, to, write);
		if (error)
			return error;
	}
	return 0;
}

long do_madvise(struct mm_struct *mm, unsigned long start, unsigned long len, int behaviour)
{
	unsigned long end = start + page_align(len);
	int error;

	if (!behaviour_valid(behaviour) || (start & ~PAGE_MASK) || (len && !page_align(len)) || end < start)
		return -EINVAL;
	if (end == start)
		return 0;
	if (behaviour == MADV_POPULATE_READ || behaviour == MADV_POPULATE_WRITE) {
		down_read(&mm->mmap_sem);
		error = madvise_populate(mm, start, end, behaviour == MADV_POPULATE_WRITE);
		up_read(&mm->mmap_sem);
	} else if (changes_vma(behaviour)) {
		down_write(&mm->mmap_sem);
		error = madvise_walk_vmas(mm, start, end, behaviour);
		up_write(&mm->mmap_sem);
	} else {
		down_read(&mm->mmap_sem);
		error = madvise_walk_vmas(mm, start, end, behaviour);
		up_read(&mm->mmap_sem);
	}
	return error;
}
