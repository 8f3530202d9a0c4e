/* SPDX-License-Identifier: MIT */
/*
 * sys_mm.c - the system calls on the running task's memory
 *
 * Mirrors the entries of mm/mmap.c, mremap.c, mprotect.c, madvise.c, mlock.c, mincore.c, msync.c and fremap.c: they take
 * mmap_sem, and what is to be faulted in is so after it was dropped.
 *
 * Lock order: mmap_sem, outermost.
 *
 * Left out: descriptors (a file is passed as what it is), interrupted calls.
 */
#include "kernel/sys.h"
#include "kernel/uapi.h"
#include "mm/mm.h"

long sys_mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags,
	      struct file *file, unsigned long pgoff)
{
	struct mm_struct *mm = current->mm;
	bool populate;
	long ret;

	down_write(&mm->mmap_sem);
	ret = do_mmap(mm, file, addr, len, prot, flags, pgoff);
	populate = (flags & MAP_LOCKED) || mm->def_flags & VM_LOCKED ||
		   (flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE;
	up_write(&mm->mmap_sem);
	SYNC_LABEL("mapped");
	if (ret >= 0 && populate)
		mm_populate(mm, (unsigned long)ret, page_align(len));
	return ret;
}

long sys_munmap(unsigned long addr, unsigned long len)
{
	return vm_munmap_downgrade(current->mm, addr, len);
}

long sys_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len, unsigned long flags,
		unsigned long new_addr)
{
	struct mremap_args args = { addr, old_len, new_len, flags, new_addr, .populate = 0 };
	struct mm_struct *mm = current->mm;
	long ret;

	down_write(&mm->mmap_sem);
	ret = do_mremap(mm, &args);
	up_write(&mm->mmap_sem);
	if (ret >= 0 && args.populate_len)
		mm_populate(mm, args.populate, args.populate_len);
	return ret;
}

long sys_mprotect(unsigned long start, unsigned long len, unsigned long prot)
{
	return do_mprotect(current->mm, start, len, prot);
}

long sys_madvise(unsigned long start, unsigned long len, int behaviour)
{
	return do_madvise(current->mm, start, len, behaviour);
}

long sys_msync(unsigned long start, unsigned long len, unsigned long flags)
{
	return do_msync(current->mm, start, len, flags);
}

long sys_mlock(unsigned long start, unsigned long len)
{
	return do_mlock(current->mm, start, len, true);
}

long sys_munlock(unsigned long start, unsigned long len)
{
	return do_mlock(current->mm, start, len, false);
}

long sys_mincore(unsigned long start, unsigned long len, u8 *vec)
{
	return do_mincore(current->mm, start, len, vec);
}

long sys_remap_file_pages(unsigned long start, unsigned long size, unsigned long prot, unsigned long pgoff,
			  unsigned long flags)
{
	return do_remap_file_pages(current->mm, start, size, prot, pgoff, flags);
}
