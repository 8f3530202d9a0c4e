/* SPDX-License-Identifier: MIT */
/*
 * iriw - independent reads of independent writes: do two readers agree on the order of two writes?
 *
 *   first               second              third               fourth
 *   -----               ------              -----               ------
 *   x = 1               y = 1               r0 = x              r2 = y
 *                                           r1 = y              r3 = x
 *
 * r0=1 r1=0 r2=1 r3=0 would take two stores that reach two readers in different orders, or loads that are early: weak-locks
 * has it, even where each reader keeps its loads in order, as C11 does; the other models have not. The other fifteen
 * combinations are interleavings.
 *
 * Invariant: a store reaches everybody at once; with weak-locks only for those with full fences.
 * Source: Owens, Sarkar and Sewell, "A better x86 memory model: x86-TSO" (TPHOLs 2009).
 */
#include "litmus.h"

/* r0 r1 r2 r3 */
#define ONE_ORDER "0000|0001|0010|0011|0100|0101|0110|0111|1000|1001|1011|1100|1101|1110|1111"

static void first(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
}

static void second(void)
{
	struct litmus *m = race_memory();

	store(&m->y, 1);
}

static void third(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->x);
	m->r[1] = load(&m->y);
}

static void fourth(void)
{
	struct litmus *m = race_memory();

	m->r[2] = load(&m->y);
	m->r[3] = load(&m->x);
}

static void third_fenced(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->x);
	full_fence();
	m->r[1] = load(&m->y);
}

static void fourth_fenced(void)
{
	struct litmus *m = race_memory();

	m->r[2] = load(&m->y);
	full_fence();
	m->r[3] = load(&m->x);
}

static void third_load_fenced(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->x);
	load_fence();
	m->r[1] = load(&m->y);
}

static void fourth_load_fenced(void)
{
	struct litmus *m = race_memory();

	m->r[2] = load(&m->y);
	load_fence();
	m->r[3] = load(&m->x);
}

static void check(void)
{
	struct litmus *m = race_memory();

	race_outcome("%d%d%d%d", m->r[0], m->r[1], m->r[2], m->r[3]);
}

RACE(iriw, .summary = "two readers agree on the order of two writes", .memory = sizeof(struct litmus),
     .actors = { { "first", first }, { "second", second }, { "third", third }, { "fourth", fourth } },
     .check = check, .classes = 15,
     .outcomes = { [RACE_SC] = ONE_ORDER,
		   [RACE_TSO] = ONE_ORDER,
		   [RACE_PSO] = ONE_ORDER,
		   [RACE_WEAK_LOCKS] = ONE_ORDER "|1010" });

RACE(iriw_fences, .summary = "two readers agree on the order of two writes, with full fences",
     .memory = sizeof(struct litmus),
     .actors = { { "first", first },
		 { "second", second },
		 { "third", third_fenced },
		 { "fourth", fourth_fenced } },
     .check = check, .classes = 15,
     .outcomes = { [RACE_SC] = ONE_ORDER,
		   [RACE_TSO] = ONE_ORDER,
		   [RACE_PSO] = ONE_ORDER,
		   [RACE_WEAK_LOCKS] = ONE_ORDER });

RACE(iriw_rmb, .summary = "two readers agree on the order of two writes, with loads in order",
     .memory = sizeof(struct litmus),
     .actors = { { "first", first },
		 { "second", second },
		 { "third", third_load_fenced },
		 { "fourth", fourth_load_fenced } },
     .check = check, .classes = 15,
     .outcomes = { [RACE_SC] = ONE_ORDER,
		   [RACE_TSO] = ONE_ORDER,
		   [RACE_PSO] = ONE_ORDER,
		   [RACE_WEAK_LOCKS] = ONE_ORDER "|1010" });
