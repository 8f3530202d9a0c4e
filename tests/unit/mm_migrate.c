// SPDX-License-Identifier: MIT
/* mm_migrate.c - pages move to other frames, and everything that named them names the new ones */
#include "machine.h"

#include "mm/protocols/cow.h"

static const struct script_machine plain = { .config = { .io_at_once = true } };
static const struct script_machine swaps = { .config = { .io_at_once = true, .lru = true, .swap_slots = 8 } };

/* => the error; the page that was there keeps no reference from here */
static int migrate(struct page *page)
{
	int error;

	get_page(page);
	error = migrate_page(page);
	put_page(page);
	return error;
}

static void an_anonymous_page_moves(void)
{
	unsigned long before;
	struct page *page, *new;
	u64 v;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7));
	page = page_of(ADDR);
	before = frames_free();
	BUG_ON(migrate(page));
	new = page_of(ADDR);
	BUG_ON(!new || new == page || frames_free() != before || page_count(page));
	BUG_ON(page_count(new) != 1 || page_mapcount(new) != 1 || !PageAnon(new) || !PageSwapBacked(new));
	BUG_ON(PageLocked(new) || !PageUptodate(new) || rss(MM_ANONPAGES) != 1);
	BUG_ON(vm_load(ADDR, &v) || v != 7 || vm_store(ADDR, 8) || page_of(ADDR) != new);
	if (this_machine->config.lru)
		BUG_ON(!PageLRU(new) || !PageActive(new));
}

static void what_a_family_shares_stays_shared(void)
{
	struct mm_struct *parent = current->mm, *child;
	struct page *page;
	u64 v;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7));
	child = fork_here();
	BUG_ON(migrate(page_of(ADDR)));
	page = page_of(ADDR);
	BUG_ON(page_mapcount(page) != 2 || page_count(page) != 2 || pte_write(pte_of(ADDR)));
	act_as(child);
	BUG_ON(page_of(ADDR) != page || pte_write(pte_of(ADDR)) || vm_store(ADDR, 8));
	act_as(parent);
	BUG_ON(vm_load(ADDR, &v) || v != 7);
	process_exit(child);
}

static void a_page_of_a_file_moves(void)
{
	struct address_space *mapping = &this_machine->inode[DATA].i_data;
	struct page *page, *new;
	u64 v;

	BUG_ON(vm_mmap(ADDR, 2, MAPPED_SHARED, DATA, 0) || vm_store(ADDR + VM_PAGE, 7));
	page = page_of(ADDR + VM_PAGE);
	if (this_machine->config.lru && !PageLRU(page))
		lru_cache_add(page);
	BUG_ON(migrate(page));
	new = page_of(ADDR + VM_PAGE);
	BUG_ON(new == page || new->mapping != mapping || new->index != 1 || page_count(new) != 2);
	BUG_ON(!PageDirty(new) || page_mapcount(new) != 1 || mapping->nrpages != 1);
	BUG_ON(vm_read(DATA, VM_PAGE, &v) != 8 || v != 7 || vm_load(ADDR + VM_PAGE, &v) || v != 7);
}

static void a_page_with_a_slot_moves(void)
{
	struct page *page, *new;
	swp_entry_t entry;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7));
	page = page_of(ADDR);
	lock_page(page);
	BUG_ON(!add_to_swap(page));
	unlock_page(page);
	entry = page_swp_entry(page);
	BUG_ON(migrate(page));
	new = page_of(ADDR);
	BUG_ON(new == page || !PageSwapCache(new) || page_swp_entry(new).val != entry.val ||
	       swap_count(entry) != 1);
	page = lookup_swap_cache(entry);
	BUG_ON(page != new || !PageDirty(new));
	put_page(page);
}

static void a_page_that_somebody_has_stays(void)
{
	struct page *page;
	pte_t pte;
	u64 v;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7));
	page = page_of(ADDR);
	pte = pte_of(ADDR);
	get_page(page);
	BUG_ON(migrate(page) != -EAGAIN || page_of(ADDR) != page || page_count(page) != 2);
	BUG_ON(page_mapcount(page) != 1 || PageLocked(page) || !PageAnon(page));
	BUG_ON(pte_write(pte_of(ADDR)) != pte_write(pte) || vm_load(ADDR, &v) || v != 7);
	put_page(page);
	BUG_ON(vm_mmap(ADDR + VM_PAGE, 1, MAPPED_SHARED, DATA, 0) || vm_touch(ADDR + VM_PAGE));
	page = page_of(ADDR + VM_PAGE);
	if (this_machine->config.lru && !PageLRU(page))
		lru_cache_add(page);
	get_page(page);
	BUG_ON(migrate(page) != -EAGAIN || page_of(ADDR + VM_PAGE) != page || page_count(page) != 3);
	put_page(page);
}

static void exclusive_pages_stay_exclusive(void)
{
	struct cow_protocol exclusive = *this_machine->cow;
	const struct cow_protocol *old = this_machine->cow;
	struct page *page;

	exclusive.exclusive = true;
	this_machine->cow = &exclusive;
	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7));
	page = page_of(ADDR);
	BUG_ON(!PageAnonExclusive(page) || migrate(page) || page_of(ADDR) == page);
	page = page_of(ADDR);
	BUG_ON(!PageAnonExclusive(page));
	get_page(page);
	BUG_ON(migrate(page) != -EAGAIN || !PageAnonExclusive(page));
	put_page(page);
	atomic_add(GUP_PIN_COUNTING_BIAS, &page->_count);
	BUG_ON(migrate(page) != -EAGAIN || !PageAnonExclusive(page) || page_of(ADDR) != page);
	atomic_add(-GUP_PIN_COUNTING_BIAS, &page->_count);
	this_machine->cow = old;
}

/* The entries of a locked page are what a fault waits for; whoever has it locked takes them away again. */
static void who_waits_for_no_entry_does_not_wait(void)
{
	unsigned long next;
	struct page *page;
	spinlock_t *ptl;
	pte_t *pte;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_store(ADDR, 7));
	page = page_of(ADDR);
	pte = pte_find(current->mm, ADDR, &ptl, &next);
	lock_page(page);
	migration_entry_wait(current->mm, pte, ptl);
	unlock_page(page);
	BUG_ON(page_count(page) != 1 || spin_is_locked(ptl));
}

SCRIPT_ON(&plain, an_anonymous_page_moves)
static void test_an_anonymous_page_moves_between_lists(void **state)
{
	run_on(&swaps, an_anonymous_page_moves, NULL);
}
SCRIPT_ON(&plain, what_a_family_shares_stays_shared)
SCRIPT_ON(&swaps, a_page_of_a_file_moves)
SCRIPT_ON(&swaps, a_page_with_a_slot_moves)
SCRIPT_ON(&swaps, a_page_that_somebody_has_stays)
SCRIPT_ON(&plain, exclusive_pages_stay_exclusive)
SCRIPT_ON(&plain, who_waits_for_no_entry_does_not_wait)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_anonymous_page_moves),
		cmocka_unit_test(test_an_anonymous_page_moves_between_lists),
		cmocka_unit_test(test_what_a_family_shares_stays_shared),
		cmocka_unit_test(test_a_page_of_a_file_moves),
		cmocka_unit_test(test_a_page_with_a_slot_moves),
		cmocka_unit_test(test_a_page_that_somebody_has_stays),
		cmocka_unit_test(test_exclusive_pages_stay_exclusive),
		cmocka_unit_test(test_who_waits_for_no_entry_does_not_wait),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
