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

/* What decides whether a step depends on another. */
struct brief {
	uint64_t mask;
	uint32_t loc;
	uint16_t span;
	uint8_t mode, task;
};

struct branch {
	struct brief step;
	uint32_t child, next; /* index into pool, 0: none; free ones are chained by next */
};

struct frame {
	uint32_t tree;		  /* first branch left, 0: none */
	uint32_t sleep, nr_sleep; /* where in `sleeper`, how many */
	uint32_t nr_races;	  /* of the steps up to and with the one taken */
	uint8_t task;		  /* whose step is taken */
};

struct wakeup {
	struct poset poset;
	struct frame *frame;
	struct brief *sleeper, *seq;
	struct branch *pool; /* pool[0] is no branch */
	uint32_t *race;	     /* the events that each step races with, step after step */
	size_t cap_frame, cap_sleeper, cap_seq, cap_pool, cap_race; /* bytes */
	uint32_t nr_sleepers, nr_seq, nr_pool, nr_races;
	uint32_t unused;     /* first free branch */
	uint32_t live, peak; /* branches */
	uint32_t down;	     /* what follows in the branch of the latest step */
	uint32_t plan;	     /* choices fixed by begin() */
	uint32_t len;	     /* frames */
	bool started, cut;
};

static int wakeup_create(struct engine *e, const struct engine_options *o, char *err, size_t n)
{
	struct wakeup *s;

	if (o->preemptions >= 0) {
		snprintf(err, n,
			 "a preemption bound needs --strategy dfs: wakeup-trees covers all schedules");
		return -1;
	}
	if (e->prog.memory != ENGINE_SC) {
		snprintf(err, n, "strategy wakeup-trees is for memory sc, not %s: use dpor",
			 engine_memory_name(e->prog.memory));
		return -1;
	}
	s = calloc(1, sizeof(*s));
	if (!s || poset_create(e, &s->poset)) {
		free(s);
		snprintf(err, n, "no memory");
		return -1;
	}
	s->nr_pool = 1;
	e->state = s;
	return 0;
}

static void wakeup_destroy(struct engine *e)
{
	struct wakeup *s = e->state;

	poset_destroy(&s->poset);
	free(s->frame);
	free(s->sleeper);
	free(s->seq);
	free(s->pool);
	free(s->race);
	free(s);
	e->state = NULL;
}

/* => p, or where it moved to, with room for nr elements of `size` bytes */
static void *room(void *p, size_t *cap, size_t nr, size_t size)
{
	if (likely(nr * size <= *cap))
		return p;
	*cap = nr * size * 2;
	p = realloc(p, *cap);
	if (!p)
		engine_panic("no memory for wake-up trees: %zu elements of %zu bytes", nr, size);
	return p;
}

/* ---- steps -------------------------------------------------------------------------------------------- */

static struct brief brief_of(const struct op *op, int task)
{
	return (struct brief){
		.mask = op->mask, .loc = op->loc, .span = op->span, .mode = op->mode, .task = (uint8_t)task
	};
}

static struct op op_of(const struct brief *b)
{
	return (struct op){ .loc = b->loc, .span = b->span, .mode = b->mode, .mask = b->mask };
}

static inline bool dependent(const struct brief *a, const struct brief *b)
{
	struct op x = op_of(a), y = op_of(b);

	return op_dependent(&x, &y);
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

static void seq_add(struct wakeup *s, struct brief b)
{
	s->seq = room(s->seq, &s->cap_seq, s->nr_seq + 1, sizeof(*s->seq));
	s->seq[s->nr_seq++] = b;
}

/*
 * Can `step`, which could be taken now, be seq's first step, because it is part of seq and nothing before it there
 * matters to it, or because it is not and nothing in seq does? => its place in seq, nr_seq: it is not in it; -1: no
 */
static int64_t weak_initial(const struct wakeup *s, const struct brief *step)
{
	for (uint32_t k = 0; k < s->nr_seq; k++) {
		if (s->seq[k].task == step->task)
			return k;
		if (dependent(step, &s->seq[k]))
			return -1;
	}
	return s->nr_seq;
}

/* ---- trees ----------------------------------------------------------------------------------------------- */

static uint32_t branch_new(struct wakeup *s, struct brief step)
{
	uint32_t b = s->unused;

	if (b) {
		s->unused = s->pool[b].next;
	} else {
		s->pool = room(s->pool, &s->cap_pool, s->nr_pool + 1, sizeof(*s->pool));
		b = s->nr_pool++;
	}
	s->pool[b] = (struct branch){ .step = step };
	if (++s->live > s->peak)
		s->peak = s->live;
	return b;
}

static void branch_free(struct wakeup *s, uint32_t b)
{
	s->pool[b].next = s->unused;
	s->unused = b;
	s->live--;
}

/* Frees branches and all below, without recursion: children are put before what is left. */
static void tree_free(struct wakeup *s, uint32_t b)
{
	while (b) {
		uint32_t next = s->pool[b].next, last = s->pool[b].child;

		if (last) {
			uint32_t first = last;

			while (s->pool[last].next)
				last = s->pool[last].next;
			s->pool[last].next = next;
			next = first;
		}
		branch_free(s, b);
		b = next;
	}
}

/* Puts seq, which is used up, into the tree of the state before event `at`. */
static void tree_insert(struct wakeup *s, uint32_t at)
{
	uint32_t parent = 0, last = 0, b = s->frame[at].tree;

	while (b) {
		int64_t k = weak_initial(s, &s->pool[b].step);

		if (k < 0) {
			last = b;
			b = s->pool[b].next;
			continue;
		}
		if (k < s->nr_seq) {
			s->nr_seq--;
			memmove(&s->seq[k], &s->seq[k + 1], (s->nr_seq - (size_t)k) * sizeof(*s->seq));
		}
		if (!s->pool[b].child)
			return; /* what follows this branch covers it */
		parent = b;
		last = 0;
		b = s->pool[b].child;
	}
	for (uint32_t k = 0; k < s->nr_seq; k++) {
		b = branch_new(s, s->seq[k]);
		if (last)
			s->pool[last].next = b;
		else if (parent)
			s->pool[parent].child = b;
		else
			s->frame[at].tree = b;
		parent = b;
		last = 0;
	}
}

static bool is_asleep(const struct wakeup *s, const struct frame *f, int task)
{
	for (uint32_t i = 0; i < f->nr_sleep; i++)
		if (s->sleeper[f->sleep + i].task == task)
			return true;
	return false;
}

/*
 * Takes the first branch out of a state's tree; what is below becomes `down`. One that sleeps was explored since it got
 * there, as an operation with another outcome. => false: the tree is empty
 */
static bool tree_take(struct wakeup *s, struct frame *f)
{
	while (f->tree) {
		uint32_t b = f->tree;

		f->tree = s->pool[b].next;
		f->task = s->pool[b].step.task;
		s->down = s->pool[b].child;
		branch_free(s, b);
		if (!is_asleep(s, f, f->task))
			return true;
		tree_free(s, s->down);
		s->down = 0;
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
	s->nr_seq = 0;
	for (uint32_t k = at + 1; k < p->nr; k++) {
		bool gone = k == later || event_before(&p->ev[at], &p->ev[k]);

		for (uint32_t m = but; m && !gone; m &= m - 1)
			gone = event_before(&p->ev[add[__builtin_ctz(m)]], &p->ev[k]);
		if (!gone)
			seq_add(s, brief_of(&p->ev[k].op, p->ev[k].task));
	}
	seq_add(s, whatever_outcome(&p->ev[later]));
	return true;
}

static bool sleeps(const struct wakeup *s, uint32_t at)
{
	const struct frame *f = &s->frame[at];

	for (uint32_t i = 0; i < f->nr_sleep; i++)
		if (weak_initial(s, &s->sleeper[f->sleep + i]) >= 0)
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
			tree_insert(s, at);
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
	for (uint32_t i = 0; i < n; i++)
		reverse(s, section(&s->poset, at[i], &s->poset.ev[later].op), later);
}

static void absorb(struct engine *e, struct wakeup *s)
{
	uint32_t later = s->poset.nr;

	poset_add(e, &s->poset);
	s->race = room(s->race, &s->cap_race, s->nr_races + s->poset.nr_races, sizeof(*s->race));
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
			s->sleeper =
				room(s->sleeper, &s->cap_sleeper, s->nr_sleepers + 1, sizeof(*s->sleeper));
			s->sleeper[s->nr_sleepers++] = brief_of(&s->poset.ev[s->len - 1].op, f->task);
			f->nr_sleep++;
		}
		if (tree_take(s, f)) {
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

	s->frame = room(s->frame, &s->cap_frame, d + 1, sizeof(*s->frame));
	f = &s->frame[d];
	*f = (struct frame){ .tree = s->down, .sleep = s->nr_sleepers };
	s->down = 0;
	for (uint32_t i = 0; d && i < f[-1].nr_sleep; i++) {
		struct brief q = s->sleeper[f[-1].sleep + i];

		if (q.task == step.task || dependent(&step, &q))
			continue;
		s->sleeper = room(s->sleeper, &s->cap_sleeper, s->nr_sleepers + 1, sizeof(*s->sleeper));
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
		if (!tree_take(s, f))
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

	tree_free(s, s->down); /* an end came before the branch's */
	s->down = 0;
	/* Past the bound the steps were not ours: what the last of ours did is no longer known. */
	while (e->fair && s->len > s->poset.nr)
		tree_free(s, s->frame[--s->len].tree);
	if (s->poset.nr < s->len)
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

	stats->wakeup_nodes = s->peak;
	stats->peak_bytes += poset_bytes(e, &s->poset) + s->cap_frame + s->cap_sleeper + s->cap_seq +
			     s->cap_pool + s->cap_race;
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
