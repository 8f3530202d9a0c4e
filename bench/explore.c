/* SPDX-License-Identifier: MIT */
/*
 * explore.c - executions a second, and what a point and a plain access cost
 *
 * usage: bench_explore [seconds a row]. Violations do not stop a row: they are counted as executions like others.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "race/run.h"

static void row(const char *name, const struct engine_program *p, const char *strategy, double seconds)
{
	struct engine_options o = {
		.strategy = strategy, .preemptions = -1, .seconds = seconds, .seed = 1, .keep_going = true
	};
	static struct engine_result r;
	char err[512];
	struct engine *e = engine_create(p, err, sizeof(err));
	double n;

	if (!e || engine_explore(e, &o, &r, err, sizeof(err))) {
		fprintf(stderr, "bench_explore: %s: %s\n", name, err);
		exit(1);
	}
	n = (double)(r.stats.executions + r.stats.redundant);
	printf("%-44s %-7s %10.0f %8.0f %8.1f %8.1f %8.1f %8.1f%s\n", name, strategy, n, n / r.stats.seconds,
	       (double)r.stats.points / n, (double)r.stats.plain / n, (double)r.stats.switches / n,
	       r.stats.seconds * 1e9 / (double)r.stats.points, r.stats.complete ? " complete" : "");
	fflush(stdout);
	engine_destroy(e);
}

static void race_rows(double seconds)
{
	static const char *const strategies[] = { "random", "pct", "pos", "dfs", "dpor" };

	for (int i = 0; i < race_count(); i++) {
		struct race_config c;
		struct engine_program p;
		char err[512], name[96];

		if (race_is_bare(race_get(i))) /* the two programs above stand for these */
			continue;
		if (race_configure(&c, race_get(i)->name, NULL, NULL, err, sizeof(err))) {
			fprintf(stderr, "bench_explore: %s\n", err);
			exit(1);
		}
		race_program(&c, &p);
		snprintf(name, sizeof(name), "%s", race_get(i)->name);
		for (int s = 0; s < 5; s++)
			row(name, &p, strategies[s], seconds);
	}
}

int main(int argc, char **argv)
{
	static const char *const bare[] = { "random", "pct", "pos", "dpor" };
	double seconds = argc > 1 ? atof(argv[1]) : 1;

	if (seconds <= 0) {
		fprintf(stderr, "bench_explore: '%s' is no number of seconds\n", argv[1]);
		return 2;
	}
	printf("%-44s %-7s %10s %8s %8s %8s %8s %8s\n", "program", "by", "executions", "a second", "points",
	       "plain", "switches", "ns/point");
	for (int s = 0; s < 4; s++)
		row(bench_increments.name, &bench_increments, bare[s], seconds);
	for (int s = 0; s < 4; s++)
		row(bench_store_load.name, &bench_store_load, bare[s], seconds);
	race_rows(seconds);
	return 0;
}
