// SPDX-License-Identifier: MIT
/* mm_mremap.c - growing, shrinking and moving mappings */
#include "machine.h"

#define NOWHERE (B + 40 * P)

static long re(unsigned long at, unsigned long old, unsigned long new, unsigned long flags, unsigned long to)
{
	return sys_mremap(B + at * P, old * P, new *P, flags, to);
}

static long place(unsigned long at)
{
	return (long)(B + at * P);
}

static void bad_arguments_have_their_errors(void)
{
	BUG_ON(re(0, 1, 1, 0, 0) != -EFAULT || re(0, 1, 1, 8, 0) != -EINVAL);
	BUG_ON(sys_mremap(B + 1, P, P, MOVE, 0) != -EINVAL || re(0, 1, 0, MOVE, 0) != -EINVAL);
	BUG_ON(sys_mremap(B, P, (1ul << 47) + P, MOVE, 0) != -EINVAL);
	BUG_ON(sys_mremap(B, P, TOP, MOVE, 0) != -EFAULT || sys_mremap(B, P, -1ul, MOVE, 0) != -EINVAL);
	BUG_ON(re(0, 1, 1, MREMAP_FIXED, B + 8 * P) != -EINVAL);
	BUG_ON(re(0, 1, 1, MREMAP_DONTUNMAP, B + 8 * P) != -EINVAL);
	BUG_ON(re(0, 1, 1, MOVE | MREMAP_FIXED, B + 8 * P + 1) != -EINVAL);
	BUG_ON(re(0, 1, 1, MOVE | MREMAP_FIXED, 1ul << 47) != -EINVAL);
	BUG_ON(re(0, 2, 1, MOVE | MREMAP_FIXED, B + P) != -EINVAL);
	BUG_ON(re(0, 2, 1, MOVE | MREMAP_DONTUNMAP, 0) != -EINVAL);
	BUG_ON(re(0, 1, 1, MOVE | MREMAP_FIXED, B + 8 * P) != -EFAULT);
	BUG_ON(re(0, 0, 1, MOVE, 0) != -EFAULT || sys_mremap(B, -1ul, P, MOVE, 0) != -EFAULT);
	anon(0, 4, RW);
	BUG_ON(re(0, 0, 1, MOVE, 0) != -EINVAL || re(0, 0, 1, 0, 0) != -EINVAL);
	BUG_ON(re(0, 8, 8, 0, 0) != place(0) || re(0, 8, 9, MOVE, 0) != -EFAULT ||
	       re(0, 8, 9, 0, 0) != -EFAULT);
	BUG_ON(re(0, 2, 3, 0, 0) != -ENOMEM);
	BUG_ON(re(0, 2, 2, MOVE | MREMAP_FIXED, B) != -EINVAL);
	BUG_ON(re(0, 2, 2, MOVE | MREMAP_DONTUNMAP, B + P) != -EINVAL);
	BUG_ON(re(0, 2, 2, MOVE, B + P) != place(0));
	check_vmas();
}

static void grows_in_place_where_there_is_room(void)
{
	anon(0, 4, RW);
	put(3, 7);
	BUG_ON(re(0, 4, 6, 0, 0) != place(0) || get(3) != 7 || get(5));
	put(5, 8);
	anon(9, 1, RW);
	BUG_ON(re(2, 4, 7, 0, 0) != place(2) || current->mm->map_count != 1); /* and meets what is like it */
	check_vmas();
	BUG_ON(re(0, 10, 3, 0, 0) != place(0) || !is(3, "none") || !is(9, "none"));
	anon(3, 1, PROT_READ);
	BUG_ON(re(0, 3, 4, 0, 0) != -ENOMEM);
	check_vmas();
}

static void shrinking_takes_whatever_follows(void)
{
	anon(0, 4, RW);
	anon(5, 2, PROT_READ);
	BUG_ON(re(0, 8, 2, 0, 0) != place(0) || !is(1, "rw-p") || !is(2, "none") || !is(5, "none"));
}

static void moves_pages_without_a_fault(void)
{
	anon(0, 3, RW);
	for (unsigned long i = 0; i < 3; i++)
		put(i, i + 1);
	mapped(30, 1, PROT_READ, MAP_PRIVATE);
	new_faults();
	BUG_ON(re(1, 2, 2, MOVE | MREMAP_FIXED, B + 30 * P) != place(30));
	BUG_ON(get(30) != 2 || get(31) != 3 || get(0) != 1 || !is(1, "none"));
	put(30, 9);
	BUG_ON(new_faults() || touch(1) != SIGSEGV || touch(2) != SIGSEGV);
	BUG_ON(re(0, 1, 1, MOVE | MREMAP_FIXED, B + 700 * P) != place(700) || get(700) != 1);
	check_vmas();
	BUG_ON(sys_munmap(B + 700 * P, P));
}

static void moves_by_itself_when_it_must(void)
{
	long to;

	anon(0, 2, RW);
	anon(2, 1, PROT_READ);
	put(1, 7);
	to = re(0, 2, 4, MOVE, 0);
	BUG_ON(to != (long)(MMAP_BASE - 4 * P) || !is(0, "none"));
	BUG_ON(vm_store((unsigned long)to + 3 * P, 8));
	BUG_ON(current->mm->map_count != 2);
	check_vmas();
}

static void what_was_mapped_at_the_new_place_goes(void)
{
	anon(0, 2, RW);
	anon(8, 4, PROT_READ);
	put(0, 5);
	BUG_ON(re(0, 2, 1, MOVE | MREMAP_FIXED, B + 9 * P) != place(9));
	BUG_ON(!is(8, "r--p") || !is(9, "rw-p") || !is(10, "r--p") || !is(1, "none") || get(9) != 5);
	BUG_ON(re(9, 1, 3, MOVE | MREMAP_FIXED, B) != place(0) || get(0) != 5 || !is(2, "rw-p") ||
	       !is(9, "none"));
	check_vmas();
}

static void dontunmap_leaves_empty_memory(void)
{
	anon(0, 4, RW);
	put(0, 5);
	BUG_ON(re(0, 2, 2, MOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, B + 8 * P) != place(8));
	BUG_ON(get(8) != 5 || get(0) || !is(3, "rw-p"));
	mapped(0, 1, RW, MAP_SHARED);
	put(0, 6);
	BUG_ON(re(0, 1, 1, MOVE | MREMAP_DONTUNMAP, B + 20 * P) != place(20) || get(0) != 6 || get(20) != 6);
	anon(30, 1, RW);
	BUG_ON(sys_mlock(B + 30 * P, P));
	BUG_ON(re(30, 1, 1, MOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, B + 32 * P) != place(32));
	BUG_ON(!is(30, "rw-p") || !is(32, "rw-pl"));
	check_vmas();
}

/* All of the vma that the pages came from is unlocked, also what of it did not move, or what the new place became. */
static void dontunmap_unlocks_the_old_vma(void)
{
	long flags = MOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;

	anon(0, 4, RW);
	BUG_ON(sys_mlock(B, 4 * P) || re(1, 1, 1, flags, B + 8 * P) != place(8));
	BUG_ON(!is(0, "rw-p") || !is(3, "rw-p") || !is(8, "rw-pl"));
	anon(21, 1, PROT_NONE);
	BUG_ON(sys_mlock(B + 21 * P, P) != -ENOMEM);
	BUG_ON(re(21, 1, 1, flags, B + 20 * P) != place(20) ||
	       vma_lookup(current->mm, B + 21 * P)->vm_start != B + 20 * P);
	BUG_ON(!is(20, "---p"));
	check_vmas();
}

/* One that moved whole has no pages that its anon_vma knows: fork does not look for any. */
static void dontunmap_leaves_the_anon_vma(void)
{
	long flags = MOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;

	anon(0, 2, RW);
	put(0, 5);
	BUG_ON(re(0, 1, 1, flags, B + 8 * P) != place(8) || !vma_lookup(current->mm, B)->anon_vma);
	BUG_ON(re(0, 2, 2, flags, B + 16 * P) != place(16) || vma_lookup(current->mm, B)->anon_vma);
	BUG_ON(get(8) != 5 || !vma_lookup(current->mm, B + 16 * P)->anon_vma);
	check_vmas();
}

/* What was cut off first may have been other vmas', or nobody's; the rest must be of one. */
static void a_shrinking_move_cuts_first(void)
{
	anon(0, 4, RW);
	mapped(4, 1, RW, MAP_SHARED);
	put(3, 7);
	BUG_ON(re(3, 3, 2, MOVE | MREMAP_FIXED, B + 8 * P) != -EFAULT || !is(4, "rw-s"));
	BUG_ON(re(3, 3, 1, MOVE | MREMAP_FIXED, B + 8 * P) != place(8) || !is(4, "none") || !is(3, "none"));
	BUG_ON(get(8) != 7);
	check_vmas();
}

/* Pages that come to a vma without an anon_vma bring theirs. */
static void a_merge_brings_the_anon_vma(void)
{
	struct anon_vma *anon_vma;

	anon(0, 1, RW);
	put(0, 5);
	anon_vma = vma_lookup(current->mm, B)->anon_vma;
	/* to where the indexes follow: before it went away, page 1 came behind page 0 */
	BUG_ON(re(0, 1, 1, MOVE | MREMAP_FIXED, B + 8 * P) != place(8));
	anon(1, 1, RW);
	BUG_ON(re(8, 1, 1, MOVE | MREMAP_FIXED, B) != place(0));
	BUG_ON(vma_lookup(current->mm, B + P)->vm_start != B ||
	       vma_lookup(current->mm, B + P)->anon_vma != anon_vma);
	BUG_ON(get(0) != 5);
	check_vmas();
}

static void length_zero_maps_shared_memory_again(void)
{
	mapped(0, 2, RW, MAP_SHARED);
	BUG_ON(re(1, 0, 2, MOVE | MREMAP_FIXED, B + 8 * P) != place(8));
	BUG_ON(get(8) != WORD(1) || get(9) != WORD(2) || get(1) != WORD(1));
	BUG_ON(re(0, 0, 0, MOVE | MREMAP_FIXED, B + 16 * P) != -EINVAL);
	check_vmas();
}

static void several_vmas_move_together(void)
{
	anon(0, 1, RW);
	anon(1, 1, PROT_READ);
	anon(3, 1, RW);
	put(0, 1);
	put(3, 3);
	anon(16, 8, PROT_READ | PROT_EXEC);
	BUG_ON(re(0, 5, 5, MOVE | MREMAP_FIXED, B + 16 * P) != place(16));
	BUG_ON(!is(16, "rw-p") || !is(17, "r--p") || !is(18, "r-xp") || !is(19, "rw-p") || !is(20, "r-xp"));
	BUG_ON(!is(0, "none") || !is(1, "none") || !is(3, "none") || get(16) != 1 || get(19) != 3);
	fresh();
	anon(0, 1, RW);
	anon(1, 1, PROT_READ);
	BUG_ON(re(0, 2, 2, MOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, B + 16 * P) != place(16));
	BUG_ON(!is(0, "rw-p") || !is(1, "r--p") || !is(16, "rw-p") || !is(17, "r--p"));
	BUG_ON(re(0, 2, 3, MOVE | MREMAP_FIXED, B + 8 * P) != -EFAULT);
	fresh();
	anon(1, 1, PROT_READ);
	BUG_ON(re(0, 2, 2, MOVE | MREMAP_FIXED, B + 16 * P) != -EFAULT || !is(1, "r--p"));
	check_vmas();
}

static void what_comes_to_locked_memory_is_there(void)
{
	anon(0, 2, RW);
	BUG_ON(sys_mlock(B, 2 * P) || re(0, 2, 4, 0, 0) != place(0) || !core_is(0, "1111"));
	BUG_ON(re(0, 4, 6, MOVE | MREMAP_FIXED, B + 10 * P) != place(10) || !core_is(10, "111111"));
	BUG_ON(!is(15, "rw-pl"));
	check_vmas();
}

static void a_file_moves_with_its_dirty_pages(void)
{
	mapped(0, 3, RW, MAP_SHARED);
	put(1, 7);
	BUG_ON(re(1, 2, 2, MOVE | MREMAP_FIXED, B + 600 * P) != place(600));
	BUG_ON(get(600) != 7 || get(601) != WORD(2) || get(0) != WORD(0));
	BUG_ON(vm_truncate(DATA, P) || touch(600) != SIGBUS);
	BUG_ON(sys_munmap(B + 600 * P, 2 * P));
	check_vmas();
}

static void without_memory_pages_stay_where_they_are(void)
{
	const unsigned long far =
		(1ul << 40) - 2 * P; /* its page tables share nothing with what lies above */
	struct page *pile, *some[4];
	void *objects;

	anon(510, 4, RW); /* two page tables */
	put(510, 1);
	put(513, 2);
	for (unsigned left = 0; left < 5; left += 4) {
		for (unsigned i = 0; i < left; i++)
			some[i] = alloc_page();
		pile = take_frames();
		for (unsigned i = 0; i < left; i++)
			put_page(some[i]);
		BUG_ON(re(510, 4, 4, MOVE | MREMAP_FIXED, far) != -ENOMEM);
		give_frames(pile);
		BUG_ON(get(510) != 1 || get(513) != 2 || find_vma(current->mm, far));
	}
	objects = take_objects();
	BUG_ON(re(510, 4, 4, MOVE | MREMAP_FIXED, far) != -ENOMEM);
	give_objects(objects);
	BUG_ON(get(510) != 1 || get(513) != 2);
	check_vmas();
	BUG_ON(re(510, 4, 4, MOVE | MREMAP_FIXED, far) != (long)far || sys_munmap(far, 4 * P));
}

#define SCRIPT(name) SCRIPT_ON(&as_6_18, name)
SCRIPT(bad_arguments_have_their_errors)
SCRIPT(grows_in_place_where_there_is_room)
SCRIPT(shrinking_takes_whatever_follows)
SCRIPT(moves_pages_without_a_fault)
SCRIPT(moves_by_itself_when_it_must)
SCRIPT(what_was_mapped_at_the_new_place_goes)
SCRIPT(dontunmap_leaves_empty_memory)
SCRIPT(dontunmap_unlocks_the_old_vma)
SCRIPT(dontunmap_leaves_the_anon_vma)
SCRIPT(a_shrinking_move_cuts_first)
SCRIPT(a_merge_brings_the_anon_vma)
SCRIPT(length_zero_maps_shared_memory_again)
SCRIPT(several_vmas_move_together)
SCRIPT(what_comes_to_locked_memory_is_there)
SCRIPT(a_file_moves_with_its_dirty_pages)
SCRIPT(without_memory_pages_stay_where_they_are)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_arguments_have_their_errors),
		cmocka_unit_test(test_grows_in_place_where_there_is_room),
		cmocka_unit_test(test_shrinking_takes_whatever_follows),
		cmocka_unit_test(test_moves_pages_without_a_fault),
		cmocka_unit_test(test_moves_by_itself_when_it_must),
		cmocka_unit_test(test_what_was_mapped_at_the_new_place_goes),
		cmocka_unit_test(test_dontunmap_leaves_empty_memory),
		cmocka_unit_test(test_dontunmap_unlocks_the_old_vma),
		cmocka_unit_test(test_dontunmap_leaves_the_anon_vma),
		cmocka_unit_test(test_a_shrinking_move_cuts_first),
		cmocka_unit_test(test_a_merge_brings_the_anon_vma),
		cmocka_unit_test(test_length_zero_maps_shared_memory_again),
		cmocka_unit_test(test_several_vmas_move_together),
		cmocka_unit_test(test_what_comes_to_locked_memory_is_there),
		cmocka_unit_test(test_a_file_moves_with_its_dirty_pages),
		cmocka_unit_test(test_without_memory_pages_stay_where_they_are),
	};

	return RUN_TESTS(tests, argc, argv);
}
