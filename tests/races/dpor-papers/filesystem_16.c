/* SPDX-License-Identifier: MIT */
/*
 * filesystem_16 - 16 tasks each give a block to an inode of their own, under the locks of inode and block
 *
 * The search for a block begins at 2t modulo 26: task t meets task t + 13 at one block, and nobody else; who comes
 * second takes the block after.
 *
 * Invariant: the executions fall into 2^3 = 8 classes.
 * Source: Flanagan and Godefroid, "Dynamic partial-order reduction for model checking software" (POPL 2005).
 */
#include <stdbool.h>

#include "filesystem.h"

RACE(filesystem_16, .summary = "16 tasks look for free blocks, under locks",
     .memory = sizeof(struct filesystem),
     .actors = { { "task0", allocate },
		 { "task1", allocate },
		 { "task2", allocate },
		 { "task3", allocate },
		 { "task4", allocate },
		 { "task5", allocate },
		 { "task6", allocate },
		 { "task7", allocate },
		 { "task8", allocate },
		 { "task9", allocate },
		 { "task10", allocate },
		 { "task11", allocate },
		 { "task12", allocate },
		 { "task13", allocate },
		 { "task14", allocate },
		 { "task15", allocate } },
     .classes = 8);
