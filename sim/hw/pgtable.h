/* SPDX-License-Identifier: MIT */
/*
 * pgtable.h - x86_64 page tables: the hardware's entries, and the kernel's names for looking at them
 *
 * Mirrors asm-x86_64/pgtable.h of 2.6.18: four levels of 512 entries of 8 bytes, in frames of the machine.
 *
 * I1: an entry that the hardware may walk is read with READ_ONCE() and changed with WRITE_ONCE(), xchg() or
 *     cmpxchg() only, whatever locks are held, since the MMU sets A and D without any.
 *
 * Left out: entries of non-present ptes (swap, file), huge entries, protection keys, five levels.
 */
#ifndef SIM_HW_PGTABLE_H
#define SIM_HW_PGTABLE_H

#include "sync.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE (1ul << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PMD_SHIFT 21
#define PUD_SHIFT 30
#define PGDIR_SHIFT 39
#define PMD_SIZE (1ul << PMD_SHIFT)
#define PUD_SIZE (1ul << PUD_SHIFT)
#define PGDIR_SIZE (1ul << PGDIR_SHIFT)
#define PTRS_PER_TABLE 512
#define TASK_SIZE (1ul << 47)

#define _PAGE_PRESENT (1ull << 0)
#define _PAGE_RW (1ull << 1)
#define _PAGE_USER (1ull << 2)
#define _PAGE_ACCESSED (1ull << 5)
#define _PAGE_DIRTY (1ull << 6)
#define _PAGE_PSE (1ull << 7)
#define _PAGE_GLOBAL (1ull << 8)
#define _PAGE_NX (1ull << 63)
#define _PAGE_TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)
#define PTE_PFN_MASK 0x000ffffffffff000ull

typedef struct {
	u64 pte;
} pte_t;
typedef struct {
	u64 pmd;
} pmd_t;
typedef struct {
	u64 pud;
} pud_t;
typedef struct {
	u64 pgd;
} pgd_t;
typedef struct {
	u64 pgprot;
} pgprot_t;

static inline unsigned long pgd_index(unsigned long addr)
{
	return (addr >> PGDIR_SHIFT) & (PTRS_PER_TABLE - 1);
}
static inline unsigned long pud_index(unsigned long addr)
{
	return (addr >> PUD_SHIFT) & (PTRS_PER_TABLE - 1);
}
static inline unsigned long pmd_index(unsigned long addr)
{
	return (addr >> PMD_SHIFT) & (PTRS_PER_TABLE - 1);
}
static inline unsigned long pte_index(unsigned long addr)
{
	return (addr >> PAGE_SHIFT) & (PTRS_PER_TABLE - 1);
}

static inline bool pte_none(pte_t pte)
{
	return pte.pte == 0;
}
static inline bool pte_present(pte_t pte)
{
	return pte.pte & _PAGE_PRESENT;
}
static inline bool pte_write(pte_t pte)
{
	return pte.pte & _PAGE_RW;
}
static inline bool pte_dirty(pte_t pte)
{
	return pte.pte & _PAGE_DIRTY;
}
static inline bool pte_same(pte_t a, pte_t b)
{
	return a.pte == b.pte;
}
static inline unsigned long pte_pfn(pte_t pte)
{
	return (pte.pte & PTE_PFN_MASK) >> PAGE_SHIFT;
}
static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return (pte_t){ ((u64)pfn << PAGE_SHIFT) | prot.pgprot };
}
static inline pte_t pte_mkwrite(pte_t pte)
{
	return (pte_t){ pte.pte | _PAGE_RW };
}
static inline pte_t pte_mkdirty(pte_t pte)
{
	return (pte_t){ pte.pte | _PAGE_DIRTY };
}
static inline pte_t pte_mkyoung(pte_t pte)
{
	return (pte_t){ pte.pte | _PAGE_ACCESSED };
}

/* Lockless look at one entry, of any level [point]. */
#define entry_read(p) READ_ONCE(*(p))

/* => called with the page table lock held, for a pte that is none or whose translation is to be flushed */
static inline void set_pte(pte_t *ptep, pte_t pte)
{
	WRITE_ONCE(*ptep, pte);
}
/* => called with the page table lock held; A and D that the MMU sets meanwhile are in what is returned */
static inline pte_t ptep_get_and_clear(pte_t *ptep)
{
	return xchg(ptep, ((pte_t){ 0 }));
}

#endif
