/* SPDX-License-Identifier: MIT */
/*
 * fault_wp.c - a store to a page that is mapped read-only
 *
 * Mirrors do_wp_page() of mm/memory.c of 2.6.29, with the unsharing of 6.x. Who may go on writing to a page and who
 * gets a copy is the protocol's (axis cow).
 *
 * I1: the copy is made while the pte still shows the page that it is made from, read-only; the pte is looked at again
 *     before it is replaced.
 * I2: the old translation is flushed from every CPU before the new pte is set: no CPU may read the old page after
 *     another has written the new one.
 * I3: the page's mapcount goes down only after the pte shows the copy, so that whoever counts mappings to decide that
 *     it is alone is right.
 *
 * Lock order: page lock (of a file's page, while its file system is told), then the page table lock.
 *
 * Left out: pfn mappings, uffd.
 */
#include "mm/fault.h"
#include "mm/protocols/cow.h"
#include "mm/protocols/dirty.h"
#include "hw/mmu.h"
#include "hw/observer.h"

/* => called with the page table lock held, drops it; the page that is mapped is written to */
static int wp_page_reuse(struct vm_fault *vmf)
{
	pte_t entry = pte_mkyoung(pte_mkdirty(vmf->orig));

	if (vmf->vma->vm_flags & VM_WRITE)
		entry = pte_mkwrite(entry);
	set_pte(vmf->pte, entry);
	flush_tlb_page(vmf->vma, vmf->address);
	spin_unlock(vmf->ptl);
	return VM_FAULT_WRITE;
}

/* A shared mapping. => called with the page table lock held; drops it */
static int wp_page_shared(struct vm_fault *vmf, struct page *page)
{
	bool tell = vmf->vma->vm_ops && vmf->vma->vm_ops->page_mkwrite;
	int ret;

	if (!tell && !machine_const(dirty)->writenotify)
		return wp_page_reuse(vmf);
	get_page(page);
	if (tell) {
		spin_unlock(vmf->ptl);
		ret = do_page_mkwrite(vmf->vma, page);
		if (ret) {
			put_page(page);
			return ret & VM_FAULT_ERROR ? ret : VM_FAULT_MINOR;
		}
		spin_lock(vmf->ptl);
		if (!pte_same(entry_read(vmf->pte), vmf->orig)) {
			spin_unlock(vmf->ptl);
			unlock_page(page);
			put_page(page);
			return VM_FAULT_MINOR;
		}
	}
	ret = wp_page_reuse(vmf);
	if (!tell)
		lock_page(page);
	set_page_dirty(page);
	if (!tell)
		file_update_time(vmf->vma->vm_file->f_inode);
	unlock_page(page);
	put_page(page);
	return ret;
}

/* => called with the page table lock held and *pte as it was; the pte shows the copy. old: NULL, the zero page */
static void replace_page(struct vm_fault *vmf, struct page *old, struct page *copy)
{
	struct vm_area_struct *vma = vmf->vma;
	bool unshare = vmf->flags & FAULT_FLAG_UNSHARE;

	if (!old || !PageAnon(old)) {
		if (old)
			add_mm_counter(vma->vm_mm, mm_counter_of(old), -1);
		add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	}
	observe_revoke_begin(vma->vm_mm);
	ptep_get_and_clear(vmf->pte);
	flush_tlb_page(vma, vmf->address);
	observe_revoke_end(vma->vm_mm);
	page_add_new_anon_rmap(copy, vma, vmf->address);
	lru_cache_add_active(copy);
	set_pte(vmf->pte, mk_pte(copy, vma, !unshare));
	SYNC_LABEL("pte_set");
	if (old)
		page_remove_rmap(old);
}

/* => called with the page table lock held; drops it. old: NULL, the zero page */
static int wp_page_copy(struct vm_fault *vmf, struct page *old)
{
	struct page *new;
	bool replaced;

	if (old)
		get_page(old);
	spin_unlock(vmf->ptl);
	new = NULL;
	if (likely(!anon_vma_prepare(vmf->vma)))
		new = old ? alloc_page() : alloc_zeroed_page();
	if (!new) {
		if (old)
			put_page(old);
		return VM_FAULT_OOM;
	}
	if (old)
		copy_user_page(new, old);
	SYNC_LABEL("copied");
	spin_lock(vmf->ptl);
	replaced = pte_same(entry_read(vmf->pte), vmf->orig);
	if (replaced)
		replace_page(vmf, old, new);
	spin_unlock(vmf->ptl);
	if (!replaced)
		put_page(new);
	else if (old)
		free_page_and_swap_cache(old); /* the pte's reference to it */
	if (old)
		put_page(old);
	return replaced && vmf_write(vmf) ? VM_FAULT_WRITE : VM_FAULT_MINOR;
}

/* Counts of a part of a huge page do not say who maps the whole. Vmas without such pages cost no step. */
static bool never_reused(const struct vm_area_struct *vma, const struct page *page)
{
	return vma_may_have_huge(vma) && !this_machine->cow->exclusive && PageCompound(page);
}

/* => called with the page table lock held; drops it. An anonymous page of a private mapping */
static int wp_page_anon(struct vm_fault *vmf, struct page *page)
{
	if (unlikely(never_reused(vmf->vma, page)))
		return wp_page_copy(vmf, page);
	switch (machine_const(cow)->wp_anon(vmf, page)) {
	case WP_REUSE:
		if (vmf->flags & FAULT_FLAG_UNSHARE) {
			spin_unlock(vmf->ptl);
			return VM_FAULT_MINOR;
		}
		return wp_page_reuse(vmf);
	case WP_RETRY:
		return VM_FAULT_MINOR;
	default:
		return wp_page_copy(vmf, page);
	}
}

int do_wp_page(struct vm_fault *vmf)
{
	struct page *page = vm_normal_page(vmf->vma, vmf->address, vmf->orig);

	if (!page)
		return wp_page_copy(vmf, NULL);
	if (vmf->vma->vm_flags & VM_SHARED)
		return wp_page_shared(vmf, page);
	if (PageAnon(page))
		return wp_page_anon(vmf, page);
	return wp_page_copy(vmf, page);
}
