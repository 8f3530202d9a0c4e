/* SPDX-License-Identifier: MIT */
/*
 * increments_2x6 - two tasks increment a word six times each, by a load and a store
 *
 * Every load depends on every store of the other task and stores on each other: few of the 24! / 12!^2 = 2,704,156
 * interleavings are equivalent.
 *
 * Invariant: the executions fall into 372436 classes.
 * Source: our own; the count is that of brute force over the traces.
 */
#include <faultline/race.h>
#include <stdatomic.h>

#define TIMES 6

struct counter {
	atomic_int value;
};

static void increment(atomic_int *value)
{
	int v = atomic_load_explicit(value, memory_order_relaxed);

	atomic_store_explicit(value, v + 1, memory_order_relaxed);
}

#include "increments.h"

RACE(increments_2x6, .summary = "two tasks increment a word six times, by a load and a store",
     .memory = sizeof(struct counter), .actors = { { "first", increments }, { "second", increments } },
     .classes = 372436);
