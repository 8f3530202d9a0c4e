// SPDX-License-Identifier: MIT
/*
 * explore_failures_mm.c - programs of system calls under every single failure of an allocation, and of a transfer
 *
 * Each program runs with each allocation failing in turn, and each transfer of the disk, beside the disk and a second
 * thread where there is one. What calls return is success or one of the errors that the manual pages have; what was
 * stored is there still (oracles of private bytes and of files); and when all processes are gone nothing is left.
 */
#include <errno.h>

#include "explore.h"

#include "kernel/uapi.h"

enum { DATA };
#define ADDR 0x10000ul
#define AREA 0x40000000ul  /* whose page tables are its own */
#define AREA2 0x80000000ul /* the same */
#define MEMFD NR_FILES	   /* the number of the first */
#define P VM_PAGE
#define RW (PROT_READ | PROT_WRITE)

/* What calls returned, over all executions. */
static unsigned succeeded, failed, signalled;

/* A call. EAGAIN: madvise() and mlock() for want of memory; EFAULT: what could not be faulted in. */
static bool ok(long ret)
{
	bool known = ret >= 0 || ret == -ENOMEM || ret == -EIO || ret == -EAGAIN || ret == -EFAULT;

	BUG_ON(!known);
	if (ret >= 0)
		succeeded++;
	else
		failed++;
	return ret >= 0;
}

/* An access. */
static bool can(int sig)
{
	BUG_ON(sig && sig != SIGBUS);
	if (sig)
		signalled++;
	else
		succeeded++;
	return !sig;
}

static long map_anon(unsigned long addr, unsigned pages)
{
	return sys_mmap(addr, pages * P, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0);
}

static void expect(unsigned long addr, u64 want)
{
	u64 v = 0;

	if (can(vm_load(addr, &v)))
		BUG_ON(v != want);
}

/* ---- set-ups ------------------------------------------------------------------------------------------------------- */

static void process(void)
{
	vm_file(2);
	vm_memfd(3);
	vm_run(0, vm_process());
	vm_as(0);
}

static void two_threads(void)
{
	process();
	vm_run(1, 0);
	BUG_ON(map_anon(ADDR, 1) < 0);
}

static void two_pages(void)
{
	process();
	BUG_ON(map_anon(ADDR, 3) < 0 || vm_store(ADDR, 1) || vm_store(ADDR + P, 2));
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

static void file_mapped(void)
{
	process();
	BUG_ON(vm_mmap(ADDR, 2, MAPPED_SHARED, DATA, 0) || vm_mmap(AREA, 2, MAPPED_PRIVATE, DATA, 0));
}

static void memfd_mapped(void)
{
	process();
	BUG_ON(vm_mmap(ADDR, 3, MAPPED_SHARED, MEMFD, 0) || vm_store(ADDR, 1) || vm_store(ADDR + 2 * P, 3));
}

static void memfd_on_swap(void)
{
	memfd_mapped();
	this_machine->config.io_at_once = true;
	BUG_ON(vm_madvise(ADDR, 3, MADV_PAGEOUT));
	this_machine->config.io_at_once = false;
	BUG_ON(vm_munmap(ADDR, 3) || vm_mmap(ADDR, 3, MAPPED_SHARED, MEMFD, 0));
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
	static const int flags[] = { VM_PIN_WRITE, VM_PIN_WRITE | VM_PIN_SLOW, VM_PIN_SLOW, VM_PIN_LONGTERM, VM_PIN_GET };

	for (unsigned i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		int p = vm_pin(ADDR + P, 2, flags[i]);

		if (ok(p))
			vm_unpin(p);
	}
}

static void read_direct(void)
{
	ok(vm_direct_read(DATA, 0, ADDR, 2 * P));
	ok(vm_direct_read(DATA, 512, ADDR + 2 * P, 512));
}

static void write_direct(void)
{
	ok(vm_direct_write(DATA, 0, ADDR, P));
	ok(vm_direct_write(DATA, P, ADDR + 2 * P, 512));
}

static void read_and_write(void)
{
	ok(sys_pwrite(&this_machine->file[DATA], ADDR, 100, P - 50));
	ok(sys_pread(&this_machine->file[DATA], ADDR + 2 * P, 100, 0));
	ok(vm_fsync(DATA));
}

static void map_a_file(void)
{
	can(vm_touch(ADDR));
	can(vm_store(ADDR + P, 7));
	can(vm_store(AREA, 8));
	ok(sys_msync(ADDR, 2 * P, MS_SYNC));
	ok(vm_truncate(DATA, P));
}

static void remap_a_file(void)
{
	ok(sys_remap_file_pages(ADDR, P, 0, 1, 0));
	can(vm_touch(ADDR));
}

static void punch_and_write_memfd(void)
{
	struct file *file = this_machine->memfd[0];

	can(vm_store(ADDR + P, 2));
	ok(sys_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, P));
	ok(sys_pwrite(file, ADDR + 2 * P, 8, P));
	ok(sys_pread(file, ADDR, 8, 2 * P));
	ok(vm_truncate(MEMFD, P));
}

static void memfd_comes_back(void)
{
	expect(ADDR, 1);
	can(vm_store(ADDR + P, 2));
	expect(ADDR + 2 * P, 3);
}

static void make_a_memfd(void)
{
	struct file *file = shmem_file_setup(2 * P);

	if (!file)
		return;
	ok(kernel_write(file, "word", 4, P));
	fput(file);
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
	if (!ok(sys_mmap(AREA2, HPAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_HUGETLB, NULL, 0)))
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

/* ---- afterwards ------------------------------------------------------------------------------------------------------ */

static void nothing_is_left(void)
{
	struct machine *m = this_machine;

	for (int i = 0; i < NR_TASKS; i++)
		use_mm(&m->task[i], NULL);
	for (int i = 0; i < NR_PROCESSES; i++)
		if (m->process[i])
			vm_exit(i);
	for (int kind = 0; kind < SLAB_KINDS; kind++)
		BUG_ON(m->slab.live[kind] && kind != SLAB_NODE && kind != SLAB_INODE && kind != SLAB_FILE);
	BUG_ON(m->slab.live[SLAB_INODE] != 1 || m->slab.live[SLAB_FILE] != 1); /* the memfd */
}

/* ---- exploring ------------------------------------------------------------------------------------------------------- */

enum { ALLOC = 1, DISK = 2, BOTH = 3 };

struct program {
	const char *name;
	void (*setup)(void);
	void (*run)(void);
	void (*beside)(void); /* NULL: nobody */
	int what;	      /* that may fail */
	struct race_machine machine;
};

static void explore_failures(const struct program *p, const char *kernel, const char *what)
{
	static struct engine_result result;
	const struct engine_choice choices[] = { { what, 1 }, { 0 } };
	const struct engine_options o = { .strategy = "dfs",
					  .preemptions = p->beside ? 1 : 0,
					  .seconds = EXPLORE_SECONDS,
					  .max_steps = 100000,
					  .choices = choices };
	const struct race r = { .name = p->name,
				.setup = p->setup,
				.check = nothing_is_left,
				.machine = p->machine,
				.actors = { { p->name, p->run }, { p->beside ? "beside" : NULL, p->beside } } };
	struct engine_program program;
	struct race_config c;
	struct engine *e;
	char err[512];

	c = (struct race_config){ .race = &r, .kernel = kernel };
	kernel_protocols(c.kernel, c.protocol);
	succeeded = failed = signalled = 0;
	race_program(&c, &program);
	e = engine_create(&program, err, sizeof(err));
	if (!e)
		fail_msg("set-up of %s: %s", p->name, err);
	if (engine_explore(e, &o, &result, err, sizeof(err)))
		fail_msg("%s", err);
	engine_destroy(e);
	explore_nothing_fired(&result, &r, what);
	if (!result.stats.complete)
		fail_msg("%s with %s: not complete after %llu executions", p->name, what,
			 (unsigned long long)result.stats.executions);
	if (result.stats.executions < 2 || !succeeded)
		fail_msg("%s with %s: %llu executions, %u went well, %u failed, %u had signals", p->name, what,
			 (unsigned long long)result.stats.executions, succeeded, failed, signalled);
}

#define SMALL { .frames = 64, .ghosts = 1 }
#define SWAP { .frames = 48, .swap_pages = 6, .reclaim = 1, .ghosts = 1 }
#define HUGE { .frames = 5 * HPAGE_NR }

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
	{ "read_direct", two_pages, read_direct, NULL, BOTH, SMALL },
	{ "write_direct", two_pages, write_direct, NULL, BOTH, SMALL },
	{ "read_and_write", two_pages, read_and_write, NULL, BOTH, SMALL },
	{ "map_a_file", file_mapped, map_a_file, NULL, BOTH, SMALL },
	{ "remap_a_file", file_mapped, remap_a_file, NULL, BOTH, SMALL },
	{ "memfd", memfd_mapped, punch_and_write_memfd, NULL, ALLOC, SMALL },
	{ "memfd_on_swap", memfd_on_swap, memfd_comes_back, NULL, BOTH, SWAP },
	{ "make_a_memfd", process, make_a_memfd, NULL, ALLOC, SMALL },
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

static void every_failure(void **state)
{
	static const char *const kernels[] = { "linux-2.6.29", "linux-6.18" };
	const char *only = *state;

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		const struct program *p = &programs[i];

		if (only && strcmp(only, p->name) != 0)
			continue;
		for (int k = 0; k < 2; k++) {
			if (p->what & ALLOC)
				explore_failures(p, kernels[k], "alloc");
			if (p->what & DISK)
				explore_failures(p, kernels[k], "io-error");
		}
	}
}

/* An argument names the one program that is to be run. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(every_failure, argc > 1 ? argv[1] : NULL),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
