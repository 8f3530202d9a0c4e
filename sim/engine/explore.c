/* SPDX-License-Identifier: MIT */
/* explore.c - the loop that runs the executions of one unit of work, and what they leave */
#include "engine/unit.h"

/* ---- what an execution leaves ------------------------------------------------------------------------ */

void explore_note(struct engine *e, struct engine_result *r)
{
	r->violation = e->violation;
	r->execution = e->nr_execution;
	r->steps = e->step;
	r->preemptions = schedule_preemptions(e);
	schedule_from_order(e, &r->schedule);
}

/* Runs again what showed a data race, keeping the stacks of the accesses to its word. */
static void find_stacks(struct engine *e)
{
	const struct engine_options *opt = e->opt;
	int n = e->nr_races;
	struct engine_data_race *found = malloc(sizeof(e->races));

	if (!found)
		return;
	memcpy(found, e->races, sizeof(e->races));
	e->opt = NULL;
	for (int i = 0; i < n; i++) {
		order_t *order = e->race_order[i];

		e->race_order[i] = NULL;
		e->nr_races = 0;
		e->watch = found[i].offset + 1;
		memset(e->watched, 0, sizeof(e->watched));
		run_order(e, order, e->race_steps[i]);
		for (int k = 0; k < e->nr_races; k++)
			if (e->races[k].offset == found[i].offset &&
			    e->races[k].access[0].task == found[i].access[0].task &&
			    e->races[k].access[1].task == found[i].access[1].task)
				found[i].access[0] = e->races[k].access[0];
		free(order);
	}
	e->watch = 0;
	e->opt = opt;
	memcpy(e->races, found, sizeof(e->races));
	e->nr_races = n;
	free(found);
}

/* ---- the loop ------------------------------------------------------------------------------------------- */

static void paranoid(struct engine *e)
{
	size_t where;

	arena_restore(e);
	if (!arena_equals_snapshot(e, &where))
		engine_panic("execution %llu changed byte %#zx of the arena without being seen",
			     (unsigned long long)e->nr_execution, where);
}

/* => true: this is what the exploration was for */
static bool note_violation(struct engine *e, const struct engine_options *o, struct engine_result *r)
{
	bool wanted = !o->oracle || !strcmp(e->violation.oracle, o->oracle) ||
		      !strcmp(e->violation.oracle, "data-race") || !strcmp(e->violation.oracle, "lock-order");

	r->stats.violations++;
	if (!r->violation.oracle[0] || (wanted && !o->keep_going))
		explore_note(e, r);
	return wanted && !o->keep_going;
}

static void count(struct engine *e, struct engine_stats *s)
{
	s->points += e->step;
	s->switches += e->nr_switches;
	if (e->step > s->max_depth)
		s->max_depth = e->step;
	if (e->end == ENGINE_REDUNDANT)
		s->redundant++;
	else
		s->executions++;
	if (e->end == ENGINE_BOUND)
		s->bounded++;
}

/* => true: it ended the unit */
static bool one_execution(struct engine *e, struct unit *u)
{
	bool wanted = false;

	e->nr_switches = 0;
	if (e->classes)
		classes_begin(e->classes);
	run_execution(e);
	e->strategy->end(e);
	if (e->classes)
		classes_end(e, e->classes);
	count(e, &u->r->stats);
	outcome_count(e);
	if (e->end == ENGINE_VIOLATION)
		wanted = note_violation(e, e->opt, u->r);
	if (e->opt->paranoid)
		paranoid(e);
	return wanted;
}

/* What the engine gathered since the unit began goes to its result. */
static void gather(struct engine *e, struct unit *u, double cpu)
{
	struct engine_result *r = u->r;

	r->stats.seconds += unit_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
	r->stats.plain += e->nr_plain;
	r->stats.marked += e->nr_marked;
	r->stats.lines_short |= e->lines_short;
	outcome_end(e, r);
	lockdep_result(e, r);
	if (e->strategy->stats)
		e->strategy->stats(e, &r->stats);
	r->stats.classes = e->classes ? classes_count(e->classes) : 0;
	r->stats.peak_bytes += e->mapped + e->cap_clocks * sizeof(*e->clocks) +
			       e->cap_spill * sizeof(*e->spill) + e->order_cap * sizeof(order_t);
}

static void prepare(struct engine *e, const struct unit *u)
{
	e->nr_execution = u->from;
	e->nr_plain = e->nr_marked = 0;
	e->nr_races = 0;
	e->lines_short = false;
	e->classes = e->opt->count_classes ? classes_create(e) : NULL;
	outcome_begin(e);
}

/* A unit's executions are numbered from its first. */
static void count_from_one(struct engine_result *r, uint64_t from)
{
	if (r->violation.oracle[0])
		r->execution -= from;
	for (int i = 0; i < r->nr_races; i++)
		r->races[i].execution -= from;
	for (int i = 0; i < r->nr_outcomes; i++)
		r->outcome[i].first -= from;
	for (int i = 0; i < r->nr_lock_reports; i++)
		result_renumber(&r->lock_reports[i], -from);
}

static void finish(struct engine *e, struct unit *u, double cpu)
{
	gather(e, u, cpu);
	classes_destroy(e->classes);
	e->classes = NULL;
	e->strategy->destroy(e);
	e->strategy = &strategy_replay;
	find_stacks(e);
	u->r->nr_races = e->nr_races;
	memcpy(u->r->races, e->races, sizeof(u->r->races));
	count_from_one(u->r, u->from);
}

int unit_run(struct engine *e, struct explorer *x, struct unit *u, char *err, size_t errlen)
{
	double cpu = unit_clock(CLOCK_THREAD_CPUTIME_ID);
	bool ended = false;

	if (x->strategy->create(e, x->o, err, errlen))
		return -1;
	e->strategy = x->strategy;
	if (u->nr_bytes)
		e->strategy->load(e, u->bytes, u->nr_bytes);
	prepare(e, u);
	while (!u->stopped) {
		if (e->nr_execution == u->to)
			break;
		e->nr_execution++;
		if (!e->strategy->begin(e)) {
			ended = true;
			break;
		}
		u->stopped = one_execution(e, u);
		if (explorer_look(e, x, u))
			break;
	}
	u->complete = e->strategy->covered && e->strategy->covered(e) && !e->lines_short &&
		      (ended || (e->strategy->save && !u->stopped));
	if (!ended && !u->stopped)
		explorer_keep(e, x, u);
	finish(e, u, cpu);
	return 0;
}
