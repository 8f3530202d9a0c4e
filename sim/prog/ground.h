/* SPDX-License-Identifier: MIT */
/*
 * ground.h - a machine that runs one task at a time, on whichever ground the build has
 */
#ifndef SIM_PROG_GROUND_H
#define SIM_PROG_GROUND_H

#include <stddef.h>

struct ground;

/*
 * => a machine of so many bytes, as setup(arg) leaves it, on which ground_run() has task(arg) run; NULL and one line in
 *    err
 */
struct ground *ground_create(size_t size, void (*setup)(void *arg), void (*task)(void *arg), void *arg,
			     char *err, size_t n);
/* Runs the task, alone, from that state. => 0; -1 and one line in err: an oracle fired, or it did not end */
int ground_run(struct ground *g, char *err, size_t n);
void ground_destroy(struct ground *g);

#endif
