// SPDX-License-Identifier: MIT
/* mm_vmscan.c - reclaim: what goes, what stays, and that nothing is lost */
#include "machine.h"

#include "hw/mmu.h"

static const struct script_machine swaps = { .config = { .io_at_once = true,
					     .lru = true,
					     .swap_slots = 64,
					     .nr_frames = 64 } };
static const struct script_machine by_disk = { .config = { .lru = true, .swap_slots = 64, .nr_frames = 64 } };
static const struct script_machine with_kswapd = { .config = { .lru = true,
						   .swap_slots = 64,
						   .nr_frames = 64,
						   .watermark = 12,
						   .kswapd = true } };
static const struct script_machine no_swap = { .config = { .io_at_once = true, .lru = true } };

/* => how many of the one page were freed */
static unsigned long pageout(struct page *page)
{
	struct list_head pages = LIST_HEAD_INIT(pages);

	BUG_ON(isolate_lru_page(page));
	list_add(&page->lru, &pages);
	return reclaim_pages(&pages);
}

static void isolated_pages_are_on_no_list(void)
{
	struct page *page = alloc_page();

	BUG_ON(isolate_lru_page(page) != -EBUSY);
	lru_cache_add(page);
	BUG_ON(isolate_lru_page(page) || PageLRU(page) || page_count(page) != 2);
	BUG_ON(isolate_lru_page(page) != -EBUSY);
	putback_lru_page(page);
	BUG_ON(!PageLRU(page) || page_count(page) != 1 || this_machine->zone.nr_lru[LRU_INACTIVE_FILE] != 1);
	put_page(page);
}

static struct page *cached_file_page(void)
{
	struct page *page;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0) || vm_touch(ADDR));
	page = page_of(ADDR);
	if (!PageLRU(page))
		lru_cache_add(page);
	return page;
}

static void a_clean_page_of_a_file_goes(void)
{
	unsigned long before;
	struct page *page = cached_file_page();
	u64 v;

	before = frames_free();
	BUG_ON(pageout(page) != 1 || !pte_none(pte_of(ADDR)) || frames_free() != before + 1);
	BUG_ON(this_machine->inode[DATA].i_data.nrpages);
	BUG_ON(vm_load(ADDR, &v) || v != WORD(0));
}

static void a_dirty_page_of_a_file_stays(void)
{
	struct page *page = cached_file_page();
	u64 v;

	BUG_ON(vm_store(ADDR, 7));
	BUG_ON(pageout(page) || !PageDirty(page) || page_mapped(page) || !PageLRU(page));
	BUG_ON(vm_load(ADDR, &v) || v != 7 || page_of(ADDR) != page);
}

static void a_page_that_somebody_has_stays(void)
{
	struct page *page = cached_file_page();

	get_page(page);
	BUG_ON(pageout(page) || page_mapping(page) != &this_machine->inode[DATA].i_data || !PageLRU(page));
	BUG_ON(page_count(page) != 2);
	put_page(page);
}

static void a_locked_page_stays(void)
{
	struct page *page = cached_file_page();

	lock_page(page);
	BUG_ON(pageout(page) || page_of(ADDR) != page);
	unlock_page(page);
}

static void removal_looks_at_count_and_dirt(void)
{
	struct page *page = cached_file_page();
	struct address_space *mapping = page_mapping(page);

	get_page(page);
	lock_page(page);
	BUG_ON(remove_mapping(mapping, page)); /* mapped: three references */
	BUG_ON(try_to_unmap(page, TTU_UNMAP) != SWAP_SUCCESS || page_count(page) != 2);
	SetPageDirty(page);
	BUG_ON(remove_mapping(mapping, page) || page_count(page) != 2 || page->mapping != mapping);
	test_clear_page_dirty(page);
	BUG_ON(!remove_mapping(mapping, page) || page_count(page) != 1 || page->mapping);
	unlock_page(page);
	put_page(page);
}

static void anonymous_pages_go_to_swap(void)
{
	unsigned long before;
	u64 v;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7));
	before = frames_free();
	BUG_ON(pageout(page_of(ADDR)) != 1 || frames_free() != before + 1 || !is_swap_entry(pte_of(ADDR)));
	BUG_ON(rss(MM_SWAPENTS) != 1 || this_machine->swap.nr_free != 62);
	BUG_ON(vm_load(ADDR, &v) || v != 7);
	/* Read and not stored to: what is on swap is good, and the page goes without being written. */
	BUG_ON(PageDirty(page_of(ADDR)) || pageout(page_of(ADDR)) != 1);
	BUG_ON(vm_store(ADDR, 8) || vm_load(ADDR, &v) || v != 8);
	BUG_ON(vm_munmap(ADDR, 1) || this_machine->swap.nr_free != 63);
}

static void families_share_what_is_on_swap(void)
{
	struct mm_struct *parent = current->mm, *child;
	struct page *page;
	u64 v;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7));
	child = fork_here();
	page = page_of(ADDR);
	BUG_ON(pageout(page) != 1 || !is_swap_entry(pte_of(ADDR)));
	BUG_ON(swap_count(pte_to_swp_entry(pte_of(ADDR))) != 2);
	BUG_ON(vm_store(ADDR, 8) || vm_load(ADDR, &v) || v != 8);
	act_as(child);
	BUG_ON(vm_load(ADDR, &v) || v != 7 || rss(MM_ANONPAGES) != 1 || rss(MM_SWAPENTS));
	act_as(parent);
	process_exit(child);
}

static void without_swap_anonymous_pages_stay(void)
{
	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7));
	BUG_ON(pageout(page_of(ADDR)) || !page_of(ADDR) || !PageActive(page_of(ADDR)));
	BUG_ON(try_to_free_pages(1));
}

static void lazily_freed_pages_need_no_swap(void)
{
	unsigned long next, before;
	struct page *page;
	spinlock_t *ptl;
	pte_t *pte;
	u64 v = 1;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7));
	page = page_of(ADDR);
	pte = pte_find(current->mm, ADDR, &ptl, &next);
	spin_lock(ptl);
	set_pte(pte, pte_mkclean(ptep_get_and_clear(pte)));
	flush_tlb_page(vma_of(ADDR), ADDR);
	spin_unlock(ptl);
	mark_page_lazyfree(page);
	before = frames_free();
	BUG_ON(pageout(page) != 1 || frames_free() != before + 1 || !pte_none(pte_of(ADDR)));
	BUG_ON(vm_load(ADDR, &v) || v);
}

static void used_pages_get_another_chance(void)
{
	struct page *page;

	BUG_ON(vm_mmap(ADDR, 2, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7) || vm_store(ADDR + VM_PAGE, 8));
	lock_page(page_of(ADDR));
	BUG_ON(page_referenced(page_of(ADDR)) != 1);
	unlock_page(page_of(ADDR));
	page = page_of(ADDR + VM_PAGE);
	deactivate_page(page);
	deactivate_page(page_of(ADDR));
	BUG_ON(try_to_free_pages(1) != 1 || page_of(ADDR) || page_of(ADDR + VM_PAGE) != page);
}

/* More than there is memory for, twice. */
static void a_process_may_have_more_than_memory(void)
{
	u64 v;

	BUG_ON(vm_mmap(ADDR, 90, MAPPED_PRIVATE, -1, 0));
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < 90; i++)
			BUG_ON(vm_store(ADDR + i * VM_PAGE, round * 1000 + i));
		for (unsigned i = 0; i < 90; i++)
			BUG_ON(vm_load(ADDR + i * VM_PAGE, &v) || v != round * 1000 + i);
	}
	BUG_ON(rss(MM_ANONPAGES) + rss(MM_SWAPENTS) != 90 || rss(MM_SWAPENTS) < 30);
	BUG_ON(vm_munmap(ADDR, 90) || this_machine->swap.nr_free != 63 || rss(MM_SWAPENTS));
	BUG_ON(this_machine->swap.cache.nrpages || current->reclaiming);
}

static void kswapd_keeps_some_free(void)
{
	u64 v;

	BUG_ON(vm_mmap(ADDR, 80, MAPPED_PRIVATE, -1, 0));
	for (unsigned i = 0; i < 80; i++)
		BUG_ON(vm_store(ADDR + i * VM_PAGE, i));
	for (unsigned i = 0; i < 80; i++)
		BUG_ON(vm_load(ADDR + i * VM_PAGE, &v) || v != i);
	BUG_ON(this_machine->zone.nr_free < 6 || rss(MM_SWAPENTS) < 20);
}

SCRIPT_ON(&swaps, isolated_pages_are_on_no_list)
SCRIPT_ON(&swaps, a_clean_page_of_a_file_goes)
SCRIPT_ON(&swaps, a_dirty_page_of_a_file_stays)
SCRIPT_ON(&swaps, a_page_that_somebody_has_stays)
SCRIPT_ON(&swaps, a_locked_page_stays)
SCRIPT_ON(&swaps, removal_looks_at_count_and_dirt)
SCRIPT_ON(&swaps, anonymous_pages_go_to_swap)
SCRIPT_ON(&swaps, families_share_what_is_on_swap)
SCRIPT_ON(&no_swap, without_swap_anonymous_pages_stay)
SCRIPT_ON(&no_swap, lazily_freed_pages_need_no_swap)
SCRIPT_ON(&swaps, used_pages_get_another_chance)
SCRIPT_ON(&swaps, a_process_may_have_more_than_memory)
static void test_the_disk_may_be_slow(void **state)
{
	run_on(&by_disk, a_process_may_have_more_than_memory, NULL);
}
SCRIPT_ON(&with_kswapd, kswapd_keeps_some_free)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_isolated_pages_are_on_no_list),
		cmocka_unit_test(test_a_clean_page_of_a_file_goes),
		cmocka_unit_test(test_a_dirty_page_of_a_file_stays),
		cmocka_unit_test(test_a_page_that_somebody_has_stays),
		cmocka_unit_test(test_a_locked_page_stays),
		cmocka_unit_test(test_removal_looks_at_count_and_dirt),
		cmocka_unit_test(test_anonymous_pages_go_to_swap),
		cmocka_unit_test(test_families_share_what_is_on_swap),
		cmocka_unit_test(test_without_swap_anonymous_pages_stay),
		cmocka_unit_test(test_lazily_freed_pages_need_no_swap),
		cmocka_unit_test(test_used_pages_get_another_chance),
		cmocka_unit_test(test_a_process_may_have_more_than_memory),
		cmocka_unit_test(test_the_disk_may_be_slow),
		cmocka_unit_test(test_kswapd_keeps_some_free),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
