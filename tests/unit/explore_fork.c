// SPDX-License-Identifier: MIT
/*
 * explore_fork.c - fork is right in every order beside another thread of the parent
 *
 * Who stores, faults, unmaps, reclaims or forks as well. The child has what the parent had at some moment during its
 * fork, the parent keeps what it stored, and nothing is left behind when both are gone: the oracles of private bytes,
 * of counts, of translations and of leaks look.
 */
#include "explore.h"

#include "kernel/uapi.h"

#define ADDR 0x10000ul
#define AREA 0x40000000ul /* ptes in tables of their own */
enum { DATA };

static void two_threads(void)
{
	this_machine->config.io_at_once = true;
	vm_run(0, vm_process());
	vm_run(1, 0);
	vm_as(0);
}

static void stored_page(void)
{
	two_threads();
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR, 1);
}

/* The first is there, the second is not. */
static void half_of_two(void)
{
	two_threads();
	vm_mmap(ADDR, 2, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR, 1);
}

static void zero_page(void)
{
	two_threads();
	vm_mmap(ADDR, 2, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR + VM_PAGE, 2);
	vm_touch(ADDR);
}

static void private_file(void)
{
	two_threads();
	vm_file(2);
	vm_mmap(ADDR, 2, MAPPED_PRIVATE, DATA, 0);
	vm_store(ADDR + VM_PAGE, 2);
	vm_touch(ADDR);
}

static void swapped_out(void)
{
	stored_page();
	BUG_ON(vm_madvise(ADDR, 1, MADV_PAGEOUT));
	BUG_ON(atomic_read(&current->mm->rss[MM_SWAPENTS]) != 1);
}

static void fork_(void)
{
	BUG_ON(vm_fork() < 0);
}

static void store(void)
{
	BUG_ON(vm_store(ADDR, 7));
}

static void store_beside(void)
{
	BUG_ON(vm_store(ADDR + VM_PAGE, 8));
}

static void store_twice(void)
{
	BUG_ON(vm_store(ADDR, 7) || vm_store(ADDR, 9));
}

static void load(void)
{
	BUG_ON(vm_touch(ADDR));
}

static void unmap(void)
{
	BUG_ON(vm_munmap(ADDR, 1));
}

static void discard(void)
{
	BUG_ON(vm_madvise(ADDR, 1, MADV_DONTNEED));
}

static void page_out(void)
{
	BUG_ON(vm_madvise(ADDR, 1, MADV_PAGEOUT));
}

static u64 value_in(int process, unsigned long addr)
{
	u64 v = ~0ull;

	vm_as(process);
	return vm_load(addr, &v) ? ~0ull : v;
}

/* Then both go. */
static void nothing_is_left(void)
{
	for (int i = 0; i < NR_TASKS; i++)
		use_mm(&this_machine->task[i], NULL);
	for (int i = 0; i < this_machine->nr_processes; i++)
		vm_exit(i);
	BUG_ON(this_machine->slab.live[SLAB_MM] || this_machine->slab.live[SLAB_VMA] ||
	       this_machine->slab.live[SLAB_ANON_VMA]);
	/* What somebody had locked when its last entry went stays in the swap cache, for reclaim. */
	BUG_ON(this_machine->swap.nr_slots &&
	       this_machine->swap.nr_free + this_machine->swap.cache.nrpages != this_machine->swap.nr_slots - 1);
}

static void parent_7_child_1_or_7(void)
{
	u64 v = value_in(1, ADDR);

	BUG_ON(value_in(0, ADDR) != 7 || (v != 1 && v != 7));
	nothing_is_left();
}

static void parent_7_child_0_or_7(void)
{
	u64 v = value_in(1, ADDR);

	BUG_ON(value_in(0, ADDR) != 7 || (v && v != 7));
	nothing_is_left();
}

static void parent_8_child_0_or_8(void)
{
	u64 v = value_in(1, ADDR + VM_PAGE);

	BUG_ON(value_in(0, ADDR + VM_PAGE) != 8 || (v && v != 8));
	BUG_ON(value_in(0, ADDR) != 1 || value_in(1, ADDR) != 1);
	nothing_is_left();
}

static void parent_9(void)
{
	u64 v = value_in(1, ADDR);

	BUG_ON(value_in(0, ADDR) != 9 || (v != 1 && v != 7 && v != 9));
	nothing_is_left();
}

static void both_1(void)
{
	BUG_ON(value_in(0, ADDR) != 1 || value_in(1, ADDR) != 1);
	nothing_is_left();
}

static void all_1(void)
{
	BUG_ON(value_in(2, ADDR) != 1);
	both_1();
}

static void both_0(void)
{
	BUG_ON(value_in(0, ADDR) || value_in(1, ADDR));
	nothing_is_left();
}

static void child_1_or_nothing(void)
{
	u64 v = value_in(1, ADDR);

	BUG_ON(value_in(0, ADDR) != ~0ull || (v != 1 && v != ~0ull));
	nothing_is_left();
}

static void child_1_or_0(void)
{
	u64 v = value_in(1, ADDR);

	BUG_ON(value_in(0, ADDR) || (v && v != 1));
	nothing_is_left();
}

static void file_of_the_two(void)
{
	u64 v = value_in(1, ADDR);

	BUG_ON(value_in(0, ADDR) != 7 || (v != 7 && v != file_initial_word(DATA, 0)));
	nothing_is_left();
}

/* executions: 0: all orders, by dpor; else so many by pct, and at random */
static void explore_under(const struct race *r, const char *cow, uint64_t executions)
{
	if (!executions) {
		explore_clean(r, cow);
		return;
	}
	explore_nothing_fired(explore_by("pct", executions, r, cow), r, cow);
	explore_nothing_fired(explore_by("random", executions, r, cow), r, cow);
}

#define SCENARIO(name_, executions, setup_, second, check_, ...)                                             \
	static void test_##name_(void **state)                                                               \
	{                                                                                                    \
		const struct race r = { .name = #name_,                                                      \
					.axis = "cow",                                                       \
					.setup = setup_,                                                     \
					.check = check_,                                                     \
					.machine = { .ghosts = 1, __VA_ARGS__ },                             \
					.actors = { { "fork", fork_ }, { #second, second } } };              \
                                                                                                             \
		(void)state;                                                                                 \
		explore_under(&r, "2.6.29", executions);                                                     \
		explore_under(&r, "page-count", executions);                                                 \
		explore_under(&r, "anon-exclusive", executions);                                             \
	}
#define SWAP .frames = 32, .swap_pages = 3, .reclaim = 1

SCENARIO(fork_vs_store, 0, stored_page, store, parent_7_child_1_or_7, .frames = 0)
SCENARIO(fork_vs_two_stores, 0, stored_page, store_twice, parent_9, .frames = 0)
SCENARIO(fork_vs_first_store, 0, half_of_two, store_beside, parent_8_child_0_or_8, .frames = 0)
SCENARIO(fork_vs_store_to_zero_page, 0, zero_page, store, parent_7_child_0_or_7, .frames = 0)
SCENARIO(fork_vs_load, 0, stored_page, load, both_1, .frames = 0)
SCENARIO(fork_vs_load_of_zero_page, 0, zero_page, load, both_0, .frames = 0)
SCENARIO(fork_vs_copy_of_a_files_page, 0, private_file, store, file_of_the_two, .frames = 0)
SCENARIO(fork_vs_munmap, 0, stored_page, unmap, child_1_or_nothing, .frames = 0)
SCENARIO(fork_vs_discard, 0, stored_page, discard, child_1_or_0, .frames = 0)
SCENARIO(fork_vs_fork, 0, stored_page, fork_, all_1, .frames = 0)
SCENARIO(fork_vs_swap_in, 2000, swapped_out, store, parent_7_child_1_or_7, SWAP)
SCENARIO(fork_vs_swap_out, 2000, stored_page, page_out, both_1, SWAP)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fork_vs_store),
		cmocka_unit_test(test_fork_vs_two_stores),
		cmocka_unit_test(test_fork_vs_first_store),
		cmocka_unit_test(test_fork_vs_store_to_zero_page),
		cmocka_unit_test(test_fork_vs_load),
		cmocka_unit_test(test_fork_vs_load_of_zero_page),
		cmocka_unit_test(test_fork_vs_copy_of_a_files_page),
		cmocka_unit_test(test_fork_vs_munmap),
		cmocka_unit_test(test_fork_vs_discard),
		cmocka_unit_test(test_fork_vs_fork),
		cmocka_unit_test(test_fork_vs_swap_in),
		cmocka_unit_test(test_fork_vs_swap_out),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
