/* SPDX-License-Identifier: MIT */
/*
 * calls.h - the function calls of a trace, rebuilt from the stacks of its steps
 *
 * A step is known to lie in a call when its stack goes through it. Calls that take no step are not known.
 */
#ifndef TOOLS_CALLS_H
#define TOOLS_CALLS_H

#include "controlled/symbols.h"

struct call {
	int task;
	int parent; /* index, -1: the task's outermost */
	const char *function;
	const char *file;
	enum frame_kind kind; /* never FRAME_PRIMITIVE */
	size_t step;	      /* index of the first step seen in it */
};

struct calls {
	int nr, cap;
	struct call *call; /* in the order of entering: an explanation's (column, function) sequence */
	int *leaf;	   /* by step: its innermost call, -1: none known */
	int *line;	   /* by step: where in its innermost call it stands */
};

/* => NULL when there is no memory */
struct calls *calls_create(const struct engine_trace *t, struct symbols *s);
void calls_destroy(struct calls *c);

#endif
