/* SPDX-License-Identifier: MIT */
/*
 * symbols.h - functions, files and lines behind the code addresses of this very program, inlining undone
 *
 * What it answers follows from the executable alone, never from where it was loaded.
 */
#ifndef TOOLS_SYMBOLS_H
#define TOOLS_SYMBOLS_H

#include <stddef.h>

#include "engine/engine.h"

enum frame_kind {
	FRAME_KERNEL,	 /* simulated kernel code: what a diagram shows */
	FRAME_RACE,	 /* a race's own file */
	FRAME_PRIMITIVE, /* sim/sync.h and what implements it, the loop around it, the C library */
};

struct frame {
	const char *function;
	const char *file; /* from the project's root where it lies in it; "" when not known */
	int line; /* where in it this frame stands: its call of the next inner one, or the access itself */
	enum frame_kind kind;
};

/* More than ENGINE_STACK_DEPTH, since one address stands for several inlined functions. */
#define MAX_FRAMES 48

struct symbols;

/* => NULL when the program's debugging information cannot be read: frames are then nowhere known */
struct symbols *symbols_open(void);
void symbols_close(struct symbols *s);

/*
 * The frames of a stack of return addresses, innermost first.
 * => their number, 0 when nothing is known; the strings live as long as s, which may be NULL
 */
int symbols_stack(struct symbols *s, void *const *pc, int depth, struct frame *f, int max);

/* The innermost frame that is no primitive, as "function() file:line"; "?" when there is none. => buf */
char *symbols_place(struct symbols *s, void *const *pc, int depth, char *buf, size_t n);

#endif
