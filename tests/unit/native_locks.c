/* SPDX-License-Identifier: MIT */
/* native_locks.c - each lock under load: what it guards is exact, the rwsem is fair, misuse is seen */
#include "native_common.h"

#define TURNS 200 /* a task in a round */
#define ROUNDS 10

struct memory {
	spinlock_t spin;
	rwlock_t rw;
	struct mutex mutex;
	struct rw_semaphore sem;
	unsigned long word;
	struct completion done, ready;
	u32 flag;
	atomic_t atomic;
	atomic64_t atomic64;
	unsigned long bits;
	int count, twin, readers, order;
	int got[3];
};

static struct memory *mem(void)
{
	return sync_machine();
}

static void setup(void *arg)
{
	struct memory *m = mem();

	spin_lock_init(&m->spin);
	rwlock_init(&m->rw);
	mutex_init(&m->mutex);
	init_rwsem(&m->sem);
	init_completion(&m->done);
	init_completion(&m->ready);
}

/* What a writer does under its lock: plain accesses that only exclusion makes exact. */
static void bump(void)
{
	struct memory *m = mem();

	if (m->count != m->twin)
		sync_violation("assertion", "%s sees %d and %d", sync_task_name(), m->count, m->twin);
	m->count++;
	m->twin = m->count;
}

static void look(void)
{
	struct memory *m = mem();

	if (m->count != m->twin)
		sync_violation("assertion", "%s reads %d and %d", sync_task_name(), m->count, m->twin);
}

static void check_counts(void *arg)
{
	if (mem()->count != 3 * TURNS || mem()->twin != 3 * TURNS)
		sync_violation("assertion", "%d of %d", mem()->count, 3 * TURNS);
}

static void three(void (*task)(void *), void (*reader)(void *))
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup,
				 .check = check_counts,
				 .task = { task, task, task, reader, reader } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

#define LOAD(name, ...)                                                                                      \
	static void name(void *arg)                                                                          \
	{                                                                                                    \
		struct memory *m = mem();                                                                    \
                                                                                                             \
		for (int i = 0; i < TURNS; i++) {                                                            \
			__VA_ARGS__                                                                          \
		}                                                                                            \
	}

LOAD(load_spin, spin_lock(&m->spin); bump(); spin_unlock(&m->spin);)
LOAD(load_spin_irq, spin_lock_irq(&m->spin); bump(); spin_unlock_irq(&m->spin);)
LOAD(load_spin_try, while (!spin_trylock(&m->spin)) cpu_relax(); bump(); spin_unlock(&m->spin);)
LOAD(load_write, write_lock(&m->rw); bump(); write_unlock(&m->rw);)
LOAD(load_read, read_lock(&m->rw); look(); read_unlock(&m->rw);)
LOAD(load_mutex, mutex_lock(&m->mutex); bump(); mutex_unlock(&m->mutex);)
LOAD(
	load_mutex_try, if (mutex_trylock(&m->mutex)) {
		look();
		mutex_unlock(&m->mutex);
	})
LOAD(load_down_write, down_write(&m->sem); bump(); up_write(&m->sem);)
LOAD(load_downgrade, down_write(&m->sem); bump(); downgrade_write(&m->sem); look(); up_read(&m->sem);)
LOAD(load_down_read, down_read(&m->sem); look(); up_read(&m->sem);)
LOAD(load_bit, bit_lock(5, &m->word, "bit"); bump(); bit_unlock(5, &m->word);)
LOAD(load_bit_wait, bit_wait(5, &m->word, "bit"); set_bit(6, &m->word); clear_bit(6, &m->word);)

static void spinlock_excludes(void **state)
{
	three(load_spin, NULL);
	three(load_spin_irq, NULL);
	three(load_spin_try, NULL);
}

static void rwlock_excludes(void **state)
{
	three(load_write, load_read);
}

static void mutex_excludes(void **state)
{
	three(load_mutex, load_mutex_try);
}

static void rwsem_excludes(void **state)
{
	three(load_down_write, load_down_read);
	three(load_downgrade, load_down_read);
}

static void bit_lock_excludes(void **state)
{
	three(load_bit, load_bit_wait);
}

LOAD(load_atomics, atomic_inc(&m->atomic); atomic_add(3, &m->atomic); atomic_dec(&m->atomic);
     atomic64_add(1, &m->atomic64); while (test_and_set_bit(1, &m->bits)) cpu_relax();
     if (!test_and_clear_bit(1, &m->bits)) sync_violation("assertion", "the bit was cleared by another");)

static void check_atomics(void *arg)
{
	if (atomic_read(&mem()->atomic) != 9 * TURNS || mem()->atomic64.counter != 3 * TURNS ||
	    test_bit(1, &mem()->bits))
		sync_violation("assertion", "%d", atomic_read(&mem()->atomic));
}

static void atomics_are_exact(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .check = check_atomics,
				 .task = { load_atomics, load_atomics, load_atomics } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

/* ---- the rwsem is fair: a waiting writer holds up readers that come later ----------------------- */

static void fair_holder(void *arg)
{
	struct memory *m = mem();

	down_read(&m->sem);
	WRITE_ONCE(m->flag, 1);
	while (!(READ_ONCE(m->sem.count) & RWSEM_WAITING))
		cpu_relax();
	if (down_read_trylock(&m->sem))
		sync_violation("assertion", "a reader passed a waiting writer");
	WRITE_ONCE(m->flag, 2);
	while (READ_ONCE(m->sem.next) != 2)
		cpu_relax();
	up_read(&m->sem);
}

static void fair_writer(void *arg)
{
	wait_for_bits_u32(&mem()->flag, 1, 1, "held");
	down_write(&mem()->sem);
	mem()->got[0] = ++mem()->order;
	up_write(&mem()->sem);
}

static void fair_reader(void *arg)
{
	wait_for_bits_u32(&mem()->flag, 2, 2, "writer waits");
	down_read(&mem()->sem);
	mem()->got[1] = ++mem()->order;
	up_read(&mem()->sem);
}

static void check_fair(void *arg)
{
	if (mem()->got[0] != 1 || mem()->got[1] != 2)
		sync_violation("assertion", "the writer was %d., the reader %d.", mem()->got[0],
			       mem()->got[1]);
	if (mem()->sem.count)
		sync_violation("assertion", "%u left in the semaphore", mem()->sem.count);
}

static void rwsem_is_fair(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup,
				 .check = check_fair,
				 .task = { fair_holder, fair_writer, fair_reader } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

/* Readers that queued behind one writer hold the semaphore together: each waits for the other inside. */
static void share_writer(void *arg)
{
	struct memory *m = mem();

	down_write(&m->sem);
	WRITE_ONCE(m->flag, 1);
	while (READ_ONCE(m->sem.next) != 2)
		cpu_relax();
	up_write(&m->sem);
}

static void share_reader(void *arg)
{
	struct memory *m = mem();

	wait_for_bits_u32(&m->flag, 1, 1, "held");
	down_read(&m->sem);
	if (atomic_inc_return(&m->atomic) == 2) {
		complete(&m->ready);
		complete(&m->ready);
	}
	wait_for_completion(&m->ready);
	up_read(&m->sem);
}

static void rwsem_readers_share(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup,
				 .task = { share_writer, share_reader, share_reader } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = 5 * ROUNDS }));
}

/* ---- completions, waiting for words ------------------------------------------------------------- */

static void giver(void *arg)
{
	for (int i = 0; i < TURNS; i++) {
		mem()->count = i + 1;
		complete(&mem()->ready);
		wait_for_completion(&mem()->done);
	}
}

static void taker(void *arg)
{
	for (int i = 0; i < TURNS; i++) {
		wait_for_completion(&mem()->ready);
		if (mem()->count != i + 1)
			sync_violation("assertion", "%d after %d", mem()->count, i);
		complete(&mem()->done);
	}
}

static void completions_hand_over(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory), .setup = setup, .task = { giver, taker } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

static void even(void *arg)
{
	for (u32 i = 0; i < 20; i += 2) {
		wait_for_bits_u32(&mem()->flag, 0xff, i, "even");
		mem()->count++;
		smp_store_release(&mem()->flag, 0x100 | (i + 1));
	}
}

static void odd(void *arg)
{
	for (u32 i = 1; i < 20; i += 2) {
		wait_for_bits_u32(&mem()->flag, 0xff, i, "odd");
		mem()->count++;
		smp_store_release(&mem()->flag, i + 1);
	}
}

static void check_alternated(void *arg)
{
	if (mem()->count != 20 || mem()->flag != 20)
		sync_violation("assertion", "%d", mem()->count);
}

static void words_hand_over(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .check = check_alternated,
				 .task = { even, odd } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

/* ---- misuse ------------------------------------------------------------------------------------- */

#define MISUSE(name, ...)                                                                                    \
	static void name(void *arg)                                                                          \
	{                                                                                                    \
		struct memory *m = mem();                                                                    \
                                                                                                             \
		__VA_ARGS__                                                                                  \
	}

MISUSE(unlock_spin, spin_unlock(&m->spin);)
MISUSE(unlock_read, read_unlock(&m->rw);)
MISUSE(unlock_write, read_lock(&m->rw); write_unlock(&m->rw);)
MISUSE(unlock_mutex, mutex_unlock(&m->mutex);)
MISUSE(release_read, up_read(&m->sem);)
MISUSE(release_write, down_read(&m->sem); up_write(&m->sem);)
MISUSE(downgrade_read, down_read(&m->sem); downgrade_write(&m->sem);)
MISUSE(unlock_bit, bit_unlock(3, &m->word);)

static void unlock_by_non_owner(void **state)
{
	void (*const task[])(void *) = { unlock_spin,  unlock_read,   unlock_write,   unlock_mutex,
					 release_read, release_write, downgrade_read, unlock_bit };

	for (unsigned i = 0; i < sizeof(task) / sizeof(task[0]); i++) {
		struct toy_program t = { .size = sizeof(struct memory), .setup = setup, .task = { task[i] } };

		assert_only(toy_stress(&t, (struct native_options){ .rounds = 3 }), "unlock-by-non-owner");
	}
}

MISUSE(leave_locked, bit_lock(3, &m->word, "bit"); spin_lock(&m->spin); down_write(&m->sem);)

static void check_takes(void *arg)
{
	spin_lock(&mem()->spin); /* nobody runs beside the check: it does not wait */
	spin_unlock(&mem()->spin);
	down_read(&mem()->sem);
	up_read(&mem()->sem);
	bit_lock(3, &mem()->word, "bit");
}

static void check_does_not_wait(void **state)
{
	struct toy_program t = {
		.size = sizeof(struct memory),
		.setup = setup,
		.check = check_takes,
		.task = { leave_locked },
	};

	assert_only(toy_stress(&t, (struct native_options){ .rounds = 3 }), "deadlock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spinlock_excludes),	 cmocka_unit_test(rwlock_excludes),
		cmocka_unit_test(mutex_excludes),	 cmocka_unit_test(rwsem_excludes),
		cmocka_unit_test(bit_lock_excludes),	 cmocka_unit_test(atomics_are_exact),
		cmocka_unit_test(rwsem_is_fair),	 cmocka_unit_test(rwsem_readers_share),
		cmocka_unit_test(completions_hand_over), cmocka_unit_test(words_hand_over),
		cmocka_unit_test(unlock_by_non_owner),	 cmocka_unit_test(check_does_not_wait),
	};

	return cmocka_run_group_tests_name("native_locks", tests, NULL, NULL);
}
