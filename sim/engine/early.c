/* SPDX-License-Identifier: MIT */
/*
 * early.c - loads that were early: under weak-locks a marked load may return what its location held before
 *
 * A CPU may have fetched a value long before the load's turn in the program. So each location that marked accesses
 * touch has a history of the values it had, and a load returns the newest, or an older one as long as none of the
 * values since is one that the loading task *knows* to have been there. It knows what it wrote or read itself, and all
 * that whoever released something to it knew: a store-release that it acquired, a lock, a fence on both sides. Which of
 * the values it is, a choice of kind "stale" says: 0 is the newest.
 *
 * Knowledge is kept as vector clocks, apart from those of hb.c: here a store's release is what its place in memory
 * hands over, not what was stored last in time. What a task knows is a function of what happens before, in the sense of
 * op.h: so equivalent executions offer each load the same values, which is what reductions stand on. For that:
 *
 *   - full fences, which are in one order that everybody agrees on, are steps on one object;
 *   - a location's history is looked at only where dependent writes meet: additions, or writes to different bits, are
 *     in no order, and a load sees all or none of them;
 *   - what an interrupt tells its CPU is known there from the next store or instruction on, which are ordered with it.
 *
 * Plain stores, devices' and the engine's own are known to all at once; devices' loads are never early.
 *
 * H1: the entries of a location are in the order in which they reached memory; the oldest has all bits and is known.
 */
#include "engine/internal.h"

void *__real_memcpy(void *d, const void *s, size_t n);

struct entry {
	uint64_t value, mask; /* the whole word after the write; the bits that it wrote */
	uint32_t previous;    /* index + 1 */
	uint32_t released;    /* what it hands over, slot + 1; 0: nothing */
	uint32_t step;
	uint8_t by;   /* the task whose step it was */
	bool add;     /* commutes with its like */
	bool for_all; /* known to everybody */
};

struct place {
	uint32_t gen;	   /* execution that wrote it */
	uint32_t newest;   /* entry + 1 */
	uint32_t released; /* a lock's clock, slot + 1 */
};

struct passed {
	uint32_t newest;
	uint64_t mask;
};
#define MAX_PASSED 16

struct early {
	int nr; /* tasks that know things */
	size_t nr_places;
	struct place *place;
	clk_t *clock,
		*seen; /* nr for each slot; for each entry: since when each task knows that it was there, or 0 */
	struct entry *entry;
	uint32_t nr_clocks, cap_clocks, nr_entries, cap_entries;
	uint32_t agreed; /* slot + 1: what full fences agree on */
	clk_t known[ENGINE_MAX_TASKS][ENGINE_MAX_TASKS];
	clk_t acq[ENGINE_MAX_TASKS][ENGINE_MAX_TASKS], rel[ENGINE_MAX_TASKS][ENGINE_MAX_TASKS];
	bool has_rel[ENGINE_MAX_TASKS];
	uint32_t fenced[ENGINE_MAX_TASKS]; /* step of the latest full fence */
	/* By CPU: what interrupts and grace periods told it, what it knew when it stored last. */
	clk_t irq[ENGINE_MAX_CPUS][ENGINE_MAX_TASKS], qs[ENGINE_MAX_CPUS][ENGINE_MAX_TASKS],
		shown[ENGINE_MAX_CPUS][ENGINE_MAX_TASKS];
	struct passed passed[ENGINE_MAX_CPUS][MAX_PASSED];
	int nr_passed[ENGINE_MAX_CPUS];
};

/* ---- clocks ------------------------------------------------------------------------------------------- */

static void join(const struct early *y, clk_t *a, const clk_t *b)
{
	for (int i = 0; i < y->nr; i++)
		a[i] = a[i] < b[i] ? b[i] : a[i];
}

static void *grow(void *p, uint32_t n, size_t each)
{
	p = realloc(p, n * each);
	if (!p)
		engine_panic("no memory for %u old values", n);
	return p;
}

/* => slot + 1 of a new clock, all zero */
static uint32_t clock_new(struct early *y)
{
	if (y->nr_clocks == y->cap_clocks) {
		y->cap_clocks = y->cap_clocks ? 2 * y->cap_clocks : 64;
		y->clock = grow(y->clock, y->cap_clocks, (size_t)y->nr * sizeof(clk_t));
	}
	memset(y->clock + (size_t)y->nr_clocks * (size_t)y->nr, 0, (size_t)y->nr * sizeof(clk_t));
	return ++y->nr_clocks;
}

static clk_t *clock_at(const struct early *y, uint32_t slot)
{
	return y->clock + (size_t)(slot - 1) * (size_t)y->nr;
}

void early_begin(struct engine *e)
{
	struct early *y = e->early;

	if (!y) {
		y = e->early = calloc(1, sizeof(*y));
		if (y)
			y->place = calloc(e->nr_locs, sizeof(*y->place));
		if (!y || !y->place)
			engine_panic("no memory for the old values of %u locations", e->nr_locs);
		y->nr = e->rcu_task + 1;
		y->nr_places = e->nr_locs;
	}
	if (e->gen == 1) /* stamps of executions long ago must not look new */
		memset(y->place, 0, y->nr_places * sizeof(*y->place));
	y->nr_clocks = y->nr_entries = 0;
	y->agreed = clock_new(y);
	memset(y->known, 0, sizeof(y->known));
	memset(y->acq, 0, sizeof(y->acq));
	memset(y->has_rel, 0, sizeof(y->has_rel));
	memset(y->fenced, 0, sizeof(y->fenced));
	memset(y->irq, 0, sizeof(y->irq));
	memset(y->qs, 0, sizeof(y->qs));
	memset(y->shown, 0, sizeof(y->shown));
	memset(y->nr_passed, 0, sizeof(y->nr_passed));
	for (int i = 0; i < y->nr; i++)
		y->known[i][i] = 1;
}

void early_destroy(struct engine *e)
{
	struct early *y = e->early;

	if (!y)
		return;
	free(y->place);
	free(y->clock);
	free(y->seen);
	free(y->entry);
	free(y);
	e->early = NULL;
}

size_t early_bytes(const struct engine *e)
{
	const struct early *y = e->early;

	if (!y)
		return 0;
	return sizeof(*y) + y->nr_places * sizeof(*y->place) + y->cap_entries * sizeof(*y->entry) +
	       ((size_t)y->cap_clocks + y->cap_entries) * (size_t)y->nr * sizeof(clk_t);
}

static struct place *place_at(struct engine *e, uint32_t loc)
{
	struct place *p = &e->early->place[loc];

	if (p->gen != e->gen)
		*p = (struct place){ .gen = e->gen };
	return p;
}

/* What interrupts hand over has no place: irq.c keeps it by sender. */
static bool has_clock(const struct engine *e, uint32_t loc)
{
	return loc < e->loc_objects + OBJ_GATE && e->irq_cpu < 0;
}

void early_acquire(struct engine *e, uint32_t loc)
{
	const struct place *p;

	if (!has_clock(e, loc))
		return;
	p = place_at(e, loc);
	if (p->released)
		join(e->early, e->early->known[e->me], clock_at(e->early, p->released));
}

void early_release(struct engine *e, uint32_t loc, bool keep)
{
	struct early *y = e->early;
	struct place *p;

	if (!has_clock(e, loc))
		return;
	p = place_at(e, loc);
	if (!keep || !p->released)
		p->released = clock_new(y);
	join(y, clock_at(y, p->released), y->known[e->me]);
	y->known[e->me][e->me]++;
}

uint32_t early_hand(struct engine *e)
{
	struct early *y = e->early;
	uint32_t slot = clock_new(y);

	join(y, clock_at(y, slot), y->known[e->me]);
	y->known[e->me][e->me]++;
	return slot;
}

void early_take(struct engine *e, uint32_t handed)
{
	if (handed)
		join(e->early, e->early->known[e->me], clock_at(e->early, handed));
}

void early_fence(struct engine *e, int order)
{
	struct early *y = e->early;
	int me = e->me;

	if (e->irq_cpu >= 0)
		return;
	if (order_acquires(order))
		join(y, y->known[me], y->acq[me]);
	if (e->step_op.loc == loc_object(e, OBJ_FENCES)) {
		join(y, y->known[me], clock_at(y, y->agreed));
		join(y, clock_at(y, y->agreed), y->known[me]);
		y->fenced[me] = e->step;
	}
	if (order_releases(order)) {
		memcpy(y->rel[me], y->known[me], sizeof(y->rel[me]));
		y->has_rel[me] = true;
		y->known[me][me]++;
	}
}

struct op early_fence_op(const struct engine *e)
{
	return (struct op){ .loc = loc_object(e, OBJ_FENCES),
			    .mode = OP_WRITE,
			    .mask = ~0ull,
			    .fence = true,
			    .name = "fence" };
}

void early_full_fence(struct engine *e)
{
	struct op op = early_fence_op(e);

	if (!store_buffer_holds_back(e) ||
	    (e->early->fenced[e->me] && e->early->fenced[e->me] == task_current(e)->last_step))
		return;
	point(e, &op);
	early_fence(e, __ATOMIC_SEQ_CST);
}

/* ---- histories ------------------------------------------------------------------------------------------ */

static clk_t *seen_of(const struct early *y, uint32_t at)
{
	return y->seen + (size_t)(at - 1) * (size_t)y->nr;
}

static struct entry *entry_add(struct engine *e, struct place *p, uint64_t value, uint64_t mask)
{
	struct early *y = e->early;
	struct entry *n;

	if (y->nr_entries == y->cap_entries) {
		y->cap_entries = y->cap_entries ? 2 * y->cap_entries : 64;
		y->entry = grow(y->entry, y->cap_entries, sizeof(*y->entry));
		y->seen = grow(y->seen, y->cap_entries, (size_t)y->nr * sizeof(clk_t));
	}
	n = &y->entry[y->nr_entries++];
	*n = (struct entry){ .value = value,
			     .mask = mask,
			     .previous = p->newest,
			     .step = e->step,
			     .by = e->step ? e->order[e->step - 1] & ORDER_TASK : 0 };
	p->newest = y->nr_entries;
	memset(seen_of(y, p->newest), 0, (size_t)y->nr * sizeof(clk_t));
	return n;
}

/* Before a write, or for a load: the word is `now`; what changed it since its newest entry was no marked store. */
static void settle(struct engine *e, struct place *p, uint64_t now)
{
	uint64_t differs = p->newest ? e->early->entry[p->newest - 1].value ^ now : ~0ull;

	if (differs)
		entry_add(e, p, now, differs)->for_all = true;
}

static bool is_known(const struct early *y, uint32_t at, int task)
{
	const clk_t *seen = seen_of(y, at);

	if (y->entry[at - 1].for_all)
		return true;
	for (int i = 0; i < y->nr; i++)
		if (seen[i] && y->known[task][i] >= seen[i])
			return true;
	return false;
}

/* `task` has read the bits of `mask` as they were after entry `at`. */
static void see(struct early *y, uint32_t at, uint64_t mask, int task)
{
	for (; at; at = y->entry[at - 1].previous) {
		clk_t *seen = &seen_of(y, at)[task];

		if (!(y->entry[at - 1].mask & mask))
			continue;
		if (*seen && !(mask & ~y->entry[at - 1].mask))
			return;
		if (!*seen)
			*seen = y->known[task][task];
	}
}

/* Joins `to` with what those hand over that wrote the bits of `mask` last. */
static void gather(const struct early *y, uint32_t at, uint64_t mask, clk_t *to)
{
	for (; at && mask; at = y->entry[at - 1].previous) {
		const struct entry *n = &y->entry[at - 1];

		if (!(n->mask & mask))
			continue;
		if (n->released)
			join(y, to, clock_at(y, n->released));
		mask &= ~n->mask;
	}
}

/* Would another order of these two be another execution? */
static bool ordered(const struct entry *a, const struct entry *b)
{
	return a->by == b->by || ((a->mask & b->mask) && !(a->add && b->add));
}

/* Are all entries from `at` down, as far as `mask` goes, before those from `newest` down to `at`? */
static bool cut_before(const struct early *y, uint32_t newest, uint32_t at, uint64_t mask)
{
	for (uint32_t i = at; i; i = y->entry[i - 1].previous) {
		const struct entry *a = &y->entry[i - 1];

		if (!(a->mask & mask))
			continue;
		for (uint32_t k = newest; k != at; k = y->entry[k - 1].previous)
			if ((y->entry[k - 1].mask & mask) && !ordered(a, &y->entry[k - 1]))
				return false;
		if (!a->add && !(mask & ~a->mask))
			return true;
	}
	return true;
}

/* The entries after which a load of `mask` may see its location, newest first. => how many */
static int candidates(struct engine *e, uint32_t newest, uint64_t mask, uint32_t may[MAX_OLD_VALUES])
{
	struct early *y = e->early;
	uint32_t at = newest;
	int n = 1;

	may[0] = newest;
	for (;;) {
		const struct entry *a = &y->entry[at - 1];

		if ((a->mask & mask) && is_known(y, at, e->me))
			return n;
		at = a->previous;
		if (!(a->mask & mask) || !cut_before(y, newest, at, mask))
			continue;
		if (n == MAX_OLD_VALUES) {
			e->lines_short = true;
			return n;
		}
		may[n++] = at;
	}
}

/* ---- loads ---------------------------------------------------------------------------------------------- */

static const void *word_of(const void *p)
{
	return (const void *)((uintptr_t)p & ~(uintptr_t)7);
}

static void pass_over(struct engine *e, uint32_t newest, uint64_t mask)
{
	struct early *y = e->early;
	struct task *t = task_current(e);
	int *n = &y->nr_passed[e->me];

	if (*n == MAX_PASSED) {
		see(y, y->passed[e->me][0].newest, y->passed[e->me][0].mask, e->me);
		memmove(y->passed[e->me], y->passed[e->me] + 1, sizeof(struct passed) * --*n);
	}
	y->passed[e->me][(*n)++] = (struct passed){ newest, mask };
	while (!(y->entry[newest - 1].mask & mask))
		newest = y->entry[newest - 1].previous;
	/* A loop that read it need not wait for a write. */
	if ((e->noting & TASK_BIT(e->current)) && !t->spin.written)
		t->spin.written = y->entry[newest - 1].step;
}

void early_yield(struct engine *e)
{
	struct early *y = e->early;

	if (e->me >= ENGINE_MAX_CPUS)
		return;
	for (int i = 0; i < y->nr_passed[e->me]; i++)
		see(y, y->passed[e->me][i].newest, y->passed[e->me][i].mask, e->me);
	y->nr_passed[e->me] = 0;
}

uint64_t early_load(struct engine *e, const void *p, unsigned size, uint64_t mask, uint64_t value, int order)
{
	struct early *y = e->early;
	unsigned shift = ((uintptr_t)p & 7) * 8;
	uint32_t may[MAX_OLD_VALUES], at;
	struct place *place;
	int n = 1, which = 0;

	if (!e->live || e->irq_cpu >= 0 || store_buffer_forwards(e, p, size))
		return value;
	place = place_at(e, loc_word(e, p));
	settle(e, place, store_buffer_global(e, word_of(p), 8));
	may[0] = place->newest;
	if (store_buffer_holds_back(e))
		n = candidates(e, place->newest, mask, may);
	if (n > 1)
		which = choice_of_load(e, n);
	at = may[which];
	if (which)
		pass_over(e, place->newest, mask);
	gather(y, at, mask, order_acquires(order) ? y->known[e->me] : y->acq[e->me]);
	see(y, at, mask, e->me);
	if (!which)
		return value;
	value = y->entry[at - 1].value >> shift;
	return size < 8 ? value & ((1ull << (size * 8)) - 1) : value;
}

/* ---- stores --------------------------------------------------------------------------------------------- */

/* What a store of e->me's hands over. => slot + 1, 0: nothing */
static uint32_t released_by(struct engine *e, int order)
{
	struct early *y = e->early;
	uint32_t slot;

	if (order_releases(order))
		return early_hand(e);
	if (!y->has_rel[e->me])
		return 0;
	slot = clock_new(y);
	join(y, clock_at(y, slot), y->rel[e->me]);
	return slot;
}

void early_atomic(struct engine *e, const void *p, unsigned size, uint64_t mask, uint64_t old,
		  unsigned access, int order)
{
	struct early *y = e->early;
	struct place *place = place_at(e, loc_word(e, p));
	uint64_t now, before;
	uint32_t was, slot;
	struct entry *n;
	clk_t clk;

	if (!e->live || e->irq_cpu >= 0)
		return;
	now = before = store_buffer_global(e, word_of(p), 8);
	__real_memcpy((char *)&before + ((uintptr_t)p & 7), &old, size);
	settle(e, place, access & EARLY_STORE ? before : now);
	was = place->newest;
	if ((access & EARLY_LOAD) && !(access & EARLY_ADD)) {
		gather(y, was, mask, order_acquires(order) ? y->known[e->me] : y->acq[e->me]);
		see(y, was, mask, e->me);
	}
	if (!(access & EARLY_STORE))
		return;
	clk = y->known[e->me][e->me];
	slot = released_by(e, order);
	if (access & EARLY_LOAD) { /* it hands on what it found */
		slot = slot ? slot : clock_new(y);
		gather(y, was, mask, clock_at(y, slot));
	}
	n = entry_add(e, place, now, mask);
	n->released = slot;
	n->add = access & EARLY_ADD;
	n->for_all = !store_buffer_holds_back(e);
	seen_of(y, place->newest)[e->me] = clk;
}

void early_held_back(struct engine *e, struct store *s, bool release)
{
	struct early *y = e->early;

	early_gate(e);
	join(y, y->known[e->me], y->qs[e->me]);
	memcpy(y->shown[e->me], y->known[e->me], sizeof(y->shown[0]));
	if (s->lock)
		return;
	s->clk = y->known[e->me][e->me];
	s->released = released_by(e, release ? __ATOMIC_RELEASE : __ATOMIC_RELAXED);
}

void early_reached(struct engine *e, int cpu, const struct store *s, uint64_t old)
{
	const void *p = (const void *)s->addr;
	struct place *place = place_at(e, s->loc);
	uint64_t now, before;

	now = before = store_buffer_global(e, word_of(p), 8);
	__real_memcpy((char *)&before + ((uintptr_t)p & 7), &old, s->size);
	settle(e, place, before);
	entry_add(e, place, now, word_mask(p, s->size))->released = s->released;
	seen_of(e->early, place->newest)[cpu] = s->clk;
}

/* ---- interrupts, grace periods ---------------------------------------------------------------------------- */

void early_gate(struct engine *e)
{
	if (e->me < ENGINE_MAX_CPUS)
		join(e->early, e->early->known[e->me], e->early->irq[e->me]);
}

/* What `cpu` hands over at a moment that is ordered with its stores, and with nothing else that it does. */
static void show(struct early *y, int cpu, clk_t *to)
{
	join(y, to, y->shown[cpu]);
	if (to[cpu] < y->known[cpu][cpu])
		to[cpu] = y->known[cpu][cpu];
	y->known[cpu][cpu]++;
}

uint32_t early_interrupt(struct engine *e, int cpu, uint32_t handed)
{
	struct early *y = e->early;
	uint32_t slot = clock_new(y);

	join(y, y->irq[cpu], clock_at(y, handed));
	show(y, cpu, clock_at(y, slot));
	return slot;
}

void early_quiescent(struct engine *e, int cpu)
{
	struct early *y = e->early;

	show(y, cpu, y->known[e->me]);
	join(y, y->qs[cpu], y->known[e->me]);
}
