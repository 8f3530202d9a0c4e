// SPDX-License-Identifier: MIT
/* reader.c - lines and words of a text; see reader.h */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "prog/reader.h"
#include "race/run.h"

#define MAX_TEXT (64 << 20) /* bytes of a file: a million programs of a few calls */

int refuse(struct reader *r, int word, const char *fmt, ...)
{
	const struct word *last = r->nr_words ? &r->word[r->nr_words - 1] : NULL;
	int column = 1, used;
	va_list ap;

	if (word < r->nr_words)
		column = r->word[word].column;
	else if (last) /* something is missing: behind the last word */
		column = last->column + (int)strlen(last->text);
	used = snprintf(r->err, r->n, "%s:%d:%d: ", r->name, r->line, column);
	if (used < 0 || (size_t)used >= r->n)
		return -1;
	va_start(ap, fmt);
	vsnprintf(r->err + used, r->n - (size_t)used, fmt, ap);
	va_end(ap);
	return -1;
}

/* ---- words ------------------------------------------------------------------------------------------- */

static const char *word_at(int i, void *arg)
{
	return ((const char *const *)arg)[i];
}

int reader_unknown(struct reader *r, int word, const char *what, const char *const *names, int n)
{
	const char *text = r->word[word].text;
	const char *near = nearest_name(text, word_at, n, (void *)names);

	if (near)
		return refuse(r, word, "unknown %s '%s'; did you mean '%s'?", what, text, near);
	return refuse(r, word, "unknown %s '%s'", what, text);
}

int reader_find(const char *text, const char *const *names, int n)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(text, names[i]))
			return i;
	return -1;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static int split(struct reader *r, const char *begin, const char *end)
{
	const char *s = begin;

	r->nr_words = 0;
	for (;;) {
		const char *from;
		struct word *w;

		while (s < end && is_blank(*s))
			s++;
		if (s == end || *s == '#')
			return 0;
		if (r->nr_words == MAX_WORDS)
			return refuse(r, MAX_WORDS - 1, "more than %d words: is a line break missing?",
				      MAX_WORDS);
		for (from = s; s < end && !is_blank(*s) && *s != '#'; s++)
			if ((unsigned char)*s < 32 || (unsigned char)*s > 126) {
				r->nr_words = 0;
				snprintf(
					r->err, r->n,
					"%s:%d:%d: a character that is no printable ASCII: is this a text file?",
					r->name, r->line, (int)(s - begin) + 1);
				return -1;
			}
		w = &r->word[r->nr_words];
		w->column = (int)(from - begin) + 1;
		if (s - from >= MAX_WORD) {
			w->text[0] = '\0';
			r->nr_words++;
			return refuse(r, r->nr_words - 1, "a word of %d characters; no word has more than %d",
				      (int)(s - from), MAX_WORD - 1);
		}
		memcpy(w->text, from, (size_t)(s - from));
		w->text[s - from] = '\0';
		r->nr_words++;
	}
}

int reader_next(struct reader *r)
{
	while (*r->at) {
		const char *begin = r->at, *end = begin + strcspn(begin, "\n");

		r->line++;
		r->at = *end ? end + 1 : end;
		if (split(r, begin, end))
			return -1;
		if (r->nr_words)
			return 1;
	}
	r->nr_words = 0;
	return 0;
}

bool reader_number(const char *text, int max_digits, int32_t *v)
{
	size_t n = strspn(text, "0123456789");

	if (!n || text[n] || n > (size_t)max_digits)
		return false;
	*v = (int32_t)strtol(text, NULL, 10);
	return true;
}

int reader_indexed(const char *text, char letter, int max)
{
	if (text[0] != letter || text[1] < '0' || text[1] >= '0' + max || text[2])
		return -1;
	return text[1] - '0';
}

char *reader_file(const char *path, char *err, size_t n)
{
	FILE *f = fopen(path, "r");
	size_t size = 0, max = 1 << 16;
	char *text = NULL;

	if (!f) {
		snprintf(err, n, "%s: %s", path, strerror(errno));
		return NULL;
	}
	for (;; max *= 2) {
		char *more = max > MAX_TEXT ? NULL : realloc(text, max + 1);

		if (!more)
			break;
		text = more;
		size += fread(text + size, 1, max - size, f);
		if (size < max) {
			bool bad = ferror(f) || memchr(text, 0, size);

			text[size] = '\0';
			snprintf(err, n,
				 ferror(f) ? "%s: cannot be read: is it a directory?" :
					     "%s:1:1: has a zero byte: is this a text file?",
				 path);
			fclose(f);
			if (!bad)
				return text;
			free(text);
			return NULL;
		}
	}
	snprintf(err, n, "%s: longer than %d MiB: split it", path, MAX_TEXT >> 20);
	fclose(f);
	free(text);
	return NULL;
}
