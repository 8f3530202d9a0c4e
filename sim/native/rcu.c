/* SPDX-License-Identifier: MIT */
/*
 * rcu.c - RCU on liburcu, with callbacks on a thread of the machine's
 *
 * liburcu's own call_rcu thread would run callbacks outside any machine and could not be asked whether it is
 * idle, so the machine has a thread of its own: it takes the whole queue, waits for one grace period, and
 * runs what it took in the order in which it was queued.
 *
 * TSan sees nothing of what liburcu does, so the two edges of a grace period are told to it: what came before
 * synchronize_rcu() is seen by readers that begin later, what readers did before they left is seen after it.
 */
#include "native/internal.h"

#if NATIVE_TSAN
#include <sanitizer/tsan_interface.h>
#define tsan_release(p) __tsan_release(p)
#define tsan_acquire(p) __tsan_acquire(p)
#else
#define tsan_release(p) ((void)(p))
#define tsan_acquire(p) ((void)(p))
#endif

void native_rcu_enter(void)
{
	if (native_self->alone)
		return;
	native_urcu_read_lock();
	tsan_acquire(&self_thread()->m->grace_start);
}

void native_rcu_exit(void)
{
	if (native_self->alone)
		return;
	tsan_release(&self_thread()->m->grace_end);
	native_urcu_read_unlock();
}

void native_rcu_misuse(const char *what)
{
	if (!native_self->alone)
		sync_violation("rcu-misuse", "%s by %s", what, native_self->name);
}

static void wait_for_readers(struct native_machine *m)
{
	tsan_release(&m->grace_start);
	native_urcu_synchronize();
	tsan_acquire(&m->grace_end);
}

void native_synchronize_rcu(void)
{
	if (native_self->alone)
		return;
	if (native_self->rcu_depth) {
		native_rcu_misuse("synchronize_rcu() inside a read side, which waits for itself,");
		return;
	}
	native_leave_if_stopped();
	native_says_wait("synchronize_rcu", "", NULL);
	wait_for_readers(self_thread()->m);
	native_says_wait(NULL, NULL, NULL);
}

void native_call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *))
{
	struct native_machine *m = self_thread()->m;

	if (native_self->alone) {
		func(head);
		return;
	}
	head->func = func;
	head->next = __atomic_load_n(&m->rcu_queue, __ATOMIC_RELAXED);
	while (!__atomic_compare_exchange_n(&m->rcu_queue, &head->next, head, true, __ATOMIC_SEQ_CST,
					    __ATOMIC_RELAXED))
		;
	native_wake(&m->rcu_queue);
}

/* ---- the thread --------------------------------------------------------------------------------- */

static bool queue_ready(const struct native_wait *w)
{
	return __atomic_load_n((struct rcu_head *const *)w->addr, __ATOMIC_SEQ_CST);
}

static bool queue_take(struct native_wait *w)
{
	return queue_ready(w);
}

static struct rcu_head *reversed(struct rcu_head *h)
{
	struct rcu_head *first = NULL, *next;

	for (; h; h = next) {
		next = h->next;
		h->next = first;
		first = h;
	}
	return first;
}

void rcu_thread_run(void *arg)
{
	struct native_machine *m = arg;
	struct rcu_head *h, *next;

	for (;;) {
		struct native_wait w = {
			.addr = &m->rcu_queue,
			.op = "rcu_callback",
			.name = "",
			.take = queue_take,
			.ready = queue_ready,
		};

		native_park(&w);
		h = reversed(__atomic_exchange_n(&m->rcu_queue, NULL, __ATOMIC_ACQUIRE));
		wait_for_readers(m);
		for (; h; h = next) {
			next = h->next;
			h->func(h);
		}
	}
}
