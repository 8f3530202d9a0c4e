/* SPDX-License-Identifier: MIT */
/*
 * madvise.h - what madvise.c asks of madvise_pages.c
 *
 * => each called with mmap_sem held for read, [start, end) in vma; 0 or -errno
 */
#ifndef SIM_MM_MADVISE_H
#define SIM_MM_MADVISE_H

#include "kernel/sys.h"
#include "mm/mm.h"

int madvise_dontneed(struct vm_area_struct *vma, unsigned long start, unsigned long end);
int madvise_free(struct vm_area_struct *vma, unsigned long start, unsigned long end);
int madvise_cold_or_pageout(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool pageout);
int madvise_guard_install(struct vm_area_struct *vma, unsigned long start, unsigned long end);
int madvise_guard_remove(struct vm_area_struct *vma, unsigned long start, unsigned long end);
/* Reads in what is on swap. */
void swapin_range(struct vm_area_struct *vma, unsigned long start, unsigned long end);

#endif
