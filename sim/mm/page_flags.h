/* SPDX-License-Identifier: MIT */
/* page_flags.h - PageX(), SetPageX(), ClearPageX(), the page lock, and what kind of page it is */
#ifndef SIM_MM_PAGE_FLAGS_H
#define SIM_MM_PAGE_FLAGS_H

#include "hw/machine.h"
#include "mm/mm_types.h"

#define PAGE_FLAG(Name, bit)                                                                                 \
	static inline bool Page##Name(const struct page *page)                                               \
	{                                                                                                    \
		return test_bit(bit, &page->flags);                                                          \
	}                                                                                                    \
	static inline void SetPage##Name(struct page *page)                                                  \
	{                                                                                                    \
		set_bit(bit, &page->flags);                                                                  \
	}                                                                                                    \
	static inline void ClearPage##Name(struct page *page)                                                \
	{                                                                                                    \
		clear_bit(bit, &page->flags);                                                                \
	}                                                                                                    \
	static inline bool TestSetPage##Name(struct page *page)                                              \
	{                                                                                                    \
		return test_and_set_bit(bit, &page->flags);                                                  \
	}                                                                                                    \
	static inline bool TestClearPage##Name(struct page *page)                                            \
	{                                                                                                    \
		return test_and_clear_bit(bit, &page->flags);                                                \
	}

PAGE_FLAG(Uptodate, PG_uptodate)
PAGE_FLAG(Dirty, PG_dirty)
PAGE_FLAG(Error, PG_error)
PAGE_FLAG(Referenced, PG_referenced)
PAGE_FLAG(LRU, PG_lru)
PAGE_FLAG(Active, PG_active)
PAGE_FLAG(Writeback, PG_writeback)
PAGE_FLAG(Reclaim, PG_reclaim)
PAGE_FLAG(Private, PG_private)
PAGE_FLAG(SwapCache, PG_swapcache)
PAGE_FLAG(SwapBacked, PG_swapbacked)
PAGE_FLAG(Mlocked, PG_mlocked)
PAGE_FLAG(AnonExclusive, PG_anon_exclusive)
PAGE_FLAG(Ksm, PG_ksm)

static inline bool PageReserved(const struct page *page)
{
	return test_bit(PG_reserved, &page->flags);
}
static inline bool PageHead(const struct page *page)
{
	return test_bit(PG_head, &page->flags);
}
static inline bool PageTail(const struct page *page)
{
	return test_bit(PG_tail, &page->flags);
}
static inline bool PageCompound(const struct page *page)
{
	return READ_ONCE(page->flags) & ((1ul << PG_head) | (1ul << PG_tail));
}
static inline bool PageHuge(const struct page *page)
{
	return test_bit(PG_huge, &page->flags);
}
/*
 * Sets all flags of a page that nobody else has a reference to. On machines with compound pages a lockless walk may be
 * looking whether it is a tail, from before it was freed; smaller ones spare the step.
 */
static inline void init_page_flags(struct page *page, unsigned long flags)
{
	if (machine_has_compound_pages())
		WRITE_ONCE(page->flags, flags);
	else
		page->flags = flags;
}

/* The page that counts, locks and maps for all of a compound page. Machines that have none need not look. */
static inline struct page *compound_head(const struct page *page)
{
	if (machine_has_compound_pages() && PageTail(page))
		return (struct page *)READ_ONCE(page->private);
	return (struct page *)(uintptr_t)page;
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
/* Whoever ends a transfer will unlock it: the running task may take locks that come before page locks. */
static inline void page_lock_passed(struct page *page)
{
	bit_lock_passed(PG_locked, &page->flags);
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

/* The anon_vma of an anonymous page. => what keeps it: the page is mapped, and its lock or a pte's is held, or RCU */
static inline struct anon_vma *page_anon_vma(const struct page *page)
{
	return (struct anon_vma *)((uintptr_t)page_mapping_raw(page) & ~PAGE_MAPPING_ANON);
}
/* => the page is locked; the address space that it is in: its file's, the swap cache's, or NULL */
struct address_space *page_mapping(const struct page *page);
void wait_on_page_writeback(struct page *page); /* => called without spinlocks, with a reference */
void end_page_writeback(struct page *page);

#endif
