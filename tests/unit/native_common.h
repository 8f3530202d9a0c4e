/* SPDX-License-Identifier: MIT */
/* native_common.h - running small programs natively in unit tests; assertions stay on the test's thread */
#ifndef TESTS_UNIT_NATIVE_COMMON_H
#define TESTS_UNIT_NATIVE_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "native/native.h"
#include "sync.h"

#define TOY_TASKS 6

struct toy_program {
	size_t size;
	void (*setup)(void *arg);
	void (*check)(void *arg);
	void (*task[TOY_TASKS])(void *arg);
	bool device[TOY_TASKS];
};

static inline int toy_try(const struct toy_program *t, const struct native_options *o,
			  struct native_result *r, char *err, size_t n)
{
	static const char *const names[TOY_TASKS] = { "a", "b", "c", "d", "e", "f" };
	struct engine_program p = {
		.name = "toy",
		.arena_size = t->size,
		.setup = t->setup,
		.check = t->check,
	};

	for (; p.nr_tasks < TOY_TASKS && t->task[p.nr_tasks]; p.nr_tasks++)
		p.tasks[p.nr_tasks] = (struct engine_task){
			.name = names[p.nr_tasks],
			.run = t->task[p.nr_tasks],
			.kind = t->device[p.nr_tasks] ? ENGINE_DEVICE : ENGINE_ACTOR,
		};
	return native_stress(&p, o, r, err, n);
}

static inline struct native_result *toy_stress(const struct toy_program *t, struct native_options o)
{
	static struct native_result r;
	char err[512];

	if (toy_try(t, &o, &r, err, sizeof(err)))
		fail_msg("%s", err);
	return &r;
}

static inline void assert_clean(const struct native_result *r)
{
	if (r->nr_kinds)
		fail_msg("round %lu: %s: %s", (unsigned long)r->kind[0].round, r->kind[0].first.oracle,
			 r->kind[0].first.message);
	assert_int_equal(r->violating, 0);
	assert_false(r->hung);
}

static inline void assert_only(const struct native_result *r, const char *oracle)
{
	assert_int_equal(r->nr_kinds, 1);
	assert_string_equal(r->kind[0].first.oracle, oracle);
}

#endif
