/* SPDX-License-Identifier: MIT */
/*
 * gup.c - pages of a process, looked up and held for the kernel or for a device
 *
 * Mirrors mm/memory.c's get_user_pages() of 2.6.29 in its loop, and mm/gup.c of 6.18 in what it answers: which flags a
 * vma must have, pins that count GUP_PIN_COUNTING_BIAS, unsharing before a page is pinned for reading. What a fault has
 * to have done before a page may be written that the mapping itself may not is the protocol's (axis cow).
 *
 * I1: a page is handed out with its reference or pin taken under the lock of the pte that shows it.
 * I2: a page that is handed out for writing is mapped by a pte that may be written or, FOLL_FORCE, is by the
 *     protocol's word a private copy of this process's: never a page of a file's through a private mapping.
 * I3: a pin of the zero page counts for nothing, and is nothing to undo.
 * I4: mm->has_pinned is set before any page of the mm is pinned.
 *
 * Lock order: mmap_sem for read (the caller's), then the page table lock.
 *
 * Left out: userfaults, NUMA hinting, migrating pages out of the way of FOLL_LONGTERM, refusing FOLL_LONGTERM on files
 * that track dirty pages, VM_FAULT_RETRY (no fault drops mmap_sem).
 */
#include "mm/fault.h"
#include "mm/protocols/cow.h"

#define ERROR_PAGE(error) ((struct page *)(long)(error))

static bool is_cow_mapping(unsigned long vm_flags)
{
	return (vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
}

/* ---- references and pins ------------------------------------------------------------------------------------------ */

bool page_maybe_dma_pinned(const struct page *page)
{
	return page_count(compound_head(page)) >= GUP_PIN_COUNTING_BIAS;
}

/* => called with the ptl of a pte that maps the page held */
static void grab_page(struct page *page, unsigned flags)
{
	if (flags & FOLL_GET)
		get_page(page);
	if (!(flags & FOLL_PIN) || PageReserved(page))
		return;
	page = compound_head(page);
	get_page(page);
	atomic_add(GUP_PIN_COUNTING_BIAS - 1, &page->_count);
}

void unpin_user_page(struct page *page)
{
	if (PageReserved(page))
		return;
	page = compound_head(page);
	atomic_add(1 - GUP_PIN_COUNTING_BIAS, &page->_count);
	put_page(page);
}

void set_page_dirty_lock(struct page *page)
{
	if (PageReserved(page))
		return;
	lock_page(page);
	if (PageAnon(page))
		SetPageDirty(page);
	else if (page_mapping_raw(page))
		set_page_dirty(page);
	unlock_page(page);
}

void unpin_user_pages_dirty_lock(struct page **pages, unsigned long nr, bool dirty)
{
	for (unsigned long i = 0; i < nr; i++) {
		if (dirty)
			set_page_dirty_lock(pages[i]);
		unpin_user_page(pages[i]);
	}
}

/* ---- what is mapped ----------------------------------------------------------------------------------------------- */

static bool may_write(const struct vm_area_struct *vma, unsigned flags, struct page *page, pte_t pte)
{
	return pte_write(pte) || this_machine->cow->gup_can_write(vma, flags, page, pte);
}

/* Anonymous memory that was never touched need not be shown. */
static struct page *no_page(const struct vm_area_struct *vma, unsigned flags)
{
	return (flags & FOLL_DUMP) && !vma->vm_ops ? ERROR_PAGE(-EFAULT) : NULL;
}

static void touch_page(struct page *page, pte_t pte, unsigned flags)
{
	if ((flags & FOLL_WRITE) && !pte_dirty(pte) && !PageDirty(page)) {
		if (PageAnon(page))
			SetPageDirty(page);
		else
			set_page_dirty(page);
	}
	mark_page_accessed(page);
}

/* => called with the lock of the entry held, which maps page (NULL: no page that counts) */
static struct page *follow_entry(struct vm_area_struct *vma, pte_t pte, struct page *page, unsigned flags)
{
	if ((flags & FOLL_WRITE) && !may_write(vma, flags, page, pte))
		return NULL;
	if (!page && ((flags & FOLL_DUMP) || !is_zero_pfn(pte_pfn(pte))))
		return ERROR_PAGE(-EFAULT);
	if (!page)
		page = pfn_to_page(zero_pfn());
	if (!pte_write(pte) && this_machine->cow->gup_must_unshare(vma, flags, page))
		return ERROR_PAGE(-EMLINK);
	grab_page(page, flags);
	if ((flags & FOLL_TOUCH) && !PageReserved(page))
		touch_page(page, pte, flags);
	return page;
}

/* => *pmd was seen to be huge; as follow_page() */
static struct page *follow_huge_pmd(struct vm_area_struct *vma, pmd_t *pmdp, unsigned long address,
				    unsigned flags)
{
	spinlock_t *ptl = pmd_lockptr(pmdp);
	struct page *page = NULL;
	pmd_t pmd;

	spin_lock(ptl);
	pmd = entry_read(pmdp);
	if (pmd_huge(pmd) && !pmd_trans_splitting(pmd)) /* else the fault waits, or finds ptes */
		page = follow_entry(vma, pmd_pte(pmd),
				    pfn_to_page(pmd_pfn(pmd) + ((address & ~HPAGE_MASK) >> PAGE_SHIFT)),
				    flags);
	spin_unlock(ptl);
	return page;
}

struct page *follow_page(struct vm_area_struct *vma, unsigned long address, unsigned flags)
{
	unsigned long next;
	pmd_t *pmd = pmd_find(vma->vm_mm, address, &next);
	struct page *page;
	spinlock_t *ptl;
	pte_t *ptep, pte;

	if (pmd && vma_may_have_huge(vma) && pmd_huge(entry_read(pmd)))
		return follow_huge_pmd(vma, pmd, address, flags);
	ptep = pte_find(vma->vm_mm, address, &ptl, &next);
	if (!ptep)
		return no_page(vma, flags);
	spin_lock(ptl);
	pte = entry_read(ptep);
	if (pte_present(pte))
		page = follow_entry(vma, pte, vm_normal_page(vma, address, pte), flags);
	else
		page = pte_none(pte) ? no_page(vma, flags) : NULL;
	spin_unlock(ptl);
	return page;
}

/* ---- faulting in ---------------------------------------------------------------------------------------------------- */

/* => 0 when the vma grants what flags ask for, or -EFAULT */
static int check_vma_flags(const struct vm_area_struct *vma, unsigned flags)
{
	unsigned long vm_flags = vma->vm_flags;

	if (vm_flags & (VM_IO | VM_PFNMAP))
		return -EFAULT;
	if (flags & FOLL_WRITE) {
		if (vm_flags & VM_WRITE)
			return 0;
		return (flags & FOLL_FORCE) && !(vm_flags & VM_HUGETLB) && is_cow_mapping(vm_flags) ? 0 :
												      -EFAULT;
	}
	if (vm_flags & VM_READ)
		return 0;
	return (flags & FOLL_FORCE) && (vm_flags & VM_MAYREAD) ? 0 : -EFAULT;
}

/* => mmap_sem held; 0: look again, or -ENOMEM, -EFAULT. *flags: what is to be looked for */
static int faultin_page(struct vm_area_struct *vma, unsigned long address, unsigned *flags, bool unshare)
{
	unsigned fault_flags = 0;
	int ret;

	if (*flags & FOLL_NOFAULT)
		return -EFAULT;
	if (unshare)
		fault_flags |= FAULT_FLAG_UNSHARE;
	else if (*flags & FOLL_WRITE)
		fault_flags |= FAULT_FLAG_WRITE;
	if (*flags & FOLL_REMOTE)
		fault_flags |= FAULT_FLAG_REMOTE;
	ret = handle_mm_fault(vma->vm_mm, vma, address, fault_flags);
	SYNC_LABEL("faulted_in");
	if (ret & VM_FAULT_OOM)
		return -ENOMEM;
	if (ret & VM_FAULT_ERROR)
		return -EFAULT;
	if ((ret & VM_FAULT_WRITE) && (*flags & FOLL_WRITE) && !(vma->vm_flags & VM_WRITE))
		this_machine->cow->gup_cow_broken(flags);
	return 0;
}

/* => mmap_sem held; the page, or an error as pointer */
static struct page *get_one_page(struct vm_area_struct *vma, unsigned long address, unsigned flags)
{
	struct page *page;
	long error;
	int ret;

	for (;;) {
		page = follow_page(vma, address, flags);
		error = gup_error(page);
		if (page && error != -EMLINK)
			return page;
		ret = faultin_page(vma, address, &flags, error == -EMLINK);
		if (ret)
			return ERROR_PAGE(ret);
		cond_resched();
	}
}

/* => mmap_sem held; pages NULL: they are only to be there. How many, or the error of the first */
static long __get_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned flags,
			     struct page **pages)
{
	struct vm_area_struct *vma = NULL;
	unsigned long address = start & PAGE_MASK;
	struct page *page;
	long error = 0;
	unsigned long i;

	for (i = 0; i < nr; i++, address += PAGE_SIZE) {
		if (!vma || address >= vma->vm_end) {
			vma = vma_lookup(mm, address);
			error = vma ? check_vma_flags(vma, flags) : -EFAULT;
			if (error)
				break;
		}
		page = get_one_page(vma, address, flags);
		error = gup_error(page);
		if (error)
			break;
		if (pages)
			pages[i] = page;
	}
	return i ? (long)i : error;
}

void mm_set_has_pinned(struct mm_struct *mm)
{
	if (!READ_ONCE(mm->has_pinned))
		WRITE_ONCE(mm->has_pinned, 1);
}

long get_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned flags,
		    struct page **pages)
{
	if (flags & FOLL_PIN)
		mm_set_has_pinned(mm);
	else
		flags |= FOLL_GET;
	return __get_user_pages(mm, start, nr, flags, pages);
}

long pin_user_pages(struct mm_struct *mm, unsigned long start, unsigned long nr, unsigned flags,
		    struct page **pages)
{
	return get_user_pages(mm, start, nr, flags | FOLL_PIN, pages);
}

/* ---- populating ------------------------------------------------------------------------------------------------------ */

long populate_vma_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool write)
{
	unsigned flags = FOLL_TOUCH | (write ? FOLL_WRITE : 0);
	unsigned long nr;
	long done;

	/* What is mapped PROT_EXEC or PROT_WRITE only can be populated, PROT_NONE cannot. */
	if (vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC))
		flags |= FOLL_FORCE;
	for (start &= PAGE_MASK; start < end; start += (unsigned long)done << PAGE_SHIFT) {
		nr = (end - start + PAGE_SIZE - 1) >> PAGE_SHIFT;
		done = __get_user_pages(vma->vm_mm, start, nr, flags, NULL);
		if (done <= 0)
			return done;
	}
	return 0;
}

void mm_populate(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	unsigned long end = start + len, stop;
	struct vm_area_struct *vma;

	down_read(&mm->mmap_sem);
	for (; start < end; start = stop) {
		vma = find_vma_intersection(mm, start, end);
		if (!vma)
			break;
		if (start < vma->vm_start)
			start = vma->vm_start;
		stop = end < vma->vm_end ? end : vma->vm_end;
		if (!(vma->vm_flags & (VM_IO | VM_PFNMAP)))
			populate_vma_page_range(vma, start, stop,
						(vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE);
	}
	up_read(&mm->mmap_sem);
}
