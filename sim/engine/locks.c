/* SPDX-License-Identifier: MIT */
/*
 * locks.c - blocking locks: a task that waits is not runnable, and a lock that is taken was free
 *
 * Each operation is one step, but for the rwsem's: joining its queue and being granted it are two, since first come
 * first served is decided at the queue. In the check after an execution, which is alone, locks are not taken.
 */
#include "engine/held.h"

static struct op lock_op(struct engine *e, const void *lock, enum op_mode mode, const char *name)
{
	return (struct op){
		.loc = loc_word(e, lock), .mode = (uint8_t)mode, .mask = ~0ull, .name = name, .addr = lock
	};
}

/* Its bytes are about to change, though nobody sees it yet. */
static void lock_mark(struct engine *e, const void *lock, size_t size)
{
	size_t off = arena_off(e, lock);

	if (off >= e->arena_size)
		engine_panic("a lock outside the machine's arena");
	if (unlikely(e->line[off >> LINE_SHIFT].poison) && e->live)
		arena_poison_hit(e, off, "locking");
	for (size_t i = 0; i < size; i += 1u << LINE_SHIFT)
		arena_mark(e, off + i);
	arena_mark(e, off + size - 1);
}

void lock_dirty(struct engine *e, const void *lock, size_t size)
{
	lock_mark(e, lock, size);
	if (unlikely(spin_watched(e)))
		spin_wrote(e, lock, size);
}

/* A lock inside freed memory is a violation before anything waits for it. */
void lock_look(struct engine *e, const void *lock)
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

void sync_lock_init(struct sync_lock *l, const struct sync_lock_key *key)
{
	arena_dirty_range(this_engine, l, sizeof(*l));
	*l = (struct sync_lock){ .name = key->name, .class = lockdep_class(this_engine, key) };
}

/*
 * Nobody is scheduled: an interrupt's handler, or the check after the execution. A handler does not wait, but what it
 * would do is looked at.
 */
static void lock_alone(struct engine *e, const struct sync_lock *l, bool shared, const char *name)
{
	if (e->irq_cpu < 0)
		return;
	if (l->owner == e->me + 1)
		violate(e, "deadlock", "%s(%s) in an interrupt of %s, which holds it", name, l->name,
			e->task[e->me].name);
	lock_usage(e, lock_node(e, l->class, 0, shared), true);
}

static void take(struct engine *e, struct sync_lock *l)
{
	lock_dirty(e, l, sizeof(*l));
	l->owner = (uint16_t)(e->current + 1);
	recheck(e, loc_word(e, l));
	show(e, l, 0, l->owner);
	acquired(e, l, true);
}

void sync_lock_exclusive(struct sync_lock *l, enum sync_lock_kind kind, unsigned subclass, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, l, OP_ACQUIRE, name);
	struct held h = { lock_id(l, 0), __builtin_return_address(0), name, 0, (uint8_t)kind, false };

	if (kind == SYNC_MUTEX)
		may_sleep(e, name, l->name);
	if (!e->live) {
		if (kind == SYNC_SPIN)
			lock_alone(e, l, false, name);
		return;
	}
	lock_look(e, l);
	h.node = (uint8_t)lock_node(e, l->class, subclass, false);
	lock_wait(e, &h);
	op.blocking = true;
	point(e, &op);
	take(e, l);
	lock_took(e, &h);
}

bool sync_trylock_exclusive(struct sync_lock *l, enum sync_lock_kind kind, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, l, OP_TRY, name);
	struct held h = { lock_id(l, 0), __builtin_return_address(0), name, 0, (uint8_t)kind, false };

	if (!e->live)
		return true;
	lock_look(e, l);
	point(e, &op);
	if (l->owner || l->readers) {
		spin_read(e, l, 8);
		e->step_op.mode = OP_TRY_FAILED;
		learn(e, 0);
		return false;
	}
	take(e, l);
	h.node = (uint8_t)lock_node(e, l->class, 0, false);
	lock_took(e, &h);
	return true;
}

void sync_unlock_exclusive(struct sync_lock *l, bool by_store, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, l, OP_RELEASE, name);

	if (!e->live)
		return;
	lock_look(e, l);
	if (unlikely(e->weak) && by_store && store_buffer_holds_back(e))
		op = store_buffer_op(e, l, name);
	point(e, &op);
	if (l->owner != e->current + 1)
		violate(e, "unlock-by-non-owner", "%s(%s) by %s, held by %s", name, l->name,
			e->task[e->current].name, l->owner ? e->task[l->owner - 1].name : "nobody");
	lock_drop(task_current(e), lock_id(l, 0));
	show(e, l, l->owner, 0);
	released(e, l, true);
	if (unlikely(e->weak) && op.drain == DRAIN_ROOM) {
		lock_mark(e, l, sizeof(*l));
		store_buffer_unlock(e, l);
		return;
	}
	lock_dirty(e, l, sizeof(*l));
	l->owner = 0;
	recheck(e, loc_word(e, l));
}

void sync_lock_shared(struct sync_lock *l, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, l, OP_ACQUIRE_SHARED, name);
	struct held h = { lock_id(l, 0), __builtin_return_address(0), name, 0, SYNC_SPIN, true };

	if (!e->live) {
		lock_alone(e, l, true, name);
		return;
	}
	lock_look(e, l);
	h.node = (uint8_t)lock_node(e, l->class, 0, true);
	lock_wait(e, &h);
	op.blocking = true;
	point(e, &op);
	lock_dirty(e, l, sizeof(*l));
	l->readers++;
	recheck(e, loc_word(e, l));
	acquired(e, l, false);
	lock_took(e, &h);
}

void sync_unlock_shared(struct sync_lock *l, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, l, OP_RELEASE_SHARED, name);

	if (!e->live)
		return;
	lock_look(e, l);
	point(e, &op);
	if (!l->readers || !lock_drop(task_current(e), lock_id(l, 0)))
		violate(e, "unlock-by-non-owner", "%s(%s) by %s, which does not hold it", name, l->name,
			e->task[e->current].name);
	lock_dirty(e, l, sizeof(*l));
	l->readers--;
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
	learn(e, l->owner || l->readers);
	return l->owner || l->readers;
}

/* ---- the rwsem: first come, first served ------------------------------------------------------------------ */

#define WAIT_WRITER 0x80

void sync_rwsem_init(struct rw_semaphore *s, const struct sync_lock_key *key)
{
	arena_dirty_range(this_engine, s, sizeof(*s));
	*s = (struct rw_semaphore){ .name = key->name, .class = lockdep_class(this_engine, key) };
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

void sync_rwsem_down(struct rw_semaphore *s, bool writer, unsigned subclass, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, s, writer ? OP_ENQUEUE : OP_ENQUEUE_SHARED, name);
	struct held h = { lock_id(s, 0), __builtin_return_address(0), name, 0, SYNC_RWSEM, !writer };

	may_sleep(e, name, s->name);
	if (!e->live)
		return;
	lock_look(e, s);
	h.node = (uint8_t)lock_node(e, s->class, subclass, false);
	lock_wait(e, &h);
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
	lock_took(e, &h);
}

static const struct held *holds(const struct task *t, const void *lock, bool shared)
{
	for (int i = 0; i < t->nr_held; i++)
		if (t->held[i].id == lock_id(lock, 0) && t->held[i].shared == shared)
			return &t->held[i];
	return NULL;
}

static void rwsem_up(struct rw_semaphore *s, bool writer, bool downgrade, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, s, writer ? OP_RELEASE : OP_RELEASE_SHARED, name);
	struct held h = { 0 };

	if (!e->live)
		return;
	lock_look(e, s);
	point(e, &op);
	if (!holds(task_current(e), s, !writer))
		violate(e, "unlock-by-non-owner", "%s(%s) by %s, which does not hold it", name, s->name,
			e->task[e->current].name);
	if (downgrade)
		h = *holds(task_current(e), s, false);
	lock_drop(task_current(e), lock_id(s, 0));
	lock_dirty(e, s, sizeof(*s));
	if (writer)
		s->owner = 0;
	else
		s->readers--;
	if (downgrade) {
		s->readers++;
		h.shared = true;
		lock_took(e, &h);
	}
	released(e, s, writer);
	rwsem_grant(e, s);
}

bool sync_rwsem_try(struct rw_semaphore *s, bool writer, const char *name)
{
	struct engine *e = this_engine;
	struct op op = lock_op(e, s, OP_TRY, name);
	struct held h = { lock_id(s, 0), __builtin_return_address(0), name, 0, SYNC_RWSEM, !writer };

	if (!e->live)
		return true;
	lock_look(e, s);
	point(e, &op);
	if (s->owner || s->nr_waiting || (writer && s->readers)) {
		spin_read(e, s, offsetof(struct rw_semaphore, waiting));
		e->step_op.mode = OP_TRY_FAILED;
		learn(e, 0);
		return false;
	}
	lock_dirty(e, s, sizeof(*s));
	if (writer)
		s->owner = (uint16_t)(e->current + 1);
	else
		s->readers++;
	acquired(e, s, writer);
	h.node = (uint8_t)lock_node(e, s->class, 0, false);
	lock_took(e, &h);
	return true;
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
