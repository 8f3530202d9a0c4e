/* SPDX-License-Identifier: MIT */
/*
 * strategy_source.c - partial order reduction with source sets and sleep sets, kept for comparison with dpor
 *
 * Abdulla, Aronis, Jonsson, Sagonas, POPL 2014; locks as in the journal version, JACM 2017. At least one execution of
 * every class, but some are begun and given up when all that could follow sleeps. Each execution is looked at for
 * races; for each, one of the tasks that can begin the other order is added to the choices at the earlier one's state,
 * unless one is there already.
 */
#include "engine/poset.h"

struct node {
	taskmask enabled, backtrack, done, sleep;
	uint8_t task;
};

struct source {
	struct poset poset;
	struct node *node; /* node[i]: the state before step i */
	uint32_t cap;
	uint32_t plan; /* choices fixed by begin() */
	uint32_t len;  /* nodes chosen */
	bool started, cut;
};

static int source_create(struct engine *e, const struct engine_options *o, char *err, size_t n)
{
	struct source *s;

	if (poset_refuses(e, o, "source", true, err, n))
		return -1;
	s = calloc(1, sizeof(*s));
	if (!s || poset_create(e, &s->poset)) {
		free(s);
		snprintf(err, n, "no memory");
		return -1;
	}
	e->state = s;
	return 0;
}

static void source_destroy(struct engine *e)
{
	struct source *s = e->state;

	poset_destroy(&s->poset);
	free(s->node);
	free(s);
	e->state = NULL;
}

static void grow(struct source *s)
{
	s->cap = s->cap ? s->cap * 2 : 256;
	s->node = realloc(s->node, s->cap * sizeof(*s->node));
	if (!s->node)
		engine_panic("no memory for an execution of %u steps", s->cap);
}

/* The tasks that can take the first step of "everything after event `at` not after it in order, then `later`". */
static taskmask initials(const struct poset *p, uint32_t at, uint32_t later)
{
	taskmask seen = 0, initial = 0;
	uint32_t first[ENGINE_MAX_TASKS];

	for (uint32_t k = at + 1; k <= later; k++) {
		const struct event *n = &p->ev[k];
		bool free_ = true;

		if (seen & TASK_BIT(n->task))
			continue;
		if (k != later && event_before(&p->ev[at], n))
			continue;
		for (taskmask m = seen; m && free_; m &= m - 1)
			free_ = !event_before(&p->ev[first[task_first(m)]], n);
		seen |= TASK_BIT(n->task);
		first[n->task] = k;
		if (free_)
			initial |= TASK_BIT(n->task);
	}
	return initial;
}

/* The races of event `later`. */
static void reverse(struct source *s, uint32_t later)
{
	for (uint32_t i = 0; i < s->poset.nr_races; i++) {
		uint32_t at = s->poset.race[i];
		struct node *n = &s->node[at];
		taskmask initial = initials(&s->poset, at, later), add;

		if (initial & (n->backtrack | n->sleep))
			continue;
		add = initial & TASK_BIT(s->poset.ev[later].task);
		if (!add)
			add = initial & -initial;
		/* What cannot run there yet is reached through what can: rare, and then all of it is tried. */
		n->backtrack |= add & n->enabled ? add : n->enabled;
	}
}

static void absorb(struct engine *e, struct source *s)
{
	poset_add(e, &s->poset);
	reverse(s, s->poset.nr - 1);
}

static bool source_begin(struct engine *e)
{
	struct source *s = e->state;

	if (!s->started) {
		s->started = true;
		return true;
	}
	while (s->len) {
		struct node *n = &s->node[s->len - 1];
		taskmask next;

		n->done |= TASK_BIT(n->task);
		next = n->backtrack & ~n->done & ~n->sleep;
		if (next) {
			poset_cut(&s->poset, s->len - 1);
			n->task = (uint8_t)task_first(next);
			s->plan = s->len;
			return true;
		}
		s->len--;
	}
	return false;
}

/* Those that slept, or were explored, at the state before the latest step and do not depend on that step. */
static taskmask sleepers(struct engine *e, const struct node *before)
{
	taskmask left = (before->sleep | before->done) & ~TASK_BIT(before->task);

	for (taskmask m = left; m; m &= m - 1) {
		int t = task_first(m);

		if (op_dependent(&e->step_op, &e->task[t].op))
			left &= ~TASK_BIT(t);
	}
	return left;
}

static int source_pick(struct engine *e, taskmask ready)
{
	struct source *s = e->state;
	uint32_t d = e->step;
	taskmask awake;
	struct node *n;
	int last;

	if (d > s->poset.nr)
		absorb(e, s);
	if (d < s->plan)
		return s->node[d].task;
	if (d == s->cap)
		grow(s);
	n = &s->node[d];
	n->enabled = ready;
	n->done = 0;
	n->backtrack = 0;
	n->sleep = d ? sleepers(e, &s->node[d - 1]) : 0;
	awake = ready & ~n->sleep;
	if (!awake)
		return -1;
	last = d ? s->node[d - 1].task : -1;
	n->task = (uint8_t)(last >= 0 && (awake & TASK_BIT(last)) ? last : task_first(awake));
	n->backtrack = TASK_BIT(n->task);
	s->len = d + 1;
	return n->task;
}

/* Only executions of ordinary outcomes are reduced so far: another one that could have been is left out. */
static int source_choose(struct engine *e, const char *what, int n)
{
	struct source *s = e->state;

	(void)what;
	s->cut |= n > 1;
	return 0;
}

static void source_end(struct engine *e)
{
	struct source *s = e->state;

	/* Past the bound the steps were not ours: what the last of ours did is no longer known. */
	if (e->fair)
		s->len = s->poset.nr;
	else if (s->poset.nr < s->len)
		absorb(e, s);
	/* What kept a task waiting to the end may have come too early. */
	for (taskmask m = e->waiting & ~e->ready; m && !e->fair; m &= m - 1) {
		poset_waiting(e, &s->poset, task_first(m));
		reverse(s, s->poset.nr);
	}
	s->plan = 0;
	s->cut |= e->end == ENGINE_BOUND || e->end == ENGINE_VIOLATION;
}

static bool source_covered(const struct engine *e)
{
	const struct source *s = e->state;

	return !s->cut;
}

static void source_stats(const struct engine *e, struct engine_stats *stats)
{
	const struct source *s = e->state;

	stats->peak_bytes += poset_bytes(e, &s->poset) + s->cap * sizeof(*s->node);
}

const struct strategy strategy_source = {
	.name = "source",
	.create = source_create,
	.destroy = source_destroy,
	.begin = source_begin,
	.pick = source_pick,
	.choose = source_choose,
	.end = source_end,
	.covered = source_covered,
	.stats = source_stats,
};
