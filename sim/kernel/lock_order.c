/* SPDX-License-Identifier: MIT */
/*
 * lock_order.c - the order of the memory manager's locks
 *
 * One table: the engine checks every acquisition of every execution against it, and docs/locking.md is printed from it
 * (`faultline locks`). The order is that of mm/rmap.c and mm/filemap.c of 2.6.29.
 */
#include "engine/engine.h"
#include "kernel/machine.h"

/* LOCK(name, what, guards, taken): the place in the list is the rank. */
#define LOCKS                                                                                                                                \
	LOCK("i_mutex", "inode->i_mutex, a mutex", "i_size, the file's extent; one writer at a time",                                        \
	     "ftruncate, fallocate, write(2); a write faults its source in with it held")                                                    \
	LOCK("pipe.mutex", "pipe->mutex, a mutex", "the buffers of the pipe",                                                                \
	     "vmsplice, pipe reads and writes; user memory is copied with it held")                                                          \
	LOCK("mmap_sem", "mm->mmap_sem, a fair reader-writer semaphore",                                                                     \
	     "the vmas: which there are, from where to where, with which flags; page tables while it is held for read",                      \
	     "read: faults, get_user_pages, some of madvise; write: mmap, munmap, mremap, mprotect, fork (the child's inside the parent's)") \
	LOCK("hugetlb_instantiation_mutex", "a mutex", "one hugetlb fault at a time", "hugetlb_fault")                                       \
	LOCK("page lock", "PG_locked, a bit of page->flags with a wait queue",                                                               \
	     "page->mapping and ->index, what the page holds, its leaving the pagecache or the swap cache",                                  \
	     "file faults, truncation, invalidation, writeback, reclaim, migration, swap-ins")                                               \
	LOCK("i_mmap_lock", "mapping->i_mmap_lock, a spinlock", "the vmas that map the file",                                                \
	     "vma_link, unmap_mapping_range, the walks of rmap over files")                                                                  \
	LOCK("anon_vma->lock", "anon_vma->lock, a spinlock",                                                                                 \
	     "the vmas that may map the anonymous pages of a family",                                                                        \
	     "anon_vma_prepare, fork, the walks of rmap over anonymous pages")                                                               \
	LOCK("page_table_lock", "mm->page_table_lock, a spinlock",                                                                           \
	     "what the entries above the ptes point to; vma->anon_vma while mmap_sem is held for read",                                      \
	     "allocating page tables, anon_vma_prepare")                                                                                     \
	LOCK("ptl", "the page table lock, a spinlock in the struct page of each table",                                                      \
	     "the entries of the table; fork takes the child's, then the parent's",                                                          \
	     "whoever sets or clears a pte")                                                                                                 \
	LOCK("lru_lock", "zone->lru_lock, a spinlock", "the LRU lists",                                                                      \
	     "adding, isolating, freeing pages, with a ptl at most")                                                                         \
	LOCK("tree_lock", "mapping->tree_lock, a reader-writer spinlock, interrupts off",                                                    \
	     "the radix tree of a file or of the swap cache",                                                                                \
	     "every lookup, insertion and removal of a page")                                                                                \
	LOCK("swap.lock", "swap_lock, a spinlock", "which swap slots are free, and who counts on them",                                      \
	     "swap_duplicate and swap_free, with a ptl; joining and leaving the swap cache, with its tree_lock")                             \
	LOCK("disk.lock", "the disk's queue, a spinlock", "requests that were handed over",                                                  \
	     "submitting and taking requests")                                                                                               \
	LOCK("aio.lock", "the queue of finished direct I/O, a spinlock",                                                                     \
	     "requests whose transfers are over", "the end of the last transfer, aio_run")                                                   \
	LOCK("zone.lock", "zone->lock, a spinlock", "free frames",                                                                           \
	     "allocating and freeing frames; innermost")                                                                                     \
	LOCK("slab.lock", "the slab's, a spinlock", "free objects",                                                                          \
	     "allocating and freeing objects; innermost")

#define LOCK(name, what, guards, taken) { name, what, guards, taken },
const struct machine_lock machine_locks[] = { LOCKS };
#undef LOCK
const int nr_machine_locks = sizeof(machine_locks) / sizeof(machine_locks[0]);

enum {
	BEFORE_FIRST = __COUNTER__,
};
#define LOCK(name, what, guards, taken) { name, __COUNTER__ - BEFORE_FIRST },
static const struct engine_lock_rank ranks[] = { LOCKS{ NULL, 0 } };
#undef LOCK

const struct engine_lock_rank *machine_lock_ranks(void)
{
	return ranks;
}
