/* SPDX-License-Identifier: MIT */
/*
 * op.h - operations: what a task is about to do at a scheduling point, and when two of them depend
 *
 * Every operation is on one location, but for a free, which is on all of an object's. A location is 8 aligned bytes of the arena, the contents of one page, or an
 * object of the engine (a CPU's interrupt gate, a CPU's IPI queue, RCU); `mask` says which part: bits of the
 * word, 64-byte chunks of the page.
 *
 * Two operations on one location whose masks meet are related in one of three ways (op_relation):
 *   none   they commute, and neither enables or disables the other
 *   race   their order matters and could have been the other way
 *   edge   the later one could not have run before the earlier one (a release, then an acquire): an order,
 *          but nothing to reverse
 */
#ifndef SIM_ENGINE_OP_H
#define SIM_ENGINE_OP_H

#include <stdbool.h>
#include <stdint.h>

enum op_mode {
	OP_NONE, /* touches nothing that others see */
	OP_READ,
	OP_WRITE,   /* a store, or a read-modify-write whose result is used */
	OP_ADD,	    /* an addition whose result nobody sees: commutes with its like */
	OP_ACQUIRE, /* exclusive, waits until free */
	OP_ACQUIRE_SHARED,
	OP_RELEASE,
	OP_RELEASE_SHARED,
	OP_TRY, /* a trylock not yet done, or done and successful */
	OP_TRY_FAILED,
	OP_WAIT_FREE,	   /* waits until free, takes nothing */
	OP_ENQUEUE_SHARED, /* fair locks: joins the queue; the grant is a step of its own */
	OP_ENQUEUE,
	OP_GRANT_SHARED,
	OP_GRANT,
	OP_AWAIT, /* waits until a word has a value */
	OP_GATE,  /* a CPU shuts its interrupt gate: an instruction, interrupts off */
	OP_IRQ,	  /* an interrupt is taken there */
	OP_RCU_READ,
	OP_RCU_READ_END,
	OP_GP_START,
	OP_GP_WAIT,
	OP_CONSUME, /* wait_for_completion() */
	OP_STORE,   /* weak memory: a store enters its CPU's buffer, before or after an interrupt there */
	OP_QS,	    /* weak memory: a CPU passes a quiescent state, with a barrier */
	OP_WQ_JOIN, /* prepare_to_wait() */
	OP_WQ_LEAVE,
	OP_WQ_LOOK, /* waitqueue_active() */
	OP_WAKE,    /* wakes those that are queued now */
	OP_SLEEP,   /* waits until woken; has no location: `after` says which wake-up it was */
	OP_CHOOSE,  /* sync_choose(): touches nothing; `addr` is what is chosen */
	OP_SPIN,    /* a loop that changes nothing, until a location it reads was written; `after`: by whom */
	NR_OP_MODES,
};

/* Which of its CPU's stores an operation waits for, under the weak memory models. */
enum op_drain {
	DRAIN_DEFAULT, /* as its mode says */
	DRAIN_NEVER,
	DRAIN_ALL,
	DRAIN_OVERLAP, /* those to what it touches */
	DRAIN_ROOM,    /* it is a store: until the buffer has room */
};

enum op_relation { REL_NONE, REL_RACE, REL_EDGE };

struct op {
	uint32_t loc;  /* 0: none */
	uint16_t span; /* a free: how many locations from loc on; else 0 */
	uint8_t mode;
	uint8_t size;	  /* bytes, for display; 0: not memory */
	bool blocking;	  /* may be unready */
	bool yield;	  /* the task spins: it has no reason to go on before others did */
	bool conditional; /* a compare-and-exchange: a write or, when it fails, a read */
	bool fence;	  /* a full fence */
	bool offered;	  /* its outcome was chosen among several: choose.c */
	bool relaxed;	  /* a read-modify-write that orders nothing, or later accesses only */
	uint8_t drain;	  /* enum op_drain */
	uint16_t
		drained_cpus; /* it comes after the stores of these CPUs that were made before step drained_before */
	uint32_t drained_before;
	uint64_t mask;
	const char *name;	  /* "load", "spin_lock", ... */
	const void *addr;	  /* the word or lock; what readiness looks at */
	uint32_t want_mask, want; /* OP_AWAIT */
	/* Steps, counted from 1, that come before this one though no location says so; 0: none. */
	uint32_t after;	     /* without it this operation would not exist (an IPI's sending) */
	uint32_t after_gate; /* the last step inside the gate that kept this interrupt out */
};

extern const uint8_t op_relations[NR_OP_MODES][NR_OP_MODES]; /* [earlier][later] */

static inline enum op_relation op_relation(const struct op *earlier, const struct op *later)
{
	if (earlier->loc != later->loc) {
		bool in_later = later->span && earlier->loc - later->loc < later->span;
		bool in_earlier = earlier->span && later->loc - earlier->loc < earlier->span;

		if (!in_later && !in_earlier)
			return REL_NONE;
	}
	if (!(earlier->mask & later->mask))
		return REL_NONE;
	return (enum op_relation)op_relations[earlier->mode][later->mode];
}

static inline bool op_dependent(const struct op *a, const struct op *b)
{
	return a->loc && op_relation(a, b) == REL_RACE;
}

#endif
