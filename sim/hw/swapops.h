/* SPDX-License-Identifier: MIT */
/*
 * swapops.h - what stands in a pte whose page is not mapped
 *
 * Mirrors include/linux/swapops.h of 2.6.29 and 6.x. An entry that is neither none nor present is a swap entry: a
 * type in the five highest bits but one, an offset where a frame number would be. Types from MAX_SWAPFILES on are no
 * devices. An entry with _PAGE_SWP_FILE is the index of a page in a nonlinear mapping instead.
 *
 * I1: no such entry has _PAGE_PRESENT or _PAGE_PROTNONE set.
 */
#ifndef SIM_HW_SWAPOPS_H
#define SIM_HW_SWAPOPS_H

#include "hw/pgtable.h"

#define MAX_SWAPFILES 2
enum swp_type {
	SWP_MIGRATION_READ = MAX_SWAPFILES, /* offset: the frame of the page that moves; read-only before */
	SWP_MIGRATION_READ_EXCLUSIVE,
	SWP_MIGRATION_WRITE,
	SWP_MARKER, /* offset: enum pte_marker; no page, but what a fault must know */
};
enum pte_marker {
	PTE_MARKER_POISONED = 1,
	PTE_MARKER_GUARD,
};

#define SWP_TYPE_SHIFT 57
#define SWP_TYPE_MASK 0x1full

typedef struct {
	u64 val; /* 0: none; the bits of the pte without _PAGE_SWP_EXCLUSIVE */
} swp_entry_t;

/* => offset 0 of a device is never used, so that no entry is 0 */
static inline swp_entry_t swp_entry(unsigned type, unsigned long offset)
{
	return (swp_entry_t){ ((u64)type << SWP_TYPE_SHIFT) | ((u64)offset << PAGE_SHIFT) };
}
static inline unsigned swp_type(swp_entry_t e)
{
	return (unsigned)((e.val >> SWP_TYPE_SHIFT) & SWP_TYPE_MASK);
}
static inline unsigned long swp_offset(swp_entry_t e)
{
	return (e.val & PTE_PFN_MASK) >> PAGE_SHIFT;
}
static inline pte_t swp_entry_to_pte(swp_entry_t e)
{
	return (pte_t){ e.val };
}
static inline swp_entry_t pte_to_swp_entry(pte_t pte)
{
	return (swp_entry_t){ pte.pte & ~_PAGE_SWP_EXCLUSIVE };
}
static inline bool pte_swp_exclusive(pte_t pte)
{
	return pte.pte & _PAGE_SWP_EXCLUSIVE;
}
static inline pte_t pte_swp_mkexclusive(pte_t pte)
{
	return (pte_t){ pte.pte | _PAGE_SWP_EXCLUSIVE };
}
static inline pte_t pte_swp_clear_exclusive(pte_t pte)
{
	return (pte_t){ pte.pte & ~_PAGE_SWP_EXCLUSIVE };
}
/* The entry of a page on a swap device. */
static inline bool is_swap_entry(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte) && !(pte.pte & _PAGE_SWP_FILE) &&
	       swp_type(pte_to_swp_entry(pte)) < MAX_SWAPFILES;
}
static inline bool is_migration_entry(pte_t pte)
{
	unsigned type = swp_type(pte_to_swp_entry(pte));

	return !pte_none(pte) && !pte_present(pte) && !(pte.pte & _PAGE_SWP_FILE) &&
	       type >= SWP_MIGRATION_READ && type <= SWP_MIGRATION_WRITE;
}
static inline bool is_pte_marker(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte) && !(pte.pte & _PAGE_SWP_FILE) &&
	       swp_type(pte_to_swp_entry(pte)) == SWP_MARKER;
}

/* Nonlinear mappings: the index in the file, kept in the pte. */
static inline bool pte_file(pte_t pte)
{
	return !pte_present(pte) && (pte.pte & _PAGE_SWP_FILE);
}
static inline pte_t pgoff_to_pte(unsigned long pgoff)
{
	return (pte_t){ ((u64)pgoff << PAGE_SHIFT) | _PAGE_SWP_FILE };
}
static inline unsigned long pte_to_pgoff(pte_t pte)
{
	return (pte.pte & PTE_PFN_MASK) >> PAGE_SHIFT;
}

#endif
