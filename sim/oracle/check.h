/* SPDX-License-Identifier: MIT */
/*
 * check.h - the global oracles, and the census that they judge
 *
 * Oracles read the machine directly: they are no scheduling points and take no locks. Global ones run when
 * nothing else does. Each reports by sync_violation() and says what a kernel developer needs: page, index,
 * who maps it, counts. Of several reports the first counts.
 *
 * The census costs what is in use: it walks the processes' mappings, the files' trees, the LRU lists and the swap
 * cache, and compares with totals. Only where those disagree are all frames, or all slots, looked at.
 */
#ifndef SIM_ORACLE_CHECK_H
#define SIM_ORACLE_CHECK_H

#include "hw/machine.h"
#include "hw/observer.h"

/* One entry that maps a page: a pte, or one of the pmd level. */
struct mapped {
	const struct vm_area_struct *vma; /* NULL: there is none */
	unsigned long addr;
	u64 entry;
	const struct page *page; /* the one that counts: the head of a huge one */
	unsigned long index;	 /* in the vma's file */
};

enum use {
	USE_FILE = 1,
	USE_SWAPCACHE = 2,
	USE_TABLE = 4,
	USE_LRU = 8,
	USE_BATCH = 16,
	USE_DIRTY_PTE = 32,
	USE_HUGETLB = 64,
	USE_SEEN = 1 << 30 /* the census has met it */
};

/* Who uses a frame, counted without believing its page's own counts. */
struct frame_use {
	u32 maps; /* ptes and huge entries */
	u32 refs; /* of caches, tables and batches */
	u32 uses; /* enum use */
};

struct slot_use {
	u32 entries; /* in ptes and in shmem's trees */
	u32 cached;
};

struct census {
	struct frame_use *frame; /* by pfn */
	struct slot_use *slot;	 /* by swap slot */
	u32 *used, *used_slot;	 /* those of which something is known, in the order in which it was found */
	u32 nr_used, nr_used_slots;
	unsigned long frames; /* that those stand for: a huge page is many */
	u32 nr_mms, nr_vmas, nr_nodes, nr_inodes, nr_files, nr_anon_vmas;
	u32 nr_in_anon_vmas, nr_on_anon_lists; /* vmas that have an anon_vma, vmas that anon_vmas list */
	long file_refs;			       /* of vmas, to files from the slab */
	struct mapped beyond_eof, stale, migrating, unreachable; /* the first that was found */
	/* The first process whose counter says something else than its ptes; NULL: none. */
	const struct mm_struct *bad_mm;
	const char *bad_counter;
	long bad_says, bad_is;
};

/* => false: there is no memory for it, reported */
bool census_take(struct census *c);
void census_free(struct census *c);
/* What is known of a frame, or of a slot; it becomes one of the used. */
struct frame_use *census_frame(struct census *c, const struct page *page);
struct slot_use *census_slot(struct census *c, unsigned long slot);
/* The pages of all files and of the swap cache, and the LRU lists. */
void census_files(struct census *c);
void census_lru(struct census *c);

/* ---- looking at the machine without any step ------------------------------------------------------------------- */

/*
 * The pte of addr, 0 when there is none. Of a huge entry: what a pte of this address would be, with _PAGE_PSE.
 */
u64 pte_at(const struct mm_struct *mm, unsigned long addr);
/* The pagecache's page of a file at an index, without any lock, or NULL. */
const struct page *cached_page(const struct address_space *mapping, unsigned long index);
/* The i-th address space that somebody runs in or that is in the process table, each once; NULL: none at this i */
#define MAX_MMS (NR_PROCESSES + NR_TASKS)
const struct mm_struct *mm_at(int i);
const struct vm_area_struct *vma_at(const struct mm_struct *mm, unsigned long addr);
const struct vm_area_struct *next_vma(const struct vm_area_struct *vma);
const struct vm_area_struct *first_vma(const struct mm_struct *mm);

/* An entry of a walk. => called with the entries of a vma by address; huge: of the pmd level */
typedef void (*entry_fn)(void *arg, const struct vm_area_struct *vma, unsigned long addr, u64 entry,
			 bool huge);
/* A table of entries, of pmds' level 2 and so on. => each once, if vmas are walked by address */
typedef void (*table_fn)(void *arg, const struct mm_struct *mm, unsigned long base, int level,
			 unsigned long pfn);

struct table_walk {
	const struct mm_struct *mm;
	entry_fn entry;
	table_fn table; /* NULL: nobody asks */
	void *arg;
	unsigned long seen[5]; /* own: by level, what the last table serves, and 1 */
};
void walk_vma(struct table_walk *w, const struct vm_area_struct *vma);

/* "page 3 (index 0 of inode 1, LRU): 2 references, mapcount 1; mapped by mm 0 at 0x10000 RW; in the pagecache" */
#define PAGE_TEXT 320
const char *page_text(char text[PAGE_TEXT], const struct page *page);
const char *mapped_text(char *text, size_t n, const struct mapped *p);

static inline bool page_flag(const struct page *page, enum pageflags flag)
{
	return page->flags & (1ul << flag);
}
static inline const struct page *head_of(const struct page *page)
{
	return page_flag(page, PG_tail) ? (const struct page *)page->private : page;
}
static inline bool page_is_anon(const struct page *page)
{
	return (uintptr_t)READ_ONCE(head_of(page)->mapping) & PAGE_MAPPING_ANON;
}
static inline unsigned long pfn_of(u64 pte)
{
	return (pte & PTE_PFN_MASK) >> PAGE_SHIFT;
}
static inline bool entry_present(u64 pte)
{
	return pte & (_PAGE_PRESENT | _PAGE_PROTNONE);
}
static inline unsigned long index_at(const struct vm_area_struct *vma, unsigned long addr)
{
	return ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}
/* What stands in a tree of pages, and is no page: an entry of shmem's. */
static inline bool tree_exceptional(const void *item)
{
	return (uintptr_t)item & 3;
}

/* ---- the global checks, one a file ---- */

void check_beyond_eof(const struct census *c);
void check_stale_content(const struct census *c);
void check_page_counts(const struct census *c);
void check_mm_counts(const struct census *c);
void check_swap_counts(struct census *c);
void check_tlbs(const struct census *c);
void check_lost_dirty(const struct census *c);
void check_leaks(struct census *c);

#endif
