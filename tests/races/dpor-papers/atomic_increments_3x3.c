/* SPDX-License-Identifier: MIT */
/*
 * atomic_increments_3x3 - three tasks increment a word three times each, and are told its value
 *
 * Each increment returns a value, so any two are in an order that somebody sees.
 *
 * Invariant: the executions fall into 9! / 3!^3 = 1680 classes, one an interleaving.
 * Source: our own.
 */
#include <faultline/race.h>
#include <stdatomic.h>

#define TIMES 3

struct counter {
	atomic_int value;
};

static void increment(atomic_int *value)
{
	(void)atomic_fetch_add_explicit(value, 1, memory_order_relaxed);
}

#include "increments.h"

static void check(void)
{
	struct counter *c = race_memory();

	race_outcome("value=%d", atomic_load(&c->value));
}

RACE(atomic_increments_3x3, .summary = "three tasks increment a word atomically, and are told its value",
     .memory = sizeof(struct counter),
     .actors = { { "first", increments }, { "second", increments }, { "third", increments } }, .check = check,
     .classes = 1680, .outcomes = { [RACE_SC] = "value=9" });
