// SPDX-License-Identifier: MIT
/* mm_gup_fast.c - the lockless walk: what it takes, and what it leaves to the slow path */
#include "machine.h"

static void mapped_pages_need_no_fault(void)
{
	struct page *pages[2];
	unsigned long before;

	map_at(0, 2, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_store(ADDR, 1) || vm_store(PAGE(1), 2));
	before = faults();
	BUG_ON(get_user_pages_fast(ADDR + 8, 2, FOLL_WRITE, pages) != 2 || faults() != before);
	BUG_ON(pages[0] != page_in(current->mm, ADDR) || pages[1] != page_in(current->mm, PAGE(1)));
	BUG_ON(page_count(pages[0]) != 2 || irqs_disabled());
	put_page(pages[0]);
	put_page(pages[1]);
}

/* The walk itself: with mmap_sem held for write the slow path would never end. */
static void the_walk_takes_no_lock(void)
{
	struct mm_struct *mm = current->mm;
	struct page *page;

	map_at(0, 1, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_store(ADDR, 1));
	down_write(&mm->mmap_sem);
	BUG_ON(pin_user_pages_fast(ADDR, 1, FOLL_WRITE, &page) != 1);
	up_write(&mm->mmap_sem);
	BUG_ON(!mm->has_pinned || page_count(page) != 1 + GUP_PIN_COUNTING_BIAS);
	unpin_user_page(page);
}

static void what_is_missing_is_faulted_in(void)
{
	struct page *pages[4];

	map_at(0, 3, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_store(ADDR, 1));
	BUG_ON(get_user_pages_fast(ADDR, 4, FOLL_WRITE, pages) != 3 || faults() != 3);
	for (int i = 0; i < 3; i++)
		put_page(pages[i]);
	BUG_ON(get_user_pages_fast(PAGE(3), 1, 0, pages) != -EFAULT);
	BUG_ON(get_user_pages_fast(TASK_SIZE - VM_PAGE, 2, 0, pages) != -EFAULT);
}

static void a_read_only_page_is_not_written(void)
{
	struct page *page, *cached;

	map_at(0, 1, RW, MAP_PRIVATE, DATA);
	BUG_ON(vm_touch(ADDR));
	cached = page_in(current->mm, ADDR);
	BUG_ON(get_user_pages_fast(ADDR, 1, FOLL_WRITE, &page) != 1 || page == cached);
	put_page(page);
}

static void a_fork_under_way_sends_pins_to_the_slow_path(void)
{
	const struct cow_protocol *cow = this_machine->cow;
	struct mm_struct *mm = current->mm;
	u32 seq;

	BUG_ON(!cow->gup_fast_begin(mm, &seq) || cow->gup_fast_retry(mm, seq));
	cow->fork_begin(mm);
	BUG_ON(!cow->gup_fast_retry(mm, seq) || cow->gup_fast_begin(mm, &seq));
	cow->fork_end(mm);
	BUG_ON(!cow->gup_fast_begin(mm, &seq) || cow->gup_fast_retry(mm, seq));
}

#define SCRIPT(name) SCRIPT_UNDER("linux-6.18", name)
SCRIPT(mapped_pages_need_no_fault)
SCRIPT(the_walk_takes_no_lock)
SCRIPT(what_is_missing_is_faulted_in)
SCRIPT(a_read_only_page_is_not_written)
SCRIPT(a_fork_under_way_sends_pins_to_the_slow_path)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mapped_pages_need_no_fault),
		cmocka_unit_test(test_the_walk_takes_no_lock),
		cmocka_unit_test(test_what_is_missing_is_faulted_in),
		cmocka_unit_test(test_a_read_only_page_is_not_written),
		cmocka_unit_test(test_a_fork_under_way_sends_pins_to_the_slow_path),
	};

	return RUN_TESTS(tests, argc, argv);
}
