/* SPDX-License-Identifier: MIT */
/* spin.h - loops that change nothing: what the rest of the engine tells spin.c, which says how it works */
#ifndef SIM_ENGINE_SPIN_H
#define SIM_ENGINE_SPIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct op;

/* What a task read since it last yielded, while it changed nothing. */
#define SPIN_READS 16 /* more: the loop is no pure spin */
struct spin {
	uint64_t state; /* hash of its stack and registers when it yielded last */
	int nr;
	uint32_t written; /* step of the first write to what it had read by then, 0: none */
	struct {
		const void *addr; /* within 8 aligned bytes */
		uint8_t size;
	} read[SPIN_READS];
};

void spin_reset(struct engine *e);
/* The running task announces an operation; one that may change something ends its idle iteration. */
void spin_op(struct engine *e, const struct op *op);
/* An iteration that did this is not idle. */
void spin_changed(struct engine *e);
/* A read, or an operation that failed and so was one. */
void spin_read(struct engine *e, const void *p, size_t size);
/* A write by anybody, interrupts included: before it happens, or after. */
void spin_wrote(struct engine *e, const void *p, size_t size);
/* A store that was held back reaches memory; for tasks of `cpu` nothing changes. It is no write of the running task. */
void spin_reached(struct engine *e, const void *p, size_t size, int cpu);
uint64_t spin_value(const void *p, unsigned size);

#endif
