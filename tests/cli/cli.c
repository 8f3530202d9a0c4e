// SPDX-License-Identifier: MIT
/*
 * cli.c - running the faultline command from a test and looking at all that it says
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"

const char *cli_command;

static char *slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = NULL;
	size_t n = 0;

	assert_non_null(f);
	if (getdelim(&text, &n, '\0', f) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(f);
	assert_non_null(text);
	return text;
}

static struct run vcli(const char *args, va_list ap)
{
	char out[] = "/tmp/faultline-out-XXXXXX", err[] = "/tmp/faultline-err-XXXXXX";
	char line[8192], given[6144];
	struct run r;
	int fd[2] = { mkstemp(out), mkstemp(err) }, st;

	assert_true(fd[0] >= 0 && fd[1] >= 0);
	close(fd[0]);
	close(fd[1]);
	vsnprintf(given, sizeof(given), args, ap);
	snprintf(line, sizeof(line), "'%s' %s >%s 2>%s </dev/null", cli_command, given, out, err);
	st = system(line);
	r.status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	r.out = slurp(out);
	r.err = slurp(err);
	unlink(out);
	unlink(err);
	return r;
}

struct run cli(const char *args, ...)
{
	struct run r;
	va_list ap;

	va_start(ap, args);
	r = vcli(args, ap);
	va_end(ap);
	return r;
}

void run_free(struct run *r)
{
	free(r->out);
	free(r->err);
}

void assert_in(const char *text, const char *want)
{
	if (!strstr(text, want))
		fail_msg("'%s' is not in:\n%s", want, text);
}

void assert_refused(const char *args, const char *word, const char *word2)
{
	struct run r = cli("%s", args);

	if (r.status != 2)
		fail_msg("faultline %s: exit status %d, not 2\n%s%s", args, r.status, r.out, r.err);
	assert_string_equal(r.out, "");
	assert_in(r.err, word);
	assert_in(r.err, word2);
	if (strchr(r.err, '\n') != r.err + strlen(r.err) - 1)
		fail_msg("faultline %s: not one line on stderr:\n%s", args, r.err);
	run_free(&r);
}

cJSON *cli_json(int status, const char *args, ...)
{
	struct run r;
	va_list ap;
	cJSON *j;

	va_start(ap, args);
	r = vcli(args, ap);
	va_end(ap);
	if (r.status != status)
		fail_msg("faultline %s: exit status %d, not %d\n%s%s", args, r.status, status, r.out, r.err);
	j = cJSON_Parse(r.out);
	if (!j)
		fail_msg("faultline %s: this is no JSON:\n%s", args, r.out);
	run_free(&r);
	return j;
}

const char *json_string(const cJSON *j, const char *name)
{
	const char *s = cJSON_GetStringValue(cJSON_GetObjectItem(j, name));

	if (!s)
		fail_msg("no string \"%s\" in:\n%s", name, cJSON_Print(j));
	return s;
}
