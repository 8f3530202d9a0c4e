// SPDX-License-Identifier: MIT
/*
 * explore_swap.c - faults on entries, and zaps, beside whoever changes the same ptes
 *
 * Two threads of one process, or parent and child whose ptes hold the same swap entry. explore_reclaim.c has what takes
 * pages away; here it is what brings them back and what removes them for good.
 */
#include "explore.h"

#include "kernel/uapi.h"

#define ADDR 0x10000ul
enum { DATA };

static void threads(void)
{
	this_machine->config.io_at_once = true;
	vm_run(0, vm_process());
	vm_run(1, 0);
	vm_as(0);
}

static void swap_out(void)
{
	BUG_ON(vm_madvise(ADDR, 1, MADV_PAGEOUT));
	BUG_ON(atomic_read(&current->mm->rss[MM_SWAPENTS]) != 1);
}

static void one_on_swap(void)
{
	threads();
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR, 1);
	swap_out();
}

/* Actor 0 is the parent, actor 1 the child. */
static void two_with_one_entry(void)
{
	this_machine->config.io_at_once = true;
	vm_run(0, vm_process());
	vm_as(0);
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR, 1);
	swap_out();
	BUG_ON(vm_fork() != 1);
	vm_run(1, 1);
	BUG_ON(atomic_read(&this_machine->process[1]->rss[MM_SWAPENTS]) != 1);
}

static void one_stored(void)
{
	threads();
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR, 1);
}

static void one_untouched(void)
{
	threads();
	vm_mmap(ADDR, 2, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR + VM_PAGE, 2);
}

static void private_file(void)
{
	threads();
	vm_file(1);
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, DATA, 0);
	vm_touch(ADDR);
}

static void shared_file(void)
{
	threads();
	vm_file(1);
	vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0);
	vm_touch(ADDR);
}

static void load(void)
{
	BUG_ON(vm_touch(ADDR));
}

static void load_1(void)
{
	uint64_t v = 0;

	BUG_ON(vm_load(ADDR, &v) || v != 1);
}

static void store_7(void)
{
	BUG_ON(vm_store(ADDR, 7));
}

static void store_8(void)
{
	BUG_ON(vm_store(ADDR, 8));
}

static void store_if_mapped(void)
{
	vm_store(ADDR, 7);
}

static void load_if_mapped(void)
{
	vm_touch(ADDR);
}

static void unmap(void)
{
	BUG_ON(vm_munmap(ADDR, 1));
}

static void discard(void)
{
	BUG_ON(vm_madvise(ADDR, 1, MADV_DONTNEED));
}

static void guard(void)
{
	BUG_ON(vm_madvise(ADDR, 1, MADV_GUARD_INSTALL));
}

static void read_only(void)
{
	BUG_ON(vm_mprotect(ADDR, 1, VM_PROT_READ));
}

static void move(void)
{
	BUG_ON(vm_mremap(ADDR, 1, ADDR + 16 * VM_PAGE));
}

static void swap_out_again(void)
{
	vm_madvise(ADDR, 1, MADV_PAGEOUT);
}

static void exit_(void)
{
	use_mm(current, NULL);
	process_exit(this_machine->process[1]);
}

static void migrate(void)
{
	struct page *page = NULL;
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte;

	down_read(&current->mm->mmap_sem);
	pte = pte_find(current->mm, ADDR, &ptl, &next);
	if (pte) {
		spin_lock(ptl);
		if (pte_present(entry_read(pte))) {
			page = pfn_to_page(pte_pfn(entry_read(pte)));
			get_page(page);
		}
		spin_unlock(ptl);
	}
	up_read(&current->mm->mmap_sem);
	if (!page)
		return;
	migrate_page(page);
	put_page(page);
}

/* ---- afterwards ------------------------------------------------------------------------------------------------------ */

static u64 value_in(int process, unsigned long addr)
{
	u64 v = ~0ull;

	vm_as(process);
	return vm_load(addr, &v) ? ~0ull : v;
}

static void nothing_is_left(void)
{
	struct machine *m = this_machine;

	for (int i = 0; i < NR_TASKS; i++)
		use_mm(&m->task[i], NULL);
	for (int i = 0; i < m->nr_processes; i++)
		if (m->process[i])
			vm_exit(i);
	BUG_ON(m->slab.live[SLAB_MM] || m->slab.live[SLAB_VMA] || m->slab.live[SLAB_ANON_VMA]);
	/* What somebody had locked when its last entry went stays in the swap cache, for reclaim. */
	BUG_ON(m->swap.nr_slots && m->swap.nr_free + m->swap.cache.nrpages != m->swap.nr_slots - 1);
}

static void holds_1(void)
{
	BUG_ON(value_in(0, ADDR) != 1);
	nothing_is_left();
}

static void holds_7(void)
{
	BUG_ON(value_in(0, ADDR) != 7);
	nothing_is_left();
}

static void holds_7_or_8(void)
{
	u64 v = value_in(0, ADDR);

	BUG_ON(v != 7 && v != 8);
	nothing_is_left();
}

static void holds_7_or_0(void)
{
	u64 v = value_in(0, ADDR);

	BUG_ON(v && v != 7);
	nothing_is_left();
}

static void is_gone(void)
{
	BUG_ON(value_in(0, ADDR) != ~0ull);
	nothing_is_left();
}

static void both_1(void)
{
	BUG_ON(value_in(0, ADDR) != 1 || value_in(1, ADDR) != 1);
	nothing_is_left();
}

static void each_its_own(void)
{
	BUG_ON(value_in(0, ADDR) != 7 || value_in(1, ADDR) != 8);
	nothing_is_left();
}

static void parent_1_child_8(void)
{
	BUG_ON(value_in(0, ADDR) != 1 || value_in(1, ADDR) != 8);
	nothing_is_left();
}

static void has_moved(void)
{
	u64 v = value_in(0, ADDR + 16 * VM_PAGE);

	BUG_ON(value_in(0, ADDR) != ~0ull || (v != 1 && v != 7));
	nothing_is_left();
}

static void swap_in_or_copy(void)
{
	u64 v = value_in(0, ADDR);

	BUG_ON(v != 1 && v != 7);
	nothing_is_left();
}

static void explore_under(const struct race *r, const char *cow, uint64_t executions)
{
	if (!executions) {
		explore_clean(r, cow);
		return;
	}
	explore_nothing_fired(explore_by("pct", executions, r, cow), r, cow);
	explore_nothing_fired(explore_by("random", executions, r, cow), r, cow);
}

/* executions: 0: all orders, by dpor; else so many by pct, and at random */
#define SCENARIO_ON(name_, executions, setup_, first, second, check_, ...)                                   \
	static void test_##name_(void **state)                                                               \
	{                                                                                                    \
		const struct race r = { .name = #name_,                                                      \
					.axis = "cow",                                                       \
					.setup = setup_,                                                     \
					.check = check_,                                                     \
					.machine = { .ghosts = 1, __VA_ARGS__ },                             \
					.actors = { { #first, first }, { #second, second } } };              \
                                                                                                             \
		(void)state;                                                                                 \
		explore_under(&r, "2.6.29", executions);                                                     \
		explore_under(&r, "anon-exclusive", executions);                                             \
	}
#define SWAP(name, setup, first, second, check)                                                              \
	SCENARIO_ON(name, 10000, setup, first, second, check, .frames = 32, .swap_pages = 3, .reclaim = 1)
#define MANY(name, setup, first, second, check)                                                              \
	SCENARIO_ON(name, 10000, setup, first, second, check, .frames = 32)
#define ALL(name, setup, first, second, check)                                                               \
	SCENARIO_ON(name, 0, setup, first, second, check, .frames = 32)

SWAP(swap_in_by_two_threads, one_on_swap, load_1, load_1, holds_1)
SWAP(swap_in_by_two_stores, one_on_swap, store_7, store_8, holds_7_or_8)
SWAP(swap_in_by_two_processes, two_with_one_entry, load_1, load_1, both_1)
SWAP(stores_by_two_processes, two_with_one_entry, store_7, store_8, each_its_own)
SWAP(store_vs_load_of_another_process, two_with_one_entry, load_1, store_8, parent_1_child_8)
SWAP(swap_in_vs_exit_of_another_process, two_with_one_entry, store_7, exit_, holds_7)
SWAP(swap_in_vs_munmap, one_on_swap, load_if_mapped, unmap, is_gone)
SWAP(swap_in_vs_munmap_of_another_process, two_with_one_entry, store_7, unmap, holds_7)
SWAP(swap_in_vs_discard, one_on_swap, store_7, discard, holds_7_or_0)
SWAP(swap_in_vs_guard, one_on_swap, load_if_mapped, guard, is_gone)
SWAP(swap_in_vs_mprotect, one_on_swap, store_if_mapped, read_only, swap_in_or_copy)
SWAP(swap_in_vs_mremap, one_on_swap, store_if_mapped, move, has_moved)
SWAP(swap_in_vs_page_out, one_on_swap, store_7, swap_out_again, holds_7)

ALL(zap_vs_first_store, one_untouched, store_if_mapped, unmap, is_gone)
ALL(zap_vs_store, one_stored, store_if_mapped, unmap, is_gone)
ALL(zap_vs_copy, private_file, store_if_mapped, unmap, is_gone)
ALL(zap_vs_store_to_a_shared_page, shared_file, store_if_mapped, unmap, is_gone)
ALL(discard_vs_store, one_stored, store_7, discard, holds_7_or_0)
ALL(discard_vs_load, one_untouched, load, discard, holds_7_or_0)
ALL(discard_vs_discard, one_stored, discard, discard, holds_7_or_0)
MANY(guard_vs_store, one_stored, store_if_mapped, guard, is_gone)
ALL(two_first_stores, one_untouched, store_7, store_8, holds_7_or_8)
ALL(two_copies, private_file, store_7, store_8, holds_7_or_8)
ALL(migration_vs_store, one_stored, store_7, migrate, holds_7)
ALL(migration_vs_load, one_stored, load_1, migrate, holds_1)
ALL(migration_vs_munmap, one_stored, unmap, migrate, is_gone)
ALL(migration_vs_discard, one_stored, discard, migrate, holds_7_or_0)
MANY(migration_vs_store_to_a_shared_page, shared_file, store_7, migrate, holds_7)

#define T(name) cmocka_unit_test(test_##name)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(swap_in_by_two_threads),
		T(swap_in_by_two_stores),
		T(swap_in_by_two_processes),
		T(stores_by_two_processes),
		T(store_vs_load_of_another_process),
		T(swap_in_vs_exit_of_another_process),
		T(swap_in_vs_munmap),
		T(swap_in_vs_munmap_of_another_process),
		T(swap_in_vs_discard),
		T(swap_in_vs_guard),
		T(swap_in_vs_mprotect),
		T(swap_in_vs_mremap),
		T(swap_in_vs_page_out),
		T(zap_vs_first_store),
		T(zap_vs_store),
		T(zap_vs_copy),
		T(zap_vs_store_to_a_shared_page),
		T(discard_vs_store),
		T(discard_vs_load),
		T(discard_vs_discard),
		T(guard_vs_store),
		T(two_first_stores),
		T(two_copies),
		T(migration_vs_store),
		T(migration_vs_load),
		T(migration_vs_munmap),
		T(migration_vs_discard),
		T(migration_vs_store_to_a_shared_page),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
