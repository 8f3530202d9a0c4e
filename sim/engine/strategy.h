/* SPDX-License-Identifier: MIT */
/* strategy.h - who goes next: what the loop in explore.c and the scheduler in run.c ask, one file an answer */
#ifndef SIM_ENGINE_STRATEGY_H
#define SIM_ENGINE_STRATEGY_H

/*
 * One execution is begin(), then pick() at every scheduling point, then end(). A strategy keeps its state in
 * e->state and sees only: e->task[].op (what each would do), e->step, e->step_op and e->step_old (what the latest
 * step did), e->current.
 */
struct strategy {
	const char *name;
	/* a label was visited by task e->me; may be NULL */
	void (*label)(struct engine *e, const char *name);
	/* => -1 and one line in err: these options make no sense */
	int (*create)(struct engine *e, const struct engine_options *o, char *err, size_t n);
	void (*destroy)(struct engine *e);
	/* => false: nothing is left to explore */
	bool (*begin)(struct engine *e);
	/* => one of `ready`, which is not 0, or -1 to give this execution up */
	int (*pick)(struct engine *e, taskmask ready);
	/*
	 * The step just taken, e->order[e->step - 1], is a choice of `what` with n outcomes, 1 when the bounds leave
	 * no other than the ordinary: => which, 0 .. n - 1. NULL: always 0
	 */
	int (*choose)(struct engine *e, const char *what, int n);
	/* the execution ended as e->end says; true when all that could follow from it was noted */
	void (*end)(struct engine *e);
	/* nothing was left out, so that running out of executions means that all were covered; may be NULL: never */
	bool (*covered)(const struct engine *e);
	/*
	 * Work that is left, as bytes that are good in any engine of the same program: all of it, kept; taken up
	 * instead of all work; the last part of it, which is then no longer here (0: too little to share). May be NULL,
	 * all three: samples, whose executions depend on nothing but their numbers.
	 */
	size_t (*save)(const struct engine *e, uint8_t **bytes);
	void (*load)(struct engine *e, const uint8_t *bytes, size_t n);
	size_t (*split)(struct engine *e, uint8_t **bytes);
	/* adds what it alone counts, before it is destroyed; may be NULL */
	void (*stats)(const struct engine *e, struct engine_stats *stats);
};

extern const struct strategy strategy_random, strategy_pct, strategy_pos, strategy_dfs, strategy_dpor,
	strategy_source, strategy_wakeup_trees, strategy_replay;
const struct strategy *strategy_find(const char *name);

/* What the samples have in common: no preemption bound, an execution's own random numbers, a uniform choice. */
int sample_options(const struct engine_options *o, char *err, size_t n);
void sample_seed(struct engine *e);
int random_pick(struct engine *e, taskmask ready);
int random_choose(struct engine *e, const char *what, int n);

/* ---- classes.c ---------------------------------------------------------------------------------------- */

struct classes *classes_create(const struct engine *e); /* NULL: no memory */
void classes_destroy(struct classes *c);
void classes_begin(struct classes *c);
void classes_step(struct engine *e, struct classes *c); /* before the next choice */
void classes_end(struct engine *e, struct classes *c);
uint64_t classes_count(const struct classes *c);

#endif
