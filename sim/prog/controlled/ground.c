// SPDX-License-Identifier: MIT
/* ground.c - the controlled ground: one execution of an engine's one task, from its snapshot */
#include <stdio.h>
#include <stdlib.h>

#include "engine/engine.h"
#include "prog/ground.h"

#define MAX_STEPS 50000000u /* of a program of PROG_MAX_CALLS calls: a thousand times what one takes */

struct ground {
	struct engine *engine;
	struct engine_result result;
};

struct ground *ground_create(size_t size, void (*setup)(void *arg), void (*task)(void *arg), void *arg,
			     char *err, size_t n)
{
	struct engine_program p = { .name = "program", .arena_size = size, .setup = setup, .arg = arg };
	struct ground *g = calloc(1, sizeof(*g));

	if (!g) {
		snprintf(err, n, "out of memory");
		return NULL;
	}
	p.tasks[p.nr_tasks++] = (struct engine_task){ .name = "program", .run = task, .arg = arg };
	g->engine = engine_create(&p, err, n);
	if (g->engine)
		return g;
	free(g);
	return NULL;
}

int ground_run(struct ground *g, char *err, size_t n)
{
	static const struct engine_schedule none;
	char why[256] = "it did not end";

	if (engine_replay(g->engine, &none, MAX_STEPS, &g->result, NULL, why, sizeof(why)) == ENGINE_DONE)
		return 0;
	if (g->result.violation.oracle[0])
		snprintf(err, n, "%s: %s", g->result.violation.oracle, g->result.violation.message);
	else
		snprintf(err, n, "%s", why);
	return -1;
}

void ground_destroy(struct ground *g)
{
	engine_destroy(g->engine);
	free(g);
}
