/* SPDX-License-Identifier: MIT */
/*
 * msync.c - what was written to mapped files goes to disk
 *
 * Mirrors mm/msync.c of 2.6.29 and 6.18: only MS_SYNC does anything, since dirty pages are counted as they become so.
 *
 * I1: mmap_sem is not held while a file is written: the file is held by a reference.
 *
 * Lock order: mmap_sem for read; none in the file's functions.
 *
 * Left out: metadata of files.
 */
#include "kernel/uapi.h"
#include "mm/mm.h"

/* => called without locks; 0 or -EIO. What tmpfs holds is nowhere else to go */
static int fsync_range(struct file *file, unsigned long start, unsigned long end)
{
	return shmem_mapping(file->f_mapping) ? 0 : filemap_write_and_wait_range(file->f_mapping, start, end);
}

/* => mmap_sem held for read, and again afterwards; what of [start, end) vma maps goes to disk: 0 or -EIO */
static int sync_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	unsigned long from = start - vma->vm_start + (vma->vm_pgoff << PAGE_SHIFT);
	struct mm_struct *mm = vma->vm_mm;
	struct file *file = get_file(vma->vm_file);
	int error;

	up_read(&mm->mmap_sem);
	error = fsync_range(file, from, from + (end - start) - 1);
	fput(file);
	down_read(&mm->mmap_sem);
	return error;
}

/* => called with mmap_sem held for read; 0 or -errno */
static int msync_range(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned long flags)
{
	int error, unmapped = 0;
	struct vm_area_struct *vma;
	unsigned long to;

	for (; start < end; start = to) {
		vma = find_vma(mm, start);
		if (!vma)
			return -ENOMEM;
		if (start < vma->vm_start) {
			if (flags == MS_ASYNC || vma->vm_start >= end)
				return -ENOMEM;
			start = vma->vm_start;
			unmapped = -ENOMEM;
		}
		if ((flags & MS_INVALIDATE) && (vma->vm_flags & VM_LOCKED))
			return -EBUSY;
		to = end < vma->vm_end ? end : vma->vm_end;
		if ((flags & MS_SYNC) && vma->vm_file && (vma->vm_flags & VM_SHARED)) {
			error = sync_vma(vma, start, to);
			if (error)
				return error;
		}
	}
	return unmapped;
}

long do_msync(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned long flags)
{
	unsigned long end;
	int error;

	if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) || (start & ~PAGE_MASK))
		return -EINVAL;
	if ((flags & MS_ASYNC) && (flags & MS_SYNC))
		return -EINVAL;
	end = start + page_align(len);
	if (end < start)
		return -ENOMEM;
	down_read(&mm->mmap_sem);
	error = msync_range(mm, start, end, flags);
	up_read(&mm->mmap_sem);
	return error;
}
