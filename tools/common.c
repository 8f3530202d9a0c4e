// SPDX-License-Identifier: MIT
/*
 * common.c - what every subcommand shares: messages, options, numbers, JSON
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"

/* ---- messages -------------------------------------------------------------------------------------- */

int usage_error(const char *fmt, ...)
{
	va_list ap;

	fputs("faultline: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return STATUS_USAGE;
}

static const char *name_in_array(int i, void *arg)
{
	const char *const *names = arg;

	return names[i];
}

int unknown_name(const char *what, const char *word, const char *const *names, int n)
{
	const char *near = nearest_name(word, name_in_array, n, (void *)names);

	if (near)
		return usage_error("unknown %s '%s'; did you mean '%s'?", what, word, near);
	return usage_error("unknown %s '%s'", what, word);
}

static const char *name_of_race(int i, void *arg)
{
	(void)arg;
	return race_get(i)->name;
}

int unknown_race(const char *word)
{
	const char *near = nearest_name(word, name_of_race, race_count(), NULL);

	if (near)
		return usage_error("unknown race '%s'; did you mean '%s'?", word, near);
	return usage_error("unknown race '%s'; see 'faultline list'", word);
}

static bool colour_wanted(FILE *f)
{
	const char *term = getenv("TERM"), *no = getenv("NO_COLOR");

	return isatty(fileno(f)) && !(no && *no) && term && strcmp(term, "dumb");
}

const char *style_bad(FILE *f)
{
	return colour_wanted(f) ? "\033[1;31m" : "";
}

const char *style_good(FILE *f)
{
	return colour_wanted(f) ? "\033[1;32m" : "";
}

const char *style_end(FILE *f)
{
	return colour_wanted(f) ? "\033[0m" : "";
}

bool progress_wanted(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && term && strcmp(term, "dumb");
}

/* ---- options --------------------------------------------------------------------------------------- */

static int unknown_option(const struct command *cmd, const char *word, const struct option *options)
{
	const char *names[64];
	const char *near;
	int n = 0;

	while (n < 64 && options[n].name) {
		names[n] = options[n].name;
		n++;
	}
	near = nearest_name(word + strspn(word, "-"), name_in_array, n, names);
	if (near)
		usage_error("%s: unknown option '%s'; did you mean '--%s'?", cmd->name, word, near);
	else
		usage_error("%s: unknown option '%s'; see `faultline help %s`", cmd->name, word, cmd->name);
	return OPT_FAILED;
}

int option_next(const struct command *cmd, int argc, char **argv, const struct option *options)
{
	char shorts[8] = ":h";
	int at = optind, opt;

	/* options that have a short form of old: -v, and -d for details */
	for (const struct option *o = options; o->name; o++)
		if (o->val == 'v' || (o->val == 'd' && !strcmp(o->name, "detail")))
			strcat(shorts, o->val == 'v' ? "v" : "d");
	opterr = 0;
	opt = getopt_long(argc, argv, shorts, options, NULL);
	switch (opt) {
	case 'h':
		printf("Usage: faultline %s%s%s\n%s\n", cmd->name, *cmd->args ? " " : "", cmd->args,
		       cmd->help);
		return OPT_HELPED;
	case ':':
		usage_error("%s: option '%s' needs a value", cmd->name, argv[optind - 1]);
		return OPT_FAILED;
	case '?':
		/* getopt has moved past a long option, not past a cluster of short ones */
		return unknown_option(cmd, argv[optind > at ? optind - 1 : at], options);
	default:
		return opt;
	}
}

int option_status(int opt)
{
	return opt == OPT_HELPED ? STATUS_CLEAN : STATUS_USAGE;
}

bool option_u64(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *v)
{
	unsigned long long n;
	char *end;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n < min || n > max) {
		usage_error("--%s: '%s' is not a whole number from %llu to %llu", option, text,
			    (unsigned long long)min, (unsigned long long)max);
		return false;
	}
	*v = n;
	return true;
}

bool option_seconds(const char *option, const char *text, double *v)
{
	char *end;
	double d;

	errno = 0;
	d = strtod(text, &end);
	if (end == text || *end || errno || !isfinite(d) || d <= 0) {
		usage_error("--%s: '%s' is not a positive number of seconds", option, text);
		return false;
	}
	*v = d;
	return true;
}

bool arguments_exactly(const struct command *cmd, int argc, char **argv, int n)
{
	int have = argc - optind;

	if (have < n)
		usage_error("%s: missing argument; usage: faultline %s %s", cmd->name, cmd->name, cmd->args);
	else if (have > n)
		usage_error("%s: unexpected argument '%s'; usage: faultline %s %s", cmd->name,
			    argv[optind + n], cmd->name, cmd->args);
	return have == n;
}

/* ---- printing -------------------------------------------------------------------------------------- */

char *thousands(uint64_t v, char *buf)
{
	char digits[24];
	int n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)v), o = 0;

	for (int i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			buf[o++] = ',';
		buf[o++] = digits[i];
	}
	buf[o] = '\0';
	return buf;
}

void json_print(cJSON *j)
{
	char *text = cJSON_Print(j);

	puts(text ? text : "null");
	cJSON_free(text);
	cJSON_Delete(j);
}

void json_add_u64(cJSON *j, const char *name, uint64_t v)
{
	char text[24];

	if (v <= 1ull << 53) {
		cJSON_AddNumberToObject(j, name, (double)v);
		return;
	}
	snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
	cJSON_AddStringToObject(j, name, text);
}

void json_add_protocols(cJSON *j, const struct race_config *c)
{
	cJSON *p = cJSON_AddObjectToObject(j, "protocols");

	for (int a = 0; a < NR_AXES && !race_is_bare(c->race); a++)
		cJSON_AddStringToObject(p, axis_name(a), c->protocol[a]->name);
}

void protocols_text(const struct race_config *c, char *buf, size_t n)
{
	if (race_is_bare(c->race))
		snprintf(buf, n, "bare");
	else if (!race_choices_print(c, ' ', buf, n))
		snprintf(buf, n, "%s", c->kernel);
}

void outcomes_print(const struct engine_outcome *o, int nr, bool truncated)
{
	char n[32];

	for (int i = 0; i < nr; i++)
		printf("%15s  %s\n", thousands(o[i].executions, n), o[i].text);
	if (truncated)
		printf("there are more outcomes: only %d are kept and counted\n", ENGINE_MAX_OUTCOMES);
}

void json_add_outcomes(cJSON *j, const struct engine_outcome *o, int nr, bool truncated)
{
	cJSON *all = cJSON_AddArrayToObject(j, "outcomes"), *e;

	for (int i = 0; i < nr; i++) {
		e = cJSON_CreateObject();
		cJSON_AddStringToObject(e, "outcome", o[i].text);
		json_add_u64(e, "executions", o[i].executions);
		cJSON_AddItemToArray(all, e);
	}
	cJSON_AddBoolToObject(j, "outcomes_truncated", truncated);
}
