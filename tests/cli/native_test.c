// SPDX-License-Identifier: MIT
/*
 * native_test.c - the command of the native build: stress, and what it leaves to the controlled one
 */
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define RACE "invalidate_vs_fault"

static void stress_counts(void **state)
{
	cJSON *j = cli_json(0, "stress " RACE
			       " --protocol invalidate=page-lock --rounds 50 --report-only --json");
	struct run r = cli("stress " RACE " --protocol page-lock --rounds 50");

	assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(j, "rounds")), 50);
	assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(j, "violations")), 0);
	assert_string_equal(json_string(cJSON_GetObjectItem(j, "protocols"), "invalidate"), "page-lock");
	assert_int_equal(r.status, 3);
	assert_in(r.out, "50 rounds");
	assert_in(r.out, "\nNext: ");
	cJSON_Delete(j);
	run_free(&r);
}

static void stress_counts_outcomes(void **state)
{
	cJSON *j = cli_json(0, "stress sb_fences --rounds 50 --report-only --json"), *o;
	int rounds = 0;

	cJSON_ArrayForEach(o, cJSON_GetObjectItem(j, "outcomes")) {
		assert_string_not_equal(json_string(o, "outcome"), "r0=0 r1=0");
		rounds += (int)cJSON_GetNumberValue(cJSON_GetObjectItem(o, "executions"));
	}
	assert_int_equal(rounds, 50);
	cJSON_Delete(j);
}

static void stress_refuses(void **state)
{
	assert_refused("stress", "missing argument", "RACE");
	assert_refused("stress invalidate_vs_falt", "invalidate_vs_falt", "'" RACE "'");
	assert_refused("stress " RACE " --protocol seqlok", "'seqlok'", "'seqlock'");
	assert_refused("stress " RACE " --rounds x", "--rounds", "'x'");
	assert_refused("stress " RACE " --secnds 1", "'--secnds'", "'--seconds'");
}

static void leaves_the_rest_to_the_controlled_build(void **state)
{
	assert_refused("explore " RACE, "explore", "controlled build");
	assert_refused("replay x", "replay", "controlled build");
	assert_refused("minimise x", "minimise", "controlled build");
	assert_refused("explain x", "explain", "controlled build");
	assert_refused("matrix", "matrix", "controlled build");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stress_counts),
		cmocka_unit_test(stress_counts_outcomes),
		cmocka_unit_test(stress_refuses),
		cmocka_unit_test(leaves_the_rest_to_the_controlled_build),
	};

	if (argc != 2) {
		fprintf(stderr, "usage: %s FAULTLINE\n", argv[0]);
		return 2;
	}
	cli_command = argv[1];
	return cmocka_run_group_tests_name("cli-native", tests, NULL, NULL);
}
