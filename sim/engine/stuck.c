/* SPDX-License-Identifier: MIT */
/* stuck.c - an execution that does not end: who waits for what, or who goes on for ever */
#include "engine/internal.h"

static bool is_grant(const struct op *op)
{
	return op->mode == OP_GRANT || op->mode == OP_GRANT_SHARED;
}

static int describe_wait(struct engine *e, int task, char *buf, size_t n)
{
	const struct op *op = &e->task[task].op;
	const struct sync_lock *l = op->addr;
	char object[64] = "";
	const char *held = "";

	if (op->addr)
		describe(e, op->addr, op->size ? op->size : 1, object, sizeof(object));
	if (!object[0] && !op->size && (op->mode == OP_ACQUIRE || op->mode == OP_ACQUIRE_SHARED))
		snprintf(object, sizeof(object), "%s", l->name ? l->name : "?");
	if (!object[0] && is_grant(op))
		snprintf(object, sizeof(object), "%s", ((const struct rw_semaphore *)op->addr)->name);
	if (!op->size && (op->mode == OP_ACQUIRE || op->mode == OP_ACQUIRE_SHARED) && l->owner)
		held = e->task[l->owner - 1].name;
	if (is_grant(op) && ((const struct rw_semaphore *)op->addr)->owner)
		held = e->task[((const struct rw_semaphore *)op->addr)->owner - 1].name;
	if (op->mode == OP_SLEEP && op->addr && !object[0])
		snprintf(object, sizeof(object), "%s", ((const struct wait_queue_head *)op->addr)->name);
	return snprintf(buf, n, "%s waits in %s(%s)%s%s%s", e->task[task].name, op->name, object,
			held[0] ? " held by " : "", held, "");
}

void violate_deadlock(struct engine *e)
{
	char text[sizeof(e->violation.message)];
	bool lost = false;
	size_t len = 0;

	text[0] = '\0';
	for (taskmask m = e->unfinished; m && len < sizeof(text) - 1; m &= m - 1) {
		int t = task_first(m);

		if (len)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "; ");
		len += (size_t)describe_wait(e, t, text + len, sizeof(text) - len);
		if (e->task[t].op.mode == OP_SLEEP && len < sizeof(text))
			len += (size_t)sleeper_describe(e, t, text + len, sizeof(text) - len);
		lost |= (e->asked & TASK_BIT(t)) && e->task[t].cond_true;
	}
	violate(e, lost ? "lost-wakeup" : "deadlock", "%s", text);
}

void violate_livelock(struct engine *e)
{
	char text[256] = "";
	size_t len = 0;

	for (taskmask m = e->unfinished & e->ready; m && len < sizeof(text) - 1; m &= m - 1) {
		const struct task *t = &e->task[task_first(m)];

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s at %s%s%s", len ? ", " : "",
					t->name, t->op.name, t->label ? " after " : "",
					t->label ? t->label : "");
	}
	violate(e, "livelock", "no end after %u steps, %u of them round robin: %s go on", e->step,
		e->max_steps, text);
}
