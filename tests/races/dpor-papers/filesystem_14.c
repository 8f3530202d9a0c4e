/* SPDX-License-Identifier: MIT */
/*
 * filesystem_14 - 14 tasks each give a block to an inode of their own, under the locks of inode and block
 *
 * The search for a block begins at 2t modulo 26: task t meets task t + 13 at one block, and nobody else; who comes
 * second takes the block after.
 *
 * Invariant: the executions fall into 2^1 = 2 classes.
 * Source: Flanagan and Godefroid, "Dynamic partial-order reduction for model checking software" (POPL 2005).
 */
#include <stdbool.h>

#include "filesystem.h"

RACE(filesystem_14, .summary = "14 tasks look for free blocks, under locks",
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
		 { "task13", allocate } },
     .classes = 2);
