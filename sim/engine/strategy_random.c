/* SPDX-License-Identifier: MIT */
/* strategy_random.c - a uniform choice among the runnable at every point; execution n depends on seed and n alone */
#include "engine/internal.h"

int sample_options(const struct engine_options *o, char *err, size_t n)
{
	if (o->preemptions < 0)
		return 0;
	snprintf(err, n, "a preemption bound needs --strategy dfs, not %s", o->strategy);
	return -1;
}

void sample_seed(struct engine *e)
{
	uint64_t s = e->opt->seed * 0x9e3779b97f4a7c15ull + e->nr_execution;

	e->rng = rng_next(&s);
}

static int random_create(struct engine *e, const struct engine_options *o, char *err, size_t n)
{
	(void)e;
	return sample_options(o, err, n);
}

static void random_destroy(struct engine *e)
{
	(void)e;
}

static bool random_begin(struct engine *e)
{
	sample_seed(e);
	return true;
}

int random_pick(struct engine *e, taskmask ready)
{
	taskmask others = ready & (ready - 1);
	unsigned n = 2, k;

	if (!others)
		return task_first(ready);
	if (others &
	    (others - 1)) /* counting is a call where the processor need not have an instruction for it */
		n = (unsigned)__builtin_popcountll(ready);
	k = (unsigned)(((rng_next(&e->rng) >> 32) * n) >> 32);
	while (k--)
		ready &= ready - 1;
	return task_first(ready);
}

#define ORDINARY 7 /* of 8 choices; the others share what is left */

int random_choose(struct engine *e, const char *what, int n)
{
	uint64_t r;

	(void)what;
	if (n == 1)
		return 0;
	r = rng_next(&e->rng) >> 32;
	if (r % 8 < ORDINARY)
		return 0;
	return 1 + (int)(((r / 8) * (uint64_t)(n - 1)) >> 29);
}

static void random_end(struct engine *e)
{
	(void)e;
}

const struct strategy strategy_random = {
	.name = "random",
	.create = random_create,
	.destroy = random_destroy,
	.begin = random_begin,
	.pick = random_pick,
	.choose = random_choose,
	.end = random_end,
};
