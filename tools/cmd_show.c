// SPDX-License-Identifier: MIT
/*
 * cmd_show.c - faultline show: a race's story, actors and expected verdicts
 */
#include <string.h>

#include "cmd.h"
#include "story.h"

static void show_verdicts(const struct race *r)
{
	const struct race_verdict *v = r->expect;

	if (v->expect != RACE_UNSTATED)
		printf("expected %s\n", r->axis ? r->axis : "verdict");
	for (; v < r->expect + RACE_MAX_VERDICTS && v->expect != RACE_UNSTATED; v++) {
		printf("  %-24s ", v->protocol ? v->protocol : "(any protocol)");
		if (v->expect == RACE_CLEAN)
			printf("clean\n");
		else
			printf("found  %s\n%27switness: %s\n", v->oracle, "",
			       v->witness ? v->witness : "none");
	}
}

static void show_counts(const struct race *r)
{
	char n[32];

	if (r->classes)
		printf("classes   %s\n", thousands(r->classes, n));
	for (int m = 0; m < NR_RACE_MODELS; m++)
		if (r->outcomes[m])
			printf("%s under %-10s %s\n", "outcomes", race_model_name((enum race_model)m),
			       r->outcomes[m]);
}

static void show_text(const struct race *r)
{
	char path[512];

	race_path(r, path, sizeof(path));
	if (!story_print(r, stdout))
		printf("%s - %s\n", r->name, r->summary ? r->summary : "");
	printf("\nfile      %s\noracle    %s\nactors   ", path, r->oracle ? r->oracle : "any");
	for (int i = 0; i < race_actor_count(r); i++)
		printf(" %s", r->actors[i].name);
	putchar('\n');
	show_verdicts(r);
	show_counts(r);
	printf("Next: faultline %s %s\n", strcmp(build_kind, "native") ? "explore" : "stress", r->name);
}

static void json_add_counts(cJSON *j, const struct race *r)
{
	cJSON *o;

	if (r->classes)
		json_add_u64(j, "classes", r->classes);
	else
		cJSON_AddNullToObject(j, "classes");
	o = cJSON_AddObjectToObject(j, "outcomes");
	for (int m = 0; m < NR_RACE_MODELS; m++)
		if (r->outcomes[m])
			cJSON_AddStringToObject(o, race_model_name((enum race_model)m), r->outcomes[m]);
}

static void show_json(const struct race *r)
{
	cJSON *j = cJSON_CreateObject(), *a, *v;
	const char *names[RACE_MAX_ACTORS];
	char path[512], family[64];

	race_path(r, path, sizeof(path));
	race_family(r, family, sizeof(family));
	cJSON_AddStringToObject(j, "race", r->name);
	cJSON_AddStringToObject(j, "family", family);
	cJSON_AddStringToObject(j, "file", path);
	cJSON_AddStringToObject(j, "summary", r->summary ? r->summary : "");
	cJSON_AddItemToObject(j, "axis", r->axis ? cJSON_CreateString(r->axis) : cJSON_CreateNull());
	cJSON_AddItemToObject(j, "oracle", r->oracle ? cJSON_CreateString(r->oracle) : cJSON_CreateNull());
	for (int i = 0; i < race_actor_count(r); i++)
		names[i] = r->actors[i].name;
	cJSON_AddItemToObject(j, "actors", cJSON_CreateStringArray(names, race_actor_count(r)));
	a = cJSON_AddArrayToObject(j, "expect");
	for (int i = 0; i < RACE_MAX_VERDICTS && r->expect[i].expect != RACE_UNSTATED; i++) {
		const struct race_verdict *e = &r->expect[i];

		v = cJSON_CreateObject();
		cJSON_AddStringToObject(v, "protocol", e->protocol ? e->protocol : "");
		cJSON_AddStringToObject(v, "verdict", e->expect == RACE_CLEAN ? "clean" : "found");
		cJSON_AddItemToObject(v, "oracle",
				      e->oracle ? cJSON_CreateString(e->oracle) : cJSON_CreateNull());
		cJSON_AddItemToObject(v, "witness",
				      e->witness ? cJSON_CreateString(e->witness) : cJSON_CreateNull());
		cJSON_AddItemToArray(a, v);
	}
	cJSON_AddBoolToObject(j, "bare", race_is_bare(r));
	json_add_counts(j, r);
	json_print(j);
}

static int run_show(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const struct race *r;
	bool json = false;
	int opt;

	while ((opt = option_next(&cmd_show, argc, argv, options)) != -1) {
		if (opt != 'j')
			return option_status(opt);
		json = true;
	}
	if (!arguments_exactly(&cmd_show, argc, argv, 1))
		return STATUS_USAGE;
	r = race_find(argv[optind]);
	if (!r)
		return unknown_race(argv[optind]);
	if (json)
		show_json(r);
	else
		show_text(r);
	return STATUS_CLEAN;
}

const struct command cmd_show = {
	.name = "show",
	.args = "RACE [--json]",
	.summary = "tell a race's story, its invariant and expected verdicts",
	.help = "  --json       the same as one JSON object",
	.run = run_show,
};
