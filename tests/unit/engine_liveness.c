/* SPDX-License-Identifier: MIT */
/*
 * engine_liveness.c - loops: those that change nothing wait, those that nobody ends are reported, others go round
 *
 * Near misses matter as much: a loop that counts, writes or looks at the clock must not be taken for one that waits.
 */
#include <stdio.h>

#include "toy.h"

struct mem {
	int x, y, turn, flag[2], inside, count, plain;
	spinlock_t lock;
	struct rw_semaphore sem;
	unsigned long word;
	int many[20];
};

static struct mem *mem(void)
{
	return sync_machine();
}

static void set_up(void *arg)
{
	(void)arg;
	spin_lock_init(&mem()->lock);
	init_rwsem(&mem()->sem);
}

#define TASK(name)                                                                                           \
	static void name(void *arg)                                                                          \
	{                                                                                                    \
		struct mem *m = mem();                                                                       \
                                                                                                             \
		(void)arg;                                                                                   \
		(void)m;
#define END }

/* ---- waiting: each kind of loop, and who ends it ------------------------------------------------------------- */

/* clang-format off */
TASK(until_x)
	while (!READ_ONCE(m->x))
		cpu_relax();
END
TASK(until_x_resched)
	while (!READ_ONCE(m->x))
		cond_resched();
END
TASK(set_x)
	WRITE_ONCE(m->x, 1);
END
TASK(count_x)
	atomic_inc((atomic_t *)&m->x);
END
TASK(try_lock)
	while (!spin_trylock(&m->lock))
		cpu_relax();
	m->count++;
	spin_unlock(&m->lock);
END
TASK(take_lock)
	spin_lock(&m->lock);
	m->count++;
	spin_unlock(&m->lock);
END
TASK(until_unlocked)
	while (spin_is_locked(&m->lock))
		cpu_relax();
END
TASK(try_sem)
	while (!down_write_trylock(&m->sem))
		cpu_relax();
	m->count++;
	up_write(&m->sem);
END
TASK(take_sem)
	down_read(&m->sem);
	up_read(&m->sem);
END
TASK(swap_word)
	while (cmpxchg(&m->y, 0, 1) != 0)
		cpu_relax();
	m->count++;
	WRITE_ONCE(m->y, 0);
END
TASK(exchange_word)
	while (xchg(&m->y, 1))
		cpu_relax();
	WRITE_ONCE(m->y, 0);
END
TASK(set_bit_lock)
	while (test_and_set_bit(3, &m->word))
		cpu_relax();
	clear_bit(3, &m->word);
END
TASK(try_bit)
	while (!bit_trylock(0, &m->word, "bit"))
		cpu_relax();
	bit_unlock(0, &m->word);
END
TASK(until_x_or_y) /* two locations, either of which ends it, and a plain read */
	while (!READ_ONCE(m->x) && !READ_ONCE(m->y) && !m->plain)
		cpu_relax();
END
TASK(set_y)
	WRITE_ONCE(m->y, 1);
END
TASK(x_then_y)
	while (!READ_ONCE(m->x))
		cpu_relax();
	WRITE_ONCE(m->y, 1);
END
TASK(until_y)
	while (!READ_ONCE(m->y))
		cpu_relax();
END
	/* clang-format on */

	static void
	handler(int cpu, void *info)
{
	(void)cpu;
	(void)info;
	mem()->plain = 1;
}

TASK(interrupt)
smp_call_function_many(1, handler, NULL);
END TASK(until_interrupt) while (!READ_ONCE(m->plain)) cpu_relax();
END

	static void
	every_kind_is_complete(void **state)
{
	static const struct {
		void (*a)(void *), (*b)(void *), (*c)(void *);
		int dfs; /* executions at most */
	} t[] = {
		{ until_x, set_x, NULL, 6 },
		{ until_x_resched, count_x, NULL, 6 },
		{ try_lock, take_lock, NULL, 40 },
		{ try_lock, try_lock, NULL, 60 },
		{ until_unlocked, take_lock, NULL, 30 },
		{ try_sem, take_sem, NULL, 60 },
		{ try_sem, try_sem, NULL, 60 },
		{ swap_word, swap_word, NULL, 200 },
		{ exchange_word, exchange_word, NULL, 60 },
		{ set_bit_lock, set_bit_lock, NULL, 60 },
		{ try_bit, try_bit, NULL, 60 },
		{ until_x_or_y, set_y, NULL, 20 },
		{ until_x_or_y, set_x, NULL, 40 },
		{ until_x_or_y, set_x, set_y, 200 },
		{ until_y, x_then_y, set_x, 400 },
		{ until_x, until_x, set_x, 400 },
		{ until_interrupt, interrupt, NULL, 60 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct toy_program p = { .size = sizeof(struct mem),
					 .setup = set_up,
					 .task = { t[i].a, t[i].b, t[i].c } };
		struct engine_result *r = toy_explore(&p, (struct engine_options){ .strategy = "dfs" });

		if (*r->violation.oracle || !r->stats.complete || r->stats.executions > (uint64_t)t[i].dfs)
			fail_msg("program %zu by dfs: %s %s, %llu executions, %llu bounded", i,
				 r->violation.oracle, r->violation.message,
				 (unsigned long long)r->stats.executions,
				 (unsigned long long)r->stats.bounded);
		r = toy_dpor(&p);
		if (*r->violation.oracle || !r->stats.complete ||
		    r->stats.executions > (uint64_t)t[i].dfs / 2 + 3)
			fail_msg("program %zu by dpor: %s %s, %llu executions", i, r->violation.oracle,
				 r->violation.message, (unsigned long long)r->stats.executions);
		r = toy_explore(&p, (struct engine_options){ .strategy = "random", .executions = 200 });
		assert_oracle(r, "");
		assert_int_equal(r->stats.bounded, 0);
	}
}

/* ---- Peterson, with its loops ---------------------------------------------------------------------------------- */

static void peterson(int me, bool right)
{
	struct mem *m = mem();

	for (int i = 0; i < 2; i++) {
		WRITE_ONCE(m->flag[me], 1);
		WRITE_ONCE(m->turn, right ? 1 - me : me);
		while (READ_ONCE(m->flag[1 - me]) && READ_ONCE(m->turn) == 1 - me)
			cpu_relax();
		if (atomic_add_return(1, (atomic_t *)&m->inside) != 1)
			sync_violation("assertion", "both inside");
		atomic_dec((atomic_t *)&m->inside);
		WRITE_ONCE(m->flag[me], 0);
	}
}

static void peterson_a(void *arg)
{
	(void)arg;
	peterson(0, true);
}

static void peterson_b(void *arg)
{
	(void)arg;
	peterson(1, true);
}

static void peterson_bad(void *arg)
{
	(void)arg;
	peterson(1, false);
}

static void peterson_is_complete(void **state)
{
	const struct toy_program right = { .size = sizeof(struct mem), .task = { peterson_a, peterson_b } };
	const struct toy_program wrong = { .size = sizeof(struct mem), .task = { peterson_a, peterson_bad } };

	(void)state;
	assert_clean(toy_dpor(&right));
	assert_oracle(toy_dpor(&wrong), "assertion");
}

/* ---- nobody ends it ---------------------------------------------------------------------------------------------- */

TASK(until_x_labelled)
SYNC_LABEL("waiting");
while (READ_ONCE(m->x) != 7)
	cpu_relax();
END TASK(hold_for_ever) spin_lock(&m->lock);
while (!READ_ONCE(m->x))
	cpu_relax();
spin_unlock(&m->lock);
END TASK(for_ever) for (;;) cpu_relax();
END

	static void
	says(void (*a)(void *), void (*b)(void *), const char *oracle, const char *text)
{
	const struct toy_program p = { .size = sizeof(struct mem), .setup = set_up, .task = { a, b } };
	static const char *const by[] = { "dfs", "dpor", "random" };

	for (int i = 0; i < 3; i++) {
		const struct engine_result *r = toy_explore(
			&p,
			(struct engine_options){ .strategy = by[i], .executions = 1000, .max_steps = 200 });

		assert_oracle(r, oracle);
		if (!strstr(r->violation.message, text))
			fail_msg("%s: '%s' does not say '%s'", by[i], r->violation.message, text);
	}
}

static void nobody_ends_it(void **state)
{
	char text[96];

	(void)state;
	says(until_x_labelled, set_x, "livelock",
	     "a goes round at cpu_relax after waiting, reading +0 = 0x1, which nobody writes");
	says(for_ever, set_x, "livelock", "a goes round at cpu_relax, reading nothing");
	snprintf(text, sizeof(text), "b waits in spin_lock(lock) held by a");
	says(hold_for_ever, take_lock, "livelock", "a goes round at cpu_relax, reading +0 = 0");
}

/* ---- near misses: an iteration that is not idle -------------------------------------------------------------------- */

TASK(three_tries)
for (int i = 0; i < 3 && !READ_ONCE(m->x); i++)
	cpu_relax();
m->count = 1;
END TASK(clock_tries)
u64 until = sync_time() + 8;

while (!READ_ONCE(m->x) && sync_time() < until)
	cpu_relax();
m->count = 1;
END TASK(counts_in_memory) while (!READ_ONCE(m->x) && m->plain < 3)
{
	m->plain++;
	cpu_relax();
}
m->count = 1;
END TASK(counts_marked) while (!READ_ONCE(m->x) && atomic_add_return(1, (atomic_t *)&m->turn) < 3)
	cpu_relax();
m->count = 1;
END
/* What it reads first may change and come back before it yields: to wait for a write would be to wait for ever. */
TASK(reads_twice) for (;;)
{
	int first = READ_ONCE(m->x), second = READ_ONCE(m->x);

	if (!READ_ONCE(m->y) && first == second)
		break;
	cpu_relax();
}
END TASK(there_and_back) for (int i = 0; i < 2; i++)
{
	WRITE_ONCE(m->x, 1);
	WRITE_ONCE(m->x, 0);
}
END

	static void
	must_count(void *arg)
{
	(void)arg;
	if (mem()->count != 1)
		sync_violation("assertion", "not counted");
}

static void bounded_loops_go_round(void **state)
{
	void (*const t[])(void *) = { three_tries, clock_tries, counts_in_memory, counts_marked };
	static const char *const by[] = { "dfs", "dpor" };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (int s = 0; s < 2; s++) {
			struct toy_program p = { .size = sizeof(struct mem),
						 .setup = set_up,
						 .check = must_count,
						 .task = { t[i], set_y } };
			struct engine_result *r =
				toy_explore(&p, (struct engine_options){ .strategy = by[s] });

			if (*r->violation.oracle || !r->stats.complete)
				fail_msg("program %zu by %s: %s %s", i, by[s], r->violation.oracle,
					 r->violation.message);
			p.task[1] = set_x;
			assert_clean(toy_explore(&p, (struct engine_options){ .strategy = by[s] }));
		}
}

static void values_that_come_back(void **state)
{
	const struct toy_program p = { .size = sizeof(struct mem),
				       .setup = set_up,
				       .task = { reads_twice, there_and_back } };

	(void)state;
	assert_clean(toy_explore(&p, (struct engine_options){ .strategy = "dfs" }));
	assert_clean(toy_dpor(&p));
}

/* Its own writes are none, but each round has an effect elsewhere. */
static void count_calls(int cpu, void *info)
{
	(void)cpu;
	(void)info;
	mem()->plain++;
}

TASK(calls_until_x)
while (!READ_ONCE(m->x)) {
	smp_call_function_many(2, count_calls, NULL);
	cpu_relax();
}
END TASK(until_four_calls) while (READ_ONCE(m->plain) < 4) cpu_relax();
WRITE_ONCE(m->x, 1);
END

	static void
	effects_elsewhere(void **state)
{
	const struct toy_program p = { .size = sizeof(struct mem),
				       .task = { calls_until_x, until_four_calls } };
	const struct engine_result *r =
		toy_explore(&p, (struct engine_options){ .strategy = "random", .executions = 500 });

	(void)state;
	assert_oracle(r, "");
	assert_int_equal(r->stats.bounded, 0);
}

/* More locations than are kept: the loop goes round as it is written, up to the bound. */
TASK(reads_much)
for (;;) {
	int all = 0;

	for (int i = 0; i < 20; i++)
		all += READ_ONCE(m->many[i]);
	if (all)
		return;
	cpu_relax();
}
END TASK(set_one) WRITE_ONCE(m->many[19], 1);
END

	static void
	too_much_to_watch(void **state)
{
	const struct toy_program p = { .size = sizeof(struct mem), .task = { reads_much, set_one } };
	const struct engine_result *r = toy_explore(
		&p, (struct engine_options){ .strategy = "dfs", .preemptions = 1, .max_steps = 100 });

	(void)state;
	assert_oracle(r, "");
	assert_true(r->stats.bounded > 0);
	assert_false(r->stats.complete);
}

/* ---- loops that change something each round ------------------------------------------------------------------------ */

/* As a fault that looks again when what it looked at has changed: every change ends. */
TASK(looks_again)
for (;;) {
	int seq = READ_ONCE(m->turn);

	while (seq & 1) {
		cpu_relax();
		seq = READ_ONCE(m->turn);
	}
	int x = READ_ONCE(m->x);

	WRITE_ONCE(m->y, x);
	if (READ_ONCE(m->turn) == seq)
		return;
	cond_resched();
}
END TASK(changes) for (int i = 0; i < 2; i++)
{
	WRITE_ONCE(m->turn, 2 * i + 1);
	WRITE_ONCE(m->x, i);
	WRITE_ONCE(m->turn, 2 * i + 2);
}
END

	static void
	looked_again(void *arg)
{
	(void)arg;
	if (mem()->y != mem()->x && mem()->y != 0)
		sync_violation("assertion", "%d", mem()->y);
}

static void fault_that_looks_again(void **state)
{
	const struct toy_program p = { .size = sizeof(struct mem),
				       .check = looked_again,
				       .task = { looks_again, changes } };

	(void)state;
	assert_clean(toy_dpor(&p));
	assert_clean(toy_explore(&p, (struct engine_options){ .strategy = "dfs", .preemptions = 3 }));
}

/* Each gives way to the other, for ever: no fair schedule ends it. */
TASK(gives_way)
for (;;) {
	WRITE_ONCE(m->count, 1);
	WRITE_ONCE(m->count, 0);
	if (READ_ONCE(m->x))
		return;
	cond_resched();
}
END

	static void
	no_fair_schedule_ends_it(void **state)
{
	(void)state;
	says(gives_way, set_y, "livelock", "a repeats store(+0x18) store(+0x18) load(+0) cond_resched");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_complete),   cmocka_unit_test(peterson_is_complete),
		cmocka_unit_test(nobody_ends_it),	    cmocka_unit_test(bounded_loops_go_round),
		cmocka_unit_test(values_that_come_back),    cmocka_unit_test(effects_elsewhere),
		cmocka_unit_test(too_much_to_watch),	    cmocka_unit_test(fault_that_looks_again),
		cmocka_unit_test(no_fair_schedule_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
