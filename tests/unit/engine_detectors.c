/* SPDX-License-Identifier: MIT */
/* engine_detectors.c - what the engine finds by itself, and near misses that it must leave alone */
#include "toy.h"

struct mem {
	int data, other, flag;
	u8 bytes[8];
	spinlock_t l1, l2;
	struct mutex m;
	struct rw_semaphore sem;
	struct completion done;
	unsigned long word;
	atomic_t count;
	struct rcu_head head;
	int *pointer;
	int object[16] __attribute__((aligned(64)));
};

static struct mem *mem(void)
{
	return sync_machine();
}

static void set_up(void *arg)
{
	(void)arg;
	spin_lock_init(&mem()->l1);
	spin_lock_init(&mem()->l2);
	mutex_init(&mem()->m);
	init_rwsem(&mem()->sem);
	init_completion(&mem()->done);
	mem()->pointer = mem()->object;
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

static struct engine_result *two(void (*a)(void *), void (*b)(void *))
{
	return toy_dpor(
		&(struct toy_program){ .size = sizeof(struct mem), .setup = set_up, .task = { a, b } });
}

/* ---- data races ---------------------------------------------------------------------------------------- */

TASK(publish_release, m->data = 1; smp_store_release(&m->flag, 1);)
TASK(publish_relaxed, m->data = 1; WRITE_ONCE(m->flag, 1);)
TASK(publish_wmb, m->data = 1; smp_wmb(); WRITE_ONCE(m->flag, 1);)
TASK(consume_acquire, if (smp_load_acquire(&m->flag)) m->other = m->data;)
TASK(
	consume_rmb, if (READ_ONCE(m->flag)) {
		smp_rmb();
		m->other = m->data;
	})
TASK(consume_relaxed, if (READ_ONCE(m->flag)) m->other = m->data;)

static void message_passing(void **state)
{
	(void)state;
	assert_int_equal(two(publish_release, consume_acquire)->nr_races, 0);
	assert_int_equal(two(publish_wmb, consume_rmb)->nr_races, 0);
	assert_int_equal(two(publish_wmb, consume_acquire)->nr_races, 0);
	assert_int_equal(two(publish_release, consume_rmb)->nr_races, 0);
	assert_true(two(publish_relaxed, consume_acquire)->nr_races > 0);
	assert_true(two(publish_release, consume_relaxed)->nr_races > 0);
	assert_true(two(publish_wmb, consume_relaxed)->nr_races > 0);
}

TASK(plain_write, m->data = 1; READ_ONCE(m->flag);)
TASK(plain_read, m->other = m->data; READ_ONCE(m->flag);)
TASK(plain_reads, READ_ONCE(m->flag); m->object[0] = m->data;)
TASK(marked_write, WRITE_ONCE(m->data, 2);)
TASK(marked_read, READ_ONCE(m->data);)
TASK(byte0, m->bytes[0] = 1; READ_ONCE(m->flag);)
TASK(byte1, m->bytes[1] = 1; READ_ONCE(m->flag);)

static void plain_and_marked(void **state)
{
	struct engine_result *r;

	(void)state;
	assert_true(two(plain_write, marked_write)->nr_races > 0);
	assert_true(two(plain_write, marked_read)->nr_races > 0);
	assert_true(two(plain_read, marked_write)->nr_races > 0);
	assert_int_equal(two(plain_read, marked_read)->nr_races, 0);
	assert_int_equal(two(marked_write, marked_write)->nr_races, 0);
	assert_int_equal(two(plain_read, plain_reads)->nr_races, 0);
	assert_int_equal(two(byte0, byte1)->nr_races, 0);
	assert_true(two(byte0, byte0)->nr_races > 0);
	r = two(plain_write, plain_read);
	assert_int_equal(r->nr_races, 1);
	assert_int_equal(r->races[0].offset, offsetof(struct mem, data) & ~7ul);
	assert_true(r->races[0].access[0].depth > 0 && r->races[0].access[1].depth > 0);
	assert_true(r->races[0].access[0].write != r->races[0].access[1].write);
}

TASK(locked_spin, spin_lock(&m->l1); m->data++; spin_unlock(&m->l1);)
TASK(locked_other, spin_lock(&m->l2); m->data++; spin_unlock(&m->l2);)
TASK(locked_mutex, mutex_lock(&m->m); m->data++; mutex_unlock(&m->m);)
TASK(locked_bit, bit_lock(3, &m->word, "bit"); m->data++; bit_unlock(3, &m->word);)
TASK(locked_write, down_write(&m->sem); m->data++; up_write(&m->sem);)
TASK(locked_read, down_read(&m->sem); m->data++; up_read(&m->sem);)
TASK(
	locked_try, if (spin_trylock(&m->l1)) {
		m->data++;
		spin_unlock(&m->l1);
	})
TASK(completes, m->data++; complete(&m->done);)
TASK(waits, wait_for_completion(&m->done); m->data++;)

static void locks_order(void **state)
{
	(void)state;
	assert_int_equal(two(locked_spin, locked_spin)->nr_races, 0);
	assert_int_equal(two(locked_spin, locked_try)->nr_races, 0);
	assert_int_equal(two(locked_mutex, locked_mutex)->nr_races, 0);
	assert_int_equal(two(locked_bit, locked_bit)->nr_races, 0);
	assert_int_equal(two(locked_write, locked_write)->nr_races, 0);
	assert_int_equal(two(completes, waits)->nr_races, 0);
	assert_true(two(locked_spin, locked_other)->nr_races > 0);
	assert_true(two(locked_read, locked_read)->nr_races > 0);
}

static void fatal_data_race(void **state)
{
	struct toy_program t = { .size = sizeof(struct mem),
				 .setup = set_up,
				 .task = { plain_write, plain_read } };

	(void)state;
	assert_oracle(toy_explore(&t, (struct engine_options){ .data_race_fatal = true }), "data-race");
	assert_oracle(toy_explore(&t, (struct engine_options){ 0 }), "");
}

/* ---- locks that are misused ------------------------------------------------------------------------------- */

TASK(unlocks_others, spin_unlock(&m->l1);)
TASK(self_deadlock, spin_lock(&m->l1); spin_lock(&m->l1);)
TASK(bit_never, bit_lock(3, &m->word, "bit");)
TASK(waits_for_nobody, wait_for_completion(&m->done);)
TASK(read_write_read, down_read(&m->sem); WRITE_ONCE(m->flag, 1); down_read(&m->sem); up_read(&m->sem);
     up_read(&m->sem);)

static void misused(void **state)
{
	struct engine_result *r;

	(void)state;
	assert_oracle(two(unlocks_others, marked_read), "unlock-by-non-owner");
	assert_oracle(two(self_deadlock, marked_read), "deadlock");
	r = two(bit_never, locked_bit);
	assert_oracle(r, "deadlock"); /* whoever holds it has returned or waits for nobody: no circle */
	assert_null(strstr(r->violation.message, "circle: "));
	r = two(waits_for_nobody, marked_read);
	assert_oracle(r, "deadlock");
	assert_non_null(strstr(r->violation.message, "wait_for_completion"));
	/* A reader that comes back behind a queued writer: the semaphore is fair. */
	assert_oracle(two(read_write_read, locked_write), "deadlock");
	assert_clean(two(read_write_read, locked_read));
}

/* ---- RCU ------------------------------------------------------------------------------------------------------ */

static void free_object(struct rcu_head *h)
{
	(void)h;
	sync_poison(mem()->object, sizeof(mem()->object), "use-after-free");
}

TASK(rcu_reader, rcu_read_lock(); int *p = rcu_dereference(m->pointer); READ_ONCE(m->flag);
     if (p) m->other = READ_ONCE(p[1]); rcu_read_unlock();)
TASK(no_reader, int *p = READ_ONCE(m->pointer); if (p) m->other = READ_ONCE(p[1]);)
TASK(plain_reader, int *p = READ_ONCE(m->pointer); READ_ONCE(m->flag); if (p) m->other = p[1];)
TASK(rcu_updater, rcu_assign_pointer(m->pointer, NULL); synchronize_rcu();
     sync_poison(m->object, sizeof(m->object), "use-after-free");)
TASK(rcu_no_wait, rcu_assign_pointer(m->pointer, NULL);
     sync_poison(m->object, sizeof(m->object), "use-after-free"); READ_ONCE(m->flag);)
TASK(rcu_caller, rcu_assign_pointer(m->pointer, NULL); call_rcu(&m->head, free_object);)
TASK(rcu_in_reader, rcu_read_lock(); synchronize_rcu(); rcu_read_unlock();)
TASK(rcu_left_open, rcu_read_lock();)

static void rcu(void **state)
{
	(void)state;
	assert_clean(two(rcu_reader, rcu_updater));
	assert_clean(two(rcu_reader, rcu_caller));
	assert_oracle(two(rcu_reader, rcu_no_wait), "use-after-free");
	assert_oracle(two(no_reader, rcu_updater), "use-after-free");
	assert_oracle(two(no_reader, rcu_caller), "use-after-free");
	/* A plain read that nothing orders with the free is no step; it is seen as a data race with it. */
	assert_true(two(plain_reader, rcu_updater)->nr_races > 0);
	assert_oracle(two(rcu_in_reader, marked_read), "rcu-misuse");
	assert_oracle(two(rcu_left_open, marked_read), "rcu-misuse");
}

/* ---- wild pointers ---------------------------------------------------------------------------------- */

/* So deep that no fiber's stack holds it. */
static int recurse(volatile char *above, int depth)
{
	volatile char big[4096];

	big[0] = above ? above[0] : 0;
	return depth ? recurse(big, depth - 1) + big[0] : 0;
}

static volatile uintptr_t nowhere = 16;

TASK(wild, READ_ONCE(m->flag); *(volatile int *)nowhere = 1;)
TASK(deep, READ_ONCE(m->flag); recurse(NULL, 1000);)

static void oops(void **state)
{
	struct engine_result *r;

	(void)state;
	r = two(wild, marked_read);
	assert_oracle(r, "oops");
	assert_non_null(strstr(r->violation.message, "0x10"));
	r = two(deep, marked_read);
	assert_oracle(r, "oops");
	assert_non_null(strstr(r->violation.message, "stack"));
	assert_clean(two(marked_read, marked_read));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_passing),
		cmocka_unit_test(plain_and_marked),
		cmocka_unit_test(locks_order),
		cmocka_unit_test(fatal_data_race),
		cmocka_unit_test(misused),
		cmocka_unit_test(rcu),
		cmocka_unit_test(oops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
