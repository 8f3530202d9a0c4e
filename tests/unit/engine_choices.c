/* SPDX-License-Identifier: MIT */
/* engine_choices.c - sync_choose(): every outcome within the bounds, in schedules, replayed, minimised, traced */
#include "toy.h"

struct mem {
	int x, failed, last;
};

static struct mem *mem(void)
{
	return sync_machine();
}

static void three(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		int v = sync_choose("alloc", 3);

		mem()->failed += v != 0;
		mem()->last = v;
	}
}

static int seen[64], nr_seen;

static void collect(void *arg)
{
	(void)arg;
	seen[nr_seen++ % 64] = mem()->failed * 10 + mem()->last;
}

static const struct toy_program alone = { .size = sizeof(struct mem), .check = collect, .task = { three } };

static struct engine_result *bounded(const struct toy_program *t, const char *strategy, uint64_t executions,
				     const char *what, int max)
{
	const struct engine_choice choices[] = { { what, max }, { NULL, 0 } };

	return toy_explore(t, (struct engine_options){
				      .strategy = strategy, .choices = choices, .executions = executions });
}

/* 3 choices of 3 outcomes, at most so many of them not the ordinary: 1, 1 + 3 * 2, 7 + 3 * 4, 27. */
static void every_outcome_within_the_bound(void **state)
{
	static const int want[] = { 1, 7, 19, 27, 27 };

	(void)state;
	for (int max = 0; max < 5; max++) {
		const struct engine_result *r = bounded(&alone, "dfs", 0, "alloc", max);

		assert_clean(r);
		assert_int_equal(r->stats.executions, want[max]);
		assert_int_equal(r->stats.points, max ? 3 * want[max] : 0);
	}
}

/* source takes the ordinary outcomes alone, and so claims nothing. */
static void source_is_not_complete(void **state)
{
	(void)state;
	assert_false(bounded(&alone, "source", 0, "alloc", 1)->stats.complete);
	assert_clean(bounded(&alone, "source", 0, "alloc", 0));
	assert_clean(bounded(&alone, "source", 0, "other", 1));
}

/* One task's choices are all that there is to reduce: dpor runs what dfs runs. */
static void dpor_takes_every_outcome(void **state)
{
	(void)state;
	for (int max = 0; max < 5; max++) {
		uint64_t all = bounded(&alone, "dfs", 0, "alloc", max)->stats.executions;
		const struct engine_result *r = bounded(&alone, "dpor", 0, "alloc", max);

		assert_clean(r);
		assert_int_equal(r->stats.executions, all);
	}
}

static int chosen[3];

/* What it chose is known to nobody else until it returns, but how much of the bound is left to b. */
static void choose_and_keep(void *arg)
{
	(void)arg;
	if (sync_choose("alloc", 2))
		return;
}

static void note_choice(void *arg)
{
	(void)arg;
	if (sync_choose("alloc", 2))
		WRITE_ONCE(mem()->x, 1);
}

static void count_choices(void *arg)
{
	(void)arg;
	chosen[mem()->x]++;
}

static void states_know_what_the_bounds_leave(void **state)
{
	const struct toy_program p = { .size = sizeof(struct mem),
				       .check = count_choices,
				       .task = { choose_and_keep, note_choice } };
	static const struct engine_choice choices[] = { { "alloc", 1 }, { NULL, 0 } };

	(void)state;
	memset(chosen, 0, sizeof(chosen));
	assert_clean(toy_explore(
		&p, (struct engine_options){ .strategy = "dfs", .state_hash = true, .choices = choices }));
	assert_true(chosen[0] && chosen[1]);
	assert_clean(toy_explore(
		&alone,
		(struct engine_options){ .strategy = "dfs", .state_hash = true, .choices = choices }));
}

static void unlisted_is_no_step(void **state)
{
	const struct engine_result *r = bounded(&alone, "dfs", 0, "io-error", 2);

	(void)state;
	assert_int_equal(r->stats.executions, 1);
	assert_int_equal(r->stats.points, 0);
	nr_seen = 0;
	bounded(&alone, "random", 20, "io-error", 2);
	assert_int_equal(nr_seen, 20);
	for (int i = 0; i < nr_seen; i++)
		assert_int_equal(seen[i], 0);
}

static void random_reaches_them(void **state)
{
	int ordinary = 0, failed = 0;

	(void)state;
	nr_seen = 0;
	bounded(&alone, "random", 64, "alloc", 1);
	for (int i = 0; i < 64; i++) {
		ordinary += seen[i] == 0;
		failed += seen[i] >= 10;
		assert_true(seen[i] < 20);
	}
	assert_true(ordinary > 16);
	assert_true(failed > 4);
	assert_int_equal(ordinary + failed, 64);
}

/* ---- a violation that needs one failure of two, and one preemption ------------------------------------------ */

static void allocator(void *arg)
{
	(void)arg;
	if (!sync_choose("alloc", 2)) /* has nothing to do with it, but fewer steps when it fails */
		WRITE_ONCE(mem()->last, 1);
	WRITE_ONCE(mem()->x, 1);
	SYNC_LABEL("set");
	if (sync_choose("alloc", 2)) {
		SYNC_LABEL("failed");
		WRITE_ONCE(mem()->failed, 1);
	}
	WRITE_ONCE(mem()->x, 0);
}

static void looker(void *arg)
{
	(void)arg;
	(void)sync_choose("io-error", 2);
	if (READ_ONCE(mem()->x) && READ_ONCE(mem()->failed))
		sync_violation("assertion", "seen");
}

static const struct toy_program two = { .size = sizeof(struct mem), .task = { allocator, looker } };

static void minimised(void **state)
{
	static const struct engine_choice choices[] = { { "alloc", 2 }, { "io-error", 1 }, { NULL, 0 } };
	static struct engine_result r;
	static struct engine_schedule s;
	struct engine_trace t = { 0 };
	struct engine *e = toy_engine(&two);
	struct engine_options o = { .strategy = "random", .preemptions = -1, .choices = choices };
	char text[256], err[256];
	int failures = 0;

	(void)state;
	o.executions = 20000;
	for (o.seed = 1; failures < 2; o.seed++) { /* one that has a failure too many */
		assert_int_equal(engine_explore(e, &o, &r, err, sizeof(err)), 0);
		assert_oracle(&r, "assertion");
		failures = 0;
		for (int i = 0; i < r.schedule.nr_choices; i++)
			failures += r.schedule.choice[i].task >= 0;
	}
	engine_schedule_print(engine_program(e), &r.schedule, ' ', text, sizeof(text));
	assert_int_equal(engine_schedule_parse(engine_program(e), text, &s, err, sizeof(err)), 0);
	assert_int_equal(engine_replay(e, &s, 0, &r, NULL, err, sizeof(err)), ENGINE_VIOLATION);
	engine_minimise(e, &r, 10000);
	assert_int_equal(r.preemptions, 1);
	engine_schedule_print(engine_program(e), &r.schedule, ' ', text, sizeof(text));
	assert_non_null(strstr(text, "a!alloc:2=1"));
	assert_null(strstr(text, "a!alloc=1"));
	assert_null(strstr(text, "io-error"));
	assert_int_equal(engine_schedule_parse(engine_program(e), text, &s, err, sizeof(err)), 0);
	assert_int_equal(engine_replay(e, &s, 0, &r, &t, err, sizeof(err)), ENGINE_VIOLATION);
	assert_string_equal(t.step[3].op, "choose");
	assert_string_equal(t.step[3].object, "alloc");
	assert_int_equal(t.step[3].new_, 1);
	engine_trace_free(&t);
	engine_destroy(e);
}

/* A step of a choice that had its ordinary outcome is a step all the same. */
static void steps_without_outcomes(void **state)
{
	static struct engine_result r;
	static struct engine_schedule s;
	struct engine *e = toy_engine(&two);
	char text[256], err[256];

	(void)state;
	assert_int_equal(engine_schedule_parse(engine_program(e), "!alloc a*2 b", &s, err, sizeof(err)), 0);
	assert_int_equal(engine_replay(e, &s, 0, &r, NULL, err, sizeof(err)), ENGINE_DONE);
	assert_int_equal(r.steps, 6);
	engine_schedule_print(engine_program(e), &r.schedule, ' ', text, sizeof(text));
	assert_string_equal(text, "!alloc a*2 b a");
	engine_destroy(e);
}

static void replayed(void **state)
{
	static const struct {
		const char *text;
		enum engine_end end;
		const char *why;
	} t[] = {
		{ "a!alloc:2=1 a@failed b a", ENGINE_DONE, "" },
		{ "a@failed,b,a!alloc:2,a", ENGINE_DONE, "" },
		{ "a!alloc=1 a b", ENGINE_DONE, "" },
		{ "a!alloc:3=1 a b", ENGINE_DIVERGED,
		  "a!alloc:3=1: the execution ended without that choice" },
		{ "a!alloc=2 a b", ENGINE_DIVERGED, "a!alloc=2" },
		{ "b!alloc=1 a b", ENGINE_DIVERGED, "b!alloc=1" },
		{ "a!timer=1 a b", ENGINE_DIVERGED, "a!timer=1" },
	};
	static struct engine_result r;
	static struct engine_schedule s;
	struct engine *e = toy_engine(&two);
	char why[256], err[256];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		assert_int_equal(engine_schedule_parse(engine_program(e), t[i].text, &s, err, sizeof(err)),
				 0);
		why[0] = '\0';
		if (engine_replay(e, &s, 0, &r, NULL, why, sizeof(why)) != t[i].end || !strstr(why, t[i].why))
			fail_msg("%s: %s", t[i].text, why);
	}
	engine_destroy(e);
}

static void bad_text(void **state)
{
	static const char *const bad[][2] = {
		{ "c!alloc=1", "character 1: toy has no task 'c'" },
		{ "a b!", "character 3" },
		{ "a!alloc=", "a!alloc=" },
		{ "a!alloc=256", "under 256" },
		{ "a!alloc:0=1", "a!alloc:0=1" },
		{ "!alloc=1", "!alloc=1" },
		{ "!alloc:2", "!alloc:2" },
		{ "a!a-name-of-twenty-five-chars", "under 24" },
	};
	static struct engine_schedule s;
	struct engine *e = toy_engine(&two);
	char err[512], many[512] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(engine_schedule_parse(engine_program(e), bad[i][0], &s, err, sizeof(err)),
				 -1);
		if (!strstr(err, bad[i][1]))
			fail_msg("%s: %s", bad[i][0], err);
	}
	for (int i = 0; i <= ENGINE_MAX_CHOICES_MADE; i++)
		strcat(many, "a!alloc ");
	assert_int_equal(engine_schedule_parse(engine_program(e), many, &s, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "more than 40 choices"));
	engine_destroy(e);
}

static void bad_bounds(void **state)
{
	static const struct engine_choice bad[][3] = {
		{ { "alloc", -1 } },
		{ { "alloc", ENGINE_MAX_OUTCOMES_TOLD + 1 } },
		{ { "alloc", 1 }, { "alloc", 2 } },
		{ { "a-name-of-twenty-five-chars", 1 } },
	};
	static struct engine_result r;
	struct engine *e = toy_engine(&two);
	char err[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct engine_options o = { .strategy = "dfs", .choices = bad[i] };

		assert_int_equal(engine_explore(e, &o, &r, err, sizeof(err)), -1);
	}
	engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_outcome_within_the_bound),
		cmocka_unit_test(source_is_not_complete),
		cmocka_unit_test(dpor_takes_every_outcome),
		cmocka_unit_test(states_know_what_the_bounds_leave),
		cmocka_unit_test(unlisted_is_no_step),
		cmocka_unit_test(random_reaches_them),
		cmocka_unit_test(minimised),
		cmocka_unit_test(steps_without_outcomes),
		cmocka_unit_test(replayed),
		cmocka_unit_test(bad_text),
		cmocka_unit_test(bad_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
