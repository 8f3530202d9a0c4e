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
#include "mm/mm_types.h"

/* ---- page_alloc.c ---------------------------------------------------------------------------- */

void page_alloc_init(void);
/* => one reference, contents undefined; NULL when there is no frame. May be called in atomic context */
struct page *alloc_page(void);
struct page *alloc_zeroed_page(void);
void get_page(struct page *page);
/* Drops a reference; the last frees the frame. => no ptl-protected pte maps it when it is the last */
void put_page(struct page *page);
#define page_cache_get(page) get_page(page)
#define page_cache_release(page) put_page(page)

static inline int page_count(const struct page *page)
{
	return atomic_read(&page->_count);
}

/* ---- page flags ------------------------------------------------------------------------------- */

static inline bool PageUptodate(const struct page *page)
{
	return test_bit(PG_uptodate, &page->flags);
}
static inline void SetPageUptodate(struct page *page)
{
	set_bit(PG_uptodate, &page->flags);
}
static inline void ClearPageUptodate(struct page *page)
{
	clear_bit(PG_uptodate, &page->flags);
}
static inline bool PageDirty(const struct page *page)
{
	return test_bit(PG_dirty, &page->flags);
}
/*
 * Marks the page as to be written back. => the page cannot leave the pagecache meanwhile, or is mapped
 * under ptl
 */
static inline void set_page_dirty(struct page *page)
{
	if (!PageDirty(page))
		set_bit(PG_dirty, &page->flags);
}
static inline bool test_clear_page_dirty(struct page *page)
{
	return test_and_clear_bit(PG_dirty, &page->flags);
}
static inline bool PageLocked(const struct page *page)
{
	return test_bit(PG_locked, &page->flags);
}
/* The page lock. lock_page() and wait_on_page_locked() may sleep; any task may unlock. */
static inline void lock_page(struct page *page)
{
	bit_lock(PG_locked, &page->flags, "page lock");
}
static inline bool trylock_page(struct page *page)
{
	return bit_trylock(PG_locked, &page->flags, "page lock");
}
static inline void unlock_page(struct page *page)
{
	bit_unlock(PG_locked, &page->flags);
}
/* => the caller holds a reference */
static inline void wait_on_page_locked(struct page *page)
{
	bit_wait(PG_locked, &page->flags, "page lock");
}

/*
 * Lockless on purpose: the callers hold what keeps a page that is not anonymous from becoming so, but the
 * file's mapping may go away beside them.
 */
static inline struct address_space *page_mapping_raw(const struct page *page)
{
	return READ_ONCE(page->mapping);
}
static inline bool PageAnon(const struct page *page)
{
	return (uintptr_t)page_mapping_raw(page) & PAGE_MAPPING_ANON;
}

/* ---- rmap.c ------------------------------------------------------------------------------------ */

/* => each called with the page table lock of the pte held */
void page_add_file_rmap(struct page *page);
void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address);
void page_remove_rmap(struct page *page);

static inline int page_mapcount(const struct page *page)
{
	return atomic_read(&page->_mapcount) + 1;
}
static inline bool page_mapped(const struct page *page)
{
	return atomic_read(&page->_mapcount) >= 0;
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

#define VM_FAULT_OOM 0
#define VM_FAULT_SIGBUS 1
#define VM_FAULT_MINOR 2

/* => called with mmap_sem held for read, address in vma, the access allowed by it; VM_FAULT_* */
int handle_mm_fault(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long address,
		    bool write_access);
/* => kernel/fault.c; called without locks; 0 when the access may be tried again, else a signal */
int do_page_fault(unsigned long address, bool write);

/* ---- memory.c -------------------------------------------------------------------------------------- */

struct zap_details {
	struct address_space *check_mapping; /* zap only pages of this file; NULL: any */
};

#define GATHER_PAGES 8

/* Pages whose ptes are cleared and that may be freed once every TLB has forgotten them. */
struct mmu_gather {
	struct mm_struct *mm;
	unsigned long start, end; /* to be flushed; end 0: nothing */
	int nr;
	struct page *pages[GATHER_PAGES];
};

void tlb_gather_init(struct mmu_gather *tlb, struct mm_struct *mm);
/* Flushes what was gathered, then drops it. => no page table lock held */
void tlb_finish_mmu(struct mmu_gather *tlb);
/*
 * The page at addr, or a page table that served it, goes when its translations are flushed.
 * => a page table lock may be held, and then the gather has room
 */
void tlb_remove_page(struct mmu_gather *tlb, struct page *page, unsigned long addr);
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

/* ---- filemap.c -------------------------------------------------------------------------------------- */

extern const struct vm_operations_struct generic_file_vm_ops;

/* => with a reference; NULL when the index is not cached */
struct page *find_get_page(struct address_space *mapping, unsigned long index);
/* => with a reference, locked, still in the pagecache; may sleep */
struct page *find_lock_page(struct address_space *mapping, unsigned long index);
/* The next pages from index on, at most nr, with a reference each. => returns how many */
unsigned find_get_pages(struct address_space *mapping, unsigned long index, unsigned nr, struct page **pages);
/* => page is new; 0, locked and with a reference of the pagecache's own; or -EEXIST, -ENOMEM */
int add_to_page_cache(struct page *page, struct address_space *mapping, unsigned long index);
/* => called with the page locked; the pagecache's reference passes to the caller */
void remove_from_page_cache(struct page *page);
/* => called with the page locked and tree_lock held for write */
void __remove_from_page_cache(struct page *page);
/*
 * Brings a page in, if it is not there. => 0 when it was added by whomever and is being read, else an error
 */
int page_cache_read(struct file *file, unsigned long index);
/*
 * For read(2) and write(2). => 0 and in *pagep an uptodate page with a reference, unlocked; or -EIO, -ENOMEM
 */
int read_cache_page(struct file *file, unsigned long index, struct page **pagep);

/* The two shapes of ->nopage for files, and the second without its look at i_size under the page lock. */
struct page *filemap_nopage_unlocked(struct vm_area_struct *vma, unsigned long address);
struct page *filemap_nopage_locked(struct vm_area_struct *vma, unsigned long address);
struct page *filemap_nopage_locked_norecheck(struct vm_area_struct *vma, unsigned long address);

/*
 * ---- truncate.c ----------------------------------------------------------------------------------------
 */

/*
 * => called with i_mutex held; pages from lstart on leave the pagecache, the one that it cuts is zeroed
 * from there
 */
void truncate_inode_pages(struct address_space *mapping, unsigned long lstart);
/* => called with the page locked and unmapped; it leaves the pagecache, dirty or not */
void truncate_complete_page(struct address_space *mapping, struct page *page);
/* => called with i_mutex held; sets i_size, revokes what lies beyond */
void vmtruncate(struct inode *inode, unsigned long offset);
/* Drops clean unmapped pages start .. end without waiting for anything. => returns how many */
unsigned long invalidate_mapping_pages(struct address_space *mapping, unsigned long start, unsigned long end);
/*
 * Drops pages start .. end, unmapping them. => called without locks but i_mutex; 0 or -EIO: some page
 * stayed
 */
int invalidate_inode_pages2_range(struct address_space *mapping, unsigned long start, unsigned long end);
/* => called with the page locked and unmapped; 0 and it has left the pagecache, -EIO when it is dirty */
int invalidate_complete_page2(struct address_space *mapping, struct page *page);
/* Unmaps one page of the file wherever it is mapped. => called with the page locked; private copies stay */
void unmap_page(struct address_space *mapping, struct page *page);

/*
 * ---- mmap.c
 * -----------------------------------------------------------------------------------------------
 */

/* The first vma that ends after addr. => called with mmap_sem held; NULL when there is none */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
/*
 * => called with mmap_sem held for write; [addr, addr + len) replaces what was there. 0 or a negative error
 */
int do_mmap(struct mm_struct *mm, struct file *file, unsigned long addr, unsigned long len,
	    unsigned long vm_flags, unsigned long pgoff);
/* => called with mmap_sem held for write; 0 or a negative error, then nothing has changed */
int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len);

#endif
