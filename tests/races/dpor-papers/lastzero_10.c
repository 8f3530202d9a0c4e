/* SPDX-License-Identifier: MIT */
/*
 * lastzero_10 - one looks for the last word that is 0, 10 others each raise a word above its neighbour
 *
 * The search begins at the last word and ends at the first 0 it meets, so which words it reads at all depends on the
 * schedule. The first word stays 0.
 *
 * Invariant: the executions fall into 3328 classes.
 * Source: Abdulla, Aronsson, Jonsson and Sagonas, "Optimal dynamic partial order reduction" (POPL 2014).
 */
#define N 10
#include "lastzero.h"

RACE(lastzero_10, .summary = "one looks for the last 0 in an array, 10 others raise its words",
     .memory = sizeof(struct words),
     .actors = { { "search", look_for_zero },
		 { "raise1", raise_word },
		 { "raise2", raise_word },
		 { "raise3", raise_word },
		 { "raise4", raise_word },
		 { "raise5", raise_word },
		 { "raise6", raise_word },
		 { "raise7", raise_word },
		 { "raise8", raise_word },
		 { "raise9", raise_word },
		 { "raise10", raise_word } },
     .classes = 3328);
