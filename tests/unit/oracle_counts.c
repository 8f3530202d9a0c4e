// SPDX-License-Identifier: MIT
/*
 * oracle_counts.c - counters and lists that are wrong by one, what the kernel holds, what leaked
 *
 * Each script does one thing that no correct kernel does, or what looks like it and is right: that stays silent.
 */
#include <stdio.h>

#include "oracle.h"

static const struct machine_config with_swap = { .swap_slots = 8 };

/* ---- counters of a process and of a file ------------------------------------------------------------------------- */

static void count_a_page_too_many(void)
{
	oracle_file_page();
	add_mm_counter(current->mm, MM_FILEPAGES, 1);
}

static void count_a_page_as_another_kind(void)
{
	oracle_anon_page();
	add_mm_counter(current->mm, MM_ANONPAGES, -1);
	add_mm_counter(current->mm, MM_FILEPAGES, 1);
}

static void count_all_kinds(void)
{
	u64 v;

	oracle_file_page();
	vm_mmap(2 * ADDR, 2, MAPPED_PRIVATE, -1, 0);
	vm_store(2 * ADDR, 1);
	vm_load(2 * ADDR + VM_PAGE, &v);
}

static void count_a_vma_too_few(void)
{
	oracle_file_page();
	current->mm->map_count--;
}

static void count_more_memory(void)
{
	oracle_file_page();
	current->mm->total_vm++;
}

static void count_locked_memory(void)
{
	oracle_file_page();
	current->mm->locked_vm++;
}

static void count_a_cached_page_too_many(void)
{
	oracle_file_page();
	this_machine->inode[DATA].i_data.nrpages++;
}

static void count_a_free_frame_too_many(void)
{
	oracle_file_page();
	this_machine->zone.nr_free++;
}

/* ---- entries ---------------------------------------------------------------------------------------------------------- */

static void protect_from_everybody(void)
{
	pte_t *pte;

	oracle_file_page();
	pte = oracle_pte(ADDR);
	set_pte(pte, (pte_t){ (entry_read(pte).pte & ~_PAGE_PRESENT) | _PAGE_PROTNONE });
	flush_tlb_page(oracle_vma(ADDR), ADDR);
}

static void leave_a_migration_entry(void)
{
	struct page *page = oracle_anon_page();

	ptep_get_and_clear(oracle_pte(ADDR));
	flush_tlb_page(oracle_vma(ADDR), ADDR);
	page_remove_rmap(page);
	set_pte(oracle_pte(ADDR), swp_entry_to_pte(swp_entry(SWP_MIGRATION_READ, page_to_pfn(page))));
	observe_hold(page, 1);
}

static void leave_a_marker(void)
{
	vm_mmap(ADDR, 2, MAPPED_SHARED, DATA, 0);
	vm_touch(ADDR);
	set_pte(oracle_pte(ADDR) + 1, swp_entry_to_pte(swp_entry(SWP_MARKER, PTE_MARKER_GUARD)));
}

static void leave_an_index_in_a_linear_mapping(void)
{
	vm_mmap(ADDR, 2, MAPPED_SHARED, DATA, 0);
	vm_touch(ADDR);
	set_pte(oracle_pte(ADDR) + 1, pgoff_to_pte(2));
}

static void leave_nonsense(void)
{
	vm_mmap(ADDR, 2, MAPPED_SHARED, DATA, 0);
	vm_touch(ADDR);
	set_pte(oracle_pte(ADDR) + 1, swp_entry_to_pte(swp_entry(17, 1)));
}

static void move_out_of_reach(void)
{
	struct page *page = oracle_anon_page();
	struct vm_area_struct *vma = oracle_vma(ADDR);

	if (!vma->anon_vma) {
		vma->anon_vma = kmem_alloc(sizeof(*vma->anon_vma), SLAB_ANON_VMA);
		INIT_LIST_HEAD(&vma->anon_vma->head);
		list_add(&vma->anon_vma_node, &vma->anon_vma->head);
	}
	page->mapping = (struct address_space *)((uintptr_t)vma->anon_vma | PAGE_MAPPING_ANON);
	page->index++;
}

/* Two mappings have the anon_vma, one is on its list. */
static void stay_off_the_list(void)
{
	struct vm_area_struct *vma, *other;

	move_out_of_reach();
	vma = oracle_vma(ADDR);
	pfn_to_page(pte_pfn(entry_read(oracle_pte(ADDR))))->index--;
	vm_mmap(2 * ADDR, 1, MAPPED_PRIVATE, DATA, 0);
	other = oracle_vma(2 * ADDR);
	other->anon_vma = vma->anon_vma;
}

/* ---- swap -------------------------------------------------------------------------------------------------------------- */

/* A pte of a mapping holds the entry of slot 3, which counts it so often. */
static void swap_out(u8 map)
{
	struct swap_info *si = &this_machine->swap;

	vm_mmap(ADDR, 2, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR, 1);
	set_pte(oracle_pte(ADDR) + 1, swp_entry_to_pte(swp_entry(0, 3)));
	add_mm_counter(current->mm, MM_SWAPENTS, 1);
	si->nr_free = si->nr_slots - 2;
	si->map[3] = map;
}

static void swap_counted(void)
{
	swap_out(1);
}

static void swap_counted_twice(void)
{
	swap_out(2);
}

static void swap_not_counted(void)
{
	swap_out(0);
}

static void swap_said_to_be_cached(void)
{
	swap_out(1 | SWAP_HAS_CACHE);
}

static void swap_slot_lost(void)
{
	swap_counted();
	this_machine->swap.map[5] = 1;
	this_machine->swap.nr_free--;
}

static void swap_free_miscounted(void)
{
	swap_counted();
	this_machine->swap.nr_free--;
}

static void swap_entry_of_no_slot(void)
{
	swap_counted();
	set_pte(oracle_pte(ADDR) + 1, swp_entry_to_pte(swp_entry(0, 8)));
}

/* ---- what the kernel holds ------------------------------------------------------------------------------------------------- */

static void hold_a_page(void)
{
	observe_hold(alloc_page(), 1);
}

static void hold_a_mapped_page(void)
{
	struct page *page = oracle_file_page();

	for (int i = 0; i < GUP_PIN_COUNTING_BIAS; i++)
		get_page(page);
	observe_hold(page, GUP_PIN_COUNTING_BIAS);
}

static void hold_without_reference(void)
{
	observe_hold(oracle_file_page(), 1);
}

static void let_go_without_dropping(void)
{
	struct page *page = alloc_page();

	observe_hold(page, 1);
	observe_hold(page, -1);
}

/* ---- objects ------------------------------------------------------------------------------------------------------------------ */

static void table_that_nobody_reaches(void)
{
	alloc_zeroed_page()->flags |= 1ul << PG_table;
}

static void anon_vma_that_nobody_reaches(void)
{
	kmem_alloc(sizeof(struct anon_vma), SLAB_ANON_VMA);
}

static void inode_that_nobody_knows(void)
{
	kmem_alloc(sizeof(struct inode), SLAB_INODE);
}

static void object_of_a_system_call(void)
{
	kmem_alloc(64, SLAB_MISC);
}

static struct inode *new_inode(void)
{
	struct inode *inode = kmem_alloc(sizeof(*inode), SLAB_INODE);

	observe_inode_live(inode);
	return inode;
}

static void inodes_come_and_go(void)
{
	struct inode *a = new_inode(), *b = new_inode(), *c = new_inode();

	observe_inode_gone(b);
	kmem_free(b, sizeof(*b), SLAB_INODE);
	observe_inode_gone(c);
	kmem_free(c, sizeof(*c), SLAB_INODE);
	observe_inode_gone(a);
	kmem_free(a, sizeof(*a), SLAB_INODE);
	new_inode();
}

static void one_of_three_inodes_goes(void)
{
	struct inode *b;

	new_inode();
	b = new_inode();
	new_inode();
	observe_inode_gone(b);
	kmem_free(b, sizeof(*b), SLAB_INODE);
}

static struct file *new_file(int count)
{
	struct file *file = kmem_alloc(sizeof(*file), SLAB_FILE);

	file->f_inode = new_inode();
	file->f_mapping = &file->f_inode->i_data;
	atomic_set(&file->f_count, count);
	observe_file_live(file);
	return file;
}

static void file_of_which_nobody_tells(void)
{
	new_file(2);
}

static void file_with_a_descriptor(void)
{
	observe_hold_file(new_file(1), 1);
}

static void file_whose_descriptor_is_closed(void)
{
	struct file *file = new_file(1);

	observe_hold_file(file, 1);
	observe_hold_file(file, -1);
}

static void file_with_too_few_references(void)
{
	observe_hold_file(new_file(1), 2);
}

SAYS(NULL, "bad-rss", count_a_page_too_many)
SAYS(NULL, "bad-rss", count_a_page_as_another_kind)
SAYS(NULL, "", count_all_kinds)
SAYS(NULL, "bad-count", count_a_vma_too_few)
SAYS(NULL, "bad-count", count_more_memory)
SAYS(NULL, "bad-count", count_locked_memory)
SAYS(NULL, "bad-count", count_a_cached_page_too_many)
SAYS(NULL, "bad-count", count_a_free_frame_too_many)
SAYS(NULL, "", protect_from_everybody)
SAYS(NULL, "migration-entry", leave_a_migration_entry)
SAYS(NULL, "", leave_a_marker)
SAYS(NULL, "assertion", leave_an_index_in_a_linear_mapping)
SAYS(NULL, "assertion", leave_nonsense)
SAYS(NULL, "bad-rmap", move_out_of_reach)
SAYS(NULL, "bad-rmap", stay_off_the_list)
SAYS(&with_swap, "", swap_counted)
SAYS(&with_swap, "bad-swap-count", swap_counted_twice)
SAYS(&with_swap, "bad-swap-count", swap_not_counted)
SAYS(&with_swap, "bad-swap-count", swap_said_to_be_cached)
SAYS(&with_swap, "memory-leak", swap_slot_lost)
SAYS(&with_swap, "bad-count", swap_free_miscounted)
SAYS(&with_swap, "assertion", swap_entry_of_no_slot)
SAYS(NULL, "", hold_a_page)
SAYS(NULL, "", hold_a_mapped_page)
SAYS(NULL, "bad-refcount", hold_without_reference)
SAYS(NULL, "memory-leak", let_go_without_dropping)
SAYS(NULL, "memory-leak", table_that_nobody_reaches)
SAYS(NULL, "memory-leak", anon_vma_that_nobody_reaches)
SAYS(NULL, "memory-leak", inode_that_nobody_knows)
SAYS(NULL, "memory-leak", object_of_a_system_call)
SAYS(NULL, "", inodes_come_and_go)
SAYS(NULL, "", one_of_three_inodes_goes)
SAYS(NULL, "", file_of_which_nobody_tells)
SAYS(NULL, "", file_with_a_descriptor)
SAYS(NULL, "memory-leak", file_whose_descriptor_is_closed)
SAYS(NULL, "bad-refcount", file_with_too_few_references)

/* What a report names. */
static void forget_a_mapping(void)
{
	atomic_dec(&oracle_file_page()->_mapcount);
}

static void test_reports_name_page_index_mapping_counts(void **state)
{
	const char *said = oracle_after(NULL, forget_a_mapping);

	assert_non_null(strstr(said, "1 ptes map what counts 0"));
	assert_non_null(strstr(said, "index 0 of inode 0), 2 references, mapcount 0"));
	assert_non_null(strstr(said, "mapped by mm 0 at 0x10000 R"));
}

#define T(script) cmocka_unit_test(test_##script)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(count_a_page_too_many),
		T(count_a_page_as_another_kind),
		T(count_all_kinds),
		T(count_a_vma_too_few),
		T(count_more_memory),
		T(count_locked_memory),
		T(count_a_cached_page_too_many),
		T(count_a_free_frame_too_many),
		T(protect_from_everybody),
		T(leave_a_migration_entry),
		T(leave_a_marker),
		T(leave_an_index_in_a_linear_mapping),
		T(leave_nonsense),
		T(move_out_of_reach),
		T(stay_off_the_list),
		T(swap_counted),
		T(swap_counted_twice),
		T(swap_not_counted),
		T(swap_said_to_be_cached),
		T(swap_slot_lost),
		T(swap_free_miscounted),
		T(swap_entry_of_no_slot),
		T(hold_a_page),
		T(hold_a_mapped_page),
		T(hold_without_reference),
		T(let_go_without_dropping),
		T(table_that_nobody_reaches),
		T(anon_vma_that_nobody_reaches),
		T(inode_that_nobody_knows),
		T(object_of_a_system_call),
		T(inodes_come_and_go),
		T(one_of_three_inodes_goes),
		T(file_of_which_nobody_tells),
		T(file_with_a_descriptor),
		T(file_whose_descriptor_is_closed),
		T(file_with_too_few_references),
		T(reports_name_page_index_mapping_counts),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
