/* SPDX-License-Identifier: MIT */
/*
 * run_concurrent.h - programs with threads: explored in the controlled build, under stress in the native one
 */
#ifndef TOOLS_RUN_CONCURRENT_H
#define TOOLS_RUN_CONCURRENT_H

#include "programs.h"

/* What was asked for; 0 and NULL: the default of each. */
struct concurrent_request {
	const char *path; /* of the program's file, for messages */
	const char *strategy, *choices;
	uint64_t executions, seed;
	double seconds;
	int jobs, depth, preemptions; /* preemptions -1: no bound */
	uint32_t max_steps;
	bool no_minimise;
};

/* Explores a program, or replays its schedule, and prints what it came to. => a status */
int run_concurrent(const struct concurrent_request *q, const struct vm_prog *p);

/* ---- between the builds and run_outcomes.c ------------------------------------------------------------------- */

#include "prog/concurrent.h"

/* A line an outcome: how often, and the results that differ. */
void print_outcomes(const struct vm_concurrent *c, const struct engine_outcome *o, int nr, bool truncated);
/*
 * `sometimes` lines that nothing was seen of, each with a message. => STATUS_CLEAN; STATUS_VIOLATION when everything was
 * seen, else STATUS_BUDGET
 */
int judge_sometimes(const struct concurrent_request *q, const struct vm_concurrent *c, bool complete);

#endif
