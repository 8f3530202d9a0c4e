/* SPDX-License-Identifier: MIT */
/*
 * locks.c - blocking locks: a task that waits is not runnable, and a lock that is taken was free
 *
 * Each operation is one step, but for the rwsem's: joining its queue and being granted it are two, since first come
 * first served is decided at the queue. In the check after an execution, which is alone, locks are not taken.
 */
#include "engine/internal.h"

static struct op lock_op(struct engine *e, const void *lock, enum op_mode mode, const char *name)
{
	return (struct op){
		.loc = loc_word(e, lock), .mode = (uint8_t)mode, .mask = ~0ull, .name = name, .addr = lock
	};
}

static void lock_dirty(struct engine *e, const void *lock, size_t size)
{
	size_t off = arena_off(e, lock);

	if (off >= e->arena_size)
		engine_panic("a lock outside the machine's arena");
	if (unlikely(e->line[off >> LINE_SHIFT].poison) && e->live)
		arena_poison_hit(e, off, "locking");
	if (unlikely(spin_watched(e)))
		spin_wrote(e, lock, size);
	for (size_t at = 0; at < size; at += 1 << LINE_SHIFT)
		arena_mark(e, off + at);
	arena_mark(e, off + size - 1);
}

/* A lock inside freed memory is a violation before anything waits for it. */
static void lock_look(struct engine *e, const void *lock)
{
	if (unlikely(e->line[arena_off(e, lock) >> LINE_SHIFT].poison) && e->live)
		arena_poison_hit(e, arena_off(e, lock), "locking");
}

static void show(struct engine *e, const void *addr, uint64_t old, uint64_t new_)
{
	if (unlikely(e->tracing))
		trace_values(e, addr, 0, old, new_);
}

/*
 * What shared holders did is before the next exclusive one, not before each other: their releases have a clock of their
 * own, at the lock's second word.
 */
static void acquired(struct engine *e, const void *lock, bool exclusive)
{
	if (!e->detect)
		return;
	hb_acquire(e, loc_word(e, lock));
	if (exclusive)
		hb_acquire(e, loc_word(e, lock) + 1);
}

static void released(struct engine *e, const void *lock, bool exclusive)
{
	if (e->detect)
		hb_release(e, loc_word(e, lock) + !exclusive, !exclusive);
}

/* ---- spinlocks, reader-writer spinlocks, mutexes ------------------------------------------------------ */

void sync_lock_init(struct sync_lock *l, const char *name)
{
	arena_dirty_range(this_engine, l, sizeof(*l));
	*l = (struct sync_lock){ .name = name };
}

static void take(struct engine *e, struct sync_lock *l)
{
	lock_dirty(e, l, sizeof(*l));
	l->owner = (uint16_t)(e->current + 1);
	recheck(e, loc_word(e, l));
	show(e, l, 0, l->owner);
	acquired(e, l, true);
}

void sync_lock_exclusive(struct sync_lock *l, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, l, OP_ACQUIRE, name);

	if (!e->live)
		return;
	lock_look(e, l);
	op.blocking = true;
	point(e, &op);
	take(e, l);
}

bool sync_trylock_exclusive(struct sync_lock *l, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, l, OP_TRY, name);

	if (!e->live)
		return true;
	lock_look(e, l);
	point(e, &op);
	if (l->owner || l->readers) {
		spin_read(e, l, 8);
		e->step_op.mode = OP_TRY_FAILED;
		return false;
	}
	take(e, l);
	return true;
}

void sync_unlock_exclusive(struct sync_lock *l, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, l, OP_RELEASE, name);

	if (!e->live)
		return;
	lock_look(e, l);
	point(e, &op);
	if (l->owner != e->current + 1)
		violate(e, "unlock-by-non-owner", "%s(%s) by %s, held by %s", name, l->name,
			e->task[e->current].name, l->owner ? e->task[l->owner - 1].name : "nobody");
	lock_dirty(e, l, sizeof(*l));
	show(e, l, l->owner, 0);
	l->owner = 0;
	released(e, l, true);
	recheck(e, loc_word(e, l));
}

void sync_lock_shared(struct sync_lock *l, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, l, OP_ACQUIRE_SHARED, name);

	if (!e->live)
		return;
	lock_look(e, l);
	op.blocking = true;
	point(e, &op);
	lock_dirty(e, l, sizeof(*l));
	l->readers++;
	l->reader_mask |= TASK_BIT(e->current);
	recheck(e, loc_word(e, l));
	acquired(e, l, false);
}

void sync_unlock_shared(struct sync_lock *l, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, l, OP_RELEASE_SHARED, name);

	if (!e->live)
		return;
	lock_look(e, l);
	point(e, &op);
	if (!l->readers || !(l->reader_mask & TASK_BIT(e->current)))
		violate(e, "unlock-by-non-owner", "%s(%s) by %s, which does not hold it", name, l->name,
			e->task[e->current].name);
	lock_dirty(e, l, sizeof(*l));
	l->readers--;
	l->reader_mask &= ~TASK_BIT(e->current);
	released(e, l, false);
	recheck(e, loc_word(e, l));
}

bool sync_is_locked(const struct sync_lock *l)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, l, OP_READ, "is_locked");

	if (e->live)
		point(e, &op);
	spin_read(e, l, 8);
	return l->owner || l->readers;
}

/* ---- the rwsem: first come, first served ------------------------------------------------------------------ */

#define WAIT_WRITER 0x80

void sync_rwsem_init(struct rw_semaphore *s, const char *name)
{
	arena_dirty_range(this_engine, s, sizeof(*s));
	*s = (struct rw_semaphore){ .name = name };
}

/* Hands the semaphore to as many from the queue's head as may have it together. */
static void rwsem_grant(struct engine *e, struct rw_semaphore *s)
{
	uint32_t n = 0;

	while (n < s->nr_waiting && !s->owner) {
		int task = s->waiting[n] & ~WAIT_WRITER;
		bool writer = s->waiting[n] & WAIT_WRITER;

		if (writer && s->readers)
			break;
		if (writer)
			s->owner = (uint16_t)(task + 1);
		else
			s->readers++;
		s->granted |= TASK_BIT(task);
		n++;
	}
	if (!n)
		return;
	s->nr_waiting -= n;
	memmove(s->waiting, s->waiting + n, s->nr_waiting);
	recheck(e, loc_word(e, s));
}

static void rwsem_down(struct rw_semaphore *s, bool writer, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, s, writer ? OP_ENQUEUE : OP_ENQUEUE_SHARED, name);

	if (!e->live)
		return;
	lock_look(e, s);
	point(e, &op);
	lock_dirty(e, s, sizeof(*s));
	s->waiting[s->nr_waiting++] = (uint8_t)(e->current | (writer ? WAIT_WRITER : 0));
	rwsem_grant(e, s);
	op.mode = writer ? OP_GRANT : OP_GRANT_SHARED;
	op.blocking = true;
	point(e, &op);
	lock_dirty(e, s, sizeof(*s));
	s->granted &= ~TASK_BIT(e->current);
	show(e, s, 0, 1);
	acquired(e, s, writer);
}

static void rwsem_up(struct rw_semaphore *s, bool writer, bool downgrade, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, s, writer ? OP_RELEASE : OP_RELEASE_SHARED, name);

	if (!e->live)
		return;
	lock_look(e, s);
	point(e, &op);
	if (writer ? s->owner != e->current + 1 : !s->readers)
		violate(e, "unlock-by-non-owner", "%s(%s) by %s, which does not hold it", name, s->name,
			e->task[e->current].name);
	lock_dirty(e, s, sizeof(*s));
	if (writer)
		s->owner = 0;
	else
		s->readers--;
	if (downgrade)
		s->readers++;
	released(e, s, writer);
	rwsem_grant(e, s);
}

static bool rwsem_try(struct rw_semaphore *s, bool writer, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, s, OP_TRY, name);

	if (!e->live)
		return true;
	lock_look(e, s);
	point(e, &op);
	if (s->owner || s->nr_waiting || (writer && s->readers)) {
		spin_read(e, s, offsetof(struct rw_semaphore, waiting));
		e->step_op.mode = OP_TRY_FAILED;
		return false;
	}
	lock_dirty(e, s, sizeof(*s));
	if (writer)
		s->owner = (uint16_t)(e->current + 1);
	else
		s->readers++;
	acquired(e, s, writer);
	return true;
}

void down_read(struct rw_semaphore *s)
{
	rwsem_down(s, false, "down_read");
}
void down_write(struct rw_semaphore *s)
{
	rwsem_down(s, true, "down_write");
}
void up_read(struct rw_semaphore *s)
{
	rwsem_up(s, false, false, "up_read");
}
void up_write(struct rw_semaphore *s)
{
	rwsem_up(s, true, false, "up_write");
}
void downgrade_write(struct rw_semaphore *s)
{
	rwsem_up(s, true, true, "downgrade_write");
}
bool down_read_trylock(struct rw_semaphore *s)
{
	return rwsem_try(s, false, "down_read_trylock");
}
bool down_write_trylock(struct rw_semaphore *s)
{
	return rwsem_try(s, true, "down_write_trylock");
}

/* ---- a lock in one bit of a word ------------------------------------------------------------------------------ */

static struct op bit_op(struct engine *e, int nr, const unsigned long *word, enum op_mode mode,
			const char *name)
{
	return (struct op){ .loc = loc_word(e, word),
			    .mode = (uint8_t)mode,
			    .size = 8,
			    .mask = 1ull << nr,
			    .name = name,
			    .addr = word };
}

/* A bit lock's word is an atomic word too: it takes part in data race detection as one. */
static void bit_done(struct engine *e, unsigned long *word, unsigned long old, bool acquire, bool store)
{
	uint32_t loc = loc_word(e, word);

	if (e->detect) {
		e->nr_marked++;
		hb_access(e, arena_off(e, word), 8, ACCESS_MARKED | (store ? ACCESS_WRITE : 0));
		hb_atomic(e, loc, true, store, acquire ? __ATOMIC_ACQUIRE : __ATOMIC_ACQ_REL);
	}
	e->step_old = old;
	if (unlikely(e->tracing))
		trace_values(e, word, 8, old, *word);
	if (store)
		recheck(e, loc);
	else
		spin_read(e, word, 8);
}

static void bit_take(struct engine *e, int nr, unsigned long *word)
{
	unsigned long old = *word;

	lock_dirty(e, word, 8);
	*word |= 1ul << nr;
	bit_done(e, word, old, true, true);
}

void bit_lock(int nr, unsigned long *word, const char *name)
{
	struct engine *e = this_engine;
	struct op op = bit_op(e, nr, word, OP_ACQUIRE, name);

	if (e->live) {
		lock_look(e, word);
		op.blocking = true;
		point(e, &op);
	} else if (*word & op.mask) {
		violate(e, "deadlock", "%s: still locked when the execution was over", name);
	}
	bit_take(e, nr, word);
}

bool bit_trylock(int nr, unsigned long *word, const char *name)
{
	struct engine *e = this_engine;
	struct op op = bit_op(e, nr, word, OP_TRY, name);

	if (e->live) {
		lock_look(e, word);
		point(e, &op);
	}
	if (*word & op.mask) {
		e->step_op.mode = OP_TRY_FAILED;
		bit_done(e, word, *word, true, false);
		return false;
	}
	bit_take(e, nr, word);
	return true;
}

void bit_unlock(int nr, unsigned long *word)
{
	struct engine *e = this_engine;
	struct op op = bit_op(e, nr, word, OP_RELEASE, "bit_unlock");
	unsigned long old;

	if (e->live) {
		lock_look(e, word);
		point(e, &op);
	}
	old = *word;
	if (!(old & op.mask))
		violate(e, "unlock-by-non-owner", "bit %d is unlocked but was not locked", nr);
	lock_dirty(e, word, 8);
	*word = old & ~op.mask;
	bit_done(e, word, old, false, true);
}

void bit_wait(int nr, unsigned long *word, const char *name)
{
	struct engine *e = this_engine;
	struct op op = bit_op(e, nr, word, OP_WAIT_FREE, name);

	if (!e->live)
		return;
	lock_look(e, word);
	op.blocking = true;
	point(e, &op);
	bit_done(e, word, *word, true, false);
}

/* ---- completions, waiting for words --------------------------------------------------------------------------------- */

void sync_completion_init(struct completion *c, const char *name)
{
	arena_dirty_range(this_engine, c, sizeof(*c));
	*c = (struct completion){ .name = name };
}

void complete(struct completion *c)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, c, OP_ADD, "complete");

	if (e->live) {
		lock_look(e, c);
		point(e, &op);
	}
	lock_dirty(e, c, sizeof(*c));
	e->step_old = c->done++;
	if (e->detect)
		hb_release(e, loc_word(e, c), true);
	recheck(e, loc_word(e, c));
}

void wait_for_completion(struct completion *c)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, c, OP_CONSUME, "wait_for_completion");

	if (e->live) {
		lock_look(e, c);
		op.blocking = true;
		point(e, &op);
	} else if (!c->done) {
		violate(e, "deadlock", "wait_for_completion(%s) after the execution was over", c->name);
		return;
	}
	lock_dirty(e, c, sizeof(*c));
	c->done--;
	recheck(e, loc_word(e, c));
	if (e->detect)
		hb_acquire(e, loc_word(e, c));
}

void wait_for_bits_u32(const u32 *p, u32 mask, u32 value, const char *name)
{
	struct engine *e = this_engine;
	struct op op = { .loc = loc_word(e, p),
			 .mode = OP_AWAIT,
			 .size = 4,
			 .blocking = true,
			 .mask = word_mask(p, 4),
			 .name = name,
			 .addr = p,
			 .want_mask = mask,
			 .want = value };

	if (!e->live)
		return;
	lock_look(e, p);
	point(e, &op);
	if (e->detect) {
		e->nr_marked++;
		hb_access(e, arena_off(e, p), 4, ACCESS_MARKED);
		hb_atomic(e, op.loc, true, false, __ATOMIC_ACQUIRE);
	}
}
