/* SPDX-License-Identifier: MIT */
/* stress.c - rounds until the budget is used, and what they found */
#include <stdio.h>
#include <string.h>

#include "native/internal.h"

static void count_violation(const struct native_machine *m, struct native_result *r)
{
	struct native_kind *k = r->kind;

	r->violating++;
	while (k < r->kind + r->nr_kinds && strcmp(k->first.oracle, m->violation.oracle))
		k++;
	if (k == r->kind + r->nr_kinds) {
		if (r->nr_kinds == NATIVE_MAX_KINDS)
			return;
		r->nr_kinds++;
		k->first = m->violation;
		k->round = r->rounds;
	}
	k->count++;
}

static int run_setup(struct native_machine *m, char *err, size_t n)
{
	machine_setup(m, NATIVE_SETUP_SECONDS);
	if (m->violation.oracle[0]) {
		snprintf(err, n, "the set-up of %s failed: %s: %.300s", m->p->name, m->violation.oracle,
			 m->violation.message);
		return -1;
	}
	if (!m->no_image)
		memory_snapshot(m);
	return 0;
}

/* => returns false when there can be no further round */
static bool one_round(struct native_machine *m, const struct native_options *o, struct native_result *r)
{
	double bound = o->round_seconds > 0 ? o->round_seconds : NATIVE_ROUND_SECONDS;
	enum native_end end;

	if (!m->no_image)
		memory_restore(m);
	end = machine_round(m, bound);
	r->rounds++;
	if (end == NATIVE_OVER && !m->violation.oracle[0])
		machine_check(m);
	outcome_count(m, r);
	if (m->violation.oracle[0])
		count_violation(m, r);
	r->hung = end == NATIVE_HUNG || end == NATIVE_STUCK;
	return !r->hung;
}

static bool budget_left(const struct native_options *o, struct native_result *r)
{
	if (o->interrupted && *o->interrupted) {
		r->interrupted = true;
		return false;
	}
	if ((o->stop_at_first && r->violating) || (o->no_image && r->rounds))
		return false;
	if (o->rounds && r->rounds >= o->rounds)
		return false;
	if (o->seconds > 0)
		return r->seconds < o->seconds;
	return o->rounds || !r->rounds;
}

int native_stress(const struct engine_program *p, const struct native_options *o, struct native_result *r,
		  char *err, size_t n)
{
	struct native_machine *m = machine_create(p, o, err, n);
	double start, told = 0;

	memset(r, 0, sizeof(*r));
	if (!m)
		return -1;
	if (run_setup(m, err, n)) {
		machine_destroy(m);
		return -1;
	}
	start = native_now();
	while (budget_left(o, r) && one_round(m, o, r)) {
		r->seconds = native_now() - start;
		if (o->progress && r->seconds >= told + 1) {
			told = r->seconds;
			o->progress(o->progress_arg, r->rounds, r->seconds);
		}
	}
	r->seconds = native_now() - start;
	if (r->seconds > 0)
		r->rounds_per_second = (double)r->rounds / r->seconds;
	machine_destroy(m);
	return 0;
}
