// SPDX-License-Identifier: MIT
/*
 * session.c - a configured race with its engine; replays of tokens; interruption and progress
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "controlled/session.h"

const char build_kind[] = "controlled";

int build_start(void)
{
	const char *missing = engine_probe();

	if (!missing)
		return STATUS_CLEAN;
	fprintf(stderr, "faultline: this binary is built wrong: the compiler's hook for %s does not arrive\n",
		missing);
	return STATUS_INTERNAL;
}

int session_open_config(struct session *s, const struct race_config *c)
{
	char err[512];

	s->config = *c;
	race_program(&s->config, &s->program);
	s->engine = engine_create(&s->program, err, sizeof(err));
	if (!s->engine)
		return usage_error("%s", err);
	return 0;
}

int session_open(struct session *s, const char *race, const char *kernel, const char *protocols,
		 const char *memory)
{
	struct race_config c;
	char err[512];

	memset(s, 0, sizeof(*s));
	if (!race_find(race))
		return unknown_race(race);
	if (race_configure(&c, race, kernel, protocols, err, sizeof(err)))
		return usage_error("%s", err);
	for (int m = 0; memory && m < NR_ENGINE_MEMORIES; m++)
		if (!strcmp(memory, engine_memory_name((enum engine_memory)m)))
			c.memory = (enum engine_memory)m;
	return session_open_config(s, &c);
}

void session_close(struct session *s)
{
	if (s->engine)
		engine_destroy(s->engine);
	s->engine = NULL;
}

/* ---- replay ---------------------------------------------------------------------------------------- */

static const char *token_argument(const char *text, char *line, int n)
{
	if (strcmp(text, "-"))
		return text;
	if (!fgets(line, n, stdin))
		return "";
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

static int diverged(const char *fmt, const char *a, const char *b)
{
	fputs("faultline: replay diverged: ", stderr);
	fprintf(stderr, fmt, a, b);
	fputc('\n', stderr);
	return STATUS_DIVERGED;
}

static int replay_judge(const struct replay *p)
{
	const char *want = p->token.oracle, *got = p->result.violation.oracle;

	if (*want && !*got)
		return diverged("%s did not fire%s", want, ", and nothing else did");
	if (*want && strcmp(want, got))
		return diverged("%s did not fire, but %s did", want, got);
	return *got ? STATUS_VIOLATION : STATUS_CLEAN;
}

int replay_open(struct replay *p, const char *text)
{
	char line[TOKEN_MAX], err[1024];
	int status;

	memset(p, 0, sizeof(*p));
	if (token_parse(token_argument(text, line, sizeof(line)), &p->token, err, sizeof(err)))
		return usage_error("%s", err);
	status = session_open_config(&p->session, &p->token.config);
	if (status)
		return status;
	engine_expect(p->session.engine, p->token.oracle);
	if (engine_replay(p->session.engine, &p->token.schedule, 0, &p->result, &p->trace, err,
			  sizeof(err)) == ENGINE_DIVERGED)
		return diverged("%s%s", err, "");
	status = replay_judge(p);
	if (status != STATUS_DIVERGED)
		token_print(p->session.engine, &p->session.config, &p->result, p->printed,
			    sizeof(p->printed));
	return status;
}

void replay_close(struct replay *p)
{
	engine_trace_free(&p->trace);
	session_close(&p->session);
}

/* ---- interruption and progress --------------------------------------------------------------------- */

static volatile int interrupted;

static void on_signal(int sig)
{
	interrupted = 1;
	signal(sig, SIG_DFL);
}

volatile int *session_interrupted(void)
{
	static bool installed;

	if (!installed)
		signal(SIGINT, on_signal);
	if (!installed)
		signal(SIGTERM, on_signal);
	installed = true;
	return &interrupted;
}

static bool progress_shown;

void session_progress(void *arg, const struct engine_progress *p)
{
	char n[32], rate[32], line[256];
	size_t len;

	if (!progress_wanted())
		return;
	len = (size_t)snprintf(
		line, sizeof(line), "%s executions, %s/s, deepest %u steps, %.0f MiB, %.0f s",
		thousands(p->executions, n),
		thousands(p->seconds > 0 ? (uint64_t)((double)(p->executions - p->resumed) / p->seconds) : 0,
			  rate),
		p->depth, (double)p->bytes / (1 << 20), p->seconds);
	if (p->jobs > 1 && len < sizeof(line))
		len += (size_t)snprintf(line + len, sizeof(line) - len, ", %d jobs", p->jobs);
	if (p->share >= 0 && len < sizeof(line))
		len += (size_t)snprintf(line + len, sizeof(line) - len, ", %.1f%%", 100 * p->share);
	if (p->estimate && len < sizeof(line))
		snprintf(line + len, sizeof(line) - len, " of about %s", thousands(p->estimate, n));
	fprintf(stderr, "\r\033[K%s%s", (const char *)arg, line);
	fflush(stderr);
	progress_shown = true;
}

void session_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}
