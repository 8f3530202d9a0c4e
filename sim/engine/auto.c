/* SPDX-License-Identifier: MIT */
/*
 * auto.c - the strategy that nobody need think about
 *
 * dpor proves where it can come to an end. Where the estimate says that it cannot within the budget, or within
 * ENGINE_PATIENCE executions, what is left of the budget is better spent on pct, whose executions each have a known
 * chance, than on the first part of an order that was not made for finding.
 */
#include "engine/unit.h"

static int sample_the_rest(struct engine *e, const struct engine_options *o, struct lock_log *locks,
			   struct engine_result *r, char *err, size_t errlen)
{
	struct engine_options rest = *o;
	struct engine_result *second = calloc(1, sizeof(*second));
	uint64_t done = r->stats.executions + r->stats.redundant;
	int status;

	if (!second)
		engine_panic("no memory for a result");
	rest.strategy = "pct";
	rest.save = NULL; /* a sample is begun anew as easily as it is resumed */
	rest.resume = NULL;
	if (o->seconds > 0)
		rest.seconds = o->seconds > r->stats.wall_seconds ? o->seconds - r->stats.wall_seconds : 1e-3;
	if (o->executions)
		rest.executions = o->executions > done ? o->executions - done : 1;
	else if (!(o->seconds > 0))
		rest.executions = ENGINE_SAMPLE_EXECUTIONS;
	status = explorer_run(e, &rest, false, locks, second, err, errlen);
	if (!status) {
		double wall = r->stats.wall_seconds + second->stats.wall_seconds;

		result_append(r, second, true);
		r->nr_lock_reports = second->nr_lock_reports; /* of both: it knew the orders of the first */
		memcpy(r->lock_reports, second->lock_reports, sizeof(r->lock_reports));
		r->stats.wall_seconds = wall;
		r->stats.interrupted = second->stats.interrupted;
		r->stats.complete = false;
	}
	free(second);
	return status;
}

int engine_explore(struct engine *e, const struct engine_options *o, struct engine_result *r, char *err,
		   size_t errlen)
{
	bool automatic = o->strategy && !strcmp(o->strategy, STRATEGY_AUTO);
	struct engine_options first = *o;
	struct lock_log locks = { 0 };
	int status;

	if (automatic)
		first.strategy = o->preemptions >= 0 || o->state_hash ? "dfs" : "dpor";
	status = explorer_run(e, &first, automatic, &locks, r, err, errlen);
	if (!status && r->gave_up && !r->stats.interrupted)
		status = sample_the_rest(e, o, &locks, r, err, errlen);
	lockdep_log_free(&locks);
	return status;
}
