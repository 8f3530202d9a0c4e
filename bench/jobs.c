/* SPDX-License-Identifier: MIT */
/*
 * jobs.c - what more workers gain
 *
 * usage: bench_jobs [JOBS [ROUNDS]]. Two tasks of seven increments that are a load and a store each, under dpor and
 * complete, with one worker and with JOBS (2), in turn, ROUNDS (3) times: the best of each counts, as others may use
 * the machine.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

static double once(struct engine *e, const char *strategy, int jobs, uint64_t *executions)
{
	struct engine_options o = { .strategy = strategy, .preemptions = -1, .jobs = jobs };
	static struct engine_result r;
	char err[512];

	if (engine_explore(e, &o, &r, err, sizeof(err))) {
		fprintf(stderr, "bench_jobs: %s\n", err);
		exit(1);
	}
	printf("%-5s %3d jobs  %10llu executions  %7.3f s by the clock  %7.3f s of CPU%s\n", strategy, jobs,
	       (unsigned long long)(r.stats.executions + r.stats.redundant), r.stats.wall_seconds,
	       r.stats.seconds, r.stats.complete ? "" : "  not complete");
	fflush(stdout);
	if (*executions && *executions != r.stats.executions) {
		fprintf(stderr, "bench_jobs: %d jobs ran other executions than one\n", jobs);
		exit(1);
	}
	*executions = r.stats.executions;
	return r.stats.wall_seconds;
}

static void compare(const struct engine_program *p, const char *strategy, int jobs, int rounds)
{
	double one = 1e9, all = 1e9;
	uint64_t executions = 0;
	char err[512];
	struct engine *e = engine_create(p, err, sizeof(err));

	if (!e) {
		fprintf(stderr, "bench_jobs: %s\n", err);
		exit(1);
	}
	printf("%s\n", p->name);
	for (int i = 0; i < rounds; i++) {
		double a = once(e, strategy, 1, &executions), b = once(e, strategy, jobs, &executions);

		one = a < one ? a : one;
		all = b < all ? b : all;
	}
	printf("%d jobs are %.2f times as fast as one\n", jobs, one / all);
	engine_destroy(e);
}

int main(int argc, char **argv)
{
	int jobs = argc > 1 ? atoi(argv[1]) : 2, rounds = argc > 2 ? atoi(argv[2]) : 3;

	if (jobs < 1 || rounds < 1) {
		fprintf(stderr, "bench_jobs: usage: bench_jobs [JOBS [ROUNDS]]\n");
		return 2;
	}
	compare(&bench_load_store, "dpor", jobs, rounds);
	compare(&bench_load_store_short, "dfs", jobs, rounds);
	return 0;
}
