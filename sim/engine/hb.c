/* SPDX-License-Identifier: MIT */
/*
 * hb.c - happens-before, and the data races that it exposes
 *
 * Vector clocks in the manner of DJIT+ and FastTrack. What orders accesses is what the code states: program order,
 * locks, RCU, IPIs, release and acquire accesses, fences with marked accesses. Two conflicting accesses race when
 * neither is ordered before the other and at least one is plain; marked ones never race with each other (KCSAN's
 * rule). Memory is looked at in cells of 8 bytes with byte masks.
 *
 * A cell keeps each access that a later one could still race with without racing with anything kept since: an
 * access supersedes those before it (in happens-before) that cover no byte it does not and are not stronger.
 */
#include "engine/internal.h"

void hb_reset(struct engine *e)
{
	e->nr_clocks = 0;
	e->nr_spill = 0;
	for (int i = 0; i < e->nr_all; i++) {
		memset(&e->task[i].vc, 0, sizeof(e->task[i].vc));
		e->task[i].vc.c[i] = 1;
		e->task[i].has_acq = e->task[i].has_rel = false;
	}
}

/* ---- clocks of locations ---------------------------------------------------------------------------- */

static struct vclock *sync_get(struct engine *e, uint32_t loc)
{
	struct sync_clock *s = &e->sync[loc];

	return s->gen == e->gen ? &e->clocks[s->slot] : NULL;
}

static struct vclock *sync_new(struct engine *e, uint32_t loc)
{
	struct sync_clock *s = &e->sync[loc];
	struct vclock *v;

	if (s->gen != e->gen) {
		if (e->nr_clocks == e->cap_clocks) {
			e->cap_clocks = e->cap_clocks ? e->cap_clocks * 2 : 64;
			e->clocks = realloc(e->clocks, e->cap_clocks * sizeof(*e->clocks));
			if (!e->clocks)
				engine_panic("no memory for %u location clocks", e->cap_clocks);
		}
		s->gen = e->gen;
		s->slot = e->nr_clocks++;
	}
	v = &e->clocks[s->slot];
	memset(v, 0, sizeof(v->c[0]) * (size_t)e->nr_all);
	return v;
}

void hb_acquire(struct engine *e, uint32_t loc)
{
	struct vclock *v = sync_get(e, loc);

	if (v)
		vclock_join(&e->task[e->me].vc, v, e->nr_all);
	if (unlikely(e->early_loads))
		early_acquire(e, loc);
}

/* The clock moves on at each release, so that what follows is not taken for released. */
void hb_release_accesses(struct engine *e, uint32_t loc, bool keep)
{
	struct task *t = &e->task[e->me];
	struct vclock *v = keep ? sync_get(e, loc) : NULL;

	if (!v)
		v = sync_new(e, loc);
	vclock_join(v, &t->vc, e->nr_all);
	t->vc.c[e->me]++;
}

void hb_release(struct engine *e, uint32_t loc, bool keep)
{
	hb_release_accesses(e, loc, keep);
	if (unlikely(e->early_loads))
		early_release(e, loc, keep);
}

void hb_atomic(struct engine *e, uint32_t loc, bool load, bool store, int order)
{
	struct task *t = &e->task[e->me];

	if (load) {
		struct vclock *v = sync_get(e, loc);

		if (v && order_acquires(order)) {
			vclock_join(&t->vc, v, e->nr_all);
		} else if (v) { /* a later acquire fence may still take it */
			if (!t->has_acq)
				memset(&t->acq, 0, sizeof(t->acq));
			t->has_acq = true;
			vclock_join(&t->acq, v, e->nr_all);
		}
	}
	if (!store)
		return;
	if (order_releases(order)) {
		hb_release_accesses(e, loc, load);
	} else if (t->has_rel) { /* a release fence came before */
		struct vclock *v = load ? sync_get(e, loc) : NULL;

		if (!v)
			v = sync_new(e, loc);
		vclock_join(v, &t->rel, e->nr_all);
	} else if (!load && sync_get(e, loc)) {
		e->sync[loc].gen = e->gen - 1; /* a relaxed store ends the release sequence */
	}
}

void hb_fence(struct engine *e, int order)
{
	struct task *t = &e->task[e->me];

	if (order_acquires(order) && t->has_acq) {
		vclock_join(&t->vc, &t->acq, e->nr_all);
		t->has_acq = false;
	}
	if (order_releases(order)) {
		t->rel = t->vc;
		t->has_rel = true;
		t->vc.c[e->me]++;
	}
	if (unlikely(e->early_loads))
		early_fence(e, order);
}

/* ---- cells ------------------------------------------------------------------------------------------------ */

/* The stack of the earlier access is found by running this execution again: explore.c. */
static void keep_order(struct engine *e, int race)
{
	free(e->race_order[race]);
	e->race_order[race] = malloc((e->step + 1) * sizeof(order_t));
	if (!e->race_order[race])
		engine_panic("no memory for an execution of %u steps", e->step);
	memcpy(e->race_order[race], e->order, e->step * sizeof(order_t));
	e->race_steps[race] = e->step;
}

static void report(struct engine *e, size_t off, const struct access *old, unsigned size, unsigned kind)
{
	struct engine_data_race *r;
	size_t word = off & ~(size_t)7;

	for (int i = 0; i < e->nr_races; i++)
		if (e->races[i].offset == word && e->races[i].access[0].task == old->task &&
		    e->races[i].access[1].task == e->me)
			return;
	if (e->nr_races == ENGINE_MAX_DATA_RACES)
		return;
	r = &e->races[e->nr_races++];
	memset(r, 0, sizeof(*r));
	r->offset = word;
	r->execution = e->nr_execution;
	r->access[0].task = old->task;
	r->access[0].write = old->kind & ACCESS_WRITE;
	r->access[0].marked = old->kind & ACCESS_MARKED;
	r->access[0].size = (uint8_t)__builtin_popcount(old->mask);
	r->access[1].task = e->me;
	r->access[1].write = kind & ACCESS_WRITE;
	r->access[1].marked = kind & ACCESS_MARKED;
	r->access[1].size = (uint8_t)size;
	r->access[1].depth = trace_stack(e, r->access[1].pc, ENGINE_STACK_DEPTH, __builtin_frame_address(0));
	describe(e, (void *)(e->base + off), size, r->object, sizeof(r->object));
	if (e->watch)
		memcpy(r->access[0].pc, e->watched[old->task].pc, sizeof(r->access[0].pc));
	r->access[0].depth = e->watch ? e->watched[old->task].depth : 0;
	keep_order(e, (int)(r - e->races));
	if (e->opt && e->opt->data_race_fatal)
		violate(e, "data-race", "%s: %s %s by %s against %s by %s",
			r->object[0] ? r->object : "an unnamed object",
			r->access[1].marked ? "marked" : "plain", r->access[1].write ? "write" : "read",
			e->task[e->me].name, r->access[0].write ? "write" : "read", e->task[old->task].name);
}

static inline bool conflicts(unsigned a, unsigned b)
{
	return ((a | b) & ACCESS_WRITE) && !(a & b & ACCESS_MARKED);
}

/* A plain write is stronger than all; otherwise only equals replace each other, and a plain read a marked one. */
static inline bool covers(unsigned strong, unsigned weak)
{
	return strong == ACCESS_WRITE || strong == weak || (strong == 0 && weak == ACCESS_MARKED);
}

/* Looks at one remembered access. => true: the new one makes it superfluous */
static inline bool meet(struct engine *e, const struct vclock *vc, size_t off, const struct access *old,
			const struct access *new_, unsigned size)
{
	bool ordered = old->clk <= vc->c[old->task];

	if (!ordered && (old->mask & new_->mask) && conflicts(old->kind, new_->kind))
		report(e, off, old, size, new_->kind);
	return ordered && !(old->mask & ~new_->mask) && covers(new_->kind, old->kind);
}

static void spill(struct engine *e, struct cell *c, struct access a)
{
	if (e->nr_spill == e->cap_spill) {
		e->cap_spill = e->cap_spill ? e->cap_spill * 2 : 256;
		e->spill = realloc(e->spill, e->cap_spill * sizeof(*e->spill));
		if (!e->spill || e->cap_spill > 65535)
			engine_panic("%u accesses to few words in one execution: shorten it", e->cap_spill);
	}
	e->spill[e->nr_spill].a = a;
	e->spill[e->nr_spill].next = c->more;
	c->more = (uint16_t)(++e->nr_spill);
}

static void watch(struct engine *e)
{
	e->watched[e->me].depth =
		trace_stack(e, e->watched[e->me].pc, ENGINE_STACK_DEPTH, __builtin_frame_address(0));
}

static void cell_access(struct engine *e, size_t off, unsigned size, unsigned kind)
{
	struct cell *c = &e->cell[off >> 3];
	struct vclock *vc = &e->task[e->me].vc;
	struct access a = { vc->c[e->me], (uint8_t)e->me, (uint8_t)(((1u << size) - 1) << (off & 7)),
			    (uint8_t)kind, 0 };
	unsigned kept = 0;

	if (unlikely(e->watch) && (off & ~(size_t)7) + 1 == e->watch)
		watch(e);
	if (c->gen != e->gen) {
		c->gen = e->gen;
		c->n = 1;
		c->more = 0;
		c->a[0] = a;
		return;
	}
	for (unsigned i = 0; i < c->n; i++) {
		struct access *o = &c->a[i];

		if (o->task == a.task && o->clk == a.clk && !(a.mask & ~o->mask) && covers(o->kind, a.kind))
			return;
	}
	for (unsigned i = 0; i < c->n; i++)
		if (!meet(e, vc, off, &c->a[i], &a, size))
			c->a[kept++] = c->a[i];
	for (uint16_t *link = &c->more; *link;) {
		unsigned i = *link - 1u;

		if (meet(e, vc, off, &e->spill[i].a, &a, size))
			*link = e->spill[i].next;
		else
			link = &e->spill[i].next;
	}
	if (kept < CELL_ACCESSES)
		c->a[kept++] = a;
	else
		spill(e, c, a);
	c->n = (uint16_t)kept;
}

/* [off, off + size) of the arena; any size. */
void hb_access(struct engine *e, size_t off, unsigned size, unsigned kind)
{
	while (size) {
		unsigned n = 8 - (off & 7);

		if (n > size)
			n = size;
		cell_access(e, off, n, kind);
		off += n;
		size -= n;
	}
}
