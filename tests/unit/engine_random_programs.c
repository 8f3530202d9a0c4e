/* SPDX-License-Identifier: MIT */
/*
 * engine_random_programs.c - reduction against brute force
 *
 * Thousands of small random programs: what dpor reaches (final values, values read, deadlocks) must be what dfs
 * without a bound reaches, in one execution of each equivalence class that dfs meets; under sc, tso and pso, where a
 * class orders a store's step and its way to memory against what depends on each.
 */
#include "random_programs.h"

#define PROGRAMS 4000
#define WEAK_PROGRAMS 1500
#define EARLY_PROGRAMS 800
#define BRUTE_BUDGET 10000

static const char *const reducing[] = { "dpor", "source", "wakeup-trees" };
#define NR_REDUCING (int)(sizeof(reducing) / sizeof(reducing[0]))

static bool has(enum kind from, enum kind to)
{
	for (int t = 0; t < program.nr_tasks; t++)
		for (int i = 0; i < program.nr_ops[t]; i++)
			if (program.op[t][i].kind >= from && program.op[t][i].kind <= to)
				return true;
	return false;
}

static bool spins(void)
{
	return has(SPIN, SPIN_LOCK);
}

/*
 * A loop that two independent writes may each end is in another class after each, though both go on alike: dpor has
 * fewer classes then, and wakeup-trees as well. source is held to the states alone: it may repeat a class where a trylock or compare-and-exchange sleeps, and leave
 * one out where additions that commute let a task through that waits for their sum. wakeup-trees gives nothing up.
 */
static void equals_brute_force(const char *strategy, uint64_t seed, const struct engine_result *brute,
			       struct engine_result *r)
{
	which = 1;
	random_explore(
		(struct engine_options){ .strategy = strategy, .preemptions = -1, .count_classes = true }, r);
	if (!same_final_states() || !brute->stats.violations != !r->stats.violations ||
	    (!strcmp(strategy, "wakeup-trees") && r->stats.redundant) ||
	    (strcmp(strategy, "source") && !spins() &&
	     (r->stats.classes != brute->stats.classes || r->stats.executions != brute->stats.classes)))
		fail_msg(
			"program of seed %llu: %d states, %llu classes and %llu violations by dfs, %d, %llu in %llu executions (%llu given up) and %llu by %s",
			(unsigned long long)seed, nr_states[0], (unsigned long long)brute->stats.classes,
			(unsigned long long)brute->stats.violations, nr_states[1],
			(unsigned long long)r->stats.classes, (unsigned long long)r->stats.executions,
			(unsigned long long)r->stats.redundant, (unsigned long long)r->stats.violations,
			strategy);
}

static void compare(enum engine_memory model, uint64_t programs)
{
	static struct engine_result brute, r;
	uint64_t skipped = 0, all = 0, reduced[NR_REDUCING] = { 0 }, blocked[NR_REDUCING] = { 0 };

	memory = model;
	for (uint64_t seed = 1; seed <= programs; seed++) {
		generate(seed);
		which = 0;
		random_explore((struct engine_options){ .strategy = "dfs",
							.preemptions = -1,
							.executions = BRUTE_BUDGET,
							.count_classes = true },
			       &brute);
		if (brute.stats.executions >= BRUTE_BUDGET) {
			skipped++;
			continue;
		}
		all += brute.stats.executions;
		for (int i = 0; i < (model == ENGINE_SC && !has(CHOOSE, CHOOSE) ? NR_REDUCING : 1); i++) {
			equals_brute_force(reducing[i], seed, &brute, &r);
			reduced[i] += r.stats.executions;
			blocked[i] += r.stats.redundant;
		}
	}
	print_message(
		"%s: %llu programs, %llu too large for brute force, %llu executions reduced to %llu; blocked: %llu by dpor, %llu by source\n",
		engine_memory_name(model), (unsigned long long)programs, (unsigned long long)skipped,
		(unsigned long long)all, (unsigned long long)reduced[0], (unsigned long long)blocked[0],
		(unsigned long long)blocked[1]);
	assert_true(skipped < programs / 2);
	assert_true(reduced[0] < all / 4);
	assert_true(blocked[0] < reduced[0] / 50);
}

static void same_under_sc(void **state)
{
	(void)state;
	compare(ENGINE_SC, PROGRAMS);
}

static void same_under_tso(void **state)
{
	(void)state;
	compare(ENGINE_TSO, WEAK_PROGRAMS);
}

static void same_under_pso(void **state)
{
	(void)state;
	compare(ENGINE_PSO, WEAK_PROGRAMS);
}

static void same_under_weak_locks(void **state)
{
	(void)state;
	compare(ENGINE_WEAK_LOCKS, EARLY_PROGRAMS);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same_under_sc), cmocka_unit_test(same_under_tso),
					    cmocka_unit_test(same_under_pso),
					    cmocka_unit_test(same_under_weak_locks) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
