/* SPDX-License-Identifier: MIT */
/*
 * mm_types.h - pages, address spaces of processes, mappings
 *
 * Mirrors linux/mm_types.h, mm.h and sched.h of 2.6.18, as far as the fault path needs them.
 *
 * Key of locks, over each field: (P) the page lock, (T) mapping->tree_lock, (L) the page table lock, (S)
 * mm->mmap_sem, (I) mapping->i_mmap_lock, (M) inode->i_mutex, (Z) the zone lock, (a) atomic, (c) constant
 * once visible. Two letters: either to read, both to write.
 *
 * Left out: LRU lists, zones, anon_vma chains (an anonymous page's mapping is a bare marker), rss counters.
 */
#ifndef SIM_MM_TYPES_H
#define SIM_MM_TYPES_H

#include "hw/pgtable.h"
#include "lib/interval_tree.h"
#include "lib/rbtree.h"

struct address_space;
struct file;
struct mm_struct;

enum pageflags {
	PG_locked,	 /* the page lock */
	PG_error,	 /* I/O failed */
	PG_uptodate,	 /* holds what the file holds */
	PG_dirty,	 /* must go to disk */
	PG_table,	 /* is a page table */
	PG_free,	 /* (Z) on the free list */
	PG_invalidating, /* (P) protocol page-flag: its mappings are being revoked */
};

struct page {
	unsigned long flags;	       /* (a) */
	atomic_t _count;	       /* (a) references; 0: free */
	atomic_t _mapcount;	       /* (a) ptes that map it, less one */
	struct address_space *mapping; /* (PT) the file's; PAGE_MAPPING_ANON: private; NULL: neither */
	unsigned long index;	/* (PT) in the file, in pages; of a page table: see pagetable_index() */
	spinlock_t ptl;		/* of a page of ptes: guards them */
	struct page *next_free; /* (Z) */
	u32 incarnation;	/* how often the frame was freed; for oracles */
} __attribute__((aligned(64)));

#define PAGE_MAPPING_ANON 1ul

#define VM_READ 0x1ul
#define VM_WRITE 0x2ul
#define VM_EXEC 0x4ul
#define VM_SHARED 0x8ul
#define VM_MAYWRITE 0x20ul
#define VM_CAN_INVALIDATE 0x04000000ul

struct vm_area_struct;

struct vm_operations_struct {
	/* => returns a page with a reference, locked if the protocol has it so, or NOPAGE_* */
	struct page *(*nopage)(struct vm_area_struct *vma, unsigned long address);
};

#define NOPAGE_SIGBUS ((struct page *)NULL)
#define NOPAGE_OOM ((struct page *)-1l)

struct vm_area_struct {
	struct mm_struct *vm_mm;		   /* (c) */
	unsigned long vm_start, vm_end;		   /* (S) bytes; both changed with (I) too */
	pgprot_t vm_page_prot;			   /* (c) */
	unsigned long vm_flags;			   /* (c) */
	struct rb_node vm_rb;			   /* (S) in mm->mm_rb */
	struct interval_tree_node shared;	   /* (I) in mapping->i_mmap, by index in the file */
	unsigned long vm_pgoff;			   /* (S) index of vm_start's page; changed with (I) too */
	struct file *vm_file;			   /* (c) NULL: anonymous */
	const struct vm_operations_struct *vm_ops; /* (c) NULL: anonymous */
};

struct mm_struct {
	struct rw_semaphore mmap_sem;
	spinlock_t page_table_lock; /* guards what the three upper levels of the tables point to */
	struct rb_root mm_rb;	    /* (S) */
	int map_count;		    /* (S) */
	pgd_t *pgd;		    /* (c) */
	atomic_t mm_users;	    /* (a) */
	unsigned long cpu_vm_mask;  /* (a) CPUs that may hold translations */
	int id;			    /* (c) */
	u32 revoking;		    /* the oracles': calls that cleared ptes and have not flushed yet */
};

/* Which level a page table stands at, and for which addresses: kept in its page's index. */
static inline unsigned long pagetable_index(unsigned long address, unsigned level)
{
	return (address & PAGE_MASK) | level;
}

#endif
