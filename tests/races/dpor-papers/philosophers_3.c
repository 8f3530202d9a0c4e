/* SPDX-License-Identifier: MIT */
/*
 * philosophers_3 - three philosophers each take the left fork, then the right one
 *
 *   first                second               third
 *   -----                ------               -----
 *   take_left()
 *                        take_left()
 *                                             take_left()
 *
 * All of them hold their left fork and wait for the right one, which is the left fork of the next, for ever.
 *
 * Invariant: everybody gets to eat.
 * Source: E. W. Dijkstra, "Hierarchical ordering of sequential processes" (1971).
 */
#include <faultline/race.h>

#define PHILOSOPHERS 3

struct table {
	struct race_lock fork[PHILOSOPHERS];
};

static void take_left(struct table *t, int me)
{
	race_lock(&t->fork[me]);
	race_label("has-left");
}

static void take_right(struct table *t, int me)
{
	race_lock(&t->fork[(me + 1) % PHILOSOPHERS]);
}

static void dine(void)
{
	struct table *t = race_memory();
	int me = race_actor();

	take_left(t, me);
	take_right(t, me);
	race_unlock(&t->fork[(me + 1) % PHILOSOPHERS]);
	race_unlock(&t->fork[me]);
}

RACE(philosophers_3, .summary = "three philosophers each take the left fork first",
     .memory = sizeof(struct table), .actors = { { "first", dine }, { "second", dine }, { "third", dine } },
     .expect = { { ANY_PROTOCOL, FOUND("deadlock"), "first@has-left second@has-left third@has-left" } });
