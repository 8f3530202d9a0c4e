/* SPDX-License-Identifier: MIT */
/* early.h - loads that were early: what the rest of the engine asks of early.c, which tells how it works */
#ifndef SIM_ENGINE_EARLY_H
#define SIM_ENGINE_EARLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;
struct op;
struct store;

#define MAX_OLD_VALUES 8     /* that a load may return, the newest included */
#define EARLY_CHOICE "stale" /* the kind of choice that says which */

void early_begin(struct engine *e); /* an execution */
void early_destroy(struct engine *e);

/* Those that follow are for executions under e->early_loads only; they are about what task e->me knows. */

void early_acquire(struct engine *e, uint32_t loc);
void early_release(struct engine *e, uint32_t loc, bool keep);
/* What is known now, for whoever is given it. => for early_take() */
uint32_t early_hand(struct engine *e);
void early_take(struct engine *e, uint32_t handed);
void early_fence(struct engine *e, int order);
/* A full fence's operation. */
struct op early_fence_op(const struct engine *e);
/* The step of a full fence, before or after an operation that is one; none is needed after another. */
void early_full_fence(struct engine *e);
/* => what a marked load returns of [p, p + size) & mask, whose newest value, at the place of its bytes, is `value` */
uint64_t early_load(struct engine *e, const void *p, unsigned size, uint64_t mask, uint64_t value, int order);
/* A read-modify-write or a store that nobody held back has happened; before it [p, p + size) was `old`. */
enum early_access { EARLY_LOAD = 1, EARLY_STORE = 2, EARLY_ADD = 4 };
void early_atomic(struct engine *e, const void *p, unsigned size, uint64_t mask, uint64_t old,
		  unsigned access, int order);
/* A store enters the buffer; it has reached memory, where `old` was. */
void early_held_back(struct engine *e, struct store *s, bool release);
void early_reached(struct engine *e, int cpu, const struct store *s, uint64_t old);
/* The running task has yielded: what it passed over it will not pass over again. */
void early_yield(struct engine *e);
/* The running task shut its interrupt gate: it comes after the interrupts before. */
void early_gate(struct engine *e);
/* CPU `cpu` took an interrupt that was sent with what `handed` says. => what that hands back */
uint32_t early_interrupt(struct engine *e, int cpu, uint32_t handed);
/* CPU `cpu` passed a quiescent state for the running task. */
void early_quiescent(struct engine *e, int cpu);

#endif
