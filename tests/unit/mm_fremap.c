// SPDX-License-Identifier: MIT
/* mm_fremap.c - pages of a file in any order */
#include "machine.h"

static const struct dirty_protocol by_pte = { .writenotify = false };

static long order(unsigned long at, unsigned long pages, unsigned long pgoff)
{
	return sys_remap_file_pages(B + at * P, pages * P, 0, pgoff, 0);
}

static void bad_arguments_have_their_errors(void)
{
	mapped(0, 3, RW, MAP_SHARED);
	BUG_ON(sys_remap_file_pages(B, P, PROT_READ, 0, 0) != -EINVAL || order(0, 0, 0) != -EINVAL);
	BUG_ON(order(0, 1, ~0ul) != -EINVAL || order(0, 4, 0) != -EINVAL || order(8, 1, 0) != -EINVAL);
	mapped(4, 1, RW, MAP_PRIVATE);
	BUG_ON(order(4, 1, 1) != -EINVAL);
	anon(6, 1, RW);
	BUG_ON(order(6, 1, 1) != -EINVAL);
}

static void pages_come_in_the_order_asked_for(void)
{
	this_machine->dirty = &by_pte;
	mapped(0, 3, RW, MAP_SHARED);
	put(0, 5);
	BUG_ON(order(0, 1, 2) || order(1, 2, 0));
	BUG_ON(get(0) != WORD(2) || get(1) != 5 || get(2) != WORD(1));
	BUG_ON(current->mm->map_count != 1 || !(vma_first(current->mm)->vm_flags & VM_NONLINEAR));
	BUG_ON(list_empty(&FILE_DATA->f_mapping->i_mmap_nonlinear) ||
	       !RB_EMPTY_ROOT(&FILE_DATA->f_mapping->i_mmap));
	put(2, 6);
	BUG_ON(sys_munmap(B + 2 * P, P) || get(0) != WORD(2) || get(1) != 5);
	fresh();
	BUG_ON(!list_empty(&FILE_DATA->f_mapping->i_mmap_nonlinear) || FILE_DATA->f_mapping->i_mmap_writable);
}

static void the_order_outlives_the_pages(void)
{
	this_machine->dirty = &by_pte;
	mapped(0, 3, RW, MAP_SHARED);
	BUG_ON(sys_remap_file_pages(B, P, 0, 2, MAP_NONBLOCK) || !core_is(0, "000"));
	BUG_ON(get(0) != WORD(2) || order(1, 1, 0) || get(1) != WORD(0));
	BUG_ON(vm_truncate(DATA, P) || touch(0) != SIGBUS || get(1) != WORD(0));
	check_vmas();
}

static void stores_before_it_are_kept(void)
{
	this_machine->dirty = &by_pte;
	mapped(0, 2, RW, MAP_SHARED);
	BUG_ON(get(0) != WORD(0));
	put(0, 5); /* only the pte knows */
	BUG_ON(order(0, 1, 1) || get(0) != WORD(1) || vm_invalidate(DATA, 0, 0) != -EIO);
}

static void where_dirty_pages_are_counted_it_is_cut(void)
{
	mapped(0, 3, RW, MAP_SHARED);
	BUG_ON(order(0, 1, 2) || get(0) != WORD(2) || current->mm->map_count != 2);
	BUG_ON(vma_first(current->mm)->vm_flags & VM_NONLINEAR || order(1, 1, 1) || get(1) != WORD(1));
	check_vmas();
}

static void without_memory_it_fails(void)
{
	struct page *pile;

	this_machine->dirty = &by_pte;
	mapped(0, 3, RW, MAP_SHARED);
	pile = take_frames();
	BUG_ON(order(0, 1, 2) != -ENOMEM);
	give_frames(pile);
	BUG_ON(order(0, 1, 2) || get(0) != WORD(2));
}

#define SCRIPT(name) SCRIPT_ON(&as_6_18, name)
SCRIPT(bad_arguments_have_their_errors)
SCRIPT(pages_come_in_the_order_asked_for)
SCRIPT(the_order_outlives_the_pages)
SCRIPT(stores_before_it_are_kept)
SCRIPT(where_dirty_pages_are_counted_it_is_cut)
SCRIPT(without_memory_it_fails)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_arguments_have_their_errors),
		cmocka_unit_test(test_pages_come_in_the_order_asked_for),
		cmocka_unit_test(test_the_order_outlives_the_pages),
		cmocka_unit_test(test_stores_before_it_are_kept),
		cmocka_unit_test(test_where_dirty_pages_are_counted_it_is_cut),
		cmocka_unit_test(test_without_memory_it_fails),
	};

	return RUN_TESTS(tests, argc, argv);
}
