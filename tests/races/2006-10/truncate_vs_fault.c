/* SPDX-License-Identifier: MIT */
/*
 * truncate_vs_fault - a fault maps a page that truncation is about to drop
 *
 *   fault                                truncate
 *   -----                                --------
 *   do_no_page()
 *     page = filemap_nopage()
 *                                        vmtruncate()
 *                                          unmap_mapping_range()
 *                                          truncate_inode_pages()
 *     set_pte()
 *
 * The file is empty, yet the process goes on reading and writing what was in it.
 *
 * Without the second look at i_size the page lock does not help: the fault sees the old i_size, truncation
 * runs from its beginning to its end, and the fault reads the page in anew. So the recheck under #if 0 is
 * needed, from a cached page as from an uncached one, and page-lock-posted is found.
 *
 * Invariant: once truncation has returned, no mapping of the file shows a page beyond its end.
 * Source: threads/2006-10-fault-vs-invalidate, patch 2/5: what truncate_count was for; and the i_size
 * recheck under the page lock that the patch has under #if 0.
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
	vm_mmap(ADDR, 2, MAPPED_SHARED, DATA, 0);
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
	vm_touch(ADDR);
}

static void truncate(void)
{
	vm_truncate(DATA, 0);
}

#define STORY .axis = "invalidate", .actors = { { "fault", fault }, { "truncate", truncate } }

#define BEYOND "fault@size_seen truncate fault"

RACE(truncate_vs_fault, STORY, .summary = "a fault maps a cached page that truncation is about to drop",
     .setup = file_mapped_cached,
     .expect = {
	     { "none", FOUND("stale-content"), "fault@got_page truncate fault" },
	     { "truncate-count", CLEAN },
	     { "refcount-check", CLEAN },
	     { "seqlock", CLEAN },
	     { "page-flag", CLEAN },
	     { "page-lock-posted", FOUND("mapped-beyond-eof"), BEYOND },
	     { "page-lock", CLEAN },
	     { "page-lock-norecheck", FOUND("mapped-beyond-eof"), BEYOND },
	     { "page-lock-one-unmap", CLEAN },
	     { "page-lock-early-unlock", CLEAN },
     });
RACE(truncate_vs_fault_uncached, STORY, .summary = "a fault brings in a page that truncation believes gone",
     .setup = file_mapped_uncached,
     .expect = {
	     { "none", FOUND("stale-content"), "fault disk fault@got_page truncate fault" },
	     { "truncate-count", CLEAN },
	     { "refcount-check", CLEAN },
	     { "seqlock", CLEAN },
	     { "page-flag", CLEAN },
	     { "page-lock-posted", FOUND("mapped-beyond-eof"), BEYOND },
	     { "page-lock", CLEAN },
	     { "page-lock-norecheck", FOUND("mapped-beyond-eof"), BEYOND },
	     { "page-lock-one-unmap", CLEAN },
	     { "page-lock-early-unlock", CLEAN },
     });
