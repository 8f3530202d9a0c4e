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
P int expand_stack(struct vm_area_struct *vma, unsigned long address)
{
	(void)vma;
	(void)address;
	return -ENOMEM;
}
P struct vm_area_struct *vma_next(const struct vm_area_struct *vma)
{
	struct rb_node *n = rb_next(&vma->vm_rb);

	return n ? container_of(n, struct vm_area_struct, vm_rb) : NULL;
}
P struct vm_area_struct *vma_first(const struct mm_struct *mm)
{
	struct rb_node *n = mm->mm_rb.rb_node;

	while (n && n->rb_left)
		n = n->rb_left;
	return n ? container_of(n, struct vm_area_struct, vm_rb) : NULL;
}
P void exit_mmap(struct mm_struct *mm)
{
	do_munmap(mm, 0, TASK_SIZE);
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
