/* SPDX-License-Identifier: MIT */
/*
 * engine_states.c - dfs with states hashed against plain dfs
 *
 * On thousands of random programs both must reach the same final states, values read and deadlocks, with and without
 * a bound on preemptions. Programs whose number of states is known say how many are told apart.
 */
#include "random_programs.h"

#include "toy.h"

#define PROGRAMS 3000
#define BRUTE_BUDGET 10000

static void same_states(int preemptions)
{
	static struct engine_result plain, hashed;
	struct engine_options o = { .strategy = "dfs",
				    .preemptions = preemptions,
				    .executions = BRUTE_BUDGET };
	uint64_t skipped = 0, all = 0, less = 0;

	for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
		generate(seed);
		which = 0;
		o.state_hash = o.paranoid = false;
		o.executions = BRUTE_BUDGET;
		if (random_explore(o, &plain) >= BRUTE_BUDGET) {
			skipped++;
			continue;
		}
		which = 1;
		o.state_hash = o.paranoid = true;
		o.executions = 0;
		random_explore(o, &hashed);
		if (!same_final_states() || !plain.stats.violations != !hashed.stats.violations ||
		    plain.stats.complete != hashed.stats.complete)
			fail_msg(
				"program of seed %llu: %d states, %llu violations by dfs, %d and %llu hashed",
				(unsigned long long)seed, nr_states[0],
				(unsigned long long)plain.stats.violations, nr_states[1],
				(unsigned long long)hashed.stats.violations);
		assert_true(hashed.stats.executions <= plain.stats.executions);
		all += plain.stats.executions;
		less += hashed.stats.executions + hashed.stats.redundant;
	}
	print_message("%d programs, %llu too large, %llu executions became %llu\n", PROGRAMS,
		      (unsigned long long)skipped, (unsigned long long)all, (unsigned long long)less);
	assert_true(skipped < PROGRAMS / 5);
	assert_true(less < all);
}

static void random_programs(void **state)
{
	(void)state;
	same_states(-1);
}

static void random_programs_bounded(void **state)
{
	(void)state;
	same_states(0);
	same_states(1);
	same_states(2);
}

/* ---- programs whose states can be counted ------------------------------------------------------------------- */

struct words {
	atomic_t a;
	int x, y;
	u32 flag;
};

static struct words *words(void)
{
	return sync_machine();
}

static void add3(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		atomic_inc(&words()->a);
}

static void add_return3(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		atomic_add_return(1, &words()->a);
}

static void nine(void *arg)
{
	(void)arg;
	if (words()->a.counter != 9)
		sync_violation("assertion", "%d", words()->a.counter);
}

static struct engine_result *hashed(const struct toy_program *t, size_t bytes)
{
	return toy_explore(
		t, (struct engine_options){ .strategy = "dfs", .state_hash = true, .state_bytes = bytes });
}

/* Nobody learns anything: a state is how far each is, 4^3 less the end, which is no scheduling point. */
static void increments(void **state)
{
	static const struct toy_program t = { .size = sizeof(struct words),
					      .check = nine,
					      .task = { add3, add3, add3 } };
	struct engine_result *r;

	(void)state;
	assert_int_equal(toy_explore(&t, (struct engine_options){ .strategy = "dfs" })->stats.executions,
			 1680);
	r = hashed(&t, 0);
	assert_clean(r);
	assert_int_equal(r->stats.states, 63);
	assert_int_equal(r->stats.executions, 3); /* by who is last */
	assert_false(r->stats.states_full);
	print_message("increments: %llu executions, %llu given up\n", (unsigned long long)r->stats.executions,
		      (unsigned long long)r->stats.redundant);
}

/* Each learns its place: until a task has returned, its state is all the values it was given. */
static void numbered_increments(void **state)
{
	static const struct toy_program t = { .size = sizeof(struct words),
					      .check = nine,
					      .task = { add_return3, add_return3, add_return3 } };
	struct engine_result *r = hashed(&t, 0);

	(void)state;
	assert_clean(r);
	assert_int_equal(r->stats.states, 1516);
	print_message("numbered increments: %llu executions, %llu given up\n",
		      (unsigned long long)r->stats.executions, (unsigned long long)r->stats.redundant);
}

/* ---- a set that is full ------------------------------------------------------------------------------------------ */

static void add8(void *arg)
{
	(void)arg;
	for (int i = 0; i < 8; i++)
		atomic_add_return(1, &words()->a);
}

static void sixteen(void *arg)
{
	(void)arg;
	if (words()->a.counter != 16)
		sync_violation("assertion", "%d", words()->a.counter);
}

/* What does not fit is explored as often as plain dfs would: nothing is lost. */
static void full(void **state)
{
	static const struct toy_program t = { .size = sizeof(struct words),
					      .check = sixteen,
					      .task = { add8, add8 } };
	struct engine_result *r = hashed(&t, 4096 * 16);

	(void)state;
	assert_clean(r);
	assert_true(r->stats.states_full);
	assert_int_equal(r->stats.states, 3072);
	r = hashed(&t, 0);
	assert_clean(r);
	assert_false(r->stats.states_full);
	assert_true(r->stats.states > 3072);
	assert_true(r->stats.peak_bytes > 8192 * 16);
}

static void refused(void **state)
{
	static const struct toy_program t = { .size = sizeof(struct words), .task = { add3 } };
	struct engine_options o = { .strategy = "dpor", .preemptions = -1, .state_hash = true };
	struct engine *e = toy_engine(&t);
	static struct engine_result r;
	char err[256];

	(void)state;
	assert_int_equal(engine_explore(e, &o, &r, err, sizeof(err)), -1);
	assert_non_null(strstr(err, "dfs"));
	engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs),
		cmocka_unit_test(random_programs_bounded),
		cmocka_unit_test(increments),
		cmocka_unit_test(numbered_increments),
		cmocka_unit_test(full),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
