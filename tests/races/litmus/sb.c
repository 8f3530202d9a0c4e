/* SPDX-License-Identifier: MIT */
/*
 * sb - store buffering: each task writes a word and reads the other one's
 *
 *   first               second
 *   -----               ------
 *   x = 1               y = 1
 *   r0 = y              r1 = x
 *
 * r0=0 r1=0 when both loads run while the stores wait in their queues. A fence between store and load forbids it, so
 * does a locked instruction in place of the store; a fence that keeps stores in order does not. In sb_forward each task
 * reads its own store first, from its queue, and that changes nothing.
 *
 * Invariant: one of the two sees the other's store; with tso or pso only if something drains the queues between.
 * Source: Owens, Sarkar and Sewell, "A better x86 memory model: x86-TSO" (TPHOLs 2009).
 */
#include "litmus.h"

#define SEEN "r0=0 r1=1|r0=1 r1=0|r0=1 r1=1"
#define BOTH_LATE SEEN "|r0=0 r1=0"

static void first(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	m->r[0] = load(&m->y);
}

static void second(void)
{
	struct litmus *m = race_memory();

	store(&m->y, 1);
	m->r[1] = load(&m->x);
}

static void first_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	full_fence();
	m->r[0] = load(&m->y);
}

static void second_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->y, 1);
	full_fence();
	m->r[1] = load(&m->x);
}

static void first_store_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	store_fence();
	m->r[0] = load(&m->y);
}

static void second_store_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->y, 1);
	store_fence();
	m->r[1] = load(&m->x);
}

static void first_exchange(void)
{
	struct litmus *m = race_memory();

	atomic_exchange(&m->x, 1);
	m->r[0] = load(&m->y);
}

static void second_exchange(void)
{
	struct litmus *m = race_memory();

	atomic_exchange(&m->y, 1);
	m->r[1] = load(&m->x);
}

static void first_forward(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	m->r[2] = load(&m->x);
	m->r[0] = load(&m->y);
}

static void second_forward(void)
{
	struct litmus *m = race_memory();

	store(&m->y, 1);
	m->r[3] = load(&m->y);
	m->r[1] = load(&m->x);
}

static void check_forward(void)
{
	const struct litmus *m = race_memory();

	race_outcome("own=%d%d r0=%d r1=%d", m->r[2], m->r[3], m->r[0], m->r[1]);
}

RACE(sb, .summary = "store buffering: both loads may miss both stores", .memory = sizeof(struct litmus),
     .actors = { { "first", first }, { "second", second } }, .check = check_r0_r1, .classes = 3,
     .outcomes = { [RACE_SC] = SEEN,
		   [RACE_TSO] = BOTH_LATE,
		   [RACE_PSO] = BOTH_LATE,
		   [RACE_WEAK_LOCKS] = BOTH_LATE });

RACE(sb_fences, .summary = "store buffering, with full fences", .memory = sizeof(struct litmus),
     .actors = { { "first", first_fenced }, { "second", second_fenced } }, .check = check_r0_r1, .classes = 3,
     .outcomes = { [RACE_SC] = SEEN, [RACE_TSO] = SEEN, [RACE_PSO] = SEEN, [RACE_WEAK_LOCKS] = SEEN });

RACE(sb_wmb, .summary = "store buffering, with fences that keep stores in order",
     .memory = sizeof(struct litmus),
     .actors = { { "first", first_store_fenced }, { "second", second_store_fenced } }, .check = check_r0_r1,
     .classes = 3,
     .outcomes = { [RACE_SC] = SEEN,
		   [RACE_TSO] = BOTH_LATE,
		   [RACE_PSO] = BOTH_LATE,
		   [RACE_WEAK_LOCKS] = BOTH_LATE });

RACE(sb_rmw, .summary = "store buffering, by locked instructions", .memory = sizeof(struct litmus),
     .actors = { { "first", first_exchange }, { "second", second_exchange } }, .check = check_r0_r1,
     .classes = 3,
     .outcomes = { [RACE_SC] = SEEN, [RACE_TSO] = SEEN, [RACE_PSO] = SEEN, [RACE_WEAK_LOCKS] = SEEN });

#define FORWARD "own=11 r0=0 r1=1|own=11 r0=1 r1=0|own=11 r0=1 r1=1"

RACE(sb_forward, .summary = "store buffering, with loads of what the queue holds",
     .memory = sizeof(struct litmus), .actors = { { "first", first_forward }, { "second", second_forward } },
     .check = check_forward, .classes = 3,
     .outcomes = { [RACE_SC] = FORWARD,
		   [RACE_TSO] = FORWARD "|own=11 r0=0 r1=0",
		   [RACE_PSO] = FORWARD "|own=11 r0=0 r1=0",
		   [RACE_WEAK_LOCKS] = FORWARD "|own=11 r0=0 r1=0" });
