/* SPDX-License-Identifier: MIT */
/* native_stress.c - rounds: what is restored, counted, called off; no verdict here depends on time */
#include "native_common.h"

#define ROUNDS 200
#define SHORT_BOUND 0.2 /* seconds, for rounds that certainly hang */

struct memory {
	int value, plain;
	atomic_t visits;
	struct mutex first, second;
	spinlock_t spin;
	struct completion work, answer, never;
	u32 flag;
	u8 big[3 * 4096];
};

static struct memory *mem(void)
{
	return sync_machine();
}

static void setup(void *arg)
{
	struct memory *m = mem();

	mutex_init(&m->first);
	mutex_init(&m->second);
	spin_lock_init(&m->spin);
	init_completion(&m->work);
	init_completion(&m->answer);
	init_completion(&m->never);
	m->value = 5;
	memset(m->big, 3, sizeof(m->big));
	if (strcmp(sync_task_name(), "set-up") || sync_task_data())
		sync_violation("assertion", "the set-up is %s", sync_task_name());
}

/* ---- a lost update, and the same with its lock -------------------------------------------------- */

static void add_unlocked(void *arg)
{
	int v = READ_ONCE(mem()->value);

	SYNC_LABEL("read");
	WRITE_ONCE(mem()->value, v + 1);
}

static void add_locked(void *arg)
{
	mutex_lock(&mem()->first);
	add_unlocked(arg);
	mutex_unlock(&mem()->first);
}

static void check_added(void *arg)
{
	if (mem()->value != 7)
		sync_violation("lost-update", "5 + 2 is %d", mem()->value);
}

static void lost_update_is_luck(void **state)
{
	struct toy_program t = {
		.size = sizeof(struct memory),
		.setup = setup,
		.check = check_added,
		.task = { add_unlocked, add_unlocked },
	};
	struct native_result *r =
		toy_stress(&t, (struct native_options){ .rounds = ROUNDS, .perturb = true, .seed = 1 });

	assert_int_equal(r->rounds, ROUNDS);
	assert_true(r->nr_kinds <= 1);
	if (r->nr_kinds) {
		assert_string_equal(r->kind[0].first.oracle, "lost-update");
		assert_string_equal(r->kind[0].first.message, "5 + 2 is 6");
		assert_int_equal(r->kind[0].first.task, -1);
		assert_int_equal(r->kind[0].count, r->violating);
		assert_true(r->kind[0].round >= 1 && r->kind[0].round <= ROUNDS);
	}
	assert_true(r->seconds > 0 && r->rounds_per_second > 0);
}

static void locked_update_is_never_lost(void **state)
{
	struct toy_program t = {
		.size = sizeof(struct memory),
		.setup = setup,
		.check = check_added,
		.task = { add_locked, add_locked },
	};

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS, .perturb = true, .seed = 2 }));
}

/* ---- each round starts from the snapshot -------------------------------------------------------- */

static void dirties(void *arg)
{
	struct memory *m = mem();

	if (m->value != 5 || m->big[4096] != 3 || sync_task_data() || strcmp(sync_task_name(), "a"))
		sync_violation("assertion", "a round does not start from the snapshot");
	sync_set_task_data(m);
	if (sync_task_data() != m)
		sync_violation("assertion", "task data is lost");
	m->value = 0;
	memset(m->big, 9, sizeof(m->big));
	mutex_lock(&m->first); /* left locked: the next round finds it free */
}

static void rounds_start_from_the_snapshot(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory), .setup = setup, .task = { dirties } };

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

static void setup_fails(void *arg)
{
	sync_violation("assertion", "no disk");
}

static void a_set_up_that_fails_is_said(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory), .setup = setup_fails, .task = { dirties } };
	struct native_options o = { .rounds = 1 };
	struct native_result r;
	char err[256];

	assert_int_equal(toy_try(&t, &o, &r, err, sizeof(err)), -1);
	assert_string_equal(err, "the set-up of toy failed: assertion: no disk");
}

/* ---- devices ------------------------------------------------------------------------------------ */

static void asks(void *arg)
{
	mem()->plain = 0;
	complete(&mem()->work);
	wait_for_completion(&mem()->answer);
	complete(&mem()->work); /* nobody waits for this one: the round does */
	complete(&mem()->work);
}

static void disk(void *arg)
{
	for (;;) {
		wait_for_completion(&mem()->work);
		cond_resched();
		atomic_inc(&mem()->visits);
		smp_store_release(&mem()->flag, (u32)atomic_read(&mem()->visits));
		complete(&mem()->answer);
	}
}

/* Work for a device that another device gives it. */
static void second_disk(void *arg)
{
	for (u32 i = 1;; i++) {
		wait_for_bits_u32(&mem()->flag, 1, i & 1, "flag");
		mem()->plain++;
	}
}

static void check_visits(void *arg)
{
	if (atomic_read(&mem()->visits) != 3)
		sync_violation("assertion", "the disk worked %d times of 3", atomic_read(&mem()->visits));
	if (mem()->plain < 1)
		sync_violation("assertion", "the second disk never worked");
}

static void setup_with_disk(void *arg)
{
	setup(arg);
	complete(&mem()->work);
	wait_for_completion(&mem()->answer);
	atomic_set(&mem()->visits, 0);
	WRITE_ONCE(mem()->flag, 0);
}

static void a_round_ends_when_devices_rest(void **state)
{
	struct toy_program t = {
		.size = sizeof(struct memory),
		.setup = setup_with_disk,
		.check = check_visits,
		.task = { asks, disk, second_disk },
		.device = { [1] = true, [2] = true },
	};

	assert_clean(toy_stress(&t, (struct native_options){ .rounds = ROUNDS }));
}

/* ---- hangs -------------------------------------------------------------------------------------- */

static void waits_for_ever(void *arg)
{
	mutex_lock(&mem()->first);
	wait_for_completion(&mem()->never);
}

static void waits_for_the_first(void *arg)
{
	while (!mutex_is_locked(&mem()->first))
		cpu_relax();
	mutex_lock(&mem()->first);
}

static void spins_for_ever(void *arg)
{
	spin_lock(&mem()->spin);
	spin_lock(&mem()->spin);
}

static void goes_on_for_ever(void *arg)
{
	for (;;)
		cond_resched();
}

static void gives_work(void *arg)
{
	complete(&mem()->work);
}

static void works_for_ever(void *arg)
{
	wait_for_completion(&mem()->work);
	goes_on_for_ever(arg);
}

static void violates_then_hangs(void *arg)
{
	sync_violation("assertion", "first");
	waits_for_ever(arg);
}

static void does_nothing(void *arg)
{
}

static struct native_result *hang(void (*a)(void *), void (*b)(void *), bool device)
{
	struct toy_program t = {
		.size = sizeof(struct memory),
		.setup = setup,
		.task = { a, b },
		.device = { [1] = device },
	};

	return toy_stress(&t, (struct native_options){ .rounds = 3, .round_seconds = SHORT_BOUND });
}

static void deadlocks_are_called_off(void **state)
{
	struct native_result *r = hang(waits_for_ever, waits_for_the_first, false);

	assert_only(r, "deadlock");
	assert_true(r->hung);
	assert_int_equal(r->rounds, 1);
	assert_string_equal(r->kind[0].first.message, "a waits in wait_for_completion(&m->never); "
						      "b waits in mutex_lock(&m->first) held by a");
	r = hang(spins_for_ever, does_nothing, false);
	assert_only(r, "deadlock");
	assert_string_equal(r->kind[0].first.message, "a waits in spin_lock(&m->spin) held by a");
}

static void a_task_that_goes_on_is_a_livelock(void **state)
{
	assert_only(hang(goes_on_for_ever, does_nothing, false), "livelock");
	assert_only(hang(gives_work, works_for_ever, true), "livelock");
}

static void a_hang_after_a_violation_is_the_violation(void **state)
{
	struct native_result *r = hang(violates_then_hangs, does_nothing, false);

	assert_only(r, "assertion");
	assert_int_equal(r->kind[0].count, 3);
	assert_false(r->hung);
}

/* ---- options ------------------------------------------------------------------------------------ */

static void always_violates(void *arg)
{
	sync_violation("one", "%d", mem()->value);
	sync_violation("two", "hidden by the first");
}

static void the_first_violation_counts(void **state)
{
	struct toy_program t = { .size = sizeof(struct memory),
				 .setup = setup,
				 .task = { does_nothing, always_violates } };
	struct native_result *r = toy_stress(&t, (struct native_options){ .rounds = 7 });

	assert_only(r, "one");
	assert_int_equal(r->kind[0].count, 7);
	assert_int_equal(r->kind[0].first.task, 1);
	assert_string_equal(r->kind[0].first.message, "5");
	r = toy_stress(&t, (struct native_options){ .seconds = 1000, .stop_at_first = true });
	assert_int_equal(r->rounds, 1);
}

static void budgets(void **state)
{
	struct toy_program t = { .size = 0, .task = { does_nothing } };
	volatile int interrupted = 1;
	struct native_result *r = toy_stress(&t, (struct native_options){ 0 });

	assert_int_equal(r->rounds, 1);
	r = toy_stress(&t, (struct native_options){ .seconds = 0.05 });
	assert_true(r->rounds >= 1);
	r = toy_stress(&t, (struct native_options){ .seconds = 1000, .interrupted = &interrupted });
	assert_int_equal(r->rounds, 0);
	assert_true(r->interrupted);
}

static void programs_that_make_no_sense(void **state)
{
	struct toy_program none = { .size = 64 };
	struct toy_program device_first = { .size = 64, .task = { disk, does_nothing }, .device = { true } };
	struct native_options o = { .rounds = 1 };
	struct native_result r;
	char err[256];

	assert_int_equal(toy_try(&none, &o, &r, err, sizeof(err)), -1);
	assert_string_equal(err, "toy: 0 tasks: 1 to 32");
	assert_int_equal(toy_try(&device_first, &o, &r, err, sizeof(err)), -1);
	assert_string_equal(err, "toy: actors come before devices");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lost_update_is_luck),
		cmocka_unit_test(locked_update_is_never_lost),
		cmocka_unit_test(rounds_start_from_the_snapshot),
		cmocka_unit_test(a_set_up_that_fails_is_said),
		cmocka_unit_test(a_round_ends_when_devices_rest),
		cmocka_unit_test(deadlocks_are_called_off),
		cmocka_unit_test(a_task_that_goes_on_is_a_livelock),
		cmocka_unit_test(a_hang_after_a_violation_is_the_violation),
		cmocka_unit_test(the_first_violation_counts),
		cmocka_unit_test(budgets),
		cmocka_unit_test(programs_that_make_no_sense),
	};

	return cmocka_run_group_tests_name("native_stress", tests, NULL, NULL);
}
