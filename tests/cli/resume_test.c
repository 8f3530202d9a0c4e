// SPDX-License-Identifier: MIT
/*
 * resume_test.c - explorations that are killed again and again, at any moment, come to what an unbroken one does;
 * interrupted ones say how to go on; files that are not what they should be are refused
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define KILLS 20
#define RACE "increments_2x6"
#define FLIPS 40 /* bytes of a good file, each changed once */

static char folder[] = "/tmp/faultline-resume-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[4][256];
	static int k;

	k = (k + 1) % 4;
	snprintf(path[k], sizeof(path[k]), "%s/%s", folder, name);
	return path[k];
}

/* ---- running and killing --------------------------------------------------------------------------------- */

static pid_t start(const char *args)
{
	char line[2048];
	pid_t pid = fork();

	if (pid)
		return pid;
	snprintf(line, sizeof(line), "cd '%s' && exec '%s' %s >out 2>err </dev/null", folder, cli_command,
		 args);
	execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

/* => true: killed; false: it had ended by then, with the exit status `want` */
static bool ends_by(const char *args, int sig, double seconds, int want)
{
	struct timespec ts = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
	pid_t pid = start(args);
	int st;

	assert_true(pid > 0);
	nanosleep(&ts, NULL);
	kill(pid, sig);
	assert_int_equal(waitpid(pid, &st, 0), pid);
	if (WIFSIGNALED(st))
		return true;
	if (WEXITSTATUS(st) != want)
		fail_msg("faultline %s: exit status %d, not %d", args, WEXITSTATUS(st), want);
	return false;
}

static cJSON *read_json(void)
{
	char text[65536];
	FILE *f = fopen(in_folder("out"), "r");
	size_t n;
	cJSON *j;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	j = cJSON_Parse(text);
	if (!j)
		fail_msg("this is no JSON:\n%s", text);
	return j;
}

/* What depends on the machine, or says how the result was come to. */
static cJSON *without_times(cJSON *j)
{
	static const char *const no[] = { "seconds",	"wall_seconds", "estimate", "executions_per_second",
					  "peak_bytes", "jobs",		"resumed",  "checkpoint" };

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		cJSON_DeleteItemFromObject(j, no[i]);
	return j;
}

static void same_json(cJSON *a, cJSON *b)
{
	without_times(a);
	without_times(b);
	if (!cJSON_Compare(a, b, true))
		fail_msg("unbroken:\n%s\nbroken off:\n%s", cJSON_Print(a), cJSON_Print(b));
}

static bool exists(const char *name)
{
	return !access(in_folder(name), F_OK);
}

static void killed_and_resumed(const char *options, int status)
{
	cJSON *want = cli_json(status, "explore " RACE " %s --json", options), *got;
	char fresh[512], again[512];
	int kills = 0;

	snprintf(fresh, sizeof(fresh),
		 "explore " RACE " %s --json --checkpoint state --checkpoint-seconds 0.02", options);
	snprintf(again, sizeof(again), "explore --resume state --json --checkpoint-seconds 0.02%s",
		 strstr(options, "--jobs 2") ? " --jobs 2" : "");
	unlink(in_folder("state"));
	for (bool ended = false; kills < KILLS || !ended;) {
		/* From before the first checkpoint to some way on; in the end it is left alone. */
		double seconds = kills < KILLS ? 0.015 + 0.01 * (kills * 7 % 20) : 60;
		bool was_there = exists("state");

		if (kills < KILLS) {
			ended = !ends_by(was_there ? again : fresh, SIGKILL, seconds, status);
		} else {
			int st;

			waitpid(start(was_there ? again : fresh), &st, 0);
			assert_int_equal(WEXITSTATUS(st), status);
			ended = true;
		}
		kills += !ended;
		if (!ended)
			continue;
		got = read_json();
		assert_int_equal(cJSON_IsTrue(cJSON_GetObjectItem(got, "resumed")), was_there);
		same_json(want, got);
		cJSON_Delete(got);
		unlink(in_folder("state")); /* a sample can always be gone on with */
	}
	cJSON_Delete(want);
}

static void dpor_is_killed(void **state)
{
	(void)state;
	killed_and_resumed("--strategy dpor", 0);
}

static void two_jobs_are_killed(void **state)
{
	(void)state;
	killed_and_resumed("--strategy dpor --jobs 2", 0);
}

static void dfs_is_killed(void **state)
{
	(void)state;
	killed_and_resumed("--strategy dfs", 0);
}

static void random_is_killed(void **state)
{
	(void)state;
	killed_and_resumed("--strategy random --seed 7 --executions 1500000", 3);
}

/* ---- broken off in order --------------------------------------------------------------------------------------- */

static void larger_budget(void **state)
{
	cJSON *want = cli_json(3, "explore " RACE " --strategy pct --executions 30000 --json"), *got;

	(void)state;
	cJSON_Delete(cli_json(3,
			      "explore " RACE " --strategy pct --executions 10000 --checkpoint '%s' --json",
			      in_folder("more")));
	got = cli_json(3, "explore " RACE " --resume '%s' --executions 30000 --jobs 3 --json",
		       in_folder("more"));
	assert_string_equal(json_string(got, "checkpoint"), in_folder("more"));
	assert_int_equal(cJSON_GetNumberValue(cJSON_GetObjectItem(got, "jobs")), 3);
	same_json(want, got);
	cJSON_Delete(want);
	cJSON_Delete(got);
}

/* However early the signal comes, all that was done by then and what is left are in the file, or it was killed. */
static void signals_leave_a_file(void **state)
{
	static const int sig[] = { SIGINT, SIGTERM };
	cJSON *want = cli_json(0, "explore " RACE " --strategy dfs --json"), *got;
	char line[512];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct stat st;

		if (ends_by("explore " RACE " --strategy dfs", sig[i], 0.5, 130))
			continue; /* it had not come to setting its handler */
		assert_int_equal(stat(in_folder(RACE ".faultline"), &st), 0);
		snprintf(line, sizeof(line),
			 "grep -q '^Next: faultline explore --resume " RACE ".faultline$' '%s'",
			 in_folder("out"));
		assert_int_equal(system(line), 0);
		got = cli_json(0, "explore --resume '%s' --json", in_folder(RACE ".faultline"));
		assert_true(cJSON_IsTrue(cJSON_GetObjectItem(got, "resumed")));
		assert_true(cJSON_IsNull(cJSON_GetObjectItem(got, "checkpoint")));
		same_json(want, got);
		cJSON_Delete(got);
		assert_false(exists(RACE ".faultline"));
	}
	cJSON_Delete(want);
}

/* ---- bad files ---------------------------------------------------------------------------------------------------- */

static void write_bytes(const char *path, const char *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void refused(const char *bytes, size_t n)
{
	char args[512];

	write_bytes(in_folder("bad"), bytes, n);
	snprintf(args, sizeof(args), "explore --resume '%s'", in_folder("bad"));
	assert_refused(args, "--resume", "/bad");
}

static void bad_files(void **state)
{
	static char good[4 << 20];
	char args[512], path[256];
	size_t n;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s", in_folder("good"));
	cJSON_Delete(cli_json(3, "explore " RACE " --executions 1000 --checkpoint '%s' --json", path));
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(good, 1, sizeof(good), f);
	fclose(f);
	assert_true(n > 1000 && n < sizeof(good));
	for (size_t len = 0; len < n; len += len < 128 ? 8 : n / 16)
		refused(good, len);
	refused(good, n - 1);
	refused(good, n + 1);
	refused("no exploration\n", 15);
	for (size_t i = 0; i < FLIPS; i++) {
		size_t at = i < 10 ? i * 9 : i * (n / FLIPS);

		good[at] ^= 0x20;
		refused(good, n);
		good[at] ^= 0x20;
	}
	snprintf(args, sizeof(args), "explore --resume '%s'", in_folder("none"));
	assert_refused(args, "/none", "No such file");
	snprintf(args, sizeof(args), "explore lastzero_15 --resume '%s'", path);
	assert_refused(args, RACE, "lastzero_15");
	snprintf(args, sizeof(args), "explore --seed 3 --resume '%s'", path);
	assert_refused(args, "--seed", "/good");
	snprintf(args, sizeof(args), "explore --resume '%s' --memory tso", path);
	assert_refused(args, "--memory", "/good");
	assert_refused("explore " RACE " --checkpoint /nowhere/at/all", "--checkpoint", "/nowhere/at/all");
	assert_refused("explore " RACE " --strategy source --checkpoint /tmp/x", "source", "saved");
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
	char line[256];

	(void)state;
	snprintf(line, sizeof(line), "rm -r '%s'", folder);
	return system(line);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dpor_is_killed), cmocka_unit_test(two_jobs_are_killed),
		cmocka_unit_test(dfs_is_killed),  cmocka_unit_test(random_is_killed),
		cmocka_unit_test(larger_budget),  cmocka_unit_test(signals_leave_a_file),
		cmocka_unit_test(bad_files),
	};

	if (argc != 2)
		return 2;
	cli_command = argv[1];
	return cmocka_run_group_tests(tests, begin, end);
}
