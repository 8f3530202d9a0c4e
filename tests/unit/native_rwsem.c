/* SPDX-License-Identifier: MIT */
/* native_rwsem.c - the bias towards readers: it excludes, it is taken away for writers, and nobody is lost meanwhile */
#include "native_common.h"

#define ROUNDS 20
#define WRITES 40
#define READS 300
#define MANY (NATIVE_READING + 3) /* semaphores that one task reads at a time */

struct memory {
	struct rw_semaphore sem, other[MANY];
	u32 flag, done;
	int count, twin, writes;
};

static struct memory *mem(void)
{
	return sync_machine();
}

/* Readers alone, until the semaphore is biased. */
static void bias(void)
{
	for (int i = 0; i < 2 * RWSEM_BIAS_AFTER; i++) {
		down_read(&mem()->sem);
		up_read(&mem()->sem);
	}
	if (!(READ_ONCE(mem()->sem.count) & RWSEM_BIAS))
		sync_violation("assertion", "many reads and no bias: %#x", mem()->sem.count);
}

static void setup(void *arg)
{
	init_rwsem(&mem()->sem);
	for (int i = 0; i < MANY; i++)
		init_rwsem(&mem()->other[i]);
	bias();
}

static void look(void)
{
	struct memory *m = mem();

	if (m->count != m->twin)
		sync_violation("assertion", "%s reads %d and %d", sync_task_name(), m->count, m->twin);
}

static void bump(void)
{
	struct memory *m = mem();

	look();
	m->count++;
	m->twin++;
}

static void read_much(void *arg)
{
	for (int i = 0; i < READS; i++) {
		down_read(&mem()->sem);
		look();
		up_read(&mem()->sem);
	}
}

static void write_some(void *arg)
{
	for (int i = 0; i < WRITES; i++) {
		bias();
		down_write(&mem()->sem);
		bump();
		if (i & 1) {
			downgrade_write(&mem()->sem);
			look();
			up_read(&mem()->sem);
		} else {
			up_write(&mem()->sem);
		}
	}
}

static void try_to_write(void *arg)
{
	for (int i = 0; i < READS; i++) {
		if (!down_write_trylock(&mem()->sem))
			continue;
		bump();
		__atomic_fetch_add(&mem()->writes, 1, __ATOMIC_RELAXED);
		up_write(&mem()->sem);
	}
}

static void check_excluded(void *arg)
{
	if (mem()->count != mem()->twin || mem()->count != WRITES + mem()->writes)
		sync_violation("assertion", "%d, %d of %d", mem()->count, mem()->twin,
			       WRITES + mem()->writes);
	if (mem()->sem.count & ~(RWSEM_BIAS | RWSEM_SLOTS))
		sync_violation("assertion", "%#x is left in the semaphore", mem()->sem.count);
}

/* bias() of the writer asserts nothing while others write. */
static void write_alone(void *arg)
{
	for (int i = 0; i < WRITES; i++) {
		read_much(arg);
		down_write(&mem()->sem);
		bump();
		up_write(&mem()->sem);
	}
}

static void bias_excludes(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory), .setup = setup, .check = check_excluded };

	t.task[0] = write_some;
	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
	t.task[0] = write_alone;
	t.task[1] = t.task[2] = read_much;
	t.task[3] = try_to_write;
	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

/* Readers that never stop until the writer has been. */
static void read_until_written(void *arg)
{
	while (!READ_ONCE(mem()->done)) {
		down_read(&mem()->sem);
		WRITE_ONCE(mem()->flag, 1);
		up_read(&mem()->sem);
	}
}

static void write_once(void *arg)
{
	wait_for_bits_u32(&mem()->flag, 1, 1, "reads");
	down_write(&mem()->sem);
	WRITE_ONCE(mem()->done, 1);
	up_write(&mem()->sem);
}

static void writer_is_not_starved(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup,
				 .task = { read_until_written, read_until_written, write_once } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

/* A reader in a slot holds up a writer, which holds up a later reader: trylocks say so. */
static void hold(void *arg)
{
	struct memory *m = mem();

	down_read(&m->sem);
	if (READ_ONCE(m->sem.count) >= RWSEM_READER)
		sync_violation("assertion", "the bias counts its readers: %#x", m->sem.count);
	if (down_write_trylock(&m->sem))
		sync_violation("assertion", "a writer beside a reader in a slot");
	WRITE_ONCE(m->flag, 1);
	while (!(READ_ONCE(m->sem.count) & RWSEM_WRITERS))
		cpu_relax();
	if (down_read_trylock(&m->sem))
		sync_violation("assertion", "a reader passed a waiting writer");
	if (m->count)
		sync_violation("assertion", "the writer did not wait");
	up_read(&m->sem);
}

static void write_after(void *arg)
{
	wait_for_bits_u32(&mem()->flag, 1, 1, "held");
	down_write(&mem()->sem);
	mem()->count = 1;
	up_write(&mem()->sem);
}

static void slots_hold_up_writers(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup,
				 .task = { hold, write_after } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

/* More semaphores at a time than a task has slots, given back in another order. */
static void read_many(void *arg)
{
	struct memory *m = mem();

	for (int turn = 0; turn < 2 * RWSEM_BIAS_AFTER; turn++) {
		for (int i = 0; i < MANY; i++)
			down_read(&m->other[i]);
		for (int i = 0; i < MANY; i++) {
			up_read(&m->other[(i + turn) % MANY]);
			if (!down_write_trylock(&m->other[(i + turn) % MANY]))
				continue;
			up_write(&m->other[(i + turn) % MANY]);
		}
	}
}

static void check_many(void *arg)
{
	for (int i = 0; i < MANY; i++)
		if (mem()->other[i].count & ~(RWSEM_BIAS | RWSEM_SLOTS))
			sync_violation("assertion", "%#x is left in %d", mem()->other[i].count, i);
}

static void slots_run_out(void **state)
{
	struct toy_program t = {
		.size = sizeof(struct memory), .setup = setup, .check = check_many, .task = { read_many }
	};

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
	t.task[1] = read_many;
	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

/* ---- misuse, and rounds that are called off ----------------------------------------------------- */

static void release_once_too_often(void *arg)
{
	down_read(&mem()->sem);
	up_read(&mem()->sem);
	up_read(&mem()->sem);
}

static void misuse_is_seen(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup,
				 .task = { release_once_too_often } };

	assert_only(toy_stress(&t, (struct native_options){ .rounds = 3 }), "unlock-by-non-owner");
}

static void never_release(void *arg)
{
	down_read(&mem()->sem);
	wait_for_bits_u32(&mem()->flag, 1, 1, "nobody sets this");
}

static void write_for_ever(void *arg)
{
	down_write(&mem()->sem);
}

static void waiters_are_called_off(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup,
				 .task = { never_release, write_for_ever, write_for_ever } };

	assert_only(toy_stress(&t, (struct native_options){ .rounds = 1, .round_seconds = 0.1 }), "deadlock");
}

/* What a task reads when its round is over is no reader of the next one. */
static void write_then_leave_reading(void *arg)
{
	down_write(&mem()->sem);
	up_write(&mem()->sem);
	bias();
	down_read(&mem()->sem);
}

static void rounds_begin_with_empty_slots(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup,
				 .task = { write_then_leave_reading } };
	struct native_result *r = toy_stress(&t, (struct native_options){ .rounds = 3 });

	assert_clean(r);
	assert_int_equal(r->rounds, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bias_excludes),
		cmocka_unit_test(writer_is_not_starved),
		cmocka_unit_test(slots_hold_up_writers),
		cmocka_unit_test(slots_run_out),
		cmocka_unit_test(misuse_is_seen),
		cmocka_unit_test(waiters_are_called_off),
		cmocka_unit_test(rounds_begin_with_empty_slots),
	};

	return cmocka_run_group_tests_name("native_rwsem", tests, NULL, NULL);
}
