/* SPDX-License-Identifier: MIT */
/*
 * indexer_15 - 15 tasks insert four messages each into one hash table
 *
 * Message m of task t is 11m + t, so task t meets task t + 11 in three slots, and nobody else: who comes second takes
 * the slot after, which is free.
 *
 * Invariant: the executions fall into 2^12 = 4096 classes.
 * Source: Flanagan and Godefroid, "Dynamic partial-order reduction for model checking software" (POPL 2005);
 * the count is that of Abdulla, Aronsson, Jonsson and Sagonas, "Optimal dynamic partial order reduction" (POPL 2014).
 */
#include "indexer.h"

RACE(indexer_15, .summary = "15 tasks insert messages into one hash table", .memory = sizeof(struct table),
     .actors = { { "indexer0", index_messages },
		 { "indexer1", index_messages },
		 { "indexer2", index_messages },
		 { "indexer3", index_messages },
		 { "indexer4", index_messages },
		 { "indexer5", index_messages },
		 { "indexer6", index_messages },
		 { "indexer7", index_messages },
		 { "indexer8", index_messages },
		 { "indexer9", index_messages },
		 { "indexer10", index_messages },
		 { "indexer11", index_messages },
		 { "indexer12", index_messages },
		 { "indexer13", index_messages },
		 { "indexer14", index_messages } },
     .classes = 4096);
