// SPDX-License-Identifier: MIT
/* mm_swap.c - LRU lists, slots and their counts, the swap cache, pages to swap and back */
#include "machine.h"

static const struct script_machine swaps = { .config = { .io_at_once = true, .lru = true, .swap_slots = 8 } };
static const struct script_machine by_disk = { .config = { .lru = true, .swap_slots = 8 } };
static const struct script_machine batched = { .config = { .io_at_once = true, .lru = true, .lru_batch = 3 } };
static const struct script_machine no_lists = { .config = { .io_at_once = true } };

/* ---- LRU lists ------------------------------------------------------------------------------------------------ */

static unsigned long on(enum lru_list lru)
{
	return this_machine->zone.nr_lru[lru];
}

static void pages_join_and_leave_lists(void)
{
	struct page *file = alloc_page(), *anon = alloc_page();

	lru_cache_add(file);
	BUG_ON(!PageLRU(file) || on(LRU_INACTIVE_FILE) != 1);
	SetPageSwapBacked(anon);
	lru_cache_add_active(anon);
	BUG_ON(!PageLRU(anon) || !PageActive(anon) || on(LRU_ACTIVE_ANON) != 1);
	BUG_ON(page_count(file) != 1 || page_count(anon) != 1);
	put_page(file);
	put_page(anon);
	BUG_ON(on(LRU_INACTIVE_FILE) || on(LRU_ACTIVE_ANON));
}

static void two_uses_activate(void)
{
	struct page *page = alloc_page();

	lru_cache_add(page);
	mark_page_accessed(page);
	BUG_ON(!PageReferenced(page) || PageActive(page));
	mark_page_accessed(page);
	BUG_ON(PageReferenced(page) || !PageActive(page) || on(LRU_ACTIVE_FILE) != 1 ||
	       on(LRU_INACTIVE_FILE));
	deactivate_page(page);
	BUG_ON(PageActive(page) || on(LRU_ACTIVE_FILE) || on(LRU_INACTIVE_FILE) != 1);
	put_page(page);
}

static void rotation_makes_a_page_the_oldest(void)
{
	struct page *a = alloc_page(), *b = alloc_page();
	struct list_head *list = &this_machine->zone.lru[LRU_INACTIVE_FILE];

	lru_cache_add(a);
	lru_cache_add(b);
	BUG_ON(list->prev != &a->lru);
	rotate_reclaimable_page(b);
	BUG_ON(list->prev != &b->lru);
	put_page(a);
	put_page(b);
}

static void lazy_pages_are_files(void)
{
	struct page *page;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 1));
	page = page_of(ADDR);
	BUG_ON(on(LRU_ACTIVE_ANON) != 1);
	mark_page_lazyfree(page);
	BUG_ON(PageSwapBacked(page) || PageActive(page) || on(LRU_ACTIVE_ANON) || on(LRU_INACTIVE_FILE) != 1);
	BUG_ON(vm_munmap(ADDR, 1) || on(LRU_INACTIVE_FILE));
}

static void a_batch_has_references(void)
{
	struct page *a = alloc_page(), *b = alloc_page(), *c = alloc_page();

	lru_cache_add(a);
	lru_cache_add(b);
	BUG_ON(PageLRU(a) || page_count(a) != 2);
	lru_cache_add(c);
	BUG_ON(!PageLRU(a) || !PageLRU(c) || page_count(a) != 1 || on(LRU_INACTIVE_FILE) != 3);
	put_page(a);
	a = alloc_page();
	lru_cache_add(a);
	put_page(a); /* the batch has the last reference */
	BUG_ON(page_count(a) != 1);
	lru_add_drain();
	BUG_ON(page_count(a) || on(LRU_INACTIVE_FILE) != 2);
	put_page(b);
	put_page(c);
}

static void without_lists_nothing_happens(void)
{
	struct page *page = alloc_page();

	SetPageSwapBacked(page);
	lru_cache_add(page);
	lru_cache_add_active(page);
	lru_add_drain();
	mark_page_accessed(page);
	deactivate_page(page);
	rotate_reclaimable_page(page);
	lru_del_at_free(page);
	BUG_ON(page->flags != ((unsigned long)(1ul << PG_swapbacked)) || page_count(page) != 1);
	mark_page_lazyfree(page);
	BUG_ON(page->flags || isolate_lru_page(page) != -EBUSY || try_to_free_pages(1));
	put_page(page);
}

/* ---- slots ------------------------------------------------------------------------------------------------------ */

static void slots_are_counted(void)
{
	struct swap_info *si = &this_machine->swap;
	swp_entry_t a = get_swap_page(), b = get_swap_page();

	BUG_ON(!swp_offset(a) || swp_offset(a) == swp_offset(b) || si->nr_free != 5 || swap_count(a) != 1);
	swap_duplicate(a);
	swap_duplicate(a);
	BUG_ON(swap_count(a) != 3 || swapcache_prepare(a) != -EEXIST);
	swapcache_free(a);
	BUG_ON(swap_count(a) != 2 || swapcache_prepare(a) || swap_count(a) != 3);
	swap_free(a);
	swap_free(a);
	BUG_ON(swap_count(a) != 1 || si->nr_free != 5);
	swapcache_free(a);
	BUG_ON(swap_count(a) || si->nr_free != 6 || swapcache_prepare(a) != -ENOENT);
	BUG_ON(get_swap_page().val != a.val); /* the last that was freed */
	swap_free(a);
	swap_free(b);
	BUG_ON(si->nr_free != 7);
}

static void the_device_fills_up(void)
{
	swp_entry_t entry[8];

	for (int i = 0; i < 8; i++)
		entry[i] = get_swap_page();
	BUG_ON(!entry[6].val || entry[7].val);
	swapcache_free(entry[3]);
	BUG_ON(get_swap_page().val != entry[3].val);
	for (int i = 0; i < 7; i++)
		swapcache_free(entry[i]);
}

static void a_slot_is_freed_twice(void)
{
	swp_entry_t entry = get_swap_page();

	swapcache_free(entry);
	swap_free(entry);
}

static void a_free_slot_is_duplicated(void)
{
	swap_duplicate(swp_entry(0, 3));
}

static void a_slot_leaves_the_cache_twice(void)
{
	swp_entry_t entry = get_swap_page();

	swap_duplicate(entry);
	swapcache_free(entry);
	swapcache_free(entry);
}

static void an_entry_of_no_slot_is_freed(void)
{
	swap_free(swp_entry(0, 99));
}

/* ---- the swap cache ---------------------------------------------------------------------------------------------- */

/* => a page of the process's at ADDR, locked, referenced, with a slot */
static struct page *cached_page_at(unsigned long addr, u64 value)
{
	struct page *page;

	BUG_ON(vm_mmap(addr, 1, MAPPED_PRIVATE, -1, 0) || vm_store(addr, value));
	page = page_of(addr);
	get_page(page);
	lock_page(page);
	BUG_ON(!add_to_swap(page));
	return page;
}

static void done_with(struct page *page)
{
	unlock_page(page);
	put_page(page);
}

static void pages_join_and_leave_the_swap_cache(void)
{
	struct page *page = cached_page_at(ADDR, 7), *found;
	swp_entry_t entry = page_swp_entry(page);

	BUG_ON(!PageSwapCache(page) || !PageDirty(page) || page_count(page) != 3 || swap_count(entry) != 1);
	BUG_ON(page_mapping(page) != &this_machine->swap.cache || this_machine->swap.cache.nrpages != 1);
	found = lookup_swap_cache(entry);
	BUG_ON(found != page || page_count(page) != 4);
	put_page(found);
	delete_from_swap_cache(page);
	BUG_ON(PageSwapCache(page) || page->private || page_count(page) != 2 || swap_count(entry));
	BUG_ON(lookup_swap_cache(entry) || page_mapping(page) || this_machine->swap.cache.nrpages);
	done_with(page);
}

static void a_slot_has_one_page(void)
{
	struct page *page = cached_page_at(ADDR, 7), *other = alloc_page();
	swp_entry_t entry = page_swp_entry(page);

	lock_page(other);
	BUG_ON(add_to_swap_cache(other, entry) != -EEXIST || PageSwapCache(other) || page_count(other) != 1);
	BUG_ON(add_to_swap_cache(other, swp_entry(0, swp_offset(entry) + 1)) != -EEXIST);
	BUG_ON(lookup_swap_cache(swp_entry(0, swp_offset(entry) + 1)));
	swap_duplicate(entry);
	delete_from_swap_cache(page);
	BUG_ON(add_to_swap_cache(other, entry) || swap_count(entry) != 2);
	delete_from_swap_cache(other);
	swap_free(entry);
	done_with(other);
	done_with(page);
}

static void there_may_be_no_slot(void)
{
	swp_entry_t entry[7];
	struct page *page;

	for (int i = 0; i < 7; i++)
		entry[i] = get_swap_page();
	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7));
	page = page_of(ADDR);
	lock_page(page);
	BUG_ON(add_to_swap(page) || PageSwapCache(page) || PageDirty(page) || page_count(page) != 1);
	unlock_page(page);
	for (int i = 0; i < 7; i++)
		swap_free(entry[i]);
}

/* => the page is unmapped and written, and only the swap cache has it */
static swp_entry_t swap_out(struct page *page)
{
	swp_entry_t entry = page_swp_entry(page);

	BUG_ON(try_to_unmap(page, TTU_UNMAP) != SWAP_SUCCESS || !TestClearPageDirty(page));
	BUG_ON(swap_writepage(page));
	wait_on_page_writeback(page);
	BUG_ON(PageWriteback(page) || PageLocked(page) || page_count(page) != 2 || swap_count(entry) != 2);
	return entry;
}

static void a_page_goes_to_swap_and_comes_back(void)
{
	struct page *page = cached_page_at(ADDR, 7);
	swp_entry_t entry = swap_out(page);
	unsigned long faults;
	u64 v = 0;

	BUG_ON(!is_swap_entry(pte_of(ADDR)) || rss(MM_SWAPENTS) != 1 || rss(MM_ANONPAGES));
	lock_page(page);
	BUG_ON(!remove_mapping(&this_machine->swap.cache, page) || swap_count(entry) != 1);
	done_with(page);
	faults = current->maj_flt;
	BUG_ON(vm_load(ADDR, &v) || v != 7 || current->maj_flt != faults + 1);
	BUG_ON(rss(MM_SWAPENTS) || rss(MM_ANONPAGES) != 1);
	page = page_of(ADDR);
	BUG_ON(!PageSwapCache(page) || !PageSwapBacked(page) || !PageUptodate(page) ||
	       swap_count(entry) != 1);
	BUG_ON(vm_munmap(ADDR, 1) || this_machine->swap.nr_free != 7);
}

static void a_page_that_is_still_cached_is_no_major_fault(void)
{
	struct page *page = cached_page_at(ADDR, 7);
	unsigned long faults;
	u64 v = 0;

	swap_out(page);
	faults = current->maj_flt;
	BUG_ON(vm_load(ADDR, &v) || v != 7 || page_of(ADDR) != page || current->maj_flt != faults);
	put_page(page);
}

static void reading_finds_or_reads(void)
{
	struct page *page = cached_page_at(ADDR, 7), *found;
	swp_entry_t entry = swap_out(page);

	found = read_swap_cache_async(entry);
	BUG_ON(found != page || page_count(page) != 3);
	put_page(found);
	lock_page(page);
	BUG_ON(!remove_mapping(page_mapping(page), page));
	done_with(page);
	found = read_swap_cache_async(entry);
	wait_on_page_locked(found);
	BUG_ON(!PageUptodate(found) || !PageSwapCache(found) || page_count(found) != 2 || !PageLRU(found));
	put_page(found);
	BUG_ON(vm_munmap(ADDR, 1) || swap_count(entry) || read_swap_cache_async(entry));
}

static void a_slot_that_no_entry_needs_is_given_up(void)
{
	struct page *page = cached_page_at(ADDR, 7);

	BUG_ON(!try_to_free_swap(page) || PageSwapCache(page) || !PageDirty(page) || try_to_free_swap(page));
	BUG_ON(!add_to_swap(page));
	swap_duplicate(page_swp_entry(page));
	BUG_ON(try_to_free_swap(page) || !PageSwapCache(page));
	swap_free(page_swp_entry(page));
	BUG_ON(!bit_trylock(PG_writeback, &page->flags, "writeback") || try_to_free_swap(page));
	bit_unlock(PG_writeback, &page->flags);
	test_clear_page_dirty(page);
	BUG_ON(swap_writepage(page)); /* writes nothing: nobody would read it */
	BUG_ON(PageLocked(page) || PageSwapCache(page) || !PageDirty(page));
	put_page(page);
}

static void who_is_alone_may_write(void)
{
	struct page *page = cached_page_at(ADDR, 7);
	swp_entry_t entry = page_swp_entry(page);
	struct mm_struct *child;

	swap_duplicate(entry);
	BUG_ON(can_share_swap_page(page) || !PageSwapCache(page));
	swap_free(entry);
	child = fork_here();
	BUG_ON(can_share_swap_page(page) || !PageSwapCache(page));
	process_exit(child);
	BUG_ON(!can_share_swap_page(page) || PageSwapCache(page) || !PageDirty(page) || swap_count(entry));
	BUG_ON(!can_share_swap_page(page));
	done_with(page);
}

static void the_last_entry_takes_the_cache_along(void)
{
	struct page *page = cached_page_at(ADDR, 7);
	swp_entry_t entry = swap_out(page);

	swap_duplicate(entry);
	free_swap_and_cache(entry);
	BUG_ON(!PageSwapCache(page) || swap_count(entry) != 2);
	BUG_ON(vm_munmap(ADDR, 1)); /* frees the pte's */
	BUG_ON(PageSwapCache(page) || swap_count(entry) || page_count(page) != 1);
	put_page(page);
}

static void a_locked_page_keeps_its_slot(void)
{
	struct page *page = cached_page_at(ADDR, 7);
	swp_entry_t entry = swap_out(page);

	lock_page(page);
	BUG_ON(vm_munmap(ADDR, 1) || !PageSwapCache(page) || swap_count(entry) != 1);
	BUG_ON(!try_to_free_swap(page));
	done_with(page);
}

static void an_unmapped_page_leaves_the_swap_cache_with_its_reference(void)
{
	struct page *page = cached_page_at(ADDR, 7);

	unlock_page(page);
	get_page(page);
	free_page_and_swap_cache(page); /* mapped: stays */
	BUG_ON(!PageSwapCache(page) || page_count(page) != 3);
	BUG_ON(vm_munmap(ADDR, 1) || PageSwapCache(page) || page_count(page) != 1);
	put_page(page);
}

SCRIPT_ON(&swaps, pages_join_and_leave_lists)
SCRIPT_ON(&swaps, two_uses_activate)
SCRIPT_ON(&swaps, rotation_makes_a_page_the_oldest)
SCRIPT_ON(&swaps, lazy_pages_are_files)
SCRIPT_ON(&batched, a_batch_has_references)
SCRIPT_ON(&no_lists, without_lists_nothing_happens)
SCRIPT_ON(&swaps, slots_are_counted)
SCRIPT_ON(&swaps, the_device_fills_up)
SCRIPT_FAILS(&swaps, a_slot_is_freed_twice, "bad-swap-count")
SCRIPT_FAILS(&swaps, a_free_slot_is_duplicated, "bad-swap-count")
SCRIPT_FAILS(&swaps, a_slot_leaves_the_cache_twice, "bad-swap-count")
SCRIPT_FAILS(&swaps, an_entry_of_no_slot_is_freed, "bad-swap-count")
SCRIPT_ON(&swaps, pages_join_and_leave_the_swap_cache)
SCRIPT_ON(&swaps, a_slot_has_one_page)
SCRIPT_ON(&swaps, there_may_be_no_slot)
SCRIPT_ON(&by_disk, a_page_goes_to_swap_and_comes_back)
SCRIPT_ON(&swaps, a_page_that_is_still_cached_is_no_major_fault)
SCRIPT_ON(&by_disk, reading_finds_or_reads)
SCRIPT_ON(&swaps, a_slot_that_no_entry_needs_is_given_up)
SCRIPT_ON(&swaps, who_is_alone_may_write)
SCRIPT_ON(&swaps, the_last_entry_takes_the_cache_along)
SCRIPT_ON(&swaps, a_locked_page_keeps_its_slot)
SCRIPT_ON(&swaps, an_unmapped_page_leaves_the_swap_cache_with_its_reference)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_join_and_leave_lists),
		cmocka_unit_test(test_two_uses_activate),
		cmocka_unit_test(test_rotation_makes_a_page_the_oldest),
		cmocka_unit_test(test_lazy_pages_are_files),
		cmocka_unit_test(test_a_batch_has_references),
		cmocka_unit_test(test_without_lists_nothing_happens),
		cmocka_unit_test(test_slots_are_counted),
		cmocka_unit_test(test_the_device_fills_up),
		cmocka_unit_test(test_a_slot_is_freed_twice),
		cmocka_unit_test(test_a_free_slot_is_duplicated),
		cmocka_unit_test(test_a_slot_leaves_the_cache_twice),
		cmocka_unit_test(test_an_entry_of_no_slot_is_freed),
		cmocka_unit_test(test_pages_join_and_leave_the_swap_cache),
		cmocka_unit_test(test_a_slot_has_one_page),
		cmocka_unit_test(test_there_may_be_no_slot),
		cmocka_unit_test(test_a_page_goes_to_swap_and_comes_back),
		cmocka_unit_test(test_a_page_that_is_still_cached_is_no_major_fault),
		cmocka_unit_test(test_reading_finds_or_reads),
		cmocka_unit_test(test_a_slot_that_no_entry_needs_is_given_up),
		cmocka_unit_test(test_who_is_alone_may_write),
		cmocka_unit_test(test_the_last_entry_takes_the_cache_along),
		cmocka_unit_test(test_a_locked_page_keeps_its_slot),
		cmocka_unit_test(test_an_unmapped_page_leaves_the_swap_cache_with_its_reference),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
