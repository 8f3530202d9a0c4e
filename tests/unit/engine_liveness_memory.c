/* SPDX-License-Identifier: MIT */
/* engine_liveness_memory.c - loops that change nothing, where stores are held back, and where states are hashed */
#include "toy.h"

struct mem {
	int x, y, turn, flag[2], inside, count;
	spinlock_t lock;
};

static struct mem *mem(void)
{
	return sync_machine();
}

static void set_up(void *arg)
{
	(void)arg;
	spin_lock_init(&mem()->lock);
}

static void until_x(void *arg)
{
	(void)arg;
	while (!READ_ONCE(mem()->x))
		cpu_relax();
}

static void until_y(void *arg)
{
	(void)arg;
	while (!READ_ONCE(mem()->y))
		cpu_relax();
}

static void until_x_or_y(void *arg)
{
	(void)arg;
	while (!READ_ONCE(mem()->x) && !READ_ONCE(mem()->y))
		cpu_relax();
}

static void set_x(void *arg)
{
	(void)arg;
	WRITE_ONCE(mem()->x, 1);
}

static void set_y(void *arg)
{
	(void)arg;
	WRITE_ONCE(mem()->y, 1);
}

static void x_then_y(void *arg)
{
	(void)arg;
	while (!READ_ONCE(mem()->x))
		cpu_relax();
	WRITE_ONCE(mem()->y, 1);
}

static void try_lock(void *arg)
{
	(void)arg;
	while (!spin_trylock(&mem()->lock))
		cpu_relax();
	mem()->count++;
	spin_unlock(&mem()->lock);
}

static void take_lock(void *arg)
{
	(void)arg;
	spin_lock(&mem()->lock);
	mem()->count++;
	spin_unlock(&mem()->lock);
}

static void until_unlocked(void *arg)
{
	(void)arg;
	while (spin_is_locked(&mem()->lock))
		cpu_relax();
}

static void swap_word(void *arg)
{
	(void)arg;
	while (cmpxchg(&mem()->y, 0, 1) != 0)
		cpu_relax();
	mem()->count++;
	WRITE_ONCE(mem()->y, 0);
}

static void peterson(int me)
{
	struct mem *m = mem();

	for (int i = 0; i < 2; i++) {
		WRITE_ONCE(m->flag[me], 1);
		WRITE_ONCE(m->turn, 1 - me);
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
	peterson(0);
}

static void peterson_b(void *arg)
{
	(void)arg;
	peterson(1);
}

static const enum engine_memory weak[] = { ENGINE_TSO, ENGINE_PSO, ENGINE_WEAK_LOCKS };

static void held_back_stores_end_loops(void **state)
{
	static const struct {
		void (*a)(void *), (*b)(void *);
	} t[] = { { until_x, set_x },
		  { until_y, x_then_y },
		  { try_lock, take_lock },
		  { until_unlocked, take_lock },
		  { take_lock, until_unlocked },
		  { swap_word, swap_word },
		  { until_x_or_y, set_y } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		for (size_t m = 0; m < sizeof(weak) / sizeof(weak[0]); m++) {
			struct toy_program p = { .size = sizeof(struct mem),
						 .setup = set_up,
						 .task = { t[i].a, t[i].b, set_x },
						 .memory = weak[m] };
			struct engine_result *r = toy_explore(
				&p, (struct engine_options){ .strategy = "dfs", .preemptions = 2 });

			if (*r->violation.oracle || r->stats.bounded)
				fail_msg("program %zu under %s: %s %s", i, engine_memory_name(weak[m]),
					 r->violation.oracle, r->violation.message);
			r = toy_dpor(&p);
			if (*r->violation.oracle || !r->stats.complete)
				fail_msg("program %zu under %s by dpor: %s %s", i,
					 engine_memory_name(weak[m]), r->violation.oracle,
					 r->violation.message);
		}
}

/* Each store of an iteration is an effect, though nobody sees it yet. */
static void stores_while_it_waits(void *arg)
{
	(void)arg;
	for (int i = 0; !READ_ONCE(mem()->x); i = 1 - i) {
		WRITE_ONCE(mem()->count, 1);
		cpu_relax();
	}
}

static void until_counted(void *arg)
{
	(void)arg;
	while (!READ_ONCE(mem()->count))
		cpu_relax();
	WRITE_ONCE(mem()->x, 1);
}

static void a_store_held_back_is_an_effect(void **state)
{
	(void)state;
	for (size_t m = 0; m < sizeof(weak) / sizeof(weak[0]); m++) {
		const struct toy_program p = { .size = sizeof(struct mem),
					       .task = { stores_while_it_waits, until_counted },
					       .memory = weak[m] };
		const struct engine_result *r =
			toy_explore(&p, (struct engine_options){ .strategy = "random", .executions = 500 });

		assert_oracle(r, "");
		assert_int_equal(r->stats.bounded, 0);
	}
}

static void peterson_by_memory(void **state)
{
	struct toy_program p = { .size = sizeof(struct mem), .task = { peterson_a, peterson_b } };

	(void)state;
	assert_clean(toy_explore(&p, (struct engine_options){ .strategy = "dfs", .state_hash = true }));
	for (size_t m = 0; m < sizeof(weak) / sizeof(weak[0]); m++) {
		p.memory = weak[m];
		assert_oracle(toy_dpor(&p), "assertion");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(held_back_stores_end_loops),
					    cmocka_unit_test(a_store_held_back_is_an_effect),
					    cmocka_unit_test(peterson_by_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
