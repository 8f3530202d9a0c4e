/* SPDX-License-Identifier: MIT */
/*
 * ground.c - what the native ground's primitives cost when nobody else wants them, in nanoseconds
 *
 * usage: bench_ground. One task, then two that use the same locks for reading.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "native/native.h"
#include "sync.h"

#define TIMES 2000000
#define ARENA_PAGES 1024

struct memory {
	u8 page[ARENA_PAGES][4096] __attribute__((aligned(4096)));
	spinlock_t spin __attribute__((aligned(128)));
	struct rw_semaphore sem __attribute__((aligned(128)));
	struct mutex mutex __attribute__((aligned(128)));
	unsigned long word __attribute__((aligned(128)));
};

static struct memory *mem(void)
{
	return sync_machine();
}

static void setup(void *arg)
{
	spin_lock_init(&mem()->spin);
	init_rwsem(&mem()->sem);
	mutex_init(&mem()->mutex);
	for (int i = 0; i < 100; i++) {
		down_read(&mem()->sem);
		up_read(&mem()->sem);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#define MEASURE(times, text, ...)                                                                            \
	do {                                                                                                 \
		double start = now();                                                                        \
                                                                                                             \
		for (long i = 0; i < (times); i++) {                                                         \
			__VA_ARGS__;                                                                         \
			barrier();                                                                           \
		}                                                                                            \
		printf("%-44s %8.1f\n", text, (now() - start) / (times));                                    \
	} while (0)

static void locks(struct memory *m)
{
	MEASURE(TIMES, "spin_lock, spin_unlock", spin_lock(&m->spin); spin_unlock(&m->spin));
	MEASURE(TIMES, "down_read, up_read", down_read(&m->sem); up_read(&m->sem));
	MEASURE(TIMES, "mutex_lock, mutex_unlock", mutex_lock(&m->mutex); mutex_unlock(&m->mutex));
	MEASURE(TIMES, "bit_lock, bit_unlock", bit_lock(0, &m->word, "bit"); bit_unlock(0, &m->word));
	MEASURE(TIMES, "insn_begin, insn_end", insn_begin(); insn_end());
	MEASURE(TIMES, "rcu_read_lock, rcu_read_unlock", rcu_read_lock(); rcu_read_unlock());
	MEASURE(TIMES, "sync_ghost_begin, sync_ghost_end", sync_ghost_begin(NULL, 0); sync_ghost_end());
	MEASURE(TIMES, "label", SYNC_LABEL("label"));
	MEASURE(TIMES, "down_write, up_write", down_write(&m->sem); up_write(&m->sem));
}

static void contents(struct memory *m)
{
	u64 v = 1;
	volatile size_t n = 8;

	MEASURE(TIMES, "content_write of a word", content_write(m->page[1], &v, n));
	MEASURE(TIMES, "content_read of a word", content_read(&v, m->page[1], n));
	MEASURE(TIMES, "sync_poison, sync_unpoison of a page", sync_poison(m->page[1], 4096, "oracle");
		sync_unpoison(m->page[1], 4096));
	MEASURE(TIMES, "content_zero of one page", content_zero(m->page[1], 4096));
	MEASURE(TIMES, "content_zero of 1024 pages in turn", content_zero(m->page[i % ARENA_PAGES], 4096));
}

static void one(void *arg)
{
	locks(mem());
	contents(mem());
}

static void reader(void *arg)
{
	double start = now();

	for (int i = 0; i < TIMES; i++) {
		down_read(&mem()->sem);
		up_read(&mem()->sem);
	}
	printf("%-44s %8.1f\n", "down_read, up_read, one of two tasks", (now() - start) / TIMES);
}

static void run(bool unwatched, int tasks, void (*task)(void *))
{
	struct engine_program p = {
		.name = "ground",
		.arena_size = sizeof(struct memory),
		.setup = setup,
		.nr_tasks = tasks,
		.tasks = { { .name = "a", .run = task }, { .name = "b", .run = task } },
	};
	struct native_options o = { .rounds = 1, .round_seconds = 60 };
	static struct native_result r;
	char err[512];

#ifndef BENCH_BEFORE
	o.unwatched = unwatched;
#endif
	if (native_stress(&p, &o, &r, err, sizeof(err)) || r.nr_kinds) {
		fprintf(stderr, "bench_ground: %s\n", r.nr_kinds ? r.kind[0].first.message : err);
		exit(1);
	}
}

int main(void)
{
	run(false, 1, one);
	run(false, 2, reader);
	puts("unwatched:");
	run(true, 1, one);
	return 0;
}
