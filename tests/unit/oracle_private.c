// SPDX-License-Identifier: MIT
/*
 * oracle_private.c - whose bytes private memory holds: what is wrong fires, what is nearly the same does not
 *
 * The scripts act on page tables and frames by hand where a kernel would have to be broken to do so.
 */
#include <stdio.h>

#include "kernel/uapi.h"
#include "oracle_private.h"

/* ---- one process -------------------------------------------------------------------------------------------------- */

static void stores_are_seen(void)
{
	oracle_anon_page();
	vm_store(ADDR + 8, 7);
	BUG_ON(load(ADDR) != 1 || load(ADDR + 8) != 7 || load(ADDR + 16) != 0);
	vm_store(ADDR + 8, 0);
	BUG_ON(load(ADDR + 8) != 0);
}

static void a_store_is_lost(void)
{
	oracle_anon_page();
	change_behind(ADDR, 2);
	load(ADDR);
}

static void a_store_is_lost_and_nobody_asks(void)
{
	a_store_is_lost();
}

static void memory_is_not_zero(void)
{
	oracle_anon_page();
	change_behind(ADDR + 16, 2);
	load(ADDR + 16);
}

static void zero_page_is_not_zero(void)
{
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	load(ADDR);
	change_behind(ADDR, 2);
	load(ADDR);
}

static void bytes_are_stored(void)
{
	u8 byte = 5;

	oracle_anon_page();
	user_write(ADDR + 3, &byte, 1);
	user_write(ADDR + 27, &byte, 1);
	BUG_ON(load(ADDR) != 1 + (5ul << 24) || load(ADDR + 24) != 5ul << 24);
}

static void a_byte_is_lost(void)
{
	u8 byte = 5;

	bytes_are_stored();
	change_behind(ADDR + 24, 0);
	user_read(ADDR + 24, &byte, 1);
	user_read(ADDR + 27, &byte, 1);
}

static void many_words(unsigned n)
{
	vm_mmap(ADDR, 4, MAPPED_PRIVATE, -1, 0);
	for (unsigned i = 0; i < n; i++)
		vm_store(ADDR + 8 * i, i + 1);
	for (unsigned i = 0; i < n; i++)
		BUG_ON(load(ADDR + 8 * i) != i + 1);
}

static void more_words_than_there_is_room_for(void)
{
	many_words(GHOST_WORDS + 40);
	change_behind(ADDR + 8 * (GHOST_WORDS + 30), 99);
	load(ADDR + 8 * (GHOST_WORDS + 30));
}

static void the_first_words_are_kept(void)
{
	many_words(GHOST_WORDS + 40);
	change_behind(ADDR + 8 * (GHOST_WORDS - 1), 99);
	load(ADDR + 8 * (GHOST_WORDS - 1));
}

static void private_copy_of_a_file(void)
{
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, DATA, 0);
	BUG_ON(load(ADDR) != file_initial_word(DATA, 0));
	vm_store(ADDR, 7);
	BUG_ON(load(ADDR) != 7 || load(ADDR + 8) != file_initial_word(DATA, 8));
}

static void private_copy_goes_away(void)
{
	struct page *page;

	private_copy_of_a_file();
	page = page_of(ADDR);
	ptep_get_and_clear(oracle_pte(ADDR));
	flush_tlb_page(oracle_vma(ADDR), ADDR);
	add_mm_counter(current->mm, MM_ANONPAGES, -1);
	page_remove_rmap(page);
	put_page(page);
	load(ADDR);
}

/* ---- what is discarded, and what moves --------------------------------------------------------------------------------- */

static void discarded_and_still_there(void)
{
	oracle_anon_page();
	observe_discard_begin(current->mm, ADDR, ADDR + PAGE_SIZE);
	observe_discard_end(current->mm, ADDR, ADDR + PAGE_SIZE);
	load(ADDR);
}

static void stored_while_discarded(u64 afterwards)
{
	oracle_anon_page();
	observe_discard_begin(current->mm, ADDR, ADDR + PAGE_SIZE);
	load(ADDR);
	vm_store(ADDR, 5);
	change_behind(ADDR, 77);
	load(ADDR);
	observe_discard_end(current->mm, ADDR, ADDR + PAGE_SIZE);
	change_behind(ADDR, afterwards);
	load(ADDR);
}

static void stored_while_discarded_and_kept(void)
{
	stored_while_discarded(5);
}

static void stored_while_discarded_and_lost(void)
{
	stored_while_discarded(0);
}

static void stored_while_discarded_and_back(void)
{
	stored_while_discarded(1);
}

static void may_be_discarded(void)
{
	oracle_anon_page();
	observe_may_discard(current->mm, ADDR, ADDR + PAGE_SIZE);
	load(ADDR);
	change_behind(ADDR, 0);
	load(ADDR);
}

static void discarded_and_back(void)
{
	may_be_discarded();
	change_behind(ADDR, 1);
	load(ADDR);
}

static void stored_after_it_might_be_discarded(void)
{
	oracle_anon_page();
	observe_may_discard(current->mm, ADDR, ADDR + PAGE_SIZE);
	vm_store(ADDR, 2);
	change_behind(ADDR, 0);
	load(ADDR);
}

static void moved_without_its_page(void)
{
	oracle_anon_page();
	vm_mmap(2 * ADDR, 1, MAPPED_PRIVATE, -1, 0);
	observe_moved(current->mm, ADDR, 2 * ADDR, PAGE_SIZE);
	load(2 * ADDR);
}

static void moved_leaves_nothing(void)
{
	oracle_anon_page();
	observe_moved(current->mm, ADDR, 2 * ADDR, PAGE_SIZE);
	load(ADDR);
}

static void stored_while_moved(u64 afterwards)
{
	oracle_anon_page();
	vm_mmap(2 * ADDR, 1, MAPPED_PRIVATE, -1, 0);
	observe_move_begin(current->mm, ADDR, 2 * ADDR, PAGE_SIZE);
	vm_store(ADDR, 5);
	vm_store(2 * ADDR, 6);
	observe_moved(current->mm, ADDR, 2 * ADDR, PAGE_SIZE);
	change_behind(2 * ADDR, afterwards);
	load(2 * ADDR);
	vm_store(2 * ADDR, 8);
	BUG_ON(load(2 * ADDR) != 8);
}

static void stored_while_moved_is_either(void)
{
	stored_while_moved(5);
}

static void moved_by_the_kernel(void)
{
	oracle_anon_page();
	BUG_ON(sys_mremap(ADDR, PAGE_SIZE, PAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, 4 * ADDR) != 4 * ADDR);
	BUG_ON(load(4 * ADDR) != 1 || load(4 * ADDR + 8) != 0);
}

static void poked(void)
{
	u64 word = 9;

	oracle_anon_page();
	BUG_ON(sys_poke(current->mm, ADDR, &word, sizeof(word)) != sizeof(word) || load(ADDR) != 9);
}

static void poked_into_nothing(void)
{
	u64 word = 9;
	struct page *page = oracle_anon_page();

	observe_held_store(current->mm, ADDR, page, &word, sizeof(word));
	load(ADDR);
}

SAYS(&ghosts, "", stores_are_seen)
SAYS(&ghosts, "lost-write", a_store_is_lost)
SAYS(NULL, "", a_store_is_lost_and_nobody_asks)
SAYS(&ghosts, "", bytes_are_stored)
SAYS(&ghosts, "lost-write", a_byte_is_lost)
SAYS(&ghosts, "", more_words_than_there_is_room_for)
SAYS(&ghosts, "lost-write", the_first_words_are_kept)
SAYS(&ghosts, "", private_copy_of_a_file)
SAYS(&ghosts, "lost-write", private_copy_goes_away)
SAYS(&ghosts, "", mapped_anew)
SAYS(&ghosts, "", stored_while_discarded_and_kept)
SAYS(&ghosts, "", stored_while_discarded_and_lost)
SAYS(&ghosts, "lost-write", stored_while_discarded_and_back)
SAYS(&ghosts, "", may_be_discarded)
SAYS(&ghosts, "lost-write", discarded_and_back)
SAYS(&ghosts, "lost-write", stored_after_it_might_be_discarded)
SAYS(&ghosts, "lost-write", moved_without_its_page)
SAYS(&ghosts, "", stored_while_moved_is_either)
SAYS(&ghosts, "", moved_by_the_kernel)
SAYS(&ghosts, "", poked)
SAYS(&ghosts, "lost-write", poked_into_nothing)
SAYS(&ghosts, KNOWS_MAPPINGS("stale-content"), memory_is_not_zero)
SAYS(&ghosts, KNOWS_MAPPINGS("stale-content"), zero_page_is_not_zero)
SAYS(&ghosts, KNOWS_MAPPINGS("stale-content"), discarded_and_still_there)
SAYS(&ghosts, KNOWS_MAPPINGS("stale-content"), moved_leaves_nothing)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(stores_are_seen),
		T(a_store_is_lost),
		T(a_store_is_lost_and_nobody_asks),
		T(bytes_are_stored),
		T(a_byte_is_lost),
		T(more_words_than_there_is_room_for),
		T(the_first_words_are_kept),
		T(private_copy_of_a_file),
		T(private_copy_goes_away),
		T(mapped_anew),
		T(stored_while_discarded_and_kept),
		T(stored_while_discarded_and_lost),
		T(stored_while_discarded_and_back),
		T(may_be_discarded),
		T(discarded_and_back),
		T(stored_after_it_might_be_discarded),
		T(moved_without_its_page),
		T(stored_while_moved_is_either),
		T(moved_by_the_kernel),
		T(poked),
		T(poked_into_nothing),
		T(memory_is_not_zero),
		T(zero_page_is_not_zero),
		T(discarded_and_still_there),
		T(moved_leaves_nothing),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
