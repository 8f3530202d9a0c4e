/* SPDX-License-Identifier: MIT */
/* mm_thp.h - what the tests of transparent huge pages share */
#ifndef TESTS_UNIT_MM_THP_H
#define TESTS_UNIT_MM_THP_H

#include "mm_huge.h"

#define HUGE (PRIVATE | VM_HUGEPAGE)
#define PART(n) (HADDR + (n)*PAGE_SIZE)

static inline struct vm_area_struct *map_huge(void)
{
	return map_range(HADDR, HPAGE_SIZE, HUGE);
}

/* The first block that is handed out. */
static inline unsigned long huge_pfn(void)
{
	return (this_machine->nr_frames & ~(HPAGE_NR - 1)) - HPAGE_NR;
}

static inline struct mm_struct *fork_one(void)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(&child));
	return child;
}

static inline struct page *pin(unsigned long addr)
{
	struct page *page;

	BUG_ON(pin_user_pages_fast(addr, 1, FOLL_WRITE, &page) != 1);
	return page;
}

/* Small pages at 1 and 300, and a hole that was read at 2. */
static inline struct vm_area_struct *small_pages(void)
{
	struct vm_area_struct *vma = map_range(HADDR, HPAGE_SIZE, PRIVATE);

	store(PART(1), 7);
	store(PART(300), 8);
	BUG_ON(load(PART(2)));
	vma->vm_flags = HUGE;
	return vma;
}

#endif
