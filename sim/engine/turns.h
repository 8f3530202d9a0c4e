/* SPDX-License-Identifier: MIT */
/*
 * turns.h - what is a preemption: a switch away from a task that could go on
 *
 * A store buffer drains beside what runs, so its steps preempt nobody and hide no preemption. Whoever waits for nothing
 * but its own stores to drain could go on as well: otherwise every locked instruction would be a free switch.
 */
#ifndef SIM_ENGINE_TURNS_H
#define SIM_ENGINE_TURNS_H

#include "engine/internal.h"

static inline taskmask drains(const struct engine *e)
{
	return e->weak ? -TASK_BIT(e->drain_base) : 0;
}

/* The task of the latest step that was no store buffer's, -1: none */
static inline int runner(const struct engine *e)
{
	uint32_t i = e->step;

	while (i && (drains(e) & TASK_BIT(e->order[i - 1] & ORDER_TASK)))
		i--;
	return i ? e->order[i - 1] & ORDER_TASK : -1;
}

static inline bool waits_for_own_stores(struct engine *e, int task)
{
	struct op *op = &e->task[task].op, whole = *op;
	bool ready = op->mode == OP_NONE;

	if (!op->drain || !(e->waiting & TASK_BIT(task)) || store_buffer_ready(e, task, op))
		return false;
	op->drain = 0;
	ready = ready || op_ready(e, task);
	*op = whole;
	return ready;
}

static inline bool could_go_on(struct engine *e, taskmask ready, int task)
{
	if (ready & TASK_BIT(task))
		return true;
	return unlikely(e->weak) && (ready & drains(e)) && waits_for_own_stores(e, task);
}

#endif
