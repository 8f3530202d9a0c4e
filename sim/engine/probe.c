/* SPDX-License-Identifier: MIT */
/*
 * probe.c - is the compiler's instrumentation there? Run at start-up: without hooks, exploring "completes" after one
 * execution and proves nothing.
 *
 * probe_code.c is compiled as kernel code is; here it runs inside a tiny engine that counts what arrived.
 */
#include "engine/internal.h"
#include "engine/probe.h"

static void probe_task(void *arg)
{
	struct probe *p = sync_machine();

	(void)arg;
	probe_code(p);
}

/* => how many of the tracked accesses and points `fn` caused */
static uint64_t plain_of(struct engine *e, void (*fn)(struct probe *))
{
	uint64_t before = e->nr_plain;

	fn((struct probe *)e->base);
	return e->nr_plain - before;
}

static const char *probe_plain(struct engine *e)
{
	static const struct {
		const char *name;
		void (*fn)(struct probe *);
		uint64_t least;
	} classes[] = {
		{ "plain reads", probe_reads, 4 },
		{ "plain writes", probe_writes, 4 },
		{ "memset", probe_memset, 1 },
		{ "memcpy", probe_memcpy, 2 },
		{ "structure assignment", probe_assign, 2 },
	};
	const char *missing = NULL;

	arena_restore(e);
	hb_reset(e);
	this_engine = e;
	e->hook_size = e->arena_size;
	e->detect = true;
	e->me = 0;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]) && !missing; i++)
		if (plain_of(e, classes[i].fn) < classes[i].least)
			missing = classes[i].name;
	e->detect = false;
	e->hook_size = 0;
	return missing;
}

const char *engine_probe(void)
{
	static const struct engine_program prog = {
		.name = "probe",
		.arena_size = sizeof(struct probe),
		.nr_tasks = 1,
		.tasks = { { .name = "probe", .run = probe_task } },
	};
	struct engine *before = this_engine;
	struct engine_options o = { .strategy = "random", .preemptions = -1, .executions = 1 };
	struct engine_result *r = calloc(1, sizeof(*r));
	char err[128];
	struct engine *e = engine_create(&prog, err, sizeof(err));
	const char *missing = NULL;

	if (!e || !r || engine_explore(e, &o, r, err, sizeof(err)))
		missing = "an engine to probe with";
	else if (r->stats.points != PROBE_POINTS)
		missing = "atomic accesses and fences";
	else
		missing = probe_plain(e);
	this_engine = before;
	if (e)
		engine_destroy(e);
	free(r);
	return missing;
}
