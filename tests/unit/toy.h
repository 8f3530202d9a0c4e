/* SPDX-License-Identifier: MIT */
/* toy.h - running small programs of the engine in unit tests; assertions stay on the host's stack */
#ifndef TESTS_UNIT_TOY_H
#define TESTS_UNIT_TOY_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "sync.h"

#define TOY_TASKS 4

struct toy_program {
	size_t size;
	void (*setup)(void *arg);
	void (*check)(void *arg);
	void (*task[TOY_TASKS])(void *arg);
	bool device[TOY_TASKS];
	enum engine_memory memory;
	const struct engine_lock_rank *ranks;
};

static const char *const toy_names[TOY_TASKS] = { "a", "b", "c", "d" };

static inline struct engine *toy_engine(const struct toy_program *t)
{
	struct engine_program p = { .name = "toy",
				    .arena_size = t->size,
				    .setup = t->setup,
				    .check = t->check,
				    .memory = t->memory,
				    .lock_ranks = t->ranks };
	char err[512];
	struct engine *e;

	while (p.nr_tasks < TOY_TASKS && t->task[p.nr_tasks]) {
		p.tasks[p.nr_tasks] =
			(struct engine_task){ .name = toy_names[p.nr_tasks],
					      .run = t->task[p.nr_tasks],
					      .kind = t->device[p.nr_tasks] ? ENGINE_DEVICE : ENGINE_ACTOR };
		p.nr_tasks++;
	}
	e = engine_create(&p, err, sizeof(err));
	if (!e)
		fail_msg("%s", err);
	return e;
}

/* Explores with snapshots verified; the result is static, overwritten by the next call. */
static inline struct engine_result *toy_explore(const struct toy_program *t, struct engine_options o)
{
	static struct engine_result r;
	char err[512];
	struct engine *e = toy_engine(t);

	if (!o.strategy)
		o.strategy = "dpor";
	if (!o.preemptions)
		o.preemptions = -1;
	o.paranoid = true;
	if (engine_explore(e, &o, &r, err, sizeof(err)))
		fail_msg("%s", err);
	engine_destroy(e);
	return &r;
}

static inline struct engine_result *toy_dpor(const struct toy_program *t)
{
	return toy_explore(t, (struct engine_options){ 0 });
}

#define assert_oracle(r, name) assert_string_equal((r)->violation.oracle, name)
#define assert_clean(r)                                                                                      \
	do {                                                                                                 \
		assert_string_equal((r)->violation.oracle, "");                                              \
		assert_true((r)->stats.complete);                                                            \
	} while (0)

#endif
