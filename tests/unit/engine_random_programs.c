/* SPDX-License-Identifier: MIT */
/*
 * engine_random_programs.c - reduction against brute force
 *
 * Thousands of small random programs: what dpor reaches (final values, values read, deadlocks) must be what dfs
 * without a bound reaches.
 */
#include "random_programs.h"

#define PROGRAMS 3000
#define BRUTE_BUDGET 10000

static void same_states(void **state)
{
	static struct engine_result brute, dpor;
	uint64_t skipped = 0, reduced = 0, all = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= PROGRAMS; seed++) {
		generate(seed);
		which = 0;
		random_explore((struct engine_options){ .strategy = "dfs",
							.preemptions = -1,
							.executions = BRUTE_BUDGET },
			       &brute);
		if (brute.stats.executions >= BRUTE_BUDGET) {
			skipped++;
			continue;
		}
		which = 1;
		random_explore((struct engine_options){ .strategy = "dpor", .preemptions = -1 }, &dpor);
		if (!same_final_states() || !brute.stats.violations != !dpor.stats.violations)
			fail_msg(
				"program of seed %llu: %d states and %llu violations by dfs, %d and %llu by dpor",
				(unsigned long long)seed, nr_states[0],
				(unsigned long long)brute.stats.violations, nr_states[1],
				(unsigned long long)dpor.stats.violations);
		assert_true(dpor.stats.executions <= brute.stats.executions);
		all += brute.stats.executions;
		reduced += dpor.stats.executions;
	}
	print_message("%d programs, %llu too large for brute force, %llu executions reduced to %llu\n",
		      PROGRAMS, (unsigned long long)skipped, (unsigned long long)all,
		      (unsigned long long)reduced);
	assert_true(skipped < PROGRAMS / 5);
	assert_true(reduced < all / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_states) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
