/* SPDX-License-Identifier: MIT */
/*
 * fremap.c - pages of a file in any order: remap_file_pages()
 *
 * Mirrors mm/fremap.c of 2.6.29: a mapping becomes nonlinear, its ptes say which page belongs there even while none is
 * mapped. Later kernels cut the mapping in pieces instead (4.0), and so did this one where dirty pages are counted, since
 * their cleaning looks at linear mappings only.
 *
 * I1: a vma is on i_mmap_nonlinear exactly when it has VM_NONLINEAR; both change together under i_mmap_lock.
 * I2: a pte of a nonlinear vma that is none stands for the page that its place says; any other has its page's index, in
 *     the page or in the pte.
 *
 * Lock order: mmap_sem, i_mmap_lock; mmap_sem, a page table lock.
 *
 * Left out: drivers' own nonlinear mappings.
 */
#include "kernel/uapi.h"
#include "mm/fault.h"
#include "mm/protocols/dirty.h"
#include "hw/mmu.h"
#include "hw/observer.h"

/* => called with the pte's lock held; what it maps goes. The page to be let go, or NULL */
static struct page *zap_pte(struct vm_area_struct *vma, pte_t *ptep, unsigned long addr)
{
	pte_t pte = entry_read(ptep);
	struct page *page;

	if (!pte_present(pte))
		return NULL;
	pte = ptep_get_and_clear(ptep);
	flush_tlb_page(vma, addr);
	page = vm_normal_page(vma, addr, pte);
	if (!page)
		return NULL;
	if (pte_dirty(pte))
		set_page_dirty(page);
	page_remove_rmap(page);
	add_mm_counter(vma->vm_mm, mm_counter_of(page), -1);
	return page;
}

/* => mmap_sem held; 0 or -ENOMEM */
static int install_file_pte(struct vm_area_struct *vma, unsigned long addr, unsigned long pgoff)
{
	struct page *page;
	spinlock_t *ptl;
	pte_t *pte;

	pte = pte_alloc_map(vma->vm_mm, addr, &ptl);
	if (!pte)
		return -ENOMEM;
	observe_revoke_begin(vma->vm_mm);
	spin_lock(ptl);
	page = zap_pte(vma, pte, addr);
	set_pte(pte, pgoff_to_pte(pgoff));
	spin_unlock(ptl);
	observe_revoke_end(vma->vm_mm);
	if (page)
		put_page(page);
	return 0;
}

/* => called with mmap_sem held for write */
static void make_nonlinear(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file->f_mapping;

	spin_lock(&mapping->i_mmap_lock);
	interval_tree_remove(&vma->shared, &mapping->i_mmap);
	vma->vm_flags |= VM_NONLINEAR;
	list_add_tail(&vma->nonlinear, &mapping->i_mmap_nonlinear);
	spin_unlock(&mapping->i_mmap_lock);
}

/* => mmap_sem held for write; another mapping in its place: 0 or -errno */
static int map_piece(struct vm_area_struct *vma, unsigned long start, unsigned long size, unsigned long pgoff)
{
	struct file *file = get_file(vma->vm_file);
	long ret = do_mmap(vma->vm_mm, file, start, size, vma->vm_flags & VM_ACCESS_FLAGS,
			   MAP_SHARED | MAP_FIXED, pgoff);

	fput(file);
	return ret < 0 ? (int)ret : 0;
}

/* => mmap_sem held for write; 0 or -errno. *populate: the range is to be faulted in */
static int remap(struct mm_struct *mm, unsigned long start, unsigned long size, unsigned long pgoff,
		 bool *populate)
{
	struct vm_area_struct *vma = vma_lookup(mm, start);
	int error = 0;

	if (!vma || !(vma->vm_flags & VM_SHARED) || (vma->vm_flags & VM_SPECIAL) || !vma->vm_file ||
	    start + size > vma->vm_end)
		return -EINVAL;
	if (pgoff == linear_page_index(vma, start) && !(vma->vm_flags & VM_NONLINEAR))
		return 0;
	if (this_machine->dirty->writenotify && !shmem_mapping(vma->vm_file->f_mapping))
		return map_piece(vma, start, size, pgoff);
	if (!(vma->vm_flags & VM_NONLINEAR))
		make_nonlinear(vma);
	for (unsigned long done = 0; done < size && !error; done += PAGE_SIZE)
		error = install_file_pte(vma, start + done, pgoff + (done >> PAGE_SHIFT));
	*populate = !error;
	return error;
}

long do_remap_file_pages(struct mm_struct *mm, unsigned long start, unsigned long size, unsigned long prot,
			 unsigned long pgoff, unsigned long flags)
{
	bool populate = false;
	int error;

	start &= PAGE_MASK;
	size &= PAGE_MASK;
	if (prot || start + size <= start || pgoff + (size >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	down_write(&mm->mmap_sem);
	error = remap(mm, start, size, pgoff, &populate);
	up_write(&mm->mmap_sem);
	SYNC_LABEL("remapped");
	if (populate && !(flags & MAP_NONBLOCK))
		mm_populate(mm, start, size);
	return error;
}
