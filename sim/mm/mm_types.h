/* SPDX-License-Identifier: MIT */
/*
 * mm_types.h - pages, address spaces of processes, mappings
 *
 * Mirrors linux/mm_types.h, mm.h, rmap.h and sched.h of 2.6.29, with fields of 6.x where its rules are modelled too.
 *
 * Key of locks, over each field: (P) the page lock, (T) mapping->tree_lock, (L) the page table lock, (S)
 * mm->mmap_sem, (I) mapping->i_mmap_lock, (A) anon_vma->lock, (M) inode->i_mutex, (Z) the zone lock, (R) the zone's
 * lru_lock, (a) atomic, (c) constant once visible. Two letters: either to read, both to write.
 */
#ifndef SIM_MM_TYPES_H
#define SIM_MM_TYPES_H

#include "hw/pgtable.h"
#include "hw/swapops.h"
#include "lib/interval_tree.h"
#include "lib/list.h"
#include "lib/rbtree.h"

struct address_space;
struct file;
struct mm_struct;
struct vm_area_struct;

enum pageflags {
	PG_locked,	   /* the page lock */
	PG_error,	   /* I/O failed */
	PG_uptodate,	   /* holds what the file holds */
	PG_dirty,	   /* must go to disk */
	PG_table,	   /* is a page table */
	PG_free,	   /* (Z) on a free list */
	PG_invalidating,   /* (P) protocol page-flag: its mappings are being revoked */
	PG_referenced,	   /* was used since reclaim last looked */
	PG_lru,		   /* (R) on a list of the zone's */
	PG_active,	   /* (R) on the active one, or to go there */
	PG_writeback,	   /* is on its way to disk; waited for like the page lock */
	PG_reclaim,	   /* to be reclaimed as soon as its writeback ends */
	PG_private,	   /* (P) ->private says something to its file system: buffers */
	PG_swapcache,	   /* (PT) in the swap cache, ->private is its entry */
	PG_swapbacked,	   /* goes to swap rather than to a file */
	PG_mlocked,	   /* a vma with VM_LOCKED maps it */
	PG_anon_exclusive, /* (L) anonymous, and its one process's alone: 5.19 */
	PG_reserved,	   /* never freed, never counted: the zero page */
	PG_head,	   /* first of a compound page */
	PG_tail,	   /* of a compound page, ->private is its head */
	PG_huge,	   /* of a compound page: hugetlb's rather than transparent */
	PG_ksm,		   /* merged by KSM */
	PG_compound_free,  /* (Z) the head of a free block of HPAGE_NR frames */
	PG_percpu,	   /* free, and kept by one CPU; with PG_free */
};

/* 64 bytes in every build: what a simulated page costs beside its contents. */
struct page {
	unsigned long flags; /* (a) enum pageflags */
	atomic_t _count;     /* (a) references; 0: free. A pin (FOLL_PIN) counts GUP_PIN_COUNTING_BIAS */
	atomic_t _mapcount;  /* (a) ptes that map it, less one */
	struct address_space *mapping; /* (PT) the file's; | PAGE_MAPPING_ANON: its anon_vma; NULL: neither */
	unsigned long
		index; /* (PT) in the file or, if anonymous, in the vma's pages; of a page table: pagetable_index() */
	unsigned long private; /* swap entry (PT), head of a tail page (c), buffers (P) */
	union {
		struct list_head lru; /* (R) of a page in use; (Z) of a free one */
		spinlock_t ptl;	      /* of a page of ptes or of pmds: guards them */
	};
	u32 incarnation; /* how often the frame was freed; for oracles */
	int held;	 /* the oracles': references of kernel objects that are no ptes and no caches */
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct page) == 64, "a simulated page costs 64 bytes beside its contents");

#define PAGE_MAPPING_ANON 1ul

/* ---- anonymous reverse mapping -------------------------------------------------------------------------------- */

/*
 * The vmas that may map pages of one family of processes. Type-stable: its memory is only ever reused as another
 * anon_vma, so that a lock taken a moment too late is a lock still (SLAB_DESTROY_BY_RCU).
 */
struct anon_vma {
	spinlock_t lock;
	struct list_head head; /* (A) by vma->anon_vma_node; empty while it is free */
};

/* ---- mappings --------------------------------------------------------------------------------------------------- */

#define VM_READ 0x1ul
#define VM_WRITE 0x2ul
#define VM_EXEC 0x4ul
#define VM_SHARED 0x8ul
#define VM_MAYREAD 0x10ul
#define VM_MAYWRITE 0x20ul
#define VM_MAYEXEC 0x40ul
#define VM_MAYSHARE 0x80ul
#define VM_GROWSDOWN 0x100ul
#define VM_PFNMAP 0x400ul
#define VM_LOCKED 0x2000ul
#define VM_IO 0x4000ul
#define VM_SEQ_READ 0x8000ul
#define VM_RAND_READ 0x10000ul
#define VM_DONTCOPY 0x20000ul
#define VM_DONTEXPAND 0x40000ul
#define VM_ACCOUNT 0x100000ul
#define VM_NORESERVE 0x200000ul
#define VM_HUGETLB 0x400000ul
#define VM_NONLINEAR 0x800000ul
#define VM_WIPEONFORK 0x02000000ul
#define VM_CAN_INVALIDATE 0x04000000ul
#define VM_MIXEDMAP 0x10000000ul
#define VM_HUGEPAGE 0x20000000ul
#define VM_NOHUGEPAGE 0x40000000ul
#define VM_MERGEABLE 0x80000000ul

/* A fault under way. */
struct vm_fault {
	struct vm_area_struct *vma;
	unsigned long address; /* of the page */
	unsigned flags;	       /* FAULT_FLAG_* */
	unsigned long pgoff;   /* index in the file */
	pmd_t *pmd;
	pte_t *pte;
	spinlock_t *ptl; /* of pte */
	pte_t orig;	 /* as it was read first, without the lock */
};
#define FAULT_FLAG_WRITE 0x01u	/* a store */
#define FAULT_FLAG_USER 0x02u	/* by user code, or by the kernel for it through its mapping */
#define FAULT_FLAG_REMOTE 0x04u /* for another process's address space */
#define FAULT_FLAG_UNSHARE                                                                                   \
	0x08u /* by get_user_pages: give this process a page of its own, without write access */

struct vm_operations_struct {
	void (*open)(
		struct vm_area_struct *vma); /* => called with mmap_sem held for write; a copy was made */
	void (*close)(struct vm_area_struct *vma); /* the same; it is about to go */
	/*
	 * => called with mmap_sem held; a page with a reference, locked if the protocol of axis `invalidate` has it so, or
	 * NOPAGE_*
	 */
	struct page *(*nopage)(struct vm_area_struct *vma, unsigned long address);
	/*
	 * A shared page becomes writable. => called with mmap_sem and a reference to the page held, the page unlocked;
	 * 0 and the page locked, still in its file; or a VM_FAULT_* and unlocked
	 */
	int (*page_mkwrite)(struct vm_area_struct *vma, struct page *page);
	/*
	 * Maps pages of the pagecache around vmf->address, [start, last] in the file, that need no waiting.
	 * => called with mmap_sem held, vmf->pte's lock not; the tables of vmf->pte exist
	 */
	void (*map_pages)(struct vm_fault *vmf, unsigned long start, unsigned long last);
};

#define NOPAGE_SIGBUS ((struct page *)NULL)
#define NOPAGE_OOM ((struct page *)-1l)

struct vm_area_struct {
	struct mm_struct *vm_mm;	  /* (c) */
	unsigned long vm_start, vm_end;	  /* (S) bytes; both changed with (I) and (A) too */
	pgprot_t vm_page_prot;		  /* (S) */
	unsigned long vm_flags;		  /* (S) */
	struct rb_node vm_rb;		  /* (S) in mm->mm_rb */
	unsigned long gap;		  /* (S) free bytes below it, without the guard gap of a stack */
	unsigned long subtree_gap;	  /* (S) the greatest gap at and below it in mm_rb */
	struct interval_tree_node shared; /* (I) in mapping->i_mmap, by index in the file */
	struct list_head nonlinear;	  /* (I) in mapping->i_mmap_nonlinear */
	struct list_head anon_vma_node;	  /* (A) in anon_vma->head */
	struct anon_vma *
		anon_vma; /* (S) set with page_table_lock too: faults hold mmap_sem for read; NULL: none yet */
	/*
	 * (S) 0: anon_vma was prepared for this process. Else fork inherited it, and this says from which of the parent's
	 * vmas: since 2.6.34 each has an anon_vma of its own beneath that of its parent, and does not merge with others.
	 */
	u32 anon_heir;
	/*
	 * A guard may stand in it, so that fork copies its ptes. Set with mmap_sem for read, for good; what it is merged
	 * into has it too (VM_MAYBE_GUARD of 6.19 and late 6.18, which does not keep vmas from being merged)
	 */
	u32 maybe_guard;
	unsigned long vm_pgoff; /* (S) index of vm_start's page; changed with (I) and (A) too */
	struct file *vm_file;	/* (c) NULL: anonymous. Holds a reference */
	const struct vm_operations_struct *vm_ops; /* (c) NULL: anonymous */
	void *vm_private_data;			   /* the driver's */
};

enum mm_counter { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

struct mm_struct {
	struct rw_semaphore mmap_sem;
	spinlock_t page_table_lock;	   /* guards what the three upper levels of the tables point to */
	struct rb_root mm_rb;		   /* (S) */
	int map_count;			   /* (S) */
	unsigned long total_vm, locked_vm; /* (S) pages */
	unsigned long def_flags;	   /* (S) of new mappings: VM_LOCKED after mlockall */
	pgd_t *pgd;			   /* (c) */
	atomic_t mm_users;		   /* (a) */
	unsigned long cpu_vm_mask;	   /* (a) CPUs that may hold translations */
	atomic_t rss[NR_MM_COUNTERS];	   /* (a) pages that its ptes map, and swap entries */
	u32 has_pinned;			   /* (a) a page of it was pinned (FOLL_PIN), at some time */
	u32 write_protect_seq;		   /* (S) odd: fork is write-protecting ptes; gup_fast looks */
	int id;				   /* (c) */
	u32 revoking; /* the oracles': calls that cleared ptes and have not flushed yet */
	u32 ghost_id; /* the oracles': whose private bytes; 0: none yet. Never used twice, unlike id */
	struct mm_struct *ghost_child; /* the oracles': who is being forked off */
};

/* Which level a page table stands at, and for which addresses: kept in its page's index. */
static inline unsigned long pagetable_index(unsigned long address, unsigned level)
{
	return (address & PAGE_MASK) | level;
}

#endif
