/* SPDX-License-Identifier: MIT */
/*
 * waitqueue.c - wait queues: a set of tasks, and a word of each that says whether it was woken
 *
 * A waker takes all that are queued, then wakes each. One that queues anew between the two may be woken for nothing:
 * whoever sleeps looks at its condition again anyway.
 *
 * W1: a task marks itself asleep before it is queued, and a waker takes it off the queue before it marks it awake; so
 *     who was queued when a wake-up came does not sleep on.
 * W2: queueing and waking are sequentially consistent read-modify-writes: either the waker sees the task queued, or
 *     the task, which looks at its condition afterwards, sees what the waker stored before.
 */
#include "native/internal.h"

void prepare_to_wait(struct wait_queue_head *wq)
{
	struct native_thread *t = self_thread();

	if (t->task.alone)
		return;
	__atomic_store_n(&t->asleep, 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&wq->queued, 1ull << (t->task.id - 1), __ATOMIC_SEQ_CST);
}

void finish_wait(struct wait_queue_head *wq)
{
	struct native_thread *t = self_thread();

	if (t->task.alone)
		return;
	__atomic_store_n(&t->asleep, 0, __ATOMIC_SEQ_CST);
	__atomic_fetch_and(&wq->queued, ~(1ull << (t->task.id - 1)), __ATOMIC_SEQ_CST);
}

void wake_up(struct wait_queue_head *wq)
{
	struct native_machine *m = self_thread()->m;
	u64 queued = __atomic_exchange_n(&wq->queued, 0, __ATOMIC_SEQ_CST);

	for (; queued; queued &= queued - 1) {
		u32 *asleep = &m->thread[__builtin_ctzll(queued)].asleep;

		__atomic_store_n(asleep, 0, __ATOMIC_SEQ_CST);
		native_wake(asleep);
	}
}

static bool awake(const struct native_wait *w)
{
	return !__atomic_load_n((const u32 *)w->addr, __ATOMIC_SEQ_CST);
}

static bool awake_take(struct native_wait *w)
{
	return awake(w);
}

bool native_sleep(struct wait_queue_head *wq, const char *op)
{
	struct native_thread *t = self_thread();
	struct native_wait w = {
		.addr = &t->asleep,
		.op = op,
		.name = wq ? wq->name : "",
		.take = awake_take,
		.ready = awake,
	};

	/* In the check nobody wakes: park.c says that this would wait for ever. */
	if (t->task.alone ? wq != NULL : !awake(&w))
		native_park(&w);
	return !t->task.alone;
}
