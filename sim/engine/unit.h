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

#include "engine/internal.h"

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
};

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
	atomic_bool
		attention; /* somebody has nothing to do, stop or hold: workers look after each execution */
	atomic_uint_fast64_t executions, depth;
	double start, next_progress, next_save;
};

double unit_clock(clockid_t clock);

/* explore.c. => -1 and one line in err: the strategy refuses its options */
int unit_run(struct engine *e, struct explorer *x, struct unit *u, char *err, size_t errlen);

/* parallel.c. After each execution of a unit. => true: leave it */
bool explorer_look(struct engine *e, struct explorer *x, struct unit *u);
/* What remains of a unit that is left becomes one of its own, where the strategy can say what that is. */
void explorer_keep(struct engine *e, struct explorer *x, struct unit *u);
struct unit *unit_new(struct explorer *x, struct unit *after);

/* checkpoint.c. All units as bytes, while none runs; and back. => -1 and one line in err: they are no such bytes */
size_t checkpoint_write(const struct explorer *x, uint8_t **bytes);
int checkpoint_read(struct explorer *x, const uint8_t *bytes, size_t n, char *err, size_t errlen);

/* result.c: b's is what follows a's; its violation replaces another when it is what was looked for */
void result_append(struct engine_result *a, const struct engine_result *b, bool wanted);
/* Its executions are counted from elsewhere. */
void result_renumber(struct engine_lock_report *l, uint64_t by);
/* Code addresses differ from one process to the next: turns them into offsets, and back. */
void result_relocate(struct engine_result *r, bool save);

#endif
