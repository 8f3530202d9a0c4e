/* SPDX-License-Identifier: MIT */
/*
 * held.h - what every lock operation does for the detectors of lockdep.c, as far as nothing new is seen
 */
#ifndef SIM_ENGINE_HELD_H
#define SIM_ENGINE_HELD_H

#include "engine/internal.h"

static inline uint64_t lock_id(const void *lock, int bit)
{
	return (uint64_t)(uintptr_t)lock << 6 | (unsigned)bit;
}

static inline unsigned lock_node(struct engine *e, uint32_t class, unsigned subclass, bool passes)
{
	if (unlikely(class >= (uint32_t)e->locks->nr_classes)) /* memory that nobody initialised */
		class = 0;
	if (unlikely(subclass))
		class = lockdep_subclass(e, class, subclass);
	return 2 * class + passes;
}

/* The running task is about to wait for a lock, if it has to. `h`: what it will hold then. */
static inline void lock_wait(struct engine *e, const struct held *h)
{
	struct task *t = task_current(e);

	for (int i = 0; i < t->nr_held; i++) {
		const struct held *o = &t->held[i];
		uint64_t seen = e->locks->now.seen[o->node][h->node >> 6] >> (h->node & 63);

		if (unlikely(!(seen & 1) | (o->id == h->id)))
			lockdep_edge(e, o, h);
	}
}

/* Spinlocks: whether an interrupt that takes it could come while it is held. */
static inline void lock_usage(struct engine *e, unsigned node, bool in_irq)
{
	unsigned bit = in_irq ? USED_IN_IRQ(node & 1) : USED_IRQS_ON(node & 1);

	if (unlikely(!(e->locks->now.usage[node >> 1] & bit)))
		lockdep_usage(e, node, in_irq);
}

static inline void lock_took(struct engine *e, const struct held *h)
{
	struct task *t = task_current(e);

	if (unlikely(t->nr_held == MAX_HELD))
		engine_panic("%s holds more than %d locks: raise MAX_HELD", t->name, MAX_HELD);
	t->held[t->nr_held++] = *h;
	if (h->kind != SYNC_SPIN)
		return;
	t->nr_spins++;
	if (t->in_callback)
		lock_usage(e, h->node, true);
	else if (!t->irq_depth)
		lock_usage(e, h->node, false);
}

/* => false: task t does not hold it */
static inline bool lock_drop(struct task *t, uint64_t id)
{
	for (int i = t->nr_held - 1; i >= 0; i--) {
		if (t->held[i].id != id)
			continue;
		t->nr_spins -= t->held[i].kind == SYNC_SPIN;
		t->nr_held--;
		for (; i < t->nr_held; i++)
			t->held[i] = t->held[i + 1];
		return true;
	}
	return false;
}

/* An operation that may sleep begins, whether it will have to or not. */
static inline void may_sleep(struct engine *e, const char *op, const char *name)
{
	const struct task *t;

	if (unlikely(!e->live)) {
		if (unlikely(e->irq_cpu >= 0))
			lockdep_atomic(e, op, name);
		return;
	}
	t = task_current(e);
	if (unlikely(t->nr_spins | t->irq_depth | t->rcu_depth | t->in_callback))
		lockdep_atomic(e, op, name);
}

#endif
