/* SPDX-License-Identifier: MIT */
/*
 * litmus.h - litmus tests: a few relaxed accesses a task, and what its loads may see under each memory model
 *
 * Of each test all outcomes are stated. The sets for tso are those of x86-TSO, the sets for pso those of SPARC's: under
 * tso stores wait in a queue of their CPU, which its own loads look into; under pso one a location. Loads are never
 * delayed, and a store reaches everybody at once. The sets for weak-locks, where loads may be early as well, are C11's for
 * relaxed accesses, without those in which a store comes before a load that precedes it or is not last though made last.
 */
#include <faultline/race.h>
#include <stdatomic.h>

struct litmus { /* a cache line each: on threads they are to be late independently */
	_Alignas(64) atomic_int x;
	_Alignas(64) atomic_int y;
	_Alignas(64) atomic_int z;
	_Alignas(64) int r[4]; /* what loads saw */
};

static inline void store(atomic_int *p, int v)
{
	atomic_store_explicit(p, v, memory_order_relaxed);
}

static inline int load(atomic_int *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

/* Waits until this CPU's stores have reached memory: mfence, MEMBAR #StoreLoad. */
static inline void full_fence(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}

/* Keeps stores in order: nothing on x86, MEMBAR #StoreStore. */
static inline void store_fence(void)
{
	atomic_thread_fence(memory_order_release);
}

/* Keeps loads in order: nothing on x86, MEMBAR #LoadLoad. */
static inline void load_fence(void)
{
	atomic_thread_fence(memory_order_acquire);
}

static inline void check_r0_r1(void)
{
	const struct litmus *m = race_memory();

	race_outcome("r0=%d r1=%d", m->r[0], m->r[1]);
}
