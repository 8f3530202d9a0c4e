// SPDX-License-Identifier: MIT
/*
 * explore_private.c - private bytes are judged in every order: right programs are clean, and what is wrong in one order
 * only is found
 */
#include "explore.h"
#include "hw/mmu.h"

enum { DATA };
#define ADDR 0x10000ul

static void two_threads(void)
{
	vm_file(1);
	vm_process();
	vm_run(0, 0);
	vm_run(1, 0);
	vm_as(0);
	vm_mmap(ADDR, 2, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR, 1);
}

static void store(void)
{
	vm_store(ADDR, 2);
}

static void look(void)
{
	uint64_t v;

	vm_load(ADDR, &v);
	vm_load(ADDR + VM_PAGE, &v);
}

static void unmap(void)
{
	vm_munmap(ADDR, 1);
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_touch(ADDR);
}

static void copy_a_file(void)
{
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, DATA, 0);
	vm_store(ADDR, 3);
	vm_touch(ADDR);
}

static void child_looks(void)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(&child));
	use_mm(current, child);
	vm_touch(ADDR);
	vm_store(ADDR, 4);
	vm_touch(ADDR);
}

#define STAYS_CLEAN(what, one, two)                                                                          \
	static void test_##what(void **state)                                                                \
	{                                                                                                    \
		static const struct race r = { .name = #what,                                                \
					       .machine = { .ghosts = 1 },                                   \
					       .setup = two_threads,                                         \
					       .actors = { { #one, one }, { #two, two } } };                 \
		explore_clean(&r, "page-lock");                                                              \
	}
STAYS_CLEAN(stores_and_loads, store, look)
STAYS_CLEAN(stores_and_stores, store, store)
STAYS_CLEAN(loads_while_unmapped, look, unmap)
STAYS_CLEAN(stores_while_unmapped, store, unmap)
STAYS_CLEAN(forks_and_stores, child_looks, store)

static void test_copies_of_a_file(void **state)
{
	static const struct race r = { .name = "copies",
				       .machine = { .ghosts = 1 },
				       .setup = two_threads,
				       .actors = { { "copy", copy_a_file } } };

	explore_clean(&r, "page-lock");
}

/*
 * As a copy on write that flushes too late: one CPU has stored to the copy when the other still looks at the old page.
 * When all is over everything is as it should be.
 */
static void copy_and_flush_late(void)
{
	struct vm_area_struct *vma = find_vma(current->mm, ADDR);
	struct page *copy = alloc_page(), *old;
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(current->mm, ADDR, &ptl, &next);

	observe_revoke_begin(current->mm);
	old = pfn_to_page(pte_pfn(entry_read(pte)));
	copy_user_page(copy, old);
	page_add_new_anon_rmap(copy, vma, ADDR);
	set_pte(pte, pfn_pte(page_to_pfn(copy), (pgprot_t){ _PAGE_TABLE }));
	switch_mm(smp_processor_id(), current->mm);
	vm_store(ADDR, 2);
	flush_tlb_page(vma, ADDR);
	observe_revoke_end(current->mm);
	page_remove_rmap(old);
	put_page(old);
}

static void look_twice(void)
{
	vm_touch(ADDR);
	vm_touch(ADDR);
}

static void test_a_store_that_the_other_does_not_see(void **state)
{
	static const struct race r = { .name = "late flush",
				       .machine = { .ghosts = 1 },
				       .setup = two_threads,
				       .actors = { { "copy", copy_and_flush_late },
						   { "look", look_twice } } };
	static const struct race unjudged = { .name = "late flush",
					      .setup = two_threads,
					      .actors = { { "copy", copy_and_flush_late },
							  { "look", look_twice } } };

	assert_string_equal(explore(&r, "page-lock")->violation.oracle, "lost-write");
	assert_string_equal(explore(&unjudged, "page-lock")->violation.oracle, "");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stores_and_loads),
		cmocka_unit_test(test_stores_and_stores),
		cmocka_unit_test(test_loads_while_unmapped),
		cmocka_unit_test(test_stores_while_unmapped),
		cmocka_unit_test(test_forks_and_stores),
		cmocka_unit_test(test_copies_of_a_file),
		cmocka_unit_test(test_a_store_that_the_other_does_not_see),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
