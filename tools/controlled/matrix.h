/* SPDX-License-Identifier: MIT */
/*
 * matrix.h - the cells of races against protocols, and how they are printed
 */
#ifndef TOOLS_MATRIX_H
#define TOOLS_MATRIX_H

#include "cmd.h"

enum cell_verdict { CELL_UNDECIDED, CELL_CLEAN, CELL_FOUND };

struct cell {
	const struct race *race;
	const char *protocol; /* "-" where none matters */
	enum cell_verdict verdict;
	char oracle[ENGINE_NAME_MAX]; /* CELL_FOUND */
	char token[TOKEN_MAX];	      /* CELL_FOUND */
	uint64_t executions;
	double seconds;
	const struct race_verdict *expected; /* NULL: the race states none */
	bool differs;			     /* from what is expected */
	char progress[128];
};

struct matrix {
	int nr, cap;
	struct cell *cell; /* by race, then protocol */
};

/* => 0, or STATUS_INTERNAL after a message */
int matrix_add(struct matrix *m, const struct race *r, const char *protocol);
void matrix_print_text(const struct matrix *m);
void matrix_print_plain(const struct matrix *m);
void matrix_print_json(const struct matrix *m);

#endif
