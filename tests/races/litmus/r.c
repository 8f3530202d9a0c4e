/* SPDX-License-Identifier: MIT */
/*
 * r - one task writes two words, the other overwrites the second and reads the first
 *
 *   first               second
 *   -----               ------
 *   x = 1               y = 2
 *   y = 1               r0 = x
 *
 * r0=0 y=2 when the load runs while its task's store waits: tso and pso have it. To keep stores in order does not help.
 *
 * Invariant: who writes y last sees x; with tso or pso only if it drains its queue between.
 * Source: Owens, Sarkar and Sewell, "A better x86 memory model: x86-TSO" (TPHOLs 2009); named as in
 * Alglave, Maranget, Sarkar and Sewell, "Litmus: running tests against hardware" (TACAS 2011).
 */
#include "litmus.h"

#define IN_ORDER "r0=0 y=1|r0=1 y=1|r0=1 y=2"
#define LATE IN_ORDER "|r0=0 y=2"

static void first(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	store(&m->y, 1);
}

static void second(void)
{
	struct litmus *m = race_memory();

	store(&m->y, 2);
	m->r[0] = load(&m->x);
}

static void first_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	full_fence();
	store(&m->y, 1);
}

static void second_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->y, 2);
	full_fence();
	m->r[0] = load(&m->x);
}

static void first_store_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	store_fence();
	store(&m->y, 1);
}

static void second_store_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->y, 2);
	store_fence();
	m->r[0] = load(&m->x);
}

static void check(void)
{
	struct litmus *m = race_memory();

	race_outcome("r0=%d y=%d", m->r[0], load(&m->y));
}

RACE(r, .summary = "a load may overtake the store that is to be last", .memory = sizeof(struct litmus),
     .actors = { { "first", first }, { "second", second } }, .check = check, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER, [RACE_TSO] = LATE, [RACE_PSO] = LATE, [RACE_WEAK_LOCKS] = LATE });

RACE(r_fences, .summary = "a load after the store that is to be last, with full fences",
     .memory = sizeof(struct litmus), .actors = { { "first", first_fenced }, { "second", second_fenced } },
     .check = check, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER,
		   [RACE_WEAK_LOCKS] = IN_ORDER });

RACE(r_wmb, .summary = "a load after the store that is to be last, with fences that keep stores in order",
     .memory = sizeof(struct litmus),
     .actors = { { "first", first_store_fenced }, { "second", second_store_fenced } }, .check = check,
     .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER, [RACE_TSO] = LATE, [RACE_PSO] = LATE, [RACE_WEAK_LOCKS] = LATE });
