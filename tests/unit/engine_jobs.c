/* SPDX-License-Identifier: MIT */
/*
 * engine_jobs.c - locks whose orders make a circle only together, shared by several workers: the same reports as of one
 *
 * What tasks read decides which locks they take, so that the orders are in different parts of the exploration.
 */
#include "toy.h"

#define ROUNDS 4
#define LOCKS 4

struct machine {
	spinlock_t lock[LOCKS];
	int word;
};

static struct machine *m(void)
{
	return sync_machine();
}

static void setup(void *arg)
{
	(void)arg;
	spin_lock_init(&m()->lock[0]);
	spin_lock_init(&m()->lock[1]);
	spin_lock_init(&m()->lock[2]);
	spin_lock_init(&m()->lock[3]);
}

static void nest(int outer, int inner)
{
	spin_lock(&m()->lock[outer]);
	spin_lock(&m()->lock[inner]);
	spin_unlock(&m()->lock[inner]);
	spin_unlock(&m()->lock[outer]);
}

static int add(void)
{
	int v = 0;

	for (int i = 0; i < ROUNDS; i++) {
		v = READ_ONCE(m()->word);
		WRITE_ONCE(m()->word, v + 1);
	}
	return v;
}

/* The two see a 3 each only in different executions, and so on. */
static void up(void *arg)
{
	int v = add();

	(void)arg;
	nest(v % LOCKS, (v + 1) % LOCKS);
}

static void down(void *arg)
{
	int v = add();

	(void)arg;
	if (v != 3)
		nest((v + 1) % LOCKS, v % LOCKS);
}

static struct engine_result explore(struct engine *e, struct engine_options o)
{
	static struct engine_result r;
	char err[256];

	o.preemptions = -1;
	if (engine_explore(e, &o, &r, err, sizeof(err)))
		fail_msg("%s", err);
	return r;
}

static void circles_of_several_workers(void **state)
{
	static const char *const strategy[] = { "dpor", "random" };
	struct toy_program t = { .size = sizeof(struct machine), .setup = setup, .task = { up, down } };
	struct engine *e = toy_engine(&t);
	static struct engine_result alone, many;

	(void)state;
	for (int s = 0; s < 2; s++) {
		struct engine_options o = { .strategy = strategy[s],
					    .executions = s ? 40000 : 0,
					    .keep_going = true };

		alone = explore(e, o);
		assert_true(alone.nr_lock_reports > 1);
		for (o.jobs = 2; o.jobs <= 4; o.jobs++) {
			many = explore(e, o);
			assert_int_equal(many.stats.executions, alone.stats.executions);
			assert_int_equal(many.nr_lock_reports, alone.nr_lock_reports);
			for (int i = 0; i < many.nr_lock_reports; i++) {
				assert_string_equal(many.lock_reports[i].message,
						    alone.lock_reports[i].message);
				assert_int_equal(many.lock_reports[i].execution,
						 alone.lock_reports[i].execution);
			}
		}
	}
	engine_destroy(e);
}

/* ---- what cannot be shared or saved is refused ----------------------------------------------------------------- */

static void forget(void *arg, const uint8_t *bytes, size_t n)
{
	(void)arg;
	(void)bytes;
	(void)n;
}

static void refused(struct engine *e, struct engine_options o, const char *word)
{
	static struct engine_result r;
	char err[256] = "";

	o.preemptions = -1;
	assert_int_equal(engine_explore(e, &o, &r, err, sizeof(err)), -1);
	if (!strstr(err, word))
		fail_msg("'%s' is not in: %s", word, err);
}

static void refusals(void **state)
{
	struct toy_program t = { .size = sizeof(struct machine), .setup = setup, .task = { up, down } };
	struct engine *e = toy_engine(&t);
	const uint8_t none[4] = { 0 };

	(void)state;
	refused(e, (struct engine_options){ .strategy = "source", .jobs = 2 }, "one job");
	refused(e, (struct engine_options){ .strategy = "source", .save = forget }, "nothing saved");
	refused(e, (struct engine_options){ .strategy = "dfs", .state_hash = true, .jobs = 2 }, "one job");
	refused(e, (struct engine_options){ .strategy = "dfs", .state_hash = true, .save = forget },
		"not saved");
	refused(e, (struct engine_options){ .strategy = "dpor", .count_classes = true, .jobs = 2 },
		"one job");
	refused(e, (struct engine_options){ .strategy = "dpor", .lock_order_fatal = true, .jobs = 2 },
		"one job");
	refused(e, (struct engine_options){ .strategy = "dpor", .resume = none, .nr_resume = 4 },
		"no exploration");
	engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(circles_of_several_workers),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
