/* SPDX-License-Identifier: MIT */
/*
 * adds_3x3 - three tasks add to a word three times each, and are told nothing
 *
 * Additions commute, and nobody looks before the end.
 *
 * Invariant: the executions fall into 1 class.
 * Source: our own; reference counts that only grow.
 */
#include <faultline/race.h>
#include <stdatomic.h>

#define TIMES 3

struct counter {
	atomic_int value;
};

static void increment(atomic_int *value)
{
	race_add(value, 1);
}

#include "increments.h"

static void check(void)
{
	struct counter *c = race_memory();

	race_outcome("value=%d", atomic_load(&c->value));
}

RACE(adds_3x3, .summary = "three tasks add to a word, and are told nothing", .memory = sizeof(struct counter),
     .actors = { { "first", increments }, { "second", increments }, { "third", increments } }, .check = check,
     .classes = 1, .outcomes = { [RACE_SC] = "value=9" });
