/* SPDX-License-Identifier: MIT */
/*
 * philosophers_3_ordered - three philosophers each take the lower fork of their two first
 *
 * No circle of waiting can close: whoever holds the highest fork that is held waits for none that is higher.
 *
 * Invariant: everybody gets to eat.
 * Source: E. W. Dijkstra, "Hierarchical ordering of sequential processes" (1971).
 */
#include <faultline/race.h>

#define PHILOSOPHERS 3

struct table {
	struct race_lock fork[PHILOSOPHERS];
};

static void dine(void)
{
	struct table *t = race_memory();
	int left = race_actor(), right = (left + 1) % PHILOSOPHERS, lower = left < right ? left : right;

	race_lock(&t->fork[lower]);
	race_lock(&t->fork[left + right - lower]);
	race_unlock(&t->fork[left + right - lower]);
	race_unlock(&t->fork[lower]);
}

RACE(philosophers_3_ordered, .summary = "three philosophers each take the lower fork first",
     .memory = sizeof(struct table), .actors = { { "first", dine }, { "second", dine }, { "third", dine } },
     .expect = { { ANY_PROTOCOL, CLEAN } });
