/* SPDX-License-Identifier: MIT */
/* sys.c - system-call entry: takes the locks that the memory manager wants held; files: sys_file.c */
#include "kernel/sys.h"
#include "mm/mm.h"

long sys_mmap(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags,
	      struct file *file, unsigned long pgoff)
{
	struct mm_struct *mm = current->mm;
	long error;

	down_write(&mm->mmap_sem);
	error = do_mmap(mm, file, addr, len, prot, flags, pgoff);
	up_write(&mm->mmap_sem);
	return error;
}

long sys_munmap(unsigned long addr, unsigned long len)
{
	struct mm_struct *mm = current->mm;
	int error;

	down_write(&mm->mmap_sem);
	error = do_munmap(mm, addr, len);
	up_write(&mm->mmap_sem);
	return error;
}
