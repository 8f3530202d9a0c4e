/* SPDX-License-Identifier: MIT */
/* oracle_private.h - scripts that act on private memory by hand, where a kernel would have to be broken to do so */
#ifndef TESTS_UNIT_ORACLE_PRIVATE_H
#define TESTS_UNIT_ORACLE_PRIVATE_H

#include "oracle.h"

static const struct machine_config ghosts = { .ghosts = true };

static inline u64 load(unsigned long addr)
{
	u64 v = 0;

	vm_load(addr, &v);
	return v;
}

static inline struct page *page_of(unsigned long addr)
{
	return pfn_to_page(pte_pfn(entry_read(oracle_pte(addr))));
}

/* The frame changes, and nobody stored. */
static inline void change_behind(unsigned long addr, u64 word)
{
	content_write((u8 *)page_address(page_of(addr)) + (addr & ~PAGE_MASK), &word, sizeof(word));
}

/* ---- two processes ---------------------------------------------------------------------------------------------------- */

static inline struct mm_struct *parent(void)
{
	return this_machine->process[0];
}

static inline struct mm_struct *child(void)
{
	return this_machine->process[1];
}

/* The child maps the parent's page, both read-only: what fork does, one page of it. */
static inline void share(void)
{
	struct vm_area_struct *vma = vma_lookup(child(), ADDR);
	pte_t *from = oracle_pte(ADDR), *to;
	struct page *page = page_of(ADDR);
	spinlock_t *ptl;

	vma->anon_vma = oracle_vma(ADDR)->anon_vma;
	if (vma->anon_vma)
		anon_vma_link(vma);
	ptep_set_wrprotect(from);
	to = pte_alloc_map(child(), ADDR, &ptl);
	get_page(page);
	atomic_inc(&page->_mapcount);
	add_mm_counter(child(), MM_ANONPAGES, 1);
	set_pte(to, entry_read(from));
	observe_fork_page(child(), parent(), ADDR, PAGE_SIZE);
}

static inline void fork_by_hand(void)
{
	oracle_anon_page();
	vm_as(vm_process());
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_as(0);
	load(ADDR);
	observe_fork_begin(child(), parent());
	share();
	flush_tlb_mm(parent());
	observe_fork_end(child(), parent());
}

static inline void mapped_anew(void)
{
	oracle_anon_page();
	vm_munmap(ADDR, 1);
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	BUG_ON(load(ADDR) != 0);
}

/* Natively nobody looks a mapping up beside its owner: memory may begin as anything. */
#define KNOWS_MAPPINGS(oracle) (FAULTLINE_NATIVE ? "" : oracle)

#define T(script) cmocka_unit_test(test_##script)

#endif
