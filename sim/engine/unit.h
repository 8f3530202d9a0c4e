/* SPDX-License-Identifier: MIT */
/*
 * unit.h - an exploration as units of work that several workers share
 *
 * Units stand in a list in the order in which one worker alone would come to them. Whoever has too much gives the last
 * part of a unit away, which becomes the next unit: so the results, put together in the list's order up to the first
 * violation that was looked for, are those of one worker, whatever the number of workers and their speed.
 *
 * Lock: explorer.lock guards the list and all units but the fields of a running one that its worker alone uses.
 */
#ifndef SIM_ENGINE_UNIT_H
#define SIM_ENGINE_UNIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "engine/lockdep_log.h"

#define FIRST_ESTIMATE 512 /* executions: what ends earlier needs none */

enum unit_state { UNIT_WAITING, UNIT_RUNNING, UNIT_DONE };

struct unit {
	struct unit *next;
	enum unit_state state;
	bool stopped;	/* at a violation that was looked for */
	bool complete;	/* all of it was covered, but for what became a unit of its own */
	uint64_t from;	/* of a sample: executions from + 1 to `to` */
	uint64_t to;	/* UINT64_MAX: no end */
	uint8_t *bytes; /* the strategy's work, as it saved it; NULL: all */
	size_t nr_bytes;
	struct engine_result *r;
	struct lock_log locks;
	uint64_t published; /* of its executions: counted in explorer.executions */
};

#define CACHE_LINE 64

struct explorer {
	const struct engine_options *o;
	const struct strategy *strategy;
	struct unit *first;
	pthread_mutex_t lock;
	pthread_cond_t change; /* of anything here */
	int workers, running;
	bool stop; /* for good: a budget is used up, or somebody interrupted */
	bool hold; /* for a moment: all leave their units, to be saved */
	bool interrupted, failed;
	char err[256];
	double start, next_progress, next_save;
	double wall_before; /* seconds, until what is resumed was saved */
	uint64_t resumed;   /* executions, until then */
	/* Somebody has nothing to do, stop or hold: workers look after each execution. */
	_Alignas(CACHE_LINE) atomic_bool attention;
	/* What workers tell, each now and then. */
	_Alignas(CACHE_LINE) atomic_uint_fast64_t executions;
	atomic_uint_fast64_t depth, bytes;
	atomic_uint_fast64_t next_estimate; /* due after so many executions; UINT64_MAX: somebody is at it */
	double estimate;		    /* of all executions */
	uint64_t nr_estimates, spent;	    /* executions that they took */
	struct lock_log *locks;		    /* of all, and of what was explored before */
	bool may_give_up, gave_up;	    /* where the estimate says that it is too much */
};

double unit_clock(clockid_t clock);

/* explore.c. Memory of a worker. */
size_t unit_memory(const struct engine *e);
/* => -1 and one line in err: the strategy refuses its options */
int unit_run(struct engine *e, struct explorer *x, struct unit *u, char *err, size_t errlen);

/*
 * parallel.c. One strategy's exploration, as engine_explore(); may_give_up: when the estimate says that it is too much.
 * Lock orders are added to *locks and judged together with those that are there.
 */
int explorer_run(struct engine *e, const struct engine_options *o, bool may_give_up, struct lock_log *locks,
		 struct engine_result *r, char *err, size_t errlen);
/* After each execution of a unit. => true: leave it */
bool explorer_look(struct engine *e, struct explorer *x, struct unit *u);
/* Tells of what was done since it told last. */
void explorer_publish(struct engine *e, struct explorer *x, struct unit *u);
/* What remains of a unit that is left becomes one of its own, where the strategy can say what that is. */
void explorer_keep(struct engine *e, struct explorer *x, struct unit *u);

/* estimate.c. After n executions of a unit: looks at the size of what there is to do, now and then */
void explorer_estimate(struct engine *e, struct explorer *x, struct unit *u, uint64_t n);

/* checkpoint.c. All units as bytes, while none runs; and back. => -1 and one line in err: they are no such bytes */
size_t checkpoint_write(const struct explorer *x, uint8_t **bytes);
int checkpoint_read(struct explorer *x, const uint8_t *bytes, size_t n, char *err, size_t errlen);

/* units.c: the list. The caller holds the lock, or is alone. */
struct unit *unit_new(struct explorer *x, struct unit *after);
void units_free(struct explorer *x);
/* Neighbours that are done become one. */
void units_fold(struct explorer *x);
/* => the first one that a worker may take up, or NULL */
struct unit *units_waiting(const struct explorer *x);
/* Is u after a violation that was looked for? */
bool units_in_vain(const struct explorer *x, const struct unit *u);
/* Of a sample: none lies on both sides of the budget. */
void units_cut_at_budget(struct explorer *x);
/* Do executions remain that belong to the exploration, within the budget or not? */
bool units_unfinished(const struct explorer *x);

/* result.c: b's is what follows a's; its violation replaces another when it is what was looked for */
void result_append(struct engine_result *a, const struct engine_result *b, bool wanted);
/* Code addresses differ from one process to the next: turns them into offsets, and back. */
void result_relocate(struct engine_result *r, bool save);
void locks_relocate(struct lock_event *v, bool save);

#endif
