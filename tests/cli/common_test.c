// SPDX-License-Identifier: MIT
/*
 * common_test.c - what the command does in either build: help, list, show, and how it refuses bad input
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "cli.h"

static void help_and_version(void **state)
{
	static const char *const commands[] = { "list",	    "show",   "explore", "explain", "replay",
						"minimise", "matrix", "stress",	 "help" };
	struct run r = cli("--help"), bare = cli(" ");

	assert_int_equal(r.status, 0);
	assert_int_equal(bare.status, 0);
	assert_string_equal(r.out, bare.out);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct run one = cli("help %s", commands[i]), other = cli("%s --help", commands[i]);

		assert_in(r.out, commands[i]);
		assert_int_equal(one.status, 0);
		assert_in(one.out, "Usage: faultline ");
		if (other.status == 0) /* a command of the other build says that instead */
			assert_string_equal(one.out, other.out);
		run_free(&one);
		run_free(&other);
	}
	run_free(&r);
	run_free(&bare);
	r = cli("--version");
	assert_int_equal(r.status, 0);
	assert_in(r.out, "faultline ");
	run_free(&r);
}

static void lists(void **state)
{
	cJSON *j = cli_json(0, "list --json"), *race = cJSON_GetArrayItem(j, 0);
	struct run r;

	assert_true(cJSON_GetArraySize(j) >= 3);
	r = cli("list --plain --family %s", json_string(race, "family"));
	assert_int_equal(r.status, 0);
	assert_in(r.out, json_string(race, "race"));
	run_free(&r);
	cJSON_Delete(j);
	j = cli_json(0, "list protocols --json");
	assert_true(cJSON_GetArraySize(j) >= 6);
	cJSON_Delete(j);
	j = cli_json(0, "list kernels --json");
	assert_true(cJSON_GetArraySize(j) >= 1);
	cJSON_Delete(j);
	r = cli("list");
	assert_in(r.out, "invalidate_vs_fault");
	assert_in(r.out, "Next: faultline show ");
	assert_null(strchr(r.out, '\033'));
	run_free(&r);
}

static void shows_the_story(void **state)
{
	struct run r = cli("show invalidate_vs_fault");
	cJSON *j = cli_json(0, "show invalidate_vs_fault --json");

	assert_int_equal(r.status, 0);
	assert_in(r.out, "Invariant:");
	assert_in(r.out, "page-mapped-on-remove");
	assert_null(strstr(r.out, " * "));
	assert_string_equal(json_string(j, "oracle"), "page-mapped-on-remove");
	assert_true(cJSON_GetArraySize(cJSON_GetObjectItem(j, "expect")) >= 6);
	cJSON_Delete(j);
	run_free(&r);
}

static void refuses(void **state)
{
	assert_refused("lst", "unknown command 'lst'", "'list'");
	assert_refused("qqqqqqqqqqqqqqqq", "unknown command", "qqqq");
	assert_refused("list --familly x", "unknown option '--familly'", "'--family'");
	assert_refused("list --family", "--family", "needs a value");
	assert_refused("list --family 2006-11", "2006-11", "'2006-10'");
	assert_refused("list protocol", "'protocol'", "'protocols'");
	assert_refused("list kernels more", "unexpected argument 'more'", "usage:");
	assert_refused("list -x", "unknown option '-x'", "help list");
	assert_refused("show", "missing argument", "RACE");
	assert_refused("show invalidate_vs_fautl", "invalidate_vs_fautl", "'invalidate_vs_fault'");
	assert_refused("show a b", "unexpected argument 'b'", "show");
	assert_refused("help exlpore", "exlpore", "'explore'");
}

/* A full disk is not success. */
static void says_that_output_is_lost(void **state)
{
	char line[1024];
	int st;

	snprintf(line, sizeof(line), "'%s' list >/dev/full 2>/dev/null", cli_command);
	st = system(line);
	assert_int_equal(WEXITSTATUS(st), 70);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(help_and_version),	    cmocka_unit_test(lists),
		cmocka_unit_test(shows_the_story),	    cmocka_unit_test(refuses),
		cmocka_unit_test(says_that_output_is_lost),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s FAULTLINE\n", argv[0]);
		return 2;
	}
	cli_command = argv[1];
	return cmocka_run_group_tests_name("cli-common", tests, NULL, NULL);
}
