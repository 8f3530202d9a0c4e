/* SPDX-License-Identifier: MIT */
/* op.c - the table of which operations depend on which; why each entry is so stands in op.h and docs/engine.md */
#include "op.h"

#define RACE(a, b) [a][b] = REL_RACE
#define BOTH(a, b) [a][b] = REL_RACE, [b][a] = REL_RACE
#define EDGE(a, b) [a][b] = REL_EDGE

const uint8_t op_relations[NR_OP_MODES][NR_OP_MODES] = {
	/* words */
	BOTH(OP_READ, OP_WRITE),
	RACE(OP_WRITE, OP_WRITE),
	BOTH(OP_ADD, OP_READ),
	BOTH(OP_ADD, OP_WRITE),

	/* a release never frees what an acquire could have had before it */
	RACE(OP_ACQUIRE, OP_ACQUIRE),
	BOTH(OP_ACQUIRE, OP_ACQUIRE_SHARED),
	EDGE(OP_RELEASE, OP_ACQUIRE),
	EDGE(OP_RELEASE, OP_ACQUIRE_SHARED),
	EDGE(OP_RELEASE, OP_RELEASE),
	EDGE(OP_RELEASE_SHARED, OP_ACQUIRE),
	EDGE(OP_RELEASE, OP_WAIT_FREE),
	BOTH(OP_WAIT_FREE, OP_ACQUIRE),
	BOTH(OP_WAIT_FREE, OP_WRITE),

	/* lock words that are looked at or written as words: PG_locked among the page flags */
	BOTH(OP_READ, OP_ACQUIRE),
	BOTH(OP_READ, OP_ACQUIRE_SHARED),
	BOTH(OP_READ, OP_RELEASE),
	BOTH(OP_READ, OP_RELEASE_SHARED),
	BOTH(OP_WRITE, OP_ACQUIRE),
	BOTH(OP_WRITE, OP_RELEASE),

	/* trylocks: failed ones commute among themselves and with looks at the lock */
	RACE(OP_TRY, OP_TRY),
	BOTH(OP_TRY, OP_TRY_FAILED),
	BOTH(OP_TRY, OP_ACQUIRE),
	BOTH(OP_TRY, OP_ACQUIRE_SHARED),
	BOTH(OP_TRY, OP_RELEASE),
	BOTH(OP_TRY, OP_RELEASE_SHARED),
	BOTH(OP_TRY, OP_WAIT_FREE),
	BOTH(OP_TRY, OP_READ),
	BOTH(OP_TRY, OP_WRITE),
	BOTH(OP_TRY, OP_ENQUEUE),
	BOTH(OP_TRY, OP_ENQUEUE_SHARED),
	BOTH(OP_TRY_FAILED, OP_ACQUIRE),
	BOTH(OP_TRY_FAILED, OP_ACQUIRE_SHARED),
	BOTH(OP_TRY_FAILED, OP_RELEASE),
	BOTH(OP_TRY_FAILED, OP_RELEASE_SHARED),
	BOTH(OP_TRY_FAILED, OP_WRITE),
	BOTH(OP_TRY_FAILED, OP_ENQUEUE),
	BOTH(OP_TRY_FAILED, OP_ENQUEUE_SHARED),

	/* fair locks conflict at the enqueue */
	RACE(OP_ENQUEUE, OP_ENQUEUE),
	BOTH(OP_ENQUEUE, OP_ENQUEUE_SHARED),
	EDGE(OP_RELEASE, OP_GRANT),
	EDGE(OP_RELEASE, OP_GRANT_SHARED),
	EDGE(OP_RELEASE_SHARED, OP_GRANT),

	/* waiting for a word: which writes could be reversed depends on values, see dpor */
	BOTH(OP_AWAIT, OP_WRITE),
	BOTH(OP_AWAIT, OP_ADD),
	BOTH(OP_AWAIT, OP_TRY),

	/* interrupts and the gate that keeps them out */
	BOTH(OP_GATE, OP_IRQ),

	/* RCU: what matters is whether the reader began before the grace period */
	BOTH(OP_RCU_READ, OP_GP_START),
	EDGE(OP_RCU_READ_END, OP_GP_WAIT),

	/* completions: complete() is an OP_WRITE; as for OP_AWAIT, values tell what could be reversed */
	RACE(OP_CONSUME, OP_CONSUME),
	BOTH(OP_WRITE, OP_CONSUME),

	/*
	 * Wait queues: what matters is who is queued when a wake-up comes. Two wake-ups depend since either may be the
	 * one that a sleeper goes on after; leaving changes only what others see of the queue.
	 */
	BOTH(OP_WQ_JOIN, OP_WAKE),
	RACE(OP_WAKE, OP_WAKE),
	BOTH(OP_WQ_LOOK, OP_WQ_JOIN),
	BOTH(OP_WQ_LOOK, OP_WQ_LEAVE),
	BOTH(OP_WQ_LOOK, OP_WAKE),

	/* a free, which is a write to all of an object, and what else may be done to a lock or a queue in it */
	BOTH(OP_WRITE, OP_ACQUIRE_SHARED),
	BOTH(OP_WRITE, OP_RELEASE_SHARED),
	BOTH(OP_WRITE, OP_ENQUEUE),
	BOTH(OP_WRITE, OP_ENQUEUE_SHARED),
	BOTH(OP_WRITE, OP_WQ_JOIN),
	BOTH(OP_WRITE, OP_WQ_LEAVE),
	BOTH(OP_WRITE, OP_WQ_LOOK),
	BOTH(OP_WRITE, OP_WAKE),
};
