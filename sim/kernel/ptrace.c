/* SPDX-License-Identifier: MIT */
/*
 * ptrace.c - a debugger's access to another process's memory, whatever its protection says
 *
 * Mirrors access_process_vm() of mm/memory.c of 2.6.29 and mem_rw() of fs/proc/base.c of 6.18.
 *
 * I1: a store to a private mapping goes to a copy of the process's own, also where the process may not write: never to
 *     the page of a file that the copy was made from (axis cow says how that is known).
 * I2: a page is held by a reference while it is accessed; mmap_sem is held too, as the kernel has it.
 *
 * Lock order: mmap_sem of the other process for read, page lock (set_page_dirty_lock).
 *
 * Left out: access checks, ->access of drivers' mappings, instruction caches.
 */
#include "hw/observer.h"
#include "kernel/sys.h"
#include "mm/mm.h"

void write_held_page(const struct mm_struct *mm, unsigned long addr, struct page *page, const void *buf,
		     size_t n)
{
	observe_access_begin();
	content_write((u8 *)page_address(page) + (addr & ~PAGE_MASK), buf, n);
	observe_held_store(mm, addr, page, buf, n);
	observe_access_end();
}

long access_process_vm(struct mm_struct *mm, unsigned long addr, void *buf, size_t n, unsigned gup_flags)
{
	size_t done = 0, offset, part;
	struct page *page;

	down_read(&mm->mmap_sem);
	for (; done < n; done += part, addr += part) {
		if (get_user_pages(mm, addr, 1, gup_flags | FOLL_REMOTE, &page) <= 0)
			break;
		SYNC_LABEL("got_user_page");
		offset = addr & ~PAGE_MASK;
		part = n - done < PAGE_SIZE - offset ? n - done : PAGE_SIZE - offset;
		if (gup_flags & FOLL_WRITE) {
			write_held_page(mm, addr, page, (u8 *)buf + done, part);
			set_page_dirty_lock(page);
		} else {
			content_read((u8 *)buf + done, (u8 *)page_address(page) + offset, part);
		}
		put_page(page);
	}
	up_read(&mm->mmap_sem);
	return (long)done;
}

/* => the count, -EIO when nothing could be accessed */
static long mem_rw(struct mm_struct *mm, unsigned long remote, void *buf, size_t n, unsigned flags)
{
	long done = access_process_vm(mm, remote, buf, n, flags | FOLL_FORCE);

	return done || !n ? done : -EIO;
}

long sys_peek(struct mm_struct *mm, unsigned long remote, void *buf, size_t n)
{
	return mem_rw(mm, remote, buf, n, 0);
}

long sys_poke(struct mm_struct *mm, unsigned long remote, const void *buf, size_t n)
{
	return mem_rw(mm, remote, (void *)(uintptr_t)buf, n, FOLL_WRITE);
}
