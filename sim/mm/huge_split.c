/* SPDX-License-Identifier: MIT */
/*
 * huge_split.c - a huge page becomes small ones
 *
 * Mirrors __split_huge_page() of mm/huge_memory.c of 2.6.38: the whole page at once, in every process; with the freezing
 * of its count of 4.5, which refuses a page that is pinned. An entry that must go all the same (munmap of a part) is
 * then split alone, as in 4.5: its ptes map the parts of a page that stays compound.
 *
 * The steps, all under the anon_vma's lock:
 *	1  every entry that maps the page is taken from the processors, and from whoever walks without locks, by a flush;
 *	   its A and D bits stay in it
 *	2  the count is frozen, if it is the entries' and the caller's; else the entries are what they were, -EBUSY
 *	3  the parts become pages, with a reference and a mapping for each entry
 *	4  each entry becomes the table that was deposited for it, filled first
 *
 * I1: between 1 and 4 the entry is huge for the kernel (_PAGE_SPLITTING) and not present for the processors; who needs
 *     it waits for the anon_vma's lock.
 * I2: a table is filled before an entry points to it, and after the old translation was flushed: no processor has both.
 * I3: what the processors set in the entry until it was taken from them is in the ptes.
 *
 * Lock order: page lock, anon_vma's lock, the lock of a table of pmds, zone lock.
 *
 * Left out: pages of files, swap as the parts' place, splitting what nothing maps any more.
 */
#include "mm/mm.h"
#include "hw/mmu.h"
#include "hw/observer.h"

void wait_split_huge_page(struct anon_vma *anon_vma)
{
	spin_lock(&anon_vma->lock);
	spin_unlock(&anon_vma->lock);
}

void wait_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd)
{
	spinlock_t *ptl = pmd_lockptr(pmd);
	bool splitting;

	spin_lock(ptl); /* a copy, and a split of this entry alone, hold it throughout */
	splitting = pmd_trans_splitting(entry_read(pmd));
	spin_unlock(ptl);
	if (splitting)
		wait_split_huge_page(vma->anon_vma);
}

/* As it was before it was taken from the processors. */
static pmd_t pmd_restored(pmd_t pmd)
{
	return (pmd_t){ (pmd.pmd & ~_PAGE_SPLITTING) | (pmd.pmd & _PAGE_PROTNONE ? 0 : _PAGE_PRESENT) };
}

/*
 * => called with the lock of the entry held, which is huge; it is not present for processors when this returns, and
 * nobody walks through it without locks
 */
static void pmdp_splitting_flush(struct vm_area_struct *vma, unsigned long haddr, pmd_t *pmd)
{
	pmd_t old = entry_read(pmd), seen;

	observe_revoke_begin(vma->vm_mm);
	while (!pmd_same(seen = cmpxchg(pmd, old, ((pmd_t){ (old.pmd & ~_PAGE_PRESENT) | _PAGE_SPLITTING })),
			 old))
		old = seen; /* a processor set A or D */
	flush_tlb_range(vma->vm_mm, haddr, haddr + HPAGE_SIZE);
	observe_revoke_end(vma->vm_mm);
}

/* => called with the lock of the entry held, which is being split: the table that was deposited takes its place */
static void pmd_populate_split(pmd_t *pmd)
{
	pmd_t old = pmd_restored(entry_read(pmd));
	struct page *table = pgtable_trans_huge_withdraw(pmd);
	pte_t pte[PTRS_PER_TABLE];

	for (unsigned long i = 0; i < HPAGE_NR; i++)
		pte[i] = (pte_t){ (old.pmd & ~_PAGE_PSE) + i * PAGE_SIZE };
	content_write(page_address(table), pte, sizeof(pte)); /* one step: nobody can see it yet */
	smp_store_release(pmd, ((pmd_t){ ((u64)page_to_pfn(table) << PAGE_SHIFT) | _PAGE_TABLE }));
}

/* ---- every entry of a page --------------------------------------------------------------------------------------- */

/* => anon_vma's lock held; the entry of vma that maps page, in this state, with its lock held; or NULL */
static pmd_t *page_check_pmd(struct page *page, struct vm_area_struct *vma, bool splitting,
			     unsigned long *haddr)
{
	unsigned long next;
	spinlock_t *ptl;
	pmd_t *pmd, entry;

	*haddr = vma_address(page, vma);
	if (*haddr == (unsigned long)-EFAULT)
		return NULL;
	pmd = pmd_find(vma->vm_mm, *haddr, &next);
	if (!pmd || !pmd_huge(entry_read(pmd)))
		return NULL;
	ptl = pmd_lockptr(pmd);
	spin_lock(ptl);
	entry = entry_read(pmd);
	if (pmd_huge(entry) && pmd_pfn(entry) == page_to_pfn(page) && pmd_trans_splitting(entry) == splitting)
		return pmd;
	spin_unlock(ptl);
	return NULL;
}

/* Step 1. => anon_vma's lock held; how many entries */
static int mark_splitting(struct page *page, struct anon_vma *anon_vma)
{
	struct vm_area_struct *vma;
	unsigned long haddr;
	int marked = 0;
	pmd_t *pmd;

	list_for_each_entry(vma, &anon_vma->head, anon_vma_node) {
		pmd = page_check_pmd(page, vma, false, &haddr);
		if (!pmd)
			continue;
		pmdp_splitting_flush(vma, haddr, pmd);
		marked++;
		spin_unlock(pmd_lockptr(pmd));
	}
	return marked;
}

/* Step 4, or back to what it was. => anon_vma's lock held */
static void end_splitting(struct page *page, struct anon_vma *anon_vma, bool split)
{
	struct vm_area_struct *vma;
	unsigned long haddr;
	pmd_t *pmd;

	list_for_each_entry(vma, &anon_vma->head, anon_vma_node) {
		pmd = page_check_pmd(page, vma, true, &haddr);
		if (!pmd)
			continue;
		if (split)
			pmd_populate_split(pmd);
		else
			set_pte((pte_t *)pmd, pmd_pte(pmd_restored(entry_read(pmd))));
		spin_unlock(pmd_lockptr(pmd));
	}
}

/* ---- the parts ------------------------------------------------------------------------------------------------------ */

#define CARRIED                                                                                              \
	(1ul << PG_uptodate | 1ul << PG_dirty | 1ul << PG_referenced | 1ul << PG_active |                    \
	 1ul << PG_swapbacked | 1ul << PG_anon_exclusive)

/* Part i of an anonymous page as a pte's: where its reverse mapping looks for it. */
static void name_part(struct page *head, unsigned long i)
{
	head[i].index = head->index + i;
	head[i].mapping = page_mapping_raw(head);
}

/*
 * Step 3. The zone lock: who looks for frames that are free reads the flags of all.
 * => the head's count is frozen, nobody else has the parts; maps: by how many processes they are mapped
 */
static void split_parts(struct page *head, int maps)
{
	unsigned long flags = READ_ONCE(head->flags) & CARRIED;

	spin_lock(&this_machine->zone.lock);
	for (unsigned long i = 1; i < HPAGE_NR; i++) {
		name_part(head, i);
		head[i].private = 0;
		head[i]._mapcount.counter = maps - 1;
		head[i]._count.counter = maps;
		head[i].flags = flags;
	}
	spin_unlock(&this_machine->zone.lock);
	clear_bit(PG_head, &head->flags);
}

static void parts_to_lru(struct page *head)
{
	if (!this_machine->config.lru)
		return;
	for (unsigned long i = 1; i < HPAGE_NR; i++)
		lru_cache_add(head + i);
}

int split_huge_page(struct page *page)
{
	struct anon_vma *anon_vma;
	bool split;
	int maps;

	BUG_ON(!PageLocked(page));
	if (!PageHead(page))
		return 0;
	if (PageHuge(page))
		return -EBUSY;
	lru_add_drain(); /* its batch may have a reference */
	anon_vma = page_lock_anon_vma(page);
	if (!anon_vma)
		return -EBUSY;
	maps = mark_splitting(page, anon_vma);
	SYNC_LABEL("splitting");
	/* maps 0: its last entry has gone meanwhile, and with it whom the parts would belong to */
	split = maps && maps == page_mapcount(page) && atomic_cmpxchg(&page->_count, maps + 1, 0) == maps + 1;
	if (split) {
		split_parts(page, maps);
		parts_to_lru(page);
		smp_store_release(&page->_count.counter, maps + 1);
	}
	end_splitting(page, anon_vma, split);
	page_unlock_anon_vma(anon_vma);
	return split ? 0 : -EBUSY;
}

/* ---- one entry ---------------------------------------------------------------------------------------------------------- */

/*
 * The page stays what it is, for its pins; this process maps its parts one by one from here on. The entry's reference and
 * mapping are those of the first part; each other part's pte has its own.
 * => page locked, with a reference
 */
static void split_one_entry(struct vm_area_struct *vma, pmd_t *pmd, unsigned long haddr, struct page *page)
{
	spinlock_t *ptl = pmd_lockptr(pmd);
	pmd_t entry;

	spin_lock(ptl);
	entry = entry_read(pmd);
	if (pmd_huge(entry) && !pmd_trans_splitting(entry) && pmd_pfn(entry) == page_to_pfn(page)) {
		pmdp_splitting_flush(vma, haddr, pmd);
		atomic_add(HPAGE_NR - 1, &page->_count);
		for (unsigned long i = 1; i < HPAGE_NR; i++) {
			name_part(page, i);
			if (PageAnonExclusive(page))
				SetPageAnonExclusive(page + i);
			atomic_inc(&page[i]._mapcount);
		}
		pmd_populate_split(pmd);
	}
	spin_unlock(ptl);
}

/* => the page that *pmd maps, with a reference; NULL: it maps none. Waits while it is being split */
static struct page *get_huge_page_of(struct vm_area_struct *vma, pmd_t *pmd)
{
	spinlock_t *ptl = pmd_lockptr(pmd);
	struct page *page = NULL;
	pmd_t entry;

	for (;;) {
		spin_lock(ptl);
		entry = entry_read(pmd);
		if (pmd_huge(entry) && !pmd_trans_splitting(entry)) {
			page = pfn_to_page(pmd_pfn(entry));
			get_page(page);
		}
		spin_unlock(ptl);
		if (page || !pmd_huge(entry))
			return page;
		wait_split_huge_page(vma->anon_vma);
	}
}

void split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmd, unsigned long addr)
{
	struct page *page;

	while ((page = get_huge_page_of(vma, pmd))) {
		lock_page(page);
		if (split_huge_page(page))
			split_one_entry(vma, pmd, addr & HPAGE_MASK, page);
		unlock_page(page);
		put_page(page);
	}
}

void split_huge_pmd_address(struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long next;
	pmd_t *pmd;

	if (likely(!vma_may_have_huge(vma)) || !(addr & ~HPAGE_MASK))
		return;
	pmd = pmd_find(vma->vm_mm, addr, &next);
	if (pmd && pmd_huge(entry_read(pmd)))
		split_huge_pmd(vma, pmd, addr);
}
