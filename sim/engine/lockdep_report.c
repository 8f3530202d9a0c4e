/* SPDX-License-Identifier: MIT */
/*
 * lockdep_report.c - see lockdep_report.h
 *
 * A program may state an order of its locks (engine_program.lock_ranks). Two locks taken against it are reported at
 * once, whether or not anybody takes them the other way about.
 */
#include "engine/lockdep_report.h"
#include "engine/identity.h"

const char *lockdep_class_name(const struct engine *e, unsigned node, char *buf, size_t n)
{
	const struct lock_class *c = &e->locks->class[node >> 1];

	if (c->subclass)
		snprintf(buf, n, "%s/%d", c->name, c->subclass);
	else
		snprintf(buf, n, "%s", c->name);
	return buf;
}

/* ---- reports ------------------------------------------------------------------------------------------ */

struct engine_lock_report *lockdep_report_new(struct engine *e, uint64_t execution)
{
	struct lockdep *d = e->locks;
	struct engine_lock_report *r;

	if (d->now.nr_reports == ENGINE_MAX_LOCK_REPORTS)
		return NULL;
	r = &d->report[d->now.nr_reports++];
	memset(r, 0, sizeof(*r));
	r->execution = execution;
	return r;
}

void lockdep_report_link(struct engine *e, struct engine_lock_report *r, const struct lock_edge *g)
{
	int i = r->nr;

	if (i == ENGINE_MAX_LOCK_LINKS)
		return;
	r->nr++;
	snprintf(r->link[i].task, sizeof(r->link[i].task), "%s", g->task);
	lockdep_class_name(e, g->from, r->link[i].held, sizeof(r->link[i].held));
	lockdep_class_name(e, g->to, r->link[i].taken, sizeof(r->link[i].taken));
	r->link[i].execution = g->execution;
	r->link[i].held_pc = g->held_pc;
	r->link[i].depth = g->depth;
	memcpy(r->link[i].pc, g->pc, sizeof(g->pc));
}

void lockdep_report_done(struct engine *e, const struct engine_lock_report *r)
{
	if (!e->opt || !e->opt->lock_order_fatal || e->mode != MODE_RUN)
		return;
	for (int i = 0; i < r->nr; i++) {
		about_add(e, r->link[i].held);
		about_add(e, r->link[i].taken);
	}
	violate(e, "lock-order", "%s", r->message);
}

struct lock_edge lockdep_edge_of(const struct engine *e, const struct lock_event *v)
{
	struct lock_edge g = { .from = v->from,
			       .to = v->to,
			       .task = e->task[v->task].name,
			       .held_pc = v->held_pc,
			       .depth = v->depth,
			       .execution = v->execution };

	memcpy(g.pc, v->pc, sizeof(g.pc));
	return g;
}

/* The same lock again, or another of its class without an annotation. */
void lockdep_report_same(struct engine *e, const struct lock_event *v)
{
	struct engine_lock_report *r;
	struct lock_edge g = lockdep_edge_of(e, v);
	char name[ENGINE_NAME_MAX];

	r = lockdep_report_new(e, v->execution);
	if (!r)
		return;
	lockdep_report_link(e, r, &g);
	lockdep_class_name(e, v->from, name, sizeof(name));
	if (!v->same_lock)
		snprintf(
			r->message, sizeof(r->message),
			"%s takes two locks of one class, %s, without an annotation that says in which order",
			g.task, name);
	else if (v->from_shared && v->to_shared)
		snprintf(r->message, sizeof(r->message),
			 "%s takes %s for reading again: a writer that queues between the two waits for the "
			 "first and holds up the second",
			 g.task, name);
	else
		snprintf(r->message, sizeof(r->message), "%s takes %s (%s) while it holds it (%s)", g.task,
			 name, v->to_op, v->from_op);
	lockdep_report_done(e, r);
}

/* ---- the stated order ---------------------------------------------------------------------------------- */

/* "tree_lock" is "mapping->tree_lock", "m->swap.lock" is "swap.lock". => name ends in the whole word */
static bool names(const char *name, const char *word)
{
	size_t n = strlen(name), w = strlen(word);

	if (n < w || strcmp(name + n - w, word) != 0)
		return false;
	return n == w || strchr(".>&*(", name[n - w - 1]);
}

int lockdep_rank_of(const struct engine *e, const char *name)
{
	const struct engine_lock_rank *r = e->prog.lock_ranks;

	for (; r && r->name; r++)
		if (names(name, r->name))
			return r->rank;
	return 0;
}

void lockdep_check_rank(struct engine *e, const struct lock_event *v)
{
	const struct lock_class *from = &e->locks->class[v->from >> 1], *to = &e->locks->class[v->to >> 1];
	char held[ENGINE_NAME_MAX], taken[ENGINE_NAME_MAX];
	struct engine_lock_report *r;
	struct lock_edge g;

	if (!from->rank || !to->rank || from->rank < to->rank || from->base == to->base)
		return;
	r = lockdep_report_new(e, v->execution);
	if (!r)
		return;
	g = lockdep_edge_of(e, v);
	lockdep_report_link(e, r, &g);
	snprintf(r->message, sizeof(r->message),
		 "%s takes %s while it holds %s, which comes after it in the lock order", g.task,
		 lockdep_class_name(e, v->to, taken, sizeof(taken)),
		 lockdep_class_name(e, v->from, held, sizeof(held)));
	lockdep_report_done(e, r);
}
