/* SPDX-License-Identifier: MIT */
/*
 * outcome.c - what executions came to, counted
 *
 * A check states the outcome before it is known how its execution ends: a violation may follow. So the text waits in
 * e->outcome until the execution is counted, and counts only where that ended as it should.
 */
#include "engine/internal.h"

void sync_outcome(const char *text)
{
	struct engine *e = this_engine;

	if (e->mode == MODE_CHECK)
		snprintf(e->outcome, sizeof(e->outcome), "%s", text);
}

void outcome_count(struct engine *e)
{
	if (e->end == ENGINE_DONE && e->outcome[0])
		outcomes_add(&e->outcomes, e->outcome, e->nr_execution);
	e->outcome[0] = '\0';
}

void outcome_begin(struct engine *e)
{
	e->outcomes.nr = 0;
	e->outcomes.truncated = false;
	e->outcome[0] = '\0';
}

void outcome_end(const struct engine *e, struct engine_result *r)
{
	r->nr_outcomes = e->outcomes.nr;
	r->outcomes_truncated = e->outcomes.truncated;
	memcpy(r->outcome, e->outcomes.outcome, (size_t)e->outcomes.nr * sizeof(r->outcome[0]));
}
