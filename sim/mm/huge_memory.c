/* SPDX-License-Identifier: MIT */
/*
 * huge_memory.c - transparent huge pages of anonymous memory
 *
 * Mirrors mm/huge_memory.c of 2.6.38: a compound page of HPAGE_NR frames, mapped by entries of the pmd level; from 4.x
 * on the lock of the table of pmds, entries that never look empty while they change, and early copies at fork (5.9).
 *
 * I1: the head's _mapcount + 1 is the number of huge entries that map the page (and ptes that map its first part, after
 *     an entry of a pinned page was split); each has a reference.
 * I2: each huge entry has one table of ptes deposited beside it: zeroed, seen by nobody.
 * I3: an entry that is huge changes under the lock of its table; it becomes none only in zap_huge_pmd(), and is
 *     _PAGE_SPLITTING only while a splitter holds the lock of the page's anon_vma.
 * I4: a page that is _PAGE_SPLITTING somewhere gets no new references: who meets the entry lets go and waits.
 *
 * Lock order: mmap_sem, page lock, anon_vma's lock, the page table lock of a table of pmds (fork: the child's, then the
 * parent's).
 *
 * Left out: the huge zero page (a read fault gets a page of its own, as in 2.6.38), file and shmem pages, mremap of
 * whole entries (they are split), migration entries, mlock, NUMA hints; whether an entry stays writable over mprotect.
 */
#include "mm/fault.h"
#include "mm/protocols/cow.h"
#include "hw/mmu.h"
#include "hw/observer.h"

bool transhuge_vma_suitable(const struct vm_area_struct *vma, unsigned long address)
{
	const unsigned long never = VM_NOHUGEPAGE | VM_SHARED | VM_HUGETLB | VM_PFNMAP | VM_MIXEDMAP | VM_IO;
	unsigned long haddr = address & HPAGE_MASK;

	return (vma->vm_flags & VM_HUGEPAGE) && !(vma->vm_flags & never) && !vma->vm_ops &&
	       haddr >= vma->vm_start && haddr + HPAGE_SIZE <= vma->vm_end;
}

/* ---- deposited tables, contents ------------------------------------------------------------------------------- */

void pgtable_trans_huge_deposit(pmd_t *pmd, struct page *table)
{
	struct page *pmds = virt_to_page(pmd);

	table->private = pmds->private;
	pmds->private = (unsigned long)table;
}

struct page *pgtable_trans_huge_withdraw(pmd_t *pmd)
{
	struct page *pmds = virt_to_page(pmd), *table = (struct page *)pmds->private;

	BUG_ON(!table);
	pmds->private = table->private;
	table->private = 0;
	return table;
}

pmd_t mk_huge_pmd(const struct page *page, const struct vm_area_struct *vma, bool write)
{
	return (pmd_t){ mk_pte(page, vma, write).pte | _PAGE_PSE };
}

void clear_huge_page(struct page *page)
{
	for (unsigned long i = 0; i < HPAGE_NR; i++)
		content_zero(page_address(page + i), PAGE_SIZE);
}

void copy_huge_page(struct page *to, const struct page *from)
{
	for (unsigned long i = 0; i < HPAGE_NR; i++)
		copy_user_page(to + i, from + i);
}

/* ---- faults ----------------------------------------------------------------------------------------------------- */

int do_huge_pmd_anonymous_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	spinlock_t *ptl = pmd_lockptr(vmf->pmd);
	struct page *page, *table;

	if (unlikely(anon_vma_prepare(vma)))
		return VM_FAULT_OOM;
	page = alloc_huge_page_frames();
	if (!page)
		return VM_FAULT_FALLBACK;
	table = pte_alloc_one(vmf->address);
	if (!table) {
		put_page(page);
		return VM_FAULT_OOM;
	}
	clear_huge_page(page);
	SYNC_LABEL("huge_page_ready");
	spin_lock(ptl);
	if (!pmd_none(entry_read(vmf->pmd))) {
		spin_unlock(ptl);
		put_page(table);
		put_page(page);
		return VM_FAULT_MINOR;
	}
	page_add_new_anon_rmap(page, vma, vmf->address & HPAGE_MASK);
	lru_cache_add_active(page);
	pgtable_trans_huge_deposit(vmf->pmd, table);
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, HPAGE_NR);
	smp_store_release(vmf->pmd, mk_huge_pmd(page, vma, vmf_write(vmf)));
	spin_unlock(ptl);
	SYNC_LABEL("huge_pmd_set");
	return VM_FAULT_MINOR;
}

int huge_wp_reuse(struct vm_fault *vmf)
{
	pte_t entry = pte_mkyoung(pte_mkdirty(vmf->orig));

	if (!(vmf->flags & FAULT_FLAG_UNSHARE)) {
		if (vmf->vma->vm_flags & VM_WRITE)
			entry = pte_mkwrite(entry);
		set_pte(vmf->pte, entry);
		flush_tlb_page(vmf->vma, vmf->address);
	}
	spin_unlock(vmf->ptl);
	return vmf_write(vmf) ? VM_FAULT_WRITE : VM_FAULT_MINOR;
}

/*
 * The old translation is flushed while the entry is neither none, so that MADV_DONTNEED, which looks without the lock,
 * does not pass over it, nor one that a processor can use.
 */
void replace_huge_page(struct vm_fault *vmf, struct page *old, struct page *new)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long haddr = vmf->address & HPAGE_MASK;

	observe_revoke_begin(vma->vm_mm);
	set_pte(vmf->pte, (pte_t){ (vmf->orig.pte & ~_PAGE_PRESENT) | _PAGE_PROTNONE });
	flush_tlb_range(vma->vm_mm, haddr, haddr + HPAGE_SIZE);
	observe_revoke_end(vma->vm_mm);
	page_add_new_anon_rmap(new, vma, haddr);
	smp_store_release(vmf->pmd, mk_huge_pmd(new, vma, !(vmf->flags & FAULT_FLAG_UNSHARE)));
	SYNC_LABEL("huge_pmd_set");
	page_remove_rmap(old);
}

/* => called with the lock of the entry held, which is vmf->orig; drops it */
static int huge_wp_copy(struct vm_fault *vmf, struct page *old)
{
	struct page *new;
	bool replaced;

	get_page(old);
	spin_unlock(vmf->ptl);
	new = alloc_huge_page_frames();
	if (!new) {
		put_page(old);
		split_huge_pmd(vmf->vma, vmf->pmd, vmf->address);
		return VM_FAULT_FALLBACK;
	}
	copy_huge_page(new, old);
	SYNC_LABEL("copied");
	spin_lock(vmf->ptl);
	replaced = pte_same(entry_read(vmf->pte), vmf->orig);
	if (replaced) {
		replace_huge_page(vmf, old, new);
		lru_cache_add_active(new);
	}
	spin_unlock(vmf->ptl);
	put_page(replaced ? old : new); /* the entry's reference to it, or all there is */
	put_page(old);
	return replaced && vmf->flags & FAULT_FLAG_WRITE ? VM_FAULT_WRITE : VM_FAULT_MINOR;
}

/* The protocol decides as for a pte: the entries have one format. The page is where it begins. */
int huge_wp_verdict(struct vm_fault *vmf, struct page *page)
{
	unsigned long address = vmf->address;
	int verdict;

	vmf->address &= HPAGE_MASK;
	verdict = this_machine->cow->wp_anon(vmf, page);
	vmf->address = address;
	return verdict;
}

int do_huge_pmd_wp_page(struct vm_fault *vmf, pmd_t orig)
{
	struct page *page;
	int verdict;

	vmf->pte = (pte_t *)vmf->pmd;
	vmf->ptl = pmd_lockptr(vmf->pmd);
	vmf->orig = pmd_pte(orig);
	spin_lock(vmf->ptl);
	if (!pte_same(entry_read(vmf->pte), vmf->orig)) {
		spin_unlock(vmf->ptl);
		return VM_FAULT_MINOR;
	}
	page = pfn_to_page(pmd_pfn(orig));
	verdict = huge_wp_verdict(vmf, page);
	if (verdict == WP_RETRY)
		return VM_FAULT_MINOR;
	return verdict == WP_REUSE ? huge_wp_reuse(vmf) : huge_wp_copy(vmf, page);
}

/* ---- fork --------------------------------------------------------------------------------------------------------- */

/* => both locks held; 0, or -EAGAIN: no huge page, -EBUSY: being split, -EPERM: not to be shared */
static int share_huge_pmd(struct mm_struct *dst, pmd_t *dst_pmd, pmd_t *src_pmd, struct vm_area_struct *vma,
			  struct page *table)
{
	bool cow = (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
	pmd_t pmd = entry_read(src_pmd);
	struct page *page;

	if (!pmd_huge(pmd))
		return -EAGAIN;
	if (pmd_trans_splitting(pmd))
		return -EBUSY;
	page = pfn_to_page(pmd_pfn(pmd));
	if (cow && !this_machine->cow->fork_share(vma, page, true))
		return -EPERM;
	get_page(page);
	page_dup_rmap(page);
	add_mm_counter(dst, MM_ANONPAGES, HPAGE_NR);
	pgtable_trans_huge_deposit(dst_pmd, table);
	if (cow && pmd_write(pmd)) {
		ptep_set_wrprotect((pte_t *)src_pmd);
		SYNC_LABEL("wrprotected");
		pmd = pte_pmd(pte_wrprotect(pmd_pte(pmd)));
	}
	smp_store_release(dst_pmd, pte_pmd(pte_mkold(pmd_pte(pmd))));
	return 0;
}

int copy_huge_pmd(struct mm_struct *dst, struct mm_struct *src, pmd_t *dst_pmd, pmd_t *src_pmd,
		  unsigned long addr, struct vm_area_struct *vma)
{
	spinlock_t *dst_ptl = pmd_lockptr(dst_pmd), *src_ptl = pmd_lockptr(src_pmd);
	struct page *table = pte_alloc_one(addr);
	int ret;

	if (!table)
		return -ENOMEM;
	spin_lock(dst_ptl);
	spin_lock_nested(src_ptl, 1);
	ret = share_huge_pmd(dst, dst_pmd, src_pmd, vma, table);
	if (!ret)
		observe_fork_page(dst, src, addr & HPAGE_MASK, HPAGE_SIZE);
	spin_unlock(src_ptl);
	spin_unlock(dst_ptl);
	if (!ret)
		return 0;
	put_page(table);
	if (ret == -EBUSY)
		wait_split_huge_page(vma->anon_vma);
	if (ret != -EAGAIN)
		split_huge_pmd(vma, src_pmd, addr);
	return -EAGAIN;
}

/* ---- unmapping and protecting ---------------------------------------------------------------------------------------- */

/* => the lock of *pmd held, and it is huge; true. Else not held, whoever splits it is done with it; false */
static bool lock_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, spinlock_t **ptlp)
{
	spinlock_t *ptl = pmd_lockptr(pmd);
	pmd_t entry;

	for (;;) {
		spin_lock(ptl);
		entry = entry_read(pmd);
		if (pmd_huge(entry) && !pmd_trans_splitting(entry)) {
			*ptlp = ptl;
			return true;
		}
		spin_unlock(ptl);
		if (!pmd_huge(entry))
			return false;
		wait_split_huge_page(vma->anon_vma);
	}
}

bool zap_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr)
{
	struct page *page, *table;
	spinlock_t *ptl;
	pte_t old;

	if (tlb_full(tlb))
		tlb_finish_mmu(tlb);
	if (!lock_huge_pmd(vma, pmd, &ptl))
		return false;
	old = ptep_get_and_clear((pte_t *)pmd);
	table = pgtable_trans_huge_withdraw(pmd);
	page = pfn_to_page(pte_pfn(old));
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, -(int)HPAGE_NR);
	page_remove_rmap(page);
	tlb_note_flush(tlb, addr, HPAGE_SIZE);
	tlb_remove_page(tlb, page, addr);
	spin_unlock(ptl);
	SYNC_LABEL("huge_pmd_cleared");
	put_page(table); /* no processor has ever seen it, or all have been told: see collapse_huge_page() */
	return true;
}

bool change_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr, pgprot_t newprot)
{
	pte_t *entry = (pte_t *)pmd, old, seen;
	spinlock_t *ptl;

	(void)addr;
	if (!lock_huge_pmd(vma, pmd, &ptl))
		return false;
	old = entry_read(entry);
	while (!pte_same(seen = cmpxchg(entry, old, pte_modify(old, newprot)), old))
		old = seen; /* a processor set A or D */
	spin_unlock(ptl);
	return true;
}
