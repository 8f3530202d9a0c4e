/* SPDX-License-Identifier: MIT */
/*
 * waits.c - locks in one bit of a word, completions, waiting for words
 *
 * Each operation is one step. In the check after an execution, which is alone, nothing waits.
 */
#include "engine/held.h"

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
static void bit_done(struct engine *e, int nr, unsigned long *word, unsigned long old, int order, bool store)
{
	uint32_t loc = loc_word(e, word);

	if (e->detect) {
		e->nr_marked++;
		hb_access(e, arena_off(e, word), 8, ACCESS_MARKED | (store ? ACCESS_WRITE : 0));
		hb_atomic(e, loc, true, store, order);
	}
	if (unlikely(e->early_loads))
		early_atomic(e, word, 8, 1ull << nr, old, EARLY_LOAD | (store ? EARLY_STORE : 0), order);
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
	bit_done(e, nr, word, old, __ATOMIC_ACQUIRE, true);
}

static struct held bit_held(struct engine *e, int nr, const unsigned long *word, unsigned subclass,
			    const char *name, void *pc)
{
	return (struct held){ .id = lock_id(word, nr),
			      .pc = pc,
			      .op = "bit_lock",
			      .node = (uint8_t)lock_node(e, lockdep_bit_class(e, name), subclass, false),
			      .kind = SYNC_BIT };
}

void bit_lock_nested(int nr, unsigned long *word, const char *name, unsigned subclass)
{
	struct engine *e = this_engine;
	struct op op = bit_op(e, nr, word, OP_ACQUIRE, name);
	struct held h = { 0 };

	may_sleep(e, "bit_lock", name);
	if (e->live) {
		lock_look(e, word);
		h = bit_held(e, nr, word, subclass, name, __builtin_return_address(0));
		lock_wait(e, &h);
		op.blocking = true;
		point(e, &op);
	} else if (*word & op.mask) {
		violate(e, "deadlock", "%s: still locked when the execution was over", name);
	}
	bit_take(e, nr, word);
	if (e->live)
		lock_took(e, &h);
}

/* Not held in the sense of lockdep.h: whoever only tries often leaves the unlocking to others, as with I/O. */
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
		learn(e, 0);
		bit_done(e, nr, word, *word, __ATOMIC_RELAXED, false);
		return false;
	}
	bit_take(e, nr, word);
	return true;
}

/* Any task may unlock. */
static void bit_drop(struct engine *e, uint64_t id)
{
	if (lock_drop(task_current(e), id))
		return;
	for (int i = 0; i < e->nr_all; i++)
		if (e->task[i].nr_held && lock_drop(&e->task[i], id))
			return;
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
	if (e->live)
		bit_drop(e, lock_id(word, nr));
	lock_dirty(e, word, 8);
	*word = old & ~op.mask;
	bit_done(e, nr, word, old, __ATOMIC_ACQ_REL, true);
}

void bit_lock_passed(int nr, unsigned long *word)
{
	if (this_engine->live)
		bit_drop(this_engine, lock_id(word, nr));
}

void bit_wait(int nr, unsigned long *word, const char *name)
{
	struct engine *e = this_engine;
	struct op op = bit_op(e, nr, word, OP_WAIT_FREE, name);
	struct held h;

	may_sleep(e, "bit_wait", name);
	if (!e->live)
		return;
	lock_look(e, word);
	h = bit_held(e, nr, word, 0, name, __builtin_return_address(0));
	lock_wait(e, &h);
	op.blocking = true;
	point(e, &op);
	bit_done(e, nr, word, *word, __ATOMIC_ACQUIRE, false);
}

/* ---- completions, waiting for words --------------------------------------------------------------------------------- */

void sync_completion_init(struct completion *c, const char *name)
{
	arena_dirty_range(this_engine, c, sizeof(*c));
	*c = (struct completion){ .name = name };
}

static struct op completion_op(struct engine *e, const struct completion *c, enum op_mode mode,
			       const char *name)
{
	return (struct op){
		.loc = loc_word(e, c), .mode = (uint8_t)mode, .mask = ~0ull, .name = name, .addr = c
	};
}

void complete(struct completion *c)
{
	struct engine *e = this_engine;
	struct op op = completion_op(e, c, OP_WRITE, "complete");

	if (e->live) {
		lock_look(e, c);
		point(e, &op);
	}
	lock_dirty(e, c, sizeof(*c));
	e->step_old = c->done++;
	e->step_new = c->done;
	if (e->detect)
		hb_release(e, loc_word(e, c), true);
	recheck(e, loc_word(e, c));
}

void wait_for_completion(struct completion *c)
{
	struct engine *e = this_engine;
	struct op op = completion_op(e, c, OP_CONSUME, "wait_for_completion");

	may_sleep(e, op.name, c->name);
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
	if (unlikely(e->early_loads))
		early_atomic(e, p, 4, op.mask, value, EARLY_LOAD, __ATOMIC_ACQUIRE);
}

void might_sleep(void)
{
	may_sleep(this_engine, "might_sleep", NULL);
}
