// SPDX-License-Identifier: MIT
/*
 * cmd_explain.c - faultline explain: a token's execution as a diagram, CPU beside CPU
 */
#include <stdlib.h>
#include <string.h>

#include "controlled/diagram.h"
#include "controlled/report.h"

struct explanation {
	struct replay replay;
	struct symbols *symbols;
	struct calls *calls;
	struct diagram *diagram;
};

static void print_violation(const struct explanation *x)
{
	const struct replay *p = &x->replay;
	const struct engine_violation *v = &p->result.violation;
	char text[1024], task[ENGINE_NAME_MAX] = "the check";
	char place[256] = "";

	if (v->task >= 0) {
		const struct engine_step *last = p->trace.nr ? &p->trace.step[p->trace.nr - 1] : NULL;

		engine_task_name(&p->session.program, v->task, task, sizeof(task));
		if (last && last->task == v->task)
			symbols_place(x->symbols, last->pc, last->depth, place, sizeof(place));
	}
	snprintf(text, sizeof(text), "VIOLATION %s in %s%s%s: %s", v->oracle, task, *place ? ", after " : "",
		 place, v->message);
	fputs(style_bad(stdout), stdout);
	print_wrapped(stdout, text, DIAGRAM_WIDTH, 2);
	fputs(style_end(stdout), stdout);
}

static void print_schedule(const struct explanation *x)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return;
	fputs("Schedule: ", f);
	report_schedule(f, &x->replay.session.program, &x->replay.result.schedule);
	fclose(f);
	text[strcspn(text, "\n")] = '\0';
	print_wrapped(stdout, text, DIAGRAM_WIDTH, 2);
	free(text);
}

static void print_text(const struct explanation *x, bool verbose)
{
	const struct replay *p = &x->replay;
	char protocols[256];

	protocols_text(&p->session.config, protocols, sizeof(protocols));
	printf("%s  %s\n%u steps, %d preemption%s%s\n\n", p->session.config.race->name, protocols,
	       p->result.steps, p->result.preemptions, p->result.preemptions == 1 ? "" : "s",
	       verbose ? "" : "; shown: what changed something (-v: all)");
	diagram_print(x->diagram, stdout, verbose ? 0 : DIAGRAM_WIDTH);
	putchar('\n');
	print_schedule(x);
	if (verbose) /* else nothing is wider than the diagram, and whoever asks has the token */
		printf("Token: %s\n", p->printed);
	if (*p->result.violation.oracle)
		print_violation(x);
	else
		printf("CLEAN: nothing went wrong under this schedule\n");
	printf("Next: faultline matrix %s\n", p->session.config.race->name);
}

static void print_json(const struct explanation *x)
{
	const struct replay *p = &x->replay;
	cJSON *j = cJSON_CreateObject(), *columns;
	char name[ENGINE_NAME_MAX];

	cJSON_AddStringToObject(j, "race", p->session.config.race->name);
	json_add_protocols(j, &p->session.config);
	columns = cJSON_AddArrayToObject(j, "columns");
	for (int i = 0; i < x->diagram->nr_columns; i++) {
		engine_task_name(&p->session.program, i, name, sizeof(name));
		cJSON_AddItemToArray(columns, cJSON_CreateString(name));
	}
	cJSON_AddItemToObject(j, "rows", diagram_json(x->diagram));
	cJSON_AddItemToObject(j, "violation", json_violation(&p->result, p->printed));
	cJSON_AddStringToObject(j, "token", p->printed);
	cJSON_AddStringToObject(j, "version", faultline_version());
	json_print(j);
}

static int explain(struct explanation *x, const char *token, bool json, bool verbose)
{
	int status = replay_open(&x->replay, token);

	if (status != STATUS_CLEAN && status != STATUS_VIOLATION)
		return status;
	x->symbols = symbols_open();
	x->calls = calls_create(&x->replay.trace, x->symbols);
	if (x->calls)
		x->diagram = diagram_create(&x->replay.session.program, &x->replay.trace, x->calls,
					    &x->replay.result.violation, verbose);
	if (!x->diagram) {
		fputs("faultline: explain: out of memory\n", stderr);
		return STATUS_INTERNAL;
	}
	if (json)
		print_json(x);
	else
		print_text(x, verbose);
	return status;
}

static int run_explain(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool json = false, verbose = false;
	struct explanation *x;
	int opt, status;

	while ((opt = option_next(&cmd_explain, argc, argv, options)) != -1) {
		switch (opt) {
		case 'j':
			json = true;
			break;
		case 'v':
			verbose = true;
			break;
		default:
			return option_status(opt);
		}
	}
	if (!arguments_exactly(&cmd_explain, argc, argv, 1))
		return STATUS_USAGE;
	x = calloc(1, sizeof(*x));
	if (!x) {
		perror("faultline");
		return STATUS_INTERNAL;
	}
	status = explain(x, argv[optind], json, verbose);
	diagram_destroy(x->diagram);
	calls_destroy(x->calls);
	symbols_close(x->symbols);
	replay_close(&x->replay);
	free(x);
	return status;
}

const struct command cmd_explain = {
	.name = "explain",
	.args = "TOKEN [-v] [--json]",
	.summary = "draw a token's execution, CPU beside CPU",
	.help = "TOKEN is what explore printed, or - to read it from standard input.\n"
		"  -v, --verbose  every step, with file and line, as wide as it needs\n"
		"  --json         one JSON object\n"
		"In the diagram @name is a label that a schedule may name, ... a return to a function shown above.\n"
		"Exit status as of replay.",
	.run = run_explain,
};
