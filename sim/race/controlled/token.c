/* SPDX-License-Identifier: MIT */
/* token.c - one line of text that says how to run an execution again; the grammar stands in run.h */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "race/run.h"

#define FIELDS 6

/* Splits at ':'; but ':' also stands in "label:visit", so the schedule is what lies between third and last fields. */
static int split(char *text, char *field[FIELDS])
{
	char *raw, *end;

	field[0] = text;
	for (int i = 1; i < 4; i++) {
		field[i] = strchr(field[i - 1], ':');
		if (!field[i])
			return -1;
		*field[i]++ = '\0';
	}
	field[5] = NULL;
	raw = strstr(field[3], ":raw=");
	if (raw) {
		*raw = '\0';
		field[5] = raw + strlen(":raw=");
	}
	end = strrchr(field[3], ':');
	if (!end)
		return -1;
	*end = '\0';
	field[4] = end + 1;
	return 0;
}

static bool counts_steps(const struct engine_schedule *s)
{
	for (int i = 0; i < s->nr; i++)
		if (s->seg[i].stop == ENGINE_STOP_COUNT)
			return true;
	return false;
}

static int check_version(const struct token *t, char *err, size_t n)
{
	if (!counts_steps(&t->schedule))
		return 0;
	if (!t->raw[0]) {
		snprintf(err, n, "token: its schedule counts steps, so it must end in :raw=VERSION");
		return -1;
	}
	if (strcmp(t->raw, faultline_build_version())) {
		snprintf(
			err, n,
			"token: its schedule counts steps of version %s, this is %s; find it again with 'faultline explore %s'",
			t->raw, faultline_build_version(), t->config.race->name);
		return -1;
	}
	return 0;
}

static int parse_fields(char *field[FIELDS], struct token *t, char *err, size_t n)
{
	struct engine_program p;

	if (strcmp(field[0], TOKEN_VERSION)) {
		snprintf(err, n, "token: format '%.16s', this version reads '%s'", field[0], TOKEN_VERSION);
		return -1;
	}
	if (race_configure(&t->config, field[1], NULL, field[2], err, n))
		return -1;
	race_program(&t->config, &p);
	if (engine_schedule_parse(&p, field[3], &t->schedule, err, n))
		return -1;
	if (strlen(field[4]) >= sizeof(t->oracle)) {
		snprintf(err, n, "token: the oracle's name is longer than %zu characters",
			 sizeof(t->oracle) - 1);
		return -1;
	}
	snprintf(t->oracle, sizeof(t->oracle), "%s", field[4]);
	snprintf(t->raw, sizeof(t->raw), "%s", field[5] ? field[5] : "");
	return check_version(t, err, n);
}

int token_parse(const char *text, struct token *t, char *err, size_t n)
{
	char copy[TOKEN_MAX], *field[FIELDS];
	size_t len = strlen(text);

	memset(t, 0, sizeof(*t));
	while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
		len--;
	if (len >= sizeof(copy)) {
		snprintf(err, n, "token: longer than %d characters", TOKEN_MAX - 1);
		return -1;
	}
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (split(copy, field)) {
		snprintf(err, n, "token: '%.40s%s' is not " TOKEN_VERSION ":RACE:axis=name:SCHEDULE:ORACLE",
			 text, len > 40 ? "..." : "");
		return -1;
	}
	return parse_fields(field, t, err, n);
}

static bool fires_alone(struct engine *e, const struct engine_result *r)
{
	struct engine_result *again;
	bool fires;

	if (strcmp(r->violation.oracle, "lock-order") != 0)
		return true;
	again = calloc(1, sizeof(*again));
	fires = again && engine_replay(e, &r->schedule, 0, again, NULL, NULL, 0) == ENGINE_VIOLATION;
	free(again);
	return fires;
}

void token_print(struct engine *e, const struct race_config *c, struct engine_result *r, char *buf, size_t n)
{
	size_t len = (size_t)snprintf(buf, n, "%s:%s:", TOKEN_VERSION, c->race->name);
	bool labelled;

	engine_expect(e, r->violation.oracle);
	labelled = engine_schedule_label(e, &r->schedule);

	len += race_choices_print(c, '+', buf + len, n - len);
	if (c->memory != ENGINE_SC)
		len += (size_t)snprintf(buf + len, n - len, "%smemory=%s", buf[len - 1] == ':' ? "" : "+",
					engine_memory_name(c->memory));
	len += (size_t)snprintf(buf + len, n - len, ":");
	engine_schedule_print(engine_program(e), &r->schedule, ',', buf + len, n - len);
	len = strlen(buf);
	len += (size_t)snprintf(buf + len, n - len, ":%s", fires_alone(e, r) ? r->violation.oracle : "");
	if (!labelled)
		snprintf(buf + len, n - len, ":raw=%s", faultline_build_version());
}
