/* SPDX-License-Identifier: MIT */
/*
 * random_programs.h - small random programs, and what an exploration of one reaches
 *
 * Up to 3 tasks of up to 4 operations on two words, locks, a fair semaphore, a bit lock, IPIs, a wait queue, loops that
 * spin. states[which] holds the hashes of the final states of the last exploration: values, and values read.
 */
#ifndef TESTS_UNIT_RANDOM_PROGRAMS_H
#define TESTS_UNIT_RANDOM_PROGRAMS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "sync.h"

#define TASKS 3
#define OPS 4
#define MAX_STATES 65536

enum kind {
	LOAD,
	STORE,
	RMW,
	ADD,
	CAS,
	LOCK,
	UNLOCK,
	TRYLOCK,
	READ_DOWN,
	WRITE_DOWN,
	UP,
	BIT_LOCK,
	BIT_WAIT,
	BIT_SET,
	BIT_TEST,
	IPI,
	INSN,
	AWAIT,
	COMPLETE,
	WAIT,
	WAIT_EVENT,
	WAKE,
	QUEUE,
	SLEEP,
	LEAVE,
	QUEUED,
	CHOOSE,
	SPIN,
	SPIN_CAS,
	SPIN_LOCK,
	NR_KINDS,
};

struct random_op {
	enum kind kind;
	int var, value;
};

struct shared {
	int var[2];
	spinlock_t lock;
	struct rw_semaphore sem;
	unsigned long word;
	u32 flag;
	struct completion done;
	wait_queue_head_t wq;
	int tlb[TASKS]; /* each CPU's own; handlers add to it */
	int seen[TASKS][OPS];
};

struct program {
	int nr_tasks, nr_ops[TASKS];
	struct random_op op[TASKS][OPS];
	int held[TASKS][OPS]; /* static: which lock UNLOCK and UP give back, -1 none */
};

static struct program program;
static enum engine_memory memory; /* under which programs run */
static uint64_t states[2][MAX_STATES];
static int nr_states[2], which;

static uint64_t rnd(uint64_t *s)
{
	uint64_t z = (*s += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static void handler(int cpu, void *info)
{
	struct shared *s = sync_machine();

	(void)info;
	s->tlb[cpu]++;
}

static void set_up(void *arg)
{
	struct shared *s = sync_machine();

	(void)arg;
	spin_lock_init(&s->lock);
	init_rwsem(&s->sem);
	init_completion(&s->done);
	init_waitqueue_head(&s->wq);
}

static int lock_op(struct shared *s, const struct random_op *o, int *held)
{
	switch (o->kind) {
	case LOCK:
		if (*held)
			return 0;
		spin_lock(&s->lock);
		*held = LOCK;
		return 0;
	case SPIN_LOCK:
		if (*held)
			return 0;
		while (!spin_trylock(&s->lock))
			cpu_relax();
		*held = LOCK;
		return 0;
	case TRYLOCK:
		if (*held)
			return 0;
		if (spin_trylock(&s->lock))
			*held = LOCK;
		return *held;
	case READ_DOWN:
	case WRITE_DOWN:
		if (*held)
			return 0;
		*held = o->kind;
		if (o->kind == READ_DOWN)
			down_read(&s->sem);
		else
			down_write(&s->sem);
		return 0;
	case BIT_LOCK:
		if (*held)
			return 0;
		bit_lock(0, &s->word, "bit");
		*held = BIT_LOCK;
		return 0;
	default:
		break;
	}
	if (*held == LOCK)
		spin_unlock(&s->lock);
	else if (*held == READ_DOWN)
		up_read(&s->sem);
	else if (*held == WRITE_DOWN)
		up_write(&s->sem);
	else if (*held == BIT_LOCK)
		bit_unlock(0, &s->word);
	*held = 0;
	return 0;
}

static inline int queue_op(struct shared *s, const struct random_op *o)
{
	int *v = &s->var[o->var];

	switch (o->kind) {
	case WAIT_EVENT:
		wait_event(s->wq, READ_ONCE(*v) == o->value);
		return 0;
	case WAKE:
		wake_up(&s->wq);
		return 0;
	case QUEUE:
		prepare_to_wait(&s->wq);
		return 0;
	case SLEEP:
		schedule();
		return 0;
	case LEAVE:
		finish_wait(&s->wq);
		return 0;
	case CHOOSE:
		return sync_choose("choice", o->value);
	default:
		return waitqueue_active(&s->wq);
	}
}

static inline bool may_wait(enum kind k)
{
	return k == IPI || k == BIT_WAIT || k == WAIT || k == WAIT_EVENT || k == SLEEP;
}

/* Where loads may be early, some of the loads and stores have an order of their own. */
static inline bool ordered_op(struct shared *s, const struct random_op *o, int *r)
{
	int *v = &s->var[o->var];

	*r = 0;
	if (memory != ENGINE_WEAK_LOCKS || o->value == 1)
		return false;
	switch (o->kind) {
	case LOAD:
		*r = o->value == 2 ? smp_load_acquire(v) : READ_ONCE(*v);
		if (o->value == 3)
			smp_rmb();
		return true;
	case STORE:
		if (o->value == 3)
			smp_wmb();
		if (o->value == 3)
			WRITE_ONCE(*v, o->value);
		else
			smp_store_release(v, o->value);
		return true;
	case BIT_SET:
		smp_mb();
		return false;
	default:
		return false;
	}
}

static int plain_op(struct shared *s, const struct random_op *o, int me)
{
	int *v = &s->var[o->var], r;

	if (ordered_op(s, o, &r))
		return r;
	switch (o->kind) {
	case LOAD:
		return READ_ONCE(*v);
	case STORE:
		WRITE_ONCE(*v, o->value);
		return 0;
	case RMW:
		return xchg(v, o->value);
	case ADD:
		atomic_add(o->value, (atomic_t *)v);
		return 0;
	case CAS:
		return cmpxchg(v, 0, o->value);
	case BIT_WAIT:
		bit_wait(0, &s->word, "bit");
		return 0;
	case BIT_SET:
		set_bit(1, &s->word);
		return 0;
	case BIT_TEST:
		return test_bit(o->var, &s->word);
	case IPI:
		smp_call_function_many(~0ull, handler, NULL);
		return 0;
	case INSN:
		insn_begin();
		r = s->tlb[me];
		WRITE_ONCE(s->var[o->var], r);
		insn_end();
		return r;
	case AWAIT:
		wait_for_bits_u32((u32 *)v, 1, (u32)o->value & 1, "await");
		return 0;
	case COMPLETE:
		complete(&s->done);
		return 0;
	case WAIT:
		wait_for_completion(&s->done);
		return 0;
	case SPIN: /* two locations: either ends it */
		while ((READ_ONCE(*v) & 1) != (o->value & 1) && READ_ONCE(s->var[1 - o->var]) != 3)
			cpu_relax();
		return 0;
	case SPIN_CAS:
		while (cmpxchg(v, o->value & 1, 2) != (o->value & 1))
			cpu_relax();
		return 0;
	default:
		return queue_op(s, o);
	}
}

static void run_task(void *arg)
{
	struct shared *s = sync_machine();
	int me = (int)(intptr_t)arg, held = 0, seen[OPS] = { 0 };

	for (int i = 0; i < program.nr_ops[me]; i++) {
		const struct random_op *o = &program.op[me][i];
		int r;

		if ((o->kind >= LOCK && o->kind <= BIT_LOCK) || o->kind == SPIN_LOCK)
			r = lock_op(s, o, &held);
		else if (held == LOCK && may_wait(o->kind))
			r = 0; /* would sleep under a spinlock */
		else
			r = plain_op(s, o, me);
		seen[i] = r;
	}
	if (held)
		lock_op(s, &(struct random_op){ .kind = UNLOCK }, &held);
	/* Not earlier: what a task knows and the arena does not say is what reductions get wrong. */
	memcpy(s->seen[me], seen, sizeof(seen));
}

static void collect(void *arg)
{
	struct shared *s = sync_machine();
	uint64_t h = 1469598103934665603ull;
	int values[2 + 1 + TASKS * OPS + TASKS], n = 0;

	(void)arg;
	values[n++] = s->var[0];
	values[n++] = s->var[1];
	values[n++] = (int)s->word;
	for (int i = 0; i < TASKS; i++)
		values[n++] = s->tlb[i];
	for (int i = 0; i < TASKS; i++)
		for (int k = 0; k < OPS; k++)
			values[n++] = s->seen[i][k];
	for (int i = 0; i < n; i++)
		h = (h ^ (uint64_t)(unsigned)values[i]) * 1099511628211ull;
	for (int i = 0; i < nr_states[which]; i++)
		if (states[which][i] == h)
			return;
	assert_true(nr_states[which] < MAX_STATES);
	states[which][nr_states[which]++] = h;
}

static inline void generate(uint64_t seed)
{
	uint64_t s = seed;
	unsigned kinds = 1 + (unsigned)(rnd(&s) % 4); /* few kinds a program, so that they meet */
	enum kind some[4];

	memset(&program, 0, sizeof(program));
	for (unsigned i = 0; i < 4; i++)
		some[i] = (enum kind)(rnd(&s) % NR_KINDS);
	program.nr_tasks = 2 + (int)(rnd(&s) % 2);
	for (int t = 0; t < program.nr_tasks; t++) {
		program.nr_ops[t] = 1 + (int)(rnd(&s) % (program.nr_tasks == 2 ? 4 : 3));
		for (int i = 0; i < program.nr_ops[t]; i++) {
			struct random_op *o = &program.op[t][i];

			o->kind = rnd(&s) % 3 ? some[rnd(&s) % kinds] : (enum kind)(rnd(&s) % (CAS + 1));
			o->var = (int)(rnd(&s) % 2);
			o->value = 1 + (int)(rnd(&s) % 3);
		}
	}
}

static inline int compare_states(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static inline uint64_t random_explore(struct engine_options o, struct engine_result *r)
{
	struct engine_program p = { .name = "random",
				    .memory = memory,
				    .arena_size = sizeof(struct shared),
				    .setup = set_up,
				    .check = collect,
				    .nr_tasks = program.nr_tasks };
	static const char *const names[] = { "a", "b", "c" };
	char err[256];
	struct engine *e;

	static const struct engine_choice choices[] = { { "choice", 2 }, { NULL, 0 } };

	o.keep_going = true;
	o.choices = choices;
	nr_states[which] = 0;
	for (int i = 0; i < program.nr_tasks; i++)
		p.tasks[i] =
			(struct engine_task){ .name = names[i], .run = run_task, .arg = (void *)(intptr_t)i };
	e = engine_create(&p, err, sizeof(err));
	assert_non_null(e);
	assert_int_equal(engine_explore(e, &o, r, err, sizeof(err)), 0);
	engine_destroy(e);
	qsort(states[which], (size_t)nr_states[which], sizeof(uint64_t), compare_states);
	return r->stats.executions;
}

static inline bool same_final_states(void)
{
	return nr_states[0] == nr_states[1] &&
	       !memcmp(states[0], states[1], (size_t)nr_states[0] * sizeof(uint64_t));
}

#endif
