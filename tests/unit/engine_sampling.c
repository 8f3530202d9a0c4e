/* SPDX-License-Identifier: MIT */
/*
 * engine_sampling.c - how often the samples find what is rare
 *
 * Everything is seeded, so that frequencies are the same at every run. They are held against what is known: pct's
 * least probability of 1 / (n * k^(depth - 1)) on bugs of depth 1, 2 and 3, and pos's exact one on two operations
 * that race behind private steps.
 */
#include <math.h>

#include "toy.h"

struct sampled {
	int x, noise[TOY_TASKS];
};

static struct sampled *sampled(void)
{
	return sync_machine();
}

static void noise(int task, int n)
{
	for (int i = 0; i < n; i++)
		WRITE_ONCE(sampled()->noise[task], i);
}

static void bystander(void *arg)
{
	(void)arg;
	noise(2, 4);
}

static void found(void)
{
	sync_violation("assertion", "found");
}

static uint64_t frequency(const struct toy_program *t, const char *strategy, int depth, uint64_t executions)
{
	struct engine_options o = {
		.strategy = strategy, .depth = depth, .executions = executions, .seed = 1, .keep_going = true
	};

	return toy_explore(t, o)->stats.violations;
}

/* ---- depth 1: a user is done before what it uses is set up; 30 steps of it before the other's first ------------- */

static void publish(void *arg)
{
	(void)arg;
	WRITE_ONCE(sampled()->x, 1);
}

static void use_late(void *arg)
{
	(void)arg;
	noise(1, 30);
	if (!READ_ONCE(sampled()->x))
		found();
}

/* ---- depth 2: a store between two loads that 60 steps come before ------------------------------------------------- */

static void load_twice(void *arg)
{
	int first;

	(void)arg;
	noise(0, 60);
	first = READ_ONCE(sampled()->x);
	if (READ_ONCE(sampled()->x) != first)
		found();
}

/* ---- depth 3: one of two stores between two loads, the other after them --------------------------------------------- */

static void load_between(void *arg)
{
	int first;

	(void)arg;
	noise(0, 20);
	first = READ_ONCE(sampled()->x);
	if (READ_ONCE(sampled()->x) == 1 && !first)
		found();
}

static void store_twice(void *arg)
{
	(void)arg;
	WRITE_ONCE(sampled()->x, 1);
	WRITE_ONCE(sampled()->x, 2);
}

static void pct_guarantee(void **state)
{
	static const struct {
		struct toy_program t;
		int depth, steps;
		uint64_t executions;
	} bug[] = {
		{ { sizeof(struct sampled),
		    NULL,
		    NULL,
		    { publish, use_late, bystander },
		    { 0 },
		    ENGINE_SC,
		    NULL },
		  1,
		  36,
		  3000 },
		{ { sizeof(struct sampled),
		    NULL,
		    NULL,
		    { load_twice, publish, bystander },
		    { 0 },
		    ENGINE_SC,
		    NULL },
		  2,
		  67,
		  100000 },
		{ { sizeof(struct sampled),
		    NULL,
		    NULL,
		    { load_between, store_twice, bystander },
		    { 0 },
		    ENGINE_SC,
		    NULL },
		  3,
		  28,
		  500000 },
	};

	(void)state;
	for (int i = 0; i < 3; i++) {
		double bound = (double)bug[i].executions / (3 * pow(bug[i].steps, bug[i].depth - 1));
		uint64_t pct = frequency(&bug[i].t, "pct", bug[i].depth, bug[i].executions);
		uint64_t walk = frequency(&bug[i].t, "random", 0, bug[i].executions);

		print_message("depth %d: %llu of %llu by pct, at least %.0f; %llu by random\n", bug[i].depth,
			      (unsigned long long)pct, (unsigned long long)bug[i].executions, bound,
			      (unsigned long long)walk);
		assert_true((double)pct >= bound);
		if (bug[i].depth < 3)
			assert_true((double)walk < bound / 2);
	}
}

/* k is measured before the first execution, so that a run depends on its seed alone. */
static void pct_is_deterministic(void **state)
{
	static const struct toy_program t = { .size = sizeof(struct sampled),
					      .task = { load_between, store_twice } };
	uint64_t first = frequency(&t, "pct", 3, 20000);

	(void)state;
	assert_true(first > 0);
	assert_int_equal(frequency(&t, "pct", 3, 20000), first);
}

/* ---- tasks that spin ------------------------------------------------------------------------------------------------- */

static void spin(void *arg)
{
	(void)arg;
	while (READ_ONCE(sampled()->x) != 2)
		cpu_relax();
}

static void spin_silently(void *arg)
{
	(void)arg;
	while (READ_ONCE(sampled()->x) != 2)
		;
}

static void spinning_ends(void **state)
{
	static const char *const samples[] = { "random", "pct", "pos" };
	static const struct toy_program loud = { .size = sizeof(struct sampled),
						 .task = { spin, store_twice, spin } };
	static const struct toy_program silent = { .size = sizeof(struct sampled),
						   .task = { spin_silently, store_twice, spin_silently } };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct engine_options o = {
			.strategy = samples[i], .executions = 5000, .max_steps = 300, .seed = 3
		};
		struct engine_result *r = toy_explore(&loud, o);

		assert_oracle(r, "");
		assert_int_equal(r->stats.bounded, 0);
		assert_int_equal(r->stats.executions, 5000);
		r = toy_explore(&silent, o);
		assert_oracle(r, "");
		assert_true(r->stats.bounded <= 5000 / 20);
	}
}

/* ---- pos: two operations that race, one of them behind 5 private steps ---------------------------------------------------- */

static void late_store(void *arg)
{
	(void)arg;
	noise(0, 5);
	if (!xchg(&sampled()->x, 1))
		found();
}

static void early_store(void *arg)
{
	(void)arg;
	xchg(&sampled()->x, 2);
}

/* The late one comes first when 6 draws are above the early one's: 1 in 7. In a random walk: 1 in 2^6. */
static void pos_orders(void **state)
{
	static const struct toy_program t = { .size = sizeof(struct sampled),
					      .task = { late_store, early_store } };
	uint64_t pos = frequency(&t, "pos", 0, 70000), walk = frequency(&t, "random", 0, 64000);

	(void)state;
	print_message("late store first: %llu of 70000 by pos, %llu of 64000 by random\n",
		      (unsigned long long)pos, (unsigned long long)walk);
	assert_in_range(pos, 9700, 10300);
	assert_in_range(walk, 900, 1100);
}

/* Three stores of each of two tasks to one word race all: each of 20 orders is an order of its own. */
static int order_seen[64];

static void three_stores(void *arg)
{
	struct sampled *s = sampled();
	int me = *sync_task_name() == 'b';

	(void)arg;
	for (int i = 0; i < 3; i++) {
		int before;

		do
			before = READ_ONCE(s->x);
		while (cmpxchg(&s->x, before, before << 1 | me) != before);
	}
}

static void note_order(void *arg)
{
	(void)arg;
	order_seen[sampled()->x & 63]++;
}

static void pos_reaches_all(void **state)
{
	static const struct toy_program t = { .size = sizeof(struct sampled),
					      .check = note_order,
					      .task = { three_stores, three_stores } };
	int orders = 0, least = INT32_MAX;

	(void)state;
	memset(order_seen, 0, sizeof(order_seen));
	frequency(&t, "pos", 0, 20000);
	for (int i = 0; i < 64; i++)
		if (order_seen[i]) {
			orders++;
			least = order_seen[i] < least ? order_seen[i] : least;
		}
	print_message("%d orders, the rarest %d times in 20000\n", orders, least);
	assert_int_equal(orders, 20);
	assert_true(least >= 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pct_guarantee),   cmocka_unit_test(pct_is_deterministic),
		cmocka_unit_test(spinning_ends),   cmocka_unit_test(pos_orders),
		cmocka_unit_test(pos_reaches_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
