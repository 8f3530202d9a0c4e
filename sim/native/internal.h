/* SPDX-License-Identifier: MIT */
/*
 * internal.h - the native ground's own state: a machine, its threads, who waits
 *
 * All that a run can change lies in a struct native_machine, or in the arena that it owns; the one
 * thread-local variable, native_self, points into it. Machines are independent of each other.
 *
 * Locks: machine->lock guards the life of threads (letters below: L); bucket->lock a waiting queue (B); the
 * violation lock what was recorded (V). None is taken while another is held.
 */
#ifndef SIM_NATIVE_INTERNAL_H
#define SIM_NATIVE_INTERNAL_H

#include <pthread.h>
#include <setjmp.h>

#include "native/native.h"
#include "sync.h"

#if defined(__SANITIZE_ADDRESS__)
#define NATIVE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NATIVE_ASAN 1
#endif
#endif
#ifndef NATIVE_ASAN
#define NATIVE_ASAN 0
#endif

#define NATIVE_MAX_TASKS (ENGINE_MAX_TASKS / 2)
#define NATIVE_MAX_THREADS (NATIVE_MAX_TASKS + 1) /* and the one that runs RCU's callbacks */
#define NATIVE_BUCKETS 64			  /* queues of waiters, by hash of what they wait for; 2^n */
#define NATIVE_CACHE_LINE 128			  /* two lines: the prefetcher fetches pairs */

/* One wait. The functions are called with the bucket's lock held. */
struct native_wait {
	const void *addr; /* what decides, and whose waker calls native_wake() with it */
	const char *op, *name;
	const u32 *owner;		     /* a word that names the owner, for reports; may be NULL */
	bool (*take)(struct native_wait *w); /* tries to end the wait; true: it is over */
	bool (*ready)(const struct native_wait *w); /* would take() succeed? changes nothing */
	unsigned long mask, value;		    /* for these two */
	u32 ticket;
	bool queued, writer;
	bool poll;  /* nobody calls native_wake(): look again now and then */
	bool chain; /* the end of this wait may be what another waits for */
};

struct native_bucket {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	u32 waiters; /* atomic, changed under the lock */
} __attribute__((aligned(NATIVE_CACHE_LINE)));

struct native_gate {
	u32 shut;
} __attribute__((aligned(NATIVE_CACHE_LINE)));

struct native_thread {
	struct native_task task; /* first: native_self points to it */
	struct native_machine *m;
	pthread_t pthread;
	bool device;
	void (*run)(void *arg);
	void *arg;
	jmp_buf base;	       /* where a round that is torn down leaves to */
	u32 asleep;	       /* atomic: it queued on a wait queue and was not woken since */
	u64 random;	       /* of the perturbation */
	bool late;	       /* the set-up, until it lets the devices start: only its own thread's */
	bool go, exit, parked; /* L; parked: not in a round */

	int bucket;		  /* atomic: that it waits in, or -1 */
	struct native_wait *wait; /* B */
	u64 wait_seq;		  /* B: waits begun */

	/* For reports on who waits for what, atomic each: what op is NULL when it does not wait. */
	const char *wait_op, *wait_name;
	const u32 *wait_owner;
} __attribute__((aligned(NATIVE_CACHE_LINE)));

#define NATIVE_MAX_ORACLES 15 /* that poison may name; the 16th stands for all others */

struct native_machine {
	const struct engine_program *p;

	/* memory.c */
	u8 *arena, *image;
	size_t size; /* of each; a multiple of the page size */
	/* A byte for each page of the arena and one for 64 of its bytes: 0, or an oracle's number; content.c; atomic. */
	u8 *page_poison, *poison;
	u8 *poison_image; /* of both */
	bool no_image;	  /* and lazily committed memory */
	int ghost_lock;	  /* atomic: 1 when somebody looks at oracles' state, or changes it */
	unsigned jemalloc_arena;
	const char *poison_oracle[NATIVE_MAX_ORACLES + 2]; /* V, atomic; slot 0 unused */

	/* machine.c */
	struct native_thread thread[NATIVE_MAX_THREADS];
	int nr_tasks, nr_threads, nr_cpus; /* actors come first, one a CPU; the last thread is RCU's */
	struct native_thread host;	   /* the check's */
	pthread_mutex_t lock;
	pthread_cond_t start, done;
	int nr_actors, nr_devices; /* L: that have not parked yet */
	int stop;		   /* atomic: whoever waits is to leave */
	int arrived, expected;	   /* atomic: the barrier at a round's start */

	struct native_gate gate[NATIVE_MAX_TASKS];
	struct native_bucket bucket[NATIVE_BUCKETS];

	/* rcu.c */
	struct rcu_head *rcu_queue; /* atomic: the last queued first */
	int grace_start, grace_end; /* TSan's variables for the edges of grace periods */

	pthread_mutex_t violation_lock;
	struct engine_violation violation; /* V: this round's first */
	int violated;			   /* atomic */

	char outcome[ENGINE_OUTCOME_MAX]; /* this round's, "": none stated */
};

static inline struct native_thread *self_thread(void)
{
	return container_of(native_self, struct native_thread, task);
}

/* ---- memory.c */
/* => m->p and m->no_image are set */
int memory_create(struct native_machine *m, char *err, size_t n);
void memory_destroy(struct native_machine *m);
void memory_snapshot(struct native_machine *m);
void memory_restore(struct native_machine *m);

/* ---- park.c */
void park_init(struct native_machine *m);
void park_destroy(struct native_machine *m);
/* Blocks the running task until w->take() says so, or leaves it when the round is torn down. */
void native_park(struct native_wait *w);
/* Leaves the running task when its round is torn down. */
void native_leave_if_stopped(void);
/* Says what the running task waits for; NULL: nothing. */
void native_says_wait(const char *op, const char *name, const u32 *owner);
/* Everybody in a queue looks whether its round is torn down. */
void park_wake_all(struct native_machine *m);
/* => true when the thread sleeps and nothing would wake it; *seq tells this wait from its others */
bool park_is_idle(struct native_thread *t, u64 *seq);

/* ---- outcome.c */
void outcome_count(struct native_machine *m, struct native_result *r); /* the round just run */

/* ---- rcu.c */
void rcu_thread_run(void *arg);

/* ---- urcu.c: liburcu, whose names and types clash with the kernel's */
void native_urcu_register(void);
void native_urcu_unregister(void);
void native_urcu_read_lock(void);
void native_urcu_read_unlock(void);
void native_urcu_synchronize(void);

/* ---- machine.c */
struct native_machine *machine_create(const struct engine_program *p, const struct native_options *o,
				      char *err, size_t n);
/* => frees nothing when a thread could not be stopped: it may go on in there for ever */
void machine_destroy(struct native_machine *m);

enum native_end {
	NATIVE_OVER,	   /* every actor returned and the devices came to rest */
	NATIVE_CALLED_OFF, /* it did not end after a violation; there can be others */
	NATIVE_HUNG,	   /* it did not end, which is its violation */
	NATIVE_STUCK,	   /* and somebody does not stop: there can be no other round */
};

/* Runs the tasks once. => m->violation is the first, or empty */
enum native_end machine_round(struct native_machine *m, double bound);
/* Runs the program's set-up as task 0, with the devices. => a hang is a violation too */
void machine_setup(struct native_machine *m, double bound);
/* Runs the program's check. => no round is running */
void machine_check(struct native_machine *m);

/* ---- watch.c: from the start of a round to its end */
bool watch_actors(struct native_machine *m, double bound);
bool watch_devices(struct native_machine *m, double bound);
bool watch_stop(struct native_machine *m);
/* => returns true when the hang is the round's first violation */
bool watch_report_hang(struct native_machine *m);
/* Lets the devices start, when the running task is a set-up that has not done so. */
void native_arrive(struct native_thread *t);
double native_now(void); /* seconds of the monotonic clock */

#endif
