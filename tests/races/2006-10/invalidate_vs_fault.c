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
 * The page is inside i_size, so truncate_count never notices. The process keeps a page that belongs to no file;
 * another that faults the same offset gets a different one.
 *
 * Invariant: a page that leaves the pagecache is mapped nowhere.
 * Source: threads/2006-10-fault-vs-invalidate, patch 2/5; direct I/O and cluster file systems invalidate so.
 */
#include <faultline/race.h>
#include <faultline/vm.h>

enum { DATA };
#define ADDR 0x10000ul

/* A neighbour was touched, so that the page tables are there. */
static void file_mapped_uncached(void)
{
	vm_file(2);
	vm_run(0, vm_process());
	vm_as(0);
	vm_mmap(ADDR, 2, MAPPED_SHARED, DATA, 0);
	vm_touch(ADDR + VM_PAGE);
}

static void file_mapped_cached(void)
{
	uint64_t word;

	file_mapped_uncached();
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

#define WITNESS "invalidate@unmapped fault invalidate"
#define STORY                                                                                               \
	.axis = "invalidate", .oracle = "page-mapped-on-remove",                                            \
	.actors = { { "fault", fault }, { "invalidate", invalidate } }

RACE(invalidate_vs_fault, STORY, .summary = "a fault maps a cached page that invalidation is about to drop",
     .setup = file_mapped_cached,
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
RACE(invalidate_vs_fault_uncached, STORY, .summary = "the same, the page brought in by the fault itself",
     .setup = file_mapped_uncached,
     .expect = {
	     { "none", FOUND("page-mapped-on-remove"), "fault disk fault@got_page invalidate@unmapped fault invalidate" },
	     { "truncate-count", FOUND("page-mapped-on-remove"), "fault disk fault@got_page invalidate@unmapped fault invalidate" },
	     { "refcount-check", CLEAN },
	     { "seqlock", CLEAN },
	     { "page-flag", CLEAN },
	     { "page-lock-posted", CLEAN },
	     { "page-lock", CLEAN },
	     { "page-lock-norecheck", CLEAN },
	     { "page-lock-one-unmap", CLEAN },
	     { "page-lock-early-unlock", CLEAN },
     });
