/* SPDX-License-Identifier: MIT */
/*
 * truncate_vs_private_cow - a private copy stays mapped beyond the end of the file
 *
 *   fault                                truncate
 *   -----                                --------
 *   do_no_page()
 *     page = ->nopage()   (inside i_size)
 *     copy_user_page(copy, page)
 *                                        i_size_write(0)
 *                                        unmap_mapping_range(even_cows)
 *                                        truncate_inode_pages()   (page is not mapped)
 *     set_pte(copy)
 *
 * A store to a private mapping copies the page. Truncation takes copies away too, and whoever touches them
 * afterwards gets SIGBUS; this one is found by nobody.
 *
 * Invariant: once truncation has returned, no mapping shows an index beyond the end, private copy or not.
 * Source: threads/2006-10-fault-vs-invalidate, patch 2/5, whose vmtruncate has no unmap; 2.6.23 has
 * two.
 */
#include <faultline/race.h>
#include <faultline/vm.h>

enum { DATA };
#define ADDR 0x10000ul

static void file_mapped_uncached(void)
{
	vm_file(2);
	vm_run(0, vm_process());
	vm_as(0);
	vm_mmap(ADDR, 2, MAPPED_PRIVATE, DATA, 0);
	vm_touch(ADDR + VM_PAGE);
	vm_truncate(DATA, VM_PAGE);
}

static void file_mapped_cached(void)
{
	uint64_t word;

	file_mapped_uncached();
	vm_read(DATA, 0, &word);
}

static void fault(void)
{
	vm_store(ADDR, 42);
}

static void truncate(void)
{
	vm_truncate(DATA, 0);
}

#define STORY .axis = "invalidate", .actors = { { "fault", fault }, { "truncate", truncate } }
#define BEYOND "fault@size_seen truncate fault"

RACE(truncate_vs_private_cow, STORY, .summary = "a private copy of a cached page stays mapped beyond the end",
     .setup = file_mapped_cached,
     .expect = {
	     { "none", FOUND("mapped-beyond-eof"), "fault@copied truncate fault" },
	     { "truncate-count", CLEAN },
	     { "refcount-check", CLEAN },
	     { "seqlock", CLEAN },
	     { "page-flag", CLEAN },
	     { "page-lock-posted", FOUND("mapped-beyond-eof"), "fault truncate" },
	     { "page-lock", CLEAN },
	     { "page-lock-norecheck", FOUND("mapped-beyond-eof"), BEYOND },
	     { "page-lock-one-unmap", FOUND("mapped-beyond-eof"), "fault@copied truncate fault truncate" },
	     { "page-lock-early-unlock", FOUND("mapped-beyond-eof"), "fault@unlocked_early truncate fault" },
     });
RACE(truncate_vs_private_cow_uncached, STORY, .summary = "the same, the page brought in by the fault itself",
     .setup = file_mapped_uncached,
     .expect = {
	     { "none", FOUND("mapped-beyond-eof"), BEYOND },
	     { "truncate-count", CLEAN },
	     { "refcount-check", CLEAN },
	     { "seqlock", CLEAN },
	     { "page-flag", CLEAN },
	     { "page-lock-posted", FOUND("mapped-beyond-eof"), "fault disk fault truncate" },
	     { "page-lock", CLEAN },
	     { "page-lock-norecheck", FOUND("mapped-beyond-eof"), BEYOND },
	     { "page-lock-one-unmap", FOUND("mapped-beyond-eof"),
	       "fault disk fault@copied truncate fault truncate" },
	     { "page-lock-early-unlock", FOUND("mapped-beyond-eof"),
	       "fault disk fault@unlocked_early truncate fault" },
     });
