/* SPDX-License-Identifier: MIT */
/*
 * invalidate_vs_fault - a fault maps a page that invalidation is about to drop
 *
 *   fault                                invalidate
 *   -----                                ----------
 *                                        lock_page(page)
 *                                        unmap_mapping_range()
 *   do_no_page()
 *     page = ->nopage()   (still cached)
 *     set_pte(page)
 *                                        remove_from_page_cache(page)
 *
 * The page is inside i_size, so truncate_count never notices. The process keeps a page that belongs to no
 * file; another that faults the same offset gets a different one.
 *
 * Invariant: a page that leaves the pagecache is mapped nowhere.
 * Source: threads/2006-10-fault-vs-invalidate, patch 2/5; direct I/O and cluster file systems invalidate.
 */
#include <faultline/race.h>
#include <faultline/vm.h>

enum { DATA };
#define ADDR 0x10000ul

/* Another process has the page mapped: invalidation has something to unmap. */
static void cached_page_mapped_elsewhere(void)
{
	vm_file(1);
	for (int process = 0; process < 2; process++) {
		vm_as(vm_process());
		vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0);
	}
	vm_touch(ADDR);
	vm_run(0, 0);
}

static void fault(void)
{
	vm_touch(ADDR);
}

static void invalidate(void)
{
	vm_invalidate(DATA, 0, 0);
}

RACE(invalidate_vs_fault, .summary = "a fault maps a page that invalidation is about to drop",
     .axis = "invalidate", .oracle = "page-mapped-on-remove", .setup = cached_page_mapped_elsewhere,
     .actors = { { "fault", fault }, { "invalidate", invalidate } },
     .expect = {
	     { "none", FOUND("page-mapped-on-remove"), "invalidate@unmapped fault invalidate" },
	     { "truncate-count", FOUND("page-mapped-on-remove"), "invalidate@unmapped fault invalidate" },
	     { "refcount-check", CLEAN },
	     { "seqlock", CLEAN },
	     { "page-flag", CLEAN },
	     { "page-lock-posted", CLEAN },
	     { "page-lock", CLEAN },
	     { "page-lock-norecheck", CLEAN },
	     { "page-lock-one-unmap", CLEAN },
	     { "page-lock-early-unlock", CLEAN },
     });
