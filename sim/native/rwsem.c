/* SPDX-License-Identifier: MIT */
/*
 * rwsem.c - the rwsem's queue, and its bias; see rwsem.h
 *
 * Readers pass readers that queue: if they queued behind those that are about to wake, two tasks that only read would
 * sleep and wake each other for ever.
 *
 * R1: RWSEM_WAITING is set exactly while tickets are out (next != serving), RWSEM_WRITERS while one is a writer's; both
 *     are changed under the bucket's lock.
 * R2: while RWSEM_WAITING is set a writer takes the semaphore only by ticket `serving`; while RWSEM_WRITERS is set, so
 *     does a reader. A trylock that began before may put its RWSEM_WRITER back as RWSEM_SLOTS.
 */
#include "native/internal.h"

#define SPINS_BEFORE_QUEUE 64 /* of a writer that only has readers in slots before it */

/* => no task reads s in a slot */
static bool slots_empty(const struct rw_semaphore *s)
{
	const struct native_machine *m = self_thread()->m;

	for (int i = 0; i < m->nr_threads; i++)
		for (int j = 0; j < NATIVE_READING; j++)
			if (__atomic_load_n(&m->thread[i].task.reading[j], __ATOMIC_SEQ_CST) == s)
				return false;
	return true;
}

/* By B2, for whoever has just counted itself as a reader. */
void native_bias(struct rw_semaphore *s)
{
	u32 c = __atomic_load_n(&s->count, __ATOMIC_RELAXED);

	__atomic_store_n(&s->was_biased, 1, __ATOMIC_RELAXED);
	while (!(c & (RWSEM_WRITER | RWSEM_WRITERS)))
		if (__atomic_compare_exchange_n(&s->count, &c, c | RWSEM_BIAS | RWSEM_SLOTS, true,
						__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return;
}

/* The bias went away meanwhile: a writer may have seen the slot, and wait for it. */
void native_read_in_vain(struct rw_semaphore *s, const void **slot)
{
	(void)__atomic_exchange_n(slot, NULL, __ATOMIC_SEQ_CST);
	native_wake(s);
}

/* Takes a semaphore that nobody has but readers in slots, if it turns out that there are none. */
bool native_write_biased(struct rw_semaphore *s)
{
	u32 c = __atomic_load_n(&s->count, __ATOMIC_RELAXED);

	do {
		if (c & ~(RWSEM_BIAS | RWSEM_SLOTS))
			return false;
	} while (!__atomic_compare_exchange_n(&s->count, &c, RWSEM_WRITER, false, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	for (int n = 0; n < SPINS_BEFORE_QUEUE; n++) {
		if (slots_empty(s))
			return true;
		__builtin_ia32_pause();
	}
	if (__atomic_fetch_add(&s->count, RWSEM_SLOTS - RWSEM_WRITER, __ATOMIC_SEQ_CST) & RWSEM_WAITING)
		native_wake(s);
	return false;
}

static bool rwsem_ready(const struct native_wait *w)
{
	const struct rw_semaphore *s = w->addr;
	u32 c = __atomic_load_n(&s->count, __ATOMIC_SEQ_CST);

	if (s->serving != w->ticket)
		return false;
	if (!w->writer)
		return !(c & RWSEM_WRITER);
	return c < RWSEM_READER && !(c & RWSEM_WRITER) && (!(c & RWSEM_SLOTS) || slots_empty(s));
}

static void rwsem_queue(struct native_wait *w, struct rw_semaphore *s)
{
	u32 c = __atomic_load_n(&s->count, __ATOMIC_RELAXED), to;

	w->queued = true;
	w->ticket = __atomic_fetch_add(&s->next, 1, __ATOMIC_RELAXED);
	s->writers += w->writer;
	do {
		to = w->writer ? (c & ~RWSEM_BIAS) | RWSEM_WRITERS : c;
	} while (!__atomic_compare_exchange_n(&s->count, &c, to | RWSEM_WAITING, true, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
}

/* By R2 nothing but a release can have come since the semaphore was ready for this writer, and none changes that. */
static void rwsem_take_write(struct rw_semaphore *s)
{
	u32 gone = __atomic_load_n(&s->count, __ATOMIC_RELAXED) & RWSEM_SLOTS;

	if (!--s->writers)
		gone |= RWSEM_WRITERS;
	__atomic_fetch_add(&s->count, RWSEM_WRITER - gone, __ATOMIC_ACQUIRE);
	__atomic_store_n(&s->owner, native_self->id, __ATOMIC_RELAXED);
	__atomic_store_n(&s->reads, 0, __ATOMIC_RELAXED);
}

static bool rwsem_take(struct native_wait *w)
{
	struct rw_semaphore *s = (struct rw_semaphore *)(uintptr_t)w->addr;

	if (!w->queued)
		rwsem_queue(w, s);
	if (!rwsem_ready(w))
		return false;
	if (w->writer)
		rwsem_take_write(s);
	else
		__atomic_fetch_add(&s->count, RWSEM_READER, __ATOMIC_ACQUIRE);
	if (++s->serving == s->next)
		__atomic_fetch_and(&s->count, ~RWSEM_WAITING, __ATOMIC_RELAXED);
	return true;
}

void native_down_slow(struct rw_semaphore *s, bool writer)
{
	struct native_wait w = {
		.addr = s,
		.op = writer ? "down_write" : "down_read",
		.name = s->name,
		.owner = &s->owner,
		.take = rwsem_take,
		.ready = rwsem_ready,
		.writer = writer,
		.chain = true,
		/* A reader that leaves its slot may pass over who waits for it. */
		.poll = __atomic_load_n(&s->was_biased, __ATOMIC_RELAXED),
	};

	if (!native_self->alone)
		native_park(&w);
}

void native_up_misuse(struct rw_semaphore *s, const char *op)
{
	bool held = __atomic_load_n(&s->count, __ATOMIC_RELAXED) & RWSEM_WRITER;

	native_unlock_misuse(op, s->name, held ? __atomic_load_n(&s->owner, __ATOMIC_RELAXED) : 0);
}

/* The release was made, on a count that was `old`: somebody waits, or nothing was held. */
void native_up_read_slow(struct rw_semaphore *s, u32 old)
{
	if (old < RWSEM_READER) {
		__atomic_fetch_add(&s->count, RWSEM_READER, __ATOMIC_RELAXED);
		native_up_misuse(s, "up_read");
	} else if (old / RWSEM_READER == 1) {
		native_wake(s);
	}
}

void downgrade_write(struct rw_semaphore *s)
{
	if (!native_holds_write(s))
		native_up_misuse(s, "downgrade_write");
	else if (__atomic_fetch_add(&s->count, RWSEM_READER - RWSEM_WRITER, __ATOMIC_SEQ_CST) & RWSEM_WAITING)
		native_wake(s);
}
