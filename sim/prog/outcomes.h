/* SPDX-License-Identifier: MIT */
/*
 * outcomes.h - what a concurrent program came to, in all the executions of an exploration
 *
 * An outcome is the results of all calls, without their extras. The engine counts executions by a short text; this keeps
 * what stands behind each. Workers of one exploration share it.
 */
#ifndef SIM_PROG_OUTCOMES_H
#define SIM_PROG_OUTCOMES_H

#include <pthread.h>

#include "prog/log.h"

#define MAX_OUTCOMES 256

struct vm_outcome_kept {
	uint64_t hash;
	struct vm_result *result; /* one a call */
};

struct vm_outcomes {
	const struct vm_prog *prog;
	pthread_mutex_t lock;
	int nr;
	struct vm_outcome_kept kept[MAX_OUTCOMES];
	uint32_t held; /* claims that held in some execution, a bit each */
};

void outcomes_init(struct vm_outcomes *o, const struct vm_prog *p);
void outcomes_free(struct vm_outcomes *o);
/* An execution has these results. `text` has room for 17 characters. => the name of its outcome */
void outcomes_note(struct vm_outcomes *o, const struct vm_result *result, char *text);
/* => by that name; NULL: it was one too many */
const struct vm_result *outcomes_find(const struct vm_outcomes *o, const char *text);
/* Whether outcomes differ in this call. */
bool outcomes_vary(const struct vm_outcomes *o, int op);
bool vm_result_same(const struct vm_result *a, const struct vm_result *b);
/*
 * One line without a newline: the results of the calls that vary, "4:val=11 6:EFAULT"; all those in blocks when none
 * does.
 */
void outcome_print(FILE *f, const struct vm_outcomes *o, const struct vm_result *result);

#endif
