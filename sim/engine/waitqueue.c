/* SPDX-License-Identifier: MIT */
/*
 * waitqueue.c - wait queues, in the steps in which sleep and wake-up can miss each other
 *
 * Queueing, looking at the condition, sleeping are steps of their own, and a wake-up wakes whoever is queued at that
 * moment: it takes the sleeper off the queue and marks it running, so that a later sleep returns at once. A queue is a
 * set: whoever waits is woken by every wake-up, and in no order.
 *
 * A sleep has no location. It could not have run without the one wake-up that it follows, and every other one commutes
 * with it; which one comes first is decided between the wake-ups.
 *
 * When nobody can run, the sleepers whose condition's text is known are asked for its value, each on its own stack. One
 * that holds was missed: a lost wake-up, not just a deadlock.
 */
#include "engine/held.h"

static struct op wq_op(struct engine *e, const struct wait_queue_head *wq, enum op_mode mode,
		       const char *name)
{
	return (struct op){
		.loc = loc_word(e, wq), .mode = (uint8_t)mode, .mask = ~0ull, .name = name, .addr = wq
	};
}

/* Takes its turn. => false: nobody is scheduled */
static bool wq_point(struct engine *e, const struct wait_queue_head *wq, enum op_mode mode, const char *name)
{
	struct op op = wq_op(e, wq, mode, name);

	if (!e->live)
		return false;
	lock_look(e, wq);
	point(e, &op);
	return true;
}

void sync_waitqueue_init(struct wait_queue_head *wq, const char *name)
{
	arena_dirty_range(this_engine, wq, sizeof(*wq));
	*wq = (struct wait_queue_head){ .name = name };
}

/* A queue's lock orders queueing and wake-ups; those that queue do not order each other. */
void prepare_to_wait(struct wait_queue_head *wq)
{
	struct engine *e = this_engine;
	struct task *t;

	if (!wq_point(e, wq, OP_WQ_JOIN, "prepare_to_wait"))
		return;
	t = task_current(e);
	lock_dirty(e, wq, sizeof(*wq));
	wq->queued |= TASK_BIT(e->current);
	t->asleep = true;
	t->queue_step = e->step;
	if (e->detect) {
		hb_acquire(e, loc_word(e, wq));
		hb_release(e, loc_word(e, wq) + 1, true);
	}
	if (unlikely(e->early_loads)) /* the condition is looked at after a full barrier */
		early_full_fence(e);
}

void finish_wait(struct wait_queue_head *wq)
{
	struct engine *e = this_engine;

	if (!wq_point(e, wq, OP_WQ_LEAVE, "finish_wait"))
		return;
	lock_dirty(e, wq, sizeof(*wq));
	wq->queued &= ~TASK_BIT(e->current);
	task_current(e)->asleep = false;
	task_current(e)->wake_step = 0;
}

bool waitqueue_active(struct wait_queue_head *wq)
{
	wq_point(this_engine, wq, OP_WQ_LOOK, "waitqueue_active");
	spin_read(this_engine, &wq->queued, sizeof(wq->queued));
	learn(this_engine, wq->queued != 0);
	return wq->queued != 0;
}

static void wake(struct engine *e, int task)
{
	struct task *t = &e->task[task];

	if (!t->asleep)
		return;
	t->asleep = false;
	t->wake_step = e->live ? e->step : 0;
	if (e->detect)
		t->wake = e->task[e->me].vc;
	if (unlikely(e->early_loads))
		t->wake_handed = early_hand(e);
	recheck_task(e, task);
}

void sync_wake_up(struct wait_queue_head *wq, const char *name)
{
	struct engine *e = this_engine;

	wq_point(e, wq, OP_WAKE, name);
	lock_dirty(e, wq, sizeof(*wq));
	if (e->detect) {
		hb_acquire(e, loc_word(e, wq));
		hb_acquire(e, loc_word(e, wq) + 1);
	}
	for (taskmask m = wq->queued; m; m &= m - 1)
		wake(e, task_first(m));
	wq->queued = 0;
	wq->waker = (u16)(e->me + 1);
	wq->wake_step = e->step;
	if (e->detect)
		hb_release(e, loc_word(e, wq), false);
}

enum sync_slept sync_sleep(struct wait_queue_head *wq, const char *cond)
{
	struct engine *e = this_engine;
	struct op op = {
		.mode = OP_SLEEP, .blocking = true, .name = cond ? "wait_event" : "schedule", .addr = wq
	};
	struct task *t;

	may_sleep(e, op.name, wq ? wq->name : NULL);
	if (!e->live && e->asking < 0) {
		if (e->irq_cpu < 0 && cond)
			violate(e, "deadlock", "wait_event(%s, %s) after the execution was over", wq->name,
				cond);
		return SYNC_NEVER;
	}
	t = task_current(e);
	t->cond = cond;
	point(e, &op);
	if (e->asking >= 0)
		return SYNC_ASKED;
	e->step_op.after = t->wake_step;
	if (e->detect && t->wake_step)
		vclock_join(&t->vc, &t->wake, e->nr_all);
	if (unlikely(e->early_loads) && t->wake_step)
		early_take(e, t->wake_handed);
	t->wake_step = 0;
	return SYNC_WOKEN;
}

/* ---- lost wake-ups ---------------------------------------------------------------------------------- */

void sync_sleep_answer(bool holds)
{
	task_current(this_engine)->cond_true = holds;
}

int sleeper_to_ask(struct engine *e)
{
	taskmask left = e->unfinished & e->waiting & ~e->asked;

	for (; left; left &= left - 1) {
		struct task *t = &e->task[task_first(left)];

		if (t->op.mode != OP_SLEEP || !t->cond)
			continue;
		t->cond_true = false;
		e->asked |= TASK_BIT(task_first(left));
		e->asking = task_first(left);
		e->live = e->detect = false;
		return e->asking;
	}
	return -1;
}

int sleeper_describe(struct engine *e, int task, char *buf, size_t n)
{
	const struct task *t = &e->task[task];
	const struct wait_queue_head *wq = t->op.addr;
	char woke[128] = "";

	if (!t->cond || !wq)
		return 0;
	if (wq->waker)
		snprintf(woke, sizeof(woke), "; the last wake-up was %s's at step %u, %s queued at step %u",
			 e->task[wq->waker - 1].name, wq->wake_step, t->name, t->queue_step);
	return snprintf(buf, n, " until %s, which %s%s", t->cond, t->cond_true ? "is true" : "is not true",
			woke);
}
