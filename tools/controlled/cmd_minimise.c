// SPDX-License-Identifier: MIT
/*
 * cmd_minimise.c - faultline minimise: the same violation with fewer preemptions and steps
 */
#include <stdlib.h>

#include "controlled/report.h"

static void print_result(const struct replay *p, uint32_t steps, int preemptions, bool json)
{
	const struct engine_result *r = &p->result;
	cJSON *j, *v;

	if (json) {
		j = cJSON_CreateObject();
		cJSON_AddStringToObject(j, "race", p->session.config.race->name);
		json_add_protocols(j, &p->session.config);
		cJSON_AddNumberToObject(j, "steps_before", steps);
		cJSON_AddNumberToObject(j, "preemptions_before", preemptions);
		v = json_violation(r, p->printed);
		json_add_fewest(v, r);
		cJSON_AddItemToObject(j, "violation", v);
		cJSON_AddStringToObject(j, "version", faultline_version());
		json_print(j);
		return;
	}
	printf("preemptions %d -> %d, steps %u -> %u: ", preemptions, r->preemptions, steps, r->steps);
	report_schedule(stdout, &p->session.program, &r->schedule);
	report_fewest(stdout, r);
	report_violation(stdout, r);
	printf("Next: faultline explain '%s'\n", p->printed);
}

static int minimise(struct replay *p, const char *text, bool json)
{
	int status = replay_open(p, text), preemptions;
	uint32_t steps;

	if (status == STATUS_CLEAN)
		return usage_error("minimise: this token names no oracle, and nothing fires under it");
	if (status != STATUS_VIOLATION)
		return status;
	/* The printed schedule counts labels; the minimiser starts from what ran. */
	steps = p->result.steps;
	preemptions = p->result.preemptions;
	engine_minimise(p->session.engine, &p->result, MINIMISE_EXECUTIONS);
	token_print(p->session.engine, &p->session.config, &p->result, p->printed, sizeof(p->printed));
	print_result(p, steps, preemptions, json);
	return STATUS_VIOLATION;
}

static int run_minimise(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool json = false;
	struct replay *p;
	int opt, status;

	while ((opt = option_next(&cmd_minimise, argc, argv, options)) != -1) {
		if (opt != 'j')
			return option_status(opt);
		json = true;
	}
	if (!arguments_exactly(&cmd_minimise, argc, argv, 1))
		return STATUS_USAGE;
	p = malloc(sizeof(*p));
	if (!p) {
		perror("faultline");
		return STATUS_INTERNAL;
	}
	status = minimise(p, argv[optind], json);
	replay_close(p);
	free(p);
	return status;
}

const struct command cmd_minimise = {
	.name = "minimise",
	.args = "TOKEN [--json]",
	.summary = "shrink a token: fewest failures, then preemptions, then steps",
	.help = "TOKEN is what explore printed, or - to read it from standard input.\n"
		"  --json       one JSON object\n"
		"The result fires the same oracle. Exit status as of replay.",
	.run = run_minimise,
};
