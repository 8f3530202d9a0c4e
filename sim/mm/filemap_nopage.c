/* SPDX-License-Identifier: MIT */
/*
 * filemap_nopage.c - a page of the pagecache for a fault, in two shapes
 *
 * Mirrors filemap_nopage() of 2.6.18 (unlocked) and filemap_fault() of 2.6.23 (locked).
 *
 * I1: the index was below i_size at some moment after the fault began. The locked shape looks again with
 *     the page lock held, which truncation needs to drop the page: so it stays below for as long as the
 *     lock is held, or truncation waits for the lock to drop the page.
 *
 * Lock order: called with mmap_sem held, takes the page lock, then tree_lock.
 *
 * Left out: readahead, a second try after an I/O error, accounting.
 */
#include "mm/mm.h"
#include "mm/protocols/invalidate.h"

static unsigned long fault_index(const struct vm_area_struct *vma, unsigned long address)
{
	return ((address - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

/* Lockless on purpose: i_size may shrink beside it at any time. */
static bool inside_i_size(const struct address_space *mapping, unsigned long index)
{
	bool inside = index < (i_size_read(mapping->host) + PAGE_SIZE - 1) >> PAGE_SHIFT;

	SYNC_LABEL("size_seen");
	return inside;
}

/* => drops the reference; true when it is worth looking again, false: I/O error */
static bool make_uptodate(struct file *file, struct page *page)
{
	bool again = true;

	lock_page(page);
	if (page->mapping && !PageUptodate(page)) {
		again = !file->f_mapping->a_ops->readpage(file, page);
		wait_on_page_locked(page);
		again = again && PageUptodate(page);
	} else {
		unlock_page(page);
	}
	page_cache_release(page);
	return again;
}

struct page *filemap_nopage_unlocked(struct vm_area_struct *vma, unsigned long address)
{
	struct address_space *mapping = vma->vm_file->f_mapping;
	unsigned long index = fault_index(vma, address);
	struct page *page;
	int error;

	while (inside_i_size(mapping, index)) {
		page = find_get_page(mapping, index);
		if (!page) {
			error = page_cache_read(vma->vm_file, index);
			if (error)
				return error == -ENOMEM ? NOPAGE_OOM : NOPAGE_SIGBUS;
			page = find_get_page(mapping, index);
			if (!page)
				continue;
		}
		if (likely(PageUptodate(page)))
			return page;
		if (!make_uptodate(vma->vm_file, page))
			return NOPAGE_SIGBUS;
	}
	return NOPAGE_SIGBUS;
}

/*
 * => the page locked and uptodate, or NOPAGE_* A page that was read in may be gone again. The kernel then
 * reads anew without another look at i_size, so that a fault and a truncation could keep each other busy
 * for ever; here a second reading looks first, and the number of interleavings is finite.
 */
static struct page *find_uptodate_locked(struct vm_area_struct *vma, unsigned long index)
{
	struct file *file = vma->vm_file;
	bool retried = false;
	struct page *page;
	int error;

	for (;;) {
		page = find_lock_page(file->f_mapping, index);
		if (page && PageUptodate(page))
			return page;
		if (page) {
			unlock_page(page);
			if (!make_uptodate(file, page))
				return NOPAGE_SIGBUS;
			continue;
		}
		if (retried && !inside_i_size(file->f_mapping, index))
			return NOPAGE_SIGBUS;
		retried = true;
		error = page_cache_read(file, index);
		if (error)
			return error == -ENOMEM ? NOPAGE_OOM : NOPAGE_SIGBUS;
	}
}

struct page *filemap_nopage_locked_norecheck(struct vm_area_struct *vma, unsigned long address)
{
	unsigned long index = fault_index(vma, address);

	if (!inside_i_size(vma->vm_file->f_mapping, index))
		return NOPAGE_SIGBUS;
	return find_uptodate_locked(vma, index);
}

struct page *filemap_nopage_locked(struct vm_area_struct *vma, unsigned long address)
{
	struct page *page = filemap_nopage_locked_norecheck(vma, address);

	if (page == NOPAGE_SIGBUS || page == NOPAGE_OOM)
		return page;
	if (unlikely(!inside_i_size(vma->vm_file->f_mapping, fault_index(vma, address)))) {
		unlock_page(page);
		page_cache_release(page);
		return NOPAGE_SIGBUS;
	}
	return page;
}

/* The protocol chooses the shape. */
struct page *filemap_nopage(struct vm_area_struct *vma, unsigned long address)
{
	return machine_const(invalidate)->nopage(vma, address);
}

const struct vm_operations_struct generic_file_vm_ops = {
	.nopage = filemap_nopage,
	.map_pages = filemap_map_pages,
};
