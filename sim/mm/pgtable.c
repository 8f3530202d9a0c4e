/* SPDX-License-Identifier: MIT */
/*
 * pgtable.c - allocating, finding and freeing page tables
 *
 * Mirrors the first third of mm/memory.c of 2.6.29, with the page table lock in the page of ptes (split
 * ptlocks).
 *
 * I1: an entry of the upper levels goes from none to a table under mm->page_table_lock, one of the pmd level under the
 *     lock of its table (it may become a huge page instead), and back to none
 *     only with mmap_sem held for write and the vmas off i_mmap, or for read where no vma is left and none can be
 *     (munmap.c I3); so whoever holds mmap_sem and has a vma there, or i_mmap_lock, may follow it.
 * I2: a table is zeroed before the entry that makes it visible.
 *
 * Lock order: mmap_sem or i_mmap_lock, then mm->page_table_lock or one page table lock.
 *
 * I3: a table is freed only after every CPU that runs the mm was interrupted since its entry was cleared: walks
 *     that had read the entry are over, and caches of it are empty.
 *
 * I4: an entry of the pmd level that maps a huge page is no table: whoever looks for ptes there finds none. It changes
 *     under the lock of its table of pmds.
 *
 * Left out: folded levels, table quicklists, huge entries of a pud.
 */
#include "mm/mm.h"

typedef u64 entry_t; /* an entry of any upper level */

static struct page *table_alloc(unsigned long address, unsigned level)
{
	struct page *page = alloc_zeroed_page();

	if (!page)
		return NULL;
	set_bit(PG_table, &page->flags);
	page->index = pagetable_index(address, level);
	spin_lock_init(&page->ptl);
	return page;
}

struct page *pte_alloc_one(unsigned long address)
{
	return table_alloc(address & ~(PMD_SIZE - 1), 1);
}

static void *entry_table(entry_t e)
{
	return pfn_to_virt((e & PTE_PFN_MASK) >> PAGE_SHIFT);
}

/* => called with mmap_sem held; the table that *p points to, allocated if it was none; NULL: no memory, or *p is huge */
static void *next_table(struct mm_struct *mm, entry_t *p, unsigned long base, unsigned level)
{
	spinlock_t *ptl = level == 1 ? &virt_to_page(p)->ptl : &mm->page_table_lock;
	entry_t e = smp_load_acquire(p);
	struct page *new;

	if (likely(e))
		return e & _PAGE_PSE ? NULL : entry_table(e);
	new = table_alloc(base, level);
	if (!new)
		return NULL;
	spin_lock(ptl);
	e = READ_ONCE(*p);
	if (e) {
		spin_unlock(ptl);
		put_page(new);
		return e & _PAGE_PSE ? NULL : entry_table(e);
	}
	/* Zeroed and with its lock before it can be found: the kernel's smp_wmb() and its readers' address dependency. */
	smp_store_release(p, ((u64)page_to_pfn(new) << PAGE_SHIFT) | _PAGE_TABLE);
	spin_unlock(ptl);
	return page_address(new);
}

pmd_t *pmd_alloc_map(struct mm_struct *mm, unsigned long address)
{
	entry_t *pud =
		next_table(mm, (entry_t *)mm->pgd + pgd_index(address), address & ~(PGDIR_SIZE - 1), 3);
	entry_t *pmd = pud ? next_table(mm, pud + pud_index(address), address & ~(PUD_SIZE - 1), 2) : NULL;

	return pmd ? (pmd_t *)pmd + pmd_index(address) : NULL;
}

pte_t *pte_alloc(struct mm_struct *mm, pmd_t *pmd, unsigned long address, spinlock_t **ptlp)
{
	pte_t *pte = next_table(mm, (entry_t *)pmd, address & ~(PMD_SIZE - 1), 1);

	if (!pte)
		return NULL;
	*ptlp = &virt_to_page(pte)->ptl;
	return pte + pte_index(address);
}

pte_t *pte_alloc_map(struct mm_struct *mm, unsigned long address, spinlock_t **ptlp)
{
	pmd_t *pmd = pmd_alloc_map(mm, address);

	return pmd ? pte_alloc(mm, pmd, address, ptlp) : NULL;
}

pmd_t *pmd_find(struct mm_struct *mm, unsigned long address, unsigned long *next)
{
	entry_t e = smp_load_acquire((entry_t *)mm->pgd + pgd_index(address));

	*next = (address & ~(PGDIR_SIZE - 1)) + PGDIR_SIZE;
	if (!e)
		return NULL;
	e = smp_load_acquire((entry_t *)entry_table(e) + pud_index(address));
	*next = (address & ~(PUD_SIZE - 1)) + PUD_SIZE;
	if (!e)
		return NULL;
	*next = (address & ~(PMD_SIZE - 1)) + PMD_SIZE;
	return (pmd_t *)entry_table(e) + pmd_index(address);
}

pte_t *pte_find(struct mm_struct *mm, unsigned long address, spinlock_t **ptlp, unsigned long *next)
{
	pmd_t *pmd = pmd_find(mm, address, next);
	entry_t e = pmd ? smp_load_acquire((entry_t *)pmd) : 0;
	pte_t *pte;

	if (!e || (e & _PAGE_PSE))
		return NULL;
	pte = entry_table(e);
	*ptlp = &virt_to_page(pte)->ptl;
	return pte + pte_index(address);
}

pgd_t *pgd_alloc(void)
{
	struct page *page = table_alloc(0, 4);

	return page ? page_address(page) : NULL;
}

void pgd_free(pgd_t *pgd)
{
	put_page(virt_to_page(pgd));
}

static const unsigned level_shift[] = { 0, PAGE_SHIFT, PMD_SHIFT, PUD_SHIFT, PGDIR_SHIFT };

/* What free_pgtables() was asked for. */
struct table_range {
	unsigned long addr, end, floor, ceiling;
	struct mmu_gather tlb;
};

/*
 * => the table that *p points to and what hangs below it go, if it serves nothing outside [floor, ceiling)
 */
static void free_table(struct table_range *r, entry_t *p, unsigned level, unsigned long base)
{
	entry_t e = READ_ONCE(*p);
	unsigned long size = 1ul << level_shift[level + 1], step = 1ul << level_shift[level];
	entry_t *table = entry_table(e);

	if (!e)
		return;
	if (level > 1) {
		unsigned long a = r->addr > base ? r->addr & ~(step - 1) : base;

		for (; a < base + size && a < r->end; a += step)
			free_table(r, table + ((a - base) >> level_shift[level]), level - 1, a);
	}
	if (base < r->floor || (r->ceiling && base + size > r->ceiling))
		return;
	WRITE_ONCE(*p, 0);
	tlb_remove_page(&r->tlb, virt_to_page(table), r->addr);
}

void free_pgtables(struct mm_struct *mm, unsigned long addr, unsigned long end, unsigned long floor,
		   unsigned long ceiling)
{
	struct table_range r = { addr, end, floor, ceiling, .tlb = { 0 } };

	tlb_gather_init(&r.tlb, mm);
	for (unsigned long a = addr & ~(PGDIR_SIZE - 1); a < end; a += PGDIR_SIZE)
		free_table(&r, (entry_t *)mm->pgd + pgd_index(a), 3, a);
	tlb_finish_mmu(&r.tlb);
}
