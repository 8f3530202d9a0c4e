/* SPDX-License-Identifier: MIT */
/*
 * old_values.c - the values that locations had, and which of them a load may return: see early.c
 *
 * H1: the entries of a location are in the order in which they reached memory; the oldest has all bits and is known.
 */
#include "engine/known.h"

void *__real_memcpy(void *d, const void *s, size_t n);

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
		y->entry = early_grow(y->entry, y->cap_entries, sizeof(*y->entry));
		y->seen = early_grow(y->seen, y->cap_entries, (size_t)y->nr * sizeof(clk_t));
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
			clk_join(y, to, clock_at(y, n->released));
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
	clk_join(y, clock_at(y, slot), y->rel[e->me]);
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
	clk_join(y, y->known[e->me], y->qs[e->me]);
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
