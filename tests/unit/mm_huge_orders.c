// SPDX-License-Identifier: MIT
/* mm_huge_orders.c - transparent huge pages: what threads and processes do to each other, in every order */
#include "mm_thp.h"

static void two_threads(void)
{
	use_mm(&this_machine->task[0], current->mm);
	use_mm(&this_machine->task[1], current->mm);
}

static void untouched(void)
{
	map_huge();
	two_threads();
}

static void touched(void)
{
	map_huge();
	store(PART(1), 7);
	two_threads();
}

static void store_1(void)
{
	store(PART(1), 11);
}
static void store_2(void)
{
	store(PART(2), 12);
}
static void dontneed(void)
{
	BUG_ON(sys_madvise(HADDR, HPAGE_SIZE, MADV_DONTNEED));
}
/* As reclaim and migration come to a page, by another way than the tables. */
static void split(void)
{
	struct page *page = pfn_to_page(huge_pfn());

	if (!atomic_inc_not_zero(&page->_count))
		return;
	lock_page(page);
	split_huge_page(page);
	unlock_page(page);
	put_page(page);
}
static void split_by_address(void)
{
	struct mm_struct *mm = current->mm;

	down_read(&mm->mmap_sem);
	split_huge_pmd_address(find_vma(mm, HADDR), PART(1));
	up_read(&mm->mmap_sem);
}
static void collapse(void)
{
	collapse_huge_page(current->mm, HADDR);
}
static void protect_and_back(void)
{
	BUG_ON(sys_mprotect(HADDR, HPAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC));
	BUG_ON(sys_mprotect(HADDR, HPAGE_SIZE, PROT_READ | PROT_WRITE));
}
static void may_store(void)
{
	u64 v = 11;

	user_write(PART(1), &v, sizeof(v));
}
static void may_fork(void)
{
	struct mm_struct *child;

	sys_fork(&child);
}
static void check_word(unsigned long addr, u64 expected)
{
	u64 v = 0;
	struct page *page = page_at(this_machine->process[0], addr);

	BUG_ON(!page);
	content_read(&v, page_address(page), sizeof(v));
	BUG_ON(v != expected);
}
static void both_stored(void)
{
	check_word(PART(1), 11);
	check_word(PART(2), 12);
	BUG_ON(rss(this_machine->process[0]) != HPAGE_NR);
}

/* What a device writes to a page that is pinned is what the process reads. */
static void pin_write_and_load(void)
{
	struct page *page;
	u64 v = 42;

	BUG_ON(pin_user_pages_fast(PART(1), 1, FOLL_WRITE, &page) != 1);
	SYNC_LABEL("pinned");
	content_write(page_address(page), &v, sizeof(v));
	BUG_ON(load(PART(1)) != 42);
	unpin_user_page(page);
}

static void small_and_two_threads(void)
{
	small_pages();
	two_threads();
}

static void child_runs_too(void)
{
	struct mm_struct *child;

	map_huge();
	store(PART(1), 7);
	child = fork_one();
	use_mm(&this_machine->task[0], current->mm);
	use_mm(&this_machine->task[1], child);
}
static void shared_by_two_threads(void)
{
	map_huge();
	store(PART(1), 7);
	fork_one();
	two_threads();
}
static void load_1(void)
{
	BUG_ON(load(PART(1)) != 7);
}
static void child_still_sees_7(void)
{
	BUG_ON(load(PART(1)) != 7);
}
static void leave(void)
{
	use_mm(current, NULL);
	process_exit(this_machine->process[1]);
}
static void parent_has_11(void)
{
	check_word(PART(1), 11);
}
static void fork_and_store(void)
{
	fork_one();
	store(PART(1), 11);
}

static const struct engine_choice one_failure[] = { { "alloc", 1 }, { NULL, 0 } };

EXPLORED(two_faults, .setup = untouched, .actor = { store_1, store_2 }, .check = both_stored,
	 .executions = 300)
EXPLORED(fault_and_dontneed, .setup = untouched, .actor = { store_1, dontneed })
EXPLORED(store_and_split, .setup = touched, .actor = { store_1, split }, .check = parent_has_11)
EXPLORED(store_and_protect, .setup = touched, .actor = { store_2, protect_and_back })
EXPLORED(store_and_collapse, .setup = small_and_two_threads, .actor = { store_1, collapse },
	 .check = parent_has_11)
EXPLORED(pin_and_collapse, .setup = small_and_two_threads, .actor = { pin_write_and_load, collapse })
EXPLORED(pin_and_split, .setup = touched, .actor = { pin_write_and_load, split })
EXPLORED(dontneed_and_split, .setup = touched, .actor = { dontneed, split }, .first = 40)
EXPLORED(split_and_split, .setup = touched, .actor = { split_by_address, split })
EXPLORED(dontneed_and_split_by_address, .setup = touched, .actor = { dontneed, split_by_address },
	 .first = 40)
EXPLORED(fork_and_split, .setup = touched, .actor = { fork_and_store, split }, .check = parent_has_11,
	 .executions = 300)
EXPLORED(copies, .setup = child_runs_too, .actor = { store_1, child_still_sees_7 }, .check = parent_has_11)
EXPLORED(copy_beside_a_thread, .setup = shared_by_two_threads, .actor = { load_1, store_2 })
EXPLORED(copy_and_split, .setup = child_runs_too, .actor = { store_1, split }, .check = parent_has_11)
EXPLORED(copy_and_exit, .setup = child_runs_too, .actor = { store_1, leave }, .check = parent_has_11)
EXPLORED(fault_fails, .setup = untouched, .actor = { may_store }, .choices = one_failure)
EXPLORED(fork_fails, .setup = touched, .actor = { may_fork }, .choices = one_failure)
EXPLORED(copy_fails, .setup = child_runs_too, .actor = { may_store }, .choices = one_failure)
EXPLORED(collapse_fails, .setup = small_and_two_threads, .actor = { collapse }, .choices = one_failure)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_faults),
		cmocka_unit_test(test_fault_and_dontneed),
		cmocka_unit_test(test_store_and_split),
		cmocka_unit_test(test_store_and_protect),
		cmocka_unit_test(test_store_and_collapse),
		cmocka_unit_test(test_pin_and_collapse),
		cmocka_unit_test(test_pin_and_split),
		cmocka_unit_test(test_dontneed_and_split),
		cmocka_unit_test(test_split_and_split),
		cmocka_unit_test(test_dontneed_and_split_by_address),
		cmocka_unit_test(test_fork_and_split),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_copy_beside_a_thread),
		cmocka_unit_test(test_copy_and_split),
		cmocka_unit_test(test_copy_and_exit),
		cmocka_unit_test(test_fault_fails),
		cmocka_unit_test(test_fork_fails),
		cmocka_unit_test(test_copy_fails),
		cmocka_unit_test(test_collapse_fails),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
