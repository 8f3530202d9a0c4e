/* SPDX-License-Identifier: MIT */
/*
 * fault.c - giving mappings: from a faulting address to a pte
 *
 * Mirrors the fault half of mm/memory.c, in the shapes that 2.6.18 to 2.6.23 gave do_no_page(). The steps
 * of a file fault are the same in all; the protocol says what happens at each (protocols/invalidate.h):
 *
 *	1  fault_begin		notes what is to be checked in step 4
 *	2  ->nopage		a page of the pagecache, locked or not
 *	3  an early private copy, for a store to a private mapping; fault_copied
 *	4  the page table lock; fault_stale: back to 1
 *	5  the pte, if it is still none
 *	6  fault_end		lets revokers go on
 *
 * I1: mmap_sem is held for read throughout, so vma and page tables stay.
 * I2: a pte is set only under its page table lock, and only if it is none, or the one that was copied from.
 * I3: the page that the pte shows, and the one it was copied from, are referenced until the pte is set.
 *
 * Lock order: mmap_sem, page lock, page table lock.
 *
 * Left out: ->page_mkwrite, VM_PFNMAP, the zero page (an anonymous read fault takes a page of its own),
 * rss, OOM kills.
 */
#include "mm/mm.h"
#include "mm/protocols/invalidate.h"
#include "hw/mmu.h"
#include "hw/observer.h"

struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address; /* of the page */
	bool write;
	pte_t *pte;
	spinlock_t *ptl;
	pte_t orig; /* as it was, without a lock, when the fault began */
};

static pte_t mk_pte(struct page *page, const struct vm_area_struct *vma, bool write)
{
	pte_t entry = pte_mkyoung(pfn_pte(page_to_pfn(page), vma->vm_page_prot));

	if (!write)
		return entry;
	entry = pte_mkdirty(entry);
	return vma->vm_flags & VM_WRITE ? pte_mkwrite(entry) : entry;
}

static void copy_user_page(struct page *to, const struct page *from)
{
	u8 buf[PAGE_SIZE];

	content_read(buf, page_address(from), PAGE_SIZE);
	content_write(page_address(to), buf, PAGE_SIZE);
}

static int do_anonymous_page(struct vm_fault *vmf)
{
	struct page *page = alloc_zeroed_page();

	if (!page)
		return VM_FAULT_OOM;
	spin_lock(vmf->ptl);
	if (!pte_none(entry_read(vmf->pte))) {
		spin_unlock(vmf->ptl);
		put_page(page);
		return VM_FAULT_MINOR;
	}
	page_add_new_anon_rmap(page, vmf->vma, vmf->address);
	set_pte(vmf->pte, mk_pte(page, vmf->vma, vmf->write));
	spin_unlock(vmf->ptl);
	return VM_FAULT_MINOR;
}

/*
 * Steps 4 and 5. `copy` is the private copy or NULL.
 * => takes and drops the page table lock; false when the page went stale. *mapped: a pte took the reference
 */
static bool install_page(struct vm_fault *vmf, struct page *page, struct page *copy, u32 seq, bool *mapped)
{
	struct page *new = copy ? copy : page;

	*mapped = false;
	spin_lock(vmf->ptl);
	if (this_machine->invalidate->fault_stale(vmf->vma->vm_file->f_mapping, page, seq)) {
		spin_unlock(vmf->ptl);
		return false;
	}
	if (pte_none(entry_read(vmf->pte))) {
		if (copy) /* private before anybody can reach it */
			page_add_new_anon_rmap(copy, vmf->vma, vmf->address);
		set_pte(vmf->pte, mk_pte(new, vmf->vma, vmf->write));
		SYNC_LABEL("pte_set");
		if (!copy)
			page_add_file_rmap(page);
		*mapped = true;
	}
	spin_unlock(vmf->ptl);
	return true;
}

/* Step 6, and the references that nobody took. */
static void end_no_page(struct vm_fault *vmf, struct page *page, struct page *copy, bool mapped)
{
	if (mapped && !copy && vmf->write)
		set_page_dirty(page);
	this_machine->invalidate->fault_end(page, copy);
	if (copy && !mapped)
		put_page(copy);
	if (copy || !mapped)
		put_page(page);
}

static int do_no_page(struct vm_fault *vmf)
{
	const struct invalidate_protocol *p = this_machine->invalidate;
	struct vm_area_struct *vma = vmf->vma;
	bool private_copy = vmf->write && !(vma->vm_flags & VM_SHARED), mapped;
	struct page *page, *copy = NULL;
	u32 seq;

	for (;;) {
		seq = p->fault_begin(vma->vm_file->f_mapping);
		page = vma->vm_ops->nopage(vma, vmf->address);
		if (page == NOPAGE_SIGBUS)
			return VM_FAULT_SIGBUS;
		if (page == NOPAGE_OOM)
			return VM_FAULT_OOM;
		SYNC_LABEL("got_page");
		if (private_copy) {
			copy = alloc_page();
			if (!copy) {
				p->fault_end(page, NULL);
				put_page(page);
				return VM_FAULT_OOM;
			}
			copy_user_page(copy, page);
			SYNC_LABEL("copied");
			p->fault_copied(page);
		}
		if (install_page(vmf, page, copy, seq, &mapped))
			break;
		end_no_page(vmf, page, copy, false);
		cond_resched();
	}
	end_no_page(vmf, page, copy, mapped);
	return VM_FAULT_MINOR;
}

/* => called with the page table lock held, drops it; the page is mapped by nobody else, so it is reused */
static int wp_page_reuse(struct vm_fault *vmf)
{
	set_pte(vmf->pte, mk_pte(pfn_to_page(pte_pfn(vmf->orig)), vmf->vma, true));
	flush_tlb_page(vmf->vma, vmf->address);
	spin_unlock(vmf->ptl);
	return VM_FAULT_MINOR;
}

/*
 * A store to a page that is mapped read-only.
 * => called with the page table lock held and *pte equal to vmf->orig; drops it
 */
static int do_wp_page(struct vm_fault *vmf)
{
	struct page *old = pfn_to_page(pte_pfn(vmf->orig)), *new;

	if (vmf->vma->vm_flags & VM_SHARED)
		return wp_page_reuse(vmf);
	if (PageAnon(old) && page_count(old) == 1)
		return wp_page_reuse(vmf);
	get_page(old);
	spin_unlock(vmf->ptl);
	new = alloc_page();
	if (!new) {
		put_page(old);
		return VM_FAULT_OOM;
	}
	copy_user_page(new, old);
	SYNC_LABEL("copied");
	spin_lock(vmf->ptl);
	if (pte_same(entry_read(vmf->pte), vmf->orig)) {
		observe_revoke_begin(vmf->vma->vm_mm);
		ptep_get_and_clear(vmf->pte);
		flush_tlb_page(vmf->vma, vmf->address);
		observe_revoke_end(vmf->vma->vm_mm);
		page_add_new_anon_rmap(new, vmf->vma, vmf->address);
		set_pte(vmf->pte, mk_pte(new, vmf->vma, true));
		SYNC_LABEL("pte_set");
		page_remove_rmap(old);
		new = old; /* the pte's reference to it, to be dropped below */
	}
	spin_unlock(vmf->ptl);
	put_page(new);
	put_page(old);
	return VM_FAULT_MINOR;
}

/*
 * The pte was present: the access needs more than it permits, or somebody else has just served the fault.
 */
static int do_present_page(struct vm_fault *vmf)
{
	spin_lock(vmf->ptl);
	if (!pte_same(entry_read(vmf->pte), vmf->orig)) {
		spin_unlock(vmf->ptl);
		return VM_FAULT_MINOR;
	}
	if (vmf->write && !pte_write(vmf->orig))
		return do_wp_page(vmf);
	spin_unlock(vmf->ptl);
	return VM_FAULT_MINOR;
}

int handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long address,
		    bool write_access)
{
	struct vm_fault vmf = { .vma = vma, .address = address & PAGE_MASK, .write = write_access };

	vmf.pte = pte_alloc_map(mm, address, &vmf.ptl);
	if (!vmf.pte)
		return VM_FAULT_OOM;
	vmf.orig = entry_read(vmf.pte);
	if (pte_present(vmf.orig))
		return do_present_page(&vmf);
	return vma->vm_ops ? do_no_page(&vmf) : do_anonymous_page(&vmf);
}
