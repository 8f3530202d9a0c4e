/* SPDX-License-Identifier: MIT */
/*
 * engine_estimate.c - the estimate of all that dpor has to explore, when a hundredth of it is done
 *
 * The first estimate comes after some 500 executions, which is more than a hundredth of the smaller programs. Estimates
 * are samples, with seeds of their own: the same in every run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "sync.h"

#define MOST 16
#define PROGRAMS 10

struct words {
	int word[MOST + 1];
};

static struct words *words(void)
{
	return sync_machine();
}

static void look_for_zero(void *arg)
{
	for (int i = (int)(intptr_t)arg; i >= 0; i--)
		if (!READ_ONCE(words()->word[i]))
			return;
}

static void raise_word(void *arg)
{
	int i = (int)(intptr_t)arg, below = READ_ONCE(words()->word[i - 1]);

	WRITE_ONCE(words()->word[i], below + 1);
}

static void write_word(void *arg)
{
	(void)arg;
	WRITE_ONCE(words()->word[0], 1);
}

static void read_word(void *arg)
{
	(void)arg;
	(void)READ_ONCE(words()->word[0]);
}

static void write_own(void *arg)
{
	WRITE_ONCE(words()->word[0], (int)(intptr_t)arg);
}

static void count_up(int times)
{
	while (times--) {
		int v = READ_ONCE(words()->word[0]);

		WRITE_ONCE(words()->word[0], v + 1);
	}
}

static void count_two(void *arg)
{
	(void)arg;
	count_up(2);
}

static void count_five(void *arg)
{
	(void)arg;
	count_up(5);
}

static void count_six(void *arg)
{
	(void)arg;
	count_up(6);
}

static void add_four_times(void *arg)
{
	(void)arg;
	for (int i = 0; i < 4; i++)
		(void)atomic_add_return(1, (atomic_t *)&words()->word[0]);
}

static void swap_neighbours(void *arg)
{
	int i = (int)(intptr_t)arg;

	xchg(&words()->word[i], 1);
	xchg(&words()->word[i + 1], 1);
}

/* A lock taken for each of two words in turn. */
struct shared {
	struct words words;
	spinlock_t lock;
};

static void lock_and_look(void *arg)
{
	struct shared *s = sync_machine();

	(void)arg;
	for (int i = 0; i < 2; i++) {
		int v;

		spin_lock(&s->lock);
		v = READ_ONCE(s->words.word[1 - i]);
		WRITE_ONCE(s->words.word[i], v + 1);
		spin_unlock(&s->lock);
		(void)READ_ONCE(s->words.word[i]);
	}
}

static const struct {
	const char *name;
	void (*first)(void *), (*others)(void *);
	int n; /* others */
} programs[PROGRAMS] = {
	{ "lastzero_13", look_for_zero, raise_word, 13 },
	{ "lastzero_15", look_for_zero, raise_word, 15 },
	{ "readers_15", write_word, read_word, 15 },
	{ "increments_2x5", count_five, count_five, 1 },
	{ "increments_2x6", count_six, count_six, 1 },
	{ "increments_3x2", count_two, count_two, 2 },
	{ "writers_8", write_own, write_own, 7 },
	{ "additions_3x4", add_four_times, add_four_times, 2 },
	{ "neighbours_13", swap_neighbours, swap_neighbours, 12 },
	{ "locks_3x2", lock_and_look, lock_and_look, 2 },
};

static void explore(int k, uint64_t executions, struct engine_result *r)
{
	struct engine_program p = { .name = programs[k].name,
				    .arena_size = sizeof(struct shared),
				    .nr_tasks = programs[k].n + 1 };
	struct engine_options o = { .strategy = "dpor", .preemptions = -1, .executions = executions };
	char err[256];
	struct engine *e;

	p.tasks[0] = (struct engine_task){ .name = "first",
					   .run = programs[k].first,
					   .arg = (void *)(intptr_t)programs[k].n };
	for (int i = 1; i <= programs[k].n; i++)
		p.tasks[i] = (struct engine_task){ .name = "other",
						   .run = programs[k].others,
						   .arg = (void *)(intptr_t)i };
	e = engine_create(&p, err, sizeof(err));
	if (!e)
		fail_msg("%s", err);
	assert_int_equal(engine_explore(e, &o, r, err, sizeof(err)), 0);
	engine_destroy(e);
}

static void a_hundredth_tells_the_whole(void **state)
{
	static struct engine_result whole, part;
	int good = 0;

	(void)state;
	for (int k = 0; k < PROGRAMS; k++) {
		double n, estimate;

		explore(k, 0, &whole);
		assert_true(whole.stats.complete);
		n = (double)whole.stats.executions;
		explore(k, n < 60000 ? 600 : whole.stats.executions / 100, &part);
		estimate = part.stats.estimate;
		print_message("%-16s %8.0f executions, estimated after %5llu: %8.0f, by %llu more\n",
			      programs[k].name, n, (unsigned long long)part.stats.executions, estimate,
			      (unsigned long long)part.stats.estimated_by);
		good += estimate >= n / 2 && estimate <= n * 2;
	}
	print_message("%d of %d within a factor of 2\n", good, PROGRAMS);
	assert_true(good >= 8);
}

/* What comes to an end at once is not estimated, and what was explored to the end is known. */
static void small_programs_need_none(void **state)
{
	static struct engine_result r;

	(void)state;
	explore(5, 100, &r);
	assert_true(r.stats.estimate == 0);
	assert_int_equal(r.stats.estimated_by, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundredth_tells_the_whole),
		cmocka_unit_test(small_programs_need_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
