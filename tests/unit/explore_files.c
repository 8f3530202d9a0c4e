// SPDX-License-Identifier: MIT
/*
 * explore_files.c - files are right in every order: what faults, truncation, holes, writeback and direct I/O do to each
 * other under page-lock
 *
 * There are too many orders to try all: those with few changes of priority are (pct), which finds races of few steps.
 */
#include "explore.h"

#include "kernel/uapi.h"

#define ADDR 0x10000ul
#define OTHER 0x40000ul
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static struct file *the_file(void)
{
	struct file *file;

	down_read(&current->mm->mmap_sem);
	file = find_vma(current->mm, ADDR)->vm_file;
	up_read(&current->mm->mmap_sem);
	return file;
}

/* ---- set-ups: threads of one process that has two pages of a file mapped --------------------------------------------- */

static void three_threads(void)
{
	vm_run(0, vm_process());
	vm_run(1, 0);
	vm_run(2, 0);
	vm_as(0);
}

static void map_tmpfs(unsigned long flags)
{
	struct file *file = shmem_file_setup(2 * VM_PAGE);

	three_threads();
	sys_mmap(ADDR, 2 * VM_PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, file, 0);
	fput(file);
}

static void tmpfs_shared(void)
{
	map_tmpfs(MAP_SHARED);
}

static void tmpfs_private(void)
{
	map_tmpfs(MAP_PRIVATE);
	vm_touch(ADDR);
}

static void disk_shared(void)
{
	vm_file(2);
	three_threads();
	vm_mmap(ADDR, 2, MAPPED_SHARED, 0, 0);
	vm_touch(ADDR);
}

static void disk_direct(void)
{
	disk_shared();
	the_file()->f_mode |= FMODE_DIRECT;
	vm_mmap(OTHER, 1, MAPPED_PRIVATE, -1, 0);
	vm_store(OTHER, 5);
}

/* ---- actors ------------------------------------------------------------------------------------------------------------- */

static void store(void)
{
	vm_store(ADDR, 7);
}
static void load(void)
{
	vm_touch(ADDR);
}
static void punch(void)
{
	sys_fallocate(the_file(), PUNCH, 0, VM_PAGE);
}
static void truncate(void)
{
	sys_ftruncate(the_file(), 0);
}
static void cut(void)
{
	sys_ftruncate(the_file(), 8);
}
static void sync(void)
{
	sys_fsync(the_file());
}
static void write_own_page(void)
{
	sys_pwrite(the_file(), ADDR, 16, 32);
}
static void read_direct(void)
{
	sys_pread(the_file(), OTHER, VM_PAGE, 0);
}
static void write_direct(void)
{
	sys_pwrite(the_file(), OTHER, VM_PAGE, 0);
}

/* ---- explorations ----------------------------------------------------------------------------------------------------- */

#define ENOUGH 6000 /* executions */

static void many_orders(void (*setup)(void), void (*a)(void), void (*b)(void), const char *dirty)
{
	static const char *const invalidate[] = { "page-lock" };
	const struct engine_options o = { .strategy = "pct",
					  .preemptions = -1,
					  .executions = ENOUGH,
					  .seconds = EXPLORE_SECONDS,
					  .seed = 1 };
	const struct race r = { .name = "files", .setup = setup, .actors = { { "a", a }, { "b", b } } };
	static struct engine_result result;

	for (unsigned i = 0; i < 1; i++) {
		struct race_config c = { .race = &r, .kernel = DEFAULT_KERNEL };
		struct engine_program p;
		struct engine *e;
		char err[512];

		kernel_protocols(DEFAULT_KERNEL, c.protocol);
		c.protocol[AXIS_INVALIDATE] = protocol_find(AXIS_INVALIDATE, invalidate[i]);
		c.protocol[AXIS_DIRTY] = protocol_find(AXIS_DIRTY, dirty);
		race_program(&c, &p);
		e = engine_create(&p, err, sizeof(err));
		if (!e || engine_explore(e, &o, &result, err, sizeof(err)))
			fail_msg("%s", err);
		engine_destroy(e);
		explore_nothing_fired(&result, &r, invalidate[i]);
		assert_int_equal(result.stats.executions, ENOUGH);
	}
}

#define EXPLORE(name, setup, a, b, dirty)                                                                    \
	static void name(void **state)                                                                       \
	{                                                                                                    \
		many_orders(setup, a, b, dirty);                                                             \
	}
EXPLORE(tmpfs_store_vs_punch, tmpfs_shared, store, punch, "pte")
EXPLORE(tmpfs_store_vs_truncate, tmpfs_shared, store, truncate, "writenotify")
EXPLORE(tmpfs_private_store_vs_truncate, tmpfs_private, store, truncate, "pte")
EXPLORE(tmpfs_private_store_vs_punch, tmpfs_private, store, punch, "pte")
EXPLORE(tmpfs_write_of_own_page_vs_punch, tmpfs_shared, write_own_page, punch, "pte")
EXPLORE(store_vs_fsync, disk_shared, store, sync, "writenotify")
EXPLORE(store_vs_truncate, disk_shared, store, truncate, "writenotify")
EXPLORE(store_vs_cut, disk_shared, store, cut, "writenotify")
EXPLORE(write_of_own_page_vs_store, disk_shared, write_own_page, store, "writenotify")
EXPLORE(direct_read_vs_store, disk_direct, read_direct, store, "writenotify")
EXPLORE(direct_write_vs_load, disk_direct, write_direct, load, "writenotify")

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tmpfs_store_vs_punch),
		cmocka_unit_test(tmpfs_store_vs_truncate),
		cmocka_unit_test(tmpfs_private_store_vs_truncate),
		cmocka_unit_test(tmpfs_private_store_vs_punch),
		cmocka_unit_test(tmpfs_write_of_own_page_vs_punch),
		cmocka_unit_test(store_vs_fsync),
		cmocka_unit_test(store_vs_truncate),
		cmocka_unit_test(store_vs_cut),
		cmocka_unit_test(write_of_own_page_vs_store),
		cmocka_unit_test(direct_read_vs_store),
		cmocka_unit_test(direct_write_vs_load),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
