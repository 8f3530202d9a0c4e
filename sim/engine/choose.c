/* SPDX-License-Identifier: MIT */
/*
 * choose.c - choices other than the schedule: does an allocation fail, does the disk
 *
 * A choice is a step of its task that touches nothing. What its outcome is the strategy says; bounds say how many
 * outcomes other than the ordinary one an execution may have, of each kind and in all. A kind without a bound is no
 * step and costs nothing.
 *
 * Which of several values a load returns (early.c) is a choice too, of the load's own step; under weak-locks such
 * choices have no bound but that on all.
 *
 * I1: e->made lists the outcomes of this execution that were not ordinary, in the order of their steps.
 * I2: a kind's step is there whether its bound is used up or not: what a task does next never depends on what
 *     others chose.
 */
#include "engine/internal.h"

static int kind_find(const struct engine *e, const char *what)
{
	for (int i = 0; i < e->nr_choices; i++)
		if (!strcmp(e->choice[i].what, what))
			return i;
	return -1;
}

uint32_t choice_visit(const struct engine *e, const char *what)
{
	int kind = kind_find(e, what);

	return kind < 0 ? 0 : e->choice[kind].visits[e->current];
}

static void kind_add(struct engine *e, const char *what, int max)
{
	struct choice_kind *k = &e->choice[e->nr_choices++];

	snprintf(k->what, sizeof(k->what), "%s", what);
	k->max = max;
}

void choices_none(struct engine *e)
{
	e->nr_choices = 0;
	e->choices_max = ENGINE_MAX_OUTCOMES_TOLD;
}

int choices_from_options(struct engine *e, const struct engine_options *o, char *err, size_t n)
{
	const struct engine_choice *c = o->choices ? o->choices : e->prog.choices;
	bool early_named = false;

	choices_none(e);
	for (; c->what; c++) {
		if (strlen(c->what) >= ENGINE_WHAT_MAX) {
			snprintf(err, n, "choice '%.40s': a name has at most %d characters", c->what,
				 ENGINE_WHAT_MAX - 1);
			return -1;
		}
		if (c->max < 0 || c->max > ENGINE_MAX_OUTCOMES_TOLD) {
			snprintf(err, n, "choice '%s': its bound is 0 to %d, not %d", c->what,
				 ENGINE_MAX_OUTCOMES_TOLD, c->max);
			return -1;
		}
		if (kind_find(e, c->what) >= 0) {
			snprintf(err, n, "choice '%s' is bounded twice", c->what);
			return -1;
		}
		if (c->max && e->nr_choices == ENGINE_MAX_CHOICE_KINDS) {
			snprintf(err, n, "more than %d kinds of choices", ENGINE_MAX_CHOICE_KINDS);
			return -1;
		}
		if (c->max)
			kind_add(e, c->what, c->max);
		early_named |= !strcmp(c->what, EARLY_CHOICE);
	}
	if (e->prog.memory != ENGINE_WEAK_LOCKS || early_named)
		return 0;
	if (e->nr_choices == ENGINE_MAX_CHOICE_KINDS) {
		snprintf(err, n, "no room for the choice '%s' among %d kinds", EARLY_CHOICE,
			 ENGINE_MAX_CHOICE_KINDS);
		return -1;
	}
	kind_add(e, EARLY_CHOICE, ENGINE_MAX_OUTCOMES_TOLD);
	return 0;
}

/*
 * The kinds that a schedule names, or those alone of which it tells an outcome, `max` outcomes in all. Others are no
 * choices.
 */
void choices_from_schedule(struct engine *e, const struct engine_schedule *s, bool told, int max)
{
	choices_none(e);
	e->choices_max = max;
	for (int i = 0; i < s->nr_choices && e->nr_choices < ENGINE_MAX_CHOICE_KINDS && max; i++)
		if (kind_find(e, s->choice[i].what) < 0 && (!told || s->choice[i].task >= 0))
			kind_add(e, s->choice[i].what, max);
}

void choices_reset(struct engine *e)
{
	e->nr_made = 0;
	for (int i = 0; i < e->nr_choices; i++) {
		e->choice[i].used = 0;
		memset(e->choice[i].visits, 0, sizeof(e->choice[i].visits));
	}
}

void choices_to_schedule(const struct engine *e, struct engine_schedule *s)
{
	s->nr_choices = e->nr_made;
	memcpy(s->choice, e->made, (size_t)e->nr_made * sizeof(s->choice[0]));
	for (int i = 0; i < e->nr_choices; i++) {
		struct engine_choice_made *o = &s->choice[s->nr_choices];
		int k = 0;

		while (k < e->nr_made && strcmp(e->made[k].what, e->choice[i].what))
			k++;
		if (k < e->nr_made)
			continue;
		/* No outcome of this kind, but its steps were there: the counts of the schedule include them. */
		memset(o, 0, sizeof(*o));
		o->task = -1;
		memcpy(o->what, e->choice[i].what, sizeof(o->what));
		s->nr_choices++;
	}
}

static int outcome(struct engine *e, struct choice_kind *k, int n)
{
	bool left = k->used < k->max && e->nr_made < e->choices_max;
	int v;

	e->choice_n = left ? n : 1;
	e->step_op.offered = true;
	v = e->strategy->choose ? e->strategy->choose(e, k->what, e->choice_n) : 0;
	if (v < 0 || v >= e->choice_n)
		v = 0;
	if (e->end != ENGINE_DONE || !v)
		return v;
	k->used++;
	e->order[e->step - 1] |= (order_t)((unsigned)v << ORDER_CHOICE_SHIFT);
	memset(&e->made[e->nr_made], 0, sizeof(e->made[0]));
	e->made[e->nr_made].task = e->current;
	memcpy(e->made[e->nr_made].what, k->what, sizeof(k->what));
	e->made[e->nr_made].visit = k->visits[e->current];
	e->made[e->nr_made++].outcome = v;
	return v;
}

int sync_choose(const char *what, int n)
{
	struct engine *e = this_engine;
	int kind, v;

	if (!e->live || e->mode != MODE_RUN || !e->nr_choices)
		return 0;
	kind = kind_find(e, what);
	if (kind < 0)
		return 0;
	if (n < 1 || n > ENGINE_MAX_OUTCOMES_OF_A_CHOICE)
		engine_panic("sync_choose(\"%s\", %d): a choice has 1 to %d outcomes", what, n,
			     ENGINE_MAX_OUTCOMES_OF_A_CHOICE);
	point(e, &(const struct op){ .mode = OP_CHOOSE, .name = "choose", .addr = e->choice[kind].what });
	e->choice[kind].visits[e->current]++;
	v = outcome(e, &e->choice[kind], n);
	e->step_old = (uint64_t)v;
	learn(e, (uint64_t)v);
	if (unlikely(e->tracing))
		trace_values(e, e->choice[kind].what, 0, 0, (uint64_t)v);
	return v;
}

int choice_of_load(struct engine *e, int n)
{
	int kind = kind_find(e, EARLY_CHOICE), v;

	if (kind < 0 || e->mode != MODE_RUN)
		return 0;
	e->choice[kind].visits[e->current]++;
	v = outcome(e, &e->choice[kind], n);
	if (e->choice_n == 1 &&
	    e->choice[kind].max == ENGINE_MAX_OUTCOMES_TOLD) /* nobody asked for that bound */
		e->lines_short = true;
	return v;
}
