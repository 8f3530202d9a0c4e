/* SPDX-License-Identifier: MIT */
/*
 * strategy_dpor.c - optimal dynamic partial order reduction: one execution of every equivalence class, in memory that
 * does not grow with their number
 *
 * The default order of steps runs the lowest task that can run. Every class has one canonical execution: it follows the
 * default, and where the class wants something before the default step x, it deviates: an event b that conflicts with x
 * is run first, with all that must happen before b. Among several such b, the one of the lowest task comes first. Each
 * class but that of the plain default run has a parent: the one in which the last deviation is undone, so that b
 * comes after x again. That makes the classes a tree, and the exploration walks it: from an execution, the children
 * are found among its races (e, a), as the schedules "up to e, then what happens before a and not after e, then a".
 * A child is explored only from its parent, which is told by looking at the execution alone:
 *
 *   1. e is a default step;
 *   2. every deviation after e happens before a, or is a: what the child drops was all default;
 *   3. of the deviations that e's state still waits to repay, none has a higher task than an a that could have come
 *	first: else the child's canonical execution deviates to a earlier.
 *
 * The idea of reversing a race only where what is dropped was not itself the outcome of a reversal is that of
 * Parsimonious Optimal DPOR (Abdulla, Atig, Das, Jonsson, Sagonas, CAV 2024) and of maximal extensions in TruSt
 * (Kokologiannakis, Marmanis, Gladstein, Vafeiadis, POPL 2022). The state of an exploration is the stack of schedules
 * that are still to be run: a subtree each, independent of the others, so that they can be given away or written down.
 *
 * Where operations block, x may be unable to run after b. Its deviation stays open until it runs; meanwhile a task that
 * would break rule 3 is not chosen, and an execution in which only such tasks are left is given up.
 */
#include "engine/poset.h"

/* Steps [at, b] are not default: b was run before what `task` was about to do, with what b needed. */
struct deviation {
	uint32_t at, b;
	uint32_t loc;
	uint16_t span;
	uint8_t mode, task;
	uint64_t mask;
};

/* A schedule to run: nr_steps order_t, then nr_deviations struct deviation, then this. */
struct pending {
	uint32_t nr_steps, nr_deviations;
};

struct dpor {
	struct poset poset;
	uint8_t *stack; /* of pending schedules, the one to run next on top */
	size_t top, cap;
	order_t *plan; /* the schedule at hand */
	uint32_t nr_plan, cap_plan;
	struct deviation *dev; /* of the execution at hand, in their order */
	uint32_t nr_dev, cap_dev;
	taskmask open; /* tasks that a deviation holds up */
	bool cut;
};

static int dpor_create(struct engine *e, const struct engine_options *o, char *err, size_t n)
{
	struct dpor *s;

	if (o->preemptions >= 0) {
		snprintf(err, n, "a preemption bound needs --strategy dfs: dpor covers all schedules");
		return -1;
	}
	s = calloc(1, sizeof(*s));
	if (!s || poset_create(e, &s->poset)) {
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

	poset_destroy(&s->poset);
	free(s->stack);
	free(s->plan);
	free(s->dev);
	free(s);
	e->state = NULL;
}

static void *grow(void *p, size_t *cap, size_t need, const char *what)
{
	if (need <= *cap)
		return p;
	while (*cap < need)
		*cap = *cap ? *cap * 2 : 4096;
	p = realloc(p, *cap);
	if (!p)
		engine_panic("no memory for %zu bytes of %s", *cap, what);
	return p;
}

/* ---- children ---------------------------------------------------------------------------------------- */

static bool is_default(const struct dpor *s, uint32_t step)
{
	for (uint32_t k = s->nr_dev; k-- > 0;)
		if (step >= s->dev[k].at)
			return step > s->dev[k].b;
	return true;
}

static struct op deviated_op(const struct deviation *d)
{
	return (struct op){ .loc = d->loc, .span = d->span, .mode = d->mode, .mask = d->mask };
}

/* Is event j one of those that `but` picks from `add`? */
static bool among(const uint32_t *add, uint32_t but, uint32_t j)
{
	for (; but; but &= but - 1)
		if (add[__builtin_ctz(but)] == j)
			return true;
	return false;
}

/*
 * The clock that `op` of `task` would have after the steps before `end` without event `gone` (NULL: none) and what
 * happens after that, nor those of `add` that `but` picks.
 */
static void clock_without(const struct engine *e, const struct dpor *s, int task, const struct op *op,
			  uint32_t end, const struct event *gone, struct event *n, const uint32_t *add,
			  uint32_t but)
{
	uint32_t before = s->poset.last[task];

	while (before > end)
		before = s->poset.ev[before - 1].previous;
	n->task = (uint8_t)task;
	n->tidx = ~0u;
	memset(n->vc, 0, sizeof(n->vc));
	if (before)
		memcpy(n->vc, s->poset.ev[before - 1].vc, sizeof(n->vc));
	if (op->drained_cpus)
		poset_join_drained(e, &s->poset, op, n->vc, end);
	for (uint32_t j = 0; j < end; j++) {
		const struct event *p = &s->poset.ev[j];

		if (j + 1 != op->after && j + 1 != op->after_gate && op_relation(&p->op, op) == REL_NONE)
			continue;
		if ((gone && event_before(gone, p)) || (but && among(add, but, j)))
			continue;
		for (int t = 0; t < e->nr_all; t++)
			if (n->vc[t] < p->vc[t])
				n->vc[t] = p->vc[t];
	}
}

/* Rule 2. `n` is what comes before event `later` without event `at`. */
static bool drops_defaults_only(const struct dpor *s, uint32_t at, uint32_t later, const struct event *n)
{
	for (uint32_t k = s->nr_dev; k-- > 0 && s->dev[k].at > at;) {
		uint32_t b = s->dev[k].b;

		if (b != later &&
		    (!event_before(&s->poset.ev[b], n) || event_before(&s->poset.ev[at], &s->poset.ev[b])))
			return false;
	}
	return true;
}

/* Is something that conflicts with d's step among what happens before n, from d on and before `end`? */
static bool after_conflict(const struct dpor *s, const struct deviation *d, const struct event *n,
			   uint32_t end)
{
	struct op x = deviated_op(d);

	for (uint32_t k = d->at; k < end; k++) {
		const struct event *p = &s->poset.ev[k];

		if (event_before(p, n) && op_relation(&p->op, &x) == REL_RACE)
			return true;
	}
	return false;
}

/* Has the step that d held up been taken before step `end`? */
static bool repaid(const struct dpor *s, const struct deviation *d, uint32_t end)
{
	for (uint32_t k = s->poset.last[d->task]; k; k = s->poset.ev[k - 1].previous) {
		if (k - 1 < d->at)
			return false;
		if (k - 1 < end)
			return true;
	}
	return false;
}

/* Rule 3, if a turns out to be `op`; `gone` is not before it. */
static bool deviates_in_order(const struct engine *e, const struct dpor *s, uint32_t at, uint32_t later,
			      const struct op *op, const struct event *gone)
{
	int task = s->poset.ev[later].task;
	struct event n;

	for (uint32_t k = 0; k < s->nr_dev && s->dev[k].at <= at; k++) {
		const struct deviation *d = &s->dev[k];
		struct op x = deviated_op(d);

		if (task >= s->poset.ev[d->b].task || op_relation(op, &x) != REL_RACE)
			continue;
		if (repaid(s, d, at))
			continue;
		clock_without(e, s, task, op, later, gone, &n, NULL, 0);
		if (!after_conflict(s, d, &n, later))
			return false;
	}
	return true;
}

/* The outcome of a trylock or a compare-and-exchange may be another without `gone`: true if rule 3 may hold then. */
static bool may_deviate(const struct engine *e, const struct dpor *s, uint32_t at, uint32_t later)
{
	const struct event *a = &s->poset.ev[later], *gone = &s->poset.ev[at];
	struct op other = a->op;

	if (deviates_in_order(e, s, at, later, &a->op, gone))
		return true;
	if (a->op.mode == OP_TRY || a->op.mode == OP_TRY_FAILED)
		other.mode = a->op.mode == OP_TRY ? OP_TRY_FAILED : OP_TRY;
	else if (a->op.conditional)
		other.mode = a->op.mode == OP_READ ? OP_WRITE : OP_READ;
	else
		return false;
	return deviates_in_order(e, s, at, later, &other, gone);
}

/* Puts the schedule on the stack in which event `later`, with what is before it in `n`, comes before event `at`. */
static void push(struct dpor *s, uint32_t at, uint32_t later, const struct event *n)
{
	const struct event *e = &s->poset.ev[at], *a = &s->poset.ev[later];
	struct pending h = { 0 };
	struct deviation d = { .at = at,
			       .loc = e->op.loc,
			       .span = e->op.span,
			       .mode = e->op.mode,
			       .task = e->task,
			       .mask = e->op.mask };
	order_t *steps;
	struct deviation *dev;

	while (h.nr_deviations < s->nr_dev && s->dev[h.nr_deviations].at <= at)
		h.nr_deviations++;
	s->stack = grow(s->stack, &s->cap,
			s->top + (later + 1) * sizeof(order_t) + (h.nr_deviations + 1) * sizeof(d) +
				sizeof(h) + 2 * sizeof(uint64_t),
			"schedules to run");
	steps = (order_t *)(s->stack + s->top);
	for (; h.nr_steps < at; h.nr_steps++)
		steps[h.nr_steps] = s->poset.ev[h.nr_steps].order;
	for (uint32_t k = at + 1; k < later; k++)
		if (event_before(&s->poset.ev[k], n) && !event_before(e, &s->poset.ev[k]))
			steps[h.nr_steps++] = s->poset.ev[k].order;
	d.b = h.nr_steps;
	steps[h.nr_steps++] = a->order & ORDER_TASK;
	s->top += (h.nr_steps * sizeof(order_t) + 7) & ~(size_t)7;
	dev = (struct deviation *)(s->stack + s->top);
	memcpy(dev, s->dev, h.nr_deviations * sizeof(d));
	dev[h.nr_deviations++] = d;
	s->top += h.nr_deviations * sizeof(d);
	memcpy(s->stack + s->top, &h, sizeof(h));
	s->top += sizeof(h);
}

/* Rules 2 and 3; `n` is what comes before event `later` without event `at`. */
static void reverse_one(struct engine *e, struct dpor *s, uint32_t at, uint32_t later, const struct event *n)
{
	if (drops_defaults_only(s, at, later, n) && may_deviate(e, s, at, later))
		push(s, at, later, n);
}

/*
 * `later` waits for a word that event `at` and others added to, in no order. It may come after any of those additions
 * that together let it through; where `at` let it through too, another execution has it there.
 */
static void reverse_waiting(struct engine *e, struct dpor *s, uint32_t at, uint32_t later)
{
	const struct event *a = &s->poset.ev[later], *gone = &s->poset.ev[at];
	uint32_t add[POSET_MAX_ADDITIONS], fixed = 0, n = 0;

	if (gone->op.mode == OP_ADD && a->op.mode == OP_AWAIT)
		n = poset_additions(&s->poset, a->previous, &a->op, at, add, &fixed);
	for (uint32_t but = 0; but < 1u << n; but++) {
		struct event without;
		bool closed = true;

		if (but & fixed || !poset_enabled(&s->poset, a->previous, &a->op, at, but, false) ||
		    (but && poset_enabled(&s->poset, a->previous, &a->op, at, but, true)))
			continue;
		clock_without(e, s, a->task, &a->op, later, gone, &without, add, but);
		for (uint32_t k = 0; k < n; k++)
			closed = closed && !(but & (1u << k) && event_before(&s->poset.ev[add[k]], &without));
		if (closed)
			reverse_one(e, s, at, later, &without);
	}
}

/*
 * The children that the races of event `later` lead to. Those of the plan's steps but its last were looked at when its
 * parent took them.
 */
static void reverse(struct engine *e, struct dpor *s, uint32_t later)
{
	for (uint32_t i = 0; i < s->poset.nr_races && later + 1 >= s->nr_plan; i++) {
		uint32_t at = s->poset.race[i];

		if (!is_default(s, at))
			continue;
		if (s->poset.ev[later].op.blocking)
			reverse_waiting(e, s, at, later);
		else
			reverse_one(e, s, at, later, &s->poset.ev[later]);
	}
}

/* ---- the interface ---------------------------------------------------------------------------------------- */

/* Takes the top of the stack as the plan. */
static void pop(struct dpor *s)
{
	struct pending h;
	const uint8_t *from = s->stack + (s->top -= sizeof(h));
	size_t cap = s->cap_dev * sizeof(*s->dev), cap_steps = s->cap_plan * sizeof(*s->plan);

	memcpy(&h, from, sizeof(h));
	s->dev = grow(s->dev, &cap, h.nr_deviations * sizeof(*s->dev), "deviations");
	s->plan = grow(s->plan, &cap_steps, h.nr_steps * sizeof(*s->plan), "a schedule");
	s->cap_dev = (uint32_t)(cap / sizeof(*s->dev));
	s->cap_plan = (uint32_t)(cap_steps / sizeof(*s->plan));
	s->nr_dev = h.nr_deviations;
	s->nr_plan = h.nr_steps;
	s->top -= h.nr_deviations * sizeof(*s->dev);
	memcpy(s->dev, s->stack + s->top, h.nr_deviations * sizeof(*s->dev));
	s->top -= (h.nr_steps * sizeof(order_t) + 7) & ~(size_t)7;
	memcpy(s->plan, s->stack + s->top, h.nr_steps * sizeof(order_t));
}

static bool dpor_begin(struct engine *e)
{
	struct dpor *s = e->state;
	uint32_t same = 0;

	s->open = 0;
	if (e->nr_execution == 1)
		return true;
	if (!s->top)
		return false;
	pop(s);
	while (same < s->nr_plan && same < s->poset.nr && s->poset.ev[same].order == s->plan[same])
		same++;
	poset_cut(&s->poset, same);
	for (uint32_t k = 0; k < s->nr_dev; k++)
		s->open |= TASK_BIT(s->dev[k].task);
	return true;
}

/* Would it break rule 3 to let `task` go on now? */
static bool out_of_order(struct engine *e, const struct dpor *s, int task)
{
	const struct op *op = &e->task[task].op;
	struct event n;

	for (uint32_t k = 0; k < s->nr_dev; k++) {
		const struct deviation *d = &s->dev[k];
		struct op x = deviated_op(d);

		if (task == d->task || task >= s->poset.ev[d->b].task || op_relation(op, &x) != REL_RACE)
			continue;
		if (repaid(s, d, e->step))
			continue;
		clock_without(e, s, task, op, e->step, NULL, &n, NULL, 0);
		if (!after_conflict(s, d, &n, e->step))
			return true;
	}
	return false;
}

/* Completes the latest event. => false: this is no canonical execution after all */
static bool absorb(struct engine *e, struct dpor *s)
{
	uint32_t i = s->poset.nr;
	const struct event *a;

	poset_add(e, &s->poset);
	a = &s->poset.ev[i];
	if (i + 1 == s->nr_plan &&
	    (a->op.conditional || a->op.mode == OP_TRY || a->op.mode == OP_TRY_FAILED)) {
		s->nr_dev--; /* the one that a ends is not to be compared with itself */
		if (!deviates_in_order(e, s, s->dev[s->nr_dev].at, i, &a->op, NULL)) {
			s->nr_dev++;
			return false;
		}
		s->nr_dev++;
	}
	reverse(e, s, i);
	return true;
}

static int dpor_pick(struct engine *e, taskmask ready)
{
	struct dpor *s = e->state;
	uint32_t d = e->step;
	int task;

	if (d > s->poset.nr && !absorb(e, s))
		return -1;
	if (d < s->nr_plan) {
		task = s->plan[d] & ORDER_TASK;
		return ready & TASK_BIT(task) ? task : -1;
	}
	task = task_first(ready);
	if (likely(!s->open))
		return task;
	while (out_of_order(e, s, task)) {
		ready &= ready - 1;
		if (!ready)
			return -1;
		task = task_first(ready);
	}
	s->open &= ~TASK_BIT(task);
	return task;
}

/* Only executions of ordinary outcomes are reduced so far: another one that could have been is left out. */
static int dpor_choose(struct engine *e, const char *what, int n)
{
	struct dpor *s = e->state;

	(void)what;
	s->cut |= n > 1;
	return 0;
}

static void dpor_end(struct engine *e)
{
	struct dpor *s = e->state;

	/* Past the bound the steps were not ours. */
	if (!e->fair && s->poset.nr < e->step)
		absorb(e, s);
	/* What kept a task waiting to the end may have come too early. */
	for (taskmask m = e->waiting & ~e->ready; m && !e->fair; m &= m - 1) {
		poset_waiting(e, &s->poset, task_first(m));
		reverse(e, s, s->poset.nr);
	}
	s->cut |= e->end == ENGINE_BOUND || e->end == ENGINE_VIOLATION;
}

static bool dpor_covered(const struct engine *e)
{
	const struct dpor *s = e->state;

	return !s->cut;
}

static void dpor_stats(const struct engine *e, struct engine_stats *stats)
{
	const struct dpor *s = e->state;

	stats->peak_bytes += s->cap + poset_bytes(e, &s->poset) + s->cap_plan * sizeof(*s->plan) +
			     s->cap_dev * sizeof(*s->dev);
}

const struct strategy strategy_dpor = {
	.name = "dpor",
	.create = dpor_create,
	.destroy = dpor_destroy,
	.begin = dpor_begin,
	.pick = dpor_pick,
	.choose = dpor_choose,
	.end = dpor_end,
	.covered = dpor_covered,
	.stats = dpor_stats,
};
