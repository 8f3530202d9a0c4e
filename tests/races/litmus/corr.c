/* SPDX-License-Identifier: MIT */
/*
 * corr - coherence: two loads of one word by one task, while another writes it twice
 *
 *   writer              reader
 *   ------              ------
 *   x = 1               r0 = x
 *   x = 2               r1 = x
 *
 * No model lets a task see the stores to one location in another order than they were made.
 *
 * Invariant: time does not go back: r1 >= r0.
 * Source: Owens, Sarkar and Sewell, "A better x86 memory model: x86-TSO" (TPHOLs 2009).
 */
#include "litmus.h"

#define FORWARD "r0=0 r1=0|r0=0 r1=1|r0=0 r1=2|r0=1 r1=1|r0=1 r1=2|r0=2 r1=2"

static void writer(void)
{
	struct litmus *m = race_memory();

	store(&m->x, 1);
	store(&m->x, 2);
}

static void reader(void)
{
	struct litmus *m = race_memory();

	m->r[0] = load(&m->x);
	m->r[1] = load(&m->x);
}

RACE(corr, .summary = "two loads of a word do not see its values in the wrong order",
     .memory = sizeof(struct litmus), .actors = { { "writer", writer }, { "reader", reader } },
     .check = check_r0_r1, .classes = 6,
     .outcomes = { [RACE_SC] = FORWARD,
		   [RACE_TSO] = FORWARD,
		   [RACE_PSO] = FORWARD,
		   [RACE_WEAK_LOCKS] = FORWARD });
