/* SPDX-License-Identifier: MIT */
/*
 * shrink.c - an execution that violates, with what it does without taken away, piece by piece
 *
 * An execution is a list of pieces: this task for so many steps, or until it cannot go on. A list with something
 * changed is run tolerantly: a piece whose task cannot run is passed over, and when the list is used up, tasks run on
 * one after the other. If the same violation fires and the execution is better, it is the new one.
 *
 * This finds no least execution, but in a few thousand short ones a good one, from however far away. minimise.c
 * goes on from there.
 */
#include "engine/minimise.h"
#include "engine/turns.h"

#define TO_ITS_END UINT32_MAX

struct piece {
	int task;
	uint32_t count;
};

struct follow {
	struct piece *piece;
	uint32_t nr, at, taken;
	const struct engine_choice_made *made;
	int nr_made;
};

static int follow_pick(struct engine *e, taskmask ready)
{
	struct follow *f = e->state;
	int last = runner(e);

	for (; f->at < f->nr; f->at++, f->taken = 0) {
		const struct piece *p = &f->piece[f->at];

		if (f->taken < p->count && (ready & TASK_BIT(p->task))) {
			f->taken++;
			return p->task;
		}
	}
	if (last >= 0 && (ready & TASK_BIT(last)))
		return last;
	if (last >= 0 && could_go_on(e, ready, last))
		return task_first(ready & drains(e));
	return task_first(ready);
}

static int follow_choose(struct engine *e, const char *what, int n)
{
	const struct follow *f = e->state;

	for (int i = 0; i < f->nr_made; i++)
		if (f->made[i].task == e->current && choice_visit(e, what) == f->made[i].visit &&
		    !strcmp(f->made[i].what, what))
			return f->made[i].outcome < n ? f->made[i].outcome : 0;
	return 0;
}

static const struct strategy strategy_follow = {
	.name = "follow",
	.pick = follow_pick,
	.choose = follow_choose,
};

/* What of the best execution is tried. */
struct attempt {
	struct minimiser *m;
	struct piece *best, *tried;
	uint32_t nr, nr_tried;
	struct engine_choice_made made[ENGINE_MAX_CHOICES_MADE];
	int nr_made;
	uint64_t floor; /* executions that are not shrink()'s to use */
};

/* The best execution's steps as pieces. */
static void cut(struct attempt *a)
{
	const struct minimiser *m = a->m;

	a->best = realloc(a->best, (m->r->steps + 1) * sizeof(*a->best));
	a->tried = realloc(a->tried, (m->r->steps + 1) * sizeof(*a->tried));
	if (!a->best || !a->tried)
		engine_panic("no memory for an execution of %u steps", m->r->steps);
	a->nr = 0;
	for (uint32_t i = 0; i < m->r->steps;) {
		struct piece *p = &a->best[a->nr++];

		p->task = m->order[i] & ORDER_TASK;
		for (p->count = 0; i < m->r->steps && (m->order[i] & ORDER_TASK) == p->task; i++)
			p->count++;
		if (i == m->r->steps || !(m->order[i] & ORDER_PREEMPTED))
			p->count = TO_ITS_END;
	}
}

static void as_it_is(struct attempt *a)
{
	a->nr_tried = a->nr;
	memcpy(a->tried, a->best, a->nr * sizeof(*a->best));
	a->nr_made = a->m->nr_made;
	memcpy(a->made, a->m->made, sizeof(a->made));
}

static void leave_out(struct attempt *a, uint32_t at, uint32_t n)
{
	memmove(a->tried + at, a->tried + at + n, (a->nr_tried - at - n) * sizeof(*a->tried));
	a->nr_tried -= n;
}

static bool may(const struct attempt *a)
{
	return minimise_may(a->m) && a->m->executions > a->floor;
}

/* => true: it is better, and the best now */
static bool try(struct attempt *a)
{
	struct engine *e = a->m->e;
	struct follow f = { a->tried, a->nr_tried, 0, 0, a->made, a->nr_made };
	bool better;

	minimise_kinds(e, a->made, a->nr_made, ENGINE_MAX_OUTCOMES_TOLD);
	e->strategy = &strategy_follow;
	e->state = &f;
	better = minimise_run(a->m, false);
	e->strategy = &strategy_replay;
	e->state = NULL;
	if (better)
		cut(a);
	return better;
}

static bool fewer_choices(struct attempt *a)
{
	bool any = false;

	for (int i = 0; i < a->m->nr_made && may(a);) {
		as_it_is(a);
		a->nr_made--;
		memmove(a->made + i, a->made + i + 1, (size_t)(a->nr_made - i) * sizeof(a->made[0]));
		if (try(a))
			any = true;
		else
			i++;
	}
	return any;
}

/* Without pieces: half of them, a quarter, ... single ones. */
static bool fewer_pieces(struct attempt *a)
{
	bool any = false;

	for (uint32_t n = a->nr / 2 + 1; n; n /= 2)
		for (uint32_t i = 0; i + n <= a->nr && may(a);) {
			as_it_is(a);
			leave_out(a, i, n);
			if (try(a))
				any = true;
			else
				i++;
		}
	return any;
}

static uint32_t sum(uint32_t a, uint32_t b)
{
	return a == TO_ITS_END || b == TO_ITS_END ? TO_ITS_END : a + b;
}

/* The pieces that piece i can be put together with: its task's next. => false: it has none */
static bool next_of(const struct attempt *a, uint32_t i, uint32_t *next)
{
	for (*next = i + 1; *next < a->nr; ++*next)
		if (a->best[*next].task == a->best[i].task)
			return true;
	return false;
}

/* One change to piece i, of several kinds. => false: there is no such kind */
static bool change(struct attempt *a, uint32_t i, int kind)
{
	uint32_t next;
	bool more = next_of(a, i, &next);

	as_it_is(a);
	switch (kind) {
	case 0: /* nobody preempts it */
		a->tried[i].count = TO_ITS_END;
		break;
	case 1: /* it does at once what it does next */
		if (more) {
			a->tried[i].count = sum(a->tried[i].count, a->tried[next].count);
			leave_out(a, next, 1);
		}
		break;
	case 2: /* or does this later */
		if (more) {
			a->tried[next].count = sum(a->tried[i].count, a->tried[next].count);
			leave_out(a, i, 1);
		}
		break;
	case 3: /* less */
		if (a->tried[i].count != TO_ITS_END)
			a->tried[i].count--;
		break;
	case 4:
		if (i + 1 < a->nr) {
			a->tried[i] = a->best[i + 1];
			a->tried[i + 1] = a->best[i];
		}
		break;
	default:
		return false;
	}
	return true;
}

static bool other_pieces(struct attempt *a)
{
	bool any = false;

	for (uint32_t i = 0; i < a->nr && may(a); i++)
		for (int kind = 0; i < a->nr && change(a, i, kind);)
			if ((a->nr_tried != a->nr ||
			     memcmp(a->tried, a->best, a->nr * sizeof(*a->best)) != 0) &&
			    may(a) && try(a))
				any = true;
			else
				kind++;
	return any;
}

void shrink(struct minimiser *m)
{
	struct attempt a = { .m = m, .floor = m->executions / 2 };
	bool any;

	cut(&a);
	do {
		any = fewer_choices(&a);
		any |= fewer_pieces(&a);
		any |= other_pieces(&a);
	} while (any && may(&a));
	free(a.best);
	free(a.tried);
}
