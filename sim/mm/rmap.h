/* SPDX-License-Identifier: MIT */
/* rmap.h - from a page to the ptes that map it; and moving pages. rmap.c, migrate.c */
#ifndef SIM_MM_RMAP_H
#define SIM_MM_RMAP_H

#include "mm/mm_types.h"

/* ---- counting: => each called with the page table lock of the pte held ---------------------------------------- */

void page_add_file_rmap(struct page *page);
/* A page that nobody else knows: exclusive, swap-backed, mapped once. => vma->anon_vma is set */
void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address);
/* An anonymous page that others may map too. exclusive: it is this process's alone (PG_anon_exclusive) */
void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address, bool exclusive);
/* Fork: one more pte maps it. */
void page_dup_rmap(struct page *page);
void page_remove_rmap(struct page *page);
/* The page belongs to vma alone from here on, whoever its anon_vma was. => called with the page locked, or ptl */
void page_move_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address);

static inline int page_mapcount(const struct page *page)
{
	return atomic_read(&page->_mapcount) + 1;
}
static inline bool page_mapped(const struct page *page)
{
	return atomic_read(&page->_mapcount) >= 0;
}

/* ---- anon_vma --------------------------------------------------------------------------------------------------- */

/* Gives the vma an anon_vma, a neighbour's if it could merge with it. => mmap_sem held; 0 or -ENOMEM */
int anon_vma_prepare(struct vm_area_struct *vma);
/* The vma joins its anon_vma's list (fork, split), leaves it (the last frees it). => mmap_sem held for write */
void anon_vma_link(struct vm_area_struct *vma);
void anon_vma_unlink(struct vm_area_struct *vma);
/* => locked and inside an RCU read side, or NULL: the page is not mapped any more. Undone by the second */
struct anon_vma *page_lock_anon_vma(struct page *page);
void page_unlock_anon_vma(struct anon_vma *anon_vma);

/* ---- walks: => each called with the page locked ------------------------------------------------------------------ */

enum ttu_flags { TTU_UNMAP, TTU_MIGRATION };
#define SWAP_SUCCESS 0
#define SWAP_AGAIN 1 /* some lock was busy */
#define SWAP_FAIL 2
#define SWAP_MLOCK 3 /* a locked vma maps it */

/* How many ptes say that the page was accessed; they say so no more. */
int page_referenced(struct page *page);
/*
 * Replaces every pte of the page: by a swap entry (an anonymous page in the swap cache), by a migration entry, by
 * nothing (a file's page, whose dirty bits it takes over). => SWAP_*
 */
int try_to_unmap(struct page *page, enum ttu_flags flags);
/* Write-protects and cleans the ptes of a file's page. => how many were dirty or writable */
int page_mkclean(struct page *page);
/* The pte of vma that maps page, with its lock held, or NULL. */
pte_t *page_check_address(struct page *page, struct mm_struct *mm, unsigned long address, spinlock_t **ptlp);
/* A walk over the vmas that may map a page, and what it found. */
struct rmap_walk {
	/* => called with i_mmap_lock or the anon_vma's lock held; SWAP_AGAIN: go on, else the walk ends with it */
	int (*one)(struct page *page, struct vm_area_struct *vma, unsigned long address,
		   struct rmap_walk *walk);
	bool nonlinear; /* nonlinear vmas too, at every address that has a pte */
	enum ttu_flags flags;
	int found;
	struct page *old; /* migrate.c: which page the entries are of */
};
/* => called with the page locked; nothing is found if it is anonymous and unmapped */
int rmap_walk(struct page *page, struct rmap_walk *walk);
/* => anon_vma->lock held; as walk->one */
int rmap_walk_anon(struct anon_vma *anon_vma, struct page *page, struct rmap_walk *walk);
/* => takes i_mmap_lock */
int rmap_walk_file(struct address_space *mapping, struct page *page, struct rmap_walk *walk);
/* => called with i_mmap_lock or the anon_vma's lock held; where vma would map the page, -EFAULT: nowhere */
unsigned long vma_address(const struct page *page, const struct vm_area_struct *vma);

/* ---- migrate.c ---------------------------------------------------------------------------------------------------- */

/* Moves the contents of a page and its users to another frame. => without locks, with a reference; 0, -EAGAIN, -ENOMEM */
int migrate_page(struct page *page);
/* A fault on a migration entry waits until the page has moved. => called without the pte's lock, mmap_sem held */
void migration_entry_wait(struct mm_struct *mm, pte_t *ptep, spinlock_t *ptl);

#endif
