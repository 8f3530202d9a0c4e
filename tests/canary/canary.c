// SPDX-License-Identifier: MIT
/*
 * canary - a race that says of itself that it is clean, and is not
 *
 *   fault                                invalidate
 *   -----                                ----------
 *   do_no_page()
 *                                        invalidate_inode_pages2_range()
 *
 * Linked into a test program of its own, whose test of it must fail: were it to pass, no other verdict of "clean"
 * would mean anything.
 *
 * Invariant: none; it is stated wrongly on purpose.
 * Source: tests/races/2006-10/invalidate_vs_fault.c
 */
#include <faultline/race.h>
#include <faultline/vm.h>

enum { DATA };
#define ADDR 0x10000ul

static void one_cached_page_mapped(void)
{
	uint64_t word;

	vm_file(2);
	vm_run(0, vm_process());
	vm_as(0);
	vm_mmap(ADDR, 2, MAPPED_SHARED, DATA, 0);
	vm_touch(ADDR + VM_PAGE);
	vm_read(DATA, 0, &word);
}

static void fault(void)
{
	vm_touch(ADDR);
}

static void invalidate(void)
{
	vm_invalidate(DATA, 0, 0);
}

RACE(canary, .axis = "invalidate", .oracle = "page-mapped-on-remove", .summary = "must be found",
     .setup = one_cached_page_mapped, .actors = { { "fault", fault }, { "invalidate", invalidate } },
     .expect = { { "none", CLEAN } });
