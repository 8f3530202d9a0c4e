/* SPDX-License-Identifier: MIT */
/*
 * park.c - sleeping until a word of the arena says go on
 *
 * Waiters sleep in buckets outside the arena, found by the address that they wait for, so that a lock needs
 * no room for a queue and the arena can be overwritten between rounds.
 *
 * P1: a waiter looks at its word, and sleeps, under its bucket's lock; who changes the word takes that lock
 *     after the change, if it has to wake at all. So no wake-up falls between look and sleep.
 * P2: a waker that skips the lock when bucket->waiters is 0 read that with sequential consistency after its
 *     change, and the waiter counted itself, likewise, before its look: one of the two sees the other.
 * P3: thread->wait is set exactly while its owner is in the bucket, and only under its lock.
 */
#include <sched.h>
#include <time.h>

#include "native/internal.h"

#define POLL_NANOSECONDS 200000 /* between looks at a word whose writers wake nobody */

_Thread_local struct native_task *native_self;

void park_init(struct native_machine *m)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	for (int i = 0; i < NATIVE_BUCKETS; i++) {
		pthread_mutex_init(&m->bucket[i].lock, NULL);
		pthread_cond_init(&m->bucket[i].cond, &attr);
	}
	pthread_condattr_destroy(&attr);
}

void park_destroy(struct native_machine *m)
{
	for (int i = 0; i < NATIVE_BUCKETS; i++) {
		pthread_mutex_destroy(&m->bucket[i].lock);
		pthread_cond_destroy(&m->bucket[i].cond);
	}
}

static int bucket_of(const void *addr)
{
	return (int)((((uintptr_t)addr >> 3) * 0x9e3779b97f4a7c15ull) >> 32) & (NATIVE_BUCKETS - 1);
}

static bool stopped(struct native_thread *t)
{
	return __atomic_load_n(&t->m->stop, __ATOMIC_SEQ_CST);
}

void native_leave_if_stopped(void)
{
	struct native_thread *t = self_thread();

	if (!t->task.alone && stopped(t))
		longjmp(t->base, 1);
}

void native_says_wait(const char *op, const char *name, const u32 *owner)
{
	struct native_thread *t = self_thread();

	if (op)
		native_arrive(t);
	__atomic_store_n(&t->wait_name, name, __ATOMIC_RELAXED);
	__atomic_store_n(&t->wait_owner, owner, __ATOMIC_RELAXED);
	__atomic_store_n(&t->wait_op, op, __ATOMIC_RELEASE);
}

static void sleep_in(struct native_bucket *b, bool poll)
{
	struct timespec until;

	if (!poll) {
		pthread_cond_wait(&b->cond, &b->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += POLL_NANOSECONDS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&b->cond, &b->lock, &until);
}

void native_park(struct native_wait *w)
{
	struct native_thread *t = self_thread();
	int i = bucket_of(w->addr);
	struct native_bucket *b = &t->m->bucket[i];
	bool taken;

	if (t->task.alone) {
		sync_violation("deadlock", "%s(%s) would wait after the round was over", w->op, w->name);
		return;
	}
	native_says_wait(w->op, w->name, w->owner);
	pthread_mutex_lock(&b->lock);
	__atomic_fetch_add(&b->waiters, 1, __ATOMIC_SEQ_CST);
	t->wait = w;
	t->wait_seq++;
	__atomic_store_n(&t->bucket, i, __ATOMIC_RELAXED);
	while (!(taken = w->take(w)) && !stopped(t))
		sleep_in(b, w->poll);
	__atomic_store_n(&t->bucket, -1, __ATOMIC_RELAXED);
	t->wait = NULL;
	if (__atomic_sub_fetch(&b->waiters, 1, __ATOMIC_SEQ_CST) && w->chain)
		pthread_cond_broadcast(&b->cond);
	pthread_mutex_unlock(&b->lock);
	native_says_wait(NULL, NULL, NULL);
	if (!taken)
		longjmp(t->base, 1);
}

static void wake_bucket(struct native_bucket *b)
{
	if (!__atomic_load_n(&b->waiters, __ATOMIC_SEQ_CST))
		return;
	pthread_mutex_lock(&b->lock);
	pthread_cond_broadcast(&b->cond);
	pthread_mutex_unlock(&b->lock);
}

/* => the word at addr was changed before, by a sequentially consistent operation */
void native_wake(const void *addr)
{
	wake_bucket(&self_thread()->m->bucket[bucket_of(addr)]);
}

void park_wake_all(struct native_machine *m)
{
	for (int i = 0; i < NATIVE_BUCKETS; i++)
		wake_bucket(&m->bucket[i]);
}

bool park_is_idle(struct native_thread *t, u64 *seq)
{
	int i = __atomic_load_n(&t->bucket, __ATOMIC_RELAXED);
	struct native_bucket *b;
	bool idle;

	if (i < 0)
		return false;
	b = &t->m->bucket[i];
	pthread_mutex_lock(&b->lock);
	idle = t->bucket == i && t->wait &&
	       !t->wait->ready(t->wait); /* P3: t->bucket cannot turn to i meanwhile */
	*seq = t->wait_seq;
	pthread_mutex_unlock(&b->lock);
	return idle;
}

void native_yield(void)
{
	if (native_self->alone)
		return;
	native_arrive(self_thread());
	native_leave_if_stopped();
	sched_yield();
}

#define PERTURB_SPINS 512 /* at most; a few hundred nanoseconds to a microsecond or two */

void native_perturb(void)
{
	struct native_thread *t = self_thread();
	u64 r = t->random;

	r ^= r << 13;
	r ^= r >> 7;
	r ^= r << 17;
	t->random = r;
	if ((r & 3) == 0)
		sched_yield();
	else if ((r & 3) == 1)
		for (u64 i = (r >> 8) % PERTURB_SPINS; i; i--)
			__builtin_ia32_pause();
}
