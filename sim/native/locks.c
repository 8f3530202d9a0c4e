/* SPDX-License-Identifier: MIT */
/*
 * locks.c - what locks do when their first atomic operation fails
 *
 * Spinlocks spin, then yield; all others sleep in park.c. A lock's acquire and release orderings are those of
 * the operation that changed its word, here as in the fast paths.
 */
#include <sched.h>

#include "native/internal.h"

#define SPINS_BEFORE_YIELD 100

static void spin(unsigned *n)
{
	native_leave_if_stopped();
	if (++*n % SPINS_BEFORE_YIELD)
		__builtin_ia32_pause();
	else
		sched_yield();
}

void native_unlock_misuse(const char *op, const char *name, u32 owner)
{
	const struct native_machine *m = self_thread()->m;

	if (native_self->alone)
		return;
	sync_violation("unlock-by-non-owner", "%s(%s) by %s, held by %s", op, name ? name : "?",
		       native_self->name,
		       owner && owner <= NATIVE_MAX_THREADS ? m->thread[owner - 1].task.name : "nobody");
}

/* ---- spinlocks ---------------------------------------------------------------------------------- */

void native_spin_lock_slow(spinlock_t *l)
{
	unsigned n = 0;

	if (native_self->alone)
		return;
	native_says_wait("spin_lock", l->name, &l->owner);
	do {
		while (spin_is_locked(l))
			spin(&n);
	} while (!spin_trylock(l));
	native_says_wait(NULL, NULL, NULL);
}

void native_read_lock_slow(rwlock_t *l)
{
	unsigned n = 0;

	if (native_self->alone)
		return;
	native_says_wait("read_lock", l->name, &l->count);
	while (!native_read_trylock(l))
		spin(&n);
	native_says_wait(NULL, NULL, NULL);
}

void native_write_lock_slow(rwlock_t *l)
{
	unsigned n = 0;

	if (native_self->alone)
		return;
	native_says_wait("write_lock", l->name, &l->count);
	do {
		while (__atomic_load_n(&l->count, __ATOMIC_RELAXED))
			spin(&n);
	} while (!native_write_trylock(l));
	native_says_wait(NULL, NULL, NULL);
}

/* ---- the mutex: waiters leave MUTEX_WAITING in the word, for the unlock to see ------------------ */

static bool mutex_ready(const struct native_wait *w)
{
	return !mutex_is_locked((struct mutex *)(uintptr_t)w->addr);
}

static bool mutex_take(struct native_wait *w)
{
	struct mutex *m = (struct mutex *)(uintptr_t)w->addr;
	u32 c = __atomic_load_n(&m->owner, __ATOMIC_RELAXED), to;

	do {
		/* Whoever gets it cannot know that nobody else waits. */
		to = (c & ~MUTEX_WAITING ? c : native_self->id) | MUTEX_WAITING;
	} while (!__atomic_compare_exchange_n(&m->owner, &c, to, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	return !(c & ~MUTEX_WAITING);
}

void native_mutex_lock_slow(struct mutex *m)
{
	struct native_wait w = {
		.addr = m,
		.op = "mutex_lock",
		.name = m->name,
		.owner = &m->owner,
		.take = mutex_take,
		.ready = mutex_ready,
	};

	native_park(&w);
}

/* ---- a lock in one bit of a word ---------------------------------------------------------------- */

static bool bit_ready(const struct native_wait *w)
{
	return !(__atomic_load_n((const unsigned long *)w->addr, __ATOMIC_SEQ_CST) & w->mask);
}

static bool bit_take(struct native_wait *w)
{
	unsigned long *word = (unsigned long *)(uintptr_t)w->addr;

	return !(__atomic_fetch_or(word, w->mask, __ATOMIC_SEQ_CST) & w->mask);
}

static bool bit_see_clear(struct native_wait *w)
{
	return bit_ready(w);
}

void native_bit_lock_slow(int nr, unsigned long *word, const char *name)
{
	struct native_wait w = {
		.addr = word,
		.op = "bit_lock",
		.name = name,
		.take = bit_take,
		.ready = bit_ready,
		.mask = 1ul << nr,
	};

	native_park(&w);
}

void native_bit_wait_slow(int nr, unsigned long *word, const char *name)
{
	struct native_wait w = {
		.addr = word,
		.op = "bit_wait",
		.name = name,
		.take = bit_see_clear,
		.ready = bit_ready,
		.mask = 1ul << nr,
	};

	if (!native_self->alone)
		native_park(&w);
}

void bit_unlock(int nr, unsigned long *word)
{
	/* Sequentially consistent: the word has no room to say that somebody waits (park.c, P2). */
	unsigned long old = __atomic_fetch_and(word, ~(1ul << nr), __ATOMIC_SEQ_CST);

	if (unlikely(!((old >> nr) & 1)))
		sync_violation("unlock-by-non-owner", "bit %d is unlocked but was not locked", nr);
	else
		native_wake(word);
}

/* ---- completions, waiting for words ------------------------------------------------------------- */

static bool completion_ready(const struct native_wait *w)
{
	return __atomic_load_n(&((const struct completion *)w->addr)->done, __ATOMIC_SEQ_CST) > 0;
}

static bool completion_try(struct completion *c)
{
	u32 done = __atomic_load_n(&c->done, __ATOMIC_SEQ_CST);

	while (done)
		if (__atomic_compare_exchange_n(&c->done, &done, done - 1, true, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

static bool completion_take(struct native_wait *w)
{
	return completion_try((struct completion *)(uintptr_t)w->addr);
}

void complete(struct completion *c)
{
	__atomic_fetch_add(&c->done, 1, __ATOMIC_SEQ_CST);
	native_wake(c);
}

void wait_for_completion(struct completion *c)
{
	struct native_wait w = {
		.addr = c,
		.op = "wait_for_completion",
		.name = c->name,
		.take = completion_take,
		.ready = completion_ready,
	};

	if (!completion_try(c))
		native_park(&w);
}

static bool bits_ready(const struct native_wait *w)
{
	return (__atomic_load_n((const u32 *)w->addr, __ATOMIC_ACQUIRE) & w->mask) == w->value;
}

static bool bits_take(struct native_wait *w)
{
	return bits_ready(w);
}

/* Those who write the word know of no waiter: spin, then look now and then. */
void native_wait_for_bits_slow(const u32 *p, u32 mask, u32 value, const char *name)
{
	struct native_wait w = {
		.addr = p,
		.op = "wait_for_bits",
		.name = name,
		.take = bits_take,
		.ready = bits_ready,
		.mask = mask,
		.value = value,
		.poll = true,
	};

	if (native_self->alone)
		return;
	for (unsigned n = 0; n < 10 * SPINS_BEFORE_YIELD; spin(&n))
		if (bits_ready(&w))
			return;
	native_park(&w);
}
