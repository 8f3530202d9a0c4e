/* SPDX-License-Identifier: MIT */
/* order.h - an execution as the order of its steps */
#ifndef SIM_ENGINE_ORDER_H
#define SIM_ENGINE_ORDER_H

#include <stdint.h>

#include "engine/engine.h"

/* One step of an execution: its task, and what was chosen where it was a choice (sync_choose()). */
typedef uint16_t order_t;
#define ORDER_TASK 0x3f	     /* ENGINE_MAX_TASKS - 1 */
#define ORDER_SWITCH 0x40    /* a preemption: the latest task that is no store buffer could have gone on */
#define ORDER_PREEMPTED 0x80 /* the task of the step before could have gone on */
#define ORDER_CHOICE_SHIFT 8
_Static_assert(ENGINE_MAX_OUTCOMES_OF_A_CHOICE <= 1 << (16 - ORDER_CHOICE_SHIFT),
	       "an order_t holds an outcome");

#endif
