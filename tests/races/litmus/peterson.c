/* SPDX-License-Identifier: MIT */
/*
 * peterson - Peterson's lock, of which each of two tasks makes one attempt
 *
 *   first               second
 *   -----               ------
 *   flag0 = 1           flag1 = 1
 *   turn = 1            turn = 0
 *   enter unless        enter unless
 *   flag1 and turn == 1 flag0 and turn == 0
 *
 * Nobody leaves, so the lock has failed when both are in. Loads that overtake the stores let both in, under tso and
 * pso. A full fence before the loads is enough for tso; under pso turn may still overtake the flag, so that it takes one
 * after each store. x and y are the flags, z is turn.
 *
 * Invariant: at most one is in; with tso or pso only with enough fences.
 * Source: G. L. Peterson, "Myths about the mutual exclusion problem" (1981).
 */
#include "litmus.h"

#define EXCLUDED "in=00|in=01|in=10"
#define BOTH EXCLUDED "|in=11"

static atomic_int *flag(struct litmus *m, int task)
{
	return task ? &m->y : &m->x;
}

static void decide(struct litmus *m, int me)
{
	m->r[me] = !load(flag(m, !me)) || load(&m->z) == me;
}

static void attempt(void)
{
	struct litmus *m = race_memory();
	int me = race_actor();

	store(flag(m, me), 1);
	store(&m->z, !me);
	decide(m, me);
}

static void attempt_fence(void)
{
	struct litmus *m = race_memory();
	int me = race_actor();

	store(flag(m, me), 1);
	store(&m->z, !me);
	full_fence();
	decide(m, me);
}

static void attempt_fences(void)
{
	struct litmus *m = race_memory();
	int me = race_actor();

	store(flag(m, me), 1);
	full_fence();
	store(&m->z, !me);
	full_fence();
	decide(m, me);
}

static void check(void)
{
	struct litmus *m = race_memory();

	race_outcome("in=%d%d", m->r[0], m->r[1]);
}

RACE(peterson, .summary = "Peterson's lock without fences", .memory = sizeof(struct litmus),
     .actors = { { "first", attempt }, { "second", attempt } }, .check = check, .classes = 6,
     .outcomes = { [RACE_SC] = EXCLUDED, [RACE_TSO] = BOTH, [RACE_PSO] = BOTH, [RACE_WEAK_LOCKS] = BOTH });

RACE(peterson_fence, .summary = "Peterson's lock with a fence before its loads",
     .memory = sizeof(struct litmus), .actors = { { "first", attempt_fence }, { "second", attempt_fence } },
     .check = check, .classes = 6,
     .outcomes = { [RACE_SC] = EXCLUDED,
		   [RACE_TSO] = EXCLUDED,
		   [RACE_PSO] = BOTH,
		   [RACE_WEAK_LOCKS] = BOTH });

RACE(peterson_fences, .summary = "Peterson's lock with a fence after each store",
     .memory = sizeof(struct litmus), .actors = { { "first", attempt_fences }, { "second", attempt_fences } },
     .check = check, .classes = 6,
     .outcomes = { [RACE_SC] = EXCLUDED,
		   [RACE_TSO] = EXCLUDED,
		   [RACE_PSO] = EXCLUDED,
		   [RACE_WEAK_LOCKS] = EXCLUDED });
