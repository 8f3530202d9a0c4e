/* SPDX-License-Identifier: MIT */
/*
 * reader.h - lines and words of a text of VM programs, and refusals that say where
 *
 * One line is one statement, split at blanks; `#` begins a comment anywhere. A reader knows which line it is at. The
 * first refusal ends the reading.
 */
#ifndef SIM_PROG_READER_H
#define SIM_PROG_READER_H

#include "prog/log.h"

#define MAX_WORDS 16 /* of a line; the longest call has 10 */
#define MAX_WORD 128 /* characters */

struct word {
	char text[MAX_WORD];
	int column;
};

struct reader {
	const char *name;
	const char *at; /* the next line */
	int line;
	int nr_words;
	struct word word[MAX_WORDS];
	char *err;
	size_t n;

	struct vm_prog *prog; /* the one that is being read */
	int block;	      /* blocks so far */
	bool in_block;
};

/*
 * One line in r->err, at a word's column, or behind the last word when `word` is past it. => -1, for
 * `return refuse(...)`
 */
int refuse(struct reader *r, int word, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Refuses a word of which `names` has none, with the nearest as suggestion. => -1 */
int reader_unknown(struct reader *r, int word, const char *what, const char *const *names, int n);
/* Goes to the next line with words. => 1; 0: the end of the text; -1: refused */
int reader_next(struct reader *r);
/* The whole of a file as text. => to be freed; NULL and one line in err */
char *reader_file(const char *path, char *err, size_t n);

/* => its index, or -1 */
int reader_find(const char *text, const char *const *names, int n);
/* => whether text is a decimal number of at most so many digits (9 at most) */
bool reader_number(const char *text, int max_digits, int32_t *v);
/* "p0", "t3": a letter and a digit below `max`. => -1: it is none */
int reader_indexed(const char *text, char letter, int max);

/* parse_config.c: the statement in the reader's line. => 0, or -1: refused */
bool is_config(const struct reader *r);
int read_config(struct reader *r);
int words_exactly(struct reader *r, int n);

/* parse_claim.c: the statement in the reader's line, of kind enum prog_claim_kind. => 0, or -1: refused */
int read_claim(struct reader *r, int kind);

#endif
