/* SPDX-License-Identifier: MIT */
/* result.c - results of parts of an exploration, put together in their order */
#include "engine/unit.h"

static void append_stats(struct engine_stats *a, const struct engine_stats *b)
{
	a->executions += b->executions;
	a->redundant += b->redundant;
	a->bounded += b->bounded;
	a->violations += b->violations;
	a->classes += b->classes;
	a->points += b->points;
	a->switches += b->switches;
	a->plain += b->plain;
	a->marked += b->marked;
	a->max_depth = a->max_depth < b->max_depth ? b->max_depth : a->max_depth;
	a->states += b->states;
	a->states_full |= b->states_full;
	a->lines_short |= b->lines_short;
	a->seconds += b->seconds;
	a->peak_bytes = a->peak_bytes < b->peak_bytes ? b->peak_bytes : a->peak_bytes;
}

static void append_races(struct engine_result *a, const struct engine_result *b, uint64_t before)
{
	for (int i = 0; i < b->nr_races && a->nr_races < ENGINE_MAX_DATA_RACES; i++) {
		const struct engine_data_race *n = &b->races[i];
		bool known = false;

		for (int k = 0; k < a->nr_races; k++)
			known |= a->races[k].offset == n->offset &&
				 a->races[k].access[0].task == n->access[0].task &&
				 a->races[k].access[1].task == n->access[1].task;
		if (known)
			continue;
		a->races[a->nr_races] = *n;
		a->races[a->nr_races++].execution += before;
	}
}

/* The set-up, which is execution 0, stays; so does what is before the first. */
static uint64_t renumbered(uint64_t n, uint64_t by)
{
	return n && (int64_t)(n + by) > 0 ? n + by : n;
}

void result_renumber(struct engine_lock_report *l, uint64_t by)
{
	l->execution = renumbered(l->execution, by);
	for (int i = 0; i < l->nr; i++)
		l->link[i].execution = renumbered(l->link[i].execution, by);
}

static void append_lock_reports(struct engine_result *a, const struct engine_result *b, uint64_t before)
{
	for (int i = 0; i < b->nr_lock_reports && a->nr_lock_reports < ENGINE_MAX_LOCK_REPORTS; i++) {
		bool known = false;

		for (int k = 0; k < a->nr_lock_reports; k++)
			known |= !strcmp(a->lock_reports[k].message, b->lock_reports[i].message);
		if (known)
			continue;
		a->lock_reports[a->nr_lock_reports] = b->lock_reports[i];
		result_renumber(&a->lock_reports[a->nr_lock_reports++], before);
	}
}

static void append_outcomes(struct engine_result *a, const struct engine_result *b, uint64_t before)
{
	struct outcomes *t = calloc(1, sizeof(*t));

	if (!t)
		engine_panic("no memory for outcomes");
	t->nr = a->nr_outcomes;
	t->truncated = a->outcomes_truncated | b->outcomes_truncated;
	memcpy(t->outcome, a->outcome, sizeof(t->outcome));
	for (int i = 0; i < b->nr_outcomes; i++) {
		const struct engine_outcome *o = &b->outcome[i];
		int at;

		outcomes_add(t, o->text, o->first + before);
		at = outcomes_place(t, o->text);
		if (at < t->nr && !strcmp(t->outcome[at].text, o->text))
			t->outcome[at].executions += o->executions - 1;
	}
	a->nr_outcomes = t->nr;
	a->outcomes_truncated = t->truncated;
	memcpy(a->outcome, t->outcome, sizeof(a->outcome));
	free(t);
}

void result_append(struct engine_result *a, const struct engine_result *b, bool wanted)
{
	uint64_t before = a->stats.executions + a->stats.redundant;

	if (b->violation.oracle[0] && (wanted || !a->violation.oracle[0])) {
		a->violation = b->violation;
		a->schedule = b->schedule;
		a->execution = b->execution + before;
		a->steps = b->steps;
		a->preemptions = b->preemptions;
	}
	append_races(a, b, before);
	append_lock_reports(a, b, before);
	append_outcomes(a, b, before);
	append_stats(&a->stats, &b->stats);
}

static void move_pcs(void **pc, int n, uintptr_t by)
{
	for (int i = 0; i < n; i++)
		pc[i] = (void *)((uintptr_t)pc[i] + by);
}

void result_relocate(struct engine_result *r, bool save)
{
	uintptr_t here = (uintptr_t)result_relocate, by = save ? -here : here;

	for (int i = 0; i < r->nr_races; i++)
		for (int k = 0; k < 2; k++)
			move_pcs(r->races[i].access[k].pc, r->races[i].access[k].depth, by);
	for (int i = 0; i < r->nr_lock_reports; i++)
		for (int k = 0; k < r->lock_reports[i].nr; k++) {
			move_pcs(r->lock_reports[i].link[k].pc, r->lock_reports[i].link[k].depth, by);
			if (r->lock_reports[i].link[k].held_pc)
				move_pcs(&r->lock_reports[i].link[k].held_pc, 1, by);
		}
}
