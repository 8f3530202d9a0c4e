/* SPDX-License-Identifier: MIT */
/*
 * lb - load buffering: each task reads a word, then writes the one that the other reads
 *
 *   first               second
 *   -----               ------
 *   r0 = x              r1 = y
 *   y = 1               x = 1
 *
 * r0=1 r1=1 would take a load that is delayed past a later store; no model here does that.
 *
 * Invariant: a load sees no store that depends on its being over.
 * Source: Owens, Sarkar and Sewell, "A better x86 memory model: x86-TSO" (TPHOLs 2009).
 */
#include "litmus.h"

#define IN_ORDER "r0=0 r1=0|r0=0 r1=1|r0=1 r1=0"

static void first(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->x);
	store(&m->y, 1);
}

static void second(void)
{
	struct litmus *m = race_memory();

	m->r[1] = load(&m->y);
	store(&m->x, 1);
}

static void first_fenced(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->x);
	full_fence();
	store(&m->y, 1);
}

static void second_fenced(void)
{
	struct litmus *m = race_memory();

	m->r[1] = load(&m->y);
	full_fence();
	store(&m->x, 1);
}

RACE(lb, .summary = "load buffering: loads are not delayed", .memory = sizeof(struct litmus),
     .actors = { { "first", first }, { "second", second } }, .check = check_r0_r1, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER,
		   [RACE_WEAK_LOCKS] = IN_ORDER });

RACE(lb_fences, .summary = "load buffering, with full fences", .memory = sizeof(struct litmus),
     .actors = { { "first", first_fenced }, { "second", second_fenced } }, .check = check_r0_r1, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER,
		   [RACE_WEAK_LOCKS] = IN_ORDER });
