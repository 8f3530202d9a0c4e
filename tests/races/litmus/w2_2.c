/* SPDX-License-Identifier: MIT */
/*
 * w2_2 - 2+2W: two tasks write two words, in opposite orders
 *
 *   first               second
 *   -----               ------
 *   x = 1               y = 1
 *   y = 2               x = 2
 *
 * x=1 y=1 when both first stores reach memory after both second ones: pso has it, tso has not.
 *
 * Invariant: the second store of one task is the last to its word.
 * Source: The SPARC Architecture Manual, Version 9, appendix D; named as in Alglave, Maranget, Sarkar and
 * Sewell, "Litmus: running tests against hardware" (TACAS 2011).
 */
#include "litmus.h"

#define IN_ORDER "x=1 y=2|x=2 y=1|x=2 y=2"

static void first(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	store(&m->y, 2);
}

static void second(void)
{
	struct litmus *m = race_memory();

	store(&m->y, 1);
	store(&m->x, 2);
}

static void first_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	full_fence();
	store(&m->y, 2);
}

static void second_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->y, 1);
	full_fence();
	store(&m->x, 2);
}

static void first_store_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	store_fence();
	store(&m->y, 2);
}

static void second_store_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->y, 1);
	store_fence();
	store(&m->x, 2);
}

static void check(void)
{
	struct litmus *m = race_memory();

	race_outcome("x=%d y=%d", load(&m->x), load(&m->y));
}

RACE(w2_2, .summary = "two tasks write two words, in opposite orders", .memory = sizeof(struct litmus),
     .actors = { { "first", first }, { "second", second } }, .check = check, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER "|x=1 y=1",
		   [RACE_WEAK_LOCKS] = IN_ORDER "|x=1 y=1" });

RACE(w2_2_fences, .summary = "two tasks write two words in opposite orders, with full fences",
     .memory = sizeof(struct litmus), .actors = { { "first", first_fenced }, { "second", second_fenced } },
     .check = check, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER,
		   [RACE_WEAK_LOCKS] = IN_ORDER });

RACE(w2_2_wmb, .summary = "two tasks write two words in opposite orders, kept in order",
     .memory = sizeof(struct litmus),
     .actors = { { "first", first_store_fenced }, { "second", second_store_fenced } }, .check = check,
     .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER,
		   [RACE_WEAK_LOCKS] = IN_ORDER });
