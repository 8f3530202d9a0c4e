// SPDX-License-Identifier: MIT
/* oracle_shared.c - private memory that a fork shares, and that devices write to: whose bytes it holds */
#include <stdio.h>

#include "oracle_private.h"

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
SAYS(&ghosts, KNOWS_MAPPINGS("dma-leak"), the_child_sees_what_a_device_writes)
SAYS(&ghosts, "cow-leak", copy_changes_its_mind)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
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
		T(the_child_sees_what_a_device_writes),
		T(copy_changes_its_mind),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
