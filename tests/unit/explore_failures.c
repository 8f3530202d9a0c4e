// SPDX-License-Identifier: MIT
/*
 * explore_failures.c - every single allocation that fails, and every transfer of the disk
 *
 * What programs do is known to go well. Here each allocation in turn fails, in each of the schedules of at most one
 * preemption: every access then ends with its value or a signal, every call with its count or -ENOMEM or -EIO, no
 * oracle fires and nothing is left behind.
 */
#include <errno.h>

#include "explore.h"

enum { DATA };
#define ADDR 0x10000ul
#define ANON 0x80000000ul
#define PAGES 2u
#define WORD 7

/* What calls returned, over all executions. */
static bool done, sigbus, no_memory, io_error, other;

static void note(int error)
{
	done |= error >= 0 && error != VM_SIGBUS;
	sigbus |= error == VM_SIGBUS;
	no_memory |= error == -ENOMEM;
	io_error |= error == -EIO;
	other |= error < 0 && error != -ENOMEM && error != -EIO;
}

static void set_up(enum vm_mapping kind)
{
	vm_file(PAGES);
	vm_run(0, vm_process());
	vm_run(1, 0);
	vm_as(0);
	vm_mmap(ADDR, PAGES, kind, DATA, 0);
	vm_mmap(ANON, 1, MAPPED_PRIVATE, -1, 0);
}

static void shared(void)
{
	set_up(MAPPED_SHARED);
}

static void private(void)
{
	set_up(MAPPED_PRIVATE);
}

static void load(void)
{
	note(vm_touch(ADDR));
}

static void store(void)
{
	note(vm_store(ADDR, WORD));
}

/* From a mapping that reads to one that has a copy. */
static void load_and_store(void)
{
	note(vm_touch(ADDR));
	note(vm_store(ADDR, WORD));
}

static void store_anonymous(void)
{
	note(vm_store(ANON, WORD));
}

static void truncate(void)
{
	note(vm_truncate(DATA, 0));
}

static void invalidate(void)
{
	note(vm_invalidate(DATA, 0, 0));
}

static void read_(void)
{
	uint64_t word;

	note(vm_read(DATA, 0, &word));
}

static void write_(void)
{
	note(vm_write(DATA, 0, WORD));
}

static void write_direct(void)
{
	note(vm_write_direct(DATA, 0, WORD));
}

static void unmap(void)
{
	note(vm_munmap(ADDR, 1));
}

struct scenario {
	struct race race;
	struct engine_choice choices[2];
	bool sigbus, no_memory, io_error;
};

#define ALLOC                                                                                                \
	{                                                                                                    \
		{                                                                                            \
			"alloc", 1                                                                           \
		}                                                                                            \
	}
#define DISK(n)                                                                                              \
	{                                                                                                    \
		{                                                                                            \
			"io-error", n                                                                        \
		}                                                                                            \
	}

static const struct scenario scenarios[] = {
	{ { .name = "load", .setup = shared, .actors = { { "load", load } } }, ALLOC, true, false, false },
	{ { .name = "copy", .setup = private, .actors = { { "store", store } } }, ALLOC, true, false, false },
	{ { .name = "write-protected", .setup = private, .actors = { { "store", load_and_store } } },
	  ALLOC,
	  true,
	  false,
	  false },
	{ { .name = "anonymous", .setup = shared, .actors = { { "store", store_anonymous } } },
	  ALLOC,
	  true,
	  false,
	  false },
	{ { .name = "two-faults", .setup = shared, .actors = { { "a", load }, { "b", load } } },
	  ALLOC,
	  true,
	  false,
	  false },
	{ { .name = "two-copies", .setup = private, .actors = { { "a", store }, { "b", load } } },
	  ALLOC,
	  true,
	  false,
	  false },
	{ { .name = "truncate", .setup = shared, .actors = { { "load", load }, { "truncate", truncate } } },
	  ALLOC,
	  true,
	  false,
	  false },
	{ { .name = "invalidate",
	    .setup = private,
	    .actors = { { "store", store }, { "invalidate", invalidate } } },
	  ALLOC,
	  true,
	  false,
	  false },
	{ { .name = "unmap", .setup = shared, .actors = { { "load", load }, { "unmap", unmap } } },
	  ALLOC,
	  true,
	  true,
	  false },
	{ { .name = "read", .setup = shared, .actors = { { "read", read_ } } }, ALLOC, false, true, false },
	{ { .name = "write", .setup = shared, .actors = { { "write", write_ } } },
	  ALLOC,
	  false,
	  true,
	  false },
	{ { .name = "direct", .setup = shared, .actors = { { "write", write_direct } } },
	  ALLOC,
	  false,
	  true,
	  false },
	{ { .name = "load", .setup = shared, .actors = { { "load", load } } }, DISK(1), false, false, false },
	{ { .name = "load", .setup = shared, .actors = { { "load", load } } }, DISK(2), true, false, false },
	{ { .name = "two-faults", .setup = shared, .actors = { { "a", load }, { "b", load } } },
	  DISK(2),
	  true,
	  false,
	  false },
	{ { .name = "read", .setup = shared, .actors = { { "read", read_ } } }, DISK(1), false, false, true },
	{ { .name = "read-fault", .setup = shared, .actors = { { "read", read_ }, { "load", load } } },
	  DISK(1),
	  false,
	  false,
	  true },
	{ { .name = "write", .setup = shared, .actors = { { "write", write_ } } },
	  DISK(1),
	  false,
	  false,
	  true },
	{ { .name = "direct", .setup = shared, .actors = { { "write", write_direct }, { "load", load } } },
	  DISK(1),
	  false,
	  false,
	  true },
	{ { .name = "truncate", .setup = shared, .actors = { { "load", load }, { "truncate", truncate } } },
	  DISK(2),
	  true,
	  false,
	  false },
};

static void explore_failures(const struct scenario *s, const char *protocol)
{
	static struct engine_result result;
	const struct engine_options o = {
		.strategy = "dfs", .preemptions = 1, .seconds = EXPLORE_SECONDS, .choices = s->choices
	};
	struct race_config c;
	struct engine *e = explore_engine(&c, &s->race, protocol);
	char err[512];

	done = sigbus = no_memory = io_error = other = false;
	if (engine_explore(e, &o, &result, err, sizeof(err)))
		fail_msg("%s", err);
	engine_destroy(e);
	explore_nothing_fired(&result, &s->race, protocol);
	if (!result.stats.complete)
		fail_msg("%s under %s: not complete after %llu executions", s->race.name, protocol,
			 (unsigned long long)result.stats.executions);
	if (!done || other || sigbus < s->sigbus || no_memory != s->no_memory || io_error != s->io_error)
		fail_msg("%s with %s under %s: done %d, SIGBUS %d, -ENOMEM %d, -EIO %d, other %d",
			 s->race.name, s->choices[0].what, protocol, done, sigbus, no_memory, io_error,
			 other);
}

static void every_failure(void **state)
{
	static const char *const protocols[] = { "page-lock", "seqlock" };

	for (size_t p = 0; p < sizeof(protocols) / sizeof(protocols[0]); p++)
		for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
			explore_failures(&scenarios[i], protocols[p]);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_failure) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
