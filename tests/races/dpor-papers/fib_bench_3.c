/* SPDX-License-Identifier: MIT */
/*
 * fib_bench_3 - two tasks, each three times: i += j in one, j += i in the other
 *
 * Each addition loads its own word, then the other's, then stores its own.
 *
 * Invariant: the executions fall into 141 classes; no word exceeds the 7th of Fibonacci's numbers from 1, 1: 21.
 * Source: fib_bench of SV-COMP's pthread programs; the count is that of brute force over the traces.
 */
#include <faultline/race.h>
#include <stdatomic.h>

struct words {
	atomic_int i, j;
};

static void set_up(void)
{
	struct words *w = race_memory();

	atomic_init(&w->i, 1);
	atomic_init(&w->j, 1);
}

static void add_to(atomic_int *own, atomic_int *other)
{
	for (int n = 0; n < 3; n++) {
		int a = atomic_load_explicit(own, memory_order_relaxed),
		    b = atomic_load_explicit(other, memory_order_relaxed);

		atomic_store_explicit(own, a + b, memory_order_relaxed);
	}
}

static void add_to_i(void)
{
	struct words *w = race_memory();

	add_to(&w->i, &w->j);
}

static void add_to_j(void)
{
	struct words *w = race_memory();

	add_to(&w->j, &w->i);
}

RACE(fib_bench_3, .summary = "two tasks add each other's word to their own, three times",
     .memory = sizeof(struct words), .setup = set_up,
     .actors = { { "first", add_to_i }, { "second", add_to_j } }, .classes = 141);
