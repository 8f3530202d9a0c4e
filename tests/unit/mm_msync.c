// SPDX-License-Identifier: MIT
/* mm_msync.c - what was written to mapped files goes to disk */
#include "machine.h"

static void bad_arguments_have_their_errors(void)
{
	BUG_ON(sys_msync(B, 0, 0) || sys_msync(B, P, 0) != -ENOMEM || sys_msync(B, P, 8) != -EINVAL);
	BUG_ON(sys_msync(B + 1, P, 0) != -EINVAL || sys_msync(B, P, 5) != -EINVAL ||
	       sys_msync(B, 0, 5) != -EINVAL);
	BUG_ON(sys_msync(B, -P, MS_ASYNC) != -ENOMEM || sys_msync(B, -1ul, MS_ASYNC) ||
	       sys_msync(B, 0, MS_ASYNC));
	BUG_ON(sys_msync(TOP, P, MS_ASYNC) != -ENOMEM);
}

static void holes_are_told_in_the_end(void)
{
	anon(0, 1, RW);
	mapped(2, 1, RW, MAP_SHARED);
	BUG_ON(sys_msync(B, 3 * P, MS_ASYNC) != -ENOMEM || sys_msync(B, 3 * P, MS_SYNC) != -ENOMEM);
	BUG_ON(sys_msync(B, 3 * P, 0) != -ENOMEM || sys_msync(B, P, MS_SYNC) ||
	       sys_msync(B + P, P, MS_SYNC) != -ENOMEM);
}

static void locked_memory_is_not_invalidated(void)
{
	anon(0, 1, RW);
	mapped(2, 1, RW, MAP_SHARED);
	BUG_ON(sys_mlock(B + 2 * P, P));
	BUG_ON(sys_msync(B, 3 * P, MS_INVALIDATE) != -EBUSY || sys_msync(B, P, MS_INVALIDATE));
	BUG_ON(sys_msync(B, 3 * P, MS_INVALIDATE | MS_SYNC) != -EBUSY || sys_msync(B + 2 * P, P, MS_ASYNC));
	BUG_ON(sys_msync(B, 3 * P, MS_INVALIDATE | MS_ASYNC) != -EBUSY);
}

static u64 on_disk(unsigned page)
{
	u64 v;

	memcpy(&v, this_machine->disk.block[FILE_DATA->f_inode->i_block + page], sizeof(v));
	return v;
}

static void sync_writes_what_is_mapped_shared(void)
{
	mapped(0, 3, RW, MAP_SHARED);
	put(0, 5);
	put(1, 6);
	put(2, 7);
	BUG_ON(on_disk(0) != WORD(0) || sys_msync(B, 3 * P, MS_ASYNC) || on_disk(0) != WORD(0));
	BUG_ON(sys_msync(B + P, 2 * P, MS_SYNC) || on_disk(0) != WORD(0) || on_disk(1) != 6 ||
	       on_disk(2) != 7);
	put(2, 9);
	BUG_ON(sys_munmap(B + P, P) || sys_msync(B, 3 * P, MS_SYNC) != -ENOMEM);
	BUG_ON(on_disk(0) != 5 || on_disk(2) != 9);
	new_faults();
	put(0, 8);
	BUG_ON(new_faults() != 1); /* it is clean, so a store is noticed */
}

#define SCRIPT(name) SCRIPT_ON(&as_6_18, name)
SCRIPT(bad_arguments_have_their_errors)
SCRIPT(holes_are_told_in_the_end)
SCRIPT(locked_memory_is_not_invalidated)
SCRIPT(sync_writes_what_is_mapped_shared)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_arguments_have_their_errors),
		cmocka_unit_test(test_holes_are_told_in_the_end),
		cmocka_unit_test(test_locked_memory_is_not_invalidated),
		cmocka_unit_test(test_sync_writes_what_is_mapped_shared),
	};

	return RUN_TESTS(tests, argc, argv);
}
