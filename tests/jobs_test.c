// SPDX-License-Identifier: MIT
/*
 * jobs_test.c - several workers, and explorations that were broken off and gone on with, come to what one worker does
 * in one go: every race and protocol by the reduction, by every strategy as far as a budget goes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "race/run.h"

#define MOST_JOBS 4
#define SAMPLE 20000 /* executions: more than a worker keeps when it shares */
#define LEGS 7	     /* that an exploration is broken into, at least */

struct saved {
	uint8_t *bytes;
	size_t n;
};

static struct engine_result alone, many;
static char what[256];

/* ---- comparing ------------------------------------------------------------------------------------------- */

#define same_number(field)                                                                                   \
	do {                                                                                                 \
		if (alone.field != many.field)                                                               \
			fail_msg("%s: " #field " is %llu, alone %llu", what, (unsigned long long)many.field, \
				 (unsigned long long)alone.field);                                           \
	} while (0)
#define same_text(field)                                                                                     \
	do {                                                                                                 \
		if (strcmp(alone.field, many.field))                                                         \
			fail_msg("%s: " #field " is '%s', alone '%s'", what, many.field, alone.field);       \
	} while (0)

static void same_stats(void)
{
	same_number(stats.executions);
	same_number(stats.redundant);
	same_number(stats.bounded);
	same_number(stats.violations);
	same_number(stats.points);
	same_number(stats.switches);
	same_number(stats.plain);
	same_number(stats.marked);
	same_number(stats.max_depth);
	same_number(stats.lines_short);
	same_number(stats.complete);
}

static void same_violation(void)
{
	same_text(violation.oracle);
	same_text(violation.message);
	same_number(violation.task);
	same_number(violation.step);
	same_number(execution);
	same_number(steps);
	same_number(preemptions);
	same_number(schedule.nr);
	for (int i = 0; i < alone.schedule.nr; i++) {
		same_number(schedule.seg[i].task);
		same_number(schedule.seg[i].count);
	}
}

static void same_races(void)
{
	same_number(nr_races);
	for (int i = 0; i < alone.nr_races; i++) {
		same_number(races[i].offset);
		same_number(races[i].execution);
		for (int k = 0; k < 2; k++) {
			same_number(races[i].access[k].task);
			same_number(races[i].access[k].depth);
			for (int d = 0; d < alone.races[i].access[k].depth; d++)
				same_number(races[i].access[k].pc[d]);
		}
	}
}

static void same_locks(void)
{
	same_number(nr_lock_reports);
	for (int i = 0; i < alone.nr_lock_reports; i++) {
		same_text(lock_reports[i].message);
		same_number(lock_reports[i].execution);
		same_number(lock_reports[i].nr);
		for (int k = 0; k < alone.lock_reports[i].nr; k++) {
			same_text(lock_reports[i].link[k].task);
			same_number(lock_reports[i].link[k].held_pc);
			same_number(lock_reports[i].link[k].pc[0]);
		}
	}
}

static void same(void)
{
	same_stats();
	same_violation();
	same_number(nr_outcomes);
	for (int i = 0; i < alone.nr_outcomes; i++) {
		same_text(outcome[i].text);
		same_number(outcome[i].executions);
		same_number(outcome[i].first);
	}
	same_races();
	same_locks();
}

/* ---- exploring -------------------------------------------------------------------------------------------- */

static void run(struct engine *e, const struct engine_options *o, struct engine_result *r)
{
	char err[512];

	if (engine_explore(e, o, r, err, sizeof(err)))
		fail_msg("%s: %s", what, err);
}

static void keep(void *arg, const uint8_t *bytes, size_t n)
{
	struct saved *s = arg;

	free(s->bytes);
	s->bytes = malloc(n);
	assert_non_null(s->bytes);
	memcpy(s->bytes, bytes, n);
	s->n = n;
}

/* As `alone`, but broken off again and again after a part of the executions. */
static void in_legs(struct engine *e, struct engine_options o, uint64_t most)
{
	uint64_t all = alone.stats.executions + alone.stats.redundant, leg = all / LEGS + 1;
	struct saved s = { 0 };

	o.save = keep;
	o.save_arg = &s;
	for (o.executions = leg;; o.executions += leg) {
		uint8_t *bytes = s.bytes;

		if (most && o.executions > most)
			o.executions = most;
		o.resume = bytes;
		o.nr_resume = s.n;
		s = (struct saved){ 0 };
		run(e, &o, &many);
		free(bytes);
		if (!many.stats.unfinished || (most && o.executions == most))
			break;
	}
	free(s.bytes);
}

static void compare(struct engine *e, const char *name, struct engine_options o, int jobs)
{
	snprintf(what, sizeof(what), "%s, %s", name, o.strategy);
	o.jobs = 1;
	run(e, &o, &alone);
	snprintf(what, sizeof(what), "%s, %s, in parts", name, o.strategy);
	in_legs(e, o, o.executions);
	same();
	for (o.jobs = 2; o.jobs <= jobs; o.jobs++) {
		snprintf(what, sizeof(what), "%s, %s, %d jobs", name, o.strategy, o.jobs);
		run(e, &o, &many);
		same();
	}
}

static const char *oracle_of(const struct race *race, const struct race_verdict *v)
{
	return race->oracle || v->expect != RACE_FOUND ? race->oracle : v->oracle;
}

static void one_protocol(const struct race *race, const struct race_verdict *v, bool samples)
{
	static const char *const sample[] = { "random", "pct", "pos" };
	struct engine_options o = { .strategy = "dpor", .preemptions = -1, .oracle = oracle_of(race, v) };
	char protocols[128] = "", err[512], name[192];
	struct race_config c;
	struct engine_program p;
	struct engine *e;

	if (race->axis)
		snprintf(protocols, sizeof(protocols), "%s=%s", race->axis, v->protocol);
	snprintf(name, sizeof(name), "%s %s", race->name, protocols);
	if (race_configure(&c, race->name, NULL, protocols, err, sizeof(err)))
		fail_msg("%s", err);
	race_program(&c, &p);
	e = engine_create(&p, err, sizeof(err));
	if (!e)
		fail_msg("%s: %s", name, err);
	compare(e, name, o, MOST_JOBS);
	o.strategy = "dfs";
	o.preemptions = 1;
	compare(e, name, o, 2);
	o.preemptions = -1;
	o.executions = SAMPLE;
	for (int i = 0; samples && i < 3; i++) {
		o.strategy = sample[i];
		o.keep_going = i == 0; /* else most end at a violation, early */
		compare(e, name, o, 3);
	}
	engine_destroy(e);
}

static void every_race(void **state)
{
	(void)state;
	for (int i = 0; i < race_count(); i++) {
		const struct race *race = race_get(i);

		for (int v = 0; v < RACE_MAX_VERDICTS && race->expect[v].expect != RACE_UNSTATED; v++)
			one_protocol(race, &race->expect[v], v == i % 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_race) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
