// SPDX-License-Identifier: MIT
/*
 * story.c - the opening comment of a race's file
 */
#include <ctype.h>
#include <string.h>

#include "story.h"

#define TAB 8
#define LINE_MAX_ 256

/* => the first line of the comment that tells the story, or NULL; *end is its closing mark */
static const char *comment_find(const char *source, const char **end)
{
	const char *p = source;

	for (;;) {
		while (isspace((unsigned char)*p))
			p++;
		if (!strncmp(p, "//", 2)) { /* the licence line, in either style */
			p += strcspn(p, "\n");
			continue;
		}
		if (strncmp(p, "/*", 2))
			return NULL;
		*end = strstr(p, "*/");
		if (!*end)
			return NULL;
		if (memchr(p, '\n', (size_t)(*end - p)))
			return strchr(p, '\n') + 1;
		p = *end + 2;
	}
}

/* Copies the line at p, without its " * " and with tabs as spaces. => the start of the next one */
static const char *comment_line(const char *p, const char *end, char *line)
{
	const char *stop = memchr(p, '\n', (size_t)(end - p));
	size_t col = 0, o = 0;
	bool mark = true;

	if (!stop)
		stop = end;
	for (; p < stop; p++) {
		if (mark && (*p == ' ' || *p == '*')) {
			col++;
			if (*p == '*') {
				mark = false;
				if (p + 1 < stop && p[1] == ' ') {
					p++;
					col++;
				}
			}
			continue;
		}
		mark = false;
		do {
			if (o < LINE_MAX_ - 1)
				line[o++] = *p == '\t' ? ' ' : *p;
			col++;
		} while (*p == '\t' && col % TAB);
	}
	while (o && line[o - 1] == ' ')
		o--;
	line[o] = '\0';
	return stop < end ? stop + 1 : end;
}

bool story_print(const struct race *r, FILE *f)
{
	const char *end, *p = comment_find(r->source, &end);
	char line[LINE_MAX_];

	if (!p)
		return false;
	while (p < end) {
		p = comment_line(p, end, line);
		if (p < end || *line)
			fprintf(f, "%s\n", line);
	}
	return true;
}

/* => true when every actor's name stands in the line, as a word; at[] says where */
static bool header_line(const struct race *r, const char *line, int *at)
{
	int n = race_actor_count(r);

	for (int i = 0; i < n; i++) {
		size_t len = strlen(r->actors[i].name);
		const char *p = line;

		for (;; p++) {
			p = strstr(p, r->actors[i].name);
			if (!p)
				return false;
			if ((p == line || p[-1] == ' ') && (p[len] == ' ' || !p[len]))
				break;
		}
		at[i] = (int)(p - line);
	}
	return n > 0;
}

static bool dashes_line(const char *line)
{
	return strstr(line, "--") && strspn(line, "- ") == strlen(line);
}

/* The column of a word at x: the actor whose heading starts last at or before it (a little slack to the left). */
static int column_at(const struct race *r, const int *at, int x)
{
	int best = 0, best_at = -1;

	for (int i = 0; i < race_actor_count(r); i++)
		if (at[i] <= x + 1 && at[i] > best_at) {
			best = i;
			best_at = at[i];
		}
	return best;
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static void drawing_line(const struct race *r, const int *at, const char *line, struct story *s)
{
	for (const char *p = line; *p; p++) {
		const char *w = p;

		if (!is_word(*p) || isdigit((unsigned char)*p))
			continue;
		while (is_word(*p))
			p++;
		if (*p == '(' && !(w - line >= 2 && !strncmp(w - 2, "->", 2)) && s->nr < STORY_MAX_WORDS) {
			s->word[s->nr].actor = column_at(r, at, (int)(w - line));
			snprintf(s->word[s->nr].function, sizeof(s->word[0].function), "%.*s", (int)(p - w),
				 w);
			s->nr++;
		}
		if (!*p)
			break;
	}
}

int story_columns(const struct race *r, struct story *s)
{
	char line[LINE_MAX_], prev[LINE_MAX_] = "";
	const char *end, *p = comment_find(r->source, &end);
	int at[RACE_MAX_ACTORS];
	bool in = false;

	s->nr = 0;
	while (p && p < end) {
		p = comment_line(p, end, line);
		if (in && *line && *line != ' ')
			break;
		if (in)
			drawing_line(r, at, line, s);
		else if (dashes_line(line) && header_line(r, prev, at))
			in = true;
		memcpy(prev, line, sizeof(prev));
	}
	return s->nr;
}
