/* SPDX-License-Identifier: MIT */
/* known.h - what early.c and old_values.c share: who knows what, and the values that locations had */
#ifndef SIM_ENGINE_KNOWN_H
#define SIM_ENGINE_KNOWN_H

#include "engine/internal.h"

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

static inline void clk_join(const struct early *y, clk_t *a, const clk_t *b)
{
	for (int i = 0; i < y->nr; i++)
		a[i] = a[i] < b[i] ? b[i] : a[i];
}

static inline clk_t *clock_at(const struct early *y, uint32_t slot)
{
	return y->clock + (size_t)(slot - 1) * (size_t)y->nr;
}

static inline struct place *place_at(struct engine *e, uint32_t loc)
{
	struct place *p = &e->early->place[loc];

	if (p->gen != e->gen)
		*p = (struct place){ .gen = e->gen };
	return p;
}

void *early_grow(void *p, uint32_t n, size_t each);
/* => slot + 1 of a new clock, all zero */
uint32_t clock_new(struct early *y);

#endif
