// SPDX-License-Identifier: MIT
/* mm_mprotect.c - changing what may be done with mappings, and which pages become writable at once */
#include "machine.h"

static long protect(unsigned long at, unsigned long pages, unsigned long prot)
{
	return sys_mprotect(B + at * P, pages * P, prot);
}

static void bad_arguments_have_their_errors(void)
{
	BUG_ON(protect(0, 0, RW) || sys_mprotect(B + 1, 0, RW) != -EINVAL || protect(0, 1, RW) != -ENOMEM);
	BUG_ON(sys_mprotect(B, -P, RW) != -ENOMEM || sys_mprotect(B, -1ul, RW) != -ENOMEM);
	BUG_ON(protect(0, 1, 0x10) != -EINVAL || sys_mprotect(B, -P, 0x10) != -ENOMEM || protect(0, 0, 0x10));
	BUG_ON(sys_mprotect(TOP, P, PROT_READ) != -ENOMEM);
	anon(0, 1, RW);
	BUG_ON(protect(0, 1, PROT_GROWSDOWN) != -EINVAL);
	BUG_ON(protect(0, 1, PROT_GROWSDOWN | PROT_GROWSUP) != -EINVAL);
	BUG_ON(protect(0, 1, 8) || !is(0, "---p"));
}

static void what_lies_before_a_hole_is_done(void)
{
	anon(0, 1, RW);
	anon(2, 1, RW);
	BUG_ON(protect(0, 3, PROT_READ) != -ENOMEM || !is(0, "r--p") || !is(2, "rw-p"));
	BUG_ON(protect(1, 2, PROT_READ) != -ENOMEM || !is(2, "rw-p"));
	BUG_ON(protect(2, 2, PROT_READ | PROT_EXEC) != -ENOMEM || !is(2, "r-xp"));
	fresh();
	FILE_DATA->f_mode = FMODE_READ;
	mapped(1, 1, PROT_READ, MAP_SHARED);
	FILE_DATA->f_mode = FMODE_READ | FMODE_WRITE;
	mapped(0, 1, PROT_READ, MAP_SHARED);
	mapped(2, 1, PROT_READ, MAP_SHARED);
	BUG_ON(protect(0, 3, RW) != -EACCES || !is(0, "rw-s") || !is(1, "r--s") || !is(2, "r--s"));
	check_vmas();
}

static void accesses_are_refused_at_once(void)
{
	anon(0, 3, RW);
	for (unsigned long i = 0; i < 3; i++)
		put(i, i + 1);
	BUG_ON(protect(1, 1, PROT_READ));
	BUG_ON(vm_store(B + P, 9) != SIGSEGV || get(1) != 2);
	BUG_ON(current->sig_code != SEGV_ACCERR);
	put(0, 5);
	put(2, 6);
	BUG_ON(protect(0, 3, PROT_NONE) || touch(0) != SIGSEGV || touch(1) != SIGSEGV || touch(2) != SIGSEGV);
	BUG_ON(protect(0, 3, PROT_READ) || get(0) != 5 || get(1) != 2 || get(2) != 6);
	check_vmas();
}

static void stores_before_it_are_kept(void)
{
	mapped(0, 1, RW, MAP_SHARED);
	put(0, 7);
	BUG_ON(protect(0, 1, PROT_NONE) || protect(0, 1, PROT_READ));
	BUG_ON(get(0) != 7 || sys_munmap(B, P));
	BUG_ON(vm_invalidate(DATA, 0, 0) != -EIO); /* still known to be dirty */
}

/* The pte of page `at` lets stores through. */
static bool writable(unsigned long at)
{
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(current->mm, B + at * P, &ptl, &next);

	return pte && pte_write(entry_read(pte));
}

static void a_dirty_shared_page_is_writable_at_once(void)
{
	mapped(0, 2, RW, MAP_SHARED);
	put(0, 1);
	BUG_ON(get(1) != WORD(1) || !writable(0) || writable(1));
	BUG_ON(protect(0, 2, PROT_READ) || writable(0));
	BUG_ON(protect(0, 2, RW) || !writable(0) || writable(1));
	new_faults();
	put(0, 2);
	BUG_ON(new_faults());
	put(1, 3);
	BUG_ON(new_faults() != 1);
}

static void private_pages(bool exclusive)
{
	const struct cow_protocol *was = this_machine->cow;
	struct cow_protocol cow = *was;

	cow.exclusive = exclusive;
	this_machine->cow = &cow;
	fresh();
	anon(0, 2, RW);
	put(0, 1);
	BUG_ON(get(1)); /* the zero page */
	BUG_ON(protect(0, 2, PROT_NONE) || protect(0, 2, RW));
	BUG_ON(writable(0) != exclusive || writable(1));
	put(0, 2);
	put(1, 3);
	BUG_ON(get(0) != 2 || get(1) != 3);
	mapped(4, 1, RW, MAP_PRIVATE);
	BUG_ON(get(4) != WORD(0) || protect(4, 1, PROT_READ) || protect(4, 1, RW) || writable(4));
	put(4, 5);
	BUG_ON(get(4) != 5);
	this_machine->cow = was;
}

static void a_private_page_waits_unless_it_is_exclusive(void)
{
	private_pages(false);
	private_pages(true);
}

static void locked_memory_gets_its_pages_with_write(void)
{
	anon(0, 2, PROT_READ);
	BUG_ON(sys_mlock(B, 2 * P) || protect(0, 2, RW));
	new_faults();
	put(0, 1);
	put(1, 1);
	BUG_ON(new_faults());
}

static void ranges_are_cut_and_joined(void)
{
	struct mm_struct *mm = current->mm;

	anon(0, 6, RW);
	put(0, 1);
	BUG_ON(protect(2, 2, PROT_READ) || mm->map_count != 3 || protect(0, 6, PROT_READ) ||
	       mm->map_count != 1);
	BUG_ON(protect(0, 3, RW) || mm->map_count != 2 || protect(3, 1, RW) || mm->map_count != 2);
	BUG_ON(!is(3, "rw-p") || !is(4, "r--p"));
	check_vmas();
}

static void a_stack_is_changed_from_its_start(void)
{
	BUG_ON(sys_mmap(B, 4 * P, RW, AP | FX | MAP_GROWSDOWN, NULL, 0) < 0);
	BUG_ON(protect(2, 1, PROT_READ | PROT_GROWSDOWN) || !is(0, "r--p") || !is(2, "r--p") ||
	       !is(3, "rw-p"));
}

#define SCRIPT(name) SCRIPT_ON(&as_6_18, name)
SCRIPT(bad_arguments_have_their_errors)
SCRIPT(what_lies_before_a_hole_is_done)
SCRIPT(accesses_are_refused_at_once)
SCRIPT(stores_before_it_are_kept)
SCRIPT(a_dirty_shared_page_is_writable_at_once)
SCRIPT(a_private_page_waits_unless_it_is_exclusive)
SCRIPT(locked_memory_gets_its_pages_with_write)
SCRIPT(ranges_are_cut_and_joined)
SCRIPT(a_stack_is_changed_from_its_start)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_arguments_have_their_errors),
		cmocka_unit_test(test_what_lies_before_a_hole_is_done),
		cmocka_unit_test(test_accesses_are_refused_at_once),
		cmocka_unit_test(test_stores_before_it_are_kept),
		cmocka_unit_test(test_a_dirty_shared_page_is_writable_at_once),
		cmocka_unit_test(test_a_private_page_waits_unless_it_is_exclusive),
		cmocka_unit_test(test_locked_memory_gets_its_pages_with_write),
		cmocka_unit_test(test_ranges_are_cut_and_joined),
		cmocka_unit_test(test_a_stack_is_changed_from_its_start),
	};

	return RUN_TESTS(tests, argc, argv);
}
