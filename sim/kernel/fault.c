/* SPDX-License-Identifier: MIT */
/*
 * fault.c - the page fault as the CPU delivers it
 *
 * Mirrors do_page_fault() of arch/x86_64/mm/fault.c of 2.6.18, for faults of user mode.
 *
 * Lock order: mmap_sem for read, outermost.
 *
 * Left out: kernel-mode faults, exception tables, growing stacks, OOM kills (reported as SIGBUS).
 */
#include "hw/mmu.h"
#include "mm/mm.h"

static bool allowed(const struct vm_area_struct *vma, bool write)
{
	return vma->vm_flags & (write ? VM_WRITE : VM_READ | VM_WRITE | VM_EXEC);
}

int do_page_fault(unsigned long address, bool write)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int ret, sig = 0;

	if (!mm)
		return SIGSEGV;
	down_read(&mm->mmap_sem);
	vma = find_vma(mm, address);
	if (!vma || vma->vm_start > address || !allowed(vma, write)) {
		up_read(&mm->mmap_sem);
		return SIGSEGV;
	}
	ret = handle_mm_fault(mm, vma, address, write);
	if (ret != VM_FAULT_MINOR)
		sig = SIGBUS;
	up_read(&mm->mmap_sem);
	return sig;
}
