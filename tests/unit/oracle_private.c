// SPDX-License-Identifier: MIT
/*
 * oracle_private.c - whose bytes private memory holds: what is wrong fires, what is nearly the same does not
 *
 * The scripts act on page tables and frames by hand where a kernel would have to be broken to do so.
 */
#include <stdio.h>

#include "oracle.h"

static const struct machine_config ghosts = { .ghosts = true };

static u64 load(unsigned long addr)
{
	u64 v = 0;

	vm_load(addr, &v);
	return v;
}

static struct page *page_of(unsigned long addr)
{
	return pfn_to_page(pte_pfn(entry_read(oracle_pte(addr))));
}

/* The frame changes, and nobody stored. */
static void change_behind(unsigned long addr, u64 word)
{
	content_write((u8 *)page_address(page_of(addr)) + (addr & ~PAGE_MASK), &word, sizeof(word));
}

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

static void mapped_anew(void)
{
	oracle_anon_page();
	vm_munmap(ADDR, 1);
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	BUG_ON(load(ADDR) != 0);
}

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

/* ---- two processes ---------------------------------------------------------------------------------------------------- */

static struct mm_struct *parent(void)
{
	return this_machine->process[0];
}

static struct mm_struct *child(void)
{
	return this_machine->process[1];
}

/* The child maps the parent's page, both read-only: what fork does, one page of it. */
static void share(void)
{
	pte_t *from = oracle_pte(ADDR), *to;
	struct page *page = page_of(ADDR);
	spinlock_t *ptl;

	ptep_set_wrprotect(from);
	to = pte_alloc_map(child(), ADDR, &ptl);
	get_page(page);
	atomic_inc(&page->_mapcount);
	add_mm_counter(child(), MM_ANONPAGES, 1);
	set_pte(to, entry_read(from));
	observe_fork_page(child(), parent(), ADDR, PAGE_SIZE);
}

static void fork_by_hand(void)
{
	oracle_anon_page();
	vm_as(vm_process());
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_as(0);
	load(ADDR);
	observe_fork_begin(child(), parent());
	share();
	flush_tlb_mm(parent());
	observe_fork_end(child(), parent());
}

static void child_begins_with_the_parents(void)
{
	fork_by_hand();
	vm_as(1);
	BUG_ON(load(ADDR) != 1 || load(ADDR + 8) != 0);
}

/* The parent goes on writing to the page that it shares. */
static void parent_is_not_copied(void)
{
	pte_t *pte;

	fork_by_hand();
	pte = oracle_pte(ADDR);
	set_pte(pte, pte_mkdirty(pte_mkwrite(entry_read(pte))));
	vm_store(ADDR, 0xbad);
	vm_as(1);
	load(ADDR);
}

static void child_loses_what_it_had(void)
{
	fork_by_hand();
	change_behind(ADDR, 3);
	vm_as(1);
	load(ADDR);
}

/* A store through a translation that fork has not flushed yet is from before the fork. */
static void stored_before_the_flush(void)
{
	oracle_anon_page();
	vm_as(vm_process());
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_as(0);
	vm_store(ADDR, 1);
	observe_revoke_begin(parent());
	observe_fork_begin(child(), parent());
	share();
	vm_store(ADDR, 2);
	flush_tlb_mm(parent());
	observe_fork_end(child(), parent());
	observe_revoke_end(parent());
	vm_as(1);
	BUG_ON(load(ADDR) != 2);
}

/* Stored to while the child's copy was being made: the copy may have either. */
static void copied_at_once(u64 copy)
{
	oracle_anon_page();
	vm_as(vm_process());
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR + 64, 9);
	vm_as(0);
	observe_fork_begin(child(), parent());
	observe_fork_page(child(), parent(), ADDR, PAGE_SIZE);
	vm_store(ADDR, 2);
	observe_fork_page(child(), parent(), ADDR, PAGE_SIZE);
	observe_fork_end(child(), parent());
	vm_store(ADDR, 3);
	vm_as(1);
	change_behind(ADDR, copy);
	load(ADDR);
	load(ADDR);
}

static void copy_of_before(void)
{
	copied_at_once(1);
}

static void copy_of_after(void)
{
	copied_at_once(2);
}

static void copy_of_later(void)
{
	copied_at_once(3);
}

static void copy_changes_its_mind(void)
{
	copy_of_before();
	change_behind(ADDR, 2);
	load(ADDR);
}

static void fork_itself(void)
{
	struct mm_struct *mm;

	oracle_anon_page();
	BUG_ON(sys_fork(&mm));
	vm_store(ADDR, 2);
	BUG_ON(load(ADDR) != 2);
	vm_as(1);
	load(ADDR);
	vm_store(ADDR, 3);
	BUG_ON(load(ADDR) != 3);
	vm_as(0);
	BUG_ON(load(ADDR) != 2);
}

/* What a process held that is gone means nothing to one that has its place. */
static void another_in_its_place(void)
{
	vm_as(vm_process());
	oracle_anon_page();
	vm_as(0);
	process_exit(child());
	vm_as(vm_process());
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	BUG_ON(load(ADDR) != 0);
}

/* ---- devices ------------------------------------------------------------------------------------------------------------- */

static void dma(struct page *page, u64 word, bool arrives)
{
	if (arrives)
		content_write((u8 *)page_address(page) + 8, &word, sizeof(word));
	observe_dma_store(page, 8, &word, sizeof(word));
}

static void device_writes(void)
{
	struct page *page = oracle_anon_page();

	observe_pin(current->mm, ADDR, page);
	dma(page, 6, true);
	BUG_ON(load(ADDR + 8) != 6);
	vm_store(ADDR + 8, 7);
	BUG_ON(load(ADDR + 8) != 7);
	observe_unpin(page);
}

static void what_a_device_writes_is_lost(void)
{
	struct page *page = oracle_anon_page();

	observe_pin(current->mm, ADDR, page);
	dma(page, 6, false);
	load(ADDR + 8);
}

static void a_device_writes_after_its_pin(void)
{
	struct page *page = oracle_anon_page();

	vm_store(ADDR + 8, 1);
	observe_pin(current->mm, ADDR, page);
	observe_unpin(page);
	dma(page, 6, true);
	load(ADDR + 8);
}

static void a_device_writes_to_what_was_unmapped(void)
{
	struct page *page = oracle_anon_page();

	get_page(page);
	observe_hold(page, 1);
	observe_pin(current->mm, ADDR, page);
	mapped_anew();
	dma(page, 6, true);
	load(ADDR + 8);
}

static void the_child_sees_what_a_device_writes(void)
{
	fork_by_hand();
	observe_pin(parent(), ADDR, page_of(ADDR));
	dma(page_of(ADDR), 6, true);
	vm_as(1);
	load(ADDR + 8);
}

static void device_reads(u64 word)
{
	struct page *page = oracle_anon_page();

	observe_pin(current->mm, ADDR, page);
	observe_dma_load(page, 0, &word, sizeof(word));
}

static void a_device_reads_what_is_there(void)
{
	device_reads(1);
}

static void a_device_reads_something_else(void)
{
	device_reads(2);
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
SAYS(&ghosts, "", child_begins_with_the_parents)
SAYS(&ghosts, "cow-leak", parent_is_not_copied)
SAYS(&ghosts, "lost-write", child_loses_what_it_had)
SAYS(&ghosts, "", stored_before_the_flush)
SAYS(&ghosts, "", copy_of_before)
SAYS(&ghosts, "", copy_of_after)
SAYS(&ghosts, "cow-leak", copy_of_later)
SAYS(&ghosts, "", fork_itself)
SAYS(&ghosts, "", another_in_its_place)
SAYS(&ghosts, "", device_writes)
SAYS(&ghosts, "lost-dma-write", what_a_device_writes_is_lost)
SAYS(&ghosts, "lost-write", a_device_writes_after_its_pin)
SAYS(&ghosts, "", a_device_writes_to_what_was_unmapped)
SAYS(&ghosts, "", a_device_reads_what_is_there)
SAYS(&ghosts, "lost-write", a_device_reads_something_else)
/* Natively nobody looks a mapping up beside its owner: memory may begin as anything. */
#define KNOWS_MAPPINGS(oracle) (FAULTLINE_NATIVE ? "" : oracle)
SAYS(&ghosts, KNOWS_MAPPINGS("stale-content"), memory_is_not_zero)
SAYS(&ghosts, KNOWS_MAPPINGS("stale-content"), zero_page_is_not_zero)
SAYS(&ghosts, KNOWS_MAPPINGS("stale-content"), discarded_and_still_there)
SAYS(&ghosts, KNOWS_MAPPINGS("stale-content"), moved_leaves_nothing)
SAYS(&ghosts, KNOWS_MAPPINGS("dma-leak"), the_child_sees_what_a_device_writes)
SAYS(&ghosts, "cow-leak", copy_changes_its_mind)

#define T(script) cmocka_unit_test(test_##script)

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
		T(child_begins_with_the_parents),
		T(parent_is_not_copied),
		T(child_loses_what_it_had),
		T(stored_before_the_flush),
		T(copy_of_before),
		T(copy_of_after),
		T(copy_of_later),
		T(fork_itself),
		T(another_in_its_place),
		T(device_writes),
		T(what_a_device_writes_is_lost),
		T(a_device_writes_after_its_pin),
		T(a_device_writes_to_what_was_unmapped),
		T(a_device_reads_what_is_there),
		T(a_device_reads_something_else),
		T(memory_is_not_zero),
		T(zero_page_is_not_zero),
		T(discarded_and_still_there),
		T(moved_leaves_nothing),
		T(the_child_sees_what_a_device_writes),
		T(copy_changes_its_mind),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
