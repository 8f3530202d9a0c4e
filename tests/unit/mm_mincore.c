// SPDX-License-Identifier: MIT
/* mm_mincore.c - which pages are in memory */
#include "machine.h"

static u8 vec[8]; /* of the test, not of the machine */

static long core(unsigned long start, unsigned long len)
{
	return sys_mincore(start, len, vec);
}

static void bad_arguments_have_their_errors(void)
{
	BUG_ON(core(B, 0) || core(B + 1, 0) != -EINVAL || core(B + 1, P) != -EINVAL || core(B, P) != -ENOMEM);
	BUG_ON(core(1ul << 47, P) != -ENOMEM || core(1ul << 47, 0) != -ENOMEM || core(TOP, P) != -ENOMEM);
	BUG_ON(core(B, -P) != -ENOMEM || core(B, 1ul << 47) != -ENOMEM);
	anon(0, 2, RW);
	BUG_ON(core(B, P + 1));
}

static void anonymous_memory_is_there_once_touched(void)
{
	anon(0, 3, RW);
	put(0, 1);
	BUG_ON(get(1) || !core_is(0, "110"));
	BUG_ON(sys_mprotect(B, 3 * P, PROT_NONE) || !core_is(0, "110"));
	BUG_ON(sys_madvise(B, P, MADV_DONTNEED) || !core_is(0, "010"));
}

static void before_a_hole_it_answers(void)
{
	anon(0, 2, RW);
	put(0, 1);
	memset(vec, 7, sizeof(vec));
	BUG_ON(core(B, 3 * P) != -ENOMEM || vec[0] != 1 || vec[1] != 0 || vec[2] != 7);
}

/* References to a cached page of the file. */
static int references(unsigned long index)
{
	struct page *page = find_get_page(FILE_DATA->f_mapping, index);
	int n = page_count(page) - 1;

	put_page(page);
	return n;
}

static void files_are_asked_for_their_pages(void)
{
	u64 v;

	mapped(0, 4, PROT_READ, MAP_SHARED);
	BUG_ON(!core_is(0, "0000") || vm_read(DATA, P, &v) != 8 || !core_is(0, "0100"));
	BUG_ON(references(1) != 1); /* the pagecache's */
	BUG_ON(get(2) != WORD(2) || !core_is(0, "0110"));
	mapped(4, 3, RW, MAP_PRIVATE);
	BUG_ON(!core_is(4, "011"));
	put(4, 1);
	BUG_ON(vm_truncate(DATA, 0) || !core_is(0, "0000") || !core_is(4, "000"));
}

static void ranges_of_many_tables_are_answered(void)
{
	static u8 many[1200];

	anon(0, 1200, RW);
	put(600, 1);
	put(1199, 1);
	BUG_ON(sys_mincore(B, 1200 * P, many));
	for (unsigned i = 0; i < 1200; i++)
		BUG_ON(many[i] != (i == 600 || i == 1199));
	BUG_ON(sys_munmap(B, 1200 * P));
}

static void guards_are_not_there(void)
{
	anon(0, 2, RW);
	put(0, 1);
	BUG_ON(sys_madvise(B, 2 * P, MADV_GUARD_INSTALL) || !core_is(0, "00"));
}

#define SCRIPT(name) SCRIPT_ON(&as_6_18, name)
SCRIPT(bad_arguments_have_their_errors)
SCRIPT(anonymous_memory_is_there_once_touched)
SCRIPT(before_a_hole_it_answers)
SCRIPT(files_are_asked_for_their_pages)
SCRIPT(ranges_of_many_tables_are_answered)
SCRIPT(guards_are_not_there)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_arguments_have_their_errors),
		cmocka_unit_test(test_anonymous_memory_is_there_once_touched),
		cmocka_unit_test(test_before_a_hole_it_answers),
		cmocka_unit_test(test_files_are_asked_for_their_pages),
		cmocka_unit_test(test_ranges_of_many_tables_are_answered),
		cmocka_unit_test(test_guards_are_not_there),
	};

	return RUN_TESTS(tests, argc, argv);
}
