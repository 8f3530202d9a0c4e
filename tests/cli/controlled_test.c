// SPDX-License-Identifier: MIT
/*
 * controlled_test.c - the command of the controlled build: explore, replay, minimise, explain, matrix
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli.h"

#define RACE "invalidate_vs_fault"
#define BROKEN                                                                                               \
	RACE                                                                                                 \
	" --protocol invalidate=truncate-count"

/* The token that exploring the broken protocol prints; free() it. */
static char *find_token(void)
{
	cJSON *j = cli_json(1, "explore " BROKEN " --json"), *v = cJSON_GetObjectItem(j, "violation");
	char *token = strdup(json_string(v, "token"));

	cJSON_Delete(j);
	return token;
}

/* ---- explore ---------------------------------------------------------------------------------------- */

static void explore_finds(void **state)
{
	static const char *const fields[] = {
		"race",
		"kernel",
		"protocols",
		"strategy",
		"memory",
		"choices",
		"executions",
		"blocked",
		"complete",
		"orders_left_out",
		"violation",
		"data_races",
		"outcomes",
		"outcomes_truncated",
		"lock_orders",
		"seconds",
		"executions_per_second",
		"points_per_execution",
		"plain_per_execution",
		"switches_per_execution",
		"peak_bytes",
		"version",
	};
	cJSON *j = cli_json(1, "explore " BROKEN " --json"), *v = cJSON_GetObjectItem(j, "violation");
	struct run r = cli("explore " BROKEN);

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!cJSON_HasObjectItem(j, fields[i]))
			fail_msg("no \"%s\" in the result", fields[i]);
	assert_string_equal(json_string(v, "oracle"), "page-mapped-on-remove");
	assert_string_equal(json_string(cJSON_GetObjectItem(j, "protocols"), "invalidate"), "truncate-count");
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(j, "complete")));
	assert_int_equal(r.status, 1);
	assert_in(r.out, "FOUND page-mapped-on-remove");
	assert_in(r.out, "\nNext: faultline explain '");
	assert_in(r.out, json_string(v, "token"));
	assert_string_equal(r.err, "");
	cJSON_Delete(j);
	run_free(&r);
}

static void explore_completes(void **state)
{
	cJSON *j = cli_json(0, "explore " RACE " --protocol page-lock --json");

	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(j, "complete")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItem(j, "violation")));
	cJSON_Delete(j);
}

static void explore_runs_out(void **state)
{
	cJSON *j = cli_json(3, "explore " RACE " --protocol page-lock --executions 5 --json");
	struct run r = cli("explore " RACE " --protocol page-lock --strategy random --executions 50");

	assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(j, "executions")), 5);
	assert_true(cJSON_IsFalse(cJSON_GetObjectItem(j, "complete")));
	assert_int_equal(r.status, 3);
	assert_in(r.out, "UNDECIDED");
	cJSON_Delete(j);
	run_free(&r);
}

static void explore_is_interrupted(void **state)
{
	char line[1024];
	int st;

	snprintf(line, sizeof(line),
		 "timeout --foreground --preserve-status -s INT 1 '%s' explore " RACE
		 " --protocol page-lock --strategy random --seconds 60 | grep -q '^INTERRUPTED'",
		 cli_command);
	st = system(line);
	assert_int_equal(WEXITSTATUS(st), 0);
	snprintf(line, sizeof(line),
		 "timeout --foreground --preserve-status -s INT 1 '%s' explore " RACE
		 " --protocol page-lock --strategy random --seconds 60 >/dev/null",
		 cli_command);
	st = system(line);
	assert_int_equal(WEXITSTATUS(st), 130);
}

static void explore_refuses(void **state)
{
	assert_refused("explore", "missing argument", "RACE");
	assert_refused("explore invalidat_vs_fault", "invalidat_vs_fault", "'" RACE "'");
	assert_refused("explore " RACE " --protocol invalidate=seqlok", "'seqlok'", "'seqlock'");
	assert_refused("explore " RACE " --protocol invaldate=seqlock", "'invaldate'", "'invalidate'");
	assert_refused("explore " RACE " --protocol ''x", "'x'", "protocol");
	assert_refused("explore " RACE " --kernel linux-2.6.32", "'linux-2.6.32'", "did you mean");
	assert_refused("explore " RACE " --strategy dporr", "'dporr'", "'dpor'");
	assert_refused("explore " RACE " --strategy poss", "'poss'", "'pos'");
	assert_refused("explore " RACE " --strategy dpor --state-hash", "--state-hash", "dfs");
	assert_refused("explore " RACE " --strategy random --depth 2", "--depth", "pct");
	assert_refused("explore " RACE " --strategy pct --depth 0", "'0'", "--depth");
	assert_refused("explore " RACE " --memory tzo", "'tzo'", "'tso'");
	assert_refused("explore " RACE " --executions -1", "'-1'", "--executions");
	assert_refused("explore " RACE " --executions 1e3", "'1e3'", "--executions");
	assert_refused("explore " RACE " --executions 99999999999999999999", "99999999999999999999",
		       "--executions");
	assert_refused("explore " RACE " --seconds 0", "'0'", "--seconds");
	assert_refused("explore " RACE " --seconds nan", "'nan'", "--seconds");
	assert_refused("explore " RACE " --jobs 0", "--jobs", "'0'");
	assert_refused("explore " RACE " --strategy dpor --preemptions 2", "--preemptions", "dfs");
	assert_refused("explore " RACE " --choices alloc", "--choices", "alloc");
	assert_refused("explore " RACE " --choices alloc=99", "--choices", "99");
	assert_refused("explore " RACE " --choices alloc=1,alloc=2", "alloc", "twice");
	assert_refused("explore " RACE " --bogus", "'--bogus'", "explore");
	assert_refused("stress " RACE, "native build", "stress");
}

/* ---- replay, minimise, explain ----------------------------------------------------------------------- */

static void replay_is_the_same_every_time(void **state)
{
	char *token = find_token();
	struct run a = cli("replay '%s' --trace", token), b = cli("replay '%s' --trace", token);

	assert_int_equal(a.status, 1);
	assert_string_equal(a.out, b.out);
	assert_in(a.out, "FOUND page-mapped-on-remove");
	assert_in(a.out, "() sim/mm/");
	run_free(&a);
	run_free(&b);
	a = cli("minimise '%s'", token);
	assert_int_equal(a.status, 1);
	assert_in(a.out, token); /* what explore prints cannot be shrunk */
	run_free(&a);
	free(token);
}

static void replay_says_what_differs(void **state)
{
	char *token = find_token();
	struct run r;

	r = cli("replay 'fl1:" RACE ":invalidate=page-lock:fault,invalidate:page-mapped-on-remove'");
	assert_int_equal(r.status, 4);
	assert_in(r.err, "page-mapped-on-remove did not fire");
	run_free(&r);
	r = cli("replay 'fl1:" RACE ":invalidate=page-lock:fault,invalidate:'");
	assert_int_equal(r.status, 0);
	run_free(&r);
	r = cli("replay 'fl1:" RACE ":invalidate=page-lock:fault@unmapped,invalidate:'");
	assert_int_equal(r.status, 4);
	assert_in(r.err, "diverged");
	run_free(&r);
	assert_refused("replay nonsense", "token", "nonsense");
	assert_refused("replay 'fl0:" RACE ":invalidate=none:fault:'", "fl0", "fl1");
	assert_refused("replay 'fl1:no_such:invalidate=none:fault:'", "no_such", "race");
	assert_refused("replay 'fl1:" RACE ":invalidate=nonee:fault:'", "'nonee'", "'none'");
	assert_refused("replay 'fl1:" RACE ":invalidate=none:fautl:'", "fautl", "fault");
	assert_refused("replay 'fl1:" RACE ":invalidate=none:fault*3::raw=0.0.0-00000000'", "0.0.0-00000000",
		       "version");
	assert_refused("replay ''", "token", "token");
	free(token);
}

static void explain_draws(void **state)
{
	char *token = find_token(), *line, *save = NULL;
	struct run r = cli("explain '%s'", token);
	cJSON *j = cli_json(1, "explain '%s' --json", token);

	assert_int_equal(r.status, 1);
	assert_in(r.out, "step | fault");
	assert_in(r.out, "| invalidate");
	assert_in(r.out, "| changed");
	assert_in(r.out, "@unmapped");
	assert_in(r.out, "VIOLATION page-mapped-on-remove");
	assert_in(r.out, "remove_from_page_c");
	assert_in(r.out, "-- preempted --");
	assert_in(r.out, "!! page-mapped-on-remove");
	for (line = strtok_r(r.out, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (strlen(line) > 80 && !strstr(line, token) && strncmp(line, "Schedule: ", 10))
			fail_msg("wider than 80 columns: %s", line);
	assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(j, "rows")) > 5);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "columns")), 2);
	cJSON_Delete(j);
	run_free(&r);
	r = cli("explain -v '%s'", token);
	assert_int_equal(r.status, 1);
	run_free(&r);
	free(token);
}

/* ---- bare races -------------------------------------------------------------------------------------- */

static void bare_races_have_outcomes(void **state)
{
	cJSON *j = cli_json(0, "explore sb --json"), *all = cJSON_GetObjectItem(j, "outcomes"), *first;
	struct run r = cli("explore sb");

	assert_int_equal(cJSON_GetArraySize(all), 3);
	first = cJSON_GetArrayItem(all, 0);
	assert_string_equal(json_string(first, "outcome"), "r0=0 r1=1");
	assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(first, "executions")), 1);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "protocols")), 0);
	assert_in(r.out, "1  r0=0 r1=1\n");
	cJSON_Delete(j);
	run_free(&r);
	assert_refused("explore sb --protocol page-lock", "'page-lock'", "'sb'");
	assert_refused("matrix --family litmus", "litmus", "axis");
	r = cli("matrix sb");
	assert_int_equal(r.status, 0);
	assert_in(r.out, "clean 3");
	run_free(&r);
}

static void bare_races_have_tokens(void **state)
{
	cJSON *j = cli_json(1, "explore philosophers_3 --json");
	char command[1024];
	struct run r;

	snprintf(command, sizeof(command), "replay '%s'",
		 json_string(cJSON_GetObjectItem(j, "violation"), "token"));
	r = cli("%s", command);
	assert_int_equal(r.status, 1);
	assert_in(r.out, "deadlock");
	cJSON_Delete(j);
	run_free(&r);
}

/* ---- matrix ------------------------------------------------------------------------------------------ */

static void matrix_agrees(void **state)
{
	cJSON *j = cli_json(0, "matrix " RACE " --json"), *cells = cJSON_GetObjectItem(j, "cells"), *c;
	struct run r = cli("matrix " RACE " --protocol page-lock");

	assert_true(cJSON_GetArraySize(cells) >= 6);
	cJSON_ArrayForEach(c, cells)
		assert_true(cJSON_IsFalse(cJSON_GetObjectItem(c, "differs")));
	assert_int_equal(r.status, 0);
	assert_in(r.out, "clean ");
	cJSON_Delete(j);
	run_free(&r);
	assert_refused("matrix " RACE " --protocol nope-lock", "'nope-lock'", "protocol");
	assert_refused("matrix nope", "'nope'", "race");
	assert_refused("matrix --family 1999-01", "1999-01", "matrix");
	r = cli("matrix " RACE " --protocol page-lock --seconds 0.000001");
	assert_int_equal(r.status, 3);
	assert_in(r.out, "? budget");
	run_free(&r);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explore_finds),
		cmocka_unit_test(explore_completes),
		cmocka_unit_test(explore_runs_out),
		cmocka_unit_test(explore_is_interrupted),
		cmocka_unit_test(explore_refuses),
		cmocka_unit_test(replay_is_the_same_every_time),
		cmocka_unit_test(replay_says_what_differs),
		cmocka_unit_test(explain_draws),
		cmocka_unit_test(bare_races_have_outcomes),
		cmocka_unit_test(bare_races_have_tokens),
		cmocka_unit_test(matrix_agrees),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s FAULTLINE\n", argv[0]);
		return 2;
	}
	cli_command = argv[1];
	return cmocka_run_group_tests_name("cli-controlled", tests, NULL, NULL);
}
