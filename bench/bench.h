/* SPDX-License-Identifier: MIT */
/* bench.h - programs of the engine that benchmarks run */
#ifndef BENCH_H
#define BENCH_H

#include "engine/engine.h"

extern const struct engine_program bench_increments, bench_store_load;
/* Increments that are a load and a store. */
extern const struct engine_program bench_load_store, bench_load_store_short;

#endif
