// SPDX-License-Identifier: MIT
/*
 * simulator_boot.c - a machine is made ready for a program, and left
 */
#include <string.h>

#include "fs/fs.h"
#include "kernel/sys.h"
#include "kernel/uapi.h"
#include "mm/filemap.h"
#include "mm/mm.h"
#include "prog/simulator_machine.h"

static bool failed(struct sim_run *run, const char *what, long ret)
{
	snprintf(run->err, sizeof(run->err), "%s: error %ld: not enough simulated memory?", what, ret);
	return false;
}

/* A file's pages, each written whole. */
static bool fill_file(struct sim_run *run, int k)
{
	u8 page[PAGE_SIZE];
	long ret;

	run->file[k] = shmem_file_setup(0);
	if (!run->file[k])
		return failed(run, "a file", -ENOMEM);
	for (int j = 0; j < run->prog->file_pages; j++) {
		memset(page, 0x40 + 0x10 * k + j, sizeof(page));
		ret = kernel_write(run->file[k], page, sizeof(page), (unsigned long)j * PAGE_SIZE);
		if (ret != (long)PAGE_SIZE)
			return failed(run, "writing a file", ret);
	}
	return true;
}

bool sim_prepare(struct sim_run *run, const struct vm_prog *p, int cpus)
{
	struct mm_struct *mm;
	long ret;

	sync_ghost_begin(run, sizeof(*run));
	memset(run, 0, sizeof(*run));
	sync_ghost_end();
	rwlock_init(&run->tasklist);
	run->prog = p;
	mm = mm_alloc();
	if (!mm)
		return failed(run, "the first process", -ENOMEM);
	if (process_register(mm))
		BUG_ON(true);
	run->mm[0] = mm;
	use_mm(current, mm);
	ret = sys_mmap(SIM_SCRATCH, (unsigned long)cpus * PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS, NULL, 0);
	if (ret < 0)
		return failed(run, "a page to write from", ret);
	for (int k = 0; k < p->files; k++)
		if (!fill_file(run, k))
			return false;
	return true;
}

void sim_teardown(struct sim_run *run)
{
	use_mm(current, NULL);
	for (int i = 0; i < PROG_MAX_ACTORS; i++) {
		struct mm_struct *mm = run->mm[i];

		run->mm[i] = NULL;
		if (mm)
			process_exit(mm);
	}
	for (int k = 0; k < PROG_MAX_FILES; k++)
		if (run->file[k])
			fput(run->file[k]);
}
