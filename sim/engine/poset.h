/* SPDX-License-Identifier: MIT */
/*
 * poset.h - the execution at hand as a partial order of its steps
 *
 * An event is a step. One happens before another when a chain of dependent steps (op.h) leads from it to the other;
 * vector clocks say so. Two executions that order all dependent steps alike are equivalent: one class, one trace in
 * Mazurkiewicz's sense.
 *
 * Order and what could be reversed differ for operations that wait. An acquire comes after the release before it, but
 * what it races with is the acquire before that. So two clocks are followed while the predecessors of an operation are
 * visited, latest first: one with all orders, and one without those that cannot be reversed.
 *
 * Events stay from one execution to the next as far as both take the same steps: poset_cut() drops the others.
 *
 * I1: ev[i] for i < nr describes the first nr steps, clocks and chains complete.
 * I2: head[loc] is the latest of them on loc, ev[].chain the one before: cutting an event restores both.
 */
#ifndef SIM_ENGINE_POSET_H
#define SIM_ENGINE_POSET_H

#include "engine/internal.h"

struct event {
	struct op op;
	uint64_t old, new_; /* values before and after a write */
	uint32_t tidx;	    /* number of this step among its task's, from 1 */
	uint32_t chain;	    /* event + 1 before it on the same location */
	uint32_t previous;  /* event + 1 before it of the same task */
	order_t order;	    /* task and choice */
	uint8_t task;
	clk_t vc[ENGINE_MAX_TASKS]; /* by task: how many of its steps happen before this one, this one included */
};

struct poset {
	struct event *ev;
	uint32_t nr, cap;
	uint32_t *head;
	uint32_t last[ENGINE_MAX_TASKS]; /* event + 1, by task */
	uint32_t *race;			 /* events that the one looked at last races with, latest first */
	uint32_t nr_races, cap_races;
};

/* => -1 when there is no memory */
int poset_create(const struct engine *e, struct poset *p);
void poset_destroy(struct poset *p);
/* => true, and one line in err: a reduction cannot take these options, or, for sc_only, this memory model */
bool poset_refuses(const struct engine *e, const struct engine_options *o, const char *strategy, bool sc_only,
		   char *err, size_t n);
size_t poset_bytes(const struct engine *e, const struct poset *p);
/* Makes room for event nr. */
void poset_reserve(struct poset *p);
/* Completes event nr from what the step did in the end; its races are in race[]. */
void poset_add(struct engine *e, struct poset *p);
/* Looks at the operation that `task` waits for as if it were event nr, without adding it. */
void poset_waiting(struct engine *e, struct poset *p, int task);
/* Joins vc with the drains before event `end` that op waits for. */
void poset_join_drained(const struct engine *e, const struct poset *p, const struct op *op, clk_t *vc,
			uint32_t end);
void poset_cut(struct poset *p, uint32_t down_to);
/* The same for equivalent executions, and different for others but for chance. */
uint64_t poset_class(const struct engine *e, const struct poset *p);

/*
 * What a waiting operation waits for: could `op`, which comes after events [.., nr) of p, have run without event `at`,
 * what happens after that, and those in `but` of the additions that neither order? (Bit k of `but`: the k-th from the
 * latest; see poset_additions().) `with`: with event `at` all the same. => true: it could.
 */
bool poset_enabled(const struct poset *p, uint32_t previous, const struct op *op, uint32_t at, uint32_t but,
		   bool with);
/*
 * The additions to op's word after event `at` and not ordered with it, latest first; in *fixed the bits of those that
 * op, whose task's step before is event `previous` - 1, cannot do without. => how many
 */
#define POSET_MAX_ADDITIONS 12
uint32_t poset_additions(const struct poset *p, uint32_t previous, const struct op *op, uint32_t at,
			 uint32_t add[POSET_MAX_ADDITIONS], uint32_t *fixed);

static inline bool event_before(const struct event *a, const struct event *b)
{
	return b->vc[a->task] >= a->tidx;
}

#endif
