/* SPDX-License-Identifier: MIT */
/*
 * simulator.h - the simulator as a backend of VM programs
 */
#ifndef SIM_PROG_SIMULATOR_H
#define SIM_PROG_SIMULATOR_H

#include "prog/log.h"

/*
 * => a backend: one CPU, one task, each program on a machine that is as it was after it was switched on. NULL and one
 *    line in err: no memory. Protocols and kernels are those of the program, or the default.
 */
struct vm_backend *simulator_create(char *err, size_t n);

#endif
