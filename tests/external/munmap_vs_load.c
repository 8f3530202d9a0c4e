/* SPDX-License-Identifier: MIT */
/*
 * munmap_vs_load - one thread unmaps what another reads
 *
 *   load                                 unmap
 *   ----                                 -----
 *   vm_touch()
 *                                        vm_munmap()
 *
 * Invariant: nobody reads through a translation after munmap() has returned.
 * Source: an example of a race outside the tree.
 */
#include <faultline/race.h>
#include <faultline/vm.h>

#define ADDR 0x10000ul

static void one_anonymous_page(void)
{
	int p = vm_process();

	vm_run(0, p);
	vm_run(1, p);
	vm_as(p);
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR, 42);
}

static void load(void)
{
	vm_touch(ADDR);
	vm_touch(ADDR);
}

static void unmap(void)
{
	vm_munmap(ADDR, 1);
}

RACE(munmap_vs_load, .summary = "one thread unmaps what another reads", .axis = "invalidate",
     .setup = one_anonymous_page, .actors = { { "load", load }, { "unmap", unmap } },
     .expect = { { "page-lock", CLEAN } });
