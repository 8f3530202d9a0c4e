/* SPDX-License-Identifier: MIT */
/*
 * ground.h - a machine that runs one task at a time, on whichever ground the build has
 */
#ifndef SIM_PROG_GROUND_H
#define SIM_PROG_GROUND_H

#include <stdbool.h>
#include <stddef.h>

struct ground;

/* How a run ended. */
struct ground_end {
	char oracle[48]; /* that fired, "": none */
	char message[512];
	bool chosen; /* a choice had an outcome that is not the ordinary one: something failed */
};

#define GROUND_TASK "program" /* the name of the task, in schedules */

/*
 * => a machine of so many bytes, as setup(arg) leaves it, on which ground_run() has task(arg) run; NULL and one line in
 *    err
 */
struct ground *ground_create(size_t size, void (*setup)(void *arg), void (*task)(void *arg), void *arg,
			     char *err, size_t n);
/*
 * Runs the task, alone, from that state. A schedule says which allocations and transfers fail: "program!alloc:3"; NULL:
 * none. => 0: it ended, or an oracle fired, which *end says; -1 and one line in err
 */
int ground_run(struct ground *g, const char *schedule, struct ground_end *end, char *err, size_t n);
void ground_destroy(struct ground *g);
/* NULL, or why this build takes no schedules. */
const char *ground_no_schedules(void);

#endif
