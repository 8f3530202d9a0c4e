// SPDX-License-Identifier: MIT
/*
 * explore_gup.c - get_user_pages() against what takes pages away, in every order
 *
 *   unmap	a lockless pin of a page that another thread unmaps and a third party's allocation may reuse
 *   tables	the same where the page tables that the walk is in are freed
 *   poke	a debugger writes through a read-only mapping of a file, while another thread drops the copy (dirty COW)
 *   fork	a lockless pin for writing while another thread forks, then stores: the pin stays with the parent
 */
#include "explore.h"

#include "hw/machine.h"
#include "kernel/sys.h"
#include "kernel/uapi.h"

enum { DATA };
#define ADDR 0x10000ul

static void two_threads(void)
{
	vm_run(0, vm_process());
	vm_run(1, 0);
	vm_as(0);
}

static void anonymous(void)
{
	two_threads();
	vm_mmap(ADDR, 2, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR, 1);
	vm_store(ADDR + VM_PAGE, 1);
}

static void pin_write_unpin(void)
{
	int pin = vm_pin(ADDR, 1, VM_PIN_WRITE);

	if (pin < 0)
		return;
	vm_dma_write(pin, 0, 512, 7);
	vm_unpin(pin);
}

static void unmap_and_allocate(void)
{
	vm_munmap(ADDR, 1);
	vm_store(ADDR + VM_PAGE, 2);
}

static const struct race unmapped = {
	.name = "gup_vs_unmap",
	.setup = anonymous,
	.actors = { { "pinner", pin_write_unpin }, { "unmapper", unmap_and_allocate } },
};

static void unmap_all(void)
{
	vm_munmap(ADDR, 2);
}

/* The page tables go as well. */
static const struct race tables_freed = {
	.name = "gup_vs_tables",
	.setup = anonymous,
	.actors = { { "pinner", pin_write_unpin }, { "unmapper", unmap_all } },
};

/* ---- dirty COW ---------------------------------------------------------------------------------------------------- */

static void private_file(void)
{
	vm_file(1);
	two_threads();
	sys_mmap(ADDR, VM_PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, &this_machine->file[DATA], 0);
	vm_touch(ADDR);
}

static void poke(void)
{
	vm_poke(0, ADDR, 7);
}

/* MADV_DONTNEED. */
static void drop_copy(void)
{
	vm_madvise(ADDR, 1, MADV_DONTNEED);
}

static void file_is_as_it_was(void)
{
	uint64_t v = 0;

	if (vm_read(DATA, 0, &v) != sizeof(v) || v == 7)
		sync_violation("assertion", "a read-only file was written through a private mapping");
}

static const struct race dirty_cow = {
	.name = "dirty_cow",
	.setup = private_file,
	.actors = { { "debugger", poke }, { "dropper", drop_copy } },
	.check = file_is_as_it_was,
	.axis = "cow",
};

/* ---- fork --------------------------------------------------------------------------------------------------------- */

static void pin_store_dma(void)
{
	int pin = vm_pin(ADDR, 1, VM_PIN_WRITE);
	uint64_t v;

	if (pin < 0)
		return;
	vm_store(ADDR + 8, 2);
	vm_dma_write(pin, 0, 512, 7);
	if (vm_load(ADDR, &v) || v != 7)
		sync_violation("assertion", "what the device wrote is not where the process looks");
	vm_unpin(pin);
}

static void fork_once(void)
{
	vm_fork();
}

static const struct race forked = {
	.name = "gup_vs_fork",
	.setup = anonymous,
	.actors = { { "pinner", pin_store_dma }, { "forker", fork_once } },
	.axis = "cow",
};

static const char *found(const struct race *r, const char *protocol)
{
	return explore_by("pct", 20000, r, protocol)->violation.oracle;
}

static void test_a_pin_keeps_what_is_unmapped(void **state)
{
	(void)state;
	explore_nothing_fired(explore_by("pct", 20000, &unmapped, NULL), &unmapped, "");
	explore_nothing_fired(explore_by("pct", 20000, &tables_freed, NULL), &tables_freed, "");
}

static void test_dirty_cow(void **state)
{
	(void)state;
	assert_string_equal(found(&dirty_cow, "2.6.29"), "assertion");
	assert_string_equal(found(&dirty_cow, "page-count"), "");
	assert_string_equal(found(&dirty_cow, "anon-exclusive"), "");
}

static void test_a_fork_and_a_pin(void **state)
{
	(void)state;
	assert_string_equal(found(&forked, "2.6.29"), "assertion");
	assert_string_equal(found(&forked, "page-count"), "");
	assert_string_equal(found(&forked, "anon-exclusive"), "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_pin_keeps_what_is_unmapped),
		cmocka_unit_test(test_dirty_cow),
		cmocka_unit_test(test_a_fork_and_a_pin),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
