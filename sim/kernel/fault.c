/* SPDX-License-Identifier: MIT */
/*
 * fault.c - the page fault as the CPU delivers it
 *
 * Mirrors do_page_fault() of arch/x86_64/mm/fault.c of 2.6.29.
 *
 * Lock order: mmap_sem for read, outermost.
 *
 * Left out: faults on kernel addresses, OOM kills (reported as SIGBUS), growing a stack under mmap_sem for write (6.5).
 */
#include "hw/mmu.h"
#include "mm/mm.h"

static bool allowed(const struct vm_area_struct *vma, bool write)
{
	return vma->vm_flags & (write ? VM_WRITE : VM_READ | VM_WRITE | VM_EXEC);
}

/* => called with mmap_sem held; the vma that address lies in, perhaps grown down to it, or NULL */
static struct vm_area_struct *vma_of(struct mm_struct *mm, unsigned long address)
{
	struct vm_area_struct *vma = find_vma(mm, address);

	if (!vma || vma->vm_start <= address)
		return vma;
	if (!(vma->vm_flags & VM_GROWSDOWN) || expand_stack(vma, address))
		return NULL;
	return vma;
}

/* => a signal, its code noted; or 0 */
static int signal_of(int ret)
{
	if (!(ret & VM_FAULT_ERROR))
		return 0;
	current->sig_code = ret & VM_FAULT_SIGSEGV ? SEGV_MAPERR : BUS_ADRERR;
	return ret & VM_FAULT_SIGSEGV ? SIGSEGV : SIGBUS;
}

int do_page_fault(unsigned long address, bool write)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	int ret;

	if (!mm) {
		current->sig_code = SEGV_MAPERR;
		return SIGSEGV;
	}
	down_read(&mm->mmap_sem);
	vma = vma_of(mm, address);
	if (!vma || !allowed(vma, write)) {
		current->sig_code = vma ? SEGV_ACCERR : SEGV_MAPERR;
		up_read(&mm->mmap_sem);
		return SIGSEGV;
	}
	ret = handle_mm_fault(mm, vma, address, FAULT_FLAG_USER | (write ? FAULT_FLAG_WRITE : 0));
	up_read(&mm->mmap_sem);
	return signal_of(ret);
}
