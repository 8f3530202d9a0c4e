// SPDX-License-Identifier: MIT
/*
 * cmd_list.c - faultline list: races, protocols, kernels
 */
#include <string.h>

#include "cmd.h"

enum format { FORMAT_TEXT, FORMAT_PLAIN, FORMAT_JSON };

static bool family_exists(const char *family)
{
	char name[64];

	for (int i = 0; i < race_count(); i++) {
		race_family(race_get(i), name, sizeof(name));
		if (!strcmp(name, family))
			return true;
	}
	return false;
}

static int unknown_family(const char *family)
{
	static char text[64][64]; /* enough for every family of the threads; more are not suggested */
	const char *names[64];
	int n = 0;

	for (int i = 0; i < race_count() && n < 64; i++) {
		race_family(race_get(i), text[n], sizeof(text[0]));
		names[n] = text[n];
		n++;
	}
	return unknown_name("family", family, names, n);
}

static void list_race(const struct race *r, const char *family, enum format format, cJSON *all)
{
	char path[512];
	cJSON *j;

	race_path(r, path, sizeof(path));
	switch (format) {
	case FORMAT_TEXT:
		printf("  %-32s %s\n", r->name, r->summary ? r->summary : "");
		break;
	case FORMAT_PLAIN:
		printf("%s\t%s\t%s\t%s\t%s\n", r->name, family, r->axis ? r->axis : "-", path,
		       r->summary ? r->summary : "");
		break;
	case FORMAT_JSON:
		j = cJSON_CreateObject();
		cJSON_AddStringToObject(j, "race", r->name);
		cJSON_AddStringToObject(j, "family", family);
		cJSON_AddItemToObject(j, "axis", r->axis ? cJSON_CreateString(r->axis) : cJSON_CreateNull());
		cJSON_AddStringToObject(j, "file", path);
		cJSON_AddStringToObject(j, "summary", r->summary ? r->summary : "");
		cJSON_AddItemToArray(all, j);
		break;
	}
}

static int list_races(const char *want, enum format format)
{
	cJSON *all = format == FORMAT_JSON ? cJSON_CreateArray() : NULL;
	char family[64], last[64] = "";
	int n = race_count();

	if (want && !family_exists(want)) {
		cJSON_Delete(all);
		return unknown_family(want);
	}
	/* Families in the order of their names; races are sorted already. */
	for (;;) {
		char next[64] = "";

		for (int i = 0; i < n; i++) {
			race_family(race_get(i), family, sizeof(family));
			if (strcmp(family, last) > 0 && (!*next || strcmp(family, next) < 0))
				strcpy(next, family);
		}
		if (!*next)
			break;
		strcpy(last, next);
		if (want && strcmp(next, want))
			continue;
		if (format == FORMAT_TEXT)
			printf("%s\n", next);
		for (int i = 0; i < n; i++) {
			race_family(race_get(i), family, sizeof(family));
			if (!strcmp(family, next))
				list_race(race_get(i), family, format, all);
		}
	}
	if (format == FORMAT_JSON)
		json_print(all);
	else if (format == FORMAT_TEXT && n)
		printf("Next: faultline show %s\n", race_get(0)->name);
	return STATUS_CLEAN;
}

static int list_protocols(enum format format)
{
	cJSON *all = format == FORMAT_JSON ? cJSON_CreateArray() : NULL, *j;

	for (int i = 0; i < protocol_count(); i++) {
		const struct protocol *p = protocol_get(i);
		const char *axis = axis_name(p->axis);

		switch (format) {
		case FORMAT_TEXT:
			printf("%s=%-24s %s\n", axis, p->name, p->summary);
			break;
		case FORMAT_PLAIN:
			printf("%s\t%s\t%s\n", axis, p->name, p->summary);
			break;
		case FORMAT_JSON:
			j = cJSON_CreateObject();
			cJSON_AddStringToObject(j, "axis", axis);
			cJSON_AddStringToObject(j, "protocol", p->name);
			cJSON_AddStringToObject(j, "summary", p->summary);
			cJSON_AddItemToArray(all, j);
			break;
		}
	}
	if (format == FORMAT_JSON)
		json_print(all);
	return STATUS_CLEAN;
}

static int list_kernels(enum format format)
{
	cJSON *all = format == FORMAT_JSON ? cJSON_CreateArray() : NULL, *j = NULL, *p = NULL;

	for (int i = 0; i < kernel_count(); i++) {
		const struct kernel *k = kernel_get(i);

		if (format == FORMAT_JSON) {
			j = cJSON_CreateObject();
			cJSON_AddStringToObject(j, "kernel", k->name);
			cJSON_AddBoolToObject(j, "default", !strcmp(k->name, DEFAULT_KERNEL));
			p = cJSON_AddObjectToObject(j, "protocols");
			cJSON_AddItemToArray(all, j);
		} else {
			printf(format == FORMAT_TEXT ? "%-16s" : "%s", k->name);
		}
		for (int a = 0; a < NR_AXES; a++)
			if (format == FORMAT_JSON)
				cJSON_AddStringToObject(p, axis_name(a), k->protocols[a]);
			else
				printf("%c%s=%s", format == FORMAT_TEXT ? ' ' : '\t', axis_name(a),
				       k->protocols[a]);
		if (format == FORMAT_TEXT && !strcmp(k->name, DEFAULT_KERNEL))
			printf("  (default)");
		if (format != FORMAT_JSON)
			putchar('\n');
	}
	if (format == FORMAT_JSON)
		json_print(all);
	return STATUS_CLEAN;
}

/*
 * One line a test, for the build's discovery of them: RACE PROTOCOL FAMILY EXPECTATION. Of an expected number of
 * classes and of expected outcomes too: there the second word is "-", or the memory model.
 */
static int list_ctest(void)
{
	char family[64];

	for (int i = 0; i < race_count(); i++) {
		const struct race *r = race_get(i);

		race_family(r, family, sizeof(family));
		for (const struct race_verdict *v = r->expect;
		     v < r->expect + RACE_MAX_VERDICTS && v->expect != RACE_UNSTATED; v++)
			printf("%s %s %s %s\n", r->name, v->protocol ? v->protocol : "-", family,
			       v->expect == RACE_FOUND ? "found" : "clean");
		if (r->classes)
			printf("%s - %s classes\n", r->name, family);
		for (int m = 0; m < NR_RACE_MODELS; m++)
			if (r->outcomes[m])
				printf("%s %s %s outcomes\n", r->name, race_model_name((enum race_model)m),
				       family);
	}
	return STATUS_CLEAN;
}

static int run_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "family", required_argument, NULL, 'f' }, { "plain", no_argument, NULL, 'p' },
		{ "json", no_argument, NULL, 'j' },	    { "ctest", no_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },	    { 0 },
	};
	static const char *const kinds[] = { "races", "protocols", "kernels" };
	enum format format = FORMAT_TEXT;
	const char *family = NULL;
	bool ctest = false;
	int opt;

	while ((opt = option_next(&cmd_list, argc, argv, options)) != -1) {
		switch (opt) {
		case 'f':
			family = optarg;
			break;
		case 'p':
			format = FORMAT_PLAIN;
			break;
		case 'j':
			format = FORMAT_JSON;
			break;
		case 'c':
			ctest = true;
			break;
		default:
			return option_status(opt);
		}
	}
	if (argc - optind > 1)
		return usage_error("list: unexpected argument '%s'; usage: faultline list %s",
				   argv[optind + 1], cmd_list.args);
	if (ctest)
		return list_ctest();
	if (argc == optind || !strcmp(argv[optind], "races"))
		return list_races(family, format);
	if (!strcmp(argv[optind], "protocols"))
		return list_protocols(format);
	if (!strcmp(argv[optind], "kernels"))
		return list_kernels(format);
	return unknown_name("list", argv[optind], kinds, 3);
}

const struct command cmd_list = {
	.name = "list",
	.args = "[races|protocols|kernels] [--family F] [--plain|--json]",
	.summary = "name the races, protocols or kernels",
	.help = "  --family F   only the races of family F, the folder that holds their files\n"
		"  --plain      one a line, fields separated by tabs\n"
		"  --json       one JSON array",
	.run = run_list,
};
