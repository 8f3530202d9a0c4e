/* SPDX-License-Identifier: MIT */
/*
 * engine_papers.c - programs of the papers on dynamic partial order reduction, and the number of their classes
 *
 * lastzero and readers are of "Optimal dynamic partial order reduction" (POPL 2014). Executions that sleep sets cut
 * short are counted apart: what is explored to its end is one of each class. Those that source gives up are part of
 * what is tested: they are what wake-up trees are for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "sync.h"

#define MOST 14

struct words {
	int word[MOST + 1];
};

static struct words *words(void)
{
	return sync_machine();
}

static struct engine_program program(int n, void (*first)(void *), void (*others)(void *))
{
	struct engine_program p = { .name = "paper", .arena_size = sizeof(struct words), .nr_tasks = n + 1 };

	p.tasks[0] = (struct engine_task){ .name = "first", .run = first, .arg = (void *)(intptr_t)n };
	for (int i = 1; i <= n; i++)
		p.tasks[i] =
			(struct engine_task){ .name = "other", .run = others, .arg = (void *)(intptr_t)i };
	return p;
}

static void explored(const struct engine_program *p, const char *strategy, uint64_t executions,
		     uint64_t given_up)
{
	static struct engine_result r;
	struct engine_options o = { .strategy = strategy, .preemptions = -1 };
	char err[256];
	struct engine *e = engine_create(p, err, sizeof(err));

	if (!e)
		fail_msg("%s", err);
	assert_int_equal(engine_explore(e, &o, &r, err, sizeof(err)), 0);
	engine_destroy(e);
	assert_true(r.stats.complete);
	assert_string_equal(r.violation.oracle, "");
	assert_true(!r.stats.wakeup_nodes == !!strcmp(strategy, "wakeup-trees"));
	if (r.stats.executions != executions || r.stats.redundant != given_up)
		fail_msg("%s: %llu executions and %llu given up, not %llu and %llu", strategy,
			 (unsigned long long)r.stats.executions, (unsigned long long)r.stats.redundant,
			 (unsigned long long)executions, (unsigned long long)given_up);
}

static void classes(const struct engine_program *p, uint64_t nr, uint64_t source_gives_up)
{
	explored(p, "dpor", nr, 0);
	explored(p, "source", nr, source_gives_up);
	explored(p, "wakeup-trees", nr, 0);
}

/* ---- lastzero(n): one looks for the last word that is 0, n others each raise one above its neighbour ------ */

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

static void lastzero(void **state)
{
	struct engine_program five = program(5, look_for_zero, raise_word);
	struct engine_program ten = program(10, look_for_zero, raise_word);

	(void)state;
	classes(&five, 64, 15);
	classes(&ten, 3328, 11951);
}

/* ---- readers(n): each of n either sees the write or does not ------------------------------------------------ */

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

static void readers(void **state)
{
	struct engine_program two = program(2, write_word, read_word),
			      eight = program(8, write_word, read_word);

	(void)state;
	classes(&two, 4, 0);
	classes(&eight, 256, 0);
}

/* ---- two tasks of six increments that are a load and a store ---------------------------------------------------- */

static void increment_six_times(void *arg)
{
	(void)arg;
	for (int i = 0; i < 6; i++) {
		int v = READ_ONCE(words()->word[0]);

		WRITE_ONCE(words()->word[0], v + 1);
	}
}

static void increments(void **state)
{
	struct engine_program p = program(1, increment_six_times, increment_six_times);

	(void)state;
	classes(&p, 372436, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lastzero),
		cmocka_unit_test(readers),
		cmocka_unit_test(increments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
