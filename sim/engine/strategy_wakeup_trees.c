/* SPDX-License-Identifier: MIT */
/*
 * strategy_wakeup_trees.c - optimal partial order reduction with wake-up trees, kept for comparison with dpor
 *
 * Abdulla, Aronis, Jonsson, Sagonas, "Optimal dynamic partial order reduction", POPL 2014, and JACM 2017. Every state
 * on the way of the execution at hand has a sleep set and an ordered tree: sequences of steps that are still to be
 * taken there. When an execution is over, each of its races (e, a) is reversed where e was taken: what does not happen
 * after e, then a. Unless such a sequence begins, or could as well begin, with a step that sleeps there, it goes into
 * the tree: down every branch that it is consistent with, and what is then left of it below. As whole sequences are
 * kept and not first steps alone, nothing is begun that would have to be given up, where operations do not wait and
 * their outcomes do not decide what they depend on. The price is memory: a tree can grow with the number of classes.
 *
 * A trylock or a compare-and-exchange that is to come first may come out otherwise than it did. What it then depends
 * on is not known, so it is taken to depend on all that either outcome would: an execution too many, not one too few.
 *
 * I1: frame[i] for i < len is the state before step i; its sleepers are next to each other in `sleeper`, frames in
 *     their order.
 * I2: the branch being followed is in no tree: its steps were taken out as they were taken, and what is left of it is
 *     `down` until the next state takes it over.
 */
#include "engine/poset.h"
#include "engine/wakeup_tree.h"

struct frame {
	uint32_t tree;		  /* first branch left, 0: none */
	uint32_t sleep, nr_sleep; /* where in `sleeper`, how many */
	uint32_t nr_races;	  /* of the steps up to and with the one taken */
	uint8_t task;		  /* whose step is taken */
};

struct wakeup {
	struct poset poset;
	struct wakeup_trees trees;
	struct frame *frame;
	struct brief *sleeper;
	uint32_t *race;				 /* the events that each step races with, step after step */
	size_t cap_frame, cap_sleeper, cap_race; /* bytes */
	uint32_t nr_sleepers, nr_races;
	uint32_t down; /* what follows in the branch of the latest step */
	uint32_t plan; /* choices fixed by begin() */
	uint32_t len;  /* frames */
	bool started, cut;
};

static int wakeup_create(struct engine *e, const struct engine_options *o, char *err, size_t n)
{
	struct wakeup *s;

	if (poset_refuses(e, o, "wakeup-trees", true, err, n))
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

static void wakeup_destroy(struct engine *e)
{
	struct wakeup *s = e->state;

	poset_destroy(&s->poset);
	free(s->frame);
	free(s->sleeper);
	wakeup_trees_free(&s->trees);
	free(s->race);
	free(s);
	e->state = NULL;
}

/* ---- steps -------------------------------------------------------------------------------------------- */

static struct brief brief_of(const struct op *op, int task)
{
	return (struct brief){
		.mask = op->mask, .loc = op->loc, .span = op->span, .mode = op->mode, .task = (uint8_t)task
	};
}

/* Event `a` where its outcome may be another. */
static struct brief whatever_outcome(const struct event *a)
{
	struct brief b = brief_of(&a->op, a->task);

	if (b.mode == OP_TRY_FAILED)
		b.mode = OP_TRY;
	else if (a->op.conditional && b.mode == OP_READ)
		b.mode = OP_WRITE;
	return b;
}

static bool is_asleep(const struct wakeup *s, const struct frame *f, int task)
{
	for (uint32_t i = 0; i < f->nr_sleep; i++)
		if (s->sleeper[f->sleep + i].task == task)
			return true;
	return false;
}

/*
 * Takes the first branch of a state's tree; what is below becomes `down`. One that sleeps was explored since it got
 * there, as an operation with another outcome. => false: the tree is empty
 */
static bool next_branch(struct wakeup *s, struct frame *f)
{
	while (f->tree) {
		f->task = tree_take(&s->trees, &f->tree, &s->down).task;
		if (!is_asleep(s, f, f->task))
			return true;
		tree_free(&s->trees, &s->down);
	}
	return false;
}

/* ---- races -------------------------------------------------------------------------------------------------- */

/*
 * Event `later` is to come before event `at`, after all that neither happens after `at` nor after those of `add` that
 * `but` picks. => false: some other of `add` would be lost with them
 */
static bool sequence(struct wakeup *s, uint32_t at, uint32_t later, const uint32_t *add, uint32_t n,
		     uint32_t but)
{
	const struct poset *p = &s->poset;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t m = but; m && !(but & (1u << i)); m &= m - 1)
			if (event_before(&p->ev[add[__builtin_ctz(m)]], &p->ev[add[i]]))
				return false;
	s->trees.nr_seq = 0;
	for (uint32_t k = at + 1; k < p->nr; k++) {
		bool gone = k == later || event_before(&p->ev[at], &p->ev[k]);

		for (uint32_t m = but; m && !gone; m &= m - 1)
			gone = event_before(&p->ev[add[__builtin_ctz(m)]], &p->ev[k]);
		if (!gone)
			seq_add(&s->trees, brief_of(&p->ev[k].op, p->ev[k].task));
	}
	seq_add(&s->trees, whatever_outcome(&p->ev[later]));
	return true;
}

static bool sleeps(const struct wakeup *s, uint32_t at)
{
	const struct frame *f = &s->frame[at];

	for (uint32_t i = 0; i < f->nr_sleep; i++)
		if (weak_initial(&s->trees, &s->sleeper[f->sleep + i]) >= 0)
			return true;
	return false;
}

/*
 * An operation that waits for a word that event `at` and others added to, in no order, may come after any of those
 * additions that together let it through; where `at` let it through too, another execution has it there.
 */
static void reverse(struct wakeup *s, uint32_t at, uint32_t later)
{
	const struct poset *p = &s->poset;
	const struct event *a = &p->ev[later];
	uint32_t add[POSET_MAX_ADDITIONS], fixed = 0, n = 0;

	if (p->ev[at].op.mode == OP_ADD && a->op.mode == OP_AWAIT)
		n = poset_additions(p, a->previous, &a->op, at, add, &fixed);
	for (uint32_t but = 0; but < 1u << n; but++) {
		if (but & fixed || !poset_enabled(p, a->previous, &a->op, at, but, false) ||
		    (but && poset_enabled(p, a->previous, &a->op, at, but, true)))
			continue;
		if (sequence(s, at, later, add, n, but) && !sleeps(s, at))
			tree_insert(&s->trees, &s->frame[at].tree);
	}
}

/*
 * A look or a failed trylock inside a critical section races with the acquire after it, which cannot come before it but
 * by coming before the acquire that the section begins with. => that acquire's event, or `at` where none holds the lock
 */
static uint32_t section(const struct poset *p, uint32_t at, const struct op *acquire)
{
	if (acquire->mode != OP_ACQUIRE && acquire->mode != OP_ACQUIRE_SHARED &&
	    acquire->mode != OP_WAIT_FREE)
		return at;
	for (uint32_t j = p->ev[at].chain; j; j = p->ev[j - 1].chain) {
		const struct op *op = &p->ev[j - 1].op;

		if (!(op->mask & acquire->mask))
			continue;
		if (op->mode == OP_ACQUIRE || op->mode == OP_TRY)
			return j - 1;
		if (op->mode == OP_RELEASE)
			break;
	}
	return at;
}

static void reverse_all(struct wakeup *s, const uint32_t *at, uint32_t n, uint32_t later)
{
	const struct event *ev = s->poset.ev, *a = &ev[later];

	for (uint32_t i = 0; i < n; i++) {
		uint32_t first = section(&s->poset, at[i], &a->op);

		/* Where a came to its acquire only after the section began, there is nothing to reverse. */
		if (first == at[i] || !a->previous || !event_before(&ev[first], &ev[a->previous - 1]))
			reverse(s, first, later);
	}
}

static void absorb(struct engine *e, struct wakeup *s)
{
	uint32_t later = s->poset.nr;

	poset_add(e, &s->poset);
	s->race = wakeup_room(s->race, &s->cap_race, s->nr_races + s->poset.nr_races, sizeof(*s->race));
	for (uint32_t i = 0; i < s->poset.nr_races; i++)
		s->race[s->nr_races++] = s->poset.race[i];
	s->frame[later].nr_races = s->nr_races;
}

/* ---- the interface ---------------------------------------------------------------------------------------- */

static bool wakeup_begin(struct engine *e)
{
	struct wakeup *s = e->state;

	if (!s->started) {
		s->started = true;
		return true;
	}
	for (; s->len; s->len--) {
		struct frame *f = &s->frame[s->len - 1];

		s->nr_sleepers = f->sleep + f->nr_sleep;
		if (s->poset.nr >= s->len) {
			s->sleeper = wakeup_room(s->sleeper, &s->cap_sleeper, s->nr_sleepers + 1,
						 sizeof(*s->sleeper));
			s->sleeper[s->nr_sleepers++] = brief_of(&s->poset.ev[s->len - 1].op, f->task);
			f->nr_sleep++;
		}
		if (next_branch(s, f)) {
			poset_cut(&s->poset, s->len - 1);
			s->nr_races = s->len > 1 ? f[-1].nr_races : 0;
			s->plan = s->len;
			return true;
		}
	}
	return false;
}

/* Fills in frame d: those that sleep on after the latest step, and the tree that is left of its branch. => who sleeps */
static taskmask arrive(struct engine *e, struct wakeup *s, uint32_t d)
{
	struct brief step = brief_of(&e->step_op, d ? s->frame[d - 1].task : 0);
	struct frame *f;
	taskmask asleep = 0;

	s->frame = wakeup_room(s->frame, &s->cap_frame, d + 1, sizeof(*s->frame));
	f = &s->frame[d];
	*f = (struct frame){ .tree = s->down, .sleep = s->nr_sleepers };
	s->down = 0;
	for (uint32_t i = 0; d && i < f[-1].nr_sleep; i++) {
		struct brief q = s->sleeper[f[-1].sleep + i];

		if (q.task == step.task || brief_dependent(&step, &q))
			continue;
		s->sleeper =
			wakeup_room(s->sleeper, &s->cap_sleeper, s->nr_sleepers + 1, sizeof(*s->sleeper));
		s->sleeper[s->nr_sleepers++] = q;
		f->nr_sleep++;
		asleep |= TASK_BIT(q.task);
	}
	return asleep;
}

/*
 * Takes the step that a tree asks for. A lock's word can also be looked at, and a look inside a critical section races
 * with the acquire after it, which is to come first then and cannot: that execution is given up, and what the acquire
 * waits for is seen when it ends. => -1: it is
 */
static int take(const struct engine *e, struct wakeup *s, int task)
{
	if (likely(e->ready & TASK_BIT(task)))
		return task;
	s->cut |= !(e->waiting & TASK_BIT(task));
	return -1;
}

static int wakeup_pick(struct engine *e, taskmask ready)
{
	struct wakeup *s = e->state;
	uint32_t d = e->step;
	taskmask awake;
	struct frame *f;
	int last;

	if (d > s->poset.nr)
		absorb(e, s);
	if (d < s->plan)
		return take(e, s, s->frame[d].task);
	awake = ready & ~arrive(e, s, d);
	f = &s->frame[d];
	if (f->tree) {
		if (!next_branch(s, f))
			return -1;
		s->len = d + 1;
		return take(e, s, f->task);
	}
	if (!awake)
		return -1;
	last = d ? f[-1].task : -1;
	f->task = (uint8_t)(last >= 0 && (awake & TASK_BIT(last)) ? last : task_first(awake));
	s->len = d + 1;
	return f->task;
}

/* Only executions of ordinary outcomes are reduced so far: another one that could have been is left out. */
static int wakeup_choose(struct engine *e, const char *what, int n)
{
	struct wakeup *s = e->state;

	(void)what;
	s->cut |= n > 1;
	return 0;
}

static void wakeup_end(struct engine *e)
{
	struct wakeup *s = e->state;

	tree_free(&s->trees, &s->down); /* an end came before the branch's */
	/* Past the bound the steps were not ours: what the last of ours did is no longer known. */
	while (e->fair && s->len > s->poset.nr)
		tree_free(&s->trees, &s->frame[--s->len].tree);
	if (!e->fair && s->poset.nr < e->step)
		absorb(e, s);
	for (uint32_t i = 0; i < s->poset.nr; i++) {
		uint32_t from = i ? s->frame[i - 1].nr_races : 0;

		reverse_all(s, &s->race[from], s->frame[i].nr_races - from, i);
	}
	/* What kept a task waiting to the end may have come too early. */
	for (taskmask m = e->waiting & ~e->ready; m && !e->fair; m &= m - 1) {
		poset_waiting(e, &s->poset, task_first(m));
		reverse_all(s, s->poset.race, s->poset.nr_races, s->poset.nr);
	}
	s->plan = 0;
	s->cut |= e->end == ENGINE_BOUND || e->end == ENGINE_VIOLATION;
}

static bool wakeup_covered(const struct engine *e)
{
	const struct wakeup *s = e->state;

	return !s->cut;
}

static void wakeup_stats(const struct engine *e, struct engine_stats *stats)
{
	const struct wakeup *s = e->state;

	stats->wakeup_nodes = s->trees.peak;
	stats->peak_bytes += poset_bytes(e, &s->poset) + s->cap_frame + s->cap_sleeper + s->trees.cap_seq +
			     s->trees.cap_pool + s->cap_race;
}

const struct strategy strategy_wakeup_trees = {
	.name = "wakeup-trees",
	.create = wakeup_create,
	.destroy = wakeup_destroy,
	.begin = wakeup_begin,
	.pick = wakeup_pick,
	.choose = wakeup_choose,
	.end = wakeup_end,
	.covered = wakeup_covered,
	.stats = wakeup_stats,
};
