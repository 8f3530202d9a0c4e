/* SPDX-License-Identifier: MIT */
/* provisional.c - stands in until the files that have these are there; weak, so that theirs win */
#include "kernel/sys.h"
#include "mm/mm.h"
#include "mm/protocols/cow.h"
#include "mm/protocols/dirty.h"

#define P __attribute__((weak))

P int anon_vma_prepare(struct vm_area_struct *vma)
{
	(void)vma;
	return 0;
}
P void anon_vma_link(struct vm_area_struct *vma)
{
	(void)vma;
}
P void anon_vma_unlink(struct vm_area_struct *vma)
{
	(void)vma;
}
P void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address,
			  bool exclusive)
{
	(void)vma;
	(void)address;
	(void)exclusive;
	atomic_inc(&page->_mapcount);
}
P void page_dup_rmap(struct page *page)
{
	atomic_inc(&page->_mapcount);
}
P void lru_cache_add(struct page *page)
{
	(void)page;
}
P void lru_cache_add_active(struct page *page)
{
	(void)page;
}
P void lru_add_drain(void)
{
}
P void mark_page_accessed(struct page *page)
{
	(void)page;
}
P void free_page_and_swap_cache(struct page *page)
{
	put_page(page);
}
P void swap_init(void)
{
}
P void swap_free(swp_entry_t entry)
{
	(void)entry;
}
P void swap_duplicate(swp_entry_t entry)
{
	(void)entry;
}
P void free_swap_and_cache(swp_entry_t entry)
{
	(void)entry;
}
P struct page *lookup_swap_cache(swp_entry_t entry)
{
	(void)entry;
	return NULL;
}
P struct page *read_swap_cache_async(swp_entry_t entry)
{
	(void)entry;
	return NULL;
}
P bool try_to_free_swap(struct page *page)
{
	(void)page;
	return false;
}
P void migration_entry_wait(struct mm_struct *mm, pte_t *ptep, spinlock_t *ptl)
{
	(void)mm;
	(void)ptep;
	(void)ptl;
}
P void file_update_time(struct inode *inode)
{
	(void)inode;
}
P struct file *get_file(struct file *file)
{
	return file;
}
P void fput(struct file *file)
{
	(void)file;
}
P bool set_page_dirty(struct page *page)
{
	return !PageDirty(page) && !TestSetPageDirty(page);
}
P struct file *shmem_file_setup(unsigned long size)
{
	(void)size;
	return NULL;
}
P bool shmem_mapping(const struct address_space *mapping)
{
	(void)mapping;
	return false;
}
P int filemap_write_and_wait_range(struct address_space *mapping, unsigned long start, unsigned long end)
{
	(void)mapping;
	(void)start;
	(void)end;
	return 0;
}
P long sys_fallocate(struct file *file, int mode, unsigned long offset, unsigned long len)
{
	(void)file;
	(void)mode;
	(void)offset;
	(void)len;
	return -EOPNOTSUPP;
}
P int isolate_lru_page(struct page *page)
{
	(void)page;
	return -EBUSY;
}
P unsigned long reclaim_pages(struct list_head *pages)
{
	(void)pages;
	return 0;
}
P long populate_vma_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool write)
{
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte;
	int ret;

	for (; start < end; start += PAGE_SIZE) {
		pte = pte_find(vma->vm_mm, start, &ptl, &next);
		while (!pte || !pte_present(entry_read(pte)) || (write && !pte_write(entry_read(pte)))) {
			ret = handle_mm_fault(vma->vm_mm, vma, start, write ? FAULT_FLAG_WRITE : 0);
			if (ret & VM_FAULT_ERROR)
				return ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT;
			pte = pte_find(vma->vm_mm, start, &ptl, &next);
		}
	}
	return 0;
}
P void mm_populate(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	unsigned long end = start + len, to;
	struct vm_area_struct *vma;

	down_read(&mm->mmap_sem);
	for (; start < end; start = to) {
		vma = find_vma_intersection(mm, start, end);
		if (!vma)
			break;
		if (vma->vm_start > start)
			start = vma->vm_start;
		to = vma->vm_end < end ? vma->vm_end : end;
		if (vma_is_accessible(vma))
			populate_vma_page_range(vma, start, to,
						(vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE);
	}
	up_read(&mm->mmap_sem);
}

P size_t copy_from_user(void *to, unsigned long from, size_t n)
{
	(void)to;
	(void)from;
	return n;
}
P size_t copy_to_user(unsigned long to, const void *from, size_t n)
{
	(void)to;
	(void)from;
	return n;
}

P void wait_on_page_writeback(struct page *page)
{
	bit_wait(PG_writeback, &page->flags, "writeback");
}
P void end_page_writeback(struct page *page)
{
	get_page(page);
	bit_unlock(PG_writeback, &page->flags);
	put_page(page);
}
P void set_page_writeback(struct page *page)
{
	bit_trylock(PG_writeback, &page->flags, "writeback");
}
P bool clear_page_dirty_for_io(struct page *page)
{
	if (page_mkclean(page))
		set_page_dirty(page);
	return TestClearPageDirty(page);
}
P bool page_maybe_dma_pinned(const struct page *page)
{
	return page_count(page) >= GUP_PIN_COUNTING_BIAS;
}
P struct vm_area_struct *vma_prev(const struct vm_area_struct *vma)
{
	struct rb_node *n = rb_prev(&vma->vm_rb);

	return n ? container_of(n, struct vm_area_struct, vm_rb) : NULL;
}
