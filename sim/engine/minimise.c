/* SPDX-License-Identifier: MIT */
/*
 * minimise.c - the same violation with the fewest failures, then preemptions, and the schedule told by labels
 *
 * For 0, 1, 2, ... outcomes of choices that are not the ordinary one: executions with 0, 1, 2, ... preemptions are run
 * in turn, first with preemptions only where a label was just visited, then anywhere; the first bound under which the
 * oracle fires again is the least, if the search reached its end under those before. Among executions of that many
 * preemptions the shortest is kept.
 */
#include "engine/internal.h"

/* Runs on under the bound for the shortest violation. => true: the bound was searched to its end */
static bool search(struct engine *e, int preemptions, bool labels, uint64_t budget, const char *oracle,
		   struct engine_result *best, bool *found)
{
	struct engine_options o = {
		.strategy = "dfs", .preemptions = preemptions, .labels_only = labels, .executions = budget
	};
	char err[128];

	e->opt = &o;
	e->strategy = &strategy_dfs;
	if (strategy_dfs.create(e, &o, err, sizeof(err)))
		return false;
	e->nr_execution = 0;
	while (e->nr_execution++ < budget && strategy_dfs.begin(e)) {
		run_execution(e);
		strategy_dfs.end(e);
		if (e->end != ENGINE_VIOLATION || strcmp(e->violation.oracle, oracle))
			continue;
		if (!*found || e->step < best->steps) {
			struct engine_stats stats = best->stats;

			explore_note(e, best);
			best->stats = stats;
		}
		*found = true;
	}
	strategy_dfs.destroy(e);
	e->strategy = &strategy_replay;
	e->opt = NULL;
	return e->nr_execution <= budget;
}

static int failures(const struct engine_schedule *s)
{
	int n = 0;

	for (int i = 0; i < s->nr_choices; i++)
		n += s->choice[i].task >= 0;
	return n;
}

/* With at most so many failures, of the kinds of r's. => true: *r is what was found */
static bool minimise_with(struct engine *e, struct engine_result *r, int nr_failures, uint64_t executions,
			  const char *oracle)
{
	bool fewer = nr_failures < failures(&r->schedule), found = false;
	struct engine_result *best = malloc(sizeof(*best));

	if (!best)
		engine_panic("no memory");
	choices_from_schedule(e, &r->schedule, true, nr_failures);
	for (int p = 0; p <= r->preemptions && !found; p++) {
		*best = *r;
		if (fewer)
			best->steps = UINT32_MAX;
		search(e, p, true, executions, oracle, best, &found);
		if (!found)
			search(e, p, false, executions, oracle, best, &found);
	}
	if (found && (fewer || best->preemptions < r->preemptions || best->steps <= r->steps))
		*r = *best;
	free(best);
	return found;
}

void engine_minimise(struct engine *e, struct engine_result *r, uint64_t executions)
{
	char oracle[ENGINE_NAME_MAX];
	uint64_t execution = r->execution;

	if (!r->violation.oracle[0])
		return;
	memcpy(oracle, r->violation.oracle, sizeof(oracle));
	for (int f = 0, most = failures(&r->schedule); f <= most; f++)
		if (minimise_with(e, r, f, executions, oracle))
			break;
	engine_schedule_label(e, &r->schedule);
	r->execution = execution;
}

/* ---- labels in place of counts -------------------------------------------------------------------------- */

struct place {
	char label[ENGINE_NAME_MAX];
	uint32_t visit;
};

/* The label that task g->task visited in the last step of segment `at`, and which visit that was. */
static bool place_of(const struct engine_trace *t, const struct engine_schedule *s, int at, struct place *p)
{
	size_t step = 0, end;
	int task = s->seg[at].task;

	for (int i = 0; i <= at; i++)
		step += s->seg[i].count;
	end = step;
	if (!end || end > t->nr || !t->step[end - 1].label[0] || t->step[end - 1].task != task)
		return false;
	memcpy(p->label, t->step[end - 1].label, sizeof(p->label));
	p->visit = 0;
	for (size_t i = 0; i < end; i++)
		p->visit += t->step[i].task == task && !strcmp(t->step[i].label, p->label);
	return true;
}

bool engine_schedule_label(struct engine *e, struct engine_schedule *s)
{
	struct engine_trace t = { 0 };
	struct engine_result *r = calloc(1, sizeof(*r)), *again = calloc(1, sizeof(*again));
	struct engine_schedule labelled;
	bool all = true;

	if (!r || !again)
		engine_panic("no memory");
	engine_replay(e, s, e->max_steps, r, &t, NULL, 0);
	labelled = r->schedule; /* the same execution, every segment with its count */
	for (int i = 0; i < labelled.nr; i++) {
		struct place p;

		if (labelled.seg[i].stop != ENGINE_STOP_COUNT)
			continue;
		if (!place_of(&t, &r->schedule, i, &p)) {
			all = false;
			continue;
		}
		labelled.seg[i].stop = ENGINE_STOP_LABEL;
		labelled.seg[i].count = p.visit;
		memcpy(labelled.seg[i].label, p.label, sizeof(p.label));
	}
	engine_trace_free(&t);
	/* Kept only if it is the same execution to the step. */
	engine_replay(e, &labelled, e->max_steps, again, NULL, NULL, 0);
	if (again->steps == r->steps && !memcmp(&again->schedule, &r->schedule, sizeof(r->schedule)))
		*s = labelled;
	else
		all = false;
	free(r);
	free(again);
	return all;
}
