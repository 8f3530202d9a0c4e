/* SPDX-License-Identifier: MIT */
/* engine_replay.c - schedules as text, replay, divergence, minimising, determinism, the probe */
#include "engine/probe.h"
#include "toy.h"

struct mem {
	int x, y, z;
	spinlock_t l;
};

static struct mem *mem(void)
{
	return sync_machine();
}

static void set_up(void *arg)
{
	(void)arg;
	spin_lock_init(&mem()->l);
}

static void writer(void *arg)
{
	struct mem *m = mem();

	(void)arg;
	WRITE_ONCE(m->z, 1);
	WRITE_ONCE(m->x, 1);
	SYNC_LABEL("half");
	WRITE_ONCE(m->y, 1);
	WRITE_ONCE(m->z, 2);
}

static void reader(void *arg)
{
	struct mem *m = mem();

	(void)arg;
	(void)READ_ONCE(m->z);
	if (READ_ONCE(m->x) != READ_ONCE(m->y))
		sync_violation("assertion", "torn");
	SYNC_LABEL("looked");
	(void)READ_ONCE(m->z);
}

static const struct toy_program toy = { .size = sizeof(struct mem),
					.setup = set_up,
					.task = { writer, reader } };

static void found_and_shrunk(void **state)
{
	static struct engine_result r;
	struct engine *e = toy_engine(&toy);
	struct engine_options o = { .strategy = "random", .preemptions = -1, .seed = 7, .executions = 10000 };
	char text[256], err[256];

	(void)state;
	assert_int_equal(engine_explore(e, &o, &r, err, sizeof(err)), 0);
	assert_oracle(&r, "assertion");
	engine_minimise(e, &r, 10000);
	assert_int_equal(r.preemptions, 1);
	assert_true(engine_schedule_label(e, &r.schedule));
	engine_schedule_print(engine_program(e), &r.schedule, ' ', text, sizeof(text));
	assert_string_equal(text, "a@half b");
	engine_destroy(e);
}

static enum engine_end replay(const char *text, struct engine_result *r, struct engine_trace *t, char *why,
			      size_t n)
{
	static struct engine_schedule s;
	struct engine *e = toy_engine(&toy);
	char err[256];
	enum engine_end end;

	if (engine_schedule_parse(engine_program(e), text, &s, err, sizeof(err)))
		fail_msg("%s", err);
	end = engine_replay(e, &s, 0, r, t, why, n);
	engine_destroy(e);
	return end;
}

static void replays(void **state)
{
	static struct engine_result r;
	struct engine_trace one = { 0 }, two = { 0 }, three = { 0 };
	char why[256];

	(void)state;
	assert_int_equal(replay("a@half b", &r, &one, why, sizeof(why)), ENGINE_VIOLATION);
	assert_int_equal(replay("a*2,b", &r, &two, why, sizeof(why)), ENGINE_VIOLATION);
	assert_true(one.hash == two.hash);
	assert_int_equal(one.nr, two.nr);
	assert_int_equal(replay("a b", &r, &three, why, sizeof(why)), ENGINE_DONE);
	assert_true(one.hash != three.hash);
	engine_trace_free(&one);
	engine_trace_free(&two);
	engine_trace_free(&three);
}

static void diverges(void **state)
{
	static struct engine_result r;
	char why[256];

	(void)state;
	assert_int_equal(replay("a@half:2 b", &r, NULL, why, sizeof(why)), ENGINE_DIVERGED);
	assert_non_null(strstr(why, "a@half:2"));
	assert_int_equal(replay("a*99", &r, NULL, why, sizeof(why)), ENGINE_DIVERGED);
	assert_non_null(strstr(why, "step 5"));
	assert_int_equal(replay("a b a", &r, NULL, why, sizeof(why)), ENGINE_DONE);
}

static void bad_schedules(void **state)
{
	static const char *const bad[][2] = { { "c", "no task 'c'" },	  { "a*0", "no number" },
					      { "a*x", "no number" },	  { "a@", "label" },
					      { "a@l:0", "label:visit" }, { "a b?", "character 3" } };
	static struct engine_schedule s;
	struct engine *e = toy_engine(&toy);
	char err[256];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(engine_schedule_parse(engine_program(e), bad[i][0], &s, err, sizeof(err)),
				 -1);
		if (!strstr(err, bad[i][1]))
			fail_msg("'%s' is refused with '%s'", bad[i][0], err);
	}
	engine_destroy(e);
}

static void same_twice(void **state)
{
	static const char *const strategies[] = { "random", "dfs", "dpor" };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct engine_options o = {
			.strategy = strategies[i], .executions = 50, .seed = 3, .keep_going = true
		};
		struct engine_result one = *toy_explore(&toy, o), two = *toy_explore(&toy, o);

		assert_true(one.stats.points == two.stats.points && one.stats.plain == two.stats.plain);
		assert_true(one.stats.violations == two.stats.violations);
		assert_memory_equal(&one.schedule, &two.schedule, sizeof(one.schedule));
	}
}

static void hooks_are_there(void **state)
{
	(void)state;
	assert_null(engine_probe());
}

static void no_such_options(void **state)
{
	static struct engine_result r;
	struct engine *e = toy_engine(&toy);
	char err[256];

	(void)state;
	assert_int_equal(
		engine_explore(e, &(struct engine_options){ .strategy = "luck" }, &r, err, sizeof(err)), -1);
	assert_int_equal(engine_explore(e, &(struct engine_options){ .strategy = "dpor", .preemptions = 2 },
					&r, err, sizeof(err)),
			 -1);
	engine_destroy(e);
}

/* ---- time is steps ------------------------------------------------------------------------------------ */

static void clock_reader(void *arg)
{
	u64 before = sync_time();

	(void)arg;
	(void)READ_ONCE(mem()->x);
	if (sync_time() <= before)
		sync_violation("assertion", "time stood still over a step");
	before = sync_time();
	mem()->y++;
	if (sync_time() != before)
		sync_violation("assertion", "time passed without a step");
}

static void time_is_steps(void **state)
{
	struct toy_program t = { .size = sizeof(struct mem), .setup = set_up, .task = { clock_reader } };

	(void)state;
	assert_clean(toy_dpor(&t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_and_shrunk), cmocka_unit_test(replays),
		cmocka_unit_test(diverges),	    cmocka_unit_test(bad_schedules),
		cmocka_unit_test(same_twice),	    cmocka_unit_test(hooks_are_there),
		cmocka_unit_test(no_such_options),  cmocka_unit_test(time_is_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
