/* SPDX-License-Identifier: MIT */
/*
 * irq.c - interrupts: each CPU has a gate that keeps them out, and the sender of an IPI runs the handler
 *
 * A CPU holds its own gate from the beginning to the end of a user instruction and while interrupts are off.
 * A sender takes the gate of each target in turn, which is the wait until interrupts are enabled there, and
 * runs the handler on its behalf; meanwhile that CPU can begin no instruction. It holds no gate of its own,
 * so that two senders to each other do not wait for each other.
 */
#include <sched.h>

#include "native/internal.h"

#define SPINS_BEFORE_YIELD 100

static bool gate_try(u32 *gate)
{
	u32 open = 0;

	return __atomic_compare_exchange_n(gate, &open, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void gate_wait(u32 *gate, const char *op)
{
	native_says_wait(op, "gate", NULL);
	for (unsigned n = 1; !gate_try(gate); n++) {
		native_leave_if_stopped();
		if (n % SPINS_BEFORE_YIELD)
			__builtin_ia32_pause();
		else
			sched_yield();
	}
	native_says_wait(NULL, NULL, NULL);
}

/* A handler is running on this CPU. */
void native_gate_shut_slow(u32 *gate)
{
	if (!native_self->alone)
		gate_wait(gate, "interrupt");
}

void native_irqs_on(void)
{
	if (!native_self->alone)
		sync_violation("irqs-on", "%s enables interrupts that are on", native_self->name);
}

static void run_handler(struct native_task *t, int cpu, void (*fn)(int cpu, void *info), void *info)
{
	int self = t->cpu;

	t->cpu = cpu;
	t->gate_depth++; /* of the target: an instruction or irq_disable in the handler must not take ours */
	t->irq_depth++;
	fn(cpu, info);
	t->irq_depth--;
	t->gate_depth--;
	t->cpu = self;
}

void smp_call_function_many(u64 mask, void (*fn)(int cpu, void *info), void *info)
{
	struct native_machine *m = self_thread()->m;
	struct native_task *t = native_self;

	if (t->irq_depth && !t->alone)
		sync_violation("ipi-irqs-off",
			       "%s sends an IPI with interrupts off: two CPUs doing so wait for each other",
			       t->name);
	for (int cpu = 0; cpu < m->nr_cpus; cpu++) {
		u32 *gate = &m->gate[cpu].shut;

		if (cpu == t->cpu || !(mask & (1ull << cpu)))
			continue;
		if (!t->alone && !gate_try(gate))
			gate_wait(gate, "wait_ipi");
		run_handler(t, cpu, fn, info);
		if (!t->alone)
			__atomic_store_n(gate, 0, __ATOMIC_RELEASE);
	}
}
