/* SPDX-License-Identifier: MIT */
/* host_faults.h - the shapes that both kernels are measured with, and the running kernel's part of it */
#ifndef BENCH_HOST_FAULTS_H
#define BENCH_HOST_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_MAX_TASKS 16

/* will-it-scale's three; each iteration maps, writes one word of each page, and unmaps. */
enum shape {
	ANONYMOUS,    /* page_fault1 */
	PRIVATE_FILE, /* page_fault2: copy on write */
	SHARED_FILE,  /* page_fault3 */
	NR_SHAPES,
};

/* Of many pages at once, once each. */
enum range_op { OP_FORK, OP_MUNMAP, OP_MPROTECT, OP_GUP, NR_RANGE_OPS };

struct fault_run {
	enum shape shape;
	int tasks;
	bool processes;	     /* an address space each, else threads in one */
	unsigned long pages; /* of a mapping */
	double seconds;
};

/* What the tasks did, in memory that they share. */
struct fault_count {
	double rate[BENCH_MAX_TASKS]; /* faults a second */
};

/* => faults a second of all tasks together; does not return when a system call fails */
double host_faults(const struct fault_run *r);
/* => seconds for `pages` pages that are mapped, anonymous and written */
double host_range(enum range_op op, unsigned long pages);

double bench_now(void);

#endif
