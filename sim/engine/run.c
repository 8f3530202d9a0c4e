/* SPDX-License-Identifier: MIT */
/*
 * run.c - executions: tasks on fibers and the scheduler between them; how they end is ends.c
 *
 * A task stops before each operation, having announced it; whoever stops asks the strategy who goes next and
 * switches straight to that task, which performs its operation and runs on to its next. What a task does before
 * its first operation and after its last belongs to nobody's turn: all tasks are brought to their first operation
 * before the first choice, and returning is no operation.
 *
 * I1: e->ready holds exactly the unfinished tasks whose announced operation can run now.
 * I2: e->waiting holds those whose operation is of a blocking kind; only they are looked at again (recheck).
 */
#include "engine/turns.h"

#define SETUP_MAX_STEPS 50000000u /* a set-up that takes more is in a loop */

/* ---- readiness -------------------------------------------------------------------------------------- */

static uint64_t word(const struct engine *e, const struct op *op)
{
	if (unlikely(e->weak))
		return store_buffer_global(e, op->addr, op->size);
	return op->size == 4 ? *(const u32 *)op->addr : *(const u64 *)op->addr;
}

static bool word_ready(const struct engine *e, const struct op *op)
{
	switch (op->mode) {
	case OP_AWAIT:
		return (word(e, op) & op->want_mask) == op->want;
	case OP_ACQUIRE:
	case OP_WAIT_FREE:
		return !(word(e, op) & op->mask);
	default:
		return true;
	}
}

bool op_ready(struct engine *e, int task)
{
	const struct op *op = &e->task[task].op;
	const struct sync_lock *l = op->addr;
	int cpu = task - e->irq_base;

	if (unlikely(e->weak) && op->drain && !store_buffer_ready(e, task, op))
		return false;
	if (op->size)
		return word_ready(e, op);
	switch (op->mode) {
	case OP_ACQUIRE:
		return !l->owner && !l->readers;
	case OP_ACQUIRE_SHARED:
		return !l->owner;
	case OP_GRANT:
	case OP_GRANT_SHARED:
		return ((const struct rw_semaphore *)op->addr)->granted & TASK_BIT(task);
	case OP_CONSUME:
		return ((const struct completion *)op->addr)->done > 0;
	case OP_IRQ:
		return e->cpu[cpu].nr_queued && !e->cpu[cpu].gate_shut;
	case OP_GP_WAIT:
		return task == e->rcu_task ? rcu_ready(e) : !e->gp_readers[task];
	case OP_SPIN:
		return e->task[task].spin.written;
	case OP_SLEEP:
		return !e->task[task].asleep;
	case OP_NONE: /* an IPI's sender, waiting for one CPU; or who waits for stores alone */
		if (op->drained_cpus)
			return store_buffer_drained(e, op->drained_cpus, op->drained_before);
		return op->drain > DRAIN_NEVER || ipi_done(e, task);
	default:
		return true;
	}
}

void recheck_task(struct engine *e, int task)
{
	taskmask bit = TASK_BIT(task);

	if (!(e->waiting & bit))
		return;
	if (op_ready(e, task)) {
		e->ready |= bit;
	} else {
		e->ready &= ~bit;
		e->task[task].waited = true;
	}
}

void recheck(struct engine *e, uint32_t loc)
{
	for (taskmask m = e->waiting; m; m &= m - 1) {
		int t = task_first(m);

		if (e->task[t].op.loc == loc)
			recheck_task(e, t);
	}
}

/* Announces what `task`, which is not running, would do next. */
void line_raise(struct engine *e, int task, const struct op *op)
{
	e->task[task].op = *op;
	e->task[task].waited = false;
	e->waiting |= TASK_BIT(task);
	recheck_task(e, task);
}

/* ---- the scheduler ------------------------------------------------------------------------------------------- */

static int pick_serial(const struct engine *e)
{
	if (e->current >= 0 && (e->ready & TASK_BIT(e->current)))
		return e->current;
	return task_first(e->ready);
}

static int pick_fair(const struct engine *e)
{
	taskmask after = e->ready & -(TASK_BIT(e->order[e->step - 1] & ORDER_TASK) << 1);

	return task_first(after ? after : e->ready);
}

static int bound_reached(struct engine *e)
{
	if (e->mode == MODE_SETUP)
		violate(e, "livelock", "the set-up took more than %u steps", SETUP_MAX_STEPS);
	if (e->step >= 2 * e->max_steps)
		violate_livelock(e);
	if (!e->fair)
		history_begin(e);
	e->fair = true;
	return pick_fair(e);
}

static inline int pick(struct engine *e)
{
	if (unlikely(e->mode == MODE_SETUP))
		return e->step < SETUP_MAX_STEPS ? pick_serial(e) : bound_reached(e);
	if (unlikely(e->step >= e->max_steps))
		return bound_reached(e);
	if (unlikely(e->classes))
		classes_step(e, e->classes);
	return e->strategy->pick(e, e->ready);
}

static inline void record(struct engine *e, int next)
{
	int last = e->step ? e->order[e->step - 1] & ORDER_TASK : next;
	unsigned how = last != next && (e->ready & TASK_BIT(last)) ? ORDER_PREEMPTED | ORDER_SWITCH : 0;

	if (unlikely(e->weak)) {
		int ran = runner(e);

		how &= ORDER_PREEMPTED;
		if (ran >= 0 && ran != next && !(drains(e) & TASK_BIT(next)) && could_go_on(e, e->ready, ran))
			how |= ORDER_SWITCH;
	}
	e->order[e->step] = (order_t)((unsigned)next | how);
}

/* Goes on as task `next`. => returns when the current task goes on */
static inline void run_on(struct engine *e, int next, bool leaving)
{
	int self = e->current;

	if (next == self)
		return;
	e->nr_switches++;
	e->current = next;
	if (leaving)
		fiber_leave(&e->task[self].fiber, &e->task[next].fiber);
	fiber_switch(self < 0 ? &e->host : &e->task[self].fiber, &e->task[next].fiber);
}

/* A step of a line: an interrupt, or a store that reaches memory. */
static void line_run(struct engine *e, int task)
{
	if (task >= e->drain_base) {
		store_buffer_run(e, task);
		return;
	}
	if (unlikely(e->weak))
		store_buffer_view(e, task - e->irq_base);
	irq_run(e, task - e->irq_base);
}

/*
 * Chooses and starts the next step. Interrupts are taken here, on the stack of whoever stopped.
 * => returns when the current task was chosen; with `leaving` it never is
 */
static void schedule(struct engine *e, bool leaving)
{
	for (;;) {
		int next;

		if (unlikely(e->tracing))
			trace_flush(e);
		if (unlikely(!e->ready || e->asking >= 0)) {
			next = sleeper_to_ask(e);
			if (next < 0)
				run_over(e);
			run_on(e, next, leaving);
			return;
		}
		next = pick(e);
		if (unlikely(next < 0))
			run_abort(e, ENGINE_REDUNDANT);
		if (likely(e->mode == MODE_RUN))
			record(e, next);
		e->step++;
		e->task[next].last_step = e->step;
		e->step_op = e->task[next].op;
		e->step_old = 0;
		e->waiting &= ~TASK_BIT(next);
		e->me = next;
		if (unlikely(e->tracing))
			trace_step(e, next);
		if (unlikely(e->fair))
			history_step(e, next);
		if (unlikely(next >= e->irq_base && next != e->rcu_task)) {
			line_run(e, next);
			continue;
		}
		if (unlikely(e->weak))
			store_buffer_view(e, next);
		run_on(e, next, leaving);
		return;
	}
}

void point(struct engine *e, const struct op *op)
{
	struct task *t = task_current(e);

	if (unlikely(e->noting & TASK_BIT(e->current)))
		spin_op(e, op);
	t->op = *op;
	t->waited = false;
	if (unlikely(e->weak))
		store_buffer_prepare(e, &t->op);
	if (t->op.blocking) {
		e->waiting |= TASK_BIT(e->current);
		recheck_task(e, e->current);
	}
	if (unlikely(e->starting)) {
		int self = e->current;

		e->current = -1;
		fiber_switch(&t->fiber, &e->host);
		e->current = self;
		if (unlikely(e->tracing))
			trace_here(e);
		return;
	}
	schedule(e, false);
	if (unlikely(e->tracing))
		trace_here(e);
}

/* The entry of every fiber. */
static void task_main(void)
{
	struct engine *e;
	struct task *t;

	fiber_entered();
	e = this_engine;
	t = task_current(e);
	t->run(t->arg);

	if (t->rcu_depth)
		violate(e, "rcu-misuse", "%s returned inside a read side", t->name);
	if (t->irq_depth)
		violate(e, "irqs-off", "%s returned with interrupts off", t->name);
	if (t->nr_held)
		lockdep_exit(e);
	t->state = TASK_FINISHED;
	e->ready &= ~TASK_BIT(e->current);
	e->unfinished &= ~TASK_BIT(e->current);
	if (e->starting) {
		int self = e->current;

		e->current = -1;
		fiber_leave(&e->task[self].fiber, &e->host);
	}
	schedule(e, true);
}

/* ---- one execution -------------------------------------------------------------------------------------------- */

static void reset_tasks(struct engine *e)
{
	for (int i = 0; i < e->nr_all; i++) {
		struct task *t = &e->task[i];

		t->state = TASK_UNUSED;
		t->data = NULL;
		t->irq_depth = t->rcu_depth = 0;
		t->nr_held = t->nr_spins = 0;
		t->in_callback = t->asleep = false;
		t->wake_step = 0;
		t->last_step = 0;
		t->label = NULL;
		t->waited = false;
	}
	for (int i = 0; i < e->nr_lines; i++) {
		e->cpu[i].nr_queued = 0;
		e->cpu[i].gate_shut = false;
		e->cpu[i].gate_step = 0;
	}
	e->ready = e->waiting = e->unfinished = 0;
	e->step = 0;
	e->fair = false;
	e->current = -1;
	e->irq_cpu = -1;
	e->asking = -1;
	e->asked = 0;
	e->rcu_pending = NULL;
	e->rcu_readers = 0;
	memset(e->gp_readers, 0, sizeof(e->gp_readers));
	e->violation.oracle[0] = '\0';
	e->about[0] = '\0';
	e->end = ENGINE_DONE;
	e->nr_pending = 0;
	choices_reset(e);
	spin_reset(e);
	store_buffer_reset(e);
}

/* Brings task i to its first operation. */
static void start_task(struct engine *e, int i)
{
	struct task *t = &e->task[i];

	t->state = TASK_RUNNING;
	e->ready |= TASK_BIT(i);
	if (t->kind == ENGINE_ACTOR)
		e->unfinished |= TASK_BIT(i);
	fiber_reset(&t->fiber, task_main);
	e->current = e->me = i;
	fiber_switch(&e->host, &t->fiber);
}

void run_start_line(struct engine *e, int task, const struct op *op)
{
	struct task *t = &e->task[task];

	t->state = TASK_RUNNING;
	fiber_reset(&t->fiber, task_main);
	line_raise(e, task, op);
}

static void start_tasks(struct engine *e, taskmask which)
{
	e->starting = true;
	for (int i = 0; i < e->nr_tasks && e->end == ENGINE_DONE; i++)
		if (which & TASK_BIT(i))
			start_task(e, i);
	e->starting = false;
}

/* From the host into the first step; returns when the execution is over. */
static void go(struct engine *e)
{
	if (e->end != ENGINE_DONE)
		return;
	if (e->ready) {
		e->live = true;
		schedule(e, false);
	} else if (e->unfinished) {
		violate_stuck(e);
		e->end = ENGINE_VIOLATION;
	}
	e->live = false;
}

void run_execution(struct engine *e)
{
	struct engine *before = this_engine;

	arena_restore(e);
	reset_tasks(e);
	hb_reset(e);
	e->early_loads = e->prog.memory == ENGINE_WEAK_LOCKS;
	if (e->early_loads)
		early_begin(e);
	this_engine = e;
	e->mode = MODE_RUN;
	e->hook_size = e->arena_size;
	e->live = e->detect = true;
	e->weak = e->prog.memory != ENGINE_SC;
	start_tasks(e, ~(taskmask)0);
	go(e);
	e->live = e->detect = e->weak = e->early_loads = false;
	store_buffer_view(e, -1);
	e->mode = MODE_CHECK;
	e->current = -1;
	if ((e->end == ENGINE_DONE || e->end == ENGINE_BOUND) && e->prog.check && !e->violation.oracle[0]) {
		e->prog.check(e->prog.arg);
		if (e->violation.oracle[0])
			e->end = ENGINE_VIOLATION;
	}
	e->mode = MODE_IDLE;
	e->hook_size = 0;
	this_engine = before;
}

/* The set-up is task 0's first life, with the devices beside it. */
int run_setup(struct engine *e, char *err, size_t n)
{
	struct engine *before = this_engine;
	struct task real = e->task[0];
	taskmask which = 1;

	if (!e->prog.setup) {
		arena_snapshot(e);
		return 0;
	}
	for (int i = 0; i < e->nr_tasks; i++)
		if (e->task[i].kind == ENGINE_DEVICE)
			which |= TASK_BIT(i);
	reset_tasks(e);
	hb_reset(e);
	this_engine = e;
	e->task[0].name = "set-up";
	e->task[0].run = e->prog.setup;
	e->task[0].arg = e->prog.arg;
	e->task[0].kind = ENGINE_ACTOR;
	e->mode = MODE_SETUP;
	e->hook_size = e->arena_size;
	e->live = true;
	start_tasks(e, which);
	go(e);
	e->live = false;
	e->mode = MODE_IDLE;
	e->hook_size = 0;
	e->task[0].name = real.name;
	e->task[0].run = real.run;
	e->task[0].arg = real.arg;
	e->task[0].kind = real.kind;
	this_engine = before;
	if (e->violation.oracle[0]) {
		snprintf(err, n, "the set-up of %s failed: %s: %.300s", e->prog.name, e->violation.oracle,
			 e->violation.message);
		return -1;
	}
	arena_snapshot(e);
	return 0;
}
