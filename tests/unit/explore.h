/* SPDX-License-Identifier: MIT */
/* explore.h - unit tests that explore races of their own, which no registry knows */
#ifndef TESTS_UNIT_EXPLORE_H
#define TESTS_UNIT_EXPLORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <faultline/vm.h>

#include "fs/fs.h"
#include "hw/machine.h"
#include "kernel/machine.h"
#include "kernel/sys.h"
#include "mm/mm.h"
#include "race/run.h"

#define EXPLORE_SECONDS 60.0 /* what takes longer is no unit test */

static inline struct engine *explore_engine(struct race_config *c, const struct race *r, const char *protocol)
{
	struct engine_program p;
	struct engine *e;
	char err[512];

	*c = (struct race_config){ .race = r, .kernel = DEFAULT_KERNEL };
	c->protocol[AXIS_INVALIDATE] = protocol_find(AXIS_INVALIDATE, protocol);
	assert_non_null(c->protocol[AXIS_INVALIDATE]);
	race_program(c, &p);
	e = engine_create(&p, err, sizeof(err));
	if (!e)
		fail_msg("set-up of %s: %s", r->name, err);
	return e;
}

/* Under dpor, without a bound on preemptions; the result is static, overwritten by the next call. */
static inline struct engine_result *explore(const struct race *r, const char *protocol)
{
	static struct engine_result result;
	const struct engine_options o = { .strategy = "dpor", .preemptions = -1, .seconds = EXPLORE_SECONDS };
	struct race_config c;
	struct engine *e = explore_engine(&c, r, protocol);
	char err[512];

	if (engine_explore(e, &o, &result, err, sizeof(err)))
		fail_msg("%s", err);
	engine_destroy(e);
	return &result;
}

/* No oracle fires in any order, and no two accesses that nothing orders are plain. */
static inline void explore_clean(const struct race *r, const char *protocol)
{
	const struct engine_result *result = explore(r, protocol);

	print_message("%s: %llu executions, %llu points, %llu switches, depth %u, complete %d\n", r->name, (unsigned long long)result->stats.executions, (unsigned long long)result->stats.points, (unsigned long long)result->stats.switches, result->stats.max_depth, result->stats.complete);
	if (*result->violation.oracle)
		fail_msg("%s under %s: %s: %s", r->name, protocol, result->violation.oracle,
			 result->violation.message);
	if (result->nr_races)
		fail_msg("%s under %s: a data race on %s", r->name, protocol, result->races[0].object);
	if (!result->stats.complete)
		fail_msg("%s under %s: not complete after %llu executions", r->name, protocol,
			 (unsigned long long)result->stats.executions);
}

#endif
