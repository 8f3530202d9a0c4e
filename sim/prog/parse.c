// SPDX-License-Identifier: MIT
/*
 * parse.c - from the text of VM programs to programs
 *
 * A statement a line; reader.h has lines, words and refusals, parse_claim.c the claims. Nothing is kept of a text that is
 * refused.
 */
#include <stdlib.h>
#include <string.h>

#include "prog/reader.h"

/* ---- calls -------------------------------------------------------------------------------------------- */

static int unknown_call(struct reader *r, int word)
{
	const char *names[NR_CALLS];

	for (int i = 0; i < NR_CALLS; i++)
		names[i] = prog_spec((enum prog_call)i)->name;
	return reader_unknown(r, word, "call", names, NR_CALLS);
}

static int find_call(const char *text)
{
	for (int i = 0; i < NR_CALLS; i++)
		if (!strcmp(text, prog_spec((enum prog_call)i)->name))
			return i;
	return -1;
}

static int read_arg(struct reader *r, int word, enum prog_arg arg, int32_t *v)
{
	static const char *const what[NR_ARGS] = {
		[ARG_PROT] = "protection",    [ARG_SHARE] = "kind of mapping", [ARG_SRC] = "source",
		[ARG_MAP_HOW] = "way to map", [ARG_MOVE_HOW] = "way to move",  [ARG_ADVICE] = "advice",
	};
	const char *const *words;
	int n = prog_words(arg, &words);

	if (!n) {
		if (reader_number(r->word[word].text, 9, v))
			return 0;
		return refuse(r, word, "'%s' is not a decimal number", r->word[word].text);
	}
	*v = reader_find(r->word[word].text, words, n);
	return *v < 0 ? reader_unknown(r, word, what[arg], words, n) : 0;
}

/* The call that begins at `word`, the actor. */
static int read_op(struct reader *r, int word, int thread)
{
	struct vm_prog *p = r->prog;
	struct vm_op *op = &p->op[p->nr_ops];
	int actor = reader_indexed(r->word[word].text, 'p', PROG_MAX_ACTORS), call, nr, wrong;
	char why[128];

	if (actor < 0)
		return refuse(r, word, "'%s' is no actor: p0 to p%d", r->word[word].text,
			      PROG_MAX_ACTORS - 1);
	if (word + 1 >= r->nr_words)
		return refuse(r, word + 1, "what does %s do? a call is missing", r->word[word].text);
	call = find_call(r->word[word + 1].text);
	if (call < 0)
		return unknown_call(r, word + 1);
	if (p->nr_ops == PROG_MAX_CALLS)
		return refuse(r, 0, "more than %d calls: is an 'end' missing?", PROG_MAX_CALLS);
	nr = prog_nr_args((enum prog_call)call);
	if (r->nr_words != word + 2 + nr)
		return refuse(r, r->nr_words < word + 2 + nr ? r->nr_words : word + 2 + nr,
			      "%s has %d argument%s, not %d", prog_spec((enum prog_call)call)->name, nr,
			      nr == 1 ? "" : "s", r->nr_words - word - 2);
	memset(op, 0, sizeof(*op));
	op->call = (uint8_t)call;
	op->actor = (uint8_t)actor;
	op->thread = (int8_t)thread;
	op->block = (uint8_t)(r->in_block ? r->block : 0);
	op->line = (uint16_t)(r->line > UINT16_MAX ? 0 : r->line);
	for (int i = 0; i < nr; i++)
		if (read_arg(r, word + 2 + i, prog_spec((enum prog_call)call)->arg[i], &op->arg[i]))
			return -1;
	if (!prog_check(p, op, &wrong, why, sizeof(why)))
		return refuse(r, word + 2 + wrong, "%s", why);
	p->nr_ops++;
	return 0;
}

static int read_thread_op(struct reader *r)
{
	int thread = reader_indexed(r->word[0].text, 't', PROG_MAX_THREADS);

	if (thread < 0)
		return refuse(r, 0, "'%s' is no thread: t0 to t%d", r->word[0].text, PROG_MAX_THREADS - 1);
	if (!r->in_block)
		return refuse(r, 0, "a thread outside of 'par' and 'end-par'");
	if (r->nr_words < 2)
		return refuse(r, 1, "whose call does %s make? an actor is missing", r->word[0].text);
	return read_op(r, 1, thread);
}

/* ---- statements ----------------------------------------------------------------------------------------- */

static int read_par(struct reader *r)
{
	if (words_exactly(r, 1))
		return -1;
	if (r->in_block)
		return refuse(r, 0, "'par' inside 'par': is an 'end-par' missing?");
	if (r->block == PROG_MAX_BLOCKS)
		return refuse(r, 0, "more than %d blocks in one program", PROG_MAX_BLOCKS);
	r->block++;
	r->in_block = true;
	return 0;
}

static int read_end_par(struct reader *r)
{
	struct vm_prog *p = r->prog;

	if (words_exactly(r, 1))
		return -1;
	if (!r->in_block)
		return refuse(r, 0, "'end-par' without 'par'");
	if (!p->nr_ops || p->op[p->nr_ops - 1].block != r->block)
		return refuse(r, 0, "an empty block");
	r->in_block = false;
	return 0;
}

static int unknown_statement(struct reader *r)
{
	static const char *const names[] = { "p0",	  "p1",	      "p2",	  "t0",	     "t1",
					     "par",	  "end-par",  "end",	  "expect",  "never",
					     "sometimes", "kernel",   "protocol", "machine", "schedule",
					     "version",	  "violation" };
	char c = r->word[0].text[0];
	bool digit = r->word[0].text[1] >= '0' && r->word[0].text[1] <= '9';

	if (c == 'p' && digit)
		return read_op(r, 0, -1); /* says which actors there are */
	if (c == 't' && digit)
		return read_thread_op(r);
	return reader_unknown(r, 0, "word", names, (int)(sizeof(names) / sizeof(names[0])));
}

/* P4. */
static int read_blocks(struct reader *r)
{
	int bad = prog_check_blocks(r->prog);

	if (bad < 0)
		return 0;
	r->line = r->prog->op[bad].line;
	return refuse(r, 0, "p%d exits in a block where another thread has to do with it",
		      r->prog->op[bad].actor);
}

/* => 1: the program is over */
static int read_statement(struct reader *r)
{
	const char *w = r->word[0].text;
	int claim = reader_find(w, prog_claim_words, NR_CLAIMS);

	if (reader_indexed(w, 'p', PROG_MAX_ACTORS) >= 0) {
		if (r->in_block)
			return refuse(r, 0, "a call in a block needs a thread: t0 %s ...", w);
		return read_op(r, 0, -1);
	}
	if (reader_indexed(w, 't', PROG_MAX_THREADS) >= 0)
		return read_thread_op(r);
	if (claim >= 0)
		return read_claim(r, claim);
	if (is_config(r))
		return read_config(r);
	if (!strcmp(w, "par"))
		return read_par(r);
	if (!strcmp(w, "end-par"))
		return read_end_par(r);
	if (!strcmp(w, "prog"))
		return refuse(r, 0, "'prog' inside a program: is an 'end' missing?");
	if (strcmp(w, "end"))
		return unknown_statement(r);
	if (r->in_block)
		return refuse(r, 0, "'end' inside 'par': is an 'end-par' missing?");
	return words_exactly(r, 1) || read_blocks(r) ? -1 : 1;
}

/* ---- programs and files -------------------------------------------------------------------------------- */

/* A whole number in [min, max] from a word. */
static int read_number(struct reader *r, int word, const char *text, int32_t min, int32_t max, int32_t *v)
{
	if (!reader_number(text, 9, v))
		return refuse(r, word, "'%s' is not a decimal number", text);
	if (*v < min || *v > max)
		return refuse(r, word, "%d is not from %d to %d", *v, min, max);
	return 0;
}

static int read_files(struct reader *r)
{
	const char *text = r->word[3].text, *x = strchr(text, 'x');
	int32_t files, pages;
	char number_text[16];

	if (strncmp(text, "files=", 6) || !x)
		return refuse(r, 3, "'%s' is not files=FxP, so many files of so many pages", text);
	snprintf(number_text, sizeof(number_text), "%.*s", (int)(x - text - 6), text + 6);
	if (read_number(r, 3, number_text, 0, PROG_MAX_FILES, &files) ||
	    read_number(r, 3, x + 1, 0, PROG_MAX_FILE_PAGES, &pages))
		return -1;
	r->prog->files = (uint8_t)files;
	r->prog->file_pages = (uint8_t)pages;
	return 0;
}

static int read_head(struct reader *r)
{
	static const char *const names[] = { "prog", "faultline-vm" };
	struct vm_prog *p = r->prog;
	const char *id = r->word[1].text;
	int32_t pages;

	if (strcmp(r->word[0].text, "prog"))
		return reader_find(r->word[0].text, names, 2) == 1 ?
			       refuse(r, 0, "'faultline-vm' stands once, at the top") :
			       reader_unknown(r, 0, "word between programs", names, 1);
	if (words_exactly(r, 4))
		return -1;
	if (strlen(id) >= PROG_ID_MAX)
		return refuse(r, 1, "a name of %zu characters; it has at most %d", strlen(id),
			      PROG_ID_MAX - 1);
	if (id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")])
		return refuse(r, 1, "a name has letters, digits, '-', '_' and '.' only");
	if (strncmp(r->word[2].text, "pages=", 6))
		return refuse(r, 2, "'%s' is not pages=N, the size of the window", r->word[2].text);
	if (read_number(r, 2, r->word[2].text + 6, 1, PROG_MAX_PAGES, &pages) || read_files(r))
		return -1;
	strcpy(p->id, id);
	p->pages = (uint8_t)pages;
	p->line = (uint16_t)(r->line > UINT16_MAX ? 0 : r->line);
	return 0;
}

static int read_prog(struct reader *r)
{
	int begun = r->line, status;

	memset(r->prog, 0, sizeof(*r->prog));
	r->block = 0;
	r->in_block = false;
	if (read_head(r))
		return -1;
	for (;;) {
		status = reader_next(r);
		if (status < 0)
			return -1;
		if (!status)
			return refuse(r, 0, "the program that begins in line %d has no 'end'", begun);
		status = read_statement(r);
		if (status)
			return status < 0 ? -1 : 0;
	}
}

static int read_version(struct reader *r)
{
	int32_t v;

	if (words_exactly(r, 2) || !reader_number(r->word[1].text, 9, &v))
		return refuse(r, 1, "the version of the format is missing: faultline-vm %d", PROG_VERSION);
	if (v != PROG_VERSION)
		return refuse(r, 1, "version %d of the format; this faultline reads version %d", v,
			      PROG_VERSION);
	return 0;
}

static int append(struct reader *r, struct vm_file *f, int *max)
{
	struct vm_prog *more;

	if (f->nr == *max) {
		*max = *max ? *max * 2 : 1;
		more = realloc(f->prog, (size_t)*max * sizeof(*more));
		if (!more)
			return refuse(r, 0, "out of memory after %d programs", f->nr);
		f->prog = more;
	}
	r->prog = &f->prog[f->nr];
	if (read_prog(r))
		return -1;
	f->nr++;
	return 0;
}

int prog_parse(const char *name, const char *text, struct vm_file *f, char *err, size_t n)
{
	struct reader *r = calloc(1, sizeof(*r));
	int status, max = 0;
	bool first = true;

	memset(f, 0, sizeof(*f));
	if (!r) {
		snprintf(err, n, "%s:1:1: out of memory", name);
		return -1;
	}
	r->name = name;
	r->at = text;
	r->err = err;
	r->n = n;
	while ((status = reader_next(r)) > 0) {
		if (first && !strcmp(r->word[0].text, "faultline-vm"))
			status = read_version(r);
		else
			status = append(r, f, &max);
		first = false;
		if (status)
			break;
	}
	if (!status && !f->nr) {
		r->line = r->line ? r->line : 1;
		status = refuse(r, 0, "no program in it: one begins with 'prog ID pages=N files=FxP'");
	}
	free(r);
	if (status)
		prog_file_free(f);
	return status ? -1 : 0;
}

int prog_read(const char *path, struct vm_file *f, char *err, size_t n)
{
	char *text = reader_file(path, err, n);
	int status;

	memset(f, 0, sizeof(*f));
	if (!text)
		return -1;
	status = prog_parse(path, text, f, err, n);
	free(text);
	return status;
}

void prog_file_free(struct vm_file *f)
{
	free(f->prog);
	memset(f, 0, sizeof(*f));
}
