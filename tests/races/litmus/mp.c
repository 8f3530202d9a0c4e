/* SPDX-License-Identifier: MIT */
/*
 * mp - message passing: one task writes data and a flag, the other reads flag and data
 *
 *   writer              reader
 *   ------              ------
 *   x = 1               r0 = y
 *   y = 1               r1 = x
 *
 * r0=1 r1=0, the flag without the data, takes stores that overtake each other: pso has it, tso has not. The fence that
 * is needed is the writer's, and one that keeps stores in order will do. Under weak-locks the reader's load of the data
 * may be early as well, and it takes a fence on both sides, or a release and an acquire.
 *
 * Invariant: who sees the flag sees the data.
 * Source: Owens, Sarkar and Sewell, "A better x86 memory model: x86-TSO" (TPHOLs 2009);
 * The SPARC Architecture Manual, Version 9, appendix D.
 */
#include "litmus.h"

#define IN_ORDER "r0=0 r1=0|r0=0 r1=1|r0=1 r1=1"

static void writer(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	store(&m->y, 1);
}

static void writer_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	full_fence();
	store(&m->y, 1);
}

static void writer_store_fenced(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	store_fence();
	store(&m->y, 1);
}

static void reader(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->y);
	m->r[1] = load(&m->x);
}

static void reader_fenced(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->y);
	full_fence();
	m->r[1] = load(&m->x);
}

static void reader_load_fenced(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->y);
	load_fence();
	m->r[1] = load(&m->x);
}

static void writer_release(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	atomic_store_explicit(&m->y, 1, memory_order_release);
}

static void reader_acquire(void)
{
	struct litmus *m = race_memory();

	m->r[0] = atomic_load_explicit(&m->y, memory_order_acquire);
	m->r[1] = load(&m->x);
}

RACE(mp, .summary = "message passing: the flag may overtake the data", .memory = sizeof(struct litmus),
     .actors = { { "writer", writer }, { "reader", reader } }, .check = check_r0_r1, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER "|r0=1 r1=0",
		   [RACE_WEAK_LOCKS] = IN_ORDER "|r0=1 r1=0" });

RACE(mp_fences, .summary = "message passing, with full fences", .memory = sizeof(struct litmus),
     .actors = { { "writer", writer_fenced }, { "reader", reader_fenced } }, .check = check_r0_r1,
     .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER,
		   [RACE_WEAK_LOCKS] = IN_ORDER });

RACE(mp_wmb, .summary = "message passing, with a writer that keeps its stores in order",
     .memory = sizeof(struct litmus), .actors = { { "writer", writer_store_fenced }, { "reader", reader } },
     .check = check_r0_r1, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER,
		   [RACE_WEAK_LOCKS] = IN_ORDER "|r0=1 r1=0" });

RACE(mp_wmb_rmb, .summary = "message passing, with stores in order and loads in order",
     .memory = sizeof(struct litmus),
     .actors = { { "writer", writer_store_fenced }, { "reader", reader_load_fenced } }, .check = check_r0_r1,
     .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER,
		   [RACE_WEAK_LOCKS] = IN_ORDER });

RACE(mp_rmb, .summary = "message passing, with a reader that keeps its loads in order",
     .memory = sizeof(struct litmus), .actors = { { "writer", writer }, { "reader", reader_load_fenced } },
     .check = check_r0_r1, .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER "|r0=1 r1=0",
		   [RACE_WEAK_LOCKS] = IN_ORDER "|r0=1 r1=0" });

RACE(mp_acquire, .summary = "message passing, by a release and an acquire", .memory = sizeof(struct litmus),
     .actors = { { "writer", writer_release }, { "reader", reader_acquire } }, .check = check_r0_r1,
     .classes = 3,
     .outcomes = { [RACE_SC] = IN_ORDER,
		   [RACE_TSO] = IN_ORDER,
		   [RACE_PSO] = IN_ORDER,
		   [RACE_WEAK_LOCKS] = IN_ORDER });
