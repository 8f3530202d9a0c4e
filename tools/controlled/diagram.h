/* SPDX-License-Identifier: MIT */
/*
 * diagram.h - an execution as kernel developers draw it: a column an actor, time running down
 */
#ifndef TOOLS_DIAGRAM_H
#define TOOLS_DIAGRAM_H

#include <cjson/cJSON.h>
#include <stdio.h>

#include "controlled/calls.h"

#define DIAGRAM_WIDTH 80

enum row_kind {
	ROW_CALL,      /* a function is entered, on the way to what follows */
	ROW_STEP,      /* what a step did */
	ROW_LABEL,     /* a labelled place was passed */
	ROW_SWITCH,    /* the actor stops here for another: preempted, or waits */
	ROW_OTHER,     /* a step of a device or an interrupt: across the actors' columns */
	ROW_VIOLATION, /* in the column of the actor that it fired in, else across them */
};

struct row {
	enum row_kind kind;
	int task;   /* the column; beyond the actors: a device, an interrupt; -1: the check */
	long step;  /* index of its step, -1: belongs to the row below */
	int indent; /* levels */
	char text[112];
	const char *change; /* of the trace, or "" */
	char note[112];	    /* verbose: operation and object, before the change */
};

struct diagram {
	const struct engine_program *program;
	int nr_columns; /* actors: tasks 0 .. nr_columns - 1 */
	int nr, cap;
	struct row *row;
};

/*
 * Chooses and words the rows; verbose: every step, with its place. `v` ended the trace (NULL, or without an oracle:
 * nothing did). `c` was made from `t`; both outlive the diagram.
 * => NULL when there is no memory
 */
struct diagram *diagram_create(const struct engine_program *p, const struct engine_trace *t,
			       const struct calls *c, const struct engine_violation *v, bool verbose);
void diagram_destroy(struct diagram *d);

/* Fits `width` columns; 0: as wide as it needs. */
void diagram_print(const struct diagram *d, FILE *f, int width);
cJSON *diagram_json(const struct diagram *d);
/* Prints text broken between words, later lines indented by `indent`. */
void print_wrapped(FILE *f, const char *text, int width, int indent);

#endif
