/* SPDX-License-Identifier: MIT */
/*
 * readers_2 - one writes a word that 2 others read
 *
 * Each reader sees the write or does not, and readers do not care for each other.
 *
 * Invariant: the executions fall into 2^2 = 4 classes.
 * Source: Abdulla, Aronsson, Jonsson and Sagonas, "Optimal dynamic partial order reduction" (POPL 2014).
 */
#include "readers.h"

RACE(readers_2, .summary = "one writes a word that 2 others read", .memory = sizeof(struct word),
     .actors = { { "writer", write_word }, { "reader1", read_word }, { "reader2", read_word } },
     .classes = 4);
