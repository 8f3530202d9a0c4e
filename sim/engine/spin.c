/* SPDX-License-Identifier: MIT */
/*
 * spin.c - loops that change nothing wait instead of going round
 *
 *	while (!READ_ONCE(x))
 *		cpu_relax();
 *
 * An iteration, from one yield to the next at the same place, is idle when the task wrote nothing and its own state
 * (stack, registers) is at its end what it was at its beginning. What such a task does next depends on that state and
 * on what it reads alone: so as long as nobody writes a location that the iteration read, another one would be the
 * same. Then the yield waits for such a write, and a spin of any length is two iterations. Leaving out idle iterations
 * leaves out no state: they have no effect.
 *
 * A write that came between the iteration's read and the yield ends the wait as one that comes later does, and the
 * yield comes after it as well: which it was, the order of independent steps decides.
 *
 * A retry counter, a lock taken, a write of another value: each makes the iteration no idle one, and the loop goes round
 * as it is written. Under the weak memory models a store is a change where its CPU makes it, and a write for others
 * where it reaches memory.
 *
 * I1: while a task is in e->noting, spin.read holds all that it read since its last yield, spin.written tells the first
 *     write to it, and the task wrote nothing since.
 */
#include "engine/held.h"

void spin_cpu_relax(const uintptr_t *sp);
void spin_cond_resched(const uintptr_t *sp);

/* Pushes the registers that a call preserves, so that they are part of the stack that is compared. */
#define YIELD(name)                                                                                          \
	__asm__(".text\n"                                                                                    \
		".p2align 4\n"                                                                               \
		".globl " #name "\n"                                                                         \
		".type " #name ", @function\n" #name ":\n"                                                   \
		"	pushq %rbp\n"                                                                              \
		"	movq %rsp, %rbp\n"                                                                         \
		"	pushq %rbx\n"                                                                              \
		"	pushq %r12\n"                                                                              \
		"	pushq %r13\n"                                                                              \
		"	pushq %r14\n"                                                                              \
		"	pushq %r15\n"                                                                              \
		"	movq %rsp, %rdi\n"                                                                         \
		"	subq $8, %rsp\n"                                                                           \
		"	call spin_" #name "\n"                                                               \
		"	addq $8, %rsp\n"                                                                           \
		"	popq %r15\n"                                                                               \
		"	popq %r14\n"                                                                               \
		"	popq %r13\n"                                                                               \
		"	popq %r12\n"                                                                               \
		"	popq %rbx\n"                                                                               \
		"	popq %rbp\n"                                                                               \
		"	ret\n"                                                                                     \
		".size " #name ", . - " #name "\n")

YIELD(cpu_relax);
YIELD(cond_resched);

void spin_reset(struct engine *e)
{
	e->noting = 0;
}

void *__real_memcpy(void *d, const void *s, size_t n);

/* Not memcpy(), which would be seen as a read of the task's. */
uint64_t spin_value(const void *p, unsigned size)
{
	uint64_t v = 0;

	__real_memcpy(&v, p, size);
	return v;
}

/* The task's own state: its stack from sp on, and what the engine keeps for it. */
static uint64_t __attribute__((no_sanitize("address"))) state_of(const struct task *t, const uintptr_t *sp)
{
	const uintptr_t *top = (const uintptr_t *)((const char *)t->fiber.stack + t->fiber.size);
	uint64_t h = (uint64_t)(uintptr_t)sp ^ ((uint64_t)t->irq_depth << 32) ^ (uint64_t)t->rcu_depth;

	h = (h ^ (uintptr_t)t->data) * 0x9e3779b97f4a7c15ull;
	for (; sp < top; sp++) {
		h = (h ^ *sp) * 0xff51afd7ed558ccdull;
		h ^= h >> 32;
	}
	return h;
}

static void yield(const uintptr_t *sp, const char *name)
{
	struct engine *e = this_engine;
	struct op op = { .mode = OP_NONE, .yield = true, .name = name };
	taskmask bit;
	struct spin *s;
	uint64_t state;

	if (!e->live)
		return;
	bit = TASK_BIT(e->current);
	s = &task_current(e)->spin;
	state = state_of(task_current(e), sp);
	if ((e->noting & bit) && s->state == state) {
		op.mode = OP_SPIN;
		op.yield = false;
		op.blocking = true;
		op.after = s->written;
	}
	point(e, &op);
	if (unlikely(e->early_loads))
		early_yield(e);
	e->noting |= bit;
	s->state = state;
	s->nr = 0;
	s->written = 0;
}

void spin_cpu_relax(const uintptr_t *sp)
{
	yield(sp, "cpu_relax");
}

void spin_cond_resched(const uintptr_t *sp)
{
	may_sleep(this_engine, "cond_resched", NULL);
	yield(sp, "cond_resched");
}

/* ---- what an iteration does ------------------------------------------------------------------------------ */

void spin_changed(struct engine *e)
{
	if (e->live && e->current >= 0)
		e->noting &= ~TASK_BIT(e->current);
}

void spin_op(struct engine *e, const struct op *op)
{
	if (op->fence)
		return;
	switch (op->mode) {
	case OP_READ:
	case OP_TRY: /* one that succeeds writes the lock */
	case OP_SPIN:
	case OP_WQ_LOOK:
		return;
	case OP_WRITE: /* a compare-and-exchange may fail, another operation leave the value that it found */
	case OP_ADD:
		if (op->size)
			return;
		break;
	case OP_NONE:
		if (!op->blocking)
			return;
		break;
	default:
		break;
	}
	spin_changed(e);
}

static void read_word(struct engine *e, const void *p, unsigned size)
{
	struct spin *s = &task_current(e)->spin;

	for (int i = 0; i < s->nr; i++)
		if (s->read[i].addr == p && s->read[i].size == size)
			return;
	if (s->nr == SPIN_READS) {
		spin_changed(e);
		return;
	}
	s->read[s->nr].addr = p;
	s->read[s->nr++].size = (uint8_t)size;
}

void spin_read(struct engine *e, const void *p, size_t size)
{
	const char *at = p;

	if (!e->live || e->current < 0 || !(e->noting & TASK_BIT(e->current)))
		return;
	for (; size > 8; size -= 8, at += 8)
		read_word(e, at, 8);
	read_word(e, at, (unsigned)size);
}

static bool reads(const struct spin *s, const char *p, size_t size)
{
	for (int i = 0; i < s->nr; i++) {
		const char *addr = s->read[i].addr;

		if (addr < p + size && p < addr + s->read[i].size)
			return true;
	}
	return false;
}

/* Tasks of `cpu` saw it before. */
static void wake(struct engine *e, const void *p, size_t size, int cpu)
{
	for (taskmask m = e->noting; m; m &= m - 1) {
		struct task *t = &e->task[task_first(m)];

		if (t->spin.written || (cpu >= 0 && t->cpu == cpu) || !reads(&t->spin, p, size))
			continue;
		t->spin.written = e->step;
		if (t->op.mode == OP_SPIN) {
			t->op.after = e->step;
			recheck_task(e, task_first(m));
		}
	}
}

void spin_wrote(struct engine *e, const void *p, size_t size)
{
	spin_changed(e);
	wake(e, p, size, -1);
}

void spin_reached(struct engine *e, const void *p, size_t size, int cpu)
{
	wake(e, p, size, cpu);
}
