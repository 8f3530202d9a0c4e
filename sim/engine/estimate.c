/* SPDX-License-Identifier: MIT */
/*
 * estimate.c - see estimate.h
 *
 * Chen's heterogeneous sampling (SIAM J. Computing 21, 1992): dpor's executions form a tree, walked here generation by
 * generation. Executions of one generation whose latest deviation lies at the same place are taken to lead to about as
 * much: one of each such stratum is run, chosen at random, and stands for all of its weight. That weights sum up to the
 * tree's size on average does not depend on how alike those of a stratum are; how far off one sample is does.
 */
#include "engine/estimate.h"

#include "engine/schedules.h"
#include "engine/unit.h"

struct stratum {
	uint64_t key;  /* of schedules_take() */
	double weight; /* executions it stands for */
	uint8_t *bytes;
	size_t n;
};

struct generation {
	struct stratum *s; /* by key */
	uint32_t nr, cap;
};

static struct stratum *stratum_get(struct generation *g, uint64_t key)
{
	uint32_t from = 0, to = g->nr;

	while (from < to) {
		uint32_t middle = (from + to) / 2;

		if (g->s[middle].key < key)
			from = middle + 1;
		else
			to = middle;
	}
	if (from < g->nr && g->s[from].key == key)
		return &g->s[from];
	if (g->nr == g->cap) {
		g->cap = g->cap ? 2 * g->cap : 64;
		g->s = realloc(g->s, g->cap * sizeof(*g->s));
		if (!g->s)
			engine_panic("no memory to estimate");
	}
	memmove(&g->s[from + 1], &g->s[from], (g->nr++ - from) * sizeof(*g->s));
	g->s[from] = (struct stratum){ .key = key };
	return &g->s[from];
}

static void run_one(struct engine *e)
{
	if (!strategy_dpor.begin(e))
		return;
	run_execution(e);
	strategy_dpor.end(e);
}

/* What the execution just run leads to joins the next generation. */
static void spread(struct engine *e, struct generation *next, double weight, uint64_t *rng)
{
	struct schedules *todo = dpor_schedules(e);
	uint8_t *bytes;
	size_t n;
	uint64_t kind;

	while ((n = schedules_take(todo, &bytes, &kind))) {
		struct stratum *s = stratum_get(next, kind);

		s->weight += weight;
		if ((double)(rng_next(rng) >> 11) * 0x1p-53 * s->weight < weight) {
			free(s->bytes);
			s->bytes = bytes;
			s->n = n;
		} else {
			free(bytes);
		}
	}
}

/* Of what `left`, n bytes of schedules, leads to; n 0: of all. */
static double sample(struct engine *e, const uint8_t *left, size_t n, uint64_t *rng, uint64_t *spent)
{
	struct generation now = { 0 }, next = { 0 };
	double total = 1;

	if (n) {
		strategy_dpor.load(e, left, n);
		total = 0;
	} else {
		run_one(e);
		++*spent;
	}
	spread(e, &next, 1, rng);
	while (next.nr) {
		free(now.s);
		now = next;
		next = (struct generation){ 0 };
		for (uint32_t i = 0; i < now.nr; i++) {
			struct stratum *s = &now.s[i];

			schedules_load(dpor_schedules(e), s->bytes, s->n);
			free(s->bytes);
			run_one(e);
			++*spent;
			if (e->end != ENGINE_REDUNDANT)
				total += s->weight;
			spread(e, &next, s->weight, rng);
		}
	}
	free(now.s);
	free(next.s);
	return total;
}

double estimate_executions(struct engine *e, const uint8_t *left, size_t n, uint64_t seed, uint64_t *spent)
{
	const struct strategy *strategy = e->strategy;
	struct classes *classes = e->classes;
	void *state = e->state;
	uint64_t plain = e->nr_plain, marked = e->nr_marked, rng = seed * 0x9e3779b97f4a7c15ull + 1;
	bool lines_short = e->lines_short;
	int races = e->nr_races;
	struct lock_log locks;
	double total = 0;
	char err[128];

	lockdep_log_take(e, &locks);
	e->strategy = &strategy_dpor;
	e->classes = NULL;
	if (!strategy_dpor.create(e, e->opt, err, sizeof(err))) {
		total = sample(e, left, n, &rng, spent);
		strategy_dpor.destroy(e);
	}
	for (; e->nr_races > races; e->nr_races--) {
		free(e->race_order[e->nr_races - 1]);
		e->race_order[e->nr_races - 1] = NULL;
	}
	lockdep_log_return(e, &locks);
	e->nr_plain = plain;
	e->nr_marked = marked;
	e->lines_short = lines_short;
	e->outcome[0] = '\0';
	e->classes = classes;
	e->strategy = strategy;
	e->state = state;
	return total;
}

/* ---- in an exploration ------------------------------------------------------------------------------- */

#define ESTIMATE_SHARE                                                                                       \
	16 /* of all executions at most one in so many is spent on estimates, but for the first */

/* Does the estimate say that the budget, or patience, will not do? */
static bool hopeless(const struct explorer *x, uint64_t n)
{
	double seconds = unit_clock(CLOCK_MONOTONIC) - x->start, most = ENGINE_PATIENCE;

	if (x->o->seconds > 0)
		most = x->o->seconds * (double)n / (seconds > 0 ? seconds : 1e-9);
	if (x->o->executions && (x->o->seconds <= 0 || (double)x->o->executions < most))
		most = (double)x->o->executions;
	return x->estimate > (x->nr_estimates > 1 ? 2 : 16) * most;
}

/* Are all schedules that are left in unit u? */
static bool alone(const struct explorer *x, const struct unit *u)
{
	for (const struct unit *v = x->first; v; v = v->next)
		if (v != u && v->state != UNIT_DONE)
			return false;
	return x->workers == 1;
}

static double take_samples(struct engine *e, struct explorer *x, struct unit *u, uint64_t n, uint64_t *spent)
{
	uint8_t *left = NULL;
	size_t nr = alone(x, u) ? x->strategy->save(e, &left) : 0;
	double total = estimate_executions(e, left, nr, x->nr_estimates + 1, spent);

	if (!x->nr_estimates)
		total = (total + estimate_executions(e, left, nr, 0, spent)) / 2;
	free(left);
	return total + (nr ? (double)n : 0);
}

void explorer_estimate(struct engine *e, struct explorer *x, struct unit *u, uint64_t n)
{
	uint64_t spent = 0, due = atomic_load_explicit(&x->next_estimate, memory_order_relaxed);
	double total;

	n += atomic_load_explicit(&x->executions, memory_order_relaxed) - u->published;
	if (likely(n < due) || !atomic_compare_exchange_strong(&x->next_estimate, &due, UINT64_MAX))
		return;
	total = take_samples(e, x, u, n, &spent);
	pthread_mutex_lock(&x->lock);
	x->estimate = x->nr_estimates ? (x->estimate + total) / 2 : total;
	x->nr_estimates++;
	x->spent += spent;
	if (x->may_give_up && hopeless(x, n))
		x->gave_up = x->stop = true;
	atomic_store(&x->attention, true);
	atomic_store(&x->next_estimate, x->spent * ESTIMATE_SHARE + n / 2);
	pthread_mutex_unlock(&x->lock);
}
