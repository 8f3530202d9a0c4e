/* SPDX-License-Identifier: MIT */
/*
 * mm.h - the memory manager's functions, by the file that has them
 *
 * Lock order, outermost first; an arrow says in which function the edge stands:
 *
 *	mm->mmap_sem			(do_page_fault, sys_mmap, sys_munmap)
 *	  inode->i_mutex		(sys_ftruncate, direct and buffered write; never with mmap_sem held)
 *	    page lock			(filemap_nopage, invalidate_inode_pages2_range, truncate_inode_pages)
 *	      mapping->i_mmap_lock	(unmap_mapping_range, vma_link)
 *		mm->page_table_lock	(pte_alloc and above)
 *		page table lock		(zap_pte_range, do_no_page)
 *		mapping->tree_lock	(find_get_page, __remove_from_page_cache; interrupts off)
 *		  zone lock, slab lock	(innermost)
 */
#ifndef SIM_MM_MM_H
#define SIM_MM_MM_H

#include <errno.h>

#include "fs/fs_types.h"
#include "hw/machine.h"
#include "mm/filemap.h"
#include "mm/gup.h"
#include "mm/huge.h"
#include "mm/mm_types.h"
#include "mm/page_flags.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vma.h"

/* ---- page_alloc.c ---------------------------------------------------------------------------- */

void page_alloc_init(void);
/*
 * => one reference, contents undefined; NULL when there is no frame. GFP_ATOMIC may be called in atomic context;
 * GFP_KERNEL may sleep and reclaim
 */
typedef unsigned gfp_t;
#define GFP_ATOMIC 0u
#define GFP_KERNEL 1u
struct page *__alloc_page(gfp_t gfp);
static inline struct page *alloc_page(void)
{
	return __alloc_page(GFP_KERNEL);
}
struct page *alloc_zeroed_page(void);
/* HPAGE_NR frames in a row, aligned, as a compound page. => as alloc_page() */
struct page *alloc_huge_page_frames(void);
/* This CPU's free frames go back to the zone. */
void drain_local_pages(void);
/* => the last reference is gone, and the page is on no list: its frame is free */
void free_unref_page(struct page *page);
void get_page(struct page *page);
/* Drops a reference; the last frees the frame. => no ptl-protected pte maps it when it is the last */
void put_page(struct page *page);
/* Drops a reference to each, and takes what is freed off the LRU lists in one go. => pages[] is overwritten */
void release_pages(struct page **pages, int nr);
#define page_cache_get(page) get_page(page)
#define page_cache_release(page) put_page(page)

static inline int page_count(const struct page *page)
{
	return atomic_read(&page->_count);
}

/* ---- pgtable.c: allocating, finding and freeing page tables -------------------------------------- */

struct mmu_gather;

static inline struct page *pmd_page(pmd_t pmd)
{
	return pfn_to_page(pte_pfn((pte_t){ pmd.pmd }));
}
/* The lock of the ptes that a pmd points to: in that page of ptes. */
static inline spinlock_t *pte_lockptr(pmd_t pmd)
{
	return &pmd_page(pmd)->ptl;
}
/*
 * The pte of an address, its tables allocated if need be, its lock not taken.
 * => called with mmap_sem held; NULL when there is no memory. *ptlp: the page table lock
 */
pte_t *pte_alloc_map(struct mm_struct *mm, unsigned long address, spinlock_t **ptlp);
/* The entry of its pmd level, allocated, or found and NULL: none. => as the two around */
pmd_t *pmd_alloc_map(struct mm_struct *mm, unsigned long address);
pmd_t *pmd_find(struct mm_struct *mm, unsigned long address, unsigned long *next);
/* The table of ptes that *pmd is to point to; with its pte. => mmap_sem held; NULL: no memory, or *pmd is huge */
pte_t *pte_alloc(struct mm_struct *mm, pmd_t *pmd, unsigned long address, spinlock_t **ptlp);
/* A table of ptes that nothing points to yet, for [address, address + PMD_SIZE). => NULL: no memory; put_page() frees it */
struct page *pte_alloc_one(unsigned long address);
/* The lock of a table of pmds. */
static inline spinlock_t *pmd_lockptr(pmd_t *pmd)
{
	return &virt_to_page(pmd)->ptl;
}
/*
 * The pte of an address, or NULL and in *next the first address that may have one.
 * => called with mmap_sem or i_mmap_lock held, so that the tables stay
 */
pte_t *pte_find(struct mm_struct *mm, unsigned long address, spinlock_t **ptlp, unsigned long *next);
pgd_t *pgd_alloc(void);
void pgd_free(pgd_t *pgd);
/*
 * Frees the tables that serve nothing outside [floor, ceiling). => called with mmap_sem held for write, the
 * vmas unlinked from i_mmap and every pte of the range cleared and flushed; ceiling 0: no end. A CPU may be in
 * the middle of a walk, or have an entry cached that leads to a table: they go through a gather.
 */
void free_pgtables(struct mm_struct *mm, unsigned long addr, unsigned long end, unsigned long floor,
		   unsigned long ceiling);

/* ---- fault.c ------------------------------------------------------------------------------------- */

#define VM_FAULT_MINOR 0
#define VM_FAULT_OOM 0x01
#define VM_FAULT_SIGBUS 0x02
#define VM_FAULT_MAJOR 0x04
#define VM_FAULT_WRITE 0x08 /* a store to a private page was given a page of its own */
#define VM_FAULT_SIGSEGV 0x40
#define VM_FAULT_NOPAGE 0x100	/* a pte is there, or was; look again */
#define VM_FAULT_LOCKED 0x200	/* of page_mkwrite: the page is locked */
#define VM_FAULT_RETRY 0x400	/* mmap_sem was dropped */
#define VM_FAULT_FALLBACK 0x800 /* of huge pages: try small ones */
#define VM_FAULT_ERROR (VM_FAULT_OOM | VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV)

/*
 * => called with mmap_sem held for read, address in vma, the access allowed by it (or FAULT_FLAG_UNSHARE);
 * VM_FAULT_*. Counts the fault to the running task
 */
int handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long address, unsigned flags);
/* => kernel/fault.c; called without locks; 0 when the access may be tried again, else a signal, its code in current */
int do_page_fault(unsigned long address, bool write);

/* ---- memory.c -------------------------------------------------------------------------------------- */

struct zap_details {
	struct address_space *check_mapping;   /* zap only pages of this file; NULL: any, and swap entries */
	unsigned long first_index, last_index; /* of a nonlinear vma: these pages of it */
	bool nonlinear;
	bool keep_file_ptes; /* a nonlinear page leaves its index in the pte */
	bool keep_markers;   /* guards stay: MADV_DONTNEED, truncation */
	bool of_file; /* i_mmap_lock is held rather than mmap_sem: flags may change. A file has no huge pages */
};

#define GATHER_PAGES 8	 /* gathered on the stack */
#define GATHER_BATCH 500 /* in one page of them, which a gather of a big range asks for */

/* Pages whose ptes are cleared and that may be freed once every TLB has forgotten them. */
struct mmu_gather {
	struct mm_struct *mm;
	unsigned long start, end; /* to be flushed; end 0: nothing */
	int nr, max;
	struct page **pages; /* local, or a page of its own */
	struct page *batch;  /* that page, NULL: none */
	struct page *local[GATHER_PAGES];
};

void tlb_gather_init(struct mmu_gather *tlb, struct mm_struct *mm);
/* Flushes what was gathered, then drops it. => no page table lock held */
void tlb_finish_mmu(struct mmu_gather *tlb);
/*
 * The page at addr, or a page table that served it, goes when its translations are flushed.
 * => a page table lock may be held, and then the gather has room
 */
void tlb_remove_page(struct mmu_gather *tlb, struct page *page, unsigned long addr);
/* No page more fits without a flush; then the caller drops its page table lock, and flushes. */
bool tlb_full(struct mmu_gather *tlb);
/* Translations of the range are to be flushed. => as above */
void tlb_note_flush(struct mmu_gather *tlb, unsigned long addr, unsigned long size);
/*
 * Removes the ptes of [start, end) in vma; pages and flushes go to the gather.
 * => called with mmap_sem, or i_mmap_lock of the vma's file, held; no page table lock; between observe_revoke_begin()
 * and, after tlb_finish_mmu(), observe_revoke_end()
 */
void unmap_vma_range(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long start,
		     unsigned long end, const struct zap_details *details);
/*
 * Removes the ptes of [start, end) in vma, flushes, and drops the pages.
 * => called with mmap_sem, or i_mmap_lock of the vma's file, held; no page table lock
 */
void zap_page_range(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		    const struct zap_details *details);
/*
 * Removes the ptes of every process that map bytes [holebegin, holebegin + holelen) of the file, rounded
 * outwards; holelen 0: to the end. even_cows: private copies too.
 * => called without spinlocks
 */
void unmap_mapping_range(struct address_space *mapping, unsigned long holebegin, unsigned long holelen,
			 bool even_cows);
/*
 * Fork: dst, a copy of src's vma, gets what src's ptes map; pages are shared, both read-only if private.
 * => mmap_sem of both held for write; 0 or -ENOMEM, and what was copied stays for the child's teardown
 */
int copy_page_range(struct mm_struct *dst, struct mm_struct *src, struct vm_area_struct *dst_vma,
		    struct vm_area_struct *src_vma);
/* The page that a present pte maps, if it is one that counts; NULL: the zero page, or a bare pfn. => ptl held */
struct page *vm_normal_page(const struct vm_area_struct *vma, unsigned long addr, pte_t pte);
/* The private copy of a page, for the processor. => no spinlocks */
void copy_user_page(struct page *to, const struct page *from);
/* The frame that reads of untouched anonymous memory show. */
static inline unsigned long zero_pfn(void)
{
	return machine_const(zero_pfn);
}
static inline bool is_zero_pfn(unsigned long pfn)
{
	return pfn == zero_pfn();
}
/*
 * n more of what a pte of mm maps. A task may keep its sums for a while (2.6.34 to 6.1): sync_mm_rss() tells mm. => the
 * running task's, or atomic
 */
void sync_mm_rss(struct task_struct *task, struct mm_struct *mm, enum mm_counter c);
static inline void add_mm_counter(struct mm_struct *mm, enum mm_counter c, int n)
{
	unsigned batch = machine_const(config.rss_batch);
	struct task_struct *task = batch ? current : NULL;

	if (!task || task->mm != mm) {
		atomic_add(n, &mm->rss[c]);
		return;
	}
	task->rss[c] += n;
	if (unlikely(task->rss[c] > (int)batch || -task->rss[c] > (int)batch))
		sync_mm_rss(task, mm, c);
}

/* ---- uaccess.c: the kernel reads and writes user memory through the mapping, faulting as user code would ---------------- */

/* => mmap_sem and page locks not held; how many bytes could not be copied */
size_t copy_from_user(void *to, unsigned long from, size_t n);
size_t copy_to_user(unsigned long to, const void *from, size_t n);
/* Faults a page of the range in, so that a copy is likely to succeed. => 0 or -EFAULT */
int fault_in_readable(unsigned long addr, size_t n);
/* The same copies with faults off. => spinlocks or page locks may be held; how many bytes could not be copied */
size_t copy_from_user_atomic(void *to, unsigned long from, size_t n);
size_t copy_to_user_atomic(unsigned long to, const void *from, size_t n);

#endif
