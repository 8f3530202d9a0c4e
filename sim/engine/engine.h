/* SPDX-License-Identifier: MIT */
/*
 * engine.h - controlled scheduling, as its callers see it
 *
 * A program is an arena, a set-up, tasks and a check. The engine runs the set-up once, keeps a snapshot of the
 * arena, then runs executions: each starts from the snapshot, runs the tasks on fibers, one at a time, and asks
 * a strategy at every scheduling point who goes next. It knows nothing of memory management.
 *
 * One struct engine is used by one thread at a time; engines are independent of each other.
 */
#ifndef SIM_ENGINE_ENGINE_H
#define SIM_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Limits. Each is checked, and what is printed names the likely cause. */
#define ENGINE_MAX_TASKS 64	      /* tasks, devices, a CPU's interrupt line and store buffers, together */
#define ENGINE_MAX_CPUS 16	      /* a task each */
#define ENGINE_STACK_SIZE (64u << 10) /* bytes a fiber; a guard page lies below */
#define ENGINE_NAME_MAX 48
#define ENGINE_OBJECT_MAX 160
#define ENGINE_WHAT_MAX 24		    /* the name of a kind of choice */
#define ENGINE_MAX_CHOICE_KINDS 8	    /* kinds that an exploration bounds */
#define ENGINE_MAX_OUTCOMES_OF_A_CHOICE 256 /* of one sync_choose() */
#define ENGINE_MAX_OUTCOMES_TOLD 32	    /* other than the ordinary, an execution */

enum engine_memory {
	ENGINE_SC,
	ENGINE_TSO, /* a FIFO of marked stores a CPU */
	ENGINE_PSO, /* one a CPU and location */
	ENGINE_WEAK_LOCKS, /* as pso; loads may be early, locks are one-way, relaxed read-modify-writes do not drain */
	NR_ENGINE_MEMORIES,
};

enum engine_task_kind {
	ENGINE_ACTOR,  /* the execution is over only when it has returned */
	ENGINE_DEVICE, /* may wait for ever: an execution that has only devices left waiting is over */
};

struct engine_task {
	const char *name;
	void (*run)(void *arg);
	void *arg;
	enum engine_task_kind kind;
};

/*
 * How many outcomes of sync_choose(what) an execution may have that are not the ordinary one. Choices that no list
 * names have their ordinary outcome. A list ends with what = NULL.
 */
struct engine_choice {
	const char *what;
	int max;
};

/* A place in the order in which a program takes its locks: the outermost has the lowest rank. */
struct engine_lock_rank {
	const char *name; /* of a class, or the words that its name ends in: "tree_lock", "slab.lock" */
	int rank;	  /* from 1 */
};

struct engine_program {
	const char *name;
	size_t arena_size; /* bytes, zeroed before setup */
	void (*setup)(void *arg);
	void (*check)(void *arg); /* after each execution, alone, no points; reports by sync_violation() */
	void *arg;
	struct engine_choice choices[ENGINE_MAX_CHOICE_KINDS + 1];
	enum engine_memory memory;
	int nr_tasks;
	struct engine_task tasks[ENGINE_MAX_TASKS / 2 - 1]; /* task i runs on CPU i; devices have their own */

	/* NULL: no order is stated; else up to an entry without a name. What is taken against it is reported. */
	const struct engine_lock_rank *lock_ranks;

	/* Names for diagrams and reports; may be NULL. Each writes at most n bytes and returns false if it has none. */
	bool (*describe)(const void *addr, size_t size, char *buf, size_t n);
	/* what a change of [addr, addr + size) from old to new means, e.g. "page 3 _mapcount 0->1" */
	bool (*describe_change)(const void *addr, size_t size, uint64_t old, uint64_t new_, char *buf,
				size_t n);
};

/* ---- verdicts --------------------------------------------------------------------------------- */

struct engine_violation {
	char oracle[ENGINE_NAME_MAX]; /* "" when there is none */
	char message[512];
	char object[ENGINE_OBJECT_MAX]; /* what it is about, whatever the execution: see identity.c */
	int task;			/* index, -1: the check after the execution */
	uint32_t step;			/* steps taken when it fired */
};

enum engine_end {
	ENGINE_DONE,	  /* every actor returned, the check passed */
	ENGINE_VIOLATION, /* see violation; deadlock and livelock are violations too */
	ENGINE_REDUNDANT, /* the strategy gave up: equivalent to an execution already explored */
	ENGINE_BOUND, /* the bound on steps was reached and a fair schedule goes on: neither good nor bad */
	ENGINE_DIVERGED, /* a replay no longer fits: see diverged */
};

/* One maximal run of a task without a switch, as tokens and witnesses say it. */
enum engine_stop { ENGINE_STOP_END, ENGINE_STOP_LABEL, ENGINE_STOP_COUNT };

struct engine_segment {
	int task;
	enum engine_stop stop;
	char label[ENGINE_NAME_MAX]; /* ENGINE_STOP_LABEL */
	uint32_t count;		     /* LABEL: which visit, from 1; COUNT: steps */
};

/* The outcome of the visit-th sync_choose(what) of a task; task -1: `what` is a choice, nothing more. */
struct engine_choice_made {
	int task;
	char what[ENGINE_WHAT_MAX];
	uint32_t visit; /* from 1 */
	int outcome;
};

#define ENGINE_MAX_SEGMENTS 512
#define ENGINE_MAX_CHOICES_MADE (ENGINE_MAX_OUTCOMES_TOLD + ENGINE_MAX_CHOICE_KINDS)

struct engine_schedule {
	int nr;
	bool truncated; /* it had more segments: printed as such, and refused when read */
	struct engine_segment seg[ENGINE_MAX_SEGMENTS];
	int nr_choices;
	struct engine_choice_made choice[ENGINE_MAX_CHOICES_MADE];
};

/* ---- a trace, for diagrams: one entry a step --------------------------------------------------- */

#define ENGINE_STACK_DEPTH 16

struct engine_step {
	uint32_t index;
	int task;
	const char *op;		     /* "load", "store", "spin_lock", "ipi", ... */
	char object[64];	     /* described, or "" */
	char change[96];	     /* described, or "" */
	char label[ENGINE_NAME_MAX]; /* the last label visited in this step, or "" */
	uint64_t old, new_;	     /* values, where the operation has any */
	int depth;
	void *pc[ENGINE_STACK_DEPTH]; /* return addresses, innermost first */
	bool blocked;		      /* the task waited before it could take this step */
};

struct engine_trace {
	uint64_t hash; /* of every step's task, operation, object and values: equal traces, equal hash */
	size_t nr, cap;
	struct engine_step *step;
};

/* ---- a data race: two accesses that nothing orders, at least one of them plain -------------------- */

struct engine_data_race {
	char object[64];
	uint64_t offset; /* in the arena */
	struct {
		int task;
		bool write, marked;
		uint8_t size;
		int depth; /* 0: not known */
		void *pc[ENGINE_STACK_DEPTH];
	} access[2]; /* [0] the earlier */
	uint64_t execution;
};

#define ENGINE_MAX_DATA_RACES 64

/* ---- outcomes: what a check says an execution came to --------------------------------------------- */

#define ENGINE_MAX_OUTCOMES 256
#define ENGINE_OUTCOME_MAX 64 /* characters, with the NUL */

struct engine_outcome {
	char text[ENGINE_OUTCOME_MAX];
	uint64_t executions;
	uint64_t first; /* the execution that showed it, from 1 */
};

/* ---- locks taken in orders that can deadlock, whether or not an execution did ------------------------ */

#define ENGINE_MAX_LOCK_REPORTS 16
#define ENGINE_MAX_LOCK_LINKS 8

struct engine_lock_report {
	char message[512];
	uint64_t execution; /* that completed it; 0: the set-up */
	int nr;
	struct {
		char task[ENGINE_NAME_MAX];
		uint64_t execution; /* that showed this link first; 0: the set-up */
		char held[ENGINE_NAME_MAX],
			taken[ENGINE_NAME_MAX]; /* classes; held "" where it is about `taken` alone */
		void *held_pc;			/* where it was taken; NULL: not known */
		int depth;
		void *pc[ENGINE_STACK_DEPTH]; /* of the taking */
	} link[ENGINE_MAX_LOCK_LINKS];
};

/* ---- exploring --------------------------------------------------------------------------------- */

/* How far an exploration has come. */
struct engine_progress {
	uint64_t executions, resumed; /* of them, before this call */
	double seconds;		      /* of this call, by the clock on the wall */
	uint32_t depth;		      /* the longest execution's steps */
	size_t bytes;		      /* memory at most, so far */
	int jobs;
	double share;	   /* of the whole, 0 .. 1; below 0: not known */
	uint64_t estimate; /* executions of the whole, 0: not known */
};

struct engine_options {
	const char *strategy; /* one of engine_strategy_name() */
	int preemptions;      /* dfs: at most so many; -1: no bound */
	bool state_hash;      /* dfs: give an execution up in a state that another was in */
	size_t state_bytes;   /* ... the set of states may have, 0: ENGINE_DEFAULT_STATE_BYTES */
	int depth;	      /* pct: of the bugs it is to find, 0: ENGINE_DEFAULT_DEPTH */
	uint64_t executions;  /* budget, with those before resuming; 0: none */
	double seconds;	      /* budget of this call, 0: none */
	uint64_t seed;
	uint32_t max_steps; /* an execution's bound, 0: ENGINE_DEFAULT_STEPS */
	const char *oracle; /* stop at a violation of this oracle only, keep others; NULL: any stops */
	const struct engine_choice *choices; /* in place of the program's; NULL: the program's */
	bool keep_going;		     /* do not stop at violations at all: count them */
	bool data_race_fatal;  /* a data race ends the exploration as violation of "data-race" */
	bool lock_order_fatal; /* so does a lock report, as violation of "lock-order" */
	bool paranoid;	       /* compare the whole arena with the snapshot after each reset */
	bool count_classes;    /* of equivalent executions: stats.classes */
	bool labels_only;      /* dfs: preempt only where a label was just visited */
	int jobs;	       /* workers that share the work; 0: 1 */
	/* Now and then, and when it ends early: all that engine_options.resume needs to go on. May be NULL. */
	void (*save)(void *arg, const uint8_t *bytes, size_t n);
	void *save_arg;
	double save_seconds; /* between two times, 0: ENGINE_DEFAULT_SAVE_SECONDS */
	const uint8_t *
		resume; /* what save() was given, by the same build of the same program; NULL: from the start */
	size_t nr_resume;
	volatile int *interrupted; /* set by a signal handler: stop and report what is known; may be NULL */
	void (*progress)(void *arg, const struct engine_progress *p); /* about once a second; may be NULL */
	void *progress_arg;
};

#define ENGINE_PATIENCE 2e7		/* executions that auto gives dpor when no budget says otherwise */
#define ENGINE_SAMPLE_EXECUTIONS 100000 /* of a sample without a budget */
#define ENGINE_DEFAULT_STEPS 5000
#define ENGINE_DEFAULT_DEPTH 3
#define ENGINE_MAX_DEPTH 16
#define ENGINE_DEFAULT_SAVE_SECONDS 1.0
#define ENGINE_DEFAULT_STATE_BYTES ((size_t)1 << 30)

struct engine_stats {
	uint64_t executions; /* run to an end: done, violated or out of bound */
	uint64_t redundant;  /* given up by the strategy ("blocked" in the papers' sense) */
	uint64_t bounded;    /* reached max_steps */
	uint64_t violations;
	uint64_t classes;			  /* with count_classes: of equivalent executions */
	uint64_t points, switches, plain, marked; /* totals over executions */
	double estimate;			  /* dpor: of all executions there are, 0: none was made */
	uint64_t estimated_by;			  /* executions that took, not counted above */
	uint32_t max_depth;
	uint64_t states;       /* state_hash: different ones at scheduling points */
	uint64_t wakeup_nodes; /* wakeup-trees: the most that its trees held at once */
	bool states_full;      /* no room for more: those found since were not remembered */
	bool lines_short; /* pso: a CPU wrote to more addresses than it has lines for: orders of its stores were left out;
			     weak-locks: so were values that loads could have returned */
	bool complete; /* the whole space under the stated bounds was covered */
	bool interrupted;
	bool unfinished; /* something is left that could be gone on with: save() was given it */
	double seconds;	 /* CPU seconds of all workers */
	double wall_seconds;
	size_t peak_bytes;
};

struct engine_result {
	bool gave_up; /* strategy auto: the estimate said that dpor would take too long, and a sample followed */
	struct engine_stats stats;
	struct engine_violation violation; /* oracle "" when none */
	struct engine_schedule schedule;   /* the violation's, as counts */
	uint64_t execution;		   /* which one it was, from 1 */
	uint32_t steps;
	int preemptions;
	/* engine_minimise() proved that no execution does with fewer failures and preemptions; nor, with as few, steps */
	bool fewest_preemptions, fewest_steps;
	int nr_races;
	struct engine_data_race races[ENGINE_MAX_DATA_RACES];
	int nr_outcomes;				    /* of executions that ended without a violation */
	bool outcomes_truncated;			    /* there were others, which are not counted */
	struct engine_outcome outcome[ENGINE_MAX_OUTCOMES]; /* by text */
	int nr_lock_reports;
	struct engine_lock_report lock_reports[ENGINE_MAX_LOCK_REPORTS];
};

struct engine;

/*
 * Maps the arena and runs the program's set-up.
 * => returns NULL and one line in err when the set-up failed (a violation or a deadlock in it, or no memory).
 */
struct engine *engine_create(const struct engine_program *p, char *err, size_t errlen);
void engine_destroy(struct engine *e);
const struct engine_program *engine_program(const struct engine *e);

/* Explores under `o`. => returns -1 and one line in err for options that make no sense, else 0. */
int engine_explore(struct engine *e, const struct engine_options *o, struct engine_result *r, char *err,
		   size_t errlen);

/*
 * Runs one execution under a schedule; what the schedule leaves open runs task after task, lowest first, without
 * preemption. `trace` may be NULL. In r->schedule the same execution as counts.
 * => ENGINE_DIVERGED when a segment's task cannot run, or ends before its label or count: `why` says at which
 *    step, what was asked for and what was runnable.
 */
enum engine_end engine_replay(struct engine *e, const struct engine_schedule *s, uint32_t max_steps,
			      struct engine_result *r, struct engine_trace *trace, char *why, size_t whylen);
void engine_trace_free(struct engine_trace *t);

/*
 * What replays and engine_minimise() treat as fatal, by the name of an oracle that is not always: "data-race",
 * "lock-order". Exploring with either fatal, or minimising, says the same.
 */
void engine_expect(struct engine *e, const char *oracle);

/*
 * Looks for the same violation (same oracle, same object) with the fewest outcomes of choices that are not
 * the ordinary one, then the fewest preemptions, then the fewest steps, preferring, where these are equal,
 * preemptions at labels, in at most `executions` runs and ENGINE_MINIMISE_SECONDS. On return r holds the best found,
 * which is never worse, and says whether anything can be better.
 *
 * A store buffer that drains is no preemption: nobody was kept from going on.
 */
#define ENGINE_MINIMISE_SECONDS 5.0
void engine_minimise(struct engine *e, struct engine_result *r, uint64_t executions);

/*
 * Rewrites a schedule of counts against labels wherever a label tells the same place.
 * => returns true when no count is left, so that the text does not depend on the version
 */
bool engine_schedule_label(struct engine *e, struct engine_schedule *s);

/* The name of a task, a device, an interrupt line ("ipi0") or "rcu". */
void engine_task_name(const struct engine_program *p, int task, char *buf, size_t n);
const char *engine_strategy_name(int i);	      /* NULL past the last */
const char *engine_memory_name(enum engine_memory m); /* "sc", "tso", "pso", "weak-locks" */

/* "invalidate@unmapped fault disk*3 fault": see docs/reference. sep is put between segments. */
void engine_schedule_print(const struct engine_program *p, const struct engine_schedule *s, char sep,
			   char *buf, size_t n);
/* The name of a task, device or interrupt line, as traces number them. */
void engine_task_name(const struct engine_program *p, int task, char *buf, size_t n);
/* Separators may be spaces or commas. => -1 and one line in err: what and at which character */
int engine_schedule_parse(const struct engine_program *p, const char *text, struct engine_schedule *s,
			  char *err, size_t errlen);

/* Fires every class of compiler hook. => NULL, or the name of the class that did not arrive */
const char *engine_probe(void);

#endif
