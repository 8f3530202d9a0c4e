/* SPDX-License-Identifier: MIT */
/*
 * strategy_dpor.c - dynamic partial order reduction: at least one execution of every equivalence class
 *
 * Source sets with sleep sets (Abdulla, Aronis, Jonsson, Sagonas, POPL 2014; locks as in the journal version, JACM
 * 2017). Two executions are equivalent when they order all dependent operations alike (op.h). Each execution is looked
 * at for races: pairs of dependent operations next to each other in happens-before, whose order could have been the
 * other way; for each, one of the tasks that can begin the other order is added to the choices at the earlier one's
 * state, unless one is there already.
 *
 * Order and what could be reversed differ for operations that wait. An acquire comes after the release before it, but
 * what it races with is the acquire before that. So two clocks are followed while the predecessors of an operation are
 * visited, latest first: `hb` with all orders, and `race`, without those that cannot be reversed.
 *
 * State stays from one execution to the next up to the branch, so that only what is new is computed.
 *
 * I1: node[i] for i < nr_done describes the first nr_done steps of the current execution, clocks and chains complete.
 * I2: head[loc] is the latest of them on loc, node[].chain the one before: popping a node restores both.
 */
#include "engine/internal.h"

struct node {
	struct op op;
	uint64_t old;	   /* value before a write */
	uint32_t tidx;	   /* number of this step among its task's, from 1 */
	uint32_t chain;	   /* node + 1 before it on the same location */
	uint32_t previous; /* node + 1 before it of the same task */
	taskmask enabled, backtrack, done, sleep;
	uint8_t task;
	struct vclock vc; /* by task: how many of its steps happen before this one, this one included */
};

struct dpor {
	struct node *node;
	uint32_t cap;
	uint32_t plan;	  /* choices fixed by begin() */
	uint32_t nr_done; /* nodes complete */
	uint32_t len;	  /* nodes chosen */
	uint32_t *head;
	uint32_t last[ENGINE_MAX_TASKS]; /* node + 1, by task */
	uint32_t *candidate;		 /* nodes that the step being absorbed races with */
	uint32_t nr_candidates, cap_candidates;
	bool started, cut;
};

static int dpor_create(struct engine *e, const struct engine_options *o, char *err, size_t n)
{
	struct dpor *s;

	if (o->preemptions >= 0) {
		snprintf(err, n, "a preemption bound needs --strategy dfs: dpor covers all schedules");
		return -1;
	}
	s = calloc(1, sizeof(*s));
	if (s)
		s->head = calloc(e->nr_locs, sizeof(*s->head));
	if (!s || !s->head) {
		free(s);
		snprintf(err, n, "no memory");
		return -1;
	}
	e->state = s;
	return 0;
}

static void dpor_destroy(struct engine *e)
{
	struct dpor *s = e->state;

	free(s->head);
	free(s->node);
	free(s->candidate);
	free(s);
	e->state = NULL;
}

static void grow(struct dpor *s)
{
	s->cap = s->cap ? s->cap * 2 : 256;
	s->node = realloc(s->node, s->cap * sizeof(*s->node));
	if (!s->node)
		engine_panic("no memory for an execution of %u steps", s->cap);
}

/* ---- what could have been the other way ---------------------------------------------------------------- */

/* Could the waiting operation `later` have run just before `earlier` changed its word? */
static bool enabled_before(const struct node *earlier, const struct op *later)
{
	switch (later->mode) {
	case OP_AWAIT:
		if (earlier->op.addr != later->addr || earlier->op.size != 4)
			return true;
		return (earlier->old & later->want_mask) == later->want;
	case OP_CONSUME:
		return earlier->op.mode != OP_ADD || earlier->old > 0;
	default:
		return true;
	}
}

static void candidate_add(struct dpor *s, uint32_t at)
{
	if (s->nr_candidates == s->cap_candidates) {
		s->cap_candidates = s->cap_candidates ? s->cap_candidates * 2 : 64;
		s->candidate = realloc(s->candidate, s->cap_candidates * sizeof(*s->candidate));
		if (!s->candidate)
			engine_panic("no memory for %u races", s->cap_candidates);
	}
	s->candidate[s->nr_candidates++] = at;
}

/*
 * The tasks that can take the first step of "everything after node `at` that does not happen after it, then node
 * `later`".
 */
static taskmask initials(const struct dpor *s, uint32_t at, uint32_t later)
{
	taskmask seen = 0, initial = 0;
	uint32_t first[ENGINE_MAX_TASKS];
	const struct node *e = &s->node[at];

	for (uint32_t k = at + 1; k <= later; k++) {
		const struct node *n = &s->node[k];
		bool free_ = true;

		if (seen & TASK_BIT(n->task))
			continue;
		if (k != later && n->vc.c[e->task] >= e->tidx)
			continue;
		for (taskmask m = seen; m && free_; m &= m - 1) {
			int t = task_first(m);

			free_ = n->vc.c[t] < s->node[first[t]].tidx;
		}
		seen |= TASK_BIT(n->task);
		first[n->task] = k;
		if (free_)
			initial |= TASK_BIT(n->task);
	}
	return initial;
}

static void reverse(struct dpor *s, uint32_t at, uint32_t later)
{
	struct node *n = &s->node[at];
	taskmask initial = initials(s, at, later), add;

	if (initial & (n->backtrack | n->sleep))
		return;
	add = initial & TASK_BIT(s->node[later].task);
	if (!add)
		add = initial & -initial;
	/* What cannot run there yet is reached through what can: rare, and then all of it is tried. */
	n->backtrack |= add & n->enabled ? add : n->enabled;
}

/* ---- a step that was taken -------------------------------------------------------------------------------- */

/* Goes through what happened on a location before node n, latest first. */
static void visit(struct engine *e, struct dpor *s, struct node *n, uint32_t loc, struct vclock *race)
{
	for (uint32_t j = s->head[loc]; j; j = s->node[j - 1].chain) {
		struct node *p = &s->node[j - 1];
		enum op_relation rel;

		if (p->task == n->task)
			continue;
		rel = op_relation(&p->op, &n->op);
		if (rel == REL_NONE)
			continue;
		if (rel == REL_RACE && !enabled_before(p, &n->op))
			rel = REL_EDGE;
		if (rel == REL_RACE) {
			if (race->c[p->task] < p->tidx)
				candidate_add(s, j - 1);
			vclock_join(race, &p->vc, e->nr_all);
		}
		vclock_join(&n->vc, &p->vc, e->nr_all);
		/* All that could matter before an exclusive one happens before it. */
		if (rel == REL_RACE && (p->op.mode == OP_WRITE || p->op.mode == OP_ACQUIRE) &&
		    !(n->op.mask & ~p->op.mask))
			break;
	}
}

/* Fills in node i, whose task and operation are set, and looks what it races with. */
static void relate(struct engine *e, struct dpor *s, uint32_t i)
{
	struct node *n = &s->node[i];
	struct vclock race;

	n->previous = s->last[n->task];
	if (n->previous)
		n->vc = s->node[n->previous - 1].vc;
	else
		memset(&n->vc, 0, sizeof(n->vc));
	n->tidx = n->vc.c[n->task] + 1;
	if (n->op.after)
		vclock_join(&n->vc, &s->node[n->op.after - 1].vc, e->nr_all);
	race = n->vc;
	if (n->op.after_gate)
		vclock_join(&n->vc, &s->node[n->op.after_gate - 1].vc, e->nr_all);
	s->nr_candidates = 0;
	if (n->op.loc)
		for (uint32_t loc = n->op.loc; loc < n->op.loc + (n->op.span ? n->op.span : 1u); loc++)
			visit(e, s, n, loc, &race);
	n->vc.c[n->task] = n->tidx;
	for (uint32_t k = 0; k < s->nr_candidates; k++)
		reverse(s, s->candidate[k], i);
}

/* Completes node nr_done from what the step did in the end. */
static void absorb(struct engine *e, struct dpor *s)
{
	uint32_t i = s->nr_done;
	struct node *n = &s->node[i];

	n->op = e->step_op;
	n->old = e->step_old;
	n->chain = 0;
	relate(e, s, i);
	/* A free is in no chain: what comes after it at the same place has the allocator between, or is a violation. */
	if (n->op.loc && !n->op.span) {
		n->chain = s->head[n->op.loc];
		s->head[n->op.loc] = i + 1;
	}
	s->last[n->task] = i + 1;
	s->nr_done++;
}

/*
 * The execution is over and `task` still waits. What kept it waiting may have come too early: its operation is looked
 * at as if it were the next step.
 */
static void relate_waiting(struct engine *e, struct dpor *s, int task)
{
	if (s->nr_done == s->cap)
		grow(s);
	s->node[s->nr_done].task = (uint8_t)task;
	s->node[s->nr_done].op = e->task[task].op;
	relate(e, s, s->nr_done);
}

static void pop(struct dpor *s, uint32_t down_to)
{
	while (s->nr_done > down_to) {
		struct node *n = &s->node[--s->nr_done];

		if (n->op.loc && !n->op.span)
			s->head[n->op.loc] = n->chain;
		s->last[n->task] = n->previous;
	}
}

/* ---- the interface ---------------------------------------------------------------------------------------- */

static bool dpor_begin(struct engine *e)
{
	struct dpor *s = e->state;

	if (!s->started) {
		s->started = true;
		return true;
	}
	while (s->len) {
		struct node *n = &s->node[s->len - 1];
		taskmask next;

		n->done |= TASK_BIT(n->task);
		next = n->backtrack & ~n->done & ~n->sleep;
		if (next) {
			pop(s, s->len - 1);
			n->task = (uint8_t)task_first(next);
			s->plan = s->len;
			return true;
		}
		s->len--;
	}
	return false;
}

/* Those that slept, or were explored, at the state before the latest step and do not depend on that step. */
static taskmask sleepers(struct engine *e, const struct node *before)
{
	taskmask left = (before->sleep | before->done) & ~TASK_BIT(before->task);

	for (taskmask m = left; m; m &= m - 1) {
		int t = task_first(m);

		if (op_dependent(&e->step_op, &e->task[t].op))
			left &= ~TASK_BIT(t);
	}
	return left;
}

static int dpor_pick(struct engine *e, taskmask ready)
{
	struct dpor *s = e->state;
	uint32_t d = e->step;
	taskmask awake;
	struct node *n;
	int last;

	if (d > s->nr_done)
		absorb(e, s);
	if (d < s->plan)
		return s->node[d].task;
	if (d == s->cap)
		grow(s);
	n = &s->node[d];
	n->enabled = ready;
	n->done = 0;
	n->backtrack = 0;
	n->sleep = d ? sleepers(e, &s->node[d - 1]) : 0;
	awake = ready & ~n->sleep;
	if (!awake)
		return -1;
	last = d ? s->node[d - 1].task : -1;
	n->task = (uint8_t)(last >= 0 && (awake & TASK_BIT(last)) ? last : task_first(awake));
	n->backtrack = TASK_BIT(n->task);
	s->len = d + 1;
	return n->task;
}

static void dpor_end(struct engine *e)
{
	struct dpor *s = e->state;

	/* Past the bound the steps were not ours: what the last of ours did is no longer known. */
	if (e->fair)
		s->len = s->nr_done;
	else if (s->nr_done < s->len)
		absorb(e, s);
	for (taskmask m = e->waiting & ~e->ready; m && !e->fair; m &= m - 1)
		relate_waiting(e, s, task_first(m));
	s->plan = 0;
	s->cut |= e->end == ENGINE_BOUND || e->end == ENGINE_VIOLATION;
}

static bool dpor_covered(const struct engine *e)
{
	const struct dpor *s = e->state;

	return !s->cut;
}

const struct strategy strategy_dpor = {
	.name = "dpor",
	.create = dpor_create,
	.destroy = dpor_destroy,
	.begin = dpor_begin,
	.pick = dpor_pick,
	.end = dpor_end,
	.covered = dpor_covered,
};
