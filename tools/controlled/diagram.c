// SPDX-License-Identifier: MIT
/*
 * diagram.c - which rows an execution's diagram has, and their words
 *
 * Shown are the steps that changed something, passed a label or had to wait; of a run without any, its last step.
 * A function is shown when such a step stands in it, when it is the system call, or when shown functions part in it;
 * the others on the way are left out, as they are in a drawing by hand.
 */
#include <stdlib.h>
#include <string.h>

#include "controlled/diagram.h"

/* What is known of a call while the rows are chosen. */
struct shape {
	int shown_below; /* how many of the calls in it have a shown step in or below them */
	bool shown;	 /* has one in or below it */
	bool leaf;	 /* has one in it */
	bool outermost;	 /* kernel code called from the race's own */
	bool printed;
};

struct build {
	struct diagram *d;
	const struct engine_trace *t;
	const struct calls *c;
	struct shape *shape; /* by call */
	bool *shown;	     /* by step */
	bool verbose;
	int last_task; /* the actor of the latest row, -1: none yet */
	int last_leaf; /* its call */
	bool failed;   /* no memory */
};

static bool is_actor(const struct build *b, int task)
{
	return task < b->d->nr_columns;
}

/* ---- choosing --------------------------------------------------------------------------------------- */

static void choose_steps(struct build *b)
{
	const struct engine_trace *t = b->t;
	bool any = false;

	for (size_t i = 0; i < t->nr; i++) {
		const struct engine_step *s = &t->step[i];
		bool run_ends = i + 1 == t->nr || t->step[i + 1].task != s->task;

		b->shown[i] = b->verbose || *s->change || *s->label || s->blocked || i + 1 == t->nr;
		any |= b->shown[i];
		if (run_ends && !any && is_actor(b, s->task))
			b->shown[i] = true;
		if (run_ends)
			any = false;
	}
}

static void choose_calls(struct build *b)
{
	const struct calls *c = b->c;

	for (size_t i = 0; i < b->t->nr; i++) {
		int k = c->leaf[i];

		if (!b->shown[i] || k < 0)
			continue;
		b->shape[k].leaf = true;
		for (; k >= 0 && !b->shape[k].shown; k = c->call[k].parent) {
			b->shape[k].shown = true;
			if (c->call[k].parent >= 0)
				b->shape[c->call[k].parent].shown_below++;
		}
	}
	for (int k = 0; k < c->nr; k++) {
		int parent = c->call[k].parent;

		b->shape[k].outermost =
			c->call[k].kind == FRAME_KERNEL && (parent < 0 || c->call[parent].kind == FRAME_RACE);
	}
}

static bool call_kept(const struct build *b, int k)
{
	const struct shape *s = &b->shape[k];

	if (b->verbose || s->leaf)
		return s->shown;
	return b->c->call[k].kind == FRAME_KERNEL && s->shown && (s->outermost || s->shown_below > 1);
}

static int call_indent(const struct build *b, int k)
{
	int n = 0;

	while ((k = b->c->call[k].parent) >= 0)
		n += call_kept(b, k);
	return n;
}

/* ---- rows ------------------------------------------------------------------------------------------- */

static struct row *row_add(struct build *b, enum row_kind kind, int task, long step, int indent)
{
	struct diagram *d = b->d;

	if (d->nr == d->cap) {
		int cap = d->cap ? 2 * d->cap : 64;
		struct row *n = realloc(d->row, (size_t)cap * sizeof(*n));

		if (!n) {
			b->failed = true;
			return NULL;
		}
		d->row = n;
		d->cap = cap;
	}
	d->row[d->nr] =
		(struct row){ .kind = kind, .task = task, .step = step, .indent = indent, .change = "" };
	return &d->row[d->nr++];
}

/* The next step of a task from i on, or the end. */
static size_t next_of(const struct build *b, size_t i, int task)
{
	while (i < b->t->nr && b->t->step[i].task != task)
		i++;
	return i;
}

/* Another actor goes on at step i: says why the latest one stopped, unless it is done. */
static void switch_row(struct build *b, size_t i)
{
	size_t next = b->last_task < 0 ? b->t->nr : next_of(b, i, b->last_task);
	struct row *r;

	if (next == b->t->nr)
		return;
	r = row_add(b, ROW_SWITCH, b->last_task, -1, 0);
	if (r)
		snprintf(r->text, sizeof(r->text),
			 b->t->step[next].blocked ? "-- waits --" : "-- preempted --");
}

static void call_rows(struct build *b, int k)
{
	struct row *r;

	if (k < 0 || b->shape[k].printed)
		return;
	call_rows(b, b->c->call[k].parent);
	b->shape[k].printed = true;
	if (!call_kept(b, k))
		return;
	r = row_add(b, ROW_CALL, b->c->call[k].task, -1, call_indent(b, k));
	if (r)
		snprintf(r->text, sizeof(r->text), "%s()", b->c->call[k].function);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void verbose_words(const struct build *b, size_t i, struct row *r)
{
	const struct engine_step *s = &b->t->step[i];
	int k = b->c->leaf[i];

	if (k >= 0)
		snprintf(r->text, sizeof(r->text), "%s:%d", base_name(b->c->call[k].file), b->c->line[i]);
	snprintf(r->note, sizeof(r->note), "%s%s%s", s->op, *s->object ? " " : "", s->object);
}

/* The row that carries step i: that of its function, if it was just entered, else one of its own. */
static void step_row(struct build *b, size_t i, bool back)
{
	const struct engine_step *s = &b->t->step[i];
	int k = b->c->leaf[i], before = b->d->nr;
	struct row *r;

	if (k >= 0)
		call_rows(b, k);
	if (b->d->nr > before && !b->verbose) {
		r = &b->d->row[b->d->nr - 1];
		r->step = (long)i;
	} else {
		r = row_add(b, ROW_STEP, s->task, (long)i, k < 0 ? 0 : call_indent(b, k) + b->verbose);
		if (!r)
			return;
		if (k < 0)
			snprintf(r->text, sizeof(r->text), "%s", s->op);
		else if (back)
			snprintf(r->text, sizeof(r->text), "...%s()", b->c->call[k].function);
		else if (k != b->last_leaf)
			snprintf(r->text, sizeof(r->text), "...");
	}
	r->change = s->change;
	if (b->verbose)
		verbose_words(b, i, r);
}

static void actor_step(struct build *b, size_t i)
{
	const struct engine_step *s = &b->t->step[i];
	bool back = s->task != b->last_task;
	int k = b->c->leaf[i];
	struct row *r;

	if (back)
		switch_row(b, i);
	step_row(b, i, back);
	if (*s->label) {
		r = row_add(b, ROW_LABEL, s->task, -1, k < 0 ? 0 : call_indent(b, k) + 1);
		if (r)
			snprintf(r->text, sizeof(r->text), "@%s", s->label);
	}
	b->last_task = s->task;
	b->last_leaf = k;
}

static void other_step(struct build *b, size_t i)
{
	const struct engine_step *s = &b->t->step[i];
	struct row *r = row_add(b, ROW_OTHER, s->task, (long)i, 0);
	char name[ENGINE_NAME_MAX];
	int k = b->c->leaf[i];

	if (!r)
		return;
	engine_task_name(b->d->program, s->task, name, sizeof(name));
	snprintf(r->text, sizeof(r->text), k < 0 ? "-- %s: %s --" : "-- %s: %s() --", name,
		 k < 0 ? s->op : b->c->call[k].function);
	r->change = s->change;
	if (b->verbose)
		snprintf(r->note, sizeof(r->note), "%s%s%s", s->op, *s->object ? " " : "", s->object);
}

static int count_actors(const struct engine_program *p)
{
	int n = 0;

	while (n < p->nr_tasks && p->tasks[n].kind == ENGINE_ACTOR)
		n++;
	return n;
}

static void build_rows(struct build *b)
{
	choose_steps(b);
	choose_calls(b);
	for (size_t i = 0; i < b->t->nr; i++)
		if (b->shown[i] && is_actor(b, b->t->step[i].task))
			actor_step(b, i);
		else if (b->shown[i])
			other_step(b, i);
}

static void violation_row(struct build *b, const struct engine_violation *v)
{
	struct row *r;

	if (!v || !*v->oracle)
		return;
	r = row_add(b, ROW_VIOLATION, v->task, -1, 0);
	if (r)
		snprintf(r->text, sizeof(r->text), "!! %s", v->oracle);
}

struct diagram *diagram_create(const struct engine_program *p, const struct engine_trace *t,
			       const struct calls *c, const struct engine_violation *v, bool verbose)
{
	struct build b = { .t = t, .c = c, .verbose = verbose, .last_task = -1, .last_leaf = -1 };

	b.d = calloc(1, sizeof(*b.d));
	b.shape = calloc((size_t)c->nr + 1, sizeof(*b.shape));
	b.shown = calloc(t->nr + 1, sizeof(*b.shown));
	b.failed = !b.d || !b.shape || !b.shown;
	if (!b.failed) {
		b.d->program = p;
		b.d->nr_columns = count_actors(p);
		build_rows(&b);
		violation_row(&b, v);
	}
	free(b.shape);
	free(b.shown);
	if (b.failed) {
		diagram_destroy(b.d);
		return NULL;
	}
	return b.d;
}

void diagram_destroy(struct diagram *d)
{
	if (!d)
		return;
	free(d->row);
	free(d);
}
