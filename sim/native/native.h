/* SPDX-License-Identifier: MIT */
/*
 * native.h - the native ground, as its callers see it: programs on real threads, repeated until time is up
 *
 * A program is what engine.h says it is. The set-up runs once and its arena is kept; then rounds: each starts
 * from a copy of that arena, releases every task at the same instant, waits until the actors have returned
 * and no device has work left, and runs the check alone. Luck decides what the tasks meet.
 */
#ifndef SIM_NATIVE_NATIVE_H
#define SIM_NATIVE_NATIVE_H

#include "engine/engine.h"
#include "engine/outcome.h"

#define NATIVE_ROUND_SECONDS 5.0  /* a round that takes longer hangs: far more than any needs */
#define NATIVE_SETUP_SECONDS 60.0 /* the same of a set-up */
#define NATIVE_MAX_KINDS 32	  /* oracles that one run tells apart */

struct native_options {
	double seconds;	      /* budget, 0: none */
	uint64_t rounds;      /* budget, 0: none; with neither, one round */
	double round_seconds; /* 0: NATIVE_ROUND_SECONDS */
	uint64_t seed;	      /* of the perturbation */
	bool perturb;	      /* at labels, yield or dawdle at random */
	bool stop_at_first;   /* end at the first violation */
	bool no_image;	      /* one round, on memory that is committed when it is used: for large machines */
	bool unwatched;	      /* oracles do not follow each access (sync_watched()): for benchmarks */
	volatile int *interrupted; /* set by a signal handler: stop after this round; may be NULL */
	void (*progress)(void *arg, uint64_t rounds, double seconds); /* about once a second; may be NULL */
	void *progress_arg;
};

/* One oracle's violations. A round counts once, for the first that fired in it. */
struct native_kind {
	struct engine_violation first; /* .step is 0: there are no steps here */
	uint64_t round;		       /* where it fired first, from 1 */
	uint64_t count;
};

struct native_result {
	uint64_t rounds;
	uint64_t violating; /* rounds with a violation */
	double seconds, rounds_per_second;
	bool interrupted, hung; /* hung: the last round was called off; see its "deadlock" or "livelock" */
	int nr_kinds;
	struct native_kind kind[NATIVE_MAX_KINDS]; /* in the order in which they fired first */
	struct outcomes outcomes;		   /* of rounds without a violation */
};

/*
 * Runs the program under `o`.
 * => returns -1 and one line in err when the set-up failed or there is no memory, else 0
 * => a round that hangs is a violation of "deadlock", or "livelock" when a task that has not returned is not
 * waiting, and the last
 */
int native_stress(const struct engine_program *p, const struct native_options *o, struct native_result *r,
		  char *err, size_t n);

#endif
