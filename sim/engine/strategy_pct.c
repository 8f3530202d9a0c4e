/* SPDX-License-Identifier: MIT */
/*
 * strategy_pct.c - priorities with few changes: bugs of small depth, each with a known least probability
 *
 * Burckhardt, Kothari, Musuvathi, Nagarakatte: "A randomized scheduler with probabilistic guarantees of finding
 * bugs" (ASPLOS 2010). Tasks get random priorities and the highest that can run does; at depth - 1 random steps the
 * task about to run drops below all of the beginning. With n tasks and executions of at most k steps, a bug that
 * depth ordering constraints make happen is found by an execution with probability 1 / (n * k^(depth - 1)) at least.
 *
 * k is the longest of a few executions (one serial, the others random walks of the seed) that are run before the
 * first and not counted, so that execution n depends on the seed and n alone. The guarantee is for executions no
 * longer than that, without yields: a task that spins drops below all others at each, or it would run for ever.
 * Steps beyond k are a random walk, which ends loops that spin without saying so.
 */
#include "engine/internal.h"

#define MEASURED 17

/* Priorities: below 0 of tasks that yielded, 1 to depth - 1 after a change, from FIRST on at the beginning. */
#define FIRST (1ll << 32)

struct change {
	uint32_t step;
	int priority;
};

struct pct {
	int64_t priority[ENGINE_MAX_TASKS];
	struct change change[ENGINE_MAX_DEPTH]; /* by step */
	int nr_changes, next;
	int64_t lowest;
	taskmask yielded; /* stand at a yield and have dropped for it */
	uint32_t steps;	  /* k */
	bool measuring;
};

static void pct_measure(struct engine *e, struct pct *s)
{
	const struct strategy *before = e->strategy;

	e->strategy = &strategy_pct;
	s->measuring = true;
	for (uint64_t i = 0; i < MEASURED; i++) {
		uint32_t taken;

		e->nr_execution = UINT64_MAX - i;
		sample_seed(e);
		run_execution(e);
		taken = e->step < e->max_steps ? e->step : e->max_steps;
		if (taken > s->steps)
			s->steps = taken;
	}
	s->measuring = false;
	e->strategy = before;
}

static int pct_create(struct engine *e, const struct engine_options *o, char *err, size_t n)
{
	struct pct *s;

	if (sample_options(o, err, n))
		return -1;
	if (o->depth < 0 || o->depth > ENGINE_MAX_DEPTH) {
		snprintf(err, n, "a depth of %d is not between 1 and %d", o->depth, ENGINE_MAX_DEPTH);
		return -1;
	}
	s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(err, n, "no memory");
		return -1;
	}
	s->nr_changes = (o->depth ? o->depth : ENGINE_DEFAULT_DEPTH) - 1;
	s->steps = 1;
	e->state = s;
	pct_measure(e, s);
	return 0;
}

static void pct_destroy(struct engine *e)
{
	free(e->state);
	e->state = NULL;
}

static bool pct_begin(struct engine *e)
{
	struct pct *s = e->state;

	sample_seed(e);
	for (int i = 0; i < e->nr_all; i++) /* the low bits keep them different */
		s->priority[i] = FIRST + (int64_t)(rng_next(&e->rng) >> 2 & ~63ull) + i;
	for (int i = 0; i < s->nr_changes; i++) {
		struct change c = { 1 + (uint32_t)(((rng_next(&e->rng) >> 32) * s->steps) >> 32), i + 1 };
		int at = i;

		while (at && s->change[at - 1].step > c.step) {
			s->change[at] = s->change[at - 1];
			at--;
		}
		s->change[at] = c;
	}
	s->next = 0;
	s->lowest = 0;
	s->yielded = 0;
	return true;
}

static int highest(const struct pct *s, taskmask ready)
{
	int best = task_first(ready);

	while (ready &= ready - 1)
		if (s->priority[task_first(ready)] > s->priority[best])
			best = task_first(ready);
	return best;
}

static int pct_pick(struct engine *e, taskmask ready)
{
	struct pct *s = e->state;

	if (unlikely(s->measuring)) {
		if (e->nr_execution != UINT64_MAX)
			return random_pick(e, ready);
		return e->step && (ready & TASK_BIT(e->order[e->step - 1] & ORDER_TASK)) ?
			       e->order[e->step - 1] & ORDER_TASK :
			       task_first(ready);
	}
	if (unlikely(e->step >= s->steps))
		return random_pick(e, ready);
	for (;;) {
		int task = highest(s, ready);
		taskmask bit = TASK_BIT(task);

		if (s->next < s->nr_changes && s->change[s->next].step == e->step + 1) {
			s->priority[task] = s->change[s->next++].priority;
		} else if (unlikely(e->task[task].op.yield) && !(s->yielded & bit)) {
			s->priority[task] = --s->lowest;
			s->yielded |= bit;
		} else {
			s->yielded &= ~bit;
			return task;
		}
	}
}

static void pct_end(struct engine *e)
{
	(void)e;
}

const struct strategy strategy_pct = {
	.name = "pct",
	.create = pct_create,
	.destroy = pct_destroy,
	.begin = pct_begin,
	.pick = pct_pick,
	.choose = random_choose,
	.end = pct_end,
};
