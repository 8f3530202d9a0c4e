/* SPDX-License-Identifier: MIT */
/*
 * wrc - write to read causality: who hears of a store at second hand
 *
 *   first               second              third
 *   -----               ------              -----
 *   x = 1               r0 = x              r1 = y
 *                       y = 1               r2 = x
 *
 * r0=1 r1=1 r2=0 would take a store that the second task sees before the third does, or a load that is early: weak-locks
 * has that, the other models have not.
 *
 * Invariant: a store reaches everybody at once.
 * Source: Owens, Sarkar and Sewell, "A better x86 memory model: x86-TSO" (TPHOLs 2009).
 */
#include "litmus.h"

/* r0 r1 r2 */
#define CAUSAL "000|001|010|011|100|101|111"

static void first(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
}

static void second(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->x);
	store(&m->y, 1);
}

static void third(void)
{
	struct litmus *m = race_memory();

	m->r[1] = load(&m->y);
	m->r[2] = load(&m->x);
}

static void second_fenced(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->x);
	full_fence();
	store(&m->y, 1);
}

static void third_fenced(void)
{
	struct litmus *m = race_memory();

	m->r[1] = load(&m->y);
	full_fence();
	m->r[2] = load(&m->x);
}

static void check(void)
{
	struct litmus *m = race_memory();

	race_outcome("%d%d%d", m->r[0], m->r[1], m->r[2]);
}

RACE(wrc, .summary = "who hears of a store at second hand sees it", .memory = sizeof(struct litmus),
     .actors = { { "first", first }, { "second", second }, { "third", third } }, .check = check, .classes = 7,
     .outcomes = { [RACE_SC] = CAUSAL,
		   [RACE_TSO] = CAUSAL,
		   [RACE_PSO] = CAUSAL,
		   [RACE_WEAK_LOCKS] = CAUSAL "|110" });

RACE(wrc_fences, .summary = "who hears of a store at second hand sees it, with full fences",
     .memory = sizeof(struct litmus),
     .actors = { { "first", first }, { "second", second_fenced }, { "third", third_fenced } }, .check = check,
     .classes = 7,
     .outcomes = { [RACE_SC] = CAUSAL,
		   [RACE_TSO] = CAUSAL,
		   [RACE_PSO] = CAUSAL,
		   [RACE_WEAK_LOCKS] = CAUSAL });
