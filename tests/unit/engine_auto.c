/* SPDX-License-Identifier: MIT */
/* engine_auto.c - the default strategy: dpor to its end, or a sample where the estimate says that there is none in reach */
#include "toy.h"

#define BUDGET 4000

struct mem {
	int late, noise;
	spinlock_t a, b;
	struct completion done;
};

static struct mem *mem(void)
{
	return sync_machine();
}

static void set_up(void *arg)
{
	(void)arg;
	spin_lock_init(&mem()->a);
	spin_lock_init(&mem()->b);
	init_completion(&mem()->done);
}

static void make_noise(int times)
{
	while (times--) {
		int v = READ_ONCE(mem()->noise);

		WRITE_ONCE(mem()->noise, v + 1);
	}
}

static void little_noise(void *arg)
{
	(void)arg;
	make_noise(2);
}

/* Only if the second task wrote before the first step of all, which dpor comes to when all noise is explored. */
static void reverse_order_if_late(void *arg)
{
	bool late = READ_ONCE(mem()->late);

	(void)arg;
	make_noise(6);
	wait_for_completion(&mem()->done);
	if (!late)
		return;
	spin_lock(&mem()->b);
	spin_lock(&mem()->a);
	spin_unlock(&mem()->a);
	spin_unlock(&mem()->b);
}

static void order_then_noise(void *arg)
{
	(void)arg;
	spin_lock(&mem()->a);
	spin_lock(&mem()->b);
	spin_unlock(&mem()->b);
	spin_unlock(&mem()->a);
	complete(&mem()->done);
	make_noise(6);
}

static void write_late(void *arg)
{
	(void)arg;
	WRITE_ONCE(mem()->late, 1);
}

static const struct toy_program small = { .size = sizeof(struct mem),
					  .task = { little_noise, little_noise } };
static const struct toy_program large = { .size = sizeof(struct mem),
					  .setup = set_up,
					  .task = { reverse_order_if_late, write_late, order_then_noise } };

static void small_programs_are_proved(void **state)
{
	uint64_t all = toy_dpor(&small)->stats.executions;
	const struct engine_result *r = toy_explore(&small, (struct engine_options){ .strategy = "auto" });

	(void)state;
	assert_clean(r);
	assert_false(r->gave_up);
	assert_int_equal(r->stats.executions, all);
}

/* What dpor did and the sample make up the budget; lock orders of the two are judged together. */
static void large_programs_are_sampled(void **state)
{
	const struct engine_result *r =
		toy_explore(&large, (struct engine_options){ .strategy = "dpor", .executions = BUDGET });

	(void)state;
	assert_false(r->gave_up);
	assert_int_equal(r->nr_lock_reports, 0); /* not in so few executions */
	r = toy_explore(&large, (struct engine_options){ .strategy = "auto", .executions = BUDGET });
	assert_true(r->gave_up);
	assert_false(r->stats.complete);
	assert_true(r->stats.estimate > BUDGET);
	assert_true(r->stats.executions + r->stats.redundant >= BUDGET);
	assert_int_equal(r->nr_lock_reports, 1);
}

static void bounds_are_for_dfs(void **state)
{
	uint64_t all = toy_explore(&small, (struct engine_options){ .strategy = "dfs", .preemptions = 1 })
			       ->stats.executions;
	const struct engine_result *r =
		toy_explore(&small, (struct engine_options){ .strategy = "auto", .preemptions = 1 });

	(void)state;
	assert_clean(r);
	assert_int_equal(r->stats.executions, all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_programs_are_proved),
		cmocka_unit_test(large_programs_are_sampled),
		cmocka_unit_test(bounds_are_for_dfs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
