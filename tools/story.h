/* SPDX-License-Identifier: MIT */
/*
 * story.h - the opening comment of a race's file, which tells its story, as data
 */
#ifndef TOOLS_STORY_H
#define TOOLS_STORY_H

#include <stdio.h>

#include "race/run.h"

#define STORY_MAX_WORDS 128

/* The columns of the story: which functions it says run, in which actor's column, in the order told. */
struct story {
	int nr;
	struct {
		int actor; /* index into race->actors */
		char function[64];
	} word[STORY_MAX_WORDS];
};

/* Prints the opening comment without its comment marks. => false: the file opens with none */
bool story_print(const struct race *r, FILE *f);

/*
 * Reads the drawing: a line that holds each actor's name, a line of dashes, then function names as `name(` under
 * the actors; a line at the left margin ends it. A name after "->" is a method and does not count.
 * => the number of words, 0: the comment has no such drawing
 */
int story_columns(const struct race *r, struct story *s);

#endif
