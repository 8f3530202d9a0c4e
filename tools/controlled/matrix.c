// SPDX-License-Identifier: MIT
/*
 * matrix.c - the cells of races against protocols, printed: protocols down, races across, in blocks that fit
 */
#include <stdlib.h>
#include <string.h>

#include "controlled/matrix.h"

#define WIDTH 80
#define MAX_ORACLES 26
#define CELL_TEXT 48
#define COLUMN_MIN 12

int matrix_add(struct matrix *m, const struct race *r, const char *protocol)
{
	if (m->nr == m->cap) {
		int cap = m->cap ? 2 * m->cap : 32;
		struct cell *n = realloc(m->cell, (size_t)cap * sizeof(*n));

		if (!n) {
			perror("faultline");
			return STATUS_INTERNAL;
		}
		m->cell = n;
		m->cap = cap;
	}
	memset(&m->cell[m->nr], 0, sizeof(m->cell[0]));
	m->cell[m->nr].race = r;
	m->cell[m->nr].protocol = protocol;
	m->nr++;
	return 0;
}

/* ---- text ------------------------------------------------------------------------------------------- */

/* Oracles by letter, in the order of their first appearance. */
struct legend {
	int nr;
	const char *oracle[MAX_ORACLES];
};

static char legend_letter(struct legend *l, const char *oracle)
{
	for (int i = 0; i < l->nr; i++)
		if (!strcmp(l->oracle[i], oracle))
			return (char)('a' + i);
	if (l->nr == MAX_ORACLES)
		return '*';
	l->oracle[l->nr++] = oracle;
	return (char)('a' + l->nr - 1);
}

static void cell_text(const struct cell *c, struct legend *l, char *buf)
{
	const char *mark = c->differs ? " !" : "";
	char n[32];

	switch (c->verdict) {
	case CELL_CLEAN:
		snprintf(buf, CELL_TEXT, "clean %s%s", thousands(c->executions, n), mark);
		break;
	case CELL_FOUND:
		snprintf(buf, CELL_TEXT, "FOUND %c%s", legend_letter(l, c->oracle), mark);
		break;
	default:
		snprintf(buf, CELL_TEXT, "? budget%s", mark);
	}
}

static const struct cell *find(const struct matrix *m, const struct race *r, const char *protocol)
{
	for (int i = 0; i < m->nr; i++)
		if (m->cell[i].race == r && !strcmp(m->cell[i].protocol, protocol))
			return &m->cell[i];
	return NULL;
}

static int column_width(const struct race *r)
{
	int w = (int)strlen(r->name);

	return w < COLUMN_MIN ? COLUMN_MIN : w;
}

/* One block: the protocols of one axis down, races first .. last of the list across. */
static void print_block(const struct matrix *m, const struct race *const *race, int first, int last,
			int label, struct legend *l)
{
	const char *axis = race[first]->axis;
	char text[CELL_TEXT];

	printf("%-*s", label, axis ? axis : "race");
	for (int i = first; i <= last; i++)
		printf("  %-*s", i < last ? column_width(race[i]) : 0, race[i]->name);
	putchar('\n');
	for (int k = 0; k < m->nr; k++) {
		if (m->cell[k].race != race[first])
			continue;
		printf("%-*s", label, m->cell[k].protocol);
		for (int i = first; i <= last; i++) {
			const struct cell *c = find(m, race[i], m->cell[k].protocol);

			text[0] = '\0';
			if (c)
				cell_text(c, l, text);
			printf("  %-*s", i < last ? column_width(race[i]) : 0, text);
		}
		putchar('\n');
	}
}

static int block_end(const struct race *const *race, int nr, int first, int label)
{
	int used = label, last = first;

	for (int i = first; i < nr; i++) {
		bool same = race[i]->axis == race[first]->axis ||
			    (race[i]->axis && race[first]->axis && !strcmp(race[i]->axis, race[first]->axis));

		used += 2 + column_width(race[i]);
		if (!same || (i > first && used > WIDTH))
			break;
		last = i;
	}
	return last;
}

static void print_verdict(const struct matrix *m)
{
	int differ = 0, undecided = 0, clean = 0, found = 0;
	const struct cell *show = NULL;

	for (int i = 0; i < m->nr; i++) {
		const struct cell *c = &m->cell[i];

		differ += c->differs;
		undecided += c->verdict == CELL_UNDECIDED;
		clean += c->verdict == CELL_CLEAN;
		found += c->verdict == CELL_FOUND;
		if (c->verdict == CELL_FOUND && (!show || (c->differs && !show->differs)))
			show = c;
		if (c->differs)
			printf("! %s, %s: expected %s %s\n", c->race->name, c->protocol,
			       c->expected->expect == RACE_FOUND ? "found" : "clean",
			       c->expected->expect == RACE_FOUND ? c->expected->oracle : "");
	}
	printf("%d cell%s: %d clean, %d found, %d undecided; %d differ%s from what the races state\n", m->nr,
	       m->nr == 1 ? "" : "s", clean, found, undecided, differ, differ == 1 ? "s" : "");
	if (show)
		printf("Next: faultline explain '%s'\n", show->token);
}

void matrix_print_text(const struct matrix *m)
{
	const struct race **race = calloc((size_t)m->nr + 1, sizeof(*race));
	struct legend l = { 0 };
	int nr = 0, label = 4;

	if (!race) {
		perror("faultline");
		return;
	}
	for (int i = 0; i < m->nr; i++) {
		if (!nr || race[nr - 1] != m->cell[i].race)
			race[nr++] = m->cell[i].race;
		if ((int)strlen(m->cell[i].protocol) > label)
			label = (int)strlen(m->cell[i].protocol);
	}
	for (int i = 0, last; i < nr; i = last + 1) {
		last = block_end(race, nr, i, label);
		print_block(m, race, i, last, label, &l);
		putchar('\n');
	}
	for (int i = 0; i < l.nr; i++)
		printf("  %c  %s\n", 'a' + i, l.oracle[i]);
	printf("  clean N: all interleavings are right, N explored up to equivalence\n");
	print_verdict(m);
	free(race);
}

/* ---- plain and JSON --------------------------------------------------------------------------------- */

static const char *verdict_word(const struct cell *c)
{
	static const char *const word[] = { "undecided", "clean", "found" };

	return word[c->verdict];
}

static const char *expected_word(const struct cell *c)
{
	if (!c->expected)
		return "-";
	return c->expected->expect == RACE_FOUND ? c->expected->oracle : "clean";
}

void matrix_print_plain(const struct matrix *m)
{
	for (int i = 0; i < m->nr; i++) {
		const struct cell *c = &m->cell[i];

		printf("%s\t%s\t%s\t%s\t%llu\t%s\t%s\n", c->race->name, c->protocol, verdict_word(c),
		       *c->oracle ? c->oracle : "-", (unsigned long long)c->executions, expected_word(c),
		       c->differs ? "differs" : "-");
	}
}

void matrix_print_json(const struct matrix *m)
{
	cJSON *j = cJSON_CreateObject(), *cells = cJSON_AddArrayToObject(j, "cells"), *e;

	for (int i = 0; i < m->nr; i++) {
		const struct cell *c = &m->cell[i];

		e = cJSON_CreateObject();
		cJSON_AddStringToObject(e, "race", c->race->name);
		cJSON_AddItemToObject(e, "axis",
				      c->race->axis ? cJSON_CreateString(c->race->axis) : cJSON_CreateNull());
		cJSON_AddStringToObject(e, "protocol", c->protocol);
		cJSON_AddStringToObject(e, "verdict", verdict_word(c));
		cJSON_AddItemToObject(e, "oracle",
				      *c->oracle ? cJSON_CreateString(c->oracle) : cJSON_CreateNull());
		cJSON_AddItemToObject(e, "token",
				      *c->token ? cJSON_CreateString(c->token) : cJSON_CreateNull());
		json_add_u64(e, "executions", c->executions);
		cJSON_AddNumberToObject(e, "seconds", c->seconds);
		cJSON_AddStringToObject(e, "expected", expected_word(c));
		cJSON_AddBoolToObject(e, "differs", c->differs);
		cJSON_AddItemToArray(cells, e);
	}
	cJSON_AddStringToObject(j, "version", faultline_version());
	json_print(j);
}
