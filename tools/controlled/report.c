// SPDX-License-Identifier: MIT
/*
 * report.c - violations and data races of a result, as text and as JSON
 */
#include <string.h>

#include "controlled/report.h"

#define PLACE 256

static const char *access_word(const struct engine_data_race *d, int i)
{
	static const char *const word[2][2] = { { "reads", "reads, marked," },
						{ "writes", "writes, marked," } };

	return word[d->access[i].write][d->access[i].marked];
}

static void race_places(const struct engine_data_race *d, struct symbols *s, char place[2][PLACE])
{
	for (int i = 0; i < 2; i++)
		symbols_place(s, d->access[i].pc, d->access[i].depth, place[i], PLACE);
}

static bool same_place(const char a[2][PLACE], const char b[2][PLACE])
{
	return (!strcmp(a[0], b[0]) && !strcmp(a[1], b[1])) || (!strcmp(a[0], b[1]) && !strcmp(a[1], b[0]));
}

/* Whether an earlier entry is the same object and the same two places, in either order. */
static bool seen_before(const struct engine_result *r, int k, struct symbols *s, const char place[2][PLACE])
{
	char other[2][PLACE];

	for (int i = 0; i < k; i++) {
		if (strcmp(r->races[i].object, r->races[k].object))
			continue;
		race_places(&r->races[i], s, other);
		if (same_place(place, (const char(*)[PLACE])other))
			return true;
	}
	return false;
}

static const char *object_name(const struct engine_data_race *d, char *buf, size_t n)
{
	if (*d->object)
		return d->object;
	snprintf(buf, n, "arena+0x%llx", (unsigned long long)d->offset);
	return buf;
}

void report_data_races(FILE *f, const struct engine_program *p, const struct engine_result *r,
		       struct symbols *s)
{
	char place[2][PLACE], object[64], task[2][ENGINE_NAME_MAX];

	for (int i = 0; i < r->nr_races; i++) {
		const struct engine_data_race *d = &r->races[i];

		race_places(d, s, place);
		if (seen_before(r, i, s, (const char(*)[PLACE])place))
			continue;
		for (int k = 0; k < 2; k++)
			engine_task_name(p, d->access[k].task, task[k], sizeof(task[k]));
		fprintf(f, "data race on %s: %s %s at %s; %s %s at %s\n",
			object_name(d, object, sizeof(object)), task[0], access_word(d, 0), place[0], task[1],
			access_word(d, 1), place[1]);
	}
	if (r->nr_races == ENGINE_MAX_DATA_RACES)
		fprintf(f, "more data races may be there: only the first %d are kept\n",
			ENGINE_MAX_DATA_RACES);
}

static cJSON *json_access(const struct engine_program *p, const struct engine_data_race *d, int i,
			  struct symbols *s)
{
	struct frame f[MAX_FRAMES];
	int n = symbols_stack(s, d->access[i].pc, d->access[i].depth, f, MAX_FRAMES);
	cJSON *j = cJSON_CreateObject(), *stack, *e;
	char task[ENGINE_NAME_MAX];

	engine_task_name(p, d->access[i].task, task, sizeof(task));
	cJSON_AddStringToObject(j, "task", task);
	cJSON_AddBoolToObject(j, "write", d->access[i].write);
	cJSON_AddBoolToObject(j, "marked", d->access[i].marked);
	cJSON_AddNumberToObject(j, "size", d->access[i].size);
	stack = cJSON_AddArrayToObject(j, "stack");
	for (int k = 0; k < n; k++) {
		if (f[k].kind == FRAME_PRIMITIVE)
			continue;
		e = cJSON_CreateObject();
		cJSON_AddStringToObject(e, "function", f[k].function);
		cJSON_AddStringToObject(e, "file", f[k].file);
		cJSON_AddNumberToObject(e, "line", f[k].line);
		cJSON_AddItemToArray(stack, e);
	}
	return j;
}

void json_add_data_races(cJSON *to, const struct engine_program *p, const struct engine_result *r,
			 struct symbols *s)
{
	cJSON *all = cJSON_AddArrayToObject(to, "data_races"), *j, *accesses;
	char place[2][PLACE], object[64];

	for (int i = 0; i < r->nr_races; i++) {
		const struct engine_data_race *d = &r->races[i];

		race_places(d, s, place);
		if (seen_before(r, i, s, (const char(*)[PLACE])place))
			continue;
		j = cJSON_CreateObject();
		cJSON_AddStringToObject(j, "object", object_name(d, object, sizeof(object)));
		json_add_u64(j, "execution", d->execution);
		accesses = cJSON_AddArrayToObject(j, "accesses");
		for (int k = 0; k < 2; k++)
			cJSON_AddItemToArray(accesses, json_access(p, d, k, s));
		cJSON_AddItemToArray(all, j);
	}
	cJSON_AddBoolToObject(to, "data_races_truncated", r->nr_races == ENGINE_MAX_DATA_RACES);
}

cJSON *json_violation(const struct engine_result *r, const char *token)
{
	cJSON *j;

	if (!*r->violation.oracle)
		return cJSON_CreateNull();
	j = cJSON_CreateObject();
	cJSON_AddStringToObject(j, "oracle", r->violation.oracle);
	cJSON_AddStringToObject(j, "message", r->violation.message);
	cJSON_AddStringToObject(j, "token", token);
	cJSON_AddNumberToObject(j, "steps", r->steps);
	cJSON_AddNumberToObject(j, "preemptions", r->preemptions);
	return j;
}

void json_add_fewest(cJSON *violation, const struct engine_result *r)
{
	cJSON_AddBoolToObject(violation, "fewest_preemptions_proved", r->fewest_preemptions);
	cJSON_AddBoolToObject(violation, "fewest_steps_proved", r->fewest_steps);
}

void report_fewest(FILE *f, const struct engine_result *r)
{
	if (!r->fewest_steps && strcmp(r->violation.oracle, "lock-order") != 0)
		fprintf(f, "%s may be enough: the search for less ended early\n",
			r->fewest_preemptions ? "fewer steps" : "fewer preemptions or steps");
}

void report_violation(FILE *f, const struct engine_result *r)
{
	fprintf(f, "%sFOUND %s%s: %s\n", style_bad(f), r->violation.oracle, style_end(f),
		r->violation.message);
}

void report_schedule(FILE *f, const struct engine_program *p, const struct engine_schedule *s)
{
	char name[ENGINE_NAME_MAX];

	for (int i = 0; i < s->nr; i++) {
		const struct engine_segment *g = &s->seg[i];

		engine_task_name(p, g->task, name, sizeof(name));
		fprintf(f, "%s%s ", i ? ", then " : "", name);
		if (g->stop == ENGINE_STOP_END)
			fputs("to its end", f);
		else if (g->stop == ENGINE_STOP_COUNT)
			fprintf(f, "for %u step%s", g->count, g->count == 1 ? "" : "s");
		else if (g->count > 1)
			fprintf(f, "until @%s, visit %u", g->label, g->count);
		else
			fprintf(f, "until @%s", g->label);
	}
	fputc('\n', f);
}
