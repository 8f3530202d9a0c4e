// SPDX-License-Identifier: MIT
/*
 * mm_mapping.c - mappings, faults, files and their teardown, one task at a time
 *
 * Each test is a script that runs as the set-up of a machine and then, after every call of the script, under the
 * global oracles. What a script expects it says with BUG_ON(), which makes the set-up fail and names the line's words.
 */
#include "machine.h"

static const struct script_machine usual;

static void shared_mapping_reads_the_file(void)
{
	u64 v;

	BUG_ON(vm_mmap(ADDR, 3, MAPPED_SHARED, DATA, 0));
	for (unsigned i = 0; i < 3; i++)
		BUG_ON(vm_load(ADDR + i * VM_PAGE, &v) || v != WORD(i));
	BUG_ON(vm_store(ADDR, 7) || vm_read(DATA, 0, &v) != 8 || v != 7);
}

static void private_store_stays_private(void)
{
	u64 v;

	BUG_ON(vm_mmap(ADDR, 2, MAPPED_PRIVATE, DATA, 1));
	BUG_ON(vm_load(ADDR, &v) || v != WORD(1));
	BUG_ON(vm_store(ADDR, 7));
	BUG_ON(vm_store(ADDR + VM_PAGE, 8));
	BUG_ON(vm_load(ADDR, &v) || v != 7 || vm_load(ADDR + VM_PAGE, &v) || v != 8);
	BUG_ON(vm_read(DATA, VM_PAGE, &v) != 8 || v != WORD(1));
	BUG_ON(vm_read(DATA, 2 * VM_PAGE, &v) != 8 || v != WORD(2));
}

static void anonymous_memory_begins_as_zero(void)
{
	u64 v = 1;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0));
	BUG_ON(vm_load(ADDR, &v) || v);
	BUG_ON(vm_store(ADDR, 7) || vm_load(ADDR, &v) || v != 7);
}

static void accesses_outside_get_signals(void)
{
	u64 v;

	BUG_ON(vm_load(ADDR, &v) != VM_SIGSEGV);
	BUG_ON(vm_mmap(ADDR, 4, MAPPED_SHARED, DATA, 0));
	BUG_ON(vm_load(ADDR + 3 * VM_PAGE, &v) != VM_SIGBUS);
	BUG_ON(current->fault_address != ADDR + 3 * VM_PAGE);
	BUG_ON(vm_load(ADDR - 8, &v) != VM_SIGSEGV);
}

static void munmap_gives_everything_back(void)
{
	unsigned before = frames_free();

	BUG_ON(vm_mmap(ADDR, 2, MAPPED_PRIVATE, -1, 0));
	BUG_ON(vm_store(ADDR, 1) || vm_store(ADDR + VM_PAGE, 2));
	BUG_ON(frames_free() != before - 5); /* two pages, three tables */
	BUG_ON(vm_munmap(ADDR, 2));
	BUG_ON(frames_free() != before || vm_touch(ADDR) != VM_SIGSEGV);
}

static void munmap_cuts_a_hole(void)
{
	u64 v;

	BUG_ON(vm_mmap(ADDR, 3, MAPPED_SHARED, DATA, 0));
	for (unsigned i = 0; i < 3; i++)
		BUG_ON(vm_touch(ADDR + i * VM_PAGE));
	BUG_ON(vm_munmap(ADDR + VM_PAGE, 1));
	BUG_ON(vm_load(ADDR, &v) || v != WORD(0) || vm_load(ADDR + 2 * VM_PAGE, &v) || v != WORD(2));
	BUG_ON(vm_touch(ADDR + VM_PAGE) != VM_SIGSEGV);
	BUG_ON(vm_truncate(DATA, 0) || vm_touch(ADDR + 2 * VM_PAGE) != VM_SIGBUS);
}

static void truncation_takes_private_copies(void)
{
	u64 v;

	BUG_ON(vm_mmap(ADDR, 3, MAPPED_PRIVATE, DATA, 0));
	BUG_ON(vm_store(ADDR, 1) || vm_store(ADDR + 2 * VM_PAGE, 2));
	BUG_ON(vm_truncate(DATA, VM_PAGE));
	BUG_ON(vm_load(ADDR, &v) || v != 1 || vm_touch(ADDR + 2 * VM_PAGE) != VM_SIGBUS);
}

static void invalidation_leaves_private_copies(void)
{
	u64 v;

	BUG_ON(vm_mmap(ADDR, 2, MAPPED_PRIVATE, DATA, 0));
	BUG_ON(vm_store(ADDR, 1) || vm_touch(ADDR + VM_PAGE));
	BUG_ON(vm_invalidate(DATA, 0, 1));
	BUG_ON(this_machine->inode[DATA].i_data.nrpages);
	BUG_ON(vm_load(ADDR, &v) || v != 1 || vm_load(ADDR + VM_PAGE, &v) || v != WORD(1));
}

static void a_dirty_page_is_not_invalidated(void)
{
	BUG_ON(vm_write(DATA, 0, 7) != VM_PAGE);
	BUG_ON(vm_invalidate(DATA, 0, 0) != -EIO);
}

/* D gets into the pte by a store through a translation that was loaded without it, and from there into the page. */
static void munmap_keeps_what_was_stored(void)
{
	u64 v;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0) || vm_touch(ADDR));
	BUG_ON(vm_store(ADDR, 7) || vm_munmap(ADDR, 1));
	BUG_ON(vm_invalidate(DATA, 0, 0) != -EIO);
	BUG_ON(vm_read(DATA, 0, &v) != 8 || v != 7);
}

static void a_direct_write_is_seen_by_mappings(void)
{
	u64 v;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0) || vm_touch(ADDR));
	BUG_ON(vm_write_direct(DATA, 0, 7) != VM_PAGE);
	BUG_ON(vm_load(ADDR, &v) || v != 7);
}

static void what_was_cut_off_is_zero_when_it_comes_back(void)
{
	u64 v;

	BUG_ON(vm_mmap(ADDR, 3, MAPPED_SHARED, DATA, 0) || vm_touch(ADDR));
	BUG_ON(vm_truncate(DATA, 8) || vm_truncate(DATA, VM_PAGE));
	BUG_ON(vm_load(ADDR, &v) || v != WORD(0));
	BUG_ON(vm_load(ADDR + 8, &v) || v);
}

static void bad_calls_are_refused(void)
{
	BUG_ON(vm_mmap(ADDR + 1, 1, MAPPED_SHARED, DATA, 0) != -EINVAL);
	BUG_ON(vm_mmap(ADDR, 0, MAPPED_SHARED, DATA, 0) != -EINVAL);
	BUG_ON(vm_munmap(ADDR, 0) != -EINVAL);
	BUG_ON(vm_truncate(DATA, 5 * VM_PAGE) != -EFBIG);
}

#define SCRIPT(name) SCRIPT_ON(&usual, name)
SCRIPT(shared_mapping_reads_the_file)
SCRIPT(private_store_stays_private)
SCRIPT(anonymous_memory_begins_as_zero)
SCRIPT(accesses_outside_get_signals)
SCRIPT(munmap_gives_everything_back)
SCRIPT(munmap_cuts_a_hole)
SCRIPT(truncation_takes_private_copies)
SCRIPT(invalidation_leaves_private_copies)
SCRIPT(a_dirty_page_is_not_invalidated)
SCRIPT(munmap_keeps_what_was_stored)
SCRIPT(a_direct_write_is_seen_by_mappings)
SCRIPT(what_was_cut_off_is_zero_when_it_comes_back)
SCRIPT(bad_calls_are_refused)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared_mapping_reads_the_file),
		cmocka_unit_test(test_private_store_stays_private),
		cmocka_unit_test(test_anonymous_memory_begins_as_zero),
		cmocka_unit_test(test_accesses_outside_get_signals),
		cmocka_unit_test(test_munmap_gives_everything_back),
		cmocka_unit_test(test_munmap_cuts_a_hole),
		cmocka_unit_test(test_truncation_takes_private_copies),
		cmocka_unit_test(test_invalidation_leaves_private_copies),
		cmocka_unit_test(test_a_dirty_page_is_not_invalidated),
		cmocka_unit_test(test_munmap_keeps_what_was_stored),
		cmocka_unit_test(test_a_direct_write_is_seen_by_mappings),
		cmocka_unit_test(test_what_was_cut_off_is_zero_when_it_comes_back),
		cmocka_unit_test(test_bad_calls_are_refused),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
