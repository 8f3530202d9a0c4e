/* SPDX-License-Identifier: MIT */
/* engine_toys.c - programs so small that the number of their schedules is known exactly */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "sync.h"

struct toy {
	int x, y, turn;
	int flag[2];
	atomic_t a, b;
	int counter;
	spinlock_t l1, l2;
	struct mutex m;
	struct rw_semaphore sem;
	struct completion done;
	unsigned long word;
	u32 seq;
};

static struct toy *toy(void)
{
	return sync_machine();
}

static void run_toy(const char *strategy, int preemptions, void (*setup)(void *),
		    void (*const *tasks)(void *), int n, void (*check)(void *), struct engine_options *extra,
		    struct engine_result *r)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	struct engine_program p = {
		.name = "toy", .arena_size = sizeof(struct toy), .setup = setup, .check = check
	};
	struct engine_options o = { .preemptions = preemptions };
	char err[256];
	struct engine *e;

	if (extra)
		o = *extra;
	o.strategy = strategy;
	o.preemptions = preemptions;
	o.paranoid = true;
	p.nr_tasks = n;
	for (int i = 0; i < n; i++)
		p.tasks[i] = (struct engine_task){ .name = names[i], .run = tasks[i] };
	e = engine_create(&p, err, sizeof(err));
	assert_non_null(e);
	assert_int_equal(engine_explore(e, &o, r, err, sizeof(err)), 0);
	engine_destroy(e);
}

static struct engine_result *result(void)
{
	static struct engine_result r;

	return &r;
}

/* ---- two tasks that share nothing: C(n + m, n) schedules, one class ------------------------------------- */

static void steps_x3(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		WRITE_ONCE(toy()->x, i);
}

static void steps_y4(void *arg)
{
	(void)arg;
	for (int i = 0; i < 4; i++)
		WRITE_ONCE(toy()->flag[0], i);
}

static void independent(void **state)
{
	void (*const t[])(void *) = { steps_x3, steps_y4 };
	struct engine_result *r = result();

	(void)state;
	run_toy("dfs", -1, NULL, t, 2, NULL, NULL, r);
	assert_int_equal(r->stats.executions, 35);
	assert_true(r->stats.complete);
	run_toy("dpor", -1, NULL, t, 2, NULL, NULL, r);
	assert_int_equal(r->stats.executions, 1);
	assert_true(r->stats.complete);
	run_toy("dfs", 0, NULL, t, 2, NULL, NULL, r);
	assert_int_equal(r->stats.executions, 2);
}

/* ---- increments ------------------------------------------------------------------------------------------ */

static void inc3(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		atomic_add_return(1, &toy()->a);
}

static void add3(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		atomic_inc(&toy()->a);
}

static void inc3_check(void *arg)
{
	(void)arg;
	if (toy()->a.counter != 9)
		sync_violation("assertion", "%d", toy()->a.counter);
}

static void increments(void **state)
{
	void (*const t[])(void *) = { inc3, inc3, inc3 };
	void (*const u[])(void *) = { add3, add3, add3 };
	struct engine_result *r = result();

	(void)state;
	run_toy("dfs", -1, NULL, t, 3, inc3_check, NULL, r);
	assert_int_equal(r->stats.executions, 1680);
	run_toy("dpor", -1, NULL, t, 3, inc3_check, NULL, r);
	assert_int_equal(r->stats.executions, 1680);
	assert_true(r->stats.complete);
	run_toy("dpor", -1, NULL, u, 3, inc3_check, NULL, r);
	assert_int_equal(r->stats.executions, 1);
}

/* ---- Peterson --------------------------------------------------------------------------------------------- */

static void peterson(int me)
{
	struct toy *s = toy();

	WRITE_ONCE(s->flag[me], 1);
	WRITE_ONCE(s->turn, 1 - me);
	for (int i = 0; i < 2; i++) {
		if (!READ_ONCE(s->flag[1 - me]) || READ_ONCE(s->turn) == me) {
			s->counter++;
			WRITE_ONCE(s->flag[me], 0);
			return;
		}
	}
}

static void peterson0(void *arg)
{
	(void)arg;
	peterson(0);
}

static void peterson1(void *arg)
{
	(void)arg;
	peterson(1);
}

static void no_turn(void *arg)
{
	struct toy *s = toy();
	int me = !strcmp(sync_task_name(), "b");

	(void)arg;
	if (!READ_ONCE(s->flag[1 - me])) {
		WRITE_ONCE(s->flag[me], 1);
		int c = READ_ONCE(s->counter);
		WRITE_ONCE(s->counter, c + 1);
		if (READ_ONCE(s->x))
			sync_violation("assertion", "both inside");
		WRITE_ONCE(s->x, 1);
		WRITE_ONCE(s->x, 0);
		WRITE_ONCE(s->flag[me], 0);
	}
}

static void mutual_exclusion(void **state)
{
	void (*const t[])(void *) = { peterson0, peterson1 };
	void (*const bad[])(void *) = { no_turn, no_turn };
	struct engine_result *r = result();

	(void)state;
	run_toy("dpor", -1, NULL, t, 2, NULL, NULL, r);
	assert_true(r->stats.complete);
	assert_string_equal(r->violation.oracle, "");
	run_toy("dpor", -1, NULL, bad, 2, NULL, NULL, r);
	assert_string_equal(r->violation.oracle, "assertion");
	run_toy("random", -1, NULL, bad, 2, NULL, &(struct engine_options){ .executions = 1000 }, r);
	assert_string_equal(r->violation.oracle, "assertion");
}

/* ---- locks ------------------------------------------------------------------------------------------------- */

static void locks_setup(void *arg)
{
	(void)arg;
	spin_lock_init(&toy()->l1);
	spin_lock_init(&toy()->l2);
	mutex_init(&toy()->m);
	init_rwsem(&toy()->sem);
	init_completion(&toy()->done);
}

static void lock12(void *arg)
{
	(void)arg;
	spin_lock(&toy()->l1);
	spin_lock(&toy()->l2);
	toy()->counter++;
	spin_unlock(&toy()->l2);
	spin_unlock(&toy()->l1);
}

static void lock21(void *arg)
{
	(void)arg;
	spin_lock(&toy()->l2);
	spin_lock(&toy()->l1);
	toy()->counter++;
	spin_unlock(&toy()->l1);
	spin_unlock(&toy()->l2);
}

static void lock_cycle(void **state)
{
	void (*const t[])(void *) = { lock12, lock21 };
	void (*const good[])(void *) = { lock12, lock12, lock12 };
	struct engine_result *r = result();

	(void)state;
	run_toy("dpor", -1, locks_setup, t, 2, NULL, NULL, r);
	assert_string_equal(r->violation.oracle, "deadlock");
	assert_non_null(strstr(r->violation.message, "l1"));
	assert_non_null(strstr(r->violation.message, "circle: "));
	run_toy("dpor", -1, locks_setup, good, 3, NULL, NULL, r);
	assert_string_equal(r->violation.oracle, "");
	assert_true(r->stats.complete);
	assert_int_equal(r->stats.executions, 6);
	assert_int_equal(r->nr_races, 0);
}

static void unlocked(void *arg)
{
	(void)arg;
	toy()->counter++;
	atomic_inc(&toy()->b);
}

static void data_race(void **state)
{
	void (*const t[])(void *) = { lock12, unlocked };
	struct engine_result *r = result();

	(void)state;
	run_toy("dpor", -1, locks_setup, t, 2, NULL, NULL, r);
	assert_true(r->nr_races > 0);
	assert_true(r->races[0].access[0].depth > 0);
	assert_true(r->races[0].access[1].depth > 0);
}

static void spin_for_ever(void *arg)
{
	(void)arg;
	while (!READ_ONCE(toy()->x))
		cpu_relax();
}

static void nothing(void *arg)
{
	(void)arg;
	WRITE_ONCE(toy()->y, 1);
}

static void livelock(void **state)
{
	void (*const t[])(void *) = { spin_for_ever, nothing };
	struct engine_result *r = result();

	(void)state;
	run_toy("random", -1, NULL, t, 2, NULL, &(struct engine_options){ .executions = 1, .max_steps = 200 },
		r);
	assert_string_equal(r->violation.oracle, "livelock");
}

/* ---- the fair rwsem: two readers commute, a writer does not --------------------------------------------------- */

static void reader(void *arg)
{
	(void)arg;
	down_read(&toy()->sem);
	(void)toy()->counter;
	up_read(&toy()->sem);
}

static void writer(void *arg)
{
	(void)arg;
	down_write(&toy()->sem);
	toy()->counter++;
	up_write(&toy()->sem);
}

static void rwsem(void **state)
{
	void (*const rr[])(void *) = { reader, reader };
	void (*const rw[])(void *) = { reader, writer };
	void (*const ww[])(void *) = { writer, writer, writer };
	struct engine_result *r = result();

	(void)state;
	run_toy("dpor", -1, locks_setup, rr, 2, NULL, NULL, r);
	assert_int_equal(r->stats.executions, 1);
	run_toy("dpor", -1, locks_setup, rw, 2, NULL, NULL, r);
	assert_int_equal(r->stats.executions, 2);
	run_toy("dpor", -1, locks_setup, ww, 3, NULL, NULL, r);
	assert_int_equal(r->stats.executions, 6);
	assert_true(r->stats.complete);
	assert_int_equal(r->nr_races, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(independent),
		cmocka_unit_test(increments),
		cmocka_unit_test(mutual_exclusion),
		cmocka_unit_test(lock_cycle),
		cmocka_unit_test(data_race),
		cmocka_unit_test(livelock),
		cmocka_unit_test(rwsem),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
