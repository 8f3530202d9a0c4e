/* SPDX-License-Identifier: MIT */
/* engine_lockdep.c - lock order, sleeping while atomic, locks kept: what is reported, and what must not be */
#include "toy.h"

struct mem {
	int flag;
	spinlock_t l1, l2, l3, same[2], irq;
	rwlock_t rw1, rw2;
	struct mutex m, m2, same_mutex[2];
	struct rw_semaphore sem, sem2, same_sem[2];
	struct completion done;
	wait_queue_head_t wq;
	unsigned long word, word2;
	struct rcu_head head;
	int *pointer, object;
};

static struct mem *mem(void)
{
	return sync_machine();
}

static void set_up(void *arg)
{
	struct mem *m = mem();

	(void)arg;
	spin_lock_init(&m->l1);
	spin_lock_init(&m->l2);
	spin_lock_init(&m->l3);
	spin_lock_init(&m->irq);
	rwlock_init(&m->rw1);
	rwlock_init(&m->rw2);
	mutex_init(&m->m);
	mutex_init(&m->m2);
	init_rwsem(&m->sem);
	init_rwsem(&m->sem2);
	init_completion(&m->done);
	init_waitqueue_head(&m->wq);
	m->pointer = &m->object;
	for (int i = 0; i < 2; i++) {
		spin_lock_init(&m->same[i]);
		mutex_init(&m->same_mutex[i]);
		init_rwsem(&m->same_sem[i]);
	}
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

static struct engine_result *run(struct toy_program t, bool fatal)
{
	t.size = sizeof(struct mem);
	if (!t.setup)
		t.setup = set_up;
	return toy_explore(&t, (struct engine_options){ .lock_order_fatal = fatal });
}

static struct engine_result *two(void (*a)(void *), void (*b)(void *))
{
	return run((struct toy_program){ .task = { a, b } }, false);
}

TASK(nothing, READ_ONCE(m->flag);)

/* So many reports; and nothing else, so that they do not end the exploration. */
#define assert_reports(r, n)                                                                                 \
	do {                                                                                                 \
		const struct engine_result *r_ = r;                                                          \
                                                                                                             \
		assert_clean(r_);                                                                            \
		assert_int_equal(r_->nr_lock_reports, n);                                                    \
	} while (0)

/* ---- the order that the program states -------------------------------------------------------------------- */

static const struct engine_lock_rank l1_before_l2[] = { { "l1", 1 },
							{ "m->l2", 2 },
							{ "3", 3 },
							{ NULL, 0 } };

static struct engine_result *ranked(void (*a)(void *), void (*b)(void *))
{
	return run((struct toy_program){ .task = { a, b }, .ranks = l1_before_l2 }, false);
}

TASK(takes_12, spin_lock(&m->l1); spin_lock(&m->l2); spin_unlock(&m->l2); spin_unlock(&m->l1);)
TASK(takes_21, spin_lock(&m->l2); spin_lock(&m->l1); spin_unlock(&m->l1); spin_unlock(&m->l2);)
TASK(takes_31, spin_lock(&m->l3); spin_lock(&m->l1); spin_unlock(&m->l1); spin_unlock(&m->l3);)
TASK(tries_1, spin_lock(&m->l2); if (spin_trylock(&m->l1)) spin_unlock(&m->l1); spin_unlock(&m->l2);)

/* One taking against the order is enough; a lock whose last word is no rank's is in none. */
static void stated_order(void **state)
{
	struct engine_result *r;

	(void)state;
	assert_reports(ranked(takes_12, takes_12), 0);
	assert_reports(ranked(tries_1, takes_31), 0);
	r = ranked(takes_21, takes_31);
	assert_reports(r, 1);
	assert_string_equal(r->lock_reports[0].message,
			    "a takes m->l1 while it holds m->l2, which comes after it in the lock order");
	assert_reports(two(takes_21, takes_31), 0);
}

/* ---- circles ---------------------------------------------------------------------------------------- */

#define NEST(name, outer, inner)                                                                             \
	TASK(name, spin_lock(&m->outer); spin_lock(&m->inner); spin_unlock(&m->inner);                       \
	     spin_unlock(&m->outer);)
NEST(order_12, l1, l2)
NEST(order_21, l2, l1)
NEST(order_23, l2, l3)
NEST(order_31, l3, l1)
TASK(try_21, spin_lock(&m->l2); if (spin_trylock(&m->l1)) spin_unlock(&m->l1); spin_unlock(&m->l2);)
TASK(
	tried_21, if (spin_trylock(&m->l2)) {
		spin_lock(&m->l1);
		spin_unlock(&m->l1);
		spin_unlock(&m->l2);
	})
TASK(both_orders, order_12(NULL); order_21(NULL);)
TASK(one_after_other, spin_lock(&m->l2); spin_unlock(&m->l2); spin_lock(&m->l1); spin_unlock(&m->l1);)
TASK(first_flag, order_12(NULL); smp_store_release(&m->flag, 1);)
TASK(then_21, if (smp_load_acquire(&m->flag)) order_21(NULL);)

static void circles(void **state)
{
	struct engine_result *r;

	(void)state;
	assert_reports(two(order_12, order_12), 0);
	assert_reports(two(order_12, order_23), 0);
	assert_reports(two(order_12, one_after_other), 0);
	/* Nobody waits at a trylock; but what it took is held. */
	assert_reports(two(order_12, try_21), 0);
	assert_oracle(two(order_12, tried_21), "deadlock");
	assert_int_equal(two(order_12, tried_21)->nr_lock_reports, 1);
	/* One task in both orders; two tasks that never meet: nothing deadlocks, and it is found. */
	assert_reports(two(both_orders, nothing), 1);
	r = two(first_flag, then_21);
	assert_reports(r, 1);
	assert_int_equal(r->lock_reports[0].nr, 2);
	assert_string_equal(r->lock_reports[0].message,
			    "taken in a circle: b takes m->l1 while it holds m->l2; "
			    "a takes m->l2 while it holds m->l1");
	assert_string_equal(r->lock_reports[0].link[0].task, "b");
	assert_non_null(r->lock_reports[0].link[0].held_pc);
	assert_true(r->lock_reports[0].link[0].depth > 0 && r->lock_reports[0].link[1].depth > 0);
	assert_true(r->lock_reports[0].execution > 0);
}

static void long_circles(void **state)
{
	struct engine_result *r;

	(void)state;
	r = run((struct toy_program){ .task = { order_12, order_23, order_31 } }, false);
	assert_int_equal(r->nr_lock_reports, 1);
	assert_int_equal(r->lock_reports[0].nr, 3);
	for (int i = 0; i < 3; i++)
		assert_string_equal(r->lock_reports[0].link[i].taken,
				    r->lock_reports[0].link[(i + 1) % 3].held);
}

static void fatal(void **state)
{
	struct engine_result *r;

	(void)state;
	r = run((struct toy_program){ .task = { first_flag, then_21 } }, true);
	assert_oracle(r, "lock-order");
	assert_int_equal(r->violation.task, 1);
	assert_clean(run((struct toy_program){ .task = { order_12, order_23 } }, true));
}

static void set_up_takes(void *arg)
{
	set_up(arg);
	order_12(NULL);
}

/* The set-up's orders count, in each exploration anew. */
static void set_up_counts(void **state)
{
	struct toy_program t = { .size = sizeof(struct mem),
				 .setup = set_up_takes,
				 .task = { order_21, nothing } };
	struct engine_options o = { .strategy = "dpor", .preemptions = -1 };
	static struct engine_result r;
	struct engine *e = toy_engine(&t);
	char err[256];

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(engine_explore(e, &o, &r, err, sizeof(err)), 0);
		assert_reports(&r, 1);
		assert_string_equal(r.lock_reports[0].link[1].task, "set-up");
	}
	engine_destroy(e);
}

/* ---- kinds of locks ----------------------------------------------------------------------------------- */

TASK(mutex_sem, mutex_lock(&m->m); down_read(&m->sem); up_read(&m->sem); mutex_unlock(&m->m);)
TASK(sem_mutex, down_read(&m->sem); mutex_lock(&m->m); mutex_unlock(&m->m); up_read(&m->sem);)
TASK(sems_12, down_read(&m->sem); down_read(&m->sem2); up_read(&m->sem2); up_read(&m->sem);)
TASK(sems_21, down_read(&m->sem2); down_read(&m->sem); up_read(&m->sem); up_read(&m->sem2);)
TASK(reads_12, read_lock(&m->rw1); read_lock(&m->rw2); read_unlock(&m->rw2); read_unlock(&m->rw1);)
TASK(reads_21, read_lock(&m->rw2); read_lock(&m->rw1); read_unlock(&m->rw1); read_unlock(&m->rw2);)
TASK(read_write, read_lock(&m->rw2); write_lock(&m->rw1); write_unlock(&m->rw1); read_unlock(&m->rw2);)
TASK(write_read, write_lock(&m->rw2); read_lock(&m->rw1); read_unlock(&m->rw1); write_unlock(&m->rw2);)
TASK(writes_21, write_lock(&m->rw2); write_lock(&m->rw1); write_unlock(&m->rw1); write_unlock(&m->rw2);)
TASK(bit_spin, bit_lock(1, &m->word, "bit"); spin_lock(&m->l1); spin_unlock(&m->l1); bit_unlock(1, &m->word);)
TASK(bit_mutex, bit_lock(1, &m->word, "bit"); mutex_lock(&m->m); mutex_unlock(&m->m);
     bit_unlock(1, &m->word);)
TASK(mutex_bit, mutex_lock(&m->m); bit_lock(1, &m->word2, "bit"); bit_unlock(1, &m->word2);
     mutex_unlock(&m->m);)
TASK(mutex_bit_wait, mutex_lock(&m->m); bit_wait(1, &m->word2, "bit"); mutex_unlock(&m->m);)
TASK(bit_bit, bit_lock(1, &m->word, "bit"); bit_lock(1, &m->word2, "bit"); bit_unlock(1, &m->word2);
     bit_unlock(1, &m->word);)
TASK(gives_away, bit_lock(1, &m->word, "bit"); complete(&m->done); bit_wait(1, &m->word, "bit");
     mutex_lock(&m->m); mutex_unlock(&m->m);)
TASK(ends_io, wait_for_completion(&m->done); bit_unlock(1, &m->word); mutex_lock(&m->m);
     bit_lock(1, &m->word, "bit"); bit_unlock(1, &m->word); mutex_unlock(&m->m);)

static void kinds(void **state)
{
	(void)state;
	assert_int_equal(two(mutex_sem, sem_mutex)->nr_lock_reports, 1);
	assert_reports(two(mutex_sem, mutex_sem), 0);
	/* Fair: a writer of each that queues makes the readers wait for each other. */
	assert_reports(two(sems_12, sems_21), 1);
	assert_reports(two(sems_12, sems_12), 0);
	/* Not fair: readers pass writers. */
	assert_reports(two(reads_12, reads_21), 0);
	assert_reports(two(reads_12, read_write), 0);
	assert_reports(two(reads_12, write_read), 0);
	assert_int_equal(two(reads_12, writes_21)->nr_lock_reports, 1);
	assert_reports(two(bit_spin, bit_spin), 0);
	assert_int_equal(two(bit_mutex, mutex_bit)->nr_lock_reports, 1);
	assert_int_equal(two(bit_mutex, mutex_bit_wait)->nr_lock_reports, 1);
	/* What is somebody else's to unlock is no lock held. */
	assert_reports(two(bit_bit, nothing), 0);
	assert_reports(two(gives_away, ends_io), 0);
}

/* ---- one class, one lock ------------------------------------------------------------------------------ */

TASK(same_spin, spin_lock(&m->same[0]); spin_lock(&m->same[1]); spin_unlock(&m->same[1]);
     spin_unlock(&m->same[0]);)
TASK(same_spin_nested, spin_lock(&m->same[0]); spin_lock_nested(&m->same[1], 1); spin_unlock(&m->same[1]);
     spin_unlock(&m->same[0]);)
TASK(same_spin_back, spin_lock(&m->same[1]); spin_lock_nested(&m->same[0], 1); spin_unlock(&m->same[0]);
     spin_unlock(&m->same[1]);)
TASK(same_mutex, mutex_lock(&m->same_mutex[0]); mutex_lock(&m->same_mutex[1]);
     mutex_unlock(&m->same_mutex[1]); mutex_unlock(&m->same_mutex[0]);)
TASK(same_mutex_nested, mutex_lock(&m->same_mutex[0]); mutex_lock_nested(&m->same_mutex[1], 1);
     mutex_unlock(&m->same_mutex[1]); mutex_unlock(&m->same_mutex[0]);)
TASK(same_sem, down_write(&m->same_sem[0]); down_write(&m->same_sem[1]); up_write(&m->same_sem[1]);
     up_write(&m->same_sem[0]);)
TASK(same_sem_nested, down_write(&m->same_sem[0]); down_write_nested(&m->same_sem[1], 1);
     up_write(&m->same_sem[1]); up_write(&m->same_sem[0]);)
TASK(read_again, down_read(&m->sem); down_read(&m->sem); up_read(&m->sem); up_read(&m->sem);)
TASK(read_again_try, down_read(&m->sem); if (down_read_trylock(&m->sem)) up_read(&m->sem); up_read(&m->sem);)
TASK(write_again, down_write(&m->sem); if (READ_ONCE(m->flag)) down_write(&m->sem); up_write(&m->sem);)
TASK(rw_again, read_lock(&m->rw1); read_lock(&m->rw1); read_unlock(&m->rw1); read_unlock(&m->rw1);)
TASK(writes_rw, write_lock(&m->rw1); write_unlock(&m->rw1);)

static void one_class(void **state)
{
	struct engine_result *r;

	(void)state;
	assert_reports(two(same_spin, nothing), 1);
	assert_reports(two(same_spin_nested, same_spin_nested), 0);
	assert_reports(two(same_mutex, nothing), 1);
	assert_reports(two(same_mutex_nested, nothing), 0);
	assert_reports(two(same_sem, nothing), 1);
	assert_reports(two(same_sem_nested, nothing), 0);
	/* The annotation is believed, as it says: the deadlock itself is found by exploring. */
	r = two(same_spin_nested, same_spin_back);
	assert_oracle(r, "deadlock");
	assert_int_equal(r->nr_lock_reports, 0);
	/* A reader that comes back, although no writer came. */
	r = two(read_again, nothing);
	assert_reports(r, 1);
	assert_non_null(strstr(r->lock_reports[0].message, "for reading again"));
	assert_reports(two(read_again_try, nothing), 0);
	assert_reports(two(write_again, nothing), 0);
	assert_reports(two(rw_again, writes_rw), 0);
}

/* ---- interrupts ------------------------------------------------------------------------------------------ */

static void handler(int cpu, void *info)
{
	struct mem *m = mem();

	(void)cpu;
	(void)info;
	spin_lock(&m->irq);
	spin_unlock(&m->irq);
}

static void reading_handler(int cpu, void *info)
{
	(void)cpu;
	(void)info;
	read_lock(&mem()->rw1);
	read_unlock(&mem()->rw1);
}

TASK(sends, smp_call_function_many(2, handler, NULL);)
TASK(sends_reading, smp_call_function_many(2, reading_handler, NULL);)
TASK(irqs_on, spin_lock(&m->irq); spin_unlock(&m->irq);)
TASK(irqs_off, spin_lock_irq(&m->irq); spin_unlock_irq(&m->irq);)
TASK(irqs_on_later, local_irq_disable(); spin_lock(&m->irq); local_irq_enable(); spin_unlock(&m->irq);)
TASK(reads, read_lock(&m->rw1); read_unlock(&m->rw1);)

static void take_in_callback(struct rcu_head *h)
{
	(void)h;
	irqs_on(NULL);
}
TASK(calls_rcu, call_rcu(&m->head, take_in_callback);)

static void interrupts(void **state)
{
	struct engine_result *r;

	(void)state;
	assert_reports(two(sends, irqs_off), 0);
	r = two(sends, irqs_on);
	assert_int_equal(r->nr_lock_reports, 1);
	assert_non_null(strstr(r->lock_reports[0].message, "with interrupts on"));
	r = toy_explore(&(struct toy_program){ .size = sizeof(struct mem),
					       .setup = set_up,
					       .task = { sends, irqs_on } },
			(struct engine_options){ .strategy = "random", .executions = 1000 });
	assert_oracle(r, "deadlock");
	assert_int_equal(two(sends, irqs_on_later)->nr_lock_reports, 1);
	assert_reports(two(sends_reading, reads), 0);
	assert_int_equal(two(sends_reading, writes_rw)->nr_lock_reports, 1);
	assert_reports(two(calls_rcu, irqs_off), 0);
	assert_reports(two(calls_rcu, irqs_on), 1);
}

/* ---- sleeping while atomic -------------------------------------------------------------------------------- */

static void sleeping_handler(int cpu, void *info)
{
	(void)cpu;
	(void)info;
	mutex_lock(&mem()->m);
	mutex_unlock(&mem()->m);
}

static void sleep_in_callback(struct rcu_head *h)
{
	(void)h;
	cond_resched();
}

#define UNDER(name, lock, sleep, unlock) TASK(name, lock; sleep; unlock;)
UNDER(spin_mutex, spin_lock(&m->l1), mutex_lock(&m->m); mutex_unlock(&m->m), spin_unlock(&m->l1))
UNDER(spin_try_mutex, spin_lock(&m->l1), if (mutex_trylock(&m->m)) mutex_unlock(&m->m), spin_unlock(&m->l1))
UNDER(read_down, read_lock(&m->rw1), down_read(&m->sem); up_read(&m->sem), read_unlock(&m->rw1))
UNDER(irq_down, local_irq_disable(), down_write(&m->sem); up_write(&m->sem), local_irq_enable())
UNDER(rcu_bit, rcu_read_lock(), bit_lock(1, &m->word, "bit"); bit_unlock(1, &m->word), rcu_read_unlock())
UNDER(spin_bit_wait, spin_lock(&m->l1), bit_wait(1, &m->word, "bit"), spin_unlock(&m->l1))
UNDER(spin_wait, complete(&m->done); spin_lock(&m->l1), wait_for_completion(&m->done), spin_unlock(&m->l1))
UNDER(spin_resched, spin_lock(&m->l1), cond_resched(), spin_unlock(&m->l1))
UNDER(rcu_resched, rcu_read_lock(), cond_resched(), rcu_read_unlock())
UNDER(spin_rcu, spin_lock(&m->l1), synchronize_rcu(), spin_unlock(&m->l1))
UNDER(spin_event, spin_lock(&m->l1), wait_event(m->wq, true), spin_unlock(&m->l1))
UNDER(spin_schedule, spin_lock(&m->l1), schedule(), spin_unlock(&m->l1))
UNDER(spin_might, spin_lock(&m->l1), might_sleep(), spin_unlock(&m->l1))
UNDER(mutex_sleeps, mutex_lock(&m->m), cond_resched(); synchronize_rcu(), mutex_unlock(&m->m))
UNDER(spin_relax, spin_lock(&m->l1), cpu_relax(); complete(&m->done), spin_unlock(&m->l1))
UNDER(after_spin, spin_lock(&m->l1); spin_unlock(&m->l1), cond_resched(), )
UNDER(after_failed, m->flag = spin_trylock(&m->l1) ? 1 : 0;
      if (m->flag) spin_unlock(&m->l1), cond_resched(), )
TASK(handler_sleeps, smp_call_function_many(2, sleeping_handler, NULL);)
TASK(callback_sleeps, call_rcu(&m->head, sleep_in_callback);)

static void atomic_sleep(void **state)
{
	static void (*const wrong[])(void *) = { spin_mutex,	 read_down,	 irq_down,	rcu_bit,
						 spin_bit_wait,	 spin_wait,	 spin_resched,	rcu_resched,
						 spin_rcu,	 spin_event,	 spin_schedule, spin_might,
						 handler_sleeps, callback_sleeps };
	static void (*const right[])(void *) = { spin_try_mutex, mutex_sleeps, spin_relax, after_spin,
						 after_failed };
	struct engine_result *r;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		r = two(wrong[i], nothing);
		if (strcmp(r->violation.oracle, "sleep-in-atomic"))
			fail_msg("number %zu: '%s'", i, r->violation.oracle);
	}
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		assert_clean(two(right[i], nothing));
	r = two(spin_mutex, nothing);
	assert_string_equal(r->violation.message,
			    "mutex_lock(&m->m) by a, which holds m->l1 (spin_lock), may sleep");
}

/* ---- kept, given up by others, RCU ------------------------------------------------------------------------ */

TASK(keeps_spin, spin_lock(&m->l1);)
TASK(keeps_sem, down_read(&m->sem); mutex_lock(&m->m); mutex_unlock(&m->m);)
TASK(keeps_mutex, if (mutex_trylock(&m->m)) m->flag = 1;)
TASK(keeps_bit, if (bit_trylock(1, &m->word, "bit")) m->flag = 1;)
TASK(up_nothing, if (READ_ONCE(m->flag)) return; up_read(&m->sem);)
TASK(reads_sem, down_read(&m->sem); WRITE_ONCE(m->flag, 1); WRITE_ONCE(m->flag, 0); up_read(&m->sem);)
TASK(up_wrong_kind, down_write(&m->sem); up_read(&m->sem);)
TASK(down_twice, down_read(&m->sem); up_read(&m->sem); up_read(&m->sem);)
TASK(downgrades, down_write(&m->sem); downgrade_write(&m->sem); up_read(&m->sem);)
TASK(downgrades_none, downgrade_write(&m->sem);)
TASK(mutex_of_other, mutex_unlock(&m->m);)
TASK(rcu_end, rcu_read_unlock();)
TASK(rcu_nested, rcu_read_lock(); rcu_read_lock(); rcu_dereference(m->pointer); rcu_read_unlock();
     rcu_read_unlock();)
TASK(rcu_bare, rcu_dereference(m->pointer);)
TASK(rcu_locked, spin_lock(&m->l1); rcu_dereference(m->pointer); spin_unlock(&m->l1);)

static void kept_and_given_up(void **state)
{
	struct engine_result *r;

	(void)state;
	r = two(keeps_spin, nothing);
	assert_oracle(r, "lock-held-at-exit");
	assert_string_equal(r->violation.message, "a returned and holds m->l1 (spin_lock)");
	assert_oracle(two(keeps_sem, nothing), "lock-held-at-exit");
	assert_oracle(two(keeps_mutex, nothing), "lock-held-at-exit");
	assert_clean(two(keeps_bit, nothing));
	assert_oracle(two(up_nothing, reads_sem), "unlock-by-non-owner");
	assert_oracle(two(up_wrong_kind, nothing), "unlock-by-non-owner");
	assert_oracle(two(down_twice, nothing), "unlock-by-non-owner");
	assert_oracle(two(downgrades_none, nothing), "unlock-by-non-owner");
	assert_oracle(two(mutex_of_other, nothing), "unlock-by-non-owner");
	assert_clean(two(downgrades, reads_sem));
	assert_clean(two(rw_again, rw_again));
	assert_oracle(two(rcu_end, nothing), "rcu-misuse");
	assert_oracle(two(rcu_bare, nothing), "rcu-misuse");
	assert_clean(two(rcu_nested, rcu_locked));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stated_order),	 cmocka_unit_test(circles),
		cmocka_unit_test(long_circles),	 cmocka_unit_test(fatal),
		cmocka_unit_test(set_up_counts), cmocka_unit_test(kinds),
		cmocka_unit_test(one_class),	 cmocka_unit_test(interrupts),
		cmocka_unit_test(atomic_sleep),	 cmocka_unit_test(kept_and_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
