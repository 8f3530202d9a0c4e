/* SPDX-License-Identifier: MIT */
/*
 * irq.c - interrupts: each CPU has a gate that keeps them out, and a queue of IPIs
 *
 * A CPU's interrupt line is a task of its own, runnable while an IPI is queued and the gate is open; a step of it
 * runs one handler whole, as the CPU does nothing else meanwhile. The gate is shut from the beginning to the end of
 * a user instruction and while interrupts are off. Shutting it is a step; opening it is not, since nothing but the
 * interrupt that may now come can see it.
 *
 * The handler's accesses count as those of the task it interrupts: they are in that CPU's program order.
 */
#include "engine/held.h"

static struct cpu *this_cpu(struct engine *e)
{
	return &e->cpu[task_current(e)->cpu];
}

int smp_processor_id(void)
{
	struct engine *e = this_engine;

	if (e->irq_cpu >= 0)
		return e->irq_cpu;
	return e->current >= 0 ? task_current(e)->cpu : 0;
}

static void gate_shut(struct engine *e, const char *name)
{
	int cpu = task_current(e)->cpu;
	struct op op = { .loc = loc_object(e, OBJ_GATE + cpu), .mode = OP_GATE, .mask = ~0ull, .name = name };

	point(e, &op);
	if (unlikely(e->early_loads))
		early_gate(e);
	e->cpu[cpu].gate_shut = true;
	recheck_task(e, e->irq_base + cpu);
}

static void gate_open(struct engine *e)
{
	struct cpu *c = this_cpu(e);

	c->gate_shut = false;
	c->gate_step = task_current(e)->last_step;
	recheck_task(e, e->irq_base + task_current(e)->cpu);
}

void insn_begin(void)
{
	struct engine *e = this_engine;

	if (e->live && !task_current(e)->irq_depth)
		gate_shut(e, "insn");
}

void insn_end(void)
{
	struct engine *e = this_engine;

	if (e->live && !task_current(e)->irq_depth)
		gate_open(e);
}

void local_irq_disable(void)
{
	struct engine *e = this_engine;

	if (e->live && task_current(e)->irq_depth++ == 0)
		gate_shut(e, "irq_disable");
}

void local_irq_enable(void)
{
	struct engine *e = this_engine;

	if (!e->live)
		return;
	if (!task_current(e)->irq_depth)
		violate(e, "irqs-on", "%s enables interrupts that are on", task_current(e)->name);
	if (--task_current(e)->irq_depth)
		return;
	/* A lock that was taken with interrupts off, and is held with them on from here. */
	for (int i = 0; i < task_current(e)->nr_held; i++)
		if (task_current(e)->held[i].kind == SYNC_SPIN)
			lock_usage(e, task_current(e)->held[i].node, false);
	gate_open(e);
}

bool irqs_disabled(void)
{
	return this_engine->live && task_current(this_engine)->irq_depth > 0;
}

/* ---- IPIs ---------------------------------------------------------------------------------------------- */

static void line_update(struct engine *e, int cpu)
{
	struct cpu *c = &e->cpu[cpu];
	struct op op = { .loc = loc_object(e, OBJ_GATE + cpu),
			 .mode = OP_IRQ,
			 .blocking = true,
			 .mask = ~0ull,
			 .name = "ipi" };

	e->ready &= ~TASK_BIT(e->irq_base + cpu);
	if (!c->nr_queued)
		return;
	op.after = c->queue[0].step;
	line_raise(e, e->irq_base + cpu, &op);
}

/* One step of a CPU's interrupt line. */
void irq_run(struct engine *e, int cpu)
{
	struct cpu *c = &e->cpu[cpu];
	struct ipi ipi = c->queue[0];

	memmove(c->queue, c->queue + 1, (size_t)--c->nr_queued * sizeof(c->queue[0]));
	e->step_op.after_gate = c->gate_step;
	e->me = cpu;
	e->irq_cpu = cpu;
	e->live = false;
	if (e->detect)
		hb_acquire(e, loc_object(e, OBJ_IPI + cpu));
	ipi.fn(cpu, ipi.info);
	if (e->detect)
		hb_release(e, loc_object(e, OBJ_GATE + cpu), false);
	if (unlikely(e->early_loads))
		c->handed[ipi.sender] = early_interrupt(e, cpu, ipi.handed);
	e->live = true;
	e->irq_cpu = -1;
	e->me = e->current;
	c->handled[ipi.sender] = e->step;
	recheck_task(e, ipi.sender);
	line_update(e, cpu);
}

bool ipi_done(const struct engine *e, int task)
{
	int cpu = e->task[task].call_wait;
	uint32_t handled = e->cpu[cpu].handled[task];

	/* Taking an interrupt, a CPU empties its store buffer. */
	return handled && (!e->weak || store_buffer_drained(e, 1u << cpu, handled));
}

static void ipi_send(struct engine *e, int cpu, void (*fn)(int, void *), void *info)
{
	struct cpu *c = &e->cpu[cpu];
	struct op op = {
		.loc = loc_object(e, OBJ_IPI + cpu), .mode = OP_WRITE, .mask = ~0ull, .name = "send_ipi"
	};

	point(e, &op);
	if (c->nr_queued == MAX_IPIS)
		engine_panic("more than %d IPIs queued for one CPU: raise MAX_IPIS", MAX_IPIS);
	c->handled[e->current] = 0;
	c->queue[c->nr_queued++] = (struct ipi){ .fn = fn,
						 .info = info,
						 .sender = e->current,
						 .step = e->step,
						 .handed = unlikely(e->early_loads) ? early_hand(e) : 0 };
	if (e->detect)
		hb_release(e, loc_object(e, OBJ_IPI + cpu), true);
	if (c->nr_queued == 1)
		line_update(e, cpu);
}

static void ipi_wait(struct engine *e, int cpu)
{
	struct op op = { .mode = OP_NONE, .blocking = true, .name = "wait_ipi" };
	struct task *t = task_current(e);

	t->call_wait = cpu;
	point(e, &op);
	e->step_op.after = e->cpu[cpu].handled[e->current];
	if (unlikely(e->weak)) {
		e->step_op.drained_cpus = (uint16_t)(1u << cpu);
		e->step_op.drained_before = e->step_op.after;
	}
	if (e->detect)
		hb_acquire(e, loc_object(e, OBJ_GATE + cpu));
	if (unlikely(e->early_loads))
		early_take(e, e->cpu[cpu].handed[e->current]);
}

void smp_call_function_many(u64 mask, void (*fn)(int cpu, void *info), void *info)
{
	struct engine *e = this_engine;
	int nr_cpus = e->nr_lines, self = smp_processor_id();

	if (!e->live) {
		for (int c = 0; c < nr_cpus; c++)
			if (c != self && (mask & (1ull << c)))
				fn(c, info);
		return;
	}
	if (task_current(e)->irq_depth)
		violate(e, "ipi-irqs-off",
			"%s sends an IPI with interrupts off: two CPUs doing so wait for each other",
			task_current(e)->name);
	for (int c = 0; c < nr_cpus; c++)
		if (c != self && (mask & (1ull << c)))
			ipi_send(e, c, fn, info);
	for (int c = 0; c < nr_cpus; c++)
		if (c != self && (mask & (1ull << c)))
			ipi_wait(e, c);
}
