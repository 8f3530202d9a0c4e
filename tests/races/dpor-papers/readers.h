/* SPDX-License-Identifier: MIT */
/* readers.h - readers(N): one writes a word that N others read */
#include <faultline/race.h>
#include <stdatomic.h>

struct word {
	atomic_int word;
};

static void write_word(void)
{
	struct word *w = race_memory();

	atomic_store_explicit(&w->word, 1, memory_order_relaxed);
}

static void read_word(void)
{
	struct word *w = race_memory();

	(void)atomic_load_explicit(&w->word, memory_order_relaxed);
}
