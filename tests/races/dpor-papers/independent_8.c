/* SPDX-License-Identifier: MIT */
/*
 * independent_8 - eight tasks write eight words
 *
 * No two steps depend on each other: there is nothing to explore but one execution.
 *
 * Invariant: the executions fall into 1 class.
 * Source: our own.
 */
#include <faultline/race.h>
#include <stdatomic.h>

struct words {
	atomic_int word[8];
};

static void write_word(void)
{
	struct words *w = race_memory();

	atomic_store_explicit(&w->word[race_actor()], 1, memory_order_relaxed);
}

RACE(independent_8, .summary = "eight tasks write a word each", .memory = sizeof(struct words),
     .actors = { { "writer0", write_word },
		 { "writer1", write_word },
		 { "writer2", write_word },
		 { "writer3", write_word },
		 { "writer4", write_word },
		 { "writer5", write_word },
		 { "writer6", write_word },
		 { "writer7", write_word } },
     .classes = 1);
