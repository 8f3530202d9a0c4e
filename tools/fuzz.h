/* SPDX-License-Identifier: MIT */
/*
 * fuzz.h - what the ways of fuzzing share: a budget, programs, and what they find
 *
 * A way runs one generated program at a time. What it finds has a kind: words that say what went wrong, and the call at
 * which it did. Each kind is shrunk and written out once.
 */
#ifndef TOOLS_FUZZ_H
#define TOOLS_FUZZ_H

#include "programs.h"
#include "prog/generate.h"

#define FUZZ_MAX_KINDS 16 /* more are counted, and not shrunk */

struct fuzz_kind {
	char what[64];
	uint8_t call;
	int calls; /* that are left of the program */
	char path[256];
};

struct fuzz;

struct fuzz_way {
	const char *name;
	const char *kernel; /* where none is asked for; NULL: that of all programs */
	/* => a status, after a message */
	int (*open)(struct fuzz *f);
	/* Runs *p, which may be changed; finds go to fuzz_found(). => STATUS_CLEAN, or what ends it all, after a message */
	int (*one)(struct fuzz *f, struct vm_prog *p);
	void (*summary)(const struct fuzz *f); /* a line or two more; may be NULL */
	void (*close)(struct fuzz *f);
};
extern const struct fuzz_way fuzz_compare, fuzz_swap, fuzz_failures, fuzz_concurrent;

struct fuzz {
	const struct fuzz_way *way;
	struct pair pair;
	struct gen_options gen;
	struct prog_override with;
	uint64_t programs; /* budget, 0: none */
	uint64_t executions;
	double seconds;
	const char *folder;
	bool json;

	uint64_t done, found;
	uint64_t accepted;	    /* compare: known differences */
	uint64_t unsteady;	    /* compare: differences that were gone when the program ran again */
	uint64_t runs, failed_runs; /* failures: in all, and with something that failed */
	uint64_t short_of_memory;   /* swap */
	uint64_t steps, explored;   /* concurrent: of all executions, executions */
	void *own;		    /* the way's */
	struct fuzz_kind kind[FUZZ_MAX_KINDS];
	int nr_kinds;
	double begun, last_line;
	double shrink_until; /* by now(): a find's */
};

#define FUZZ_SHRINK_SECONDS 10.0 /* at most, of one find */
/* A find is about to be shrunk; then, whether there is time left: a test says no when there is none. */
void fuzz_shrink_begin(struct fuzz *f);
bool fuzz_may_shrink(const struct fuzz *f);

/*
 * A find of this kind. => NULL: it is counted, and was seen before, or there are too many; else it is to be shrunk and
 * given to fuzz_write()
 */
struct fuzz_kind *fuzz_found(struct fuzz *f, const char *what, uint8_t call);
/* It was none after all: the last that fuzz_found() gave. */
void fuzz_not_found(struct fuzz *f, const struct fuzz_kind *k);
/* Writes a shrunk program out. `says` is a comment in it. => a status */
int fuzz_write(struct fuzz *f, struct fuzz_kind *k, const struct vm_prog *p, const char *says);

#endif
