/* SPDX-License-Identifier: MIT */
/*
 * lockdep.h - which locks a task holds, and in which orders classes of locks were ever taken
 *
 * A class is all locks initialised at one place; a bit lock's class is its name; a nesting annotation makes a class of
 * its own. Two nodes stand for a class: taken so that only the other kind of holder is kept out (read_lock), and all
 * other takings. A fair lock's readers wait behind queued writers, so that they count among the latter.
 *
 * Edges "taken while that was held" are kept from one execution to the next: an order and its reverse need not meet in
 * one execution to be found.
 */
#ifndef SIM_ENGINE_LOCKDEP_H
#define SIM_ENGINE_LOCKDEP_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

#define MAX_LOCK_CLASSES 128 /* class 0: a lock that was never initialised */
#define LOCK_NODES (2 * MAX_LOCK_CLASSES)
#define NODE_WORDS (LOCK_NODES / 64)
#define MAX_HELD 24	  /* locks that one task holds at a time */
#define BIT_NAME_SLOTS 32 /* names of bit locks found without a search; 2^n */

struct held {
	uint64_t id; /* the lock: its address, and the bit of a bit lock */
	void *pc;    /* where it was taken */
	const char *op;
	uint8_t node;
	uint8_t kind; /* enum sync_lock_kind */
	bool shared;
};

/* How a class was taken. [shared] */
#define USED_IN_IRQ(shared) (1u << (shared))
#define USED_IRQS_ON(shared) (4u << (shared))

struct lock_class {
	const char *name, *file; /* file NULL: a bit lock */
	int line;
	uint8_t base, subclass; /* subclass 0: a class of its own */
	int rank;		/* in the order that the program states; 0: in none */
	struct {
		const char *task;
		uint64_t execution;
		int depth;
		void *pc[ENGINE_STACK_DEPTH];
	} site[2]; /* first taken in an interrupt, first with interrupts on */
};

struct lock_edge {
	uint8_t from, to; /* nodes */
	bool cyclic;	  /* was reported: other cycles are not looked for through it */
	const char *task;
	uint64_t execution;
	void *held_pc;
	int depth;
	void *pc[ENGINE_STACK_DEPTH];
};

/*
 * Something that no execution before showed: `to` is waited for while `from` is held, or `to` is taken in an interrupt
 * or with interrupts on. From those of all executions, in their order, the graph and its reports follow.
 */
struct lock_class_name {
	const char *name, *file;
	int line;
	unsigned subclass;
};

struct lock_event {
	struct lock_class_name from_class, to_class; /* what nodes are is decided anew by each engine */
	const char *from_op, *to_op;
	void *held_pc;
	void *pc[ENGINE_STACK_DEPTH];
	uint64_t execution;
	int depth, task;
	uint8_t from, to; /* nodes */
	bool usage, in_irq;
	bool same_lock, bit; /* from and to are one lock; from is a bit lock */
	bool from_shared, to_shared;
};

struct lock_log {
	int nr, cap;
	struct lock_event *event;
};

/* What a unit of an exploration adds to, and begins with as the set-up left it. */
struct lock_graph {
	uint64_t seen[LOCK_NODES][NODE_WORDS]; /* [held][taken] has been looked at */
	uint8_t usage[MAX_LOCK_CLASSES];
	bool recursed[MAX_LOCK_CLASSES]; /* reported */
	int nr_edges, nr_reports;
};

struct lockdep {
	struct lock_graph now, setup;
	struct lock_class class[MAX_LOCK_CLASSES];
	int nr_classes;
	struct {
		const char *name;
		uint8_t class;
	} bit_name[BIT_NAME_SLOTS];
	struct lock_edge *edge;
	int cap_edges;
	struct lock_log log; /* of what came after the set-up */
	struct engine_lock_report report[ENGINE_MAX_LOCK_REPORTS];
};

#endif
