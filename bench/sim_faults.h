/* SPDX-License-Identifier: MIT */
/* sim_faults.h - the simulator's part of what host_faults.h describes; the oracles judge each run when it is over */
#ifndef BENCH_SIM_FAULTS_H
#define BENCH_SIM_FAULTS_H

#include "host_faults.h"

/*
 * => faults a second of all tasks together; *checksum: of what they read back at the end. Exits on a violation
 */
double sim_faults(const struct fault_run *r, uint64_t *checksum);
/* => seconds for `pages` pages */
double sim_range(enum range_op op, unsigned long pages);

#endif
