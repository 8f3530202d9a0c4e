/* SPDX-License-Identifier: MIT */
/* cow_common.c - the steps that protocols of the axis `cow` share, and those that do nothing */
#include "mm/protocols/cow.h"

/* ---- a store to a page that is mapped read-only ---------------------------------------------------------------------- */

/* => called with vmf->ptl held; it is dropped to wait for the page lock. false: *pte has changed, and all is dropped */
static bool lock_page_without_ptl(struct vm_fault *vmf, struct page *page)
{
	get_page(page);
	spin_unlock(vmf->ptl);
	lock_page(page);
	spin_lock(vmf->ptl);
	if (pte_same(entry_read(vmf->pte), vmf->orig)) {
		put_page(page); /* the pte's keeps it */
		return true;
	}
	spin_unlock(vmf->ptl);
	unlock_page(page);
	put_page(page);
	return false;
}

enum wp_verdict wp_by_mapcount(struct vm_fault *vmf, struct page *page)
{
	bool reuse;

	if (PageKsm(page))
		return WP_COPY;
	if (!trylock_page(page) && !lock_page_without_ptl(vmf, page))
		return WP_RETRY;
	reuse = can_share_swap_page(page);
	unlock_page(page);
	return reuse ? WP_REUSE : WP_COPY;
}

bool swapin_by_mapcount(struct page *page, pte_t orig, bool write)
{
	(void)orig;
	return write && can_share_swap_page(page);
}

/* ---- fork ------------------------------------------------------------------------------------------------------------ */

bool fork_shares(struct vm_area_struct *src_vma, struct page *page, bool anon)
{
	(void)src_vma;
	(void)page;
	(void)anon;
	return true;
}

bool fork_shares_unless_pinned(struct vm_area_struct *src_vma, struct page *page, bool anon)
{
	return !anon || !READ_ONCE(src_vma->vm_mm->has_pinned) || !page_maybe_dma_pinned(page);
}

void fork_nothing(struct mm_struct *mm)
{
	(void)mm;
}

void fork_seq_begin(struct mm_struct *mm)
{
	WRITE_ONCE(mm->write_protect_seq, mm->write_protect_seq + 1);
	smp_mb(); /* the count before any look at has_pinned and the pages' pins */
	SYNC_LABEL("fork_seq");
}

void fork_seq_end(struct mm_struct *mm)
{
	smp_wmb();
	WRITE_ONCE(mm->write_protect_seq, mm->write_protect_seq + 1);
}

/* ---- get_user_pages() -------------------------------------------------------------------------------------------------- */

bool gup_fast_seq_begin(struct mm_struct *mm, u32 *seq)
{
	*seq = smp_load_acquire(&mm->write_protect_seq);
	return !(*seq & 1);
}

bool gup_fast_seq_retry(struct mm_struct *mm, u32 seq)
{
	smp_rmb(); /* what the walk read before the count; its reference is a full barrier */
	return READ_ONCE(mm->write_protect_seq) != seq;
}

bool gup_fast_begin_always(struct mm_struct *mm, u32 *seq)
{
	(void)mm;
	(void)seq;
	return true;
}

bool gup_fast_retry_never(struct mm_struct *mm, u32 seq)
{
	(void)mm;
	(void)seq;
	return false;
}

bool gup_never_unshares(struct vm_area_struct *vma, unsigned flags, struct page *page)
{
	(void)vma;
	(void)flags;
	(void)page;
	return false;
}

/* ---- reclaim ------------------------------------------------------------------------------------------------------------ */

bool may_unmap_any(struct page *page)
{
	(void)page;
	return true;
}

bool may_unmap_unpinned(struct page *page)
{
	return !PageAnon(page) || !page_maybe_dma_pinned(page);
}
