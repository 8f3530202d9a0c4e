/* SPDX-License-Identifier: MIT */
/*
 * s - one task writes two words, the other sees the second and overwrites the first
 *
 *   first               second
 *   -----               ------
 *   x = 2               r0 = y
 *   y = 1               x = 1
 *
 * r0=1 x=2 takes a store to x that reaches memory after the later one to y: pso has it, tso has not.
 *
 * Invariant: who has seen y writes x last.
 * Source: The SPARC Architecture Manual, Version 9, appendix D; named as in Alglave, Maranget, Sarkar and
 * Sewell, "Litmus: running tests against hardware" (TACAS 2011).
 */
#include "litmus.h"

#define IN_ORDER "r0=0 x=1|r0=0 x=2|r0=1 x=1"

static void first(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 2);
	store(&m->y, 1);
}

static void second(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->y);
	store(&m->x, 1);
}

static void first_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 2);
	full_fence();
	store(&m->y, 1);
}

static void second_fenced(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->y);
	full_fence();
	store(&m->x, 1);
}

static void first_store_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 2);
	store_fence();
	store(&m->y, 1);
}

static void check(void)
{
	struct litmus *m = race_memory();

	race_outcome("r0=%d x=%d", m->r[0], load(&m->x));
}

RACE(s, .summary = "a store that was seen may overtake the one before it", .memory = sizeof(struct litmus),
     .actors = { { "first", first }, { "second", second } }, .check = check, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER "|r0=1 x=2",
		   [RACE_WEAK_LOCKS] = IN_ORDER "|r0=1 x=2" });

RACE(s_fences, .summary = "a store that was seen, with full fences", .memory = sizeof(struct litmus),
     .actors = { { "first", first_fenced }, { "second", second_fenced } }, .check = check, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER,
		   [RACE_WEAK_LOCKS] = IN_ORDER });

RACE(s_wmb, .summary = "a store that was seen, after one that is kept in order",
     .memory = sizeof(struct litmus), .actors = { { "first", first_store_fenced }, { "second", second } },
     .check = check, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER,
		   [RACE_WEAK_LOCKS] = IN_ORDER });
