// SPDX-License-Identifier: MIT
/* oracle_huge.c - a huge page that is mapped by hand: counted as one page, in many frames, translated 4 KiB at a time */
#include <stdio.h>

#include "oracle.h"

static const struct machine_config big = { .nr_frames = 2048, .ghosts = true };

#define HUGE_ADDR (4 * HPAGE_SIZE)

/* => the head; its tails have no count of their own. Frames come one after the other from a machine that is new */
static struct page *compound(void)
{
	struct page *before[HPAGE_NR], *page, *head = NULL;
	unsigned n = 0;

	for (unsigned i = 0; !head || i < HPAGE_NR; i += head != NULL) {
		page = alloc_zeroed_page();
		if (!head && page_to_pfn(page) % HPAGE_NR == 0)
			head = page;
		else if (!head)
			before[n++] = page;
		BUG_ON(head && page != head + i);
	}
	while (n)
		put_page(before[--n]);
	head->flags |= 1ul << PG_head;
	for (unsigned i = 1; i < HPAGE_NR; i++) {
		head[i].flags |= 1ul << PG_tail;
		head[i].private = (unsigned long)head;
		atomic_set(&head[i]._count, 0);
	}
	return head;
}

static struct page *mapped(void)
{
	struct page *head = compound();
	struct vm_area_struct *vma;
	pmd_t *pmd;

	vm_mmap(HUGE_ADDR, HPAGE_NR, MAPPED_PRIVATE, -1, 0);
	vma = oracle_vma(HUGE_ADDR);
	BUG_ON(anon_vma_prepare(vma));
	head->mapping = (struct address_space *)((uintptr_t)vma->anon_vma | PAGE_MAPPING_ANON);
	head->index = linear_page_index(vma, HUGE_ADDR);
	head->flags |= 1ul << PG_swapbacked;
	atomic_set(&head->_mapcount, 0);
	add_mm_counter(current->mm, MM_ANONPAGES, HPAGE_NR);
	pmd = pmd_alloc_map(current->mm, HUGE_ADDR);
	WRITE_ONCE(*pmd, ((pmd_t){ ((u64)page_to_pfn(head) << PAGE_SHIFT) | _PAGE_TABLE | _PAGE_PSE }));
	return head;
}

static void used(void)
{
	u64 v;

	mapped();
	BUG_ON(vm_store(HUGE_ADDR + 5 * PAGE_SIZE, 7) || vm_load(HUGE_ADDR + 5 * PAGE_SIZE, &v) || v != 7);
	BUG_ON(vm_load(HUGE_ADDR, &v) || v);
}

static void mapped_once_too_often(void)
{
	atomic_inc(&mapped()->_mapcount);
}

static void referenced_once_too_often(void)
{
	get_page(mapped());
}

static void counted_as_one_page(void)
{
	mapped();
	add_mm_counter(current->mm, MM_ANONPAGES, -(int)HPAGE_NR + 1);
}

static void held_by_one_of_its_tails(void)
{
	struct page *head = mapped();

	get_page(head);
	observe_hold(head + 3, 1);
}

static void held_only(void)
{
	observe_hold(compound(), 1);
}

static void held_by_nobody(void)
{
	compound();
}

/* As a split that forgets to flush. */
static void translation_is_left(void)
{
	struct page *head;
	unsigned long next;

	used();
	head = pfn_to_page(pte_pfn((pte_t){ pmd_find(current->mm, HUGE_ADDR, &next)->pmd }));
	WRITE_ONCE(*pmd_find(current->mm, HUGE_ADDR, &next), ((pmd_t){ 0 }));
	atomic_set(&head->_mapcount, -1);
	add_mm_counter(current->mm, MM_ANONPAGES, -(int)HPAGE_NR);
	observe_hold(head, 1);
	oracle_quiescent(); /* here: the set-up leaves its CPU when it is done */
}

SAYS(&big, "", used)
SAYS(&big, "bad-mapcount", mapped_once_too_often)
SAYS(&big, "bad-refcount", referenced_once_too_often)
SAYS(&big, "bad-rss", counted_as_one_page)
SAYS(&big, "", held_by_one_of_its_tails)
SAYS(&big, "", held_only)
SAYS(&big, "memory-leak", held_by_nobody)
SAYS(&big, "stale-tlb-use", translation_is_left)

#define T(script) cmocka_unit_test(test_##script)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(used),
		T(mapped_once_too_often),
		T(referenced_once_too_often),
		T(counted_as_one_page),
		T(held_by_one_of_its_tails),
		T(held_only),
		T(held_by_nobody),
		T(translation_is_left),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
