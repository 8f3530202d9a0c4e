/* SPDX-License-Identifier: MIT */
/*
 * concurrent.h - a program with blocks of threads as a program of the engine, or of real threads
 */
#ifndef SIM_PROG_CONCURRENT_H
#define SIM_PROG_CONCURRENT_H

#include "prog/configure.h"
#include "prog/outcomes.h"

struct vm_concurrent;

struct concurrent_thread {
	const struct vm_concurrent *c;
	int cpu;
	char name[4]; /* "t3" */
};

struct vm_concurrent {
	const struct vm_prog *prog;
	struct prog_machine machine;
	int nr_threads, nr_blocks;
	struct concurrent_thread thread[PROG_MAX_THREADS];
	uint32_t
		moving; /* actors that a block forks or ends, a bit each: whether they live is to be looked at */
	struct vm_outcomes *outcomes;
};

/*
 * => 0, and concurrent_free() it; -1 and one line in err: no machine does that. *c stays where it is, and *p
 */
int concurrent_init(struct vm_concurrent *c, const struct vm_prog *p, char *err, size_t n);
void concurrent_free(struct vm_concurrent *c);
/*
 * The set-up is what comes before the first block. Threads are tasks of their names; where blocks end they meet, and the
 * first of them does what comes before the next. The check states the outcome, judges `expect` and `never` as oracle
 * "claim", and runs the global oracles.
 */
void concurrent_program(struct vm_concurrent *c, struct engine_program *ep);

#endif
