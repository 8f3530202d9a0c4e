// SPDX-License-Identifier: MIT
/* mm_pgtable.c - page tables: made once, found, freed where they serve nobody else */
#include "machine.h"

#define A 0x40000000ul /* begins a table of every level but the highest */

static void free_all(void)
{
	down_write(&current->mm->mmap_sem);
	free_pgtables(current->mm, 0, TASK_SIZE, 0, 0);
	up_write(&current->mm->mmap_sem);
}

static void tables_are_made_once(void)
{
	struct mm_struct *mm = current->mm;
	unsigned long before = frames_free(), next;
	spinlock_t *ptl, *same, *other;
	pte_t *pte = pte_alloc_map(mm, A + 5 * P, &ptl);
	pmd_t *pmd = pmd_find(mm, A, &next);

	BUG_ON(!pte || frames_free() != before - 3 || !pte_none(*pte));
	BUG_ON(pte_alloc_map(mm, A + 6 * P, &same) != pte + 1 || same != ptl || frames_free() != before - 3);
	BUG_ON(!pte_alloc_map(mm, A + PMD_SIZE, &other) || other == ptl || frames_free() != before - 4);
	BUG_ON(pmd_alloc_map(mm, A) != pmd || pte_alloc(mm, pmd, A + 7 * P, &same) != pte + 2 || same != ptl);
	BUG_ON(frames_free() != before - 4);
	BUG_ON(pmd_page(*pmd) != virt_to_page(pte) || pte_lockptr(*pmd) != ptl);
	BUG_ON(pmd_lockptr(pmd) != &virt_to_page(pmd)->ptl || pmd_lockptr(pmd) == ptl);
	BUG_ON(!test_bit(PG_table, &virt_to_page(pte)->flags));
	BUG_ON(virt_to_page(pte)->index != pagetable_index(A, 1));
	BUG_ON(virt_to_page(pmd)->index != pagetable_index(A & ~(PUD_SIZE - 1), 2));
	free_all();
	BUG_ON(frames_free() != before);
}

static void what_is_missing_is_skipped(void)
{
	struct mm_struct *mm = current->mm;
	unsigned long next;
	spinlock_t *ptl, *found;
	pte_t *pte;

	BUG_ON(pte_find(mm, A + 5 * P, &found, &next) || next != PGDIR_SIZE);
	BUG_ON(pmd_find(mm, A + 5 * P, &next) || next != PGDIR_SIZE);
	BUG_ON(!pmd_alloc_map(mm, A));
	BUG_ON(pte_find(mm, A + PUD_SIZE, &found, &next) || next != A + 2 * PUD_SIZE);
	BUG_ON(pte_find(mm, A + 5 * P, &found, &next) || next != A + PMD_SIZE);
	BUG_ON(!pmd_find(mm, A + 5 * P, &next) || next != A + PMD_SIZE);
	pte = pte_alloc_map(mm, A + 5 * P, &ptl);
	BUG_ON(pte_find(mm, A + 5 * P, &found, &next) != pte || found != ptl || next != A + PMD_SIZE);
	free_all();
}

static void tables_of_neighbours_stay(void)
{
	struct mm_struct *mm = current->mm;
	unsigned long before = frames_free(), next;
	spinlock_t *ptl;

	BUG_ON(!pte_alloc_map(mm, A, &ptl) || !pte_alloc_map(mm, A + PMD_SIZE, &ptl));
	BUG_ON(frames_free() != before - 4);
	down_write(&mm->mmap_sem);
	free_pgtables(mm, A + P, A + 2 * P, A + P, 0); /* something lies below, in the same table */
	BUG_ON(frames_free() != before - 4);
	free_pgtables(mm, A, A + P, 0, A + 2 * P); /* above */
	BUG_ON(frames_free() != before - 4);
	free_pgtables(mm, A, A + P, 0, A + PMD_SIZE); /* from the next table on */
	BUG_ON(frames_free() != before - 3 || pte_find(mm, A, &ptl, &next));
	BUG_ON(!pte_find(mm, A + PMD_SIZE, &ptl, &next));
	free_pgtables(mm, A + PMD_SIZE, A + PMD_SIZE + P, 0, 0);
	BUG_ON(frames_free() != before);
	up_write(&mm->mmap_sem);
}

static void a_huge_page_is_no_table(void)
{
	struct mm_struct *mm = current->mm;
	unsigned long next;
	spinlock_t *ptl;
	pmd_t *pmd = pmd_alloc_map(mm, A);

	pmd->pmd = (1ull << PMD_SHIFT) | _PAGE_PRESENT | _PAGE_PSE;
	BUG_ON(pte_alloc(mm, pmd, A, &ptl) || pte_alloc_map(mm, A, &ptl) || pte_find(mm, A, &ptl, &next));
	BUG_ON(pmd_find(mm, A, &next) != pmd);
	pmd->pmd = 0;
	BUG_ON(!pte_alloc(mm, pmd, A, &ptl));
	free_all();
}

/* With so many frames left. What was made before the last stays, and is used later. */
static void memory_runs_out(void)
{
	struct mm_struct *mm = current->mm;
	unsigned long before = frames_free();
	struct page *pile, *some;
	spinlock_t *ptl;

	for (unsigned left = 0; left < 3; left++) {
		pile = take_frames();
		BUG_ON(frames_free());
		some = pile;
		for (unsigned i = 0; i < left; i++) {
			pile = (struct page *)some->private;
			some->private = 0;
			put_page(some);
			some = pile;
		}
		BUG_ON(pte_alloc_map(mm, A, &ptl) || frames_free());
		give_frames(pile);
		BUG_ON(frames_free() != before - left);
		free_all();
		BUG_ON(frames_free() != before);
	}
	pile = take_frames();
	BUG_ON(pgd_alloc() || pte_alloc_one(A) || mm_alloc() || pmd_alloc_map(mm, A));
	give_frames(pile);
	BUG_ON(this_machine->slab.live[SLAB_MM] != 1);
}

static void tables_that_nothing_points_to(void)
{
	unsigned long before = frames_free();
	struct page *page = pte_alloc_one(A + 5 * P);
	pgd_t *pgd = pgd_alloc();

	BUG_ON(page->index != pagetable_index(A, 1) || !test_bit(PG_table, &page->flags));
	BUG_ON(virt_to_page(pgd)->index != pagetable_index(0, 4) || frames_free() != before - 2);
	for (unsigned i = 0; i < PTRS_PER_TABLE; i++)
		BUG_ON(pgd[i].pgd || ((u64 *)page_address(page))[i]);
	spin_lock(&page->ptl);
	spin_unlock(&page->ptl);
	put_page(page);
	pgd_free(pgd);
	BUG_ON(frames_free() != before);
}

static const struct script_machine usual = { .config = { .io_at_once = true } };
SCRIPT_ON(&usual, tables_are_made_once)
SCRIPT_ON(&usual, what_is_missing_is_skipped)
SCRIPT_ON(&usual, tables_of_neighbours_stay)
SCRIPT_ON(&usual, a_huge_page_is_no_table)
SCRIPT_ON(&usual, memory_runs_out)
SCRIPT_ON(&usual, tables_that_nothing_points_to)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables_are_made_once),
		cmocka_unit_test(test_what_is_missing_is_skipped),
		cmocka_unit_test(test_tables_of_neighbours_stay),
		cmocka_unit_test(test_a_huge_page_is_no_table),
		cmocka_unit_test(test_memory_runs_out),
		cmocka_unit_test(test_tables_that_nothing_points_to),
	};

	return RUN_TESTS(tests, argc, argv);
}
