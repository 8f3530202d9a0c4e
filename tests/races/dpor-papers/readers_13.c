/* SPDX-License-Identifier: MIT */
/*
 * readers_13 - one writes a word that 13 others read
 *
 * Each reader sees the write or does not, and readers do not care for each other.
 *
 * Invariant: the executions fall into 2^13 = 8192 classes.
 * Source: Abdulla, Aronsson, Jonsson and Sagonas, "Optimal dynamic partial order reduction" (POPL 2014).
 */
#include "readers.h"

RACE(readers_13, .summary = "one writes a word that 13 others read", .memory = sizeof(struct word),
     .actors = { { "writer", write_word },
		 { "reader1", read_word },
		 { "reader2", read_word },
		 { "reader3", read_word },
		 { "reader4", read_word },
		 { "reader5", read_word },
		 { "reader6", read_word },
		 { "reader7", read_word },
		 { "reader8", read_word },
		 { "reader9", read_word },
		 { "reader10", read_word },
		 { "reader11", read_word },
		 { "reader12", read_word },
		 { "reader13", read_word } },
     .classes = 8192);
