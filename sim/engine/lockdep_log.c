/* SPDX-License-Identifier: MIT */
/*
 * lockdep_log.c - what was new to the lock graph, in its order: kept, put together, gone through again
 *
 * What an event does to a graph depends on what the graph has seen, and a graph never forgets. So whatever is news to
 * one graph of all executions is news to the graph of its unit, and the units' logs hold all that matters.
 */
#include "engine/lockdep_log.h"

/* ---- classes, by what they say: their numbers differ from engine to engine --------------------------------- */

static struct lock_class_name name_of(const struct engine *e, unsigned node)
{
	const struct lock_class *c = &e->locks->class[node >> 1];

	return (struct lock_class_name){ c->name, c->file, c->line, c->subclass };
}

static uint8_t node_of(struct engine *e, const struct lock_class_name *n, unsigned node)
{
	struct sync_lock_key key = { .name = n->name, .file = n->file, .line = n->line };
	uint32_t class = n->file ? lockdep_class(e, &key) : lockdep_bit_class(e, n->name);

	if (n->subclass)
		class = lockdep_subclass(e, class, n->subclass);
	return (uint8_t)(2 * class + (node & 1));
}

static bool same_class(const struct lock_class_name *a, const struct lock_class_name *b)
{
	if (a->line != b->line || a->subclass != b->subclass || !a->file != !b->file || !a->name != !b->name)
		return false;
	return (!a->name || !strcmp(a->name, b->name)) && (!a->file || !strcmp(a->file, b->file));
}

/* ---- logs -------------------------------------------------------------------------------------------------------- */

static void add(struct lock_log *l, const struct lock_event *v)
{
	if (l->nr == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 32;
		l->event = realloc(l->event, (size_t)l->cap * sizeof(*l->event));
		if (!l->event)
			engine_panic("no memory for %d lock orders", l->cap);
	}
	l->event[l->nr++] = *v;
}

void lockdep_event(struct engine *e, struct lock_event *v)
{
	struct lock_log *l = &e->locks->log;
	int at = l->nr;

	v->execution = e->mode == MODE_SETUP ? 0 : e->nr_execution;
	v->to_class = name_of(e, v->to);
	if (!v->usage)
		v->from_class = name_of(e, v->from);
	/* Before it is applied, which may end the execution; it is taken back if it was none. */
	add(l, v);
	if (!lockdep_apply(e, v))
		l->nr = at;
}

void lockdep_log_take(struct engine *e, struct lock_log *l)
{
	*l = e->locks->log;
	e->locks->log = (struct lock_log){ 0 };
}

void lockdep_log_free(struct lock_log *l)
{
	free(l->event);
	*l = (struct lock_log){ 0 };
}

static bool same_event(const struct lock_event *a, const struct lock_event *b)
{
	if (a->usage != b->usage || a->in_irq != b->in_irq || a->same_lock != b->same_lock ||
	    a->bit != b->bit)
		return false;
	return (a->to & 1) == (b->to & 1) && same_class(&a->to_class, &b->to_class) &&
	       (a->usage || ((a->from & 1) == (b->from & 1) && same_class(&a->from_class, &b->from_class)));
}

void lockdep_log_append(struct lock_log *a, const struct lock_log *b, uint64_t before)
{
	int nr = a->nr;

	for (int i = 0; i < b->nr; i++) {
		struct lock_event v = b->event[i];
		bool known = false;

		for (int k = 0; k < nr && !known; k++)
			known = same_event(&a->event[k], &v);
		if (known)
			continue;
		v.execution += before;
		add(a, &v);
	}
}

void lockdep_log_count_from(struct lock_log *l, uint64_t from)
{
	for (int i = 0; i < l->nr; i++)
		l->event[i].execution -= from;
}

void lockdep_log_apply(struct engine *e, const struct lock_log *l)
{
	for (int i = 0; i < l->nr; i++) {
		struct lock_event v = l->event[i];

		v.to = node_of(e, &v.to_class, v.to);
		if (!v.usage)
			v.from = node_of(e, &v.from_class, v.from);
		lockdep_apply(e, &v);
	}
}

void lockdep_log_return(struct engine *e, struct lock_log *l)
{
	lockdep_restart(e);
	lockdep_log_apply(e, l);
	lockdep_log_free(&e->locks->log);
	e->locks->log = *l;
	*l = (struct lock_log){ 0 };
}
