/* SPDX-License-Identifier: MIT */
/*
 * strategy_pos.c - partial order sampling: random priorities of operations, drawn anew where operations race
 *
 * Yuan, Yang, Gu: "Partial order aware concurrency sampling" (CAV 2018). Each announced operation has a random
 * priority and the highest that can run does; those that race with it (op_dependent) draw again. Operations that race
 * with nothing keep their place, so that long private stretches do not decide who comes first where it matters, as
 * they do in a random walk. A yield draws from the lowest priorities: a task that spins has no reason to be early.
 */
#include "engine/internal.h"

struct pos {
	uint64_t priority[ENGINE_MAX_TASKS]; /* 0: to be drawn */
};

static int pos_create(struct engine *e, const struct engine_options *o, char *err, size_t n)
{
	if (sample_options(o, err, n))
		return -1;
	e->state = calloc(1, sizeof(struct pos));
	if (e->state)
		return 0;
	snprintf(err, n, "no memory");
	return -1;
}

static void pos_destroy(struct engine *e)
{
	free(e->state);
	e->state = NULL;
}

static bool pos_begin(struct engine *e)
{
	struct pos *s = e->state;

	sample_seed(e);
	memset(s->priority, 0, sizeof(s->priority[0]) * (size_t)e->nr_all);
	return true;
}

static int highest(struct engine *e, struct pos *s, taskmask ready)
{
	int best = task_first(ready);

	for (; ready; ready &= ready - 1) {
		int task = task_first(ready);

		if (!s->priority[task])
			s->priority[task] = rng_next(&e->rng) >> (e->task[task].op.yield ? 32 : 0) | 1;
		if (s->priority[task] > s->priority[best])
			best = task;
	}
	return best;
}

static int pos_pick(struct engine *e, taskmask ready)
{
	struct pos *s = e->state;
	int best = task_first(ready);

	if (ready & (ready - 1))
		best = highest(e, s, ready);
	s->priority[best] = 0;
	for (taskmask m = ready & ~TASK_BIT(best); m; m &= m - 1)
		if (op_dependent(&e->task[best].op, &e->task[task_first(m)].op))
			s->priority[task_first(m)] = 0;
	return best;
}

static void pos_end(struct engine *e)
{
	(void)e;
}

const struct strategy strategy_pos = {
	.name = "pos",
	.create = pos_create,
	.destroy = pos_destroy,
	.begin = pos_begin,
	.pick = pos_pick,
	.choose = random_choose,
	.end = pos_end,
};
