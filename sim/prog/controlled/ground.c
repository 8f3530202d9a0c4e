// SPDX-License-Identifier: MIT
/* ground.c - the controlled ground: one execution of an engine's one task, from its snapshot */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "kernel/machine.h"
#include "prog/ground.h"

#define MAX_STEPS 50000000u /* of a program of PROG_MAX_CALLS calls: a thousand times what one takes */

struct ground {
	struct engine *engine;
	struct engine_schedule schedule;
	struct engine_result result;
};

const char *ground_no_schedules(void)
{
	return NULL;
}

struct ground *ground_create(size_t size, void (*setup)(void *arg), void (*task)(void *arg), void *arg,
			     char *err, size_t n)
{
	struct engine_program p = { .name = GROUND_TASK, .arena_size = size, .setup = setup, .arg = arg };
	struct ground *g = calloc(1, sizeof(*g));

	if (!g) {
		snprintf(err, n, "out of memory");
		return NULL;
	}
	p.lock_ranks = machine_lock_ranks();
	p.tasks[p.nr_tasks++] = (struct engine_task){ .name = GROUND_TASK, .run = task, .arg = arg };
	g->engine = engine_create(&p, err, n);
	if (g->engine)
		return g;
	free(g);
	return NULL;
}

static int read_schedule(struct ground *g, const char *text, char *err, size_t n)
{
	memset(&g->schedule, 0, sizeof(g->schedule));
	return text && *text ? engine_schedule_parse(engine_program(g->engine), text, &g->schedule, err, n) :
			       0;
}

int ground_run(struct ground *g, const char *schedule, struct ground_end *end, char *err, size_t n)
{
	char why[256] = "";
	enum engine_end how;

	memset(end, 0, sizeof(*end));
	if (read_schedule(g, schedule, err, n))
		return -1;
	how = engine_replay(g->engine, &g->schedule, MAX_STEPS, &g->result, NULL, why, sizeof(why));
	for (int i = 0; i < g->result.schedule.nr_choices; i++)
		end->chosen |= g->result.schedule.choice[i].task >= 0;
	if (g->result.violation.oracle[0]) {
		snprintf(end->oracle, sizeof(end->oracle), "%s", g->result.violation.oracle);
		snprintf(end->message, sizeof(end->message), "%s", g->result.violation.message);
		return 0;
	}
	/* who asks for a failure that never comes gets an ordinary run */
	if (how == ENGINE_DONE || (how == ENGINE_DIVERGED && !g->schedule.nr && !end->chosen))
		return 0;
	snprintf(err, n, "%s", *why ? why : "it did not end");
	return -1;
}

void ground_destroy(struct ground *g)
{
	engine_destroy(g->engine);
	free(g);
}
