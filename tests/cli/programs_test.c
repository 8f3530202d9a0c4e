// SPDX-License-Identifier: MIT
/*
 * programs_test.c - run, compare and fuzz, in either build
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static char path[] = "/tmp/faultline-program-XXXXXX";

#define HEAD "prog t pages=2 files=0x0\np0 mmap 0 2 rw priv anon 0 fixed\np0 wr 0 0 17\n"
#define BLOCK "par\nt0 p0 wr 0 0 34\nt1 p0 rd 0 0\nend-par\n"

static void write_program(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static void expect_run(const char *text, const char *options, int status, const char *says)
{
	struct run r;

	write_program(text);
	r = cli("run %s %s", path, options);
	if (r.status != status)
		fail_msg("exit status %d, not %d, of:\n%s\n%s%s", r.status, status, text, r.out, r.err);
	if (!strstr(r.out, says) && !strstr(r.err, says))
		fail_msg("'%s' is in neither of:\n%s\n%s", says, r.out, r.err);
	run_free(&r);
}

static bool controlled(void)
{
	struct run r = cli("--version");
	bool is = strstr(r.out, "controlled") != NULL;

	run_free(&r);
	return is;
}

static void runs_straight_programs(void **state)
{
	expect_run(HEAD "p0 rd 0 0\nexpect val=11\nend\n", "", 0, "2 p0 rd val=11");
	expect_run(HEAD "p0 rd 0 0\nexpect val=12\nend\n", "", 1, "'expect' does not hold");
	expect_run(HEAD "p0 rd 0 0\nnever val=11\nend\n", "", 1, "'never' does not hold");
	expect_run(HEAD "end\n", "--kernel linux-2.6.18", 0, "1 p0 wr 0 new");
	expect_run(HEAD "end\n", "--kernel lunix", 2, "unknown kernel 'lunix'");
	expect_run(HEAD "end\n", "--protocol cow=nothing", 2, "unknown protocol 'cow=nothing'");
	expect_run(
		"prog t pages=2 files=0x0\nmachine frames=64 swap=8\np0 mmap 0 1 rw priv anon 0 fixed\nend\n",
		"", 0, "0 p0 mmap 0");
}

static void explores_threads(void **state)
{
	if (!controlled()) {
		expect_run(HEAD BLOCK "end\n", "--executions 50", 3, "50 rounds on real threads");
		expect_run(HEAD BLOCK "end\n", "--strategy dpor", 2, "native build");
		return;
	}
	expect_run(HEAD BLOCK "sometimes val=22\nend\n", "", 0, "3:val=11");
	expect_run(HEAD BLOCK "sometimes val=33\nend\n", "", 1,
		   "'sometimes' was not seen, and everything was");
	expect_run(HEAD BLOCK "sometimes val=33\nend\n", "--strategy random --executions 5", 3,
		   "'sometimes' was not seen; not everything was");
	expect_run(HEAD BLOCK "end\n", "--strategy random --executions 5", 3, "5 executions");
	expect_run(HEAD BLOCK "end\n", "--strategy rondam", 2, "did you mean 'random'");
	expect_run(HEAD BLOCK "end\n", "--memory tso", 0, "complete");
}

/* What a violation prints runs again. */
static void replays_what_it_printed(void **state)
{
	const char *text;
	struct run r;

	if (!controlled())
		return;
	write_program(HEAD BLOCK "never val=22\nend\n");
	r = cli("run %s", path);
	assert_int_equal(r.status, 1);
	text = strstr(r.out, "faultline-vm 1");
	assert_non_null(text);
	assert_in(text, "schedule t");
	assert_in(text, "violation claim");
	expect_run(text, "", 1, "FOUND claim");
	run_free(&r);
	expect_run(HEAD BLOCK "schedule t0 t1\nviolation claim\nend\n", "", 4, "claim did not fire");
	expect_run(HEAD BLOCK "schedule t0*3 t1\nend\n", "", 4, "counts steps");
	expect_run(HEAD BLOCK "schedule t9\nend\n", "", 4, "t9");
	expect_run(HEAD "schedule program!alloc:2\nend\n", "", 0, "prog t");
}

static void compares(void **state)
{
	struct run r;

	write_program(HEAD "p0 rd 0 0\nend\n");
	r = cli("compare %s --between simulator,simulator", path);
	assert_int_equal(r.status, 0);
	assert_in(r.out, "1 the same");
	run_free(&r);
	assert_refused("compare", "missing argument", "PROG.vm");
	assert_refused("compare x --between simulator", "--between", "two of simulator and host");
}

static void fuzzes(void **state)
{
	cJSON *j =
		cli_json(0, "fuzz --between simulator,simulator --programs 20 --seed 3 --json --output /tmp");

	assert_int_equal(cJSON_GetObjectItem(j, "programs")->valueint, 20);
	cJSON_Delete(j);
	assert_refused("fuzz --threads 1", "--threads", "from 2 to 8");
	assert_refused("fuzz --output /nowhere", "/nowhere", "cannot write");
	if (controlled()) {
		j = cli_json(0, "fuzz --failures --programs 1 --calls 4 --seed 3 --json --output /tmp");
		assert_true(cJSON_GetObjectItem(j, "failed_runs")->valueint > 1);
		cJSON_Delete(j);
		j = cli_json(0, "fuzz --concurrent --programs 2 --calls 6 --seed 2 --json --output /tmp");
		assert_true(cJSON_GetObjectItem(j, "steps")->valueint > 1000);
		cJSON_Delete(j);
	} else {
		assert_refused("fuzz --failures", "native build", "controlled");
		assert_refused("fuzz --concurrent", "native build", "controlled");
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_straight_programs),
		cmocka_unit_test(explores_threads),
		cmocka_unit_test(replays_what_it_printed),
		cmocka_unit_test(compares),
		cmocka_unit_test(fuzzes),
	};
	int fd, failed;

	if (argc != 2) {
		fprintf(stderr, "usage: %s FAULTLINE\n", argv[0]);
		return 2;
	}
	cli_command = argv[1];
	fd = mkstemp(path);
	if (fd < 0)
		return 2;
	close(fd);
	failed = cmocka_run_group_tests_name("cli-programs", tests, NULL, NULL);
	unlink(path);
	return failed;
}
