/* SPDX-License-Identifier: MIT */
/* increments.c - the engine's floor: tasks that do nothing but atomic operations */
#include "bench.h"
#include "sync.h"

struct words {
	int x, y;
};

static void increments(void *arg)
{
	struct words *w = sync_machine();

	(void)arg;
	for (int i = 0; i < 4; i++)
		__atomic_fetch_add(&w->x, 1, __ATOMIC_SEQ_CST);
}

static void load_store(void *arg)
{
	struct words *w = sync_machine();

	for (int i = *(const int *)arg; i; i--) {
		int v = READ_ONCE(w->x);

		WRITE_ONCE(w->x, v + 1);
	}
}

static void store_load_x(void *arg)
{
	struct words *w = sync_machine();

	(void)arg;
	WRITE_ONCE(w->x, 1);
	(void)READ_ONCE(w->y);
}

static void store_load_y(void *arg)
{
	struct words *w = sync_machine();

	(void)arg;
	WRITE_ONCE(w->y, 1);
	(void)READ_ONCE(w->x);
}

const struct engine_program bench_increments = {
	.name = "increments (2 tasks of 4)",
	.arena_size = sizeof(struct words),
	.nr_tasks = 2,
	.tasks = { { .name = "a", .run = increments }, { .name = "b", .run = increments } },
};

const struct engine_program bench_store_load = {
	.name = "store, load (2 tasks)",
	.arena_size = sizeof(struct words),
	.nr_tasks = 2,
	.tasks = { { .name = "a", .run = store_load_x }, { .name = "b", .run = store_load_y } },
};

static const int six = 6, seven = 7;

const struct engine_program bench_load_store = {
	.name = "loads and stores (2 tasks of 7)",
	.arena_size = sizeof(struct words),
	.nr_tasks = 2,
	.tasks = { { .name = "a", .run = load_store, .arg = (void *)&seven },
		   { .name = "b", .run = load_store, .arg = (void *)&seven } },
};

const struct engine_program bench_load_store_short = {
	.name = "loads and stores (2 tasks of 6)",
	.arena_size = sizeof(struct words),
	.nr_tasks = 2,
	.tasks = { { .name = "a", .run = load_store, .arg = (void *)&six },
		   { .name = "b", .run = load_store, .arg = (void *)&six } },
};
