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
 */
#include "engine/known.h"

void *early_grow(void *p, uint32_t n, size_t each)
{
	p = realloc(p, n * each);
	if (!p)
		engine_panic("no memory for %u old values", n);
	return p;
}

/* ---- clocks ------------------------------------------------------------------------------------------- */

uint32_t clock_new(struct early *y)
{
	if (y->nr_clocks == y->cap_clocks) {
		y->cap_clocks = y->cap_clocks ? 2 * y->cap_clocks : 64;
		y->clock = early_grow(y->clock, y->cap_clocks, (size_t)y->nr * sizeof(clk_t));
	}
	memset(y->clock + (size_t)y->nr_clocks * (size_t)y->nr, 0, (size_t)y->nr * sizeof(clk_t));
	return ++y->nr_clocks;
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
		e->mapped += sizeof(*y) + y->nr_places * sizeof(*y->place);
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
		clk_join(e->early, e->early->known[e->me], clock_at(e->early, p->released));
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
	clk_join(y, clock_at(y, p->released), y->known[e->me]);
	y->known[e->me][e->me]++;
}

uint32_t early_hand(struct engine *e)
{
	struct early *y = e->early;
	uint32_t slot = clock_new(y);

	clk_join(y, clock_at(y, slot), y->known[e->me]);
	y->known[e->me][e->me]++;
	return slot;
}

void early_take(struct engine *e, uint32_t handed)
{
	if (handed)
		clk_join(e->early, e->early->known[e->me], clock_at(e->early, handed));
}

void early_fence(struct engine *e, int order)
{
	struct early *y = e->early;
	int me = e->me;

	if (e->irq_cpu >= 0)
		return;
	if (order_acquires(order))
		clk_join(y, y->known[me], y->acq[me]);
	if (e->step_op.loc == loc_object(e, OBJ_FENCES)) {
		clk_join(y, y->known[me], clock_at(y, y->agreed));
		clk_join(y, clock_at(y, y->agreed), y->known[me]);
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

/* ---- interrupts, grace periods ---------------------------------------------------------------------------- */

void early_gate(struct engine *e)
{
	if (e->me < ENGINE_MAX_CPUS)
		clk_join(e->early, e->early->known[e->me], e->early->irq[e->me]);
}

/* What `cpu` hands over at a moment that is ordered with its stores, and with nothing else that it does. */
static void show(struct early *y, int cpu, clk_t *to)
{
	clk_join(y, to, y->shown[cpu]);
	if (to[cpu] < y->known[cpu][cpu])
		to[cpu] = y->known[cpu][cpu];
	y->known[cpu][cpu]++;
}

uint32_t early_interrupt(struct engine *e, int cpu, uint32_t handed)
{
	struct early *y = e->early;
	uint32_t slot = clock_new(y);

	clk_join(y, y->irq[cpu], clock_at(y, handed));
	show(y, cpu, clock_at(y, slot));
	return slot;
}

void early_quiescent(struct engine *e, int cpu)
{
	struct early *y = e->early;

	show(y, cpu, y->known[e->me]);
	clk_join(y, y->qs[cpu], y->known[e->me]);
}
