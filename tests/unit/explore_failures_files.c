// SPDX-License-Identifier: MIT
/* explore_failures_files.c - programs on files and on files in memory: each failure in turn */
#include "failures.h"

/* ---- set-ups ------------------------------------------------------------------------------------------------------- */

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

/* ---- programs ------------------------------------------------------------------------------------------------------ */

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

static const struct program programs[] = {
	{ "read_direct", two_pages, read_direct, NULL, BOTH, SMALL },
	{ "write_direct", two_pages, write_direct, NULL, BOTH, SMALL },
	{ "read_and_write", two_pages, read_and_write, NULL, BOTH, SMALL },
	{ "map_a_file", file_mapped, map_a_file, NULL, BOTH, SMALL },
	{ "remap_a_file", file_mapped, remap_a_file, NULL, BOTH, SMALL },
	{ "memfd", memfd_mapped, punch_and_write_memfd, NULL, ALLOC, SMALL },
	{ "memfd_on_swap", memfd_on_swap, memfd_comes_back, NULL, BOTH, SWAP },
	{ "make_a_memfd", process, make_a_memfd, NULL, ALLOC, SMALL },
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
