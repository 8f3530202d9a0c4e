/* SPDX-License-Identifier: MIT */
/* choose.h - choices other than the schedule: what the rest of the engine asks of choose.c */
#ifndef SIM_ENGINE_CHOOSE_H
#define SIM_ENGINE_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/engine.h"

/* A kind of choice that has outcomes other than the ordinary one. */
struct choice_kind {
	char what[ENGINE_WHAT_MAX];
	int max;			   /* (e) */
	int used;			   /* (s) */
	uint32_t visits[ENGINE_MAX_TASKS]; /* (s) by task */
};

void choices_none(struct engine *e);
int choices_from_options(struct engine *e, const struct engine_options *o, char *err, size_t n);
void choices_from_schedule(struct engine *e, const struct engine_schedule *s, bool told, int max);
/* Which sync_choose(what) of the running task this is, from 1. */
uint32_t choice_visit(const struct engine *e, const char *what);
void choices_reset(struct engine *e); /* an execution begins */
void choices_to_schedule(const struct engine *e, struct engine_schedule *s);
/* The running task's load can return n values, n > 1. => which, 0 the newest */
int choice_of_load(struct engine *e, int n);

#endif
