/* SPDX-License-Identifier: MIT */
/*
 * migrate.c - the contents of a page and its users move to another frame
 *
 * Mirrors mm/migrate.c of 2.6.29, its exclusive entries those of 5.19.
 *
 * I1: from the first migration entry to the last the old page is locked: who meets an entry waits for that lock, with a
 *     reference that it takes while the entry is there, under the page table lock.
 * I2: the contents are copied when no pte maps the page, every translation was flushed, and the count is what the address
 *     space and the callers account for: nobody else can reach the frame.
 * I3: the old page stays what it was (anonymous, a file's) until the last entry is gone: who zaps one asks it.
 *
 * Lock order: page lock of the old page, then of the new one (which nobody knows), i_mmap_lock or the anon_vma's lock,
 * page table lock; tree_lock.
 *
 * Left out: buffers, policies, asynchronous modes, huge pages (they are split).
 */
#include "hw/mmu.h"
#include "hw/observer.h"
#include "mm/fault.h"

/* => called with the page table lock held, *pte an entry of `old`; the new page, mapped as the old one was */
static pte_t migrated_pte(struct page *new, struct vm_area_struct *vma, swp_entry_t entry)
{
	pte_t pte = pfn_pte(page_to_pfn(new), vma->vm_page_prot);

	if (swp_type(entry) == SWP_MIGRATION_WRITE)
		pte = pte_mkwrite(pte);
	return pte;
}

/* walk->old: whose entries; page: the new page, or the old one again. */
static int remove_migration_pte(struct page *page, struct vm_area_struct *vma, unsigned long address,
				struct rmap_walk *walk)
{
	unsigned long next;
	swp_entry_t entry;
	spinlock_t *ptl;
	pte_t *pte;

	pte = pte_find(vma->vm_mm, address, &ptl, &next);
	if (!pte)
		return SWAP_AGAIN;
	spin_lock(ptl); /* who zapped an entry asked the old page something: it may go from here on */
	entry = pte_to_swp_entry(entry_read(pte));
	if (!is_migration_entry(entry_read(pte)) || swp_offset(entry) != page_to_pfn(walk->old)) {
		spin_unlock(ptl);
		return SWAP_AGAIN;
	}
	get_page(page);
	if (PageAnon(page))
		page_add_anon_rmap(page, vma, address, swp_type(entry) != SWP_MIGRATION_READ);
	else
		page_add_file_rmap(page);
	set_pte(pte, migrated_pte(page, vma, entry));
	SYNC_LABEL("migration_pte_removed");
	spin_unlock(ptl);
	return SWAP_AGAIN;
}

/* => both pages locked, RCU read side since before the page was unmapped, so that its anon_vma is one still */
static void remove_migration_ptes(struct page *old, struct page *new)
{
	struct rmap_walk walk = { .one = remove_migration_pte, .old = old, .nonlinear = true };
	struct anon_vma *anon_vma;

	if (!PageAnon(new)) {
		if (new->mapping)
			rmap_walk_file(new->mapping, new, &walk);
		return;
	}
	anon_vma = page_anon_vma(new);
	spin_lock(&anon_vma->lock);
	rmap_walk_anon(anon_vma, new, &walk);
	spin_unlock(&anon_vma->lock);
}

/*
 * The reference is taken before the lock that keeps the entry, and the page with it, goes. Without references the page is
 * changing places in its address space at this moment: then the access is tried again.
 */
void migration_entry_wait(struct mm_struct *mm, pte_t *ptep, spinlock_t *ptl)
{
	struct page *page;
	pte_t pte;

	spin_lock(ptl);
	pte = entry_read(ptep);
	if (!is_migration_entry(pte)) {
		spin_unlock(ptl);
		return;
	}
	page = pfn_to_page(swp_offset(pte_to_swp_entry(pte)));
	if (!atomic_inc_not_zero(&page->_count)) {
		spin_unlock(ptl);
		cond_resched();
		return;
	}
	spin_unlock(ptl);
	SYNC_LABEL("migration_wait");
	wait_on_page_locked(page);
	put_page(page);
}

/* => tree_lock held for write: new stands where old stood, and has the address space's reference */
static void replace_in_tree(struct address_space *mapping, struct page *new, struct page *old)
{
	unsigned long index = PageSwapCache(old) ? swp_offset(page_swp_entry(old)) : old->index;

	get_page(new);
	radix_tree_replace(&mapping->page_tree, index, new);
	if (PageSwapCache(old)) {
		WRITE_ONCE(new->private, old->private);
		SetPageSwapCache(new);
		WRITE_ONCE(old->private, 0);
		ClearPageSwapCache(old);
	}
}

/* => both locked, old unmapped; extra: references that callers account for. 0, or -EAGAIN: somebody has another */
static int move_mapping(struct page *new, struct page *old, int extra)
{
	struct address_space *mapping = page_mapping(old);
	bool uncached = !mapping;
	int error = -EAGAIN;

	new->index = old->index;
	if (uncached) {
		if (page_count(old) != extra)
			return -EAGAIN;
		WRITE_ONCE(new->mapping, page_mapping_raw(old));
		return 0;
	}
	write_lock_irq(&mapping->tree_lock);
	if (atomic_cmpxchg(&old->_count, extra + 1, 0) == extra + 1) {
		WRITE_ONCE(new->mapping, page_mapping_raw(old));
		replace_in_tree(mapping, new, old);
		atomic_set(&old->_count, extra);
		error = 0;
	}
	write_unlock_irq(&mapping->tree_lock);
	return error;
}

static void copy_flag(struct page *new, struct page *old, int flag)
{
	if (test_and_clear_bit(flag, &old->flags))
		set_bit(flag, &new->flags);
}

/* What the page was marked as. The swap-backed bit stays at the old page too (I3). */
static void copy_page_state(struct page *new, struct page *old)
{
	copy_user_page(new, old);
	SYNC_LABEL("migrate_copied");
	if (PageUptodate(old))
		SetPageUptodate(new);
	copy_flag(new, old, PG_error);
	copy_flag(new, old, PG_referenced);
	copy_flag(new, old, PG_active);
	copy_flag(new, old, PG_mlocked);
	if (TestClearPageDirty(old))
		set_page_dirty(new);
}

/* => old locked, unmapped if that could be; extra as above; 0 or -EAGAIN, and the entries are gone again */
static int move_to_new_page(struct page *new, struct page *old, int extra)
{
	int error;

	trylock_page(new); /* nobody else has it */
	if (PageSwapBacked(old))
		SetPageSwapBacked(new);
	error = page_mapped(old) ? -EAGAIN : move_mapping(new, old, extra);
	if (!error)
		copy_page_state(new, old);
	remove_migration_ptes(old, error ? old : new);
	if (!error)
		WRITE_ONCE(old->mapping, NULL);
	unlock_page(new);
	return error;
}

/* => old locked, off the lists; extra references of callers. 0 or -EAGAIN */
static int unmap_and_move(struct page *new, struct page *old, int extra)
{
	bool anon = PageAnon(old);
	int error = -EAGAIN;

	if (PageWriteback(old))
		wait_on_page_writeback(old);
	if (PagePrivate(old) || PageKsm(old) || PageReserved(old) ||
	    (!page_mapping(old) && !page_mapped(old)))
		return -EAGAIN;
	rcu_read_lock();
	if (page_mapped(old) || !anon) {
		if (page_mapped(old))
			try_to_unmap(old, TTU_MIGRATION);
		error = move_to_new_page(new, old, extra);
	}
	rcu_read_unlock();
	return error;
}

int migrate_page(struct page *page)
{
	bool isolated;
	struct page *new;
	int error;

	lru_add_drain();
	if (PageCompound(page))
		return -EAGAIN;
	isolated = this_machine->config.lru;
	if (isolated && isolate_lru_page(page))
		return -EAGAIN;
	new = alloc_page();
	if (!new) {
		error = -ENOMEM;
		goto out;
	}
	lock_page(page);
	error = unmap_and_move(new, page, 1 + isolated);
	unlock_page(page);
	if (!error && isolated)
		lru_cache_add(new);
	put_page(new); /* ptes and its address space have theirs */
out:
	if (isolated && error)
		putback_lru_page(page);
	else if (isolated)
		put_page(page);
	return error;
}
