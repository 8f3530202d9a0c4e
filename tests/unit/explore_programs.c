// SPDX-License-Identifier: MIT
/*
 * explore_programs.c - programs with threads under the engine: outcomes, claims, blocks, schedules; and straight ones of
 * which something fails
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "prog/concurrent.h"
#include "prog/simulator.h"

static struct vm_prog prog;
static struct vm_concurrent concurrent;
static struct engine_program program;
static struct engine_result result;

static void parse(const char *text)
{
	struct vm_file f;
	char err[256];

	if (prog_parse("t.vm", text, &f, err, sizeof(err)))
		fail_msg("%s", err);
	prog = f.prog[0];
	prog_file_free(&f);
}

static struct engine *open_program(const char *text)
{
	struct engine *e;
	char err[256];

	parse(text);
	if (concurrent_init(&concurrent, &prog, err, sizeof(err)))
		fail_msg("%s", err);
	concurrent_program(&concurrent, &program);
	e = engine_create(&program, err, sizeof(err));
	if (!e)
		fail_msg("%s", err);
	return e;
}

static void close_program(struct engine *e)
{
	engine_destroy(e);
	concurrent_free(&concurrent);
}

static void explore(struct engine *e)
{
	const struct engine_options o = { .strategy = "dpor", .preemptions = -1, .seconds = 60 };
	char err[256];

	if (engine_explore(e, &o, &result, err, sizeof(err)))
		fail_msg("%s", err);
}

#define HEAD "prog t pages=2 files=0x0\np0 mmap 0 2 rw priv anon 0 fixed\np0 wr 0 0 17\n"
#define STORE_LOAD HEAD "par\nt0 p0 wr 0 0 34\nt1 p0 rd 0 0\nend-par\n"

/* Both orders of a store and a load, and nothing else. */
static void outcomes_are_counted(void **state)
{
	struct engine *e =
		open_program(STORE_LOAD "sometimes 3:val=11\nsometimes 3:val=22\nsometimes 3:val=33\nend\n");
	bool seen[256] = { false };

	explore(e);
	assert_string_equal(result.violation.oracle, "");
	assert_true(result.stats.complete);
	assert_int_equal(result.nr_outcomes, 2);
	for (int i = 0; i < 2; i++)
		seen[outcomes_find(concurrent.outcomes, result.outcome[i].text)[3].value] = true;
	assert_true(seen[0x11] && seen[0x22]);
	assert_true(outcomes_vary(concurrent.outcomes, 3));
	assert_false(outcomes_vary(concurrent.outcomes, 2));
	assert_int_equal(concurrent.outcomes->held, 3);
	close_program(e);
}

static void claims_are_judged(void **state)
{
	static const struct {
		const char *claim, *oracle;
	} claims[] = {
		{ "never 3:val=22\n", "claim" },
		{ "expect 3:val=11\n", "claim" },
		{ "never 3:val=33\n", "" },
		{ "expect 2:0\n", "" },
	};
	char text[512];

	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		struct engine *e;

		snprintf(text, sizeof(text), STORE_LOAD "%send\n", claims[i].claim);
		e = open_program(text);
		explore(e);
		assert_string_equal(result.violation.oracle, claims[i].oracle);
		if (*claims[i].oracle)
			assert_non_null(strstr(result.violation.message, "line 8"));
		close_program(e);
	}
}

/* What stands between blocks and behind the last happens when all threads are there. */
static void blocks_meet(void **state)
{
	struct engine *e = open_program(HEAD "par\nt0 p0 wr 0 0 1\nt1 p0 wr 0 1 2\nend-par\n"
					     "p0 rd 0 0\nexpect val=01\np0 rd 0 1\nexpect val=02\n"
					     "p0 wr 0 0 7\n"
					     "par\nt0 p0 rd 0 0\nexpect val=07\nt2 p0 wr 0 1 8\nend-par\n"
					     "p0 rd 0 1\nexpect val=08\nend\n");

	explore(e);
	assert_string_equal(result.violation.message, "");
	assert_true(result.stats.complete);
	assert_int_equal(concurrent.nr_threads, 3);
	close_program(e);
}

/* Who is forked in a block lives, or does not yet. */
static void forks_race_with_their_children(void **state)
{
	struct engine *e =
		open_program(HEAD "par\nt0 p0 fork 1\nt1 p1 mincore 0 1\nt1 p0 fork 1\nend-par\n"
				  "sometimes 3:dead\nsometimes 3:0\nsometimes 2:skip\nsometimes 4:skip\n"
				  "never 2:skip 4:skip\nnever 2:0 4:0\nend\n");
	const struct engine_options o = { .strategy = "pct", .preemptions = -1, .executions = 3000 };
	char err[256];

	assert_int_equal(engine_explore(e, &o, &result, err, sizeof(err)), 0);
	assert_string_equal(result.violation.message, "");
	assert_int_equal(concurrent.outcomes->held, 0xf);
	assert_int_equal(result.nr_races, 0);
	close_program(e);
}

static void schedules_replay(void **state)
{
	static struct engine_schedule s;
	struct engine *e = open_program(STORE_LOAD "never 3:val=22\nend\n");
	char text[PROG_SCHEDULE_MAX], err[256];
	struct vm_file f;
	FILE *out = tmpfile();

	explore(e);
	assert_string_equal(result.violation.oracle, "claim");
	assert_true(engine_schedule_label(e, &result.schedule));
	engine_schedule_print(&program, &result.schedule, ' ', prog.schedule, sizeof(prog.schedule));
	strcpy(prog.oracle, "claim");
	/* as a file has it, and read from there */
	prog_print(out, &prog);
	rewind(out);
	text[fread(text, 1, sizeof(text) - 1, out)] = '\0';
	fclose(out);
	if (prog_parse("t.vm", text, &f, err, sizeof(err)))
		fail_msg("%s", err);
	assert_true(prog_equal(&prog, &f.prog[0]));
	assert_int_equal(engine_schedule_parse(&program, f.prog[0].schedule, &s, err, sizeof(err)), 0);
	assert_int_equal(engine_replay(e, &s, 0, &result, NULL, err, sizeof(err)), ENGINE_VIOLATION);
	assert_string_equal(result.violation.oracle, "claim");
	prog_file_free(&f);
	close_program(e);
}

/* ---- failures of straight programs ------------------------------------------------------------------------------- */

static void allocations_fail(void **state)
{
	char err[256];
	struct vm_backend *b = simulator_create(err, sizeof(err));
	struct vm_log log;
	int failed = 0, errors = 0;

	assert_non_null(b);
	vm_log_init(&log);
	parse("prog t pages=2 files=0x0\np0 mmap 0 2 rw priv anon 0 fixed\np0 fork 1\nend\n");
	for (int k = 1; k < 500; k++) {
		snprintf(prog.schedule, sizeof(prog.schedule), "program!alloc:%d", k);
		if (prog_run(b, &prog, false, &log, err, sizeof(err)))
			fail_msg("%s", err);
		assert_string_equal(log.violation.message, "");
		if (!b->failed)
			break;
		failed++;
		errors += log.result[0].outcome == OUTCOME_ERROR || log.result[1].outcome == OUTCOME_ERROR;
	}
	assert_false(b->failed);
	assert_true(failed > 5);
	assert_true(errors > 3);
	/* and then all is as if nothing had been */
	assert_int_equal(log.result[1].outcome, OUTCOME_VALUE);
	vm_log_free(&log);
	b->destroy(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes_are_counted), cmocka_unit_test(claims_are_judged),
		cmocka_unit_test(blocks_meet),		cmocka_unit_test(forks_race_with_their_children),
		cmocka_unit_test(schedules_replay),	cmocka_unit_test(allocations_fail),
	};

	return cmocka_run_group_tests_name("explore-programs", tests, NULL, NULL);
}
