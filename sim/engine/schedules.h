/* SPDX-License-Identifier: MIT */
/*
 * schedules.h - the schedules that dpor still has to run: a stack, and the one at hand
 *
 * A schedule is the first steps of an execution and, among them, the deviations from the default order. Together with
 * what follows from it, it is a part of the exploration that needs nothing else: a stack's bytes, or some schedules of
 * it, are good in any engine of the same program.
 */
#ifndef SIM_ENGINE_SCHEDULES_H
#define SIM_ENGINE_SCHEDULES_H

#include "engine/internal.h"

/* Steps [at, b] are not default: b was run before what `task` was about to do, with what b needed. */
struct deviation {
	uint32_t at, b;
	uint32_t loc;
	uint16_t span;
	uint8_t mode, task;
	uint64_t mask;
};

struct schedules {
	uint8_t *stack;		 /* the one to run next on top */
	size_t bottom, top, cap; /* it lies in [bottom, top) */
	order_t *plan;		 /* the one at hand */
	uint32_t nr_plan;
	struct deviation *dev; /* of the one at hand, in their order */
	uint32_t nr_dev;
	size_t cap_plan, cap_dev; /* bytes */
};

/* realloc() in steps that double. `cap` and `need` are bytes; out of memory is the end. */
void *schedules_grow(void *p, size_t *cap, size_t need, const char *what);
void schedules_free(struct schedules *s);
size_t schedules_bytes(const struct schedules *s);

/*
 * Puts on top: the first d.at steps of `before`, then n `steps`, of which the last is what `d` deviates to. Of the
 * deviations at hand those up to d.at belong to it. d.b is filled in.
 */
void schedules_push(struct schedules *s, const order_t *before, const order_t *steps, uint32_t n,
		    struct deviation d);
/* Takes the top one to hand. => false: there is none */
bool schedules_pop(struct schedules *s);

/*
 * Takes the top one away as bytes. *kind is the same for those that deviate alike at last: at which step, to whose
 * step, from whose, how many steps the two then have taken, how often they deviated before. => 0: there is none
 */
size_t schedules_take(struct schedules *s, uint8_t **bytes, uint64_t *kind);

/* Copies of all; of the half at the bottom, which then is no longer here. => bytes, 0: fewer than two to share */
size_t schedules_save(const struct schedules *s, uint8_t **bytes);
size_t schedules_split(struct schedules *s, uint8_t **bytes);
void schedules_load(struct schedules *s, const uint8_t *bytes, size_t n);

/* strategy_dpor.c: what is left to run, while e->state is dpor's */
struct schedules *dpor_schedules(struct engine *e);

#endif
