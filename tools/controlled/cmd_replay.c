// SPDX-License-Identifier: MIT
/*
 * cmd_replay.c - faultline replay: one execution, as a token says it
 */
#include <stdlib.h>
#include <string.h>

#include "controlled/report.h"

static void print_step(const struct replay *p, const struct engine_step *s, struct symbols *sym)
{
	char task[ENGINE_NAME_MAX], place[256];

	engine_task_name(&p->session.program, s->task, task, sizeof(task));
	symbols_place(sym, s->pc, s->depth, place, sizeof(place));
	printf("%5u %-12s %-16s %-24s %llx -> %llx  %s%s%s%s%s%s%s\n", s->index, task, s->op, s->object,
	       (unsigned long long)s->old, (unsigned long long)s->new_, place, *s->change ? "  " : "",
	       s->change, *s->label ? "  @" : "", s->label, s->blocked ? "  waited" : "", "");
}

static cJSON *json_step(const struct replay *p, const struct engine_step *s, struct symbols *sym)
{
	char task[ENGINE_NAME_MAX], place[256];
	cJSON *j = cJSON_CreateObject();

	engine_task_name(&p->session.program, s->task, task, sizeof(task));
	json_add_u64(j, "step", s->index);
	cJSON_AddStringToObject(j, "task", task);
	cJSON_AddStringToObject(j, "op", s->op);
	cJSON_AddStringToObject(j, "object", s->object);
	json_add_u64(j, "old", s->old);
	json_add_u64(j, "new", s->new_);
	cJSON_AddStringToObject(j, "change", s->change);
	cJSON_AddStringToObject(j, "label", s->label);
	cJSON_AddBoolToObject(j, "waited", s->blocked);
	cJSON_AddStringToObject(j, "at", symbols_place(sym, s->pc, s->depth, place, sizeof(place)));
	return j;
}

static void print_json(const struct replay *p, struct symbols *sym, bool trace)
{
	cJSON *j = cJSON_CreateObject(), *steps;
	char hash[24];

	cJSON_AddStringToObject(j, "race", p->session.config.race->name);
	json_add_protocols(j, &p->session.config);
	cJSON_AddItemToObject(j, "violation", json_violation(&p->result, p->printed));
	cJSON_AddNumberToObject(j, "steps", p->result.steps);
	snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)p->trace.hash);
	cJSON_AddStringToObject(j, "trace_hash", hash);
	if (trace) {
		steps = cJSON_AddArrayToObject(j, "trace");
		for (size_t i = 0; i < p->trace.nr; i++)
			cJSON_AddItemToArray(steps, json_step(p, &p->trace.step[i], sym));
	}
	json_add_data_races(j, &p->session.program, &p->result, sym);
	cJSON_AddStringToObject(j, "version", faultline_version());
	json_print(j);
}

static void print_text(const struct replay *p, struct symbols *sym, bool trace)
{
	const struct engine_result *r = &p->result;
	char protocols[256];

	for (size_t i = 0; trace && i < p->trace.nr; i++)
		print_step(p, &p->trace.step[i], sym);
	report_data_races(stdout, &p->session.program, r, sym);
	protocols_text(&p->session.config, protocols, sizeof(protocols));
	printf("%s  %s: %u steps, %d preemption%s, trace %016llx\n", p->session.config.race->name, protocols,
	       r->steps, r->preemptions, r->preemptions == 1 ? "" : "s", (unsigned long long)p->trace.hash);
	if (*r->violation.oracle)
		report_violation(stdout, r);
	else
		printf("CLEAN: nothing went wrong under this schedule\n");
	printf("Next: faultline explain '%s'\n", p->printed);
}

static int run_replay(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "trace", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool json = false, trace = false;
	struct symbols *sym;
	struct replay *p;
	int opt, status;

	while ((opt = option_next(&cmd_replay, argc, argv, options)) != -1) {
		switch (opt) {
		case 'j':
			json = true;
			break;
		case 't':
			trace = true;
			break;
		default:
			return option_status(opt);
		}
	}
	if (!arguments_exactly(&cmd_replay, argc, argv, 1))
		return STATUS_USAGE;
	p = malloc(sizeof(*p));
	if (!p) {
		perror("faultline");
		return STATUS_INTERNAL;
	}
	status = replay_open(p, argv[optind]);
	if (status == STATUS_CLEAN || status == STATUS_VIOLATION) {
		sym = symbols_open();
		(json ? print_json : print_text)(p, sym, trace);
		symbols_close(sym);
	}
	replay_close(p);
	free(p);
	return status;
}

const struct command cmd_replay = {
	.name = "replay",
	.args = "TOKEN [--trace] [--json]",
	.summary = "run the one execution that a token names",
	.help = "TOKEN is what explore printed, or - to read it from standard input.\n"
		"  --trace      print every step\n"
		"  --json       one JSON object\n"
		"Exit status: 1 when the violation fires again, 4 when it does not or the schedule no longer fits,\n"
		"0 when the token names no oracle and nothing fires.",
	.run = run_replay,
};
