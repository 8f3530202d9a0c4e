/* SPDX-License-Identifier: MIT */
/*
 * fault.c - giving mappings: from a faulting address to a pte
 *
 * Mirrors the fault half of mm/memory.c, in the shapes that 2.6.18 to 2.6.29 gave do_no_page() and __do_fault(). The
 * steps of a file fault are the same in all; the protocol says what happens at each (protocols/invalidate.h):
 *
 *	1  fault_begin		notes what is to be checked in step 4
 *	2  ->nopage		a page of the pagecache, locked or not
 *	3  an early private copy, for a store to a private mapping; fault_copied. Or page_mkwrite, of a shared one
 *	4  the page table lock; fault_stale: back to 1
 *	5  the pte, if it is still what it was
 *	6  fault_end		lets revokers go on
 *
 * From 6.x: fault-around before step 1 (axis fault-around), stores to shared mappings that set the modification time,
 * the zero page as a pte that counts for nothing.
 *
 * I1: mmap_sem is held for read throughout, so vma and page tables stay.
 * I2: a pte is set only under its page table lock, and only if it is what the fault saw first, or the one that was
 *     copied from.
 * I3: the page that the pte shows, and the one it was copied from, are referenced until the pte is set.
 *
 * Lock order: mmap_sem, page lock, page table lock.
 *
 * Left out: VM_PFNMAP, OOM kills, userfaults, NUMA hinting, per-vma locks.
 */
#include "mm/fault.h"
#include "mm/protocols/around.h"
#include "mm/protocols/invalidate.h"
#include "hw/mmu.h"
#include "hw/observer.h"

/* ---- anonymous memory ------------------------------------------------------------------------------------------- */

/* A read of memory that was never written. => VM_FAULT_MINOR */
static int map_zero_page(struct vm_fault *vmf)
{
	pte_t entry = pte_mkspecial(pfn_pte(zero_pfn(), vmf->vma->vm_page_prot));

	spin_lock(vmf->ptl);
	if (pte_none(entry_read(vmf->pte)))
		set_pte(vmf->pte, pte_mkyoung(entry));
	spin_unlock(vmf->ptl);
	return VM_FAULT_MINOR;
}

static int do_anonymous_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct page *page;

	if (!vmf_write(vmf))
		return map_zero_page(vmf);
	if (unlikely(anon_vma_prepare(vma)))
		return VM_FAULT_OOM;
	page = alloc_zeroed_page();
	if (!page)
		return VM_FAULT_OOM;
	spin_lock(vmf->ptl);
	if (!pte_none(entry_read(vmf->pte))) {
		spin_unlock(vmf->ptl);
		put_page(page);
		return VM_FAULT_MINOR;
	}
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, 1);
	page_add_new_anon_rmap(page, vma, vmf->address);
	lru_cache_add_active(page);
	set_pte(vmf->pte, mk_pte(page, vma, true));
	spin_unlock(vmf->ptl);
	return VM_FAULT_MINOR;
}

/* ---- pages of files --------------------------------------------------------------------------------------------- */

/* => called with the page table lock held; the pte takes the reference */
static void map_file_page(struct vm_fault *vmf, struct page *page, struct page *copy)
{
	struct vm_area_struct *vma = vmf->vma;

	if (copy) { /* private before anybody can reach it */
		page_add_new_anon_rmap(copy, vma, vmf->address);
		lru_cache_add_active(copy);
	}
	add_mm_counter(vma->vm_mm, mm_counter_of(copy ? copy : page), 1);
	set_pte(vmf->pte, mk_pte(copy ? copy : page, vma, vmf_write(vmf)));
	SYNC_LABEL("pte_set");
	if (!copy)
		page_add_file_rmap(page);
}

/*
 * Steps 4 and 5. `copy` is the private copy or NULL.
 * => takes and drops the page table lock; false when the page went stale. *mapped: a pte took the reference
 */
static bool install_page(struct vm_fault *vmf, struct page *page, struct page *copy, u32 seq, bool *mapped)
{
	*mapped = false;
	spin_lock(vmf->ptl);
	if (machine_const(invalidate)->fault_stale(vmf->vma->vm_file->f_mapping, page, seq)) {
		spin_unlock(vmf->ptl);
		return false;
	}
	if (pte_same(entry_read(vmf->pte), vmf->orig)) {
		map_file_page(vmf, page, copy);
		*mapped = true;
	}
	spin_unlock(vmf->ptl);
	return true;
}

/* Step 6, and the references that nobody took. */
static void end_no_page(struct vm_fault *vmf, struct page *page, struct page *copy, bool mapped)
{
	if (mapped && !copy && vmf_write(vmf)) {
		set_page_dirty(page);
		if (!vmf->vma->vm_ops->page_mkwrite)
			file_update_time(vmf->vma->vm_file->f_inode);
	}
	machine_const(invalidate)->fault_end(page, copy);
	if (copy && !mapped)
		put_page(copy);
	if (copy || !mapped)
		put_page(page);
}

/* Step 3, private. => the copy; NULL: no memory, and the page is let go */
static struct page *copy_early(struct vm_fault *vmf, struct page *page)
{
	const struct invalidate_protocol *p = machine_const(invalidate);
	struct page *copy = alloc_page();

	if (!copy) {
		p->fault_end(page, NULL);
		put_page(page);
		return NULL;
	}
	copy_user_page(copy, page);
	SYNC_LABEL("copied");
	p->fault_copied(page);
	return copy;
}

int do_page_mkwrite(struct vm_area_struct *vma, struct page *page)
{
	int ret = vma->vm_ops->page_mkwrite(vma, page);

	return ret & (VM_FAULT_ERROR | VM_FAULT_NOPAGE) ? ret : 0;
}

/*
 * Step 3, shared: whoever writes the file back is told. => 0 and the page locked exactly when step 2 locked it; else
 * VM_FAULT_* and the page is let go
 */
static int make_writable(struct vm_fault *vmf, struct page *page)
{
	const struct invalidate_protocol *p = machine_const(invalidate);
	int ret;

	p->fault_end(page, NULL);
	ret = do_page_mkwrite(vmf->vma, page);
	if (ret) {
		put_page(page);
		return ret & VM_FAULT_ERROR ? ret : VM_FAULT_NOPAGE;
	}
	if (!p->page_locked)
		unlock_page(page);
	return 0;
}

/* => called with mmap_sem held; address: where vmf->pgoff would be in a linear vma */
static int do_no_page(struct vm_fault *vmf, unsigned long address)
{
	const struct invalidate_protocol *p = machine_const(invalidate);
	struct vm_area_struct *vma = vmf->vma;
	bool private_copy = vmf_write(vmf) && !(vma->vm_flags & VM_SHARED), mapped;
	bool tell = vmf_write(vmf) && !private_copy && vma->vm_ops->page_mkwrite;
	struct page *page, *copy = NULL;
	u32 seq;
	int ret;

	/* Also if there is no page: from then on fork copies the vma's ptes, as in 6.x. */
	if (private_copy && unlikely(anon_vma_prepare(vma)))
		return VM_FAULT_OOM;
	for (;;) {
		seq = p->fault_begin(vma->vm_file->f_mapping);
		page = vma->vm_ops->nopage(vma, address);
		if (page == NOPAGE_SIGBUS)
			return VM_FAULT_SIGBUS;
		if (page == NOPAGE_OOM)
			return VM_FAULT_OOM;
		SYNC_LABEL("got_page");
		if (private_copy) {
			copy = copy_early(vmf, page);
			if (!copy)
				return VM_FAULT_OOM;
		}
		ret = tell ? make_writable(vmf, page) : 0;
		if (ret)
			return ret;
		if (install_page(vmf, page, copy, seq, &mapped))
			break;
		end_no_page(vmf, page, copy, false);
		cond_resched();
	}
	end_no_page(vmf, page, copy, mapped);
	return VM_FAULT_MINOR;
}

/* ---- fault-around (3.15) ------------------------------------------------------------------------------------------ */

/*
 * The window has as many pages as the protocol says, begins at a multiple of that in the page table, or where the vma
 * begins, and ends with vma and table.
 * => true: the faulting address is mapped now
 */
static bool do_fault_around(struct vm_fault *vmf, unsigned pages)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long in_table = pte_index(vmf->address), in_vma = vmf->pgoff - vma->vm_pgoff;
	unsigned long from = in_table - in_table % pages, to;

	if (in_vma < in_table && from < in_table - in_vma)
		from = in_table - in_vma;
	to = from + pages;
	if (to > PTRS_PER_TABLE)
		to = PTRS_PER_TABLE;
	if (to > in_table + vma_pages(vma) - in_vma)
		to = in_table + vma_pages(vma) - in_vma;
	vma->vm_ops->map_pages(vmf, vmf->pgoff + from - in_table, vmf->pgoff + to - 1 - in_table);
	return !pte_none(entry_read(vmf->pte));
}

static int do_linear_fault(struct vm_fault *vmf)
{
	unsigned pages = machine_const(around)->pages;

	if (!vmf_write(vmf) && pages > 1 && vmf->vma->vm_ops->map_pages && do_fault_around(vmf, pages))
		return VM_FAULT_MINOR;
	return do_no_page(vmf, vmf->address);
}

/* The pte of a nonlinear mapping that says which page of the file belongs there. */
static int do_nonlinear_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;

	if (!(vma->vm_flags & VM_NONLINEAR))
		return VM_FAULT_OOM;
	vmf->pgoff = pte_to_pgoff(vmf->orig);
	return do_no_page(vmf, vma->vm_start + ((vmf->pgoff - vma->vm_pgoff) << PAGE_SHIFT));
}

/* ---- dispatch ------------------------------------------------------------------------------------------------------- */

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
	if ((vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) && !pte_write(vmf->orig))
		return do_wp_page(vmf);
	spin_unlock(vmf->ptl);
	return VM_FAULT_MINOR;
}

static int handle_pte_fault(struct vm_fault *vmf)
{
	vmf->orig = entry_read(vmf->pte);
	if (pte_present(vmf->orig))
		return do_present_page(vmf);
	if (!pte_none(vmf->orig))
		return pte_file(vmf->orig) ? do_nonlinear_fault(vmf) : do_swap_page(vmf);
	return vmf->vma->vm_ops ? do_linear_fault(vmf) : do_anonymous_page(vmf);
}

/* => *done: it was a huge page's fault and is over, with this result */
static int try_huge_fault(struct vm_fault *vmf, bool *done)
{
	pmd_t orig = smp_load_acquire(vmf->pmd);
	int ret = VM_FAULT_FALLBACK;

	if (pmd_none(orig) && transhuge_vma_suitable(vmf->vma, vmf->address)) {
		ret = do_huge_pmd_anonymous_page(vmf);
	} else if (pmd_huge(orig)) {
		ret = VM_FAULT_MINOR;
		if (pmd_trans_splitting(orig) || !(orig.pmd & _PAGE_PRESENT))
			wait_huge_pmd(vmf->vma, vmf->pmd);
		else if ((vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) && !pmd_write(orig))
			ret = do_huge_pmd_wp_page(vmf, orig);
	}
	*done = !(ret & VM_FAULT_FALLBACK);
	return ret;
}

static int __handle_mm_fault(struct mm_struct *mm, struct vm_fault *vmf)
{
	bool done;
	int ret;

	if (unlikely(vmf->vma->vm_flags & VM_HUGETLB))
		return hugetlb_fault(vmf);
	vmf->pmd = pmd_alloc_map(mm, vmf->address);
	if (!vmf->pmd)
		return VM_FAULT_OOM;
	if (unlikely(vma_may_have_huge(vmf->vma))) {
		ret = try_huge_fault(vmf, &done);
		if (done)
			return ret;
	}
	vmf->pte = pte_alloc(mm, vmf->pmd, vmf->address, &vmf->ptl);
	if (unlikely(!vmf->pte)) /* no memory, or it has become huge: then the access is tried again */
		return pmd_huge(entry_read(vmf->pmd)) ? VM_FAULT_MINOR : VM_FAULT_OOM;
	return handle_pte_fault(vmf);
}

int handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long address, unsigned flags)
{
	struct vm_fault vmf = {
		.vma = vma,
		.address = address & PAGE_MASK,
		.flags = flags,
		.pgoff = linear_page_index(vma, address),
	};
	int ret = __handle_mm_fault(mm, &vmf);

	if (!(ret & (VM_FAULT_ERROR | VM_FAULT_RETRY))) {
		if (ret & VM_FAULT_MAJOR)
			current->maj_flt++;
		else
			current->min_flt++;
	}
	return ret;
}
