/* SPDX-License-Identifier: MIT */
/*
 * lastzero_15 - one looks for the last word that is 0, 15 others each raise a word above its neighbour
 *
 * The search begins at the last word and ends at the first 0 it meets, so which words it reads at all depends on the
 * schedule. The first word stays 0.
 *
 * Invariant: the executions fall into 147456 classes.
 * Source: Abdulla, Aronsson, Jonsson and Sagonas, "Optimal dynamic partial order reduction" (POPL 2014).
 */
#define N 15
#include "lastzero.h"

RACE(lastzero_15, .summary = "one looks for the last 0 in an array, 15 others raise its words",
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
		 { "raise10", raise_word },
		 { "raise11", raise_word },
		 { "raise12", raise_word },
		 { "raise13", raise_word },
		 { "raise14", raise_word },
		 { "raise15", raise_word } },
     .classes = 147456);
