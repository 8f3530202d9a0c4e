/* SPDX-License-Identifier: MIT */
/* mmu.h - user-mode accesses, address space switches and TLB flushes */
#ifndef SIM_HW_MMU_H
#define SIM_HW_MMU_H

#include "kernel/uapi.h"
#include "mm/mm_types.h"

/*
 * One user-mode load or store by the running task, of n bytes that lie in one page. More than 8 is the kernel's copying.
 * => called without locks; may sleep in a fault. 0, or SIGSEGV or SIGBUS: then nothing was accessed
 */
int user_read(unsigned long addr, void *buf, size_t n);
int user_write(unsigned long addr, const void *buf, size_t n);

/*
 * Makes a CPU run on mm's tables (NULL: none), with an empty TLB.
 * => called on that CPU, or before it runs
 */
void switch_mm(int cpu, struct mm_struct *mm);

/*
 * Forget translations of [start, end) on every CPU that runs mm. Each returns when all have.
 * => called with interrupts on; the ptes have been changed. Spinlocks may be held, except one that another
 * CPU
 *    waits for with interrupts off
 */
void flush_tlb_range(struct mm_struct *mm, unsigned long start, unsigned long end);
void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr);
void flush_tlb_mm(struct mm_struct *mm);

#endif
