/* SPDX-License-Identifier: MIT */
/*
 * pgtable.h - x86_64 page tables: the hardware's entries, and the kernel's names for looking at them
 *
 * Mirrors asm-x86_64/pgtable.h of 2.6.18: four levels of 512 entries of 8 bytes, in frames of the machine; the
 * software's bits and the entries of ptes that are not present as x86_64 has them in 6.x, without the inversion of
 * swap offsets. Entries of swap, of files and of migration are in swapops.h.
 *
 * I1: an entry that the hardware may walk is read with READ_ONCE() and changed with WRITE_ONCE(), xchg() or
 *     cmpxchg() only, whatever locks are held, since the MMU sets A and D without any.
 *
 * Left out: protection keys, five levels, huge entries of a pud.
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
#define TASK_SIZE ((1ul << 47) - PAGE_SIZE) /* the last page below the hole is nobody's */

#define _PAGE_PRESENT (1ull << 0)
#define _PAGE_RW (1ull << 1)
#define _PAGE_USER (1ull << 2)
#define _PAGE_ACCESSED (1ull << 5)
#define _PAGE_DIRTY (1ull << 6)
#define _PAGE_PSE (1ull << 7)
#define _PAGE_GLOBAL (1ull << 8)
#define _PAGE_PROTNONE _PAGE_GLOBAL /* of an entry that is not present: mapped, but nobody may use it */
#define _PAGE_SPECIAL                                                                                        \
	(1ull << 9) /* maps a frame whose struct page is not to be touched: the zero page, a pfn */
#define _PAGE_SWP_EXCLUSIVE (1ull << 3) /* of a swap entry: the page was this process's alone */
#define _PAGE_SWP_FILE (1ull << 6)	/* of an entry that is not present: a page of a nonlinear mapping */
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
/* A page is mapped, even if only the kernel may know (PROT_NONE). */
static inline bool pte_present(pte_t pte)
{
	return pte.pte & (_PAGE_PRESENT | _PAGE_PROTNONE);
}
static inline bool pte_protnone(pte_t pte)
{
	return (pte.pte & (_PAGE_PRESENT | _PAGE_PROTNONE)) == _PAGE_PROTNONE;
}
static inline bool pte_young(pte_t pte)
{
	return pte.pte & _PAGE_ACCESSED;
}
static inline bool pte_special(pte_t pte)
{
	return pte.pte & _PAGE_SPECIAL;
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
static inline pte_t pte_mkold(pte_t pte)
{
	return (pte_t){ pte.pte & ~_PAGE_ACCESSED };
}
static inline pte_t pte_mkclean(pte_t pte)
{
	return (pte_t){ pte.pte & ~_PAGE_DIRTY };
}
static inline pte_t pte_wrprotect(pte_t pte)
{
	return (pte_t){ pte.pte & ~_PAGE_RW };
}
static inline pte_t pte_mkspecial(pte_t pte)
{
	return (pte_t){ pte.pte | _PAGE_SPECIAL };
}
/* The same page, accessed and dirty as before, with other permissions. */
#define _PAGE_CHG_MASK (PTE_PFN_MASK | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SPECIAL | _PAGE_PSE)
static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return (pte_t){ (pte.pte & _PAGE_CHG_MASK) | (prot.pgprot & ~_PAGE_CHG_MASK) };
}

/* ---- huge pages: an entry of the pmd level that maps 2 MiB ------------------------------------------------ */

#define HPAGE_SHIFT PMD_SHIFT
#define HPAGE_SIZE PMD_SIZE
#define HPAGE_MASK (~(HPAGE_SIZE - 1))
#define HPAGE_NR (HPAGE_SIZE / PAGE_SIZE)
#define HPAGE_ORDER 9

static inline bool pmd_none(pmd_t pmd)
{
	return pmd.pmd == 0;
}
/* A huge page that is being split: the hardware must not use the entry, the kernel waits. The rest is as it was. */
#define _PAGE_SPLITTING (1ull << 10)
static inline bool pmd_trans_splitting(pmd_t pmd)
{
	return pmd.pmd & _PAGE_SPLITTING;
}
static inline bool pmd_present(pmd_t pmd)
{
	return pmd.pmd & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_SPLITTING);
}
/* Maps a page, rather than a table of ptes. */
static inline bool pmd_huge(pmd_t pmd)
{
	return pmd_present(pmd) && (pmd.pmd & _PAGE_PSE);
}
static inline bool pmd_write(pmd_t pmd)
{
	return pmd.pmd & _PAGE_RW;
}
static inline bool pmd_dirty(pmd_t pmd)
{
	return pmd.pmd & _PAGE_DIRTY;
}
static inline bool pmd_same(pmd_t a, pmd_t b)
{
	return a.pmd == b.pmd;
}
static inline unsigned long pmd_pfn(pmd_t pmd)
{
	return (pmd.pmd & PTE_PFN_MASK) >> PAGE_SHIFT;
}
/* The same bits, seen as an entry of the other level. */
static inline pte_t pmd_pte(pmd_t pmd)
{
	return (pte_t){ pmd.pmd };
}
static inline pmd_t pte_pmd(pte_t pte)
{
	return (pmd_t){ pte.pte };
}

/* Lockless look at one entry, of any level [point]. */
#define entry_read(p) READ_ONCE(*(p))

/* => called with the page table lock held, for a pte that is none or whose translation is to be flushed */
static inline void set_pte(pte_t *ptep, pte_t pte)
{
	WRITE_ONCE(*ptep, pte);
}
/* => called with the page table lock held; what a store finds from here on is read-only, A and D stay as the MMU has them */
static inline void ptep_set_wrprotect(pte_t *ptep)
{
	__atomic_fetch_and(&ptep->pte, ~_PAGE_RW, __ATOMIC_SEQ_CST);
}
/* => called with the page table lock held; whether the page was accessed since it was last asked */
static inline bool ptep_test_and_clear_young(pte_t *ptep)
{
	return __atomic_fetch_and(&ptep->pte, ~_PAGE_ACCESSED, __ATOMIC_SEQ_CST) & _PAGE_ACCESSED;
}
/* => called with the page table lock held; A and D that the MMU sets meanwhile are in what is returned */
static inline pte_t ptep_get_and_clear(pte_t *ptep)
{
	return xchg(ptep, ((pte_t){ 0 }));
}

#endif
