/* SPDX-License-Identifier: MIT */
/*
 * process_vm_access.c - reading and writing another process's memory: process_vm_readv(), process_vm_writev()
 *
 * Mirrors mm/process_vm_access.c of 6.18, with one range on each side. The other's pages are pinned, so many at a time,
 * then copied whole or in part; a pin for reading gives the other a page of its own first where the protocol has it so.
 *
 * I1: what was copied before something went wrong is what the call returns; only when that is nothing an error.
 * I2: the pages are pinned with mmap_sem held for read, and copied without: the copy may fault in the caller's memory.
 *
 * Lock order: mmap_sem of the other process alone.
 *
 * Left out: lists of ranges, access checks, the caller's range beyond what a copy touches.
 */
#include "hw/observer.h"
#include "kernel/sys.h"
#include "mm/mm.h"

#define PAGES_PER_STEP 16

struct process_vm {
	struct mm_struct *mm;
	unsigned long user, remote;
	size_t left;
	bool write;
};

/* => n bytes at offset of a page that is pinned; moves on by what was copied; false: less than n */
static bool copy_page_part(struct process_vm *p, struct page *page, size_t offset, size_t n)
{
	u8 buf[PAGE_SIZE], *at = (u8 *)page_address(page) + offset;
	size_t copied;

	if (p->write) {
		copied = n - copy_from_user(buf, p->user, n);
		if (copied)
			write_held_page(p->mm, p->remote, page, buf, copied);
	} else {
		content_read(buf, at, n);
		copied = n - copy_to_user(p->user, buf, n);
	}
	p->user += copied;
	p->remote += copied;
	p->left -= copied;
	return copied == n;
}

/* => the pages from p->remote on are pinned; false: the caller's memory could not be accessed */
static bool copy_pinned(struct process_vm *p, struct page **pages, long nr)
{
	for (long i = 0; i < nr; i++) {
		size_t offset = p->remote & ~PAGE_MASK, n = PAGE_SIZE - offset;

		if (!copy_page_part(p, pages[i], offset, n < p->left ? n : p->left))
			return false;
	}
	return true;
}

/* => some pages at p->remote are copied; false: no more can be */
static bool copy_step(struct process_vm *p)
{
	struct page *pages[PAGES_PER_STEP];
	unsigned long nr = ((p->remote & ~PAGE_MASK) + p->left + PAGE_SIZE - 1) >> PAGE_SHIFT;
	long pinned;
	bool ok;

	if (nr > PAGES_PER_STEP)
		nr = PAGES_PER_STEP;
	down_read(&p->mm->mmap_sem);
	pinned = pin_user_pages(p->mm, p->remote, nr, FOLL_REMOTE | (p->write ? FOLL_WRITE : 0), pages);
	up_read(&p->mm->mmap_sem);
	if (pinned <= 0)
		return false;
	SYNC_LABEL("pinned");
	ok = copy_pinned(p, pages, pinned);
	unpin_user_pages_dirty_lock(pages, (unsigned long)pinned, p->write);
	return ok;
}

static long process_vm_rw(struct mm_struct *mm, unsigned long user, unsigned long remote, size_t n,
			  bool write)
{
	struct process_vm p = { mm, user, remote, n, write };

	if (user >= TASK_SIZE || n > TASK_SIZE - user)
		return -EFAULT;
	while (p.left && copy_step(&p))
		;
	return p.left < n || !n ? (long)(n - p.left) : -EFAULT;
}

long sys_process_vm_read(struct mm_struct *mm, unsigned long user, unsigned long remote, size_t n)
{
	return process_vm_rw(mm, user, remote, n, false);
}

long sys_process_vm_write(struct mm_struct *mm, unsigned long user, unsigned long remote, size_t n)
{
	return process_vm_rw(mm, user, remote, n, true);
}
