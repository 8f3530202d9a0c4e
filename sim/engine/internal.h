/* SPDX-License-Identifier: MIT */
/*
 * internal.h - the engine's own state, shared by its files
 *
 * Key: which part of an engine's life may write a field
 *   (c) engine_create, then constant        (x) once an execution, before its first step
 *   (s) at any step                         (e) an exploration, outside executions
 */
#ifndef SIM_ENGINE_INTERNAL_H
#define SIM_ENGINE_INTERNAL_H

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/choose.h"
#include "engine/early.h"
#include "engine/engine.h"
#include "engine/fiber.h"
#include "engine/lockdep.h"
#include "engine/op.h"
#include "engine/order.h"
#include "engine/outcome.h"
#include "engine/spin.h"
#include "engine/store_buffer.h"
#include "sync.h"

#undef schedule /* kernel code's; the engine has one of its own */

_Static_assert(SYNC_NR_TASKS == ENGINE_MAX_TASKS, "lock queues hold every task");

#define LINE_SHIFT 6 /* dirty tracking and poison, 64 bytes */
#define PAGE_SHIFT_ 12
#define MAX_POISON_KINDS 8
#define MAX_IPIS 8 /* a CPU's queue: more means IPIs sent in a loop without waiting */
#define MAX_PENDING_CHANGES 32

/* A set of tasks. */
typedef uint64_t taskmask;
#define TASK_BIT(task) ((taskmask)1 << (task))
_Static_assert(ENGINE_MAX_TASKS <= 64, "a taskmask holds every task");

static inline int task_first(taskmask m)
{
	return __builtin_ctzll(m);
}

typedef uint32_t clk_t;
struct vclock {
	clk_t c[ENGINE_MAX_TASKS];
};

enum task_state { TASK_UNUSED, TASK_RUNNING, TASK_FINISHED };

struct task {
	struct fiber fiber;
	const char *name;	    /* (c) */
	void (*run)(void *);	    /* (c) */
	void *arg;		    /* (c) */
	enum engine_task_kind kind; /* (c) */
	enum task_state state;	    /* (s) */
	int cpu;		    /* (c) */
	struct op op;		    /* (s) what it is about to do */
	bool waited;		    /* (s) op was not ready when it was announced */
	void *data;		    /* (s) sync_set_task_data() */
	int irq_depth;		    /* (s) local_irq_disable() nesting */
	int rcu_depth;		    /* (s) */
	uint32_t last_step;	    /* (s) its latest step, from 1; 0: none */
	int call_wait;		    /* (s) the CPU whose answer to its IPI it waits for */
	struct spin spin;	    /* (s) */
	const char *label;	    /* (s) the label visited last */
	uint32_t label_step;	    /* (s) last_step when it was visited */
	int nr_held;		    /* (s) locks it holds, the oldest first */
	int nr_spins;		    /* (s) those among them that must not be held across a sleep */
	struct held held[MAX_HELD]; /* (s) */
	bool in_callback;	    /* (s) the RCU task, inside a callback */
	bool asleep;		    /* (s) it queued on a wait queue and was not woken since */
	bool cond_true;		    /* (s) it sleeps, its condition holds: found when nobody could run */
	const char *cond;	    /* (s) the condition's text, NULL: none is known */
	uint32_t queue_step;	    /* (s) when it queued */
	uint32_t wake_step;	    /* (s) the wake-up that ended its sleep, 0: none */
	struct vclock wake;	    /* (s) what that hands over */
	uint32_t wake_handed;	    /* (s) the same, for early_take() */
	struct vclock vc;	    /* (s) what happened before its next access, in the language's sense */
	struct vclock acq, rel;	    /* (s) what a later acquire fence, a past release fence hand over */
	bool has_acq, has_rel;
};

/* One remembered access for data race detection. */
struct access {
	clk_t clk;
	uint8_t task;
	uint8_t mask; /* bytes of the 8 */
	uint8_t kind; /* ACCESS_* */
	uint8_t pad;
};
#define ACCESS_WRITE 1
#define ACCESS_MARKED 2
#define CELL_ACCESSES 3

/* The accesses to 8 bytes that no later one makes superfluous. */
struct cell {
	uint32_t gen; /* execution that wrote it: an old one is empty */
	uint16_t n;
	uint16_t more; /* index + 1 into spill */
	struct access a[CELL_ACCESSES];
};

struct line {
	uint32_t dirty; /* execution that changed it */
	uint8_t poison; /* index + 1 into poison_name */
	uint8_t poison_snapshot;
	uint8_t poison_logged; /* is in e->poisoned */
	uint8_t pad;
};

/* What an atomic location or a lock hands to whoever acquires it. */
struct sync_clock {
	uint32_t gen;
	uint32_t slot; /* index into clocks */
};

struct ipi {
	void (*fn)(int cpu, void *info);
	void *info;
	int sender;
	uint32_t step;	 /* of its sending */
	uint32_t handed; /* what that hands over: early_interrupt() */
};

struct cpu {
	struct store store[STORE_BUFFER_SIZE]; /* in program order */
	int nr_stores;
	uint32_t barrier;		/* step of the latest write barrier */
	uint32_t word[MAX_DRAIN_LINES]; /* pso: where in the arena each line writes */
	int nr_words;
	struct ipi queue[MAX_IPIS];
	int nr_queued;
	bool gate_shut;			    /* an instruction runs or interrupts are off */
	uint32_t gate_step;		    /* last step taken inside the gate, when it was opened */
	uint32_t handled[ENGINE_MAX_TASKS]; /* by sender: the step that ran its IPI, 0: not yet */
	uint32_t handed[ENGINE_MAX_TASKS];  /* ... and what that handed back */
};

enum engine_mode {
	MODE_IDLE,  /* host code: nothing is tracked */
	MODE_SETUP, /* tasks run one after the other, nothing is recorded */
	MODE_RUN,   /* an execution */
	MODE_CHECK, /* alone, after one: changes are tracked, nothing is scheduled */
};

struct strategy;
struct classes;
struct state_set;

struct engine {
	/* Looked at by every hook: kept together. */
	uintptr_t base;		  /* (c) the arena */
	size_t hook_size;	  /* its size while accesses are tracked, else 0 */
	struct line *line;	  /* (c) one for 64 bytes */
	struct cell *cell;	  /* (c) one for 8 bytes */
	uint32_t gen;		  /* (x) this execution's number, never 0 */
	bool detect;		  /* data races are looked for */
	bool live;		  /* operations are scheduling points */
	bool tracing;		  /* (x) */
	struct state_set *states; /* (e) visited, when states are hashed; else NULL */
	int me;		 /* (s) task whose accesses these are: current, or the one an interrupt interrupts */
	int irq_cpu;	 /* (s) CPU that handles an interrupt now, -1: none */
	taskmask noting; /* (s) tasks whose reads since their last yield are kept */
	uint64_t nr_plain, nr_marked;

	enum engine_mode mode;
	struct engine_program prog;	 /* (c) */
	void *image;			 /* (c) the snapshot */
	size_t arena_size;		 /* (c) rounded up to pages */
	uint32_t nr_locs;		 /* (c) locations: words, pages, objects */
	uint32_t loc_pages, loc_objects; /* (c) where each kind begins */
	int nr_tasks;			 /* (c) tasks and devices; interrupt lines follow, then rcu */
	int nr_all;			 /* (c) */
	int irq_base, rcu_task;		 /* (c) */
	int nr_lines;			 /* (c) interrupt lines: CPUs that have one, and a store buffer */
	int drain_base, drain_lines;	 /* (c) drain lines follow rcu, so many a CPU */
	bool weak;			 /* stores are held back */
	bool lines_short;		 /* (e) */
	bool early_loads;		 /* (x) loads may return old values: early.c */
	struct early *early;		 /* (x) */
	int view;			 /* (s) CPU whose buffered stores memory shows, -1: none */

	struct task task[ENGINE_MAX_TASKS];
	struct cpu cpu[ENGINE_MAX_CPUS];
	struct fiber host;
	int current;		     /* (s) task on whose fiber we are, -1: host */
	bool starting;		     /* (x) tasks run to their first point, none beyond it */
	void *host_data;	     /* sync_set_task_data() of the check */
	taskmask ready;		     /* (s) tasks whose operation can run */
	taskmask waiting;	     /* (s) tasks whose operation is blocking, ready or not */
	taskmask unfinished;	     /* (s) actors that have not returned */
	uint32_t step;		     /* (s) steps taken */
	uint32_t max_steps;	     /* (x) */
	bool fair;		     /* (s) the bound was reached: round robin, to tell livelock from long */
	struct op step_op;	     /* (s) what the latest step did, in the end */
	uint64_t step_old, step_new; /* (s) values before and after it, where it has any */
	order_t *order;		     /* (s) the task of each step */
	uint32_t order_cap;
	enum engine_end end;		   /* (s) */
	struct engine_violation violation; /* (s) */
	uint32_t nr_switches;

	uint32_t *dirty; /* (s) lines to restore */
	uint32_t nr_dirty;
	struct sync_clock *sync; /* by location */
	struct vclock *clocks;
	uint32_t nr_clocks, cap_clocks;
	struct {
		struct access a;
		uint16_t next; /* index + 1 */
	} * spill;
	uint32_t nr_spill, cap_spill;
	const char *poison_name[MAX_POISON_KINDS]; /* index 0 unused */
	uint32_t *poisoned;			   /* (s) lines whose poison differs from the snapshot's */
	uint32_t nr_poisoned, cap_poisoned;

	struct rcu_head *rcu_pending;	       /* (s) */
	taskmask rcu_readers;		       /* (s) tasks inside a read side */
	taskmask gp_readers[ENGINE_MAX_TASKS]; /* (s) by waiter: readers it waits for */

	struct choice_kind choice[ENGINE_MAX_CHOICE_KINDS];	 /* (e) */
	int nr_choices;						 /* (e) */
	int choices_max;					 /* (e) outcomes of all kinds together */
	struct engine_choice_made made[ENGINE_MAX_CHOICES_MADE]; /* (s) */
	int nr_made;						 /* (s) */
	int choice_n; /* (s) how many outcomes the latest step that was a choice had, under the bounds left */

	struct past {
		int task;
		struct op op;
	} * history; /* (s) a ring of the latest steps past the bound */
	uint32_t nr_history;
	struct lockdep *locks; /* (e) lockdep.c */
	int asking;	       /* (s) nobody can run: a sleeper tells whether its condition holds, -1 */
	taskmask asked;	       /* (s) those that told */

	const struct strategy *strategy;  /* (e) */
	void *state;			  /* (e) the strategy's */
	const struct engine_options *opt; /* (e) */
	struct engine_options expect;	  /* (e) of replays: what engine_expect() made fatal */
	char about
		[ENGINE_OBJECT_MAX]; /* (s) what the violation that comes is about, "": as its message says */
	uint32_t step_limit;	     /* (e) dfs: longer executions are not looked for; 0: none */
	bool eager;		     /* (e) dfs: stores drain as soon as they can */
	struct classes *classes;     /* (e) NULL: not counted */
	uint64_t rng;		     /* (x) */

	struct engine_trace *trace; /* (x) */
	struct {
		uintptr_t addr;
		uint64_t old;
		uint8_t size;
	} pending[MAX_PENDING_CHANGES]; /* plain writes of this step, for the trace */
	int nr_pending;

	int nr_races;
	struct engine_data_race races[ENGINE_MAX_DATA_RACES];
	order_t *race_order
		[ENGINE_MAX_DATA_RACES]; /* the execution that showed it, to look for the other stack */
	uint32_t race_steps[ENGINE_MAX_DATA_RACES];
	size_t watch; /* offset + 1 of the word whose accesses' stacks are kept, 0: none */
	struct {
		void *pc[ENGINE_STACK_DEPTH];
		int depth;
	} watched[ENGINE_MAX_TASKS];
	struct outcomes outcomes;	  /* (e) */
	char outcome[ENGINE_OUTCOME_MAX]; /* this execution's, "": none stated */
	uint64_t nr_execution;		  /* (e) */
	size_t mapped;			  /* bytes, for peak_bytes */
};

extern __thread struct engine *this_engine;

#include "engine/hb.h"
#include "engine/strategy.h"

/* ---- arena.c ---------------------------------------------------------------------------------------- */

int arena_create(struct engine *e, char *err, size_t n);
void arena_destroy(struct engine *e);
void arena_snapshot(struct engine *e);
void arena_restore(struct engine *e);
bool arena_equals_snapshot(const struct engine *e, size_t *where);
void arena_mark_slow(struct engine *e, size_t line);
void arena_dirty_range(struct engine *e, const void *p, size_t n);

static inline size_t arena_off(const struct engine *e, const void *p)
{
	return (uintptr_t)p - e->base;
}
static inline void arena_mark(struct engine *e, size_t off)
{
	size_t l = off >> LINE_SHIFT;

	if (e->line[l].dirty != e->gen)
		arena_mark_slow(e, l);
}
void arena_poison_hit(struct engine *e, size_t off, const char *how);

/* ---- run.c: executions --------------------------------------------------------------------------------- */

/* Announces the running task's next operation and returns when the scheduler chose it. */
void point(struct engine *e, const struct op *op);
/* Readiness of every waiting task on this location is looked at again. */
void recheck(struct engine *e, uint32_t loc);
void recheck_task(struct engine *e, int task);
/* An engine-driven line (an interrupt, RCU callbacks) has something to do. */
void line_raise(struct engine *e, int task, const struct op *op);
void run_execution(struct engine *e);
int run_setup(struct engine *e, char *err, size_t n);
void run_abort(struct engine *e, enum engine_end end) __attribute__((noreturn));
bool op_ready(struct engine *e, int task);
void violate(struct engine *e, const char *oracle, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void irq_run(struct engine *e, int cpu);
void rcu_run(void *arg);
bool rcu_ready(const struct engine *e);
/* Gives an engine-driven task its fiber, stopped before `op`. */
void run_start_line(struct engine *e, int task, const struct op *op);
bool ipi_done(const struct engine *e, int task);

static inline struct task *task_current(struct engine *e)
{
	return &e->task[e->current];
}
static inline uint32_t loc_word(const struct engine *e, const void *p)
{
	return (uint32_t)(arena_off(e, p) >> 3) + 1;
}
static inline uint32_t loc_page(const struct engine *e, const void *p)
{
	return e->loc_pages + (uint32_t)(arena_off(e, p) >> PAGE_SHIFT_);
}
enum {
	OBJ_RCU,
	OBJ_RCU_START,
	OBJ_FENCES, /* early.c: full fences, in their order */
	OBJ_GATE,
	OBJ_IPI = OBJ_GATE + ENGINE_MAX_CPUS,
	NR_OBJS = OBJ_IPI + ENGINE_MAX_CPUS
};
static inline uint32_t loc_object(const struct engine *e, int obj)
{
	return e->loc_objects + (uint32_t)obj;
}
/* The bits of the word at p's granule that [p, p + size) covers. */
static inline uint64_t word_mask(const void *p, unsigned size)
{
	uint64_t m = size >= 8 ? ~0ull : (1ull << (size * 8)) - 1;

	return m << (((uintptr_t)p & 7) * 8);
}

/* ---- ends.c ----------------------------------------------------------------------------------------------- */

#define ENGINE_HISTORY 1024

void run_over(struct engine *e) __attribute__((noreturn));
void violate_stuck(struct engine *e);
void violate_livelock(struct engine *e);
void history_begin(struct engine *e);
void history_step(struct engine *e, int task);

/* Does anybody care what is read and written? */
static inline bool spin_watched(const struct engine *e)
{
	return e->noting;
}

/* ---- state.c: hashes of states ------------------------------------------------------------------------------ */

int state_create(struct engine *e, size_t limit);
void state_destroy(struct engine *e);
void state_stats(const struct engine *e, struct engine_stats *stats);
void state_begin(struct engine *e);
/*
 * The state before the next step. `extra` is what else decides the choices that follow, `used` how much of a bound:
 * => true: it was visited before with no more of the bound used
 */
bool state_visit(struct engine *e, uint64_t extra, uint32_t used);
void state_step(struct engine *e, int task);
bool state_touched(struct engine *e, size_t line); /* => true: for the first time in this execution */
void state_forget_lines(struct engine *e);
void state_forget(struct engine *e);
void state_learn(struct engine *e, uint64_t value);
void state_learn_bytes(struct engine *e, const void *p, size_t n);

/* The current task now knows a value that others decided. */
static inline void learn(struct engine *e, uint64_t value)
{
	if (unlikely(e->states != NULL))
		state_learn(e, value);
}

/* ---- locks.c ---- */

void lock_dirty(struct engine *e, const void *lock, size_t size);
void lock_look(struct engine *e, const void *lock);

/* ---- lockdep.c: lock order, and what must not be done with a lock held ------------------------------------ */

int lockdep_create(struct engine *e);
void lockdep_destroy(struct engine *e);
/* What follows is added to the set-up's, which is over. */
void lockdep_setup_over(struct engine *e);
/* Forgets what came after the set-up. */
void lockdep_restart(struct engine *e);
void lockdep_result(const struct engine *e, struct engine_result *r);
uint32_t lockdep_class(struct engine *e, const struct sync_lock_key *key);
uint32_t lockdep_bit_class(struct engine *e, const char *name);
uint32_t lockdep_subclass(struct engine *e, uint32_t class, unsigned subclass);
void lockdep_edge(struct engine *e, const struct held *h, const struct held *taken);
void lockdep_usage(struct engine *e, unsigned node, bool in_irq);
void lockdep_atomic(struct engine *e, const char *op, const char *name);
/* The running task returns: what it still holds is a violation. */
void lockdep_exit(struct engine *e);

/* ---- waitqueue.c ---- */

/* Nobody can run. => a sleeper that can be asked for its condition, -1: none is left */
int sleeper_to_ask(struct engine *e);
/* Appends what is known of a sleeper's queue. => the length of what was added, as snprintf() */
int sleeper_describe(struct engine *e, int task, char *buf, size_t n);

/* ---- trace.c ------------------------------------------------------------------------------------------------ */

/* The program's names for things; its code runs unobserved. => false: no name */
bool describe(struct engine *e, const void *addr, size_t size, char *buf, size_t n);
void trace_step(struct engine *e, int task); /* a step begins */
void trace_values(struct engine *e, const void *addr, unsigned size, uint64_t old, uint64_t new_);
void trace_plain(struct engine *e, uintptr_t addr, unsigned size);
void trace_flush(struct engine *e); /* the step is over */
void trace_here(struct engine *e);
void trace_label(struct engine *e, const char *name);
int trace_stack(struct engine *e, void **pc, int max, void *frame);

/* ---- schedule.c, replay --------------------------------------------------------------------------------------- */

/* The execution just run, as counts. */
void schedule_from_order(const struct engine *e, struct engine_schedule *s);
int schedule_preemptions(const struct engine *e);
/* Runs an execution step by step as `order` says, then serially. */
void run_order(struct engine *e, const order_t *order, uint32_t n);
void engine_set_bound(struct engine *e, uint32_t max_steps);
/* => NULL and one line in err: the options make no sense together */
const struct strategy *engine_strategy(struct engine *e, const struct engine_options *o, char *err,
				       size_t errlen);
/* On the thread that is to use the engine. */
void engine_begin(struct engine *e, const struct engine_options *o);
void explore_note(struct engine *e, struct engine_result *r); /* copies the violation just found */

/* ---- outcome.c ---- */

void outcome_begin(struct engine *e); /* of an exploration */
void outcome_count(struct engine *e); /* the execution just run */
void outcome_end(const struct engine *e, struct engine_result *r);

/* ---- oops.c ---- */

int oops_prepare(void);
void oops_thread_ends(void);

/* Engine bugs and impossible states: one line, exit 70. */
void engine_panic(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

static inline uint64_t rng_next(uint64_t *s)
{
	uint64_t z = (*s += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

#endif
