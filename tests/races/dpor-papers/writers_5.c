/* SPDX-License-Identifier: MIT */
/*
 * writers_5 - five tasks write one word, each its own value
 *
 * The last writer is seen by the check, but every order of writes is a class of its own.
 *
 * Invariant: the executions fall into 5! = 120 classes.
 * Source: our own.
 */
#include <faultline/race.h>
#include <stdatomic.h>

struct words {
	atomic_int word[5];
};

static void write_word(void)
{
	struct words *w = race_memory();

	atomic_store_explicit(&w->word[0], race_actor(), memory_order_relaxed);
}

RACE(writers_5, .summary = "five tasks write one word", .memory = sizeof(struct words),
     .actors = { { "writer0", write_word },
		 { "writer1", write_word },
		 { "writer2", write_word },
		 { "writer3", write_word },
		 { "writer4", write_word } },
     .classes = 120);
