// SPDX-License-Identifier: MIT
/* mm_ptrace.c - peek and poke: FOLL_FORCE, as measured on Linux 6.18 through /proc/PID/mem */
#include "machine.h"

static long poke(unsigned page, u8 v)
{
	return sys_poke(current->mm, PAGE(page), &v, 1);
}

static long peek(unsigned page)
{
	u8 v;

	return sys_peek(current->mm, PAGE(page), &v, 1);
}

static void private_memory_is_written_whatever_its_rights(void)
{
	u64 v = 0;

	map_at(0, 1, RW, MAP_PRIVATE, -1);
	map_at(1, 1, PROT_READ, MAP_PRIVATE, -1);
	map_at(2, 1, PROT_NONE, MAP_PRIVATE, -1);
	for (unsigned i = 0; i < 3; i++)
		BUG_ON(poke(i, 7) != 1 || faults() != i + 1);
	BUG_ON(sys_peek(current->mm, PAGE(2), &v, 8) != 8 || v != 7 || faults() != 3);
	BUG_ON(load(PAGE(1)) != 7 || vm_store(PAGE(1), 1) != SIGSEGV || vm_touch(PAGE(2)) != SIGSEGV);
}

static void shared_memory_only_as_it_may_be(void)
{
	map_at(0, 1, PROT_NONE, MAP_SHARED, DATA);
	map_at(1, 1, PROT_READ, MAP_SHARED, DATA);
	map_at(2, 1, RW, MAP_SHARED, DATA);
	BUG_ON(poke(0, 7) != -EIO || poke(1, 7) != -EIO || faults());
	BUG_ON(poke(2, 7) != 1 || peek(0) != 1 || peek(1) != 1 || (u8)load(PAGE(2)) != 7);
	ClearPageDirty(page_in(current->mm, PAGE(2)));
	BUG_ON(poke(2, 8) != 1 || !PageDirty(page_in(current->mm, PAGE(2))));
}

static void a_private_file_s_page_is_never_written(void)
{
	u64 v;
	struct page *copy;

	map_at(0, 1, PROT_READ, MAP_PRIVATE, DATA);
	BUG_ON(vm_touch(ADDR) || poke(0, 7) != 1 || faults() != 2);
	copy = page_in(current->mm, ADDR);
	BUG_ON(!PageAnon(copy) || page_mapcount(copy) != 1 || pte_write(pte_in(current->mm, ADDR)));
	BUG_ON(poke(0, 8) != 1 || faults() != 2 || page_in(current->mm, ADDR) != copy);
	BUG_ON((u8)load(ADDR) != 8 || vm_read(DATA, 0, &v) != 8 || v != WORD(0));
}

static void holes_and_ends_give_what_there_is(void)
{
	u8 buf[VM_PAGE];

	map_at(0, 5, RW, MAP_PRIVATE, DATA);
	BUG_ON(peek(6) != -EIO || poke(6, 1) != -EIO || peek(4) != -EIO || poke(4, 1) != -EIO);
	BUG_ON(sys_peek(current->mm, PAGE(3) - 100, buf, VM_PAGE) != 100 ||
	       sys_poke(current->mm, PAGE(9), buf, 0));
	BUG_ON(sys_poke(current->mm, PAGE(3) - 100, buf, 200) != 100);
}

static void by_numbers(void)
{
	u64 v;

	map_at(0, 1, PROT_READ, MAP_PRIVATE, -1);
	BUG_ON(vm_poke(0, ADDR, 42) || vm_peek(0, ADDR, &v) || v != 42 || vm_peek(0, PAGE(1), &v) != -EIO);
}

#define SCRIPT(name) SCRIPT_UNDER("linux-6.18", name)
SCRIPT(private_memory_is_written_whatever_its_rights)
SCRIPT(shared_memory_only_as_it_may_be)
SCRIPT(a_private_file_s_page_is_never_written)
SCRIPT(holes_and_ends_give_what_there_is)
SCRIPT(by_numbers)

static void test_older_rules_write_copies_too(void **state)
{
	(void)state;
	run_under("linux-2.6.29", holes_and_ends_give_what_there_is);
	run_under("linux-2.6.29", by_numbers);
	run_under("linux-5.8", holes_and_ends_give_what_there_is);
	run_under("linux-5.8", by_numbers);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_private_memory_is_written_whatever_its_rights),
		cmocka_unit_test(test_shared_memory_only_as_it_may_be),
		cmocka_unit_test(test_a_private_file_s_page_is_never_written),
		cmocka_unit_test(test_holes_and_ends_give_what_there_is),
		cmocka_unit_test(test_by_numbers),
		cmocka_unit_test(test_older_rules_write_copies_too),
	};

	return RUN_TESTS(tests, argc, argv);
}
