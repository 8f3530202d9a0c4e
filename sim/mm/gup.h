/* SPDX-License-Identifier: MIT */
/* gup.h - pages of a process, for the kernel and for devices: get_user_pages() and pins. gup.c, gup_fast.c */
#ifndef SIM_MM_GUP_H
#define SIM_MM_GUP_H

#include "mm/mm_types.h"

#define FOLL_WRITE 0x01u       /* the page will be written */
#define FOLL_TOUCH 0x02u       /* mark it accessed */
#define FOLL_GET 0x04u	       /* take a reference */
#define FOLL_DUMP 0x08u	       /* -EFAULT for holes rather than the zero page */
#define FOLL_FORCE 0x10u       /* whatever the protection says: ptrace */
#define FOLL_NOFAULT 0x20u     /* only what is there */
#define FOLL_COW 0x40u	       /* own: copy on write was broken; the mapping need not be writable any more */
#define FOLL_LONGTERM 0x100u   /* for as long as somebody likes */
#define FOLL_PIN 0x200u	       /* take a pin: unpin_user_page() undoes it */
#define FOLL_REMOTE 0x400u     /* another process's memory */
#define FOLL_UNLOCKABLE 0x800u /* own: mmap_sem may be dropped and taken again */

/* What a pin adds to _count: many references look like a pin, never the other way about. */
#define GUP_PIN_COUNTING_BIAS 1024

/*
 * The pages of [start, start + nr pages), with what flags ask for.
 * => mmap_sem held for read; how many, at least 1, or -EFAULT, -ENOMEM, -EBUSY
 */
long get_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned flags,
		    struct page **pages);
/* The same of the running task's mm. => called without locks; walks the tables with interrupts off first */
long get_user_pages_fast(unsigned long start, unsigned long nr, unsigned flags, struct page **pages);
/* FOLL_PIN, with the protocol's (axis pin) way of pinning. => as the two above */
long pin_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned flags,
		    struct page **pages);
long pin_user_pages_fast(unsigned long start, unsigned long nr, unsigned flags, struct page **pages);
void unpin_user_page(struct page *page);
void unpin_user_pages_dirty_lock(struct page **pages, unsigned long nr, bool dirty);
bool page_maybe_dma_pinned(const struct page *page);
/* A page of mm is about to be pinned, for the first time perhaps: fork asks. */
void mm_set_has_pinned(struct mm_struct *mm);
/* => called without spinlocks, a reference or pin held */
void set_page_dirty_lock(struct page *page);
/*
 * The kernel stores n bytes to a page that is held, where addr is in it: as mm's memory, or, mm NULL, a device's store.
 * => called with a reference or pin; in one page
 */
void write_held_page(const struct mm_struct *mm, unsigned long addr, struct page *page, const void *buf,
		     size_t n);

/* The error that stands in a page's place, or 0. */
static inline long gup_error(const struct page *page)
{
	long error = (long)page;

	return error < 0 && error >= -4095 ? error : 0;
}

/* The page at an address as flags want it, or NULL: to be faulted, or an error code as pointer. => mmap_sem held */
struct page *follow_page(struct vm_area_struct *vma, unsigned long address, unsigned flags);

/*
 * Copies n bytes between a kernel buffer and another process's memory: ptrace, /proc/PID/mem.
 * => called without locks; how many were copied
 */
long access_process_vm(struct mm_struct *mm, unsigned long addr, void *buf, size_t n, unsigned gup_flags);
/*
 * Faults in [start, end), as if read or written: MAP_POPULATE, mlock, MADV_POPULATE_*. A mapping that may be accessed
 * in some way is populated whatever it grants. => mmap_sem held for read; 0 or -EFAULT, -ENOMEM
 */
long populate_vma_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool write);
/*
 * Populates the vmas of [start, start + len): private writable ones as if written. => called without locks; errors are
 * dropped
 */
void mm_populate(struct mm_struct *mm, unsigned long start, unsigned long len);

#endif
