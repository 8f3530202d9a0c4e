/* SPDX-License-Identifier: MIT */
/*
 * invalidate_vs_fault_uncached - a fault reads a page in, and invalidation drops it before it is mapped
 *
 *   fault                                invalidate
 *   -----                                ----------
 *   do_no_page()
 *     page_cache_read()
 *                                        invalidate_inode_pages2_range()
 *                                          page_mapped()   (not yet: nothing to unmap)
 *     set_pte()
 *                                          __remove_from_page_cache()
 *
 * As invalidate_vs_fault, but the fault itself brings the page in. Nothing is mapped, so nothing is
 * unmapped, and a count of unmappings has nothing to count.
 *
 * Invariant: a page that leaves the pagecache is mapped nowhere.
 * Source: threads/2006-10-fault-vs-invalidate, patch 2/5, from an empty pagecache.
 */
#include <faultline/race.h>
#include <faultline/vm.h>

enum { DATA };
#define ADDR 0x10000ul

/* The page beside it was touched, so that the page tables are there. */
static void page_tables_and_no_page(void)
{
	vm_file(2);
	vm_as(vm_process());
	vm_mmap(ADDR, 2, MAPPED_SHARED, DATA, 0);
	vm_touch(ADDR + VM_PAGE);
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

#define WITNESS "fault disk fault@got_page invalidate@unmapped fault invalidate"

RACE(invalidate_vs_fault_uncached,
     .summary = "a fault reads a page in that invalidation drops before it is mapped", .axis = "invalidate",
     .oracle = "page-mapped-on-remove", .setup = page_tables_and_no_page,
     .actors = { { "fault", fault }, { "invalidate", invalidate } },
     .expect = {
	     { "none", FOUND("page-mapped-on-remove"), WITNESS },
	     { "truncate-count", FOUND("page-mapped-on-remove"), WITNESS },
	     { "refcount-check", CLEAN },
	     { "seqlock", CLEAN },
	     { "page-flag", CLEAN },
	     { "page-lock-posted", CLEAN },
	     { "page-lock", CLEAN },
	     { "page-lock-norecheck", CLEAN },
	     { "page-lock-one-unmap", CLEAN },
	     { "page-lock-early-unlock", CLEAN },
     });
