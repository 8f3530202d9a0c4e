/* SPDX-License-Identifier: MIT */
/* units.c - the list of an exploration's units of work */
#include "engine/unit.h"

struct unit *unit_new(struct explorer *x, struct unit *after)
{
	struct unit *u = calloc(1, sizeof(*u));
	struct unit **link = after ? &after->next : &x->first;

	if (u)
		u->r = calloc(1, sizeof(*u->r));
	if (!u || !u->r)
		engine_panic("no memory for a part of the exploration");
	u->to = UINT64_MAX;
	u->next = *link;
	*link = u;
	return u;
}

static void unit_free(struct unit *u)
{
	lockdep_log_free(&u->locks);
	free(u->bytes);
	free(u->r);
	free(u);
}

void units_free(struct explorer *x)
{
	for (struct unit *u = x->first, *next; u; u = next) {
		next = u->next;
		unit_free(u);
	}
}

/* Executions of `u`: those of what follows it come after so many. */
static uint64_t length(const struct unit *u)
{
	return u->r->stats.executions + u->r->stats.redundant;
}

void units_fold(struct explorer *x)
{
	for (struct unit *u = x->first; u; u = u->next) {
		while (u->state == UNIT_DONE && !u->stopped && u->next && u->next->state == UNIT_DONE) {
			struct unit *n = u->next;

			lockdep_log_append(&u->locks, &n->locks, length(u));
			result_append(u->r, n->r, n->stopped);
			u->complete &= n->complete;
			u->stopped = n->stopped;
			u->to = n->to;
			u->next = n->next;
			unit_free(n);
		}
	}
}

bool units_in_vain(const struct explorer *x, const struct unit *u)
{
	for (const struct unit *v = x->first; v && v != u; v = v->next)
		if (v->state == UNIT_DONE && v->stopped)
			return true;
	return false;
}

static bool is_sample(const struct explorer *x)
{
	return !x->strategy->covered;
}

struct unit *units_waiting(const struct explorer *x)
{
	for (struct unit *u = x->first; u; u = u->next) {
		if (u->state == UNIT_DONE && u->stopped)
			return NULL;
		if (is_sample(x) && x->o->executions && u->from >= x->o->executions)
			return NULL;
		if (u->state == UNIT_WAITING)
			return u;
	}
	return NULL;
}

void units_cut_at_budget(struct explorer *x)
{
	uint64_t at = x->o->executions;

	if (!is_sample(x) || !at)
		return;
	for (struct unit *u = x->first; u; u = u->next) {
		struct unit *n;

		if (u->state != UNIT_WAITING || u->from >= at || u->to <= at)
			continue;
		n = unit_new(x, u);
		n->from = at;
		n->to = u->to;
		u->to = at;
		return;
	}
}

bool units_unfinished(const struct explorer *x)
{
	for (const struct unit *u = x->first; u; u = u->next) {
		if (u->state != UNIT_DONE)
			return true;
		if (u->stopped)
			return false;
	}
	return false;
}
