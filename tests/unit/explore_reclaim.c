// SPDX-License-Identifier: MIT
/*
 * explore_reclaim.c - reclaim, swap-ins and migration are right in every order beside who uses the page
 *
 *   reclaim    a page is taken away while it is stored to: through a mapping, and by who has a reference
 *   swap-in    two threads bring one page back; one brings it back while the other unmaps it
 *   migration  a page moves while it is stored to, or unmapped
 *   family     two threads make the first anonymous page of a mapping
 */
#include "explore.h"

enum { DATA };
#define ADDR 0x10000ul

/* Transfers are over when they are asked for, so that a check may fault. */
static void two_threads(void)
{
	this_machine->config.io_at_once = true;
	vm_run(0, vm_process());
	vm_run(1, 0);
	vm_as(0);
}

/* The page of ADDR, with a reference; NULL: none is mapped. */
static struct page *get_mapped(unsigned long addr)
{
	struct page *page = NULL;
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(this_machine->process[0], addr, &ptl, &next), entry;

	if (!pte)
		return NULL;
	spin_lock(ptl);
	entry = entry_read(pte);
	if (pte_present(entry)) {
		page = pfn_to_page(pte_pfn(entry));
		get_page(page);
	}
	spin_unlock(ptl);
	return page;
}

/* As MADV_PAGEOUT does. */
static void reclaim(void)
{
	struct list_head pages = LIST_HEAD_INIT(pages);
	struct page *page;

	down_read(&current->mm->mmap_sem);
	page = get_mapped(ADDR);
	if (page && !isolate_lru_page(page))
		list_add(&page->lru, &pages);
	if (page)
		put_page(page);
	up_read(&current->mm->mmap_sem);
	reclaim_pages(&pages);
}

static void migrate(void)
{
	struct page *page;

	down_read(&current->mm->mmap_sem);
	page = get_mapped(ADDR);
	up_read(&current->mm->mmap_sem);
	if (!page)
		return;
	migrate_page(page);
	put_page(page);
}

static void anonymous_stored(void)
{
	two_threads();
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR, 1);
}

static void anonymous_untouched(void)
{
	two_threads();
	vm_mmap(ADDR, 2, MAPPED_PRIVATE, -1, 0);
	vm_touch(ADDR);
}

static void swapped_out(void)
{
	anonymous_stored();
	reclaim();
}

static void swapped_in(void)
{
	swapped_out();
	vm_touch(ADDR);
}

static void shared_seen(void)
{
	struct page *page;

	two_threads();
	vm_file(1);
	vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0);
	vm_touch(ADDR);
	page = get_mapped(ADDR);
	if (!PageLRU(page))
		lru_cache_add(page);
	put_page(page);
}

static void store(void)
{
	vm_store(ADDR, 7);
}

static void store_beside(void)
{
	vm_store(ADDR + VM_PAGE, 8);
}

static void load(void)
{
	uint64_t v = 0;

	vm_load(ADDR, &v);
	BUG_ON(v != 1);
}

static void load_either(void)
{
	uint64_t v = 0;

	vm_load(ADDR, &v);
	BUG_ON(v != 1 && v != 7);
}

static void unmap(void)
{
	vm_munmap(ADDR, 1);
}

static void load_or_fault(void)
{
	vm_touch(ADDR);
}

static void reclaim_elsewhere(void)
{
	reclaim();
}

/* As a direct read into the page, which its pin keeps. */
static void write_by_reference(void)
{
	uint64_t v = 7;
	struct inode *inode = &this_machine->inode[DATA];
	struct page *page = find_get_page(&inode->i_data, 0);

	if (!page)
		return;
	current->sig_code = 7; /* for the check */
	observe_write_begin(inode, 0, &v, sizeof(v));
	content_write(page_address(page), &v, sizeof(v));
	set_page_dirty(page);
	observe_write_end(inode, 0, sizeof(v));
	put_page(page);
}

/* The same to an anonymous page whose copy on swap is good: who marks it dirty needs no lock of the swap cache. */
static void write_by_pin(void)
{
	struct mm_struct *mm = this_machine->process[0];
	uint64_t v = 7;
	struct page *page = get_mapped(ADDR);

	if (!page)
		return;
	current->sig_code = 7; /* for the check */
	observe_pin(mm, ADDR, page);
	content_write(page_address(page), &v, sizeof(v));
	observe_dma_store(page, 0, &v, sizeof(v));
	set_page_dirty(page);
	observe_unpin(page);
	put_page(page);
}

static void holds_7(void)
{
	uint64_t v = 0;

	vm_as(0);
	BUG_ON(vm_load(ADDR, &v) || v != 7);
}

static void holds_1(void)
{
	uint64_t v = 0;

	vm_as(0);
	BUG_ON(vm_load(ADDR, &v) || v != 1);
}

static void holds_7_if_written(void)
{
	uint64_t v = 0;

	vm_as(0);
	BUG_ON(this_machine->task[0].sig_code == 7 && (vm_load(ADDR, &v) || v != 7));
}

static void is_one_family(void)
{
	struct vm_area_struct *vma = find_vma(this_machine->process[0], ADDR);

	BUG_ON(vma->anon_vma->head.next != &vma->anon_vma_node ||
	       vma->anon_vma->head.prev != &vma->anon_vma_node);
	BUG_ON(this_machine->slab.live[SLAB_ANON_VMA] != 1);
}

/* At random, as many as a unit test has time for: the space of a whole reclaim is too large to be covered. */
static void explore_sound(const struct race *r)
{
	const struct engine_result *result = explore_by("random", EXPLORE_SAMPLE * 4, r, "page-lock");

	explore_nothing_fired(result, r, "page-lock");
	result = explore_by("pct", EXPLORE_SAMPLE, r, "page-lock");
	explore_nothing_fired(result, r, "page-lock");
}

#define SCENARIO(name_, setup_, first, second, check_)                                                       \
	static void test_##name_(void **state)                                                               \
	{                                                                                                    \
		const struct race r = { .name = #name_,                                                      \
					.setup = setup_,                                                     \
					.check = check_,                                                     \
					.machine = { .frames = 32, .swap_pages = 3, .reclaim = 1 },          \
					.actors = { { #first, first }, { #second, second } } };              \
                                                                                                             \
		explore_sound(&r);                                                                           \
	}

SCENARIO(reclaim_of_a_file_vs_store, shared_seen, store, reclaim_elsewhere, holds_7)
SCENARIO(reclaim_of_a_file_vs_reference, shared_seen, write_by_reference, reclaim_elsewhere,
	 holds_7_if_written)
SCENARIO(reclaim_vs_pin, swapped_in, write_by_pin, reclaim_elsewhere, holds_7_if_written)
SCENARIO(reclaim_vs_store, anonymous_stored, store, reclaim_elsewhere, holds_7)
SCENARIO(reclaim_vs_load, anonymous_stored, load, reclaim_elsewhere, holds_1)
SCENARIO(reclaim_vs_munmap, anonymous_stored, unmap, reclaim_elsewhere, NULL)
SCENARIO(reclaim_vs_reclaim, anonymous_stored, reclaim, reclaim_elsewhere, holds_1)
SCENARIO(swap_in_vs_swap_in, swapped_out, load_either, store, holds_7)
SCENARIO(swap_in_vs_munmap, swapped_out, load_or_fault, unmap, NULL)
SCENARIO(migration_vs_store, anonymous_stored, store, migrate, holds_7)
SCENARIO(migration_vs_load, anonymous_stored, load, migrate, holds_1)
SCENARIO(migration_vs_munmap, anonymous_stored, unmap, migrate, NULL)
SCENARIO(migration_vs_reclaim, anonymous_stored, reclaim, migrate, holds_1)
SCENARIO(migration_of_a_file_vs_store, shared_seen, store, migrate, holds_7)
SCENARIO(first_pages_of_a_mapping, anonymous_untouched, store, store_beside, is_one_family)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reclaim_of_a_file_vs_store),
		cmocka_unit_test(test_reclaim_of_a_file_vs_reference),
		cmocka_unit_test(test_reclaim_vs_pin),
		cmocka_unit_test(test_reclaim_vs_store),
		cmocka_unit_test(test_reclaim_vs_load),
		cmocka_unit_test(test_reclaim_vs_munmap),
		cmocka_unit_test(test_reclaim_vs_reclaim),
		cmocka_unit_test(test_swap_in_vs_swap_in),
		cmocka_unit_test(test_swap_in_vs_munmap),
		cmocka_unit_test(test_migration_vs_store),
		cmocka_unit_test(test_migration_vs_load),
		cmocka_unit_test(test_migration_vs_munmap),
		cmocka_unit_test(test_migration_vs_reclaim),
		cmocka_unit_test(test_migration_of_a_file_vs_store),
		cmocka_unit_test(test_first_pages_of_a_mapping),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
