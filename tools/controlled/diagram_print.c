// SPDX-License-Identifier: MIT
/*
 * diagram_print.c - a diagram as text and as JSON
 *
 * A line is: step | a column an actor | changed. Columns get what they need while it fits; then the changes wrap,
 * and only then are the actors' columns cut, the widest first.
 */
#include <string.h>

#include "controlled/diagram.h"

#define STEP_WIDTH 4
#define SEPARATOR 3 /* " | " */
#define CHANGE_MIN 18
#define COLUMN_MIN 12
#define MAX_COLUMNS ENGINE_MAX_TASKS

struct layout {
	int nr;
	int column[MAX_COLUMNS];
	int change; /* 0: as wide as it needs */
};

static int larger(int a, int b)
{
	return a > b ? a : b;
}

static int actors_width(const struct layout *l)
{
	int n = SEPARATOR * (l->nr - 1);

	for (int i = 0; i < l->nr; i++)
		n += l->column[i];
	return n;
}

static void shrink_widest(struct layout *l)
{
	int w = 0;

	for (int i = 1; i < l->nr; i++)
		if (l->column[i] >= l->column[w])
			w = i;
	l->column[w]--;
}

/* Whether the row belongs to no actor's column. */
static bool row_spans(const struct diagram *d, const struct row *r)
{
	return r->task < 0 || r->task >= d->nr_columns;
}

static void layout_columns(const struct diagram *d, int width, struct layout *l)
{
	int room = width - STEP_WIDTH - 2 * SEPARATOR, min = l->nr * COLUMN_MIN + SEPARATOR * (l->nr - 1);
	char name[ENGINE_NAME_MAX];

	l->nr = d->nr_columns;
	min = l->nr * COLUMN_MIN + SEPARATOR * (l->nr - 1);
	for (int i = 0; i < l->nr; i++) {
		engine_task_name(d->program, i, name, sizeof(name));
		l->column[i] = larger(COLUMN_MIN, (int)strlen(name));
	}
	for (int i = 0; i < d->nr; i++) {
		const struct row *r = &d->row[i];

		if (!row_spans(d, r) && r->kind != ROW_VIOLATION)
			l->column[r->task] = larger(l->column[r->task], r->indent + (int)strlen(r->text));
	}
	l->change = 0;
	if (!width)
		return;
	while (actors_width(l) > room - CHANGE_MIN && actors_width(l) > min)
		shrink_widest(l);
	l->change = larger(CHANGE_MIN, room - actors_width(l));
}

/* `text` at its indentation in `width` columns: less indented, without "()", then cut, where it does not fit. */
static void print_cell(FILE *f, const char *text, int indent, int width)
{
	int len = (int)strlen(text);

	if (len > width && len - 2 <= width && !strcmp(text + len - 2, "()"))
		len -= 2;
	if (indent + len > width)
		indent = larger(0, width - len);
	if (len > width)
		fprintf(f, "%.*s~", width - 1, text);
	else
		fprintf(f, "%*s%-*.*s", indent, "", width - indent, len, text);
}

/* How much of text fits in width, broken after a space or comma if there is one. */
static int break_at(const char *text, int width)
{
	int len = (int)strlen(text), n = width;

	if (!width || len <= width)
		return len;
	while (n > 0 && text[n] != ' ' && text[n - 1] != ' ')
		n--;
	return n ? n : width;
}

static void print_empty_columns(FILE *f, const struct layout *l)
{
	fprintf(f, "%*s", STEP_WIDTH, "");
	for (int i = 0; i < l->nr; i++)
		fprintf(f, " | %*s", l->column[i], "");
}

static void print_change(FILE *f, const struct layout *l, const char *text)
{
	bool first = true;

	do {
		int n = break_at(text, l->change);

		if (!first)
			print_empty_columns(f, l);
		while (n && text[n - 1] == ' ')
			n--;
		fprintf(f, n ? " | %.*s\n" : " |\n", n, text);
		text += n;
		text += strspn(text, " ");
		first = false;
	} while (*text);
}

static void print_row(FILE *f, const struct diagram *d, const struct layout *l, const struct row *r)
{
	bool spans =
		row_spans(d, r) || (r->kind == ROW_VIOLATION && (int)strlen(r->text) > l->column[r->task]);
	int indent = 2;
	char change[256];

	if (r->step >= 0)
		fprintf(f, "%*ld", STEP_WIDTH, r->step + 1);
	else
		fprintf(f, "%*s", STEP_WIDTH, "");
	if (spans) {
		for (int i = 0; i < r->task && i < l->nr && r->kind == ROW_VIOLATION; i++)
			indent += l->column[i] + SEPARATOR;
		fputs(" | ", f);
		print_cell(f, r->text, indent, actors_width(l));
	}
	for (int i = 0; !spans && i < l->nr; i++) {
		fputs(" | ", f);
		print_cell(f, i == r->task ? r->text : "", i == r->task ? r->indent : 0, l->column[i]);
	}
	snprintf(change, sizeof(change), "%s%s%s", r->note, *r->note && *r->change ? ": " : "", r->change);
	print_change(f, l, change);
}

static void print_rule(FILE *f, const struct layout *l, int change)
{
	static const char dashes[] =
		"--------------------------------------------------------------------------";

	fprintf(f, "%.*s", STEP_WIDTH + 1, dashes);
	for (int i = 0; i < l->nr; i++) {
		fputs("+", f);
		for (int left = l->column[i] + 2; left > 0; left -= (int)sizeof(dashes) - 1)
			fprintf(f, "%.*s", left < (int)sizeof(dashes) ? left : (int)sizeof(dashes) - 1,
				dashes);
	}
	fprintf(f, "+%.*s\n", change + 1, dashes);
}

void diagram_print(const struct diagram *d, FILE *f, int width)
{
	char name[ENGINE_NAME_MAX];
	struct layout l = { 0 };

	layout_columns(d, width, &l);
	fprintf(f, "%*s", STEP_WIDTH, "step");
	for (int i = 0; i < l.nr; i++) {
		engine_task_name(d->program, i, name, sizeof(name));
		fprintf(f, " | %-*s", l.column[i], name);
	}
	fputs(" | changed\n", f);
	print_rule(f, &l, l.change ? l.change : CHANGE_MIN);
	for (int i = 0; i < d->nr; i++)
		print_row(f, d, &l, &d->row[i]);
}

void print_wrapped(FILE *f, const char *text, int width, int indent)
{
	int room = width;

	do {
		int n = break_at(text, room), shown = n;

		while (shown && text[shown - 1] == ' ')
			shown--;
		fprintf(f, "%*s%.*s\n", width - room, "", shown, text);
		text += n;
		text += strspn(text, " ");
		room = width - indent;
	} while (*text);
}

cJSON *diagram_json(const struct diagram *d)
{
	static const char *const kind[] = { "call", "step", "label", "switch", "other", "violation" };
	cJSON *all = cJSON_CreateArray(), *j;
	char name[ENGINE_NAME_MAX];

	for (int i = 0; i < d->nr; i++) {
		const struct row *r = &d->row[i];

		if (r->task < 0)
			snprintf(name, sizeof(name), "check");
		else
			engine_task_name(d->program, r->task, name, sizeof(name));
		j = cJSON_CreateObject();
		cJSON_AddStringToObject(j, "kind", kind[r->kind]);
		cJSON_AddItemToObject(j, "step",
				      r->step < 0 ? cJSON_CreateNull() :
						    cJSON_CreateNumber((double)r->step + 1));
		cJSON_AddStringToObject(j, "task", name);
		cJSON_AddNumberToObject(j, "indent", r->indent);
		cJSON_AddStringToObject(j, "text", r->text);
		cJSON_AddStringToObject(j, "change", r->change);
		cJSON_AddItemToArray(all, j);
	}
	return all;
}
