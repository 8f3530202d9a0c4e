/* SPDX-License-Identifier: MIT */
/*
 * fiber.h - stacks that are switched by hand
 *
 * A switch saves the six callee-saved registers and leaves through `pop` and an indirect jump: ending in `ret`
 * costs five times as much, since the return predictor is always wrong after the stack changed. The floating
 * point control words are not switched: nothing here changes them.
 */
#ifndef SIM_ENGINE_FIBER_H
#define SIM_ENGINE_FIBER_H

#include <stddef.h>

struct fiber {
	void *sp;    /* where it was left */
	void *stack; /* lowest usable byte; NULL for the thread's own */
	size_t size;
	void *asan_fake; /* the address sanitizer's view of the stack that was left */
};

/* Maps a stack with a guard page below. => -1 when there is no memory */
int fiber_create(struct fiber *f, size_t size);
void fiber_destroy(struct fiber *f);
/* The next switch to f calls entry(), which must never return. Whatever f was doing is forgotten. */
void fiber_reset(struct fiber *f, void (*entry)(void));
/* Leaves `from`, whose stack this is, for `to`. => returns when somebody switches back to `from` */
void fiber_switch(struct fiber *from, struct fiber *to);
/* As fiber_switch(), when `from` will be reset before it runs again. */
void fiber_leave(struct fiber *from, struct fiber *to) __attribute__((noreturn));
/* To be called first by entry(). */
void fiber_entered(void);

#endif
