// SPDX-License-Identifier: MIT
/*
 * shrink.c - the smallest program that still does what a program did
 *
 * Rounds of: drop calls, halves first, then one by one; make arguments, actors, window and files smaller. A round that
 * changed nothing ends it, so that what is left is minimal for every single step.
 */
#include <string.h>

#include "prog/compare.h"

struct shrink {
	struct vm_prog *p; /* the smallest so far */
	struct vm_prog trial;
	bool (*test)(const struct vm_prog *p, void *arg);
	void *arg;
	long tests;
};

/* => whether the trial is a program that still does it: then it is the smallest so far */
static bool try(struct shrink *s)
{
	char err[128];
	int arg;

	for (int i = 0; i < s->trial.nr_ops; i++)
		if (!prog_check(&s->trial, &s->trial.op[i], &arg, err, sizeof(err)))
			return false;
	if (prog_check_blocks(&s->trial) >= 0)
		return false;
	s->tests++;
	if (!s->test(&s->trial, s->arg))
		return false;
	*s->p = s->trial;
	return true;
}

/* ---- calls -------------------------------------------------------------------------------------------------- */

static bool drop(struct shrink *s, int from, int nr)
{
	s->trial = *s->p;
	memmove(&s->trial.op[from], &s->trial.op[from + nr],
		(size_t)(s->trial.nr_ops - from - nr) * sizeof(s->trial.op[0]));
	s->trial.nr_ops = (uint16_t)(s->trial.nr_ops - nr);
	return try(s);
}

static bool drop_calls(struct shrink *s)
{
	bool any = false;

	for (int nr = s->p->nr_ops / 2 ? s->p->nr_ops / 2 : 1; nr; nr /= 2)
		/* from the end: what stands there needs what comes before */
		for (int from = s->p->nr_ops - nr; from >= 0; from--)
			if (from + nr <= s->p->nr_ops)
				any |= drop(s, from, nr);
	return any;
}

/* ---- what is smaller -------------------------------------------------------------------------------------------- */

/* Puts the smallest of 0 .. value - 1 into the trial with which it still does it, of a few. */
static bool lower_arg(struct shrink *s, int op, int arg)
{
	int32_t now = s->p->op[op].arg[arg];
	const int32_t candidates[] = { 0, 1, 2, now / 2, now - 1 };

	for (int i = 0; i < 5; i++) {
		if (candidates[i] >= now)
			continue;
		s->trial = *s->p;
		s->trial.op[op].arg[arg] = candidates[i];
		if (try(s))
			return true;
	}
	return false;
}

static bool lower_args(struct shrink *s)
{
	bool any = false;

	for (int i = 0; i < s->p->nr_ops; i++) {
		for (int a = 0; a < prog_nr_args((enum prog_call)s->p->op[i].call); a++)
			while (lower_arg(s, i, a))
				any = true;
		for (uint8_t actor = 0; actor < s->p->op[i].actor; actor++) {
			s->trial = *s->p;
			s->trial.op[i].actor = actor;
			any |= try(s);
		}
	}
	return any;
}

static bool lower_byte(struct shrink *s, uint8_t *of_trial, uint8_t now, uint8_t least)
{
	for (uint8_t v = least; v < now; v++) {
		s->trial = *s->p;
		*of_trial = v;
		if (try(s))
			return true;
	}
	return false;
}

/* Everything one page down at once, which no single step can do. */
static bool move_down(struct shrink *s)
{
	s->trial = *s->p;
	for (int i = 0; i < s->trial.nr_ops; i++) {
		const struct prog_spec *spec = prog_spec((enum prog_call)s->trial.op[i].call);

		for (int a = 0; a < PROG_MAX_ARGS && spec->arg[a] != ARG_NONE; a++) {
			bool unused = s->trial.op[i].call == CALL_MREMAP && a == MREMAP_DST &&
				      s->trial.op[i].arg[MREMAP_HOW] == MOVE_INPLACE;

			if (spec->arg[a] == ARG_PAGE && !unused && s->trial.op[i].arg[a]-- == 0)
				return false;
		}
	}
	return try(s);
}

static bool lower_sizes(struct shrink *s)
{
	bool any = false;

	while (move_down(s))
		any = true;
	any |= lower_byte(s, &s->trial.pages, s->p->pages, 1);
	any |= lower_byte(s, &s->trial.files, s->p->files, 0);
	any |= lower_byte(s, &s->trial.file_pages, s->p->file_pages, 0);
	return any;
}

long prog_shrink(struct vm_prog *p, bool (*test)(const struct vm_prog *p, void *arg), void *arg)
{
	static const struct vm_claim no_claim;
	struct shrink s = { .p = p, .test = test, .arg = arg };
	bool any;

	for (int i = 0; i < p->nr_claims; i++)
		p->claim[i] = no_claim;
	p->nr_claims = 0;
	do {
		any = drop_calls(&s);
		any |= lower_args(&s);
		any |= lower_sizes(&s);
	} while (any);
	return s.tests;
}

/* ---- whether two backends differ -------------------------------------------------------------------------------- */

bool prog_differs_alike(const struct vm_prog *p, void *arg)
{
	struct prog_same_difference *s = arg;
	struct vm_difference d;
	char err[256];

	if (prog_run(s->a, p, s->log_a->detail, s->log_a, err, sizeof(err)) ||
	    prog_run(s->b, p, s->log_b->detail, s->log_b, err, sizeof(err)) ||
	    prog_compare(s->log_a, s->log_b, s->level, &d) != VERDICT_DIFFERENT)
		return false;
	if (d.part == PART_ORACLE && s->first.part == PART_ORACLE)
		return !strcmp(s->log_a->violation.oracle, s->oracle_a) &&
		       !strcmp(s->log_b->violation.oracle, s->oracle_b);
	return d.level == s->first.level && d.part == s->first.part && d.op >= 0 &&
	       p->op[d.op].call == s->call;
}
