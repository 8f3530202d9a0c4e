/* SPDX-License-Identifier: MIT */
/*
 * fault_swap.c - a fault on an entry whose page is on swap, is moving, or must not be touched
 *
 * Mirrors do_swap_page() of mm/memory.c of 2.6.29; markers and the exclusive bit of swap entries are 6.x's.
 *
 * I1: the page lock is held from before the swap cache is looked at for good until the pte is set, so that the page
 *     stays in the swap cache, and its entry stands for it.
 * I2: the entry is counted down only after the pte that held it shows the page.
 *
 * Lock order: mmap_sem, page lock, page table lock.
 *
 * Left out: readahead, swap cgroups, swap-ins without the cache.
 */
#include "mm/fault.h"
#include "mm/protocols/cow.h"
#include "hw/mmu.h"
#include "hw/observer.h"

/* An entry that is of no device. */
static int do_special_entry(struct vm_fault *vmf)
{
	swp_entry_t entry = pte_to_swp_entry(vmf->orig);

	if (is_migration_entry(vmf->orig)) {
		migration_entry_wait(vmf->vma->vm_mm, vmf->pte, vmf->ptl);
		return VM_FAULT_MINOR;
	}
	if (is_pte_marker(vmf->orig))
		return swp_offset(entry) == PTE_MARKER_GUARD ? VM_FAULT_SIGSEGV : VM_FAULT_SIGBUS;
	sync_violation("assertion", "the pte of %#lx is %#llx, which is no entry", vmf->address,
		       (unsigned long long)vmf->orig.pte);
	return VM_FAULT_SIGBUS;
}

/* => whether *pte is still what the fault saw */
static bool unchanged(struct vm_fault *vmf)
{
	bool same;

	spin_lock(vmf->ptl);
	same = pte_same(entry_read(vmf->pte), vmf->orig);
	spin_unlock(vmf->ptl);
	return same;
}

/* => called with page and page table lock held, *pte as it was; the page is mapped, the page table lock held on */
static void map_swapped_page(struct vm_fault *vmf, struct page *page, swp_entry_t entry)
{
	struct vm_area_struct *vma = vmf->vma;
	bool exclusive = this_machine->cow->swapin_exclusive(page, vmf->orig, vmf_write(vmf));
	pte_t pte = mk_pte(page, vma, false);

	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	add_mm_counter(vma->vm_mm, MM_SWAPENTS, -1);
	if (exclusive && vmf_write(vmf)) {
		pte = mk_pte(page, vma, true);
		vmf->flags &= ~FAULT_FLAG_WRITE;
	}
	page_add_anon_rmap(page, vma, vmf->address,
			   exclusive); /* whose it is, before it can be loaded from */
	set_pte(vmf->pte, pte);
	SYNC_LABEL("pte_set");
	swap_free(entry);
	vmf->orig = pte;
}

/* => called with a reference and the page locked; drops both, maps the page if the pte is as it was */
static int serve_from(struct vm_fault *vmf, struct page *page, swp_entry_t entry)
{
	bool write;

	if (unlikely(anon_vma_prepare(vmf->vma))) {
		unlock_page(page);
		put_page(page);
		return VM_FAULT_OOM;
	}
	spin_lock(vmf->ptl);
	if (!pte_same(entry_read(vmf->pte), vmf->orig) || !PageUptodate(page)) {
		int ret = PageUptodate(page) ? VM_FAULT_MINOR : VM_FAULT_SIGBUS;

		spin_unlock(vmf->ptl);
		unlock_page(page);
		put_page(page);
		return ret;
	}
	write = vmf_write(vmf);
	map_swapped_page(vmf, page, entry);
	if ((write && page_count(page) == 2) || (vmf->vma->vm_flags & VM_LOCKED)) /* the pte's and the cache's */
		try_to_free_swap(page);
	unlock_page(page);
	if (vmf_write(vmf))
		return do_wp_page(vmf);
	spin_unlock(vmf->ptl);
	return VM_FAULT_MINOR;
}

int do_swap_page(struct vm_fault *vmf)
{
	swp_entry_t entry = pte_to_swp_entry(vmf->orig);
	struct page *page;
	int major = 0;

	if (!is_swap_entry(vmf->orig))
		return do_special_entry(vmf);
	page = lookup_swap_cache(entry);
	if (!page) {
		page = read_swap_cache_async(entry);
		if (!page)
			return unchanged(vmf) ? VM_FAULT_OOM : VM_FAULT_MINOR;
		major = VM_FAULT_MAJOR;
	}
	mark_page_accessed(page);
	lock_page(page);
	SYNC_LABEL("swap_page_locked");
	if (!PageSwapCache(page) || page_swp_entry(page).val != entry.val) {
		unlock_page(page); /* swapped in and out again meanwhile: look at the pte anew */
		put_page(page);
		return VM_FAULT_MINOR | major;
	}
	return serve_from(vmf, page, entry) | major;
}
