/* SPDX-License-Identifier: MIT */
/*
 * failures.h - programs of system calls under every single failure of an allocation, and of a transfer
 *
 * Each program runs with each allocation failing in turn, and each transfer of the disk, beside the disk and a second
 * thread where there is one. What calls return is success or one of the errors that the manual pages have; what was
 * stored is there still (oracles of private bytes and of files); and when all processes are gone nothing is left.
 */
#ifndef TESTS_UNIT_FAILURES_H
#define TESTS_UNIT_FAILURES_H

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
static inline bool ok(long ret)
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
static inline bool can(int sig)
{
	BUG_ON(sig && sig != SIGBUS);
	if (sig)
		signalled++;
	else
		succeeded++;
	return !sig;
}

static inline long map_anon(unsigned long addr, unsigned pages)
{
	return sys_mmap(addr, pages * P, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0);
}

static inline void expect(unsigned long addr, u64 want)
{
	u64 v = 0;

	if (can(vm_load(addr, &v)))
		BUG_ON(v != want);
}

static inline void process(void)
{
	vm_file(2);
	vm_memfd(3);
	vm_run(0, vm_process());
	vm_as(0);
}

static inline void two_pages(void)
{
	process();
	BUG_ON(map_anon(ADDR, 3) < 0 || vm_store(ADDR, 1) || vm_store(ADDR + P, 2));
}

/* ---- afterwards ------------------------------------------------------------------------------------------------------ */

static inline void nothing_is_left(void)
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

static inline void explore_failures(const struct program *p, const char *kernel, const char *what)
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
				.actors = { { p->name, p->run },
					    { p->beside ? "beside" : NULL, p->beside } } };
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
		fail_msg("%s with %s: %llu executions, %u went well, %u failed, %u had signals", p->name,
			 what, (unsigned long long)result.stats.executions, succeeded, failed, signalled);
}

#define SMALL                                                                                                \
	{                                                                                                    \
		.frames = 64, .ghosts = 1                                                                    \
	}
#define SWAP                                                                                                 \
	{                                                                                                    \
		.frames = 48, .swap_pages = 6, .reclaim = 1, .ghosts = 1                                     \
	}
#define HUGE                                                                                                 \
	{                                                                                                    \
		.frames = 5 * HPAGE_NR                                                                       \
	}

/* programs: of all, or the one that only names */
static inline void every_failure(const struct program *programs, size_t nr, const char *only)
{
	static const char *const kernels[] = { "linux-2.6.29", "linux-6.18" };

	for (size_t i = 0; i < nr; i++) {
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

#endif
