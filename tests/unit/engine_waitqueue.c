/* SPDX-License-Identifier: MIT */
/* engine_waitqueue.c - sleep and wake-up: the right pattern in all its interleavings, and those that lose a wake-up */
#include "toy.h"

struct mem {
	int ready, other, data, x, seen;
	wait_queue_head_t wq;
	struct completion done;
	spinlock_t lock;
	struct freed {
		wait_queue_head_t wq;
	} freed __attribute__((aligned(64)));
};

static struct mem *mem(void)
{
	return sync_machine();
}

static void set_up(void *arg)
{
	(void)arg;
	init_waitqueue_head(&mem()->wq);
	init_waitqueue_head(&mem()->freed.wq);
	init_completion(&mem()->done);
	spin_lock_init(&mem()->lock);
}

#define TASK(name, ...)                                                                                      \
	static void name(void *arg)                                                                          \
	{                                                                                                    \
		struct mem *m = mem();                                                                       \
                                                                                                             \
		(void)arg;                                                                                   \
		(void)m;                                                                                     \
		__VA_ARGS__                                                                                  \
	}

static struct engine_result *three(void (*a)(void *), void (*b)(void *), void (*c)(void *))
{
	return toy_dpor(
		&(struct toy_program){ .size = sizeof(struct mem), .setup = set_up, .task = { a, b, c } });
}

static struct engine_result *two(void (*a)(void *), void (*b)(void *))
{
	return three(a, b, NULL);
}

TASK(waits, wait_event(m->wq, READ_ONCE(m->ready)); m->seen = m->data;)
TASK(wakes, m->data = 1; WRITE_ONCE(m->ready, 1); wake_up(&m->wq);)
TASK(wakes_release, m->data = 1; smp_store_release(&m->ready, 1); wake_up(&m->wq);)
TASK(waits_acquire, wait_event(m->wq, smp_load_acquire(&m->ready)); m->seen = m->data;)
TASK(wakes_too_early, wake_up(&m->wq); WRITE_ONCE(m->ready, 1);)
TASK(never_wakes, WRITE_ONCE(m->ready, 1);)
TASK(only_wakes, wake_up(&m->wq);)
TASK(wakes_if_active, WRITE_ONCE(m->ready, 1); if (waitqueue_active(&m->wq)) wake_up(&m->wq);)
TASK(active_first, bool active = waitqueue_active(&m->wq); WRITE_ONCE(m->ready, 1);
     if (active) wake_up(&m->wq);)
TASK(wakes_other, WRITE_ONCE(m->other, 1); wake_up(&m->wq);)
TASK(waits_other, wait_event(m->wq, READ_ONCE(m->other));)

static void events(void **state)
{
	struct engine_result *r;

	(void)state;
	r = two(waits_acquire, wakes_release);
	assert_clean(r);
	assert_int_equal(r->nr_races, 0);
	/* The first look at the condition orders nothing, so that what it lets through does not either. */
	r = two(waits, wakes);
	assert_clean(r);
	assert_int_equal(r->nr_races, 1);
	assert_clean(three(waits, waits, wakes_release));
	assert_clean(three(waits, wakes, only_wakes));
	assert_clean(three(waits, wakes_other, wakes));
	assert_clean(two(waits, wakes_if_active));
}

static void lost(void **state)
{
	struct engine_result *r;

	(void)state;
	r = two(waits, wakes_too_early);
	assert_oracle(r, "lost-wakeup");
	assert_non_null(strstr(r->violation.message, "a waits in wait_event(&mem()->wq)"));
	assert_non_null(strstr(r->violation.message, "until READ_ONCE(m->ready), which is true"));
	assert_non_null(strstr(r->violation.message, "the last wake-up was b's"));
	assert_oracle(two(waits, never_wakes), "lost-wakeup");
	assert_oracle(two(waits, active_first), "lost-wakeup");
	/* Nobody makes it true: a deadlock. */
	r = two(waits, only_wakes);
	assert_oracle(r, "deadlock");
	assert_non_null(strstr(r->violation.message, "which is not true"));
	/* Of two that sleep, one has missed it. */
	r = three(waits, waits_other, never_wakes);
	assert_oracle(r, "lost-wakeup");
	assert_non_null(strstr(r->violation.message, "m->other), which is not true"));
}

/* ---- by hand -------------------------------------------------------------------------------------------- */

TASK(
	by_hand, for (;;) {
		prepare_to_wait(&m->wq);
		if (READ_ONCE(m->ready))
			break;
		schedule();
	} finish_wait(&m->wq);)
TASK(
	look_then_queue, if (!READ_ONCE(m->ready)) {
		prepare_to_wait(&m->wq);
		schedule();
		finish_wait(&m->wq);
	})
TASK(not_queued, schedule(); schedule();)
TASK(left_then_sleeps, prepare_to_wait(&m->wq); finish_wait(&m->wq); schedule();)

static void patterns(void **state)
{
	(void)state;
	assert_clean(two(by_hand, wakes));
	assert_clean(three(by_hand, waits, wakes_release));
	assert_oracle(two(look_then_queue, wakes), "deadlock");
	assert_clean(two(not_queued, wakes));
	assert_clean(two(left_then_sleeps, only_wakes));
}

/* ---- order ------------------------------------------------------------------------------------------------- */

/* Whoever was woken comes after the waker, without any other order between them. */
TASK(data_then_wakes, m->data = 1; wake_up(&m->wq);)
TASK(wakes_then_data, wake_up(&m->wq); m->data = 1;)
TASK(queues_first, prepare_to_wait(&m->wq); complete(&m->done); schedule(); m->seen = m->data;
     finish_wait(&m->wq);)
TASK(after_queued, wait_for_completion(&m->done); data_then_wakes(NULL);)
TASK(too_late, wait_for_completion(&m->done); wakes_then_data(NULL);)

static void order(void **state)
{
	struct engine_result *r;

	(void)state;
	r = two(queues_first, after_queued);
	assert_clean(r);
	assert_int_equal(r->nr_races, 0);
	r = two(queues_first, too_late);
	assert_clean(r);
	assert_true(r->nr_races > 0);
}

/* Either of two wake-ups may be the one, and then the other's store may come after. Both too early is a deadlock. */
static bool saw[2];

TASK(sleeps_then_looks, prepare_to_wait(&m->wq); schedule(); m->seen = READ_ONCE(m->x);)
TASK(stores_and_wakes, WRITE_ONCE(m->x, 1); wake_up(&m->wq);)

static void note_seen(void *arg)
{
	(void)arg;
	saw[mem()->seen] = true;
}

static void either_waker(void **state)
{
	(void)state;
	saw[0] = saw[1] = false;
	toy_explore(&(struct toy_program){ .size = sizeof(struct mem),
					   .setup = set_up,
					   .check = note_seen,
					   .task = { sleeps_then_looks, stores_and_wakes, only_wakes } },
		    (struct engine_options){ .keep_going = true });
	assert_true(saw[0] && saw[1]);
}

/* ---- a queue that is freed ------------------------------------------------------------------------------------ */

TASK(waits_freed, wait_event(m->freed.wq, READ_ONCE(m->ready));)
TASK(frees, WRITE_ONCE(m->ready, 1); wake_up(&m->freed.wq);
     sync_poison(&m->freed, sizeof(m->freed), "use-after-free");)

static void freed(void **state)
{
	(void)state;
	assert_oracle(two(waits_freed, frees), "use-after-free");
}

/* In the check there is nobody to wake anybody. */
static void check_waits(void *arg)
{
	struct mem *m = mem();

	(void)arg;
	schedule();
	wait_event(m->wq, READ_ONCE(m->ready));
	wait_event(m->wq, READ_ONCE(m->other));
}

static void checks(void **state)
{
	struct toy_program t = { .size = sizeof(struct mem),
				 .setup = set_up,
				 .check = check_waits,
				 .task = { wakes_other, only_wakes } };
	struct engine_result *r = toy_dpor(&t);

	(void)state;
	assert_oracle(r, "deadlock");
	assert_non_null(strstr(r->violation.message, "READ_ONCE(m->ready)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events), cmocka_unit_test(lost),	  cmocka_unit_test(patterns),
		cmocka_unit_test(order),  cmocka_unit_test(either_waker), cmocka_unit_test(freed),
		cmocka_unit_test(checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
