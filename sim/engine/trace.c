/* SPDX-License-Identifier: MIT */
/*
 * trace.c - a record of one execution, step by step: who, what, where in the code, and what changed
 *
 * A step's entry is begun when it is chosen and finished when the next is, since the plain writes between are part of
 * it. Stacks are walked by frame pointers, which hooked code keeps.
 */
#include "engine/internal.h"

/* => what hooks would have seen of the program's describing code is nothing */
static size_t unobserved(struct engine *e)
{
	size_t size = e->hook_size;

	e->hook_size = 0;
	return size;
}

bool describe(struct engine *e, const void *addr, size_t size, char *buf, size_t n)
{
	size_t observed;
	bool named;

	if (!e->prog.describe)
		return false;
	observed = unobserved(e);
	named = e->prog.describe(addr, size, buf, n);
	e->hook_size = observed;
	return named;
}

static struct engine_step *last(struct engine *e)
{
	return e->trace->nr ? &e->trace->step[e->trace->nr - 1] : NULL;
}

extern const char __executable_start[], _end[];

/*
 * Addresses differ from process to process and must not tell traces apart: one in the arena counts as its offset, one
 * in a stack or in the program as an address of that kind.
 */
static uint64_t stable(const struct engine *e, uint64_t v)
{
	if (v - e->base < e->arena_size)
		return v - e->base;
	if (v - (uintptr_t)__executable_start < (uintptr_t)_end - (uintptr_t)__executable_start)
		return 1;
	for (int i = 0; i < e->nr_all; i++)
		if (e->task[i].fiber.stack && v - (uintptr_t)e->task[i].fiber.stack < e->task[i].fiber.size)
			return 2;
	return v;
}

static void mix(struct engine *e, uint64_t v)
{
	uint64_t h = e->trace->hash ^ v;

	e->trace->hash = rng_next(&h);
}

/* => the number of return addresses stored, innermost first */
int trace_stack(struct engine *e, void **pc, int max, void *frame)
{
	uintptr_t *fp = frame;
	int n = 0;
	uintptr_t lo, hi;

	if (e->current < 0)
		return 0;
	lo = (uintptr_t)e->task[e->current].fiber.stack;
	hi = lo + e->task[e->current].fiber.size - 16;
	while (n < max && (uintptr_t)fp >= lo && (uintptr_t)fp < hi) {
		if (!fp[1])
			break;
		pc[n++] = (void *)fp[1];
		if ((uintptr_t *)fp[0] <= fp)
			break;
		fp = (uintptr_t *)fp[0];
	}
	return n;
}

void trace_step(struct engine *e, int task)
{
	struct engine_trace *t = e->trace;
	struct engine_step *s;
	const struct op *op = &e->step_op;

	if (t->nr == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 256;
		t->step = realloc(t->step, t->cap * sizeof(*t->step));
		if (!t->step)
			engine_panic("no memory for a trace of %zu steps", t->cap);
	}
	s = &t->step[t->nr++];
	memset(s, 0, sizeof(*s));
	s->index = (uint32_t)t->nr;
	s->task = task;
	s->op = op->name;
	s->blocked = e->task[task].waited;
	if (op->mode == OP_CHOOSE)
		snprintf(s->object, sizeof(s->object), "%s", (const char *)op->addr);
	else if (op->addr)
		describe(e, op->addr, op->size ? op->size : 1, s->object, sizeof(s->object));
	/* Locks, completions, wait queues: their name is in one place. */
	if (!s->object[0] && op->addr && !op->size &&
	    ((op->mode >= OP_ACQUIRE && op->mode <= OP_GRANT) || op->mode >= OP_CONSUME) &&
	    ((const struct sync_lock *)op->addr)->name)
		snprintf(s->object, sizeof(s->object), "%s", ((const struct sync_lock *)op->addr)->name);
	mix(e, (uint64_t)task << 32 | op->loc);
	mix(e, (uint64_t)op->mode << 8 | op->size);
	mix(e, op->mask);
	if (task < e->irq_base || task == e->rcu_task)
		s->depth = -1; /* its stack is known when it runs: trace_values(), trace_flush() */
}

static void note_stack(struct engine *e, struct engine_step *s)
{
	if (s->depth < 0)
		s->depth = trace_stack(e, s->pc, ENGINE_STACK_DEPTH, __builtin_frame_address(0));
}

static void note_change(struct engine *e, struct engine_step *s, const void *addr, unsigned size,
			uint64_t old, uint64_t new_)
{
	char text[sizeof(s->change)] = "";
	size_t len = strlen(s->change), observed;
	bool said;

	if (old == new_ || !e->prog.describe_change)
		return;
	observed = unobserved(e);
	said = e->prog.describe_change(addr, size, old, new_, text, sizeof(text));
	e->hook_size = observed;
	if (!said || !text[0])
		return;
	snprintf(s->change + len, sizeof(s->change) - len, "%s%s", len ? ", " : "", text);
}

/* The task that was chosen is about to perform its operation. */
void trace_here(struct engine *e)
{
	struct engine_step *s = last(e);

	if (s)
		note_stack(e, s);
}

/* The operation of this step found `old` and left `new_`. size 0: not memory. */
void trace_values(struct engine *e, const void *addr, unsigned size, uint64_t old, uint64_t new_)
{
	struct engine_step *s = last(e);

	if (!s || e->starting || !e->live)
		return;
	note_stack(e, s);
	s->old = stable(e, old);
	s->new_ = stable(e, new_);
	if (!size)
		return;
	mix(e, s->old);
	mix(e, s->new_);
	note_change(e, s, addr, size, old, new_);
}

static uint64_t value(uintptr_t addr, unsigned size)
{
	uint64_t v = 0;

	memcpy(&v, (void *)addr, size < 8 ? size : 8);
	return v;
}

/* A plain write is about to happen; what it leaves is looked at when the step ends. */
void trace_plain(struct engine *e, uintptr_t addr, unsigned size)
{
	struct engine_step *s = last(e);

	if (s && !e->starting)
		note_stack(e, s);
	if (e->nr_pending == MAX_PENDING_CHANGES || size > 8)
		return;
	for (int i = 0; i < e->nr_pending; i++)
		if (e->pending[i].addr == addr)
			return;
	e->pending[e->nr_pending].addr = addr;
	e->pending[e->nr_pending].size = (uint8_t)size;
	e->pending[e->nr_pending++].old = value(addr, size);
}

void trace_flush(struct engine *e)
{
	struct engine_step *s = last(e);

	for (int i = 0; i < e->nr_pending && s; i++) {
		uintptr_t a = e->pending[i].addr;
		uint64_t now = value(a, e->pending[i].size);

		mix(e, a - e->base);
		mix(e, stable(e, now));
		note_change(e, s, (void *)a, e->pending[i].size, e->pending[i].old, now);
	}
	e->nr_pending = 0;
	if (s && s->depth < 0)
		s->depth = 0;
}

void trace_label(struct engine *e, const char *name)
{
	struct engine_step *s = last(e);

	if (s && !e->starting)
		snprintf(s->label, sizeof(s->label), "%s", name);
}

void engine_trace_free(struct engine_trace *t)
{
	free(t->step);
	memset(t, 0, sizeof(*t));
}
