// SPDX-License-Identifier: MIT
/* mm_mlock.c - memory that stays in memory */
#include "machine.h"

static long lock(unsigned long at, unsigned long pages)
{
	return sys_mlock(B + at * P, pages * P);
}

static long unlock(unsigned long at, unsigned long pages)
{
	return sys_munlock(B + at * P, pages * P);
}

static void bad_arguments_have_their_errors(void)
{
	BUG_ON(lock(0, 0) || sys_mlock(B + 1, 0) != -ENOMEM || lock(0, 1) != -ENOMEM);
	BUG_ON(sys_mlock(B, -1ul) || sys_mlock(B, -P) != -EINVAL || sys_mlock(B + 1, -1ul));
	BUG_ON(unlock(0, 0) || unlock(0, 1) != -ENOMEM || sys_munlock(B, -P) != -EINVAL);
	BUG_ON(sys_munlock(B, -1ul) || sys_mlock(TOP, P) != -ENOMEM || sys_munlock(B + 1, 0) != -ENOMEM);
}

static void locked_pages_are_there(void)
{
	anon(0, 3, RW);
	new_faults();
	BUG_ON(sys_mlock(B + 100, P) || new_faults() != 2); /* parts of two pages */
	BUG_ON(!core_is(0, "110") || !is(0, "rw-pl") || !is(1, "rw-pl") || !is(2, "rw-p"));
	check_vmas();
	BUG_ON(unlock(0, 1) || !is(0, "rw-p") || !is(1, "rw-pl") || !core_is(0, "110"));
	BUG_ON(unlock(1, 1) || current->mm->map_count != 1 || current->mm->locked_vm);
	check_vmas();
}

static void holes_stop_it(void)
{
	anon(0, 2, RW);
	anon(3, 1, RW);
	BUG_ON(lock(0, 4) != -ENOMEM || !is(0, "rw-pl") || !is(3, "rw-p") || !core_is(0, "00"));
	BUG_ON(unlock(1, 3) != -ENOMEM || !is(0, "rw-pl") || !is(1, "rw-p"));
	BUG_ON(lock(2, 2) != -ENOMEM || !is(3, "rw-p"));
	BUG_ON(lock(3, 2) != -ENOMEM || !is(3, "rw-pl"));
	check_vmas();
}

static void what_cannot_be_faulted_in_stays_locked(void)
{
	anon(0, 1, PROT_NONE);
	BUG_ON(lock(0, 1) != -ENOMEM || !is(0, "---pl"));
	mapped(0, 4, PROT_READ, MAP_SHARED);
	BUG_ON(lock(0, 4) != -ENOMEM || !is(3, "r--sl"));
	fresh();
	anon(0, 2, RW);
	anon(2, 1, PROT_NONE);
	anon(3, 1, RW);
	BUG_ON(lock(0, 4) != -ENOMEM || !is(3, "rw-pl") || !core_is(0, "1100"));
	check_vmas();
}

static struct page *page_at(unsigned long at)
{
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(current->mm, B + at * P, &ptl, &next);

	return pte && pte_present(entry_read(pte)) ? pfn_to_page(pte_pfn(entry_read(pte))) : NULL;
}

static void pages_know_it(void)
{
	anon(0, 2, RW);
	put(0, 1);
	put(1, 1);
	BUG_ON(lock(0, 1) || !PageMlocked(page_at(0)) || PageMlocked(page_at(1)));
	BUG_ON(unlock(0, 1) || PageMlocked(page_at(0)));
}

static void private_pages_are_copied_shared_are_not(void)
{
	mapped(0, 1, RW, MAP_PRIVATE);
	mapped(1, 1, RW, MAP_SHARED);
	BUG_ON(lock(0, 2));
	BUG_ON(!PageAnon(page_at(0)) || PageAnon(page_at(1)));
	new_faults();
	put(0, 1);
	BUG_ON(new_faults());
	put(1, 1);
	BUG_ON(new_faults() != 1);
}

static void without_memory_it_says_again(void)
{
	struct page *pile;

	anon(0, 4, RW);
	put(0, 1);
	pile = take_frames();
	BUG_ON(lock(0, 4) != -EAGAIN || !is(3, "rw-pl"));
	give_frames(pile);
	BUG_ON(lock(0, 4) || !core_is(0, "1111"));
}

#define SCRIPT(name) SCRIPT_ON(&as_6_18, name)
SCRIPT(bad_arguments_have_their_errors)
SCRIPT(locked_pages_are_there)
SCRIPT(holes_stop_it)
SCRIPT(what_cannot_be_faulted_in_stays_locked)
SCRIPT(pages_know_it)
SCRIPT(private_pages_are_copied_shared_are_not)
SCRIPT(without_memory_it_says_again)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_arguments_have_their_errors),
		cmocka_unit_test(test_locked_pages_are_there),
		cmocka_unit_test(test_holes_stop_it),
		cmocka_unit_test(test_what_cannot_be_faulted_in_stays_locked),
		cmocka_unit_test(test_pages_know_it),
		cmocka_unit_test(test_private_pages_are_copied_shared_are_not),
		cmocka_unit_test(test_without_memory_it_says_again),
	};

	return RUN_TESTS(tests, argc, argv);
}
