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
P bool transhuge_vma_suitable(const struct vm_area_struct *vma, unsigned long address)
{
	(void)vma;
	(void)address;
	return false;
}
P int do_huge_pmd_anonymous_page(struct vm_fault *vmf)
{
	(void)vmf;
	return VM_FAULT_FALLBACK;
}
P int do_huge_pmd_wp_page(struct vm_fault *vmf, pmd_t orig)
{
	(void)vmf;
	(void)orig;
	return VM_FAULT_FALLBACK;
}
P int copy_huge_pmd(struct mm_struct *dst, struct mm_struct *src, pmd_t *dst_pmd, pmd_t *src_pmd,
		    unsigned long addr, struct vm_area_struct *vma)
{
	(void)dst;
	(void)src;
	(void)dst_pmd;
	(void)src_pmd;
	(void)addr;
	(void)vma;
	return -EAGAIN;
}
P bool zap_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr)
{
	(void)tlb;
	(void)vma;
	(void)pmd;
	(void)addr;
	return false;
}
P void split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr)
{
	(void)vma;
	(void)pmd;
	(void)addr;
}
P int hugetlb_fault(struct vm_fault *vmf)
{
	(void)vmf;
	return VM_FAULT_SIGBUS;
}
P int copy_hugetlb_page_range(struct mm_struct *dst, struct mm_struct *src, struct vm_area_struct *vma)
{
	(void)dst;
	(void)src;
	(void)vma;
	return 0;
}
P void unmap_hugepage_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	(void)vma;
	(void)start;
	(void)end;
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
P bool can_share_swap_page(struct page *page)
{
	return page_mapcount(page) <= 1;
}
P void page_move_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address)
{
	(void)vma;
	(void)address;
	SetPageAnonExclusive(page);
}
P struct file *shmem_file_setup(unsigned long size)
{
	(void)size;
	return NULL;
}
P long sys_mprotect(unsigned long start, unsigned long len, unsigned long prot)
{
	(void)start;
	(void)len;
	(void)prot;
	return -ENOSYS;
}
P long sys_madvise(unsigned long start, unsigned long len, int behaviour)
{
	(void)start;
	(void)len;
	(void)behaviour;
	return -ENOSYS;
}
P long sys_mremap(unsigned long addr, unsigned long old_len, unsigned long new_len, unsigned long flags,
		  unsigned long new_addr)
{
	(void)addr;
	(void)old_len;
	(void)new_len;
	(void)flags;
	(void)new_addr;
	return -ENOSYS;
}
P long sys_fsync(struct file *file)
{
	(void)file;
	return -ENOSYS;
}
P long sys_pread(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	(void)file;
	(void)user;
	(void)n;
	(void)pos;
	return -ENOSYS;
}
P long sys_pwrite(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	(void)file;
	(void)user;
	(void)n;
	(void)pos;
	return -ENOSYS;
}
