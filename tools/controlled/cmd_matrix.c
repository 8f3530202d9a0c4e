// SPDX-License-Identifier: MIT
/*
 * cmd_matrix.c - faultline matrix: races against the protocols of their axis, each cell explored now
 */
#include <stdlib.h>
#include <string.h>

#include "controlled/matrix.h"
#include "controlled/session.h"

#define CELL_SECONDS 30.0
#define CELL_MINIMISE 20000 /* executions to shrink what was found */

enum format { FORMAT_TEXT, FORMAT_PLAIN, FORMAT_JSON };

struct request {
	const char *family, *kernel;
	const char *protocol; /* one of the axis only, NULL: all */
	double seconds;
	enum format format;
};

static const char *protocol_name(int i, void *arg)
{
	(void)arg;
	return protocol_get(i)->name;
}

static bool protocol_known(const char *name)
{
	const char *near;

	for (int i = 0; i < protocol_count(); i++)
		if (!strcmp(protocol_get(i)->name, name))
			return true;
	near = nearest_name(name, protocol_name, protocol_count(), NULL);
	if (near)
		usage_error("unknown protocol '%s'; did you mean '%s'?", name, near);
	else
		usage_error("unknown protocol '%s'; see 'faultline list protocols'", name);
	return false;
}

static void judge_cell(struct cell *c, const struct engine_result *r)
{
	const struct race_verdict *v =
		c->race->axis ? race_verdict(c->race, c->protocol) : &c->race->expect[0];

	if (v && v->expect == RACE_UNSTATED)
		v = NULL;
	c->executions = r->stats.executions;
	c->seconds = r->stats.seconds;
	snprintf(c->oracle, sizeof(c->oracle), "%s", r->violation.oracle);
	if (*c->oracle)
		c->verdict = CELL_FOUND;
	else
		c->verdict = r->stats.complete ? CELL_CLEAN : CELL_UNDECIDED;
	c->expected = v;
	if (v && v->expect == RACE_FOUND)
		c->differs = c->verdict == CELL_CLEAN || (*c->oracle && strcmp(c->oracle, v->oracle));
	else if (v && v->expect == RACE_CLEAN)
		c->differs = c->verdict == CELL_FOUND;
}

/* The race's, or what it says is found here: others may fire in executions before. */
static const char *wanted_oracle(const struct cell *c)
{
	const struct race_verdict *v =
		c->race->axis ? race_verdict(c->race, c->protocol) : &c->race->expect[0];

	if (c->race->oracle)
		return c->race->oracle;
	return v && v->expect == RACE_FOUND ? v->oracle : NULL;
}

/* => 0, or a status after a message */
static int explore_cell(struct cell *c, const struct request *q)
{
	struct engine_result *r = calloc(1, sizeof(*r));
	struct engine_options o = { .strategy = "dpor",
				    .preemptions = -1,
				    .seconds = q->seconds,
				    .oracle = wanted_oracle(c),
				    .interrupted = session_interrupted(),
				    .progress = session_progress,
				    .progress_arg = c->progress };
	struct session s;
	char err[512];
	int status;

	if (!r) {
		perror("faultline");
		return STATUS_INTERNAL;
	}
	status = session_open(&s, c->race->name, q->kernel, c->race->axis ? c->protocol : NULL, NULL);
	if (!status && engine_explore(s.engine, &o, r, err, sizeof(err)))
		status = usage_error("%s", err);
	session_progress_end();
	if (!status) {
		judge_cell(c, r);
		if (c->verdict == CELL_FOUND) {
			engine_minimise(s.engine, r, CELL_MINIMISE);
			token_print(s.engine, &s.config, r, c->token, sizeof(c->token));
		}
		session_close(&s);
	}
	free(r);
	return status;
}

/* ---- which cells ------------------------------------------------------------------------------------ */

static bool wanted(const struct race *r, const struct request *q, int nr, char **names)
{
	char family[64];

	race_family(r, family, sizeof(family));
	if (q->family && strcmp(family, q->family))
		return false;
	for (int i = 0; i < nr; i++)
		if (!strcmp(names[i], r->name))
			return true;
	return nr == 0;
}

/* A race without an axis is no answer to which protocol closes what: it is explored where it is named. */
static int add_cells(struct matrix *m, const struct race *r, const struct request *q, bool named)
{
	int axis = r->axis ? axis_find(r->axis) : -1;

	if (!r->axis)
		return q->protocol || !named ? 0 : matrix_add(m, r, "-");
	for (int i = 0; i < protocol_count(); i++) {
		const struct protocol *p = protocol_get(i);

		if ((int)p->axis == axis && (!q->protocol || !strcmp(p->name, q->protocol)) &&
		    matrix_add(m, r, p->name))
			return STATUS_INTERNAL;
	}
	return 0;
}

static int fill(struct matrix *m, const struct request *q, int nr, char **names)
{
	int status = 0;

	for (int i = 0; i < nr; i++)
		if (!race_find(names[i]))
			return unknown_race(names[i]);
	if (q->protocol && !protocol_known(q->protocol))
		return STATUS_USAGE;
	if (q->kernel && !kernel_find(q->kernel)) {
		struct race_config c;
		char err[512];

		if (race_count() && race_configure(&c, race_get(0)->name, q->kernel, NULL, err, sizeof(err)))
			return usage_error("%s", err);
	}
	for (int i = 0; i < race_count() && !status; i++)
		if (wanted(race_get(i), q, nr, names))
			status = add_cells(m, race_get(i), q, nr > 0);
	if (!status && !m->nr)
		return usage_error("matrix: no race with an axis matches%s%s; see `faultline list --plain`",
				   q->family ? " family " : "", q->family ? q->family : "");
	for (int i = 0; i < m->nr && !status && !*session_interrupted(); i++) {
		snprintf(m->cell[i].progress, sizeof(m->cell[i].progress), "cell %d of %d, %s %s: ", i + 1,
			 m->nr, m->cell[i].race->name, m->cell[i].protocol);
		status = explore_cell(&m->cell[i], q);
	}
	return status;
}

static int matrix_status(const struct matrix *m)
{
	int status = STATUS_CLEAN;

	for (int i = 0; i < m->nr; i++) {
		if (m->cell[i].differs)
			return STATUS_VIOLATION;
		if (m->cell[i].verdict == CELL_UNDECIDED)
			status = STATUS_BUDGET;
	}
	return status;
}

static int run_request(const struct request *q, int nr, char **names)
{
	struct matrix m = { 0 };
	int status = fill(&m, q, nr, names);

	if (!status) {
		switch (q->format) {
		case FORMAT_TEXT:
			matrix_print_text(&m);
			break;
		case FORMAT_PLAIN:
			matrix_print_plain(&m);
			break;
		case FORMAT_JSON:
			matrix_print_json(&m);
			break;
		}
		status = *session_interrupted() ? STATUS_INTERRUPTED : matrix_status(&m);
	}
	free(m.cell);
	return status;
}

static int run_matrix(int argc, char **argv)
{
	static const struct option options[] = {
		{ "family", required_argument, NULL, 'f' },   { "kernel", required_argument, NULL, 'k' },
		{ "protocol", required_argument, NULL, 'a' }, { "seconds", required_argument, NULL, 's' },
		{ "plain", no_argument, NULL, 'p' },	      { "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },	      { 0 },
	};
	struct request q = { .seconds = CELL_SECONDS };
	int opt;

	while ((opt = option_next(&cmd_matrix, argc, argv, options)) != -1) {
		switch (opt) {
		case 'f':
			q.family = optarg;
			break;
		case 'k':
			q.kernel = optarg;
			break;
		case 'a':
			q.protocol = strchr(optarg, '=') ? strchr(optarg, '=') + 1 : optarg;
			break;
		case 's':
			if (!option_seconds("seconds", optarg, &q.seconds))
				return STATUS_USAGE;
			break;
		case 'p':
			q.format = FORMAT_PLAIN;
			break;
		case 'j':
			q.format = FORMAT_JSON;
			break;
		default:
			return option_status(opt);
		}
	}
	return run_request(&q, argc - optind, argv + optind);
}

const struct command cmd_matrix = {
	.name = "matrix",
	.args = "[RACE]... [OPTION]...",
	.summary = "which protocol closes which race, explored now",
	.help = "  --family F    only the races of family F\n"
		"  --protocol P  only protocol P\n"
		"  --kernel K    the protocols of the other axes (default " DEFAULT_KERNEL ")\n"
		"  --seconds S   budget of a cell in CPU seconds (default 30)\n"
		"  --plain       a cell a line, fields separated by tabs\n"
		"  --json        one JSON object\n"
		"Exit status: 1 when a cell differs from the verdict that its race states, 3 when none does but some\n"
		"ran out of budget, else 0.",
	.run = run_matrix,
};
