/* SPDX-License-Identifier: MIT */
/* vma.h - the mappings of a process: mmap.c, mremap.c, mprotect.c, madvise.c, mlock.c, mincore.c, msync.c, fremap.c */
#ifndef SIM_MM_VMA_H
#define SIM_MM_VMA_H

#include "mm/mm_types.h"

#define MAX_MAP_COUNT 65530	/* vm.max_map_count */
#define BIG_MAP_COUNT (1 << 20) /* the same where config.big says so */
#define STACK_GUARD_GAP (256 * PAGE_SIZE)
#define STACK_LIMIT (8ul << 20)	   /* RLIMIT_STACK: how big a growing mapping may become */
#define MMAP_MIN_ADDR 0x10000ul	   /* below it nothing is mapped unless somebody insists */
#define MMAP_BASE 0x7ffff0000000ul /* addresses that the kernel chooses lie below, the highest that is free */

/* What a driver mapped: it is not merged, not locked, and is inherited as it is. */
#define VM_SPECIAL (VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP)
#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE | VM_EXEC)

/* The first vma that ends after addr. => called with mmap_sem held; NULL when there is none */
struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr);
/* The same if it begins at or before addr. */
static inline struct vm_area_struct *vma_lookup(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start <= addr ? vma : NULL;
}
/* Neighbours by address. => mmap_sem held; NULL at the ends */
struct vm_area_struct *vma_next(const struct vm_area_struct *vma);
struct vm_area_struct *vma_prev(const struct vm_area_struct *vma);
struct vm_area_struct *vma_first(const struct mm_struct *mm);
/* The first that overlaps [start, end), or NULL. */
static inline struct vm_area_struct *find_vma_intersection(struct mm_struct *mm, unsigned long start,
							   unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	return vma && vma->vm_start < end ? vma : NULL;
}
static inline unsigned long vma_pages(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}
static inline unsigned long linear_page_index(const struct vm_area_struct *vma, unsigned long address)
{
	return ((address - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

/* The first address below a vma that nothing else may be placed at, with the guard gap of a stack. */
static inline unsigned long vm_start_gap(const struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return vma->vm_start;
	return vma->vm_start > STACK_GUARD_GAP ? vma->vm_start - STACK_GUARD_GAP : 0;
}
static inline bool vma_is_accessible(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_ACCESS_FLAGS;
}
static inline bool vma_is_anonymous(const struct vm_area_struct *vma)
{
	return !vma->vm_ops;
}

/* ---- mmap.c, vma.c: => each called with mmap_sem held for write ------------------------------------------------------------ */

/* => the address, or -errno. flags: MAP_*; pgoff in pages. [addr, addr + len) replaces what was there (MAP_FIXED) */
long do_mmap(struct mm_struct *mm, struct file *file, unsigned long addr, unsigned long len,
	     unsigned long prot, unsigned long flags, unsigned long pgoff);
/* => 0, or -errno and then nothing has changed */
int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len);
/* The same. => called without locks; while ptes and tables go mmap_sem is held as the protocol says (axis munmap) */
int vm_munmap_downgrade(struct mm_struct *mm, unsigned long start, unsigned long len);
/* Cuts a vma at addr, which lies inside it; new_below: the new one is the lower part. => 0 or -ENOMEM */
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below);
/*
 * Joins [addr, end) with these attributes to its neighbours, if they are alike. => the vma that has it, or NULL: none.
 * prev: the vma before addr; what was in [addr, end) is prev's, gone, or the vma to be joined. like: whose anonymous
 * pages are in [addr, end), or will be; NULL: none
 */
struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *prev, unsigned long addr,
				 unsigned long end, unsigned long vm_flags, const struct vm_area_struct *like,
				 struct file *file, unsigned long pgoff);
/*
 * A vma of exactly [start, end), which lies in vma, or one that holds it and has newflags already: for a change of
 * flags. => the caller gives it newflags; NULL: *error is -ENOMEM (or -EINVAL: no place to cut it), nothing has changed
 */
struct vm_area_struct *vma_modify(struct vm_area_struct *vma, unsigned long start, unsigned long end,
				  unsigned long newflags, int *error);
/* The vma ends at end, further up, and is joined to what begins there if that is like it. => nothing is between */
void vma_grow(struct vm_area_struct *vma, unsigned long end);
/* An address for len bytes; flags MAP_FIXED: addr itself, else addr is a hint. => or -ENOMEM, -EINVAL */
long get_unmapped_area(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long flags);
/* The highest free len bytes below MMAP_BASE. => or 0: none */
unsigned long unmapped_area_topdown(struct mm_struct *mm, unsigned long len);
/* => vma's start, or its predecessor's end, has changed; mmap_sem held for write, or page_table_lock. NULL is fine */
void vma_gap_update(struct vm_area_struct *vma);
/* How many vmas a process may have. */
int max_map_count(void);
/* Links a vma into the mm, its file's i_mmap, its anon_vma's list. => it overlaps no other */
void vma_link(struct mm_struct *mm, struct vm_area_struct *vma);
void link_file_vma(struct vm_area_struct *vma);
void unlink_file_vma(struct vm_area_struct *vma);
/*
 * A copy of *vmap at addr with pgoff, with none of its ptes: mremap. It may have been joined to a neighbour, *vmap
 * too, which is then what it was joined to. NULL: no memory
 */
struct vm_area_struct *copy_vma(struct vm_area_struct **vmap, unsigned long addr, unsigned long len,
				unsigned long pgoff);
/*
 * What a vma is, but for its places in trees and lists, which walks of rmap may be changing.
 * => called with mmap_sem held; new is zeroed, and takes no references
 */
void vma_copy(struct vm_area_struct *new, const struct vm_area_struct *vma);
/* Frees a vma that is linked nowhere: drops its file. */
void vma_free(struct vm_area_struct *vma);
/* => called with mmap_sem for read in 2.6 and for write since 6.5; 0 or -errno: grows a stack down to address */
int expand_stack(struct vm_area_struct *vma, unsigned long address);
/* The pte bits of a mapping with these flags: private or write-notified ones begin read-only. */
pgprot_t vm_get_page_prot(unsigned long vm_flags);
void vma_set_page_prot(struct vm_area_struct *vma);
/* Whether stores to clean pages of the mapping must fault first (dirty accounting, page_mkwrite). */
bool vma_wants_writenotify(const struct vm_area_struct *vma);
/* Everything goes: the last user has left. => nobody else uses the mm */
void exit_mmap(struct mm_struct *mm);

/* ---- mremap.c ------------------------------------------------------------------------------------------------------- */

/* The arguments of mremap(2), lengths in bytes. */
struct mremap_args {
	unsigned long addr, old_len, new_len, flags, new_addr;
	unsigned long populate,
		populate_len; /* what came to a locked mapping and is to be faulted in afterwards */
};
/* => mmap_sem held for write; the address, or -errno */
long do_mremap(struct mm_struct *mm, struct mremap_args *args);

/* ---- madvise.c, mincore.c, msync.c, fremap.c: => called without locks; as the system calls of these names ------------- */

long do_madvise(struct mm_struct *mm, unsigned long start, unsigned long len, int behaviour);
long do_mincore(struct mm_struct *mm, unsigned long start, unsigned long len, u8 *vec);
long do_msync(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned long flags);
long do_remap_file_pages(struct mm_struct *mm, unsigned long start, unsigned long size, unsigned long prot,
			 unsigned long pgoff, unsigned long flags);

/* ---- mprotect.c, mlock.c ---------------------------------------------------------------------------------------------- */

/* => mmap_sem held for write; vma, split or merged as need be, has newflags in [start, end). 0 or -ENOMEM, -EINVAL */
int mprotect_fixup(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		   unsigned long newflags);
void change_protection(struct vm_area_struct *vma, unsigned long start, unsigned long end, pgprot_t newprot);
/* => called without locks; as mprotect(2) */
long do_mprotect(struct mm_struct *mm, unsigned long start, unsigned long len, unsigned long prot);
/* => mmap_sem held for write; the vma, split or merged as need be, is locked in [start, end) or not. 0, -ENOMEM */
int do_mlock_range(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool lock);
/* => called without locks; as mlock(2) and munlock(2) */
long do_mlock(struct mm_struct *mm, unsigned long start, unsigned long len, bool lock);

/* Up to a whole number of pages; 0 when that does not fit. */
static inline unsigned long page_align(unsigned long n)
{
	return (n + PAGE_SIZE - 1) & PAGE_MASK;
}

#endif
