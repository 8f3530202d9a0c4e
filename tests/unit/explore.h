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
#define EXPLORE_SAMPLE 3000  /* executions at random that must agree with dpor */

static inline struct engine *explore_engine(struct race_config *c, const struct race *r, const char *protocol)
{
	int axis = r->axis ? axis_find(r->axis) : AXIS_INVALIDATE;
	struct engine_program p;
	struct engine *e;
	char err[512];

	*c = (struct race_config){ .race = r, .kernel = DEFAULT_KERNEL };
	kernel_protocols(DEFAULT_KERNEL, c->protocol);
	if (protocol)
		c->protocol[axis] = protocol_find((enum protocol_axis)axis, protocol);
	assert_non_null(c->protocol[axis]);
	race_program(c, &p);
	e = engine_create(&p, err, sizeof(err));
	if (!e)
		fail_msg("set-up of %s: %s", r->name, err);
	return e;
}

/* The result is static, overwritten by the next call. executions: 0: all there are */
static inline struct engine_result *explore_by(const char *strategy, uint64_t executions,
					       const struct race *r, const char *protocol)
{
	static struct engine_result result;
	const struct engine_options o = { .strategy = strategy,
					  .preemptions = -1,
					  .executions = executions,
					  .seconds = EXPLORE_SECONDS,
					  .seed = 1 };
	struct race_config c;
	struct engine *e = explore_engine(&c, r, protocol);
	char err[512];

	if (engine_explore(e, &o, &result, err, sizeof(err)))
		fail_msg("%s", err);
	engine_destroy(e);
	return &result;
}

static inline struct engine_result *explore(const struct race *r, const char *protocol)
{
	return explore_by("dpor", 0, r, protocol);
}

static inline void explore_nothing_fired(const struct engine_result *result, const struct race *r,
					 const char *protocol)
{
	if (*result->violation.oracle)
		fail_msg("%s under %s: %s: %s", r->name, protocol, result->violation.oracle,
			 result->violation.message);
	if (result->nr_races)
		fail_msg("%s under %s: a data race on %s", r->name, protocol, result->races[0].object);
	if (result->nr_lock_reports)
		fail_msg("%s under %s: %s", r->name, protocol, result->lock_reports[0].message);
}

/*
 * No oracle fires in any order, and no two accesses that nothing orders are plain. At random as well: an oracle
 * that judged by what is no step would fire in an order that dpor takes for one that it knows.
 */
static inline void explore_clean(const struct race *r, const char *protocol)
{
	const struct engine_result *result = explore(r, protocol);

	explore_nothing_fired(result, r, protocol);
	if (!result->stats.complete)
		fail_msg("%s under %s: not complete after %llu executions", r->name, protocol,
			 (unsigned long long)result->stats.executions);
	explore_nothing_fired(explore_by("random", EXPLORE_SAMPLE, r, protocol), r, protocol);
}

#endif
