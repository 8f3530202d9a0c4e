// SPDX-License-Identifier: MIT
/* explore_failures_memory.c - programs on memory of their own, on swap, on huge pages: each failure in turn */
#include "failures.h"

/* ---- set-ups ------------------------------------------------------------------------------------------------------- */

static void two_threads(void)
{
	process();
	vm_run(1, 0);
	BUG_ON(map_anon(ADDR, 1) < 0);
}

static void family(void)
{
	two_pages();
	BUG_ON(vm_fork() != 1);
	vm_run(1, 1);
}

/* Set-ups may wait for the disk. */
static void on_swap(void)
{
	two_pages();
	this_machine->config.io_at_once = true;
	BUG_ON(vm_madvise(ADDR, 2, MADV_PAGEOUT));
	this_machine->config.io_at_once = false;
	BUG_ON(atomic_read(&current->mm->rss[MM_SWAPENTS]) != 2);
}

static void family_on_swap(void)
{
	on_swap();
	BUG_ON(vm_fork() != 1);
	vm_run(1, 1);
}

static void huge_area(void)
{
	process();
	BUG_ON(map_anon(AREA, HPAGE_NR) < 0 || vm_madvise(AREA, HPAGE_NR, MADV_HUGEPAGE));
}

static void huge_page(void)
{
	huge_area();
	BUG_ON(vm_store(AREA, 1) || vm_store(AREA + 511 * P, 2));
}

static void small_pages_of_an_area(void)
{
	process();
	BUG_ON(map_anon(AREA, HPAGE_NR) < 0 || vm_store(AREA, 1) || vm_store(AREA + 511 * P, 2));
	BUG_ON(vm_madvise(AREA, HPAGE_NR, MADV_HUGEPAGE));
}

/* ---- programs ------------------------------------------------------------------------------------------------------ */

static void map_and_store(void)
{
	if (!ok(map_anon(AREA, 2)))
		return;
	can(vm_touch(AREA));
	can(vm_store(AREA, 1));
	can(vm_store(AREA + P, 2));
	ok(vm_munmap(AREA, 2));
}

static void first_store(void)
{
	can(vm_store(ADDR, 1));
}

static void map_populated(void)
{
	ok(sys_mmap(AREA, 3 * P, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, NULL, 0));
	ok(sys_mmap(AREA2, 2 * P, RW, MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, &this_machine->file[DATA], 0));
}

static void lock_and_unlock(void)
{
	ok(sys_mlock(ADDR + P, P));
	ok(sys_munlock(ADDR, 3 * P));
	expect(ADDR, 1);
	expect(ADDR + P, 2);
}

static void cut_and_join(void)
{
	ok(vm_mprotect(ADDR + P, 1, VM_PROT_READ));
	ok(vm_mprotect(ADDR + P, 1, VM_PROT_READ | VM_PROT_WRITE));
	expect(ADDR + P, 2);
	ok(vm_madvise(ADDR + P, 1, MADV_DONTFORK));
	ok(vm_munmap(ADDR + P, 1));
	expect(ADDR, 1);
}

static void move(void)
{
	long ret = sys_mremap(ADDR, 2 * P, 2 * P, MREMAP_MAYMOVE | MREMAP_FIXED, AREA + PMD_SIZE - P);
	unsigned long now = ret < 0 ? ADDR : AREA + PMD_SIZE - P;

	ok(ret);
	expect(now, 1);
	expect(now + P, 2);
}

static void grow_and_shrink(void)
{
	long ret = sys_mremap(ADDR, 3 * P, 8 * P, MREMAP_MAYMOVE, 0);
	unsigned long now = ok(ret) ? (unsigned long)ret : ADDR;

	expect(now, 1);
	expect(now + P, 2);
	ok(sys_mremap(now, 2 * P, P, 0, 0));
	expect(now, 1);
}

static void advise(void)
{
	ok(vm_madvise(ADDR + 2 * P, 1, MADV_POPULATE_WRITE));
	ok(vm_madvise(ADDR, 1, MADV_GUARD_INSTALL));
	ok(vm_madvise(ADDR, 1, MADV_GUARD_REMOVE));
	ok(vm_madvise(ADDR, 3, MADV_COLD));
	ok(vm_madvise(ADDR, 3, MADV_FREE));
	ok(vm_madvise(ADDR + P, 1, MADV_DONTNEED));
	expect(ADDR + P, 0);
}

static void page_out(void)
{
	ok(vm_madvise(ADDR, 2, MADV_PAGEOUT));
	expect(ADDR, 1);
	can(vm_store(ADDR + P, 5));
}

static void fork_and_store(void)
{
	long child = vm_fork();

	if (ok(child))
		vm_exit((int)child);
	expect(ADDR, 1);
	can(vm_store(ADDR, 3));
}

static void fork_while_pinned(void)
{
	int pin = vm_pin(ADDR, 1, VM_PIN_WRITE);

	if (!ok(pin))
		return;
	ok(vm_fork());
	can(vm_store(ADDR, 4));
	vm_unpin(pin);
}

static void copy(void)
{
	can(vm_store(ADDR, 3));
	expect(ADDR + P, 2);
}

static void swap_in(void)
{
	expect(ADDR, 1);
	can(vm_store(ADDR + P, 5));
}

static void will_need(void)
{
	ok(vm_madvise(ADDR, 2, MADV_WILLNEED));
	expect(ADDR, 1);
}

static void pin(void)
{
	static const int flags[] = { VM_PIN_WRITE, VM_PIN_WRITE | VM_PIN_SLOW, VM_PIN_SLOW, VM_PIN_LONGTERM,
				     VM_PIN_GET };

	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		int p = vm_pin(ADDR + P, 2, flags[i]);

		if (ok(p))
			vm_unpin(p);
	}
}

static void store_to_huge(void)
{
	bool stored = can(vm_store(AREA, 1));

	can(vm_store(AREA + 511 * P, 2));
	expect(AREA, stored);
}

static void fork_huge(void)
{
	long child = vm_fork();

	ok(child);
	can(vm_store(AREA, 3));
	expect(AREA + 511 * P, 2);
	if (child > 0)
		vm_exit((int)child);
}

static void split_huge(void)
{
	ok(vm_munmap(AREA + 5 * P, 1));
	ok(vm_mprotect(AREA + 511 * P, 1, VM_PROT_READ));
	ok(vm_mremap(AREA, 2, AREA2));
	expect(AREA + 511 * P, 2);
}

static void collapse(void)
{
	ok(collapse_huge_page(current->mm, AREA));
	expect(AREA, 1);
	expect(AREA + 511 * P, 2);
}

static void hugetlb(void)
{
	if (!ok(sys_mmap(AREA2, HPAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_HUGETLB, NULL,
			 0)))
		return;
	can(vm_store(AREA2, 1));
	ok(vm_fork());
	can(vm_store(AREA2, 2));
	ok(sys_munmap(AREA2, HPAGE_SIZE));
}

static void merge(void)
{
	ok(vm_madvise(ADDR, 2, MADV_MERGEABLE));
	ok(ksm_merge(current->mm, ADDR, current->mm, ADDR + P));
	can(vm_store(ADDR + P, 3));
	ok(vm_madvise(ADDR, 2, MADV_UNMERGEABLE));
}

static void merge_same(void)
{
	can(vm_store(ADDR + P, 1));
	merge();
}

static void migrate(void)
{
	struct page *page = NULL;

	if (get_user_pages_fast(ADDR, 1, FOLL_GET, &page) != 1)
		return;
	ok(migrate_page(page));
	put_page(page);
	expect(ADDR, 1);
}

static void others_memory(void)
{
	u64 v = 0;

	ok(sys_process_vm_read(this_machine->process[1], ADDR + P, ADDR, 8));
	ok(sys_process_vm_write(this_machine->process[1], ADDR + P, ADDR + 2 * P, 8));
	ok(vm_peek(1, ADDR, &v));
	ok(vm_poke(1, ADDR + P, 9));
}

static void splice(void)
{
	ok(vm_vmsplice(ADDR, 2 * P));
	ok(vm_pipe_read(ADDR + 2 * P, P));
	ok(sys_pipe_write(ADDR, 100));
	ok(vm_pipe_read(ADDR + 2 * P, P));
}

static const struct program programs[] = {
	{ "map_and_store", process, map_and_store, NULL, ALLOC, SMALL },
	{ "map_populated", process, map_populated, NULL, BOTH, SMALL },
	{ "lock_and_unlock", two_pages, lock_and_unlock, NULL, ALLOC, SMALL },
	{ "cut_and_join", two_pages, cut_and_join, NULL, ALLOC, SMALL },
	{ "move", two_pages, move, NULL, ALLOC, SMALL },
	{ "move_from_swap", on_swap, move, NULL, BOTH, SWAP },
	{ "grow_and_shrink", two_pages, grow_and_shrink, NULL, ALLOC, SMALL },
	{ "advise", two_pages, advise, NULL, ALLOC, SWAP },
	{ "page_out", two_pages, page_out, NULL, BOTH, SWAP },
	{ "fork_and_store", two_pages, fork_and_store, NULL, ALLOC, SMALL },
	{ "fork_on_swap", on_swap, fork_and_store, NULL, BOTH, SWAP },
	{ "fork_while_pinned", two_pages, fork_while_pinned, NULL, ALLOC, SMALL },
	{ "copy", family, copy, NULL, ALLOC, SMALL },
	{ "two_copies", family, copy, copy, ALLOC, SMALL },
	{ "swap_in", on_swap, swap_in, NULL, BOTH, SWAP },
	{ "swap_in_of_two", family_on_swap, swap_in, swap_in, DISK, SWAP },
	{ "will_need", on_swap, will_need, NULL, BOTH, SWAP },
	{ "pin", two_pages, pin, NULL, ALLOC, SMALL },
	{ "pin_from_swap", on_swap, pin, NULL, BOTH, SWAP },
	{ "store_to_huge", huge_area, store_to_huge, NULL, ALLOC, HUGE },
	{ "fork_huge", huge_page, fork_huge, NULL, ALLOC, HUGE },
	{ "split_huge", huge_page, split_huge, NULL, ALLOC, HUGE },
	{ "collapse", small_pages_of_an_area, collapse, NULL, ALLOC, HUGE },
	{ "hugetlb", process, hugetlb, NULL, ALLOC, { .frames = 5 * HPAGE_NR, .huge_pages = 2 } },
	{ "merge", two_pages, merge, NULL, ALLOC, SMALL },
	{ "merge_same", two_pages, merge_same, NULL, ALLOC, SMALL },
	{ "migrate", two_pages, migrate, NULL, ALLOC, SMALL },
	{ "others_memory", family, others_memory, NULL, ALLOC, SMALL },
	{ "splice", two_pages, splice, NULL, ALLOC, SMALL },
	{ "two_first_stores", two_threads, first_store, first_store, ALLOC, SMALL },
};

static void test_every_failure(void **state)
{
	every_failure(programs, sizeof(programs) / sizeof(programs[0]), *state);
}

/* An argument names the one program that is to be run. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(test_every_failure, argc > 1 ? argv[1] : NULL),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
