// SPDX-License-Identifier: MIT
/* print.c - VM programs as text, which parses to the same program */
#include <string.h>

#include "prog/log.h"

void prog_print_version(FILE *f)
{
	fprintf(f, "faultline-vm %d\n", PROG_VERSION);
}

void prog_print_op(FILE *f, const struct vm_op *op)
{
	const struct prog_spec *s = prog_spec((enum prog_call)op->call);
	const char *const *words;

	if (op->thread >= 0)
		fprintf(f, "t%d ", op->thread);
	fprintf(f, "p%d %s", op->actor, s->name);
	for (int i = 0; i < PROG_MAX_ARGS && s->arg[i] != ARG_NONE; i++) {
		if (prog_words(s->arg[i], &words))
			fprintf(f, " %s", words[op->arg[i]]);
		else
			fprintf(f, " %d", op->arg[i]);
	}
}

static void print_claims(FILE *f, const struct vm_prog *p, int after)
{
	for (int i = 0; i < p->nr_claims; i++) {
		const struct vm_claim *c = &p->claim[i];

		if (c->after != after)
			continue;
		fputs(prog_claim_words[c->kind], f);
		for (int t = 0; t < c->nr_terms; t++) {
			if (c->term[t].op == after - 1)
				fputc(' ', f);
			else
				fprintf(f, " %d:", c->term[t].op);
			vm_outcome_print(f, &c->term[t].result);
		}
		fputc('\n', f);
	}
}

#define SEGMENTS 8 /* of a schedule, a line */

static void print_schedule(FILE *f, const struct vm_prog *p)
{
	int nr = 0;

	for (const char *s = p->schedule; *s; nr++) {
		size_t n = strcspn(s, " ");

		fprintf(f, "%s %.*s", nr % SEGMENTS ? "" : nr ? "\nschedule" : "schedule", (int)n, s);
		s += n + (s[n] == ' ');
	}
	if (nr)
		fputc('\n', f);
	if (*p->version)
		fprintf(f, "version %s\n", p->version);
	if (*p->oracle)
		fprintf(f, "violation %s\n", p->oracle);
}

void prog_print(FILE *f, const struct vm_prog *p)
{
	int block = 0;

	fprintf(f, "prog %s pages=%d files=%dx%d\n", p->id, p->pages, p->files, p->file_pages);
	if (*p->kernel)
		fprintf(f, "kernel %s\n", p->kernel);
	if (*p->protocol)
		fprintf(f, "protocol %s\n", p->protocol);
	if (p->frames)
		fprintf(f, "machine frames=%d swap=%d\n", p->frames, p->swap);
	for (int i = 0; i <= p->nr_ops; i++) {
		int next = i < p->nr_ops ? p->op[i].block : 0;

		if (block && next != block)
			fputs("end-par\n", f);
		print_claims(f, p, i);
		if (i == p->nr_ops)
			break;
		if (next && next != block)
			fputs("par\n", f);
		block = next;
		prog_print_op(f, &p->op[i]);
		fputc('\n', f);
	}
	print_schedule(f, p);
	fputs("end\n", f);
}

/* ---- equality ------------------------------------------------------------------------------------------ */

static bool op_equal(const struct vm_op *a, const struct vm_op *b)
{
	return a->call == b->call && a->actor == b->actor && a->thread == b->thread && a->block == b->block &&
	       !memcmp(a->arg, b->arg, sizeof(a->arg));
}

static bool claim_equal(const struct vm_claim *a, const struct vm_claim *b)
{
	if (a->kind != b->kind || a->after != b->after || a->nr_terms != b->nr_terms)
		return false;
	for (int t = 0; t < a->nr_terms; t++) {
		const struct vm_result *x = &a->term[t].result, *y = &b->term[t].result;

		if (a->term[t].op != b->term[t].op || x->outcome != y->outcome || x->value != y->value ||
		    x->page != y->page || x->offset != y->offset)
			return false;
	}
	return true;
}

bool prog_equal(const struct vm_prog *a, const struct vm_prog *b)
{
	if (strcmp(a->id, b->id) || strcmp(a->kernel, b->kernel) || strcmp(a->protocol, b->protocol) ||
	    a->pages != b->pages || a->files != b->files || a->file_pages != b->file_pages ||
	    a->nr_ops != b->nr_ops || a->nr_claims != b->nr_claims || a->frames != b->frames ||
	    a->swap != b->swap || strcmp(a->schedule, b->schedule) || strcmp(a->oracle, b->oracle) ||
	    strcmp(a->version, b->version))
		return false;
	for (int i = 0; i < a->nr_ops; i++)
		if (!op_equal(&a->op[i], &b->op[i]))
			return false;
	for (int i = 0; i < a->nr_claims; i++)
		if (!claim_equal(&a->claim[i], &b->claim[i]))
			return false;
	return true;
}
