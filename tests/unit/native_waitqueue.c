/* SPDX-License-Identifier: MIT */
/* native_waitqueue.c - wait queues under load: no wake-up is lost, and one that the program loses is a hang */
#include "native_common.h"

#define TURNS 300 /* a task in a round */

struct memory {
	wait_queue_head_t wq;
	spinlock_t lock;
	int turn, full, taken;
	u32 ready;
};

static struct memory *mem(void)
{
	return sync_machine();
}

static void setup(void *arg)
{
	init_waitqueue_head(&mem()->wq);
	spin_lock_init(&mem()->lock);
}

/* Three tasks in turn: each waits for its own number. */
static void take_turns(void *arg)
{
	struct memory *m = mem();
	int me = sync_task_name()[0] - 'a';

	for (int i = 0; i < TURNS; i++) {
		wait_event(m->wq, smp_load_acquire(&m->turn) == 3 * i + me);
		m->taken++;
		smp_store_release(&m->turn, 3 * i + me + 1);
		wake_up(&m->wq);
	}
}

static void all_turns(void *arg)
{
	if (mem()->turn != 3 * TURNS || mem()->taken != 3 * TURNS)
		sync_violation("assertion", "turn %d, %d taken", mem()->turn, mem()->taken);
}

static void turns(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup,
				 .check = all_turns,
				 .task = { take_turns, take_turns, take_turns } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = 10 }));
}

/* A slot, by hand: waitqueue_active() spares wake-ups when nobody is queued. */
static void put(void *arg)
{
	struct memory *m = mem();

	for (int i = 0; i < TURNS; i++) {
		wait_event(m->wq, !smp_load_acquire(&m->full));
		smp_store_release(&m->full, 1);
		smp_mb();
		if (waitqueue_active(&m->wq))
			wake_up_all(&m->wq);
	}
}

static void get(void *arg)
{
	struct memory *m = mem();

	for (int i = 0; i < TURNS; i++) {
		for (;;) {
			prepare_to_wait(&m->wq);
			if (smp_load_acquire(&m->full))
				break;
			schedule();
		}
		finish_wait(&m->wq);
		smp_store_release(&m->full, 0);
		wake_up(&m->wq);
	}
}

static void slot(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory), .setup = setup, .task = { put, get } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = 10 }));
}

static void not_queued(void *arg)
{
	struct memory *m = mem();

	schedule();
	prepare_to_wait(&m->wq);
	finish_wait(&m->wq);
	schedule();
	might_sleep();
	wait_event(m->wq, true);
	spin_lock_nested(&m->lock, 1);
	spin_unlock(&m->lock);
}

static void returns_at_once(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory), .setup = setup, .task = { not_queued } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = 3 }));
}

static void waits_for_ever(void *arg)
{
	wait_event(mem()->wq, READ_ONCE(mem()->ready));
}

static void no_wake_up(void *arg)
{
	WRITE_ONCE(mem()->full, 1);
}

static void hang(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup,
				 .task = { waits_for_ever, no_wake_up } };
	struct native_result *r =
		toy_stress(&t, (struct native_options){ .rounds = 2, .round_seconds = 0.2 });

	assert_only(r, "deadlock");
	assert_non_null(strstr(r->kind[0].first.message, "a waits in wait_event(&mem()->wq)"));
}

static void check_waits(void *arg)
{
	struct memory *m = mem();

	schedule();
	wait_event(m->wq, READ_ONCE(m->full));
	wait_event(m->wq, READ_ONCE(m->ready));
}

static void checks(void **state)
{
	struct toy_program t = {
		.size = sizeof(struct memory), .setup = setup, .check = check_waits, .task = { no_wake_up }
	};

	assert_only(toy_stress(&t, (struct native_options){ .rounds = 2 }), "deadlock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turns), cmocka_unit_test(slot),   cmocka_unit_test(returns_at_once),
		cmocka_unit_test(hang),	 cmocka_unit_test(checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
