/* SPDX-License-Identifier: MIT */
/* store_buffer.h - weak memory: what the rest of the engine asks of store_buffer.c, which tells how it works */
#ifndef SIM_ENGINE_STORE_BUFFER_H
#define SIM_ENGINE_STORE_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

struct op;
struct sync_lock;

/* A marked store that its CPU made and others do not see yet. */
#define STORE_BUFFER_SIZE 56 /* as many as recent x86 CPUs hold; a store waits while it is full */
#define MAX_DRAIN_LINES 24
struct store {
	uintptr_t addr;
	uint64_t value, under;	/* what it stores; what lies beneath it while its CPU runs */
	struct sync_lock *lock; /* an unlock, else NULL */
	uint32_t loc;
	uint32_t step; /* that made it */
	uint32_t clk;  /* for early.c: since when its CPU knows it, what it hands over */
	uint32_t released;
	uint32_t barrier; /* stores made before this step leave first */
	uint8_t size, line;
};

/* Drain lines a CPU needs under a model, of those that ENGINE_MAX_TASKS leaves to nr_tasks tasks. */
int store_buffer_lines(enum engine_memory memory, int nr_cpus, int nr_tasks);
/* An execution begins: empty buffers, no view. */
void store_buffer_reset(struct engine *e);
/* Memory shows what `cpu` sees; -1: what is there for all. */
void store_buffer_view(struct engine *e, int cpu);
/* [p, p + size), size at most 8, as it is for all. */
uint64_t store_buffer_global(const struct engine *e, const void *p, unsigned size);
/* Are the stores that `op` waits for gone? */
bool store_buffer_ready(const struct engine *e, int task, const struct op *op);
/* Would the running task read [p, p + size) from its own buffer, in part at least? */
bool store_buffer_forwards(const struct engine *e, const void *p, unsigned size);
/* Have all stores that CPUs `cpus` made before step `before` reached memory? */
bool store_buffer_drained(const struct engine *e, uint32_t cpus, uint32_t before);
/* Before the running task announces `op`: says what it waits for. */
void store_buffer_prepare(struct engine *e, struct op *op);
/* One step of a drain line. */
void store_buffer_run(struct engine *e, int task);
/* Are the running task's marked stores buffered? */
bool store_buffer_holds_back(const struct engine *e);
/* The operation of a store that others are to see later. */
struct op store_buffer_op(const struct engine *e, const void *p, const char *name);
/* The step of a marked store that others are to see later, then the store itself. */
void store_buffer_point(struct engine *e, const void *p, unsigned size, const char *name);
void store_buffer_add(struct engine *e, const void *p, unsigned size, uint64_t value, bool release);
/* A spinlock given back by a store. */
void store_buffer_unlock(struct engine *e, struct sync_lock *l);
/* A release fence: what this CPU stores from now on leaves after what it stored before. */
void store_buffer_barrier(struct engine *e);
/* A plain store over a marked one that is still held back comes after it. */
void store_buffer_plain(struct engine *e, const void *p, unsigned size);

#endif
