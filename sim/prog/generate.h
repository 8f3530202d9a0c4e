/* SPDX-License-Identifier: MIT */
/*
 * generate.h - random VM programs
 *
 * A program depends on its options, seed and number alone: not on the machine, nor on what was generated before. A
 * shadow of what is mapped where, in each process, lets the generator aim at what exists and at its edges; the shadow
 * takes every call to succeed that should, which is near enough.
 */
#ifndef SIM_PROG_GENERATE_H
#define SIM_PROG_GENERATE_H

#include "prog/prog.h"

struct gen_options {
	uint64_t seed;
	uint64_t number;  /* of the program, from 0 */
	uint64_t allowed; /* calls, a bit each by enum prog_call */
	int calls;	  /* 1 to PROG_MAX_CALLS */
	int threads;	  /* 0: sequential; else the calls' second half is a block of so many threads */
	bool pageout;	  /* MADV_PAGEOUT as well, often */
	bool read_back;	  /* then loads of all that is mapped, up to PROG_MAX_CALLS in all */
};
#define GEN_CALLS 24 /* by default */
#define GEN_SEQUENTIAL_CALLS                                                                                 \
	(((1ull << NR_CALLS) - 1) & ~(1ull << CALL_PIN | 1ull << CALL_UNPIN | 1ull << CALL_DIO))

/* => a program that prog_check() has nothing against */
void prog_generate(const struct gen_options *o, struct vm_prog *p);

/* ---- between generate.c and shadow.c ------------------------------------------------------------------ */

struct shadow_page {
	uint8_t area; /* 0: unmapped; neighbours with one number are one mapping */
	uint8_t prot, share, src;
	uint8_t file_page;
};

struct shadow {
	const struct vm_prog *prog;
	bool alive[PROG_MAX_ACTORS];
	uint8_t areas; /* numbers given out so far */
	int pipe;      /* bytes in it */
	struct shadow_page page[PROG_MAX_ACTORS][PROG_MAX_PAGES];
	int32_t length[PROG_MAX_FILES]; /* bytes */
};

void shadow_init(struct shadow *s, const struct vm_prog *p);
/* What a call does when it succeeds. */
void shadow_do(struct shadow *s, const struct vm_op *op);
/* The first page of the mapping that page lies in, and the first behind it. */
void shadow_area(const struct shadow *s, int actor, int page, int *first, int *end);

#endif
