// SPDX-License-Identifier: MIT
/* ground.c - the native ground: one round of one thread, on a machine that is set up for it */
#include <stdio.h>
#include <stdlib.h>

#include "native/native.h"
#include "prog/ground.h"

struct ground {
	struct engine_program program;
	struct native_result result;
};

struct ground *ground_create(size_t size, void (*setup)(void *arg), void (*task)(void *arg), void *arg,
			     char *err, size_t n)
{
	struct ground *g = calloc(1, sizeof(*g));

	if (!g) {
		snprintf(err, n, "out of memory");
		return NULL;
	}
	g->program =
		(struct engine_program){ .name = "program", .arena_size = size, .setup = setup, .arg = arg };
	g->program.tasks[g->program.nr_tasks++] =
		(struct engine_task){ .name = "program", .run = task, .arg = arg };
	return g;
}

int ground_run(struct ground *g, char *err, size_t n)
{
	const struct native_options one = { .rounds = 1 };

	if (native_stress(&g->program, &one, &g->result, err, n))
		return -1;
	if (!g->result.violating)
		return 0;
	snprintf(err, n, "%s: %s", g->result.kind[0].first.oracle, g->result.kind[0].first.message);
	return -1;
}

void ground_destroy(struct ground *g)
{
	free(g);
}
