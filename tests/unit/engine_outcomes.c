/* SPDX-License-Identifier: MIT */
/* engine_outcomes.c - what checks say that executions came to is counted, in order, and no more than there is room for */
#include <stdio.h>

#include "toy.h"

struct words {
	int x, y, r[2];
	int place, by_place[6];
};

static struct words *words(void)
{
	return sync_machine();
}

static void store_x(void *arg)
{
	(void)arg;
	WRITE_ONCE(words()->x, 1);
	words()->r[0] = READ_ONCE(words()->y);
}

static void store_y(void *arg)
{
	(void)arg;
	WRITE_ONCE(words()->y, 1);
	words()->r[1] = READ_ONCE(words()->x);
}

static void say_registers(void *arg)
{
	char text[ENGINE_OUTCOME_MAX];

	(void)arg;
	snprintf(text, sizeof(text), "r0=%d r1=%d", words()->r[0], words()->r[1]);
	sync_outcome(text);
}

static void say_and_object(void *arg)
{
	say_registers(arg);
	if (words()->r[0] && words()->r[1])
		sync_violation("both", "each saw the other");
}

static const struct toy_program saying = { .size = sizeof(struct words),
					   .check = say_registers,
					   .task = { store_x, store_y } };

static void counted_in_order(void **state)
{
	const struct engine_result *r = toy_explore(&saying, (struct engine_options){ .strategy = "dfs" });

	(void)state;
	assert_int_equal(r->stats.executions, 6);
	assert_int_equal(r->nr_outcomes, 3);
	assert_false(r->outcomes_truncated);
	assert_string_equal(r->outcome[0].text, "r0=0 r1=1");
	assert_int_equal(r->outcome[0].executions, 1);
	assert_string_equal(r->outcome[1].text, "r0=1 r1=0");
	assert_int_equal(r->outcome[1].executions, 1);
	assert_string_equal(r->outcome[2].text, "r0=1 r1=1");
	assert_int_equal(r->outcome[2].executions, 4);
	assert_true(r->outcome[2].first >= 1 && r->outcome[2].first <= 6);
}

static void not_counted_when_it_ends_in_a_violation(void **state)
{
	struct toy_program objecting = saying;
	const struct engine_result *r;

	(void)state;
	objecting.check = say_and_object;
	r = toy_explore(&objecting, (struct engine_options){ .strategy = "dfs", .keep_going = true });
	assert_int_equal(r->stats.violations, 4);
	assert_int_equal(r->nr_outcomes, 2);
}

static void no_outcome_stated(void **state)
{
	struct toy_program silent = saying;

	(void)state;
	toy_explore(&saying, (struct engine_options){ .strategy = "dpor" });
	silent.check = NULL;
	assert_int_equal(toy_explore(&silent, (struct engine_options){ .strategy = "dpor" })->nr_outcomes, 0);
}

/* Six tasks come in any order: 720 outcomes. */
static void take_place(void *arg)
{
	int place = __atomic_fetch_add(&words()->place, 1, __ATOMIC_RELAXED);

	words()->by_place[place] = (int)(intptr_t)arg;
}

static void say_order(void *arg)
{
	const int *p = words()->by_place;
	char text[ENGINE_OUTCOME_MAX];

	(void)arg;
	snprintf(text, sizeof(text), "%d%d%d%d%d%d", p[0], p[1], p[2], p[3], p[4], p[5]);
	sync_outcome(text);
}

static void more_than_there_is_room_for(void **state)
{
	struct engine_program p = {
		.name = "order", .arena_size = sizeof(struct words), .check = say_order, .nr_tasks = 6
	};
	struct engine_options o = { .strategy = "dpor", .preemptions = -1 };
	static struct engine_result r;
	char err[256];
	struct engine *e;

	(void)state;
	for (int i = 0; i < 6; i++)
		p.tasks[i] =
			(struct engine_task){ .name = "t", .run = take_place, .arg = (void *)(intptr_t)i };
	e = engine_create(&p, err, sizeof(err));
	assert_non_null(e);
	assert_int_equal(engine_explore(e, &o, &r, err, sizeof(err)), 0);
	engine_destroy(e);
	assert_int_equal(r.stats.executions, 720);
	assert_int_equal(r.nr_outcomes, ENGINE_MAX_OUTCOMES);
	assert_true(r.outcomes_truncated);
	for (int i = 1; i < r.nr_outcomes; i++)
		assert_true(strcmp(r.outcome[i - 1].text, r.outcome[i].text) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counted_in_order),
		cmocka_unit_test(not_counted_when_it_ends_in_a_violation),
		cmocka_unit_test(no_outcome_stated),
		cmocka_unit_test(more_than_there_is_room_for),
	};

	return cmocka_run_group_tests_name("outcomes", tests, NULL, NULL);
}
