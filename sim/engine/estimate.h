/* SPDX-License-Identifier: MIT */
/* estimate.h - how many executions dpor will come to, from a sample of its tree */
#ifndef SIM_ENGINE_ESTIMATE_H
#define SIM_ENGINE_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

struct engine;

/*
 * One sample: an unbiased estimate of the number of executions that dpor runs from the n bytes of schedules that are
 * `left` (0: in all), given up ones not counted. Adds the executions that it took to *spent. Different `seed`s are
 * different samples. Between executions of e alone, whose strategy and results are as before.
 */
double estimate_executions(struct engine *e, const uint8_t *left, size_t n, uint64_t seed, uint64_t *spent);

#endif
