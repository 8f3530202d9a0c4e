/* SPDX-License-Identifier: MIT */
/*
 * engine_weak_locks.c - one-way locks and early loads: what each barrier still orders, and what no longer is
 *
 * Each program leaves two values, "r0 r1". That "1 0" is among its outcomes, or not, is what is stated.
 */
#include <stdio.h>

#include "toy.h"

#define NEVER 0
#define WEAK (1u << ENGINE_WEAK_LOCKS)
#define PSO_ON (WEAK | 1u << ENGINE_PSO)

struct mem {
	int x, y, plain;
	int *p;
	int r[2];
	int noted; /* by an interrupt */
	spinlock_t lock, other;
	wait_queue_head_t wq;
};

static struct mem *mem(void)
{
	return sync_machine();
}

static void set_up(void *arg)
{
	(void)arg;
	spin_lock_init(&mem()->lock);
	spin_lock_init(&mem()->other);
	init_waitqueue_head(&mem()->wq);
}

static void state_outcome(void *arg)
{
	char text[32];

	(void)arg;
	snprintf(text, sizeof(text), "%d %d", mem()->r[0], mem()->r[1]);
	sync_outcome(text);
}

#define TASK(name) static void name(void *arg __attribute__((unused)))

/* ---- locks ----------------------------------------------------------------------------------------------- */

TASK(store_then_lock)
{
	WRITE_ONCE(mem()->x, 1);
	spin_lock(&mem()->lock);
	spin_unlock(&mem()->lock);
}
TASK(look_at_lock)
{
	mem()->r[0] = spin_is_locked(&mem()->lock);
	mem()->r[1] = READ_ONCE(mem()->x);
}
TASK(store_in_lock)
{
	spin_lock(&mem()->lock);
	mem()->plain = 1;
	WRITE_ONCE(mem()->x, 1);
	spin_unlock(&mem()->lock);
}
TASK(load_in_lock)
{
	spin_lock(&mem()->lock);
	mem()->r[0] = mem()->plain;
	mem()->r[1] = READ_ONCE(mem()->x);
	spin_unlock(&mem()->lock);
}
TASK(try_in_lock)
{
	if (!spin_trylock(&mem()->lock))
		return;
	mem()->r[0] = mem()->plain;
	mem()->r[1] = READ_ONCE(mem()->x);
	spin_unlock(&mem()->lock);
}
TASK(store_after_lock)
{
	spin_lock(&mem()->lock);
	WRITE_ONCE(mem()->y, 1);
	spin_unlock(&mem()->lock);
	WRITE_ONCE(mem()->x, 1);
}
TASK(look_behind_lock)
{
	mem()->r[0] = READ_ONCE(mem()->x);
	smp_rmb();
	mem()->r[1] = READ_ONCE(mem()->y);
}

/* Store buffering with a lock between, the loads negated so that the early ones are "1 0". */
TASK(sb_lock_a)
{
	WRITE_ONCE(mem()->x, 1);
	spin_lock(&mem()->lock);
	mem()->r[0] = !READ_ONCE(mem()->y);
	spin_unlock(&mem()->lock);
}
TASK(sb_lock_b)
{
	WRITE_ONCE(mem()->y, 1);
	spin_lock(&mem()->lock);
	mem()->r[1] = READ_ONCE(mem()->x);
	spin_unlock(&mem()->lock);
}
TASK(sb_other_b)
{
	WRITE_ONCE(mem()->y, 1);
	spin_lock(&mem()->other);
	mem()->r[1] = READ_ONCE(mem()->x);
	spin_unlock(&mem()->other);
}

/* ---- barriers, read-modify-writes --------------------------------------------------------------------------- */

TASK(wmb)
{
	WRITE_ONCE(mem()->x, 1);
	smp_wmb();
	WRITE_ONCE(mem()->y, 1);
}
TASK(read_both)
{
	mem()->r[0] = READ_ONCE(mem()->y);
	mem()->r[1] = READ_ONCE(mem()->x);
}
TASK(rmb)
{
	mem()->r[0] = READ_ONCE(mem()->y);
	smp_rmb();
	mem()->r[1] = READ_ONCE(mem()->x);
}
TASK(acquire)
{
	mem()->r[0] = smp_load_acquire(&mem()->y);
	mem()->r[1] = READ_ONCE(mem()->x);
}
TASK(release)
{
	WRITE_ONCE(mem()->x, 1);
	smp_store_release(&mem()->y, 1);
}
/* An acquire that was early takes what the old value handed over, which is nothing. */
TASK(release_and_tell)
{
	release(NULL);
	smp_wmb();
	WRITE_ONCE(mem()->noted, 1);
}
TASK(told_before)
{
	bool told = READ_ONCE(mem()->noted);

	mem()->r[0] = told && !smp_load_acquire(&mem()->y);
	mem()->r[1] = READ_ONCE(mem()->x);
}
TASK(inc)
{
	WRITE_ONCE(mem()->x, 1);
	atomic_inc((atomic_t *)&mem()->y);
}
TASK(inc_return)
{
	WRITE_ONCE(mem()->x, 1);
	atomic_inc_return((atomic_t *)&mem()->y);
}
TASK(read_by_xchg)
{
	mem()->r[0] = xchg(&mem()->y, 2) == 1;
	mem()->r[1] = READ_ONCE(mem()->x);
}
/* One after a store that is last at y: R, in the names of litmus tests. */
TASK(xchg_first)
{
	WRITE_ONCE(mem()->x, 1);
	xchg(&mem()->y, 1);
}
TASK(overwrite)
{
	WRITE_ONCE(mem()->y, 2);
	smp_mb();
	mem()->r[1] = READ_ONCE(mem()->x);
}
static void y_is_last(void *arg)
{
	mem()->r[0] = mem()->y == 2;
	state_outcome(arg);
}

/* ---- RCU, interrupts ------------------------------------------------------------------------------------------- */

TASK(publish)
{
	WRITE_ONCE(mem()->x, 1);
	rcu_assign_pointer(mem()->p, &mem()->x);
}
TASK(dereference)
{
	rcu_read_lock();
	mem()->r[0] = rcu_dereference(mem()->p) != NULL;
	mem()->r[1] = READ_ONCE(mem()->x);
	rcu_read_unlock();
}
TASK(no_dereference)
{
	rcu_read_lock();
	mem()->r[0] = READ_ONCE(mem()->p) != NULL;
	mem()->r[1] = READ_ONCE(mem()->x);
	rcu_read_unlock();
}
TASK(grace_period)
{
	WRITE_ONCE(mem()->x, 1);
	synchronize_rcu();
	WRITE_ONCE(mem()->y, 1);
}
TASK(reader)
{
	rcu_read_lock();
	read_both(NULL);
	rcu_read_unlock();
}
static void note(int cpu, void *info)
{
	(void)cpu;
	(void)info;
	mem()->noted = mem()->plain;
}
TASK(store_and_note)
{
	WRITE_ONCE(mem()->x, 1);
	mem()->plain = 1;
	WRITE_ONCE(mem()->y, 1);
}
TASK(interrupt)
{
	smp_call_function_many(~0ull, note, NULL);
	mem()->r[0] = mem()->noted;
	mem()->r[1] = READ_ONCE(mem()->x);
}

static const struct {
	const char *what;
	void (*a)(void *), (*b)(void *);
	unsigned models; /* under which "1 0" is reached */
	void (*check)(void *);
} programs[] = {
	{ "a store before a lock", store_then_lock, look_at_lock, WEAK, NULL },
	{ "a load in a critical section", store_in_lock, load_in_lock, NEVER, NULL },
	{ "a load behind a trylock", store_in_lock, try_in_lock, NEVER, NULL },
	{ "a store after an unlock", store_after_lock, look_behind_lock, PSO_ON, NULL },
	{ "one lock between store and load", sb_lock_a, sb_lock_b, NEVER, NULL },
	{ "two locks between store and load", sb_lock_a, sb_other_b, WEAK, NULL },
	{ "wmb alone", wmb, read_both, WEAK, NULL },
	{ "wmb and rmb", wmb, rmb, NEVER, NULL },
	{ "wmb and acquire", wmb, acquire, NEVER, NULL },
	{ "release alone", release, read_both, WEAK, NULL },
	{ "release and rmb", release, rmb, NEVER, NULL },
	{ "release and acquire", release, acquire, NEVER, NULL },
	{ "an acquire of an old value", release_and_tell, told_before, WEAK, NULL },
	{ "atomic_inc", inc, rmb, WEAK, NULL },
	{ "atomic_inc_return", inc_return, rmb, NEVER, NULL },
	{ "atomic_inc_return alone", inc_return, read_both, WEAK, NULL },
	{ "release and xchg", release, read_by_xchg, NEVER, NULL },
	{ "xchg before a store that is last", xchg_first, overwrite, NEVER, y_is_last },
	{ "rcu_dereference", publish, dereference, NEVER, NULL },
	{ "a pointer without rcu_dereference", publish, no_dereference, WEAK, NULL },
	{ "a grace period", grace_period, reader, NEVER, NULL },
	{ "an interrupt", interrupt, store_and_note, NEVER, NULL },
};

static struct engine_result *run(size_t i, enum engine_memory m, struct engine_options o)
{
	const struct toy_program p = { .size = sizeof(struct mem),
				       .setup = set_up,
				       .check = programs[i].check ? programs[i].check : state_outcome,
				       .task = { programs[i].a, programs[i].b },
				       .memory = m };

	return toy_explore(&p, o);
}

static bool reached(const struct engine_result *r, const char *text)
{
	for (int i = 0; i < r->nr_outcomes; i++)
		if (!strcmp(r->outcome[i].text, text))
			return true;
	return false;
}

static void what_is_ordered(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		for (int m = 0; m < NR_ENGINE_MEMORIES; m++) {
			const struct engine_result *r =
				run(i, (enum engine_memory)m, (struct engine_options){ 0 });

			if (!reached(r, "1 0") != !(programs[i].models & (1u << m)))
				fail_msg("%s under %s", programs[i].what,
					 engine_memory_name((enum engine_memory)m));
			assert_true(r->stats.complete);
		}
}

/* With no old values allowed weak-locks is pso but for its locks. */
static void old_values_can_be_bounded(void **state)
{
	static const struct engine_choice none[] = { { "stale", 0 }, { NULL, 0 } },
					  once[] = { { "stale", 1 }, { NULL, 0 } };

	(void)state;
	for (size_t i = 6; i < 12; i++) {
		assert_false(reached(run(i, ENGINE_WEAK_LOCKS, (struct engine_options){ .choices = none }),
				     "1 0"));
		assert_int_equal(
			reached(run(i, ENGINE_WEAK_LOCKS, (struct engine_options){ .choices = once }), "1 0"),
			programs[i].models != NEVER);
	}
}

/* ---- a schedule that says it ------------------------------------------------------------------------------- */

TASK(assert_both)
{
	if (READ_ONCE(mem()->y) && !READ_ONCE(mem()->x))
		sync_violation("assertion", "y without x");
}

static void a_schedule_says_which_value(void **state)
{
	const struct toy_program p = { .size = sizeof(struct mem),
				       .setup = set_up,
				       .task = { wmb, assert_both },
				       .memory = ENGINE_WEAK_LOCKS };
	struct engine_options o = { .strategy = "dpor", .preemptions = -1 };
	static struct engine_result r, again;
	static struct engine_schedule s;
	struct engine *e = toy_engine(&p);
	char text[512], err[512];

	(void)state;
	assert_int_equal(engine_explore(e, &o, &r, err, sizeof(err)), 0);
	assert_oracle(&r, "assertion");
	engine_minimise(e, &r, 1000);
	engine_schedule_print(engine_program(e), &r.schedule, ' ', text, sizeof(text));
	if (strncmp(text, "b!stale:2=1 ", 12))
		fail_msg("%s", text);
	assert_int_equal(engine_schedule_parse(engine_program(e), text, &s, err, sizeof(err)), 0);
	assert_int_equal(engine_replay(e, &s, 0, &again, NULL, err, sizeof(err)), ENGINE_VIOLATION);
	assert_oracle(&again, "assertion");
	engine_destroy(e);
}

/* ---- loops, sleeps ---------------------------------------------------------------------------------------- */

TASK(until_x)
{
	while (!READ_ONCE(mem()->x))
		cpu_relax();
}
TASK(until_x_fenced)
{
	while (!READ_ONCE(mem()->x)) {
		smp_mb();
		cpu_relax();
	}
}
TASK(sleep_until_x)
{
	wait_event(mem()->wq, READ_ONCE(mem()->x));
}
TASK(wake)
{
	WRITE_ONCE(mem()->x, 1);
	wake_up(&mem()->wq);
}
TASK(wake_if_active)
{
	WRITE_ONCE(mem()->x, 1);
	smp_mb();
	if (waitqueue_active(&mem()->wq))
		wake_up(&mem()->wq);
}
TASK(wake_if_active_unfenced)
{
	WRITE_ONCE(mem()->x, 1);
	if (waitqueue_active(&mem()->wq))
		wake_up(&mem()->wq);
}

static void what_was_stored_is_seen_in_the_end(void **state)
{
	struct toy_program p = { .size = sizeof(struct mem), .setup = set_up, .memory = ENGINE_WEAK_LOCKS };
	void (*const waits[])(void *) = { until_x, until_x_fenced, sleep_until_x };

	(void)state;
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		p.task[0] = waits[i];
		p.task[1] = wake;
		assert_clean(toy_dpor(&p));
		p.task[1] = wake_if_active;
		assert_clean(toy_dpor(&p));
	}
	p.task[1] = wake_if_active_unfenced;
	assert_oracle(toy_dpor(&p), "lost-wakeup");
}

/* ---- what is left out is said ------------------------------------------------------------------------------ */

TASK(ten_stores)
{
	for (int i = 1; i <= 10; i++)
		xchg(&mem()->x, i);
}
TASK(one_load)
{
	mem()->r[0] = READ_ONCE(mem()->x);
}

static void more_old_values_than_are_kept(void **state)
{
	const struct toy_program p = { .size = sizeof(struct mem),
				       .setup = set_up,
				       .task = { ten_stores, one_load },
				       .memory = ENGINE_WEAK_LOCKS };
	const struct engine_result *r = toy_dpor(&p);

	(void)state;
	assert_true(r->stats.lines_short);
	assert_false(r->stats.complete);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_ordered),
		cmocka_unit_test(old_values_can_be_bounded),
		cmocka_unit_test(a_schedule_says_which_value),
		cmocka_unit_test(what_was_stored_is_seen_in_the_end),
		cmocka_unit_test(more_old_values_than_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
