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
 * A choice (sync_choose()) with another outcome than the ordinary one is a deviation too, by itself.
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
#include "engine/schedules.h"

struct dpor {
	struct poset poset;
	struct schedules todo;
	order_t *order, *steps; /* room for an execution's first steps, and for those that are to follow */
	size_t cap_order, cap_steps;
	taskmask open; /* tasks that a deviation holds up */
	bool started, cut;
};

static int dpor_create(struct engine *e, const struct engine_options *o, char *err, size_t n)
{
	struct dpor *s;

	if (poset_refuses(e, o, "dpor", false, err, n))
		return -1;
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
	schedules_free(&s->todo);
	free(s->order);
	free(s->steps);
	free(s);
	e->state = NULL;
}

/* ---- children ---------------------------------------------------------------------------------------- */

static bool is_default(const struct dpor *s, uint32_t step)
{
	for (uint32_t k = s->todo.nr_dev; k-- > 0;)
		if (step >= s->todo.dev[k].at)
			return step > s->todo.dev[k].b;
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
	for (uint32_t k = s->todo.nr_dev; k-- > 0 && s->todo.dev[k].at > at;) {
		uint32_t b = s->todo.dev[k].b;

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

	for (uint32_t k = 0; k < s->todo.nr_dev && s->todo.dev[k].at <= at; k++) {
		const struct deviation *d = &s->todo.dev[k];
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

static void push(struct dpor *s, const order_t *steps, uint32_t n, struct deviation d)
{
	s->order = schedules_grow(s->order, &s->cap_order, (d.at + 1) * sizeof(*s->order), "a schedule");
	for (uint32_t k = 0; k < d.at; k++)
		s->order[k] = s->poset.ev[k].order;
	schedules_push(&s->todo, s->order, steps, n, d);
}

/* Event `later`, with what is before it in `n`, is to come before event `at`. */
static void push_reversal(struct dpor *s, uint32_t at, uint32_t later, const struct event *n)
{
	const struct event *e = &s->poset.ev[at];
	uint32_t nr = 0;

	s->steps = schedules_grow(s->steps, &s->cap_steps, (later - at) * sizeof(*s->steps), "a schedule");
	for (uint32_t k = at + 1; k < later; k++)
		if (event_before(&s->poset.ev[k], n) && !event_before(e, &s->poset.ev[k]))
			s->steps[nr++] = s->poset.ev[k].order;
	s->steps[nr++] = s->poset.ev[later].order & ORDER_TASK;
	push(s, s->steps, nr,
	     (struct deviation){ .at = at,
				 .loc = e->op.loc,
				 .span = e->op.span,
				 .mode = e->op.mode,
				 .task = e->task,
				 .mask = e->op.mask });
}

/* Event `at`, the latest, was a choice of the ordinary outcome among n. */
static void push_outcomes(struct dpor *s, uint32_t at, int n)
{
	const struct event *c = &s->poset.ev[at];

	for (int v = n - 1; v > 0; v--) {
		order_t step = (order_t)(c->task | v << ORDER_CHOICE_SHIFT);

		push(s, &step, 1, (struct deviation){ .at = at, .mode = OP_CHOOSE, .task = c->task });
	}
}

/* Rules 2 and 3; `n` is what comes before event `later` without event `at`. */
static void reverse_one(struct engine *e, struct dpor *s, uint32_t at, uint32_t later, const struct event *n)
{
	if (drops_defaults_only(s, at, later, n) && may_deviate(e, s, at, later))
		push_reversal(s, at, later, n);
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
 * parent took them. A load that was not given its ordinary value moves by itself, and is given others where it is then.
 */
static void reverse(struct engine *e, struct dpor *s, uint32_t later)
{
	if (s->poset.ev[later].order >> ORDER_CHOICE_SHIFT)
		return;
	for (uint32_t i = 0; i < s->poset.nr_races && later + 1 >= s->todo.nr_plan; i++) {
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

struct schedules *dpor_schedules(struct engine *e)
{
	return &((struct dpor *)e->state)->todo;
}

static size_t dpor_save(const struct engine *e, uint8_t **bytes)
{
	return schedules_save(&((const struct dpor *)e->state)->todo, bytes);
}

static void dpor_load(struct engine *e, const uint8_t *bytes, size_t n)
{
	struct dpor *s = e->state;

	schedules_load(&s->todo, bytes, n);
	s->started = true;
}

static size_t dpor_split(struct engine *e, uint8_t **bytes)
{
	return schedules_split(&((struct dpor *)e->state)->todo, bytes);
}

static bool dpor_begin(struct engine *e)
{
	struct dpor *s = e->state;
	uint32_t same = 0;

	s->open = 0;
	if (!s->started) {
		s->started = true;
		return true;
	}
	if (!schedules_pop(&s->todo))
		return false;
	while (same < s->todo.nr_plan && same < s->poset.nr && s->poset.ev[same].order == s->todo.plan[same])
		same++;
	poset_cut(&s->poset, same);
	for (uint32_t k = 0; k < s->todo.nr_dev; k++)
		if (s->todo.dev[k].mode != OP_CHOOSE)
			s->open |= TASK_BIT(s->todo.dev[k].task);
	return true;
}

/* Would it break rule 3 to let `task` go on now? */
static bool out_of_order(struct engine *e, const struct dpor *s, int task)
{
	const struct op *op = &e->task[task].op;
	struct event n;

	for (uint32_t k = 0; k < s->todo.nr_dev; k++) {
		const struct deviation *d = &s->todo.dev[k];
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

/* Are step i's outcomes not looked at yet? The last of a plan that reverses a race is in a place of its own. */
static bool is_new(const struct dpor *s, uint32_t i)
{
	return i >= s->todo.nr_plan ||
	       (i + 1 == s->todo.nr_plan && s->todo.dev[s->todo.nr_dev - 1].mode != OP_CHOOSE);
}

/* Completes the latest event. => false: this is no canonical execution after all */
static bool absorb(struct engine *e, struct dpor *s)
{
	uint32_t i = s->poset.nr;
	const struct event *a;

	poset_add(e, &s->poset);
	a = &s->poset.ev[i];
	if (i + 1 == s->todo.nr_plan &&
	    (a->op.conditional || a->op.mode == OP_TRY || a->op.mode == OP_TRY_FAILED)) {
		s->todo.nr_dev--; /* the one that a ends is not to be compared with itself */
		if (!deviates_in_order(e, s, s->todo.dev[s->todo.nr_dev].at, i, &a->op, NULL)) {
			s->todo.nr_dev++;
			return false;
		}
		s->todo.nr_dev++;
	}
	reverse(e, s, i);
	if (unlikely(a->op.offered) && e->choice_n > 1 && is_new(s, i))
		push_outcomes(s, i, e->choice_n);
	return true;
}

static int dpor_pick(struct engine *e, taskmask ready)
{
	struct dpor *s = e->state;
	uint32_t d = e->step;
	int task;

	if (d > s->poset.nr && !absorb(e, s))
		return -1;
	if (d < s->todo.nr_plan) {
		task = s->todo.plan[d] & ORDER_TASK;
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

static int dpor_choose(struct engine *e, const char *what, int n)
{
	struct dpor *s = e->state;

	(void)what;
	(void)n;
	return e->step <= s->todo.nr_plan ? s->todo.plan[e->step - 1] >> ORDER_CHOICE_SHIFT : 0;
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

	stats->peak_bytes +=
		schedules_bytes(&s->todo) + poset_bytes(e, &s->poset) + s->cap_order + s->cap_steps;
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
	.save = dpor_save,
	.load = dpor_load,
	.split = dpor_split,
};
