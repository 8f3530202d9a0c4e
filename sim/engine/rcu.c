/* SPDX-License-Identifier: MIT */
/*
 * rcu.c - the engine's own RCU
 *
 * A grace period waits for the readers that had begun when it began, and may end at the first step after the last of
 * them left: as early as is legal, so that a use after it is found. Callbacks of call_rcu() run on a task of the
 * engine's.
 */
#include "engine/held.h"

static struct op rcu_op(struct engine *e, enum op_mode mode, const char *name)
{
	return (struct op){
		.loc = loc_object(e, OBJ_RCU), .mode = (uint8_t)mode, .mask = ~0ull, .name = name
	};
}

void rcu_read_lock(void)
{
	struct engine *e = this_engine;
	struct op op = rcu_op(e, OP_RCU_READ, "rcu_read_lock");

	if (!e->live || task_current(e)->rcu_depth++)
		return;
	point(e, &op);
	e->rcu_readers |= TASK_BIT(e->current);
	if (e->detect)
		hb_acquire(e, loc_object(e, OBJ_RCU_START));
}

void rcu_read_unlock(void)
{
	struct engine *e = this_engine;
	struct op op = rcu_op(e, OP_RCU_READ_END, "rcu_read_unlock");
	taskmask bit;

	if (!e->live)
		return;
	if (!task_current(e)->rcu_depth)
		violate(e, "rcu-misuse", "rcu_read_unlock() by %s outside a read side",
			task_current(e)->name);
	if (--task_current(e)->rcu_depth)
		return;
	point(e, &op);
	bit = TASK_BIT(e->current);
	e->rcu_readers &= ~bit;
	for (int i = 0; i < e->nr_all; i++)
		e->gp_readers[i] &= ~bit;
	for (struct rcu_head *h = e->rcu_pending; h; h = h->next) {
		arena_dirty_range(e, h, sizeof(*h));
		h->readers &= ~bit;
	}
	if (e->detect)
		hb_release(e, loc_object(e, OBJ_RCU), true);
	recheck(e, loc_object(e, OBJ_RCU));
	recheck_task(e, e->rcu_task);
}

/* What a reader looks at stays only inside a read side, or while a lock keeps updaters out. */
void sync_rcu_look(void)
{
	struct engine *e = this_engine;
	const struct task *t;

	if (!e->live)
		return;
	t = task_current(e);
	if (!t->rcu_depth && !t->nr_held && !t->in_callback)
		violate(e, "rcu-misuse", "rcu_dereference() by %s outside a read side, without a lock",
			t->name);
}

static void no_reader(struct engine *e, const char *what)
{
	if (task_current(e)->rcu_depth)
		violate(e, "rcu-misuse", "%s() by %s inside a read side waits for itself", what,
			task_current(e)->name);
}

/* By the end of a grace period every CPU passed a quiescent state, and so what it stored before is seen. */
static void quiescent_states(struct engine *e)
{
	for (int cpu = 0; cpu < e->nr_lines; cpu++) {
		struct op op = { .loc = loc_object(e, OBJ_GATE + cpu),
				 .mode = OP_QS,
				 .mask = ~0ull,
				 .name = "quiescent_state" };
		struct op wait = { .mode = OP_NONE, .blocking = true, .name = "wait_stores" };

		if (cpu == e->current)
			continue;
		point(e, &op);
		if (e->early_loads)
			early_quiescent(e, cpu);
		wait.drained_cpus = (uint16_t)(1u << cpu);
		wait.drained_before = e->step;
		point(e, &wait);
	}
}

void synchronize_rcu(void)
{
	struct engine *e = this_engine;
	struct op op = rcu_op(e, OP_GP_START, "synchronize_rcu");

	if (e->live)
		no_reader(e, "synchronize_rcu");
	may_sleep(e, "synchronize_rcu", NULL);
	if (!e->live)
		return;
	point(e, &op);
	e->gp_readers[e->current] = e->rcu_readers;
	if (e->detect)
		hb_release(e, loc_object(e, OBJ_RCU_START), true);
	op.mode = OP_GP_WAIT;
	op.blocking = true;
	point(e, &op);
	if (e->detect)
		hb_acquire(e, loc_object(e, OBJ_RCU));
	if (unlikely(e->weak))
		quiescent_states(e);
}

void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *))
{
	struct engine *e = this_engine;
	struct op op = rcu_op(e, OP_GP_START, "call_rcu"), wait = rcu_op(e, OP_GP_WAIT, "rcu_callback");
	struct rcu_head **tail = &e->rcu_pending;

	if (!e->live) {
		func(head);
		return;
	}
	point(e, &op);
	arena_dirty_range(e, head, sizeof(*head));
	*head = (struct rcu_head){ .func = func, .readers = e->rcu_readers, .step = e->step };
	while (*tail)
		tail = &(*tail)->next;
	if (tail != &e->rcu_pending)
		arena_dirty_range(e, tail, sizeof(*tail));
	*tail = head;
	if (e->detect) {
		hb_release(e, loc_object(e, OBJ_RCU_START), true);
		hb_release_accesses(e, loc_object(e, OBJ_RCU), true);
	}
	if (unlikely(e->early_loads))
		head->handed = early_hand(e);
	wait.blocking = true;
	if (e->task[e->rcu_task].state == TASK_UNUSED)
		run_start_line(e, e->rcu_task, &wait);
	recheck_task(e, e->rcu_task);
}

bool rcu_ready(const struct engine *e)
{
	for (const struct rcu_head *h = e->rcu_pending; h; h = h->next)
		if (!h->readers)
			return true;
	return false;
}

/* The body of the engine's RCU task: its first operation was announced by the first call_rcu(). */
void rcu_run(void *arg)
{
	struct engine *e = arg;

	for (;;) {
		struct op wait = rcu_op(e, OP_GP_WAIT, "rcu_callback");
		struct rcu_head **link = &e->rcu_pending, *h;

		while (*link && (*link)->readers)
			link = &(*link)->next;
		h = *link;
		if (!h)
			engine_panic("RCU callbacks ran without one that is due");
		e->step_op.after = h->step;
		if (link != &e->rcu_pending)
			arena_dirty_range(e, link, sizeof(*link));
		*link = h->next;
		if (e->detect)
			hb_acquire(e, loc_object(e, OBJ_RCU));
		if (unlikely(e->early_loads))
			early_take(e, h->handed);
		if (unlikely(e->weak))
			quiescent_states(e);
		task_current(e)->in_callback = true;
		h->func(h);
		task_current(e)->in_callback = false;
		state_forget(e);
		wait.blocking = true;
		point(e, &wait);
	}
}
