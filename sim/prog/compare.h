/* SPDX-License-Identifier: MIT */
/*
 * compare.h - two logs of one program, level by level, and programs made smaller while they still differ
 */
#ifndef SIM_PROG_COMPARE_H
#define SIM_PROG_COMPARE_H

#include "prog/log.h"

enum vm_verdict { VERDICT_SAME, VERDICT_ACCEPTED, VERDICT_DIFFERENT };
enum vm_part { PART_RESULT, PART_AREAS, PART_PTES, PART_FILE, PART_ORACLE };

/* A difference that is known and explained: accepted.c */
struct vm_accepted {
	const char *name;
	const char *reason;
	enum vm_level from; /* differences at this level and above, from the call on */
	bool (*applies)(const struct vm_log *a, const struct vm_log *b, int op);
};

/* The first difference: the first call after which anything differs, and of that the lowest level. */
struct vm_difference {
	enum vm_level level;
	enum vm_part part;
	int op;	 /* the call; of a state: that before it; -1: no call */
	int who; /* the actor or the file of a state's part */
	int state;
	const struct vm_accepted *accepted; /* VERDICT_ACCEPTED: why */
};

/* => both are of the same program, and complete */
enum vm_verdict prog_compare(const struct vm_log *a, const struct vm_log *b, enum vm_level level,
			     struct vm_difference *d);
/* One line that says where and what, and one line of each log. */
void prog_difference_print(FILE *f, const struct vm_log *a, const char *name_a, const struct vm_log *b,
			   const char *name_b, const struct vm_difference *d);

/* accepted.c. => the entry that explains a difference, or NULL */
const struct vm_accepted *prog_accepted(const struct vm_log *a, const struct vm_log *b,
					const struct vm_difference *d);
/* All of them. => how many */
int prog_accepted_all(const struct vm_accepted **all);

/* ---- shrink.c ------------------------------------------------------------------------------------------- */

/*
 * Makes *p smaller while test(p) stays true: fewer calls, then simpler arguments, a smaller window, fewer and smaller
 * files. => test(p) was true; it is true of what is left, and of nothing that lacks one more call. Claims are dropped.
 * Returns how often test was called.
 */
long prog_shrink(struct vm_prog *p, bool (*test)(const struct vm_prog *p, void *arg), void *arg);

/*
 * A test for it: whether both backends still differ as they did. A program that a backend cannot carry out does not.
 */
struct prog_same_difference {
	struct vm_backend *a, *b;
	struct vm_log *log_a, *log_b; /* initialised */
	enum vm_level level;
	struct vm_difference first;	 /* which difference */
	uint8_t call;			 /* of its op */
	char oracle_a[48], oracle_b[48]; /* PART_ORACLE: which fired on each */
};
bool prog_differs_alike(const struct vm_prog *p, void *arg);

#endif
