// SPDX-License-Identifier: MIT
/*
 * run_concurrent.c - a program with threads under every interleaving, or a sample, or the one that it names
 */
#include <stdlib.h>
#include <string.h>

#include "controlled/concurrent_session.h"
#include "controlled/report.h"

#define MAX_STRATEGIES 16
#define MAX_TEXT 256

/* ---- options --------------------------------------------------------------------------------------------------- */

static bool find_strategy(const char *name)
{
	const char *names[MAX_STRATEGIES];
	int n = 0;

	for (; n < MAX_STRATEGIES && engine_strategy_name(n); n++) {
		names[n] = engine_strategy_name(n);
		if (!strcmp(name, names[n]))
			return true;
	}
	unknown_name("strategy", name, names, n);
	return false;
}

/* kind=N[,kind=N]...; `text` is cut up. => false after a message */
static bool read_choices(char *text, struct engine_choice *choices)
{
	int nr = 0;

	for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		char *eq = strchr(word, '=');
		uint64_t v;

		if (!eq || eq == word || nr == ENGINE_MAX_CHOICE_KINDS) {
			usage_error("--choices: '%s' is no kind=N, or one too many", word);
			return false;
		}
		*eq = '\0';
		if (!option_u64("choices", eq + 1, 0, ENGINE_MAX_OUTCOMES_TOLD, &v))
			return false;
		choices[nr++] = (struct engine_choice){ word, (int)v };
	}
	choices[nr] = (struct engine_choice){ NULL, 0 };
	return true;
}

static bool is_sample(const char *strategy)
{
	return !strcmp(strategy, "random") || !strcmp(strategy, "pct") || !strcmp(strategy, "pos");
}

static struct engine_options options_of(const struct concurrent_request *q)
{
	struct engine_options o = {
		.strategy = q->strategy ? q->strategy : "auto",
		.preemptions = q->preemptions,
		.depth = q->depth,
		.executions = q->executions,
		.seconds = q->seconds,
		.seed = q->seed,
		.max_steps = q->max_steps,
		.jobs = q->jobs,
		.interrupted = session_interrupted(),
		.progress = session_progress,
		.progress_arg = "",
	};

	if (is_sample(o.strategy) && !o.executions && !(o.seconds > 0))
		o.executions = ENGINE_SAMPLE_EXECUTIONS;
	return o;
}

/* ---- what it came to --------------------------------------------------------------------------------------------- */

static void print_summary(struct concurrent_session *s, const struct concurrent_request *q)
{
	const struct engine_result *r = &s->r;
	struct symbols *sym = symbols_open();
	char n[32], rate[32];

	printf("prog %s\n", s->c.prog->id);
	print_outcomes(&s->c, r->outcome, r->nr_outcomes, r->outcomes_truncated);
	report_data_races(stdout, &s->program, r, sym);
	report_lock_orders(stdout, r, sym);
	symbols_close(sym);
	printf("%s executions, %s a second, at most %u steps: %s\n", thousands(r->stats.executions, n),
	       thousands((uint64_t)((double)r->stats.executions /
				    (r->stats.wall_seconds > 0 ? r->stats.wall_seconds : 1)),
			 rate),
	       r->stats.max_depth, r->stats.complete ? "complete" : "not complete");
}

static void print_witness(struct concurrent_session *s)
{
	struct vm_prog *witness = malloc(sizeof(*witness));

	if (!witness)
		return;
	concurrent_witness(s, witness);
	report_violation(stdout, &s->r);
	printf("Next: faultline run a file that says\n\n");
	prog_print_version(stdout);
	prog_print(stdout, witness);
	free(witness);
}

static int judge(const struct concurrent_session *s, const struct concurrent_request *q)
{
	const struct engine_stats *stats = &s->r.stats;
	int status = judge_sometimes(q, &s->c, stats->complete);

	if (status)
		return status;
	if (stats->interrupted)
		return STATUS_INTERRUPTED;
	printf("%sCLEAN%s: no oracle fired, and claims hold%s\n", style_good(stdout), style_end(stdout),
	       stats->complete ? " in every interleaving" : " in those that were run");
	return stats->complete ? STATUS_CLEAN : STATUS_BUDGET;
}

static int explore(struct concurrent_session *s, const struct concurrent_request *q)
{
	struct engine_choice choices[ENGINE_MAX_CHOICE_KINDS + 1];
	struct engine_options o = options_of(q);
	char text[MAX_TEXT], err[512];

	if (!find_strategy(o.strategy))
		return STATUS_USAGE;
	if (q->choices) {
		snprintf(text, sizeof(text), "%s", q->choices);
		if (!read_choices(text, choices))
			return STATUS_USAGE;
		o.choices = choices;
	}
	if (engine_explore(s->engine, &o, &s->r, err, sizeof(err)))
		return usage_error("%s", err);
	session_progress_end();
	print_summary(s, q);
	if (!*s->r.violation.oracle)
		return judge(s, q);
	if (!q->no_minimise)
		engine_minimise(s->engine, &s->r, MINIMISE_EXECUTIONS);
	print_witness(s);
	return STATUS_VIOLATION;
}

static int replay(struct concurrent_session *s)
{
	char err[512] = "";

	if (concurrent_replay(s, err, sizeof(err)) == ENGINE_DIVERGED) {
		fprintf(stderr, "faultline: replay diverged: %s\n", err);
		return STATUS_DIVERGED;
	}
	printf("prog %s: one execution of %u steps\n", s->c.prog->id, s->r.steps);
	print_outcomes(&s->c, s->r.outcome, s->r.nr_outcomes, false);
	if (*s->r.violation.oracle) {
		report_violation(stdout, &s->r);
		return STATUS_VIOLATION;
	}
	printf("CLEAN: nothing went wrong under this schedule\n");
	return STATUS_CLEAN;
}

int run_concurrent(const struct concurrent_request *q, const struct vm_prog *p)
{
	struct concurrent_session *s = malloc(sizeof(*s));
	char err[512];
	int status;

	if (!s) {
		perror("faultline");
		return STATUS_INTERNAL;
	}
	if (concurrent_open(s, p, err, sizeof(err))) {
		fprintf(stderr, "%s:%d:1: program %s: %s\n", q->path, p->line, p->id, err);
		free(s);
		return STATUS_USAGE;
	}
	status = *p->schedule ? replay(s) : explore(s, q);
	concurrent_close(s);
	free(s);
	return status;
}
