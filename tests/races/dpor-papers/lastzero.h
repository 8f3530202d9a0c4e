/* SPDX-License-Identifier: MIT */
/*
 * lastzero.h - lastzero(N): one looks for the last word that is 0, N others each raise one above its neighbour
 *
 * The including file defines N.
 */
#include <faultline/race.h>
#include <stdatomic.h>

struct words {
	atomic_int word[N + 1];
};

static void look_for_zero(void)
{
	struct words *w = race_memory();

	for (int i = N; i >= 0; i--)
		if (!atomic_load_explicit(&w->word[i], memory_order_relaxed))
			return;
}

static void raise_word(void)
{
	atomic_int *word = &((struct words *)race_memory())->word[race_actor()];
	int below = atomic_load_explicit(word - 1, memory_order_relaxed);

	atomic_store_explicit(word, below + 1, memory_order_relaxed);
}
