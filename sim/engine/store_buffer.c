/* SPDX-License-Identifier: MIT */
/*
 * store_buffer.c - weak memory: the marked stores of a CPU that others do not see yet
 *
 * tso (x86, Owens, Sarkar, Sewell 2009): a FIFO a CPU, whose stores its own loads see first. pso (SPARC's): stores to
 * different addresses leave in any order that the CPU's write barriers leave open. A store enters the buffer of its CPU in
 * its own step, which nobody else can see, and reaches memory in a step of a drain line: a task of the engine's, one a
 * CPU under tso, one a CPU and address under pso, so that what two lines do is ordered only by what they write.
 *
 * Locked operations and full fences wait until their CPU's buffer is empty. Under weak-locks only those that are
 * ordered do: relaxed read-modify-writes and acquires wait for nothing but earlier stores to their own word. Its loads
 * are early.c's.
 *
 * Memory always shows the running CPU's view: the buffered stores of e->view lie over what others see, which each
 * remembers in `under`. Plain stores are not buffered: what they could show too early only a data race can see.
 * Devices have no buffer.
 *
 * S1: buf[0 .. nr) are in program order.
 * S2: the bytes under the view's stores are what memory would hold without them.
 */
#include "engine/internal.h"

void *__real_memcpy(void *d, const void *s, size_t n);

/* An actor's task is the number of its CPU. */
static bool has_buffer(const struct engine *e, int task)
{
	return task >= 0 && task < e->nr_lines;
}

int store_buffer_lines(enum engine_memory memory, int nr_cpus, int nr_tasks)
{
	int room;

	if (memory == ENGINE_SC || !nr_cpus)
		return 0;
	if (memory == ENGINE_TSO)
		return 1;
	room = (ENGINE_MAX_TASKS - nr_tasks) / nr_cpus;
	return room < MAX_DRAIN_LINES ? room : MAX_DRAIN_LINES;
}

/* ---- the view ------------------------------------------------------------------------------------------ */

static bool overlap(uintptr_t a, unsigned n, uintptr_t b, unsigned m)
{
	return a < b + m && b < a + n;
}

static uint64_t get(uintptr_t p, unsigned size)
{
	uint64_t v = 0;

	__real_memcpy(&v, (const void *)p, size);
	return v;
}

static void put(uintptr_t p, unsigned size, uint64_t v)
{
	__real_memcpy((void *)p, &v, size);
}

static void lay(struct store *s)
{
	if (s->lock)
		return;
	s->under = get(s->addr, s->size);
	put(s->addr, s->size, s->value);
}

void store_buffer_view(struct engine *e, int cpu)
{
	if (!has_buffer(e, cpu))
		cpu = -1;
	if (e->view == cpu)
		return;
	if (e->view >= 0) {
		struct cpu *c = &e->cpu[e->view];

		for (int i = c->nr_stores; i-- > 0;)
			if (!c->store[i].lock)
				put(c->store[i].addr, c->store[i].size, c->store[i].under);
	}
	e->view = cpu;
	if (cpu >= 0)
		for (int i = 0; i < e->cpu[cpu].nr_stores; i++)
			lay(&e->cpu[cpu].store[i]);
}

/* [p, p + size), size at most 8, as memory holds it, whoever runs. */
uint64_t store_buffer_global(const struct engine *e, const void *p, unsigned size)
{
	uint8_t byte[8] = { 0 };
	uint64_t v;
	const struct cpu *c = e->view >= 0 ? &e->cpu[e->view] : NULL;

	__real_memcpy(byte, p, size);
	for (int i = c ? c->nr_stores : 0; i-- > 0;) {
		const struct store *s = &c->store[i];
		const uint8_t *under = (const uint8_t *)&s->under;

		for (unsigned k = 0; k < s->size && !s->lock; k++)
			if (s->addr + k - (uintptr_t)p < size)
				byte[s->addr + k - (uintptr_t)p] = under[k];
	}
	__real_memcpy(&v, byte, sizeof(v));
	return v;
}

/* ---- who waits for what --------------------------------------------------------------------------------- */

bool store_buffer_ready(const struct engine *e, int task, const struct op *op)
{
	const struct cpu *c;
	if (!has_buffer(e, task))
		return true;
	c = &e->cpu[task];
	switch (op->drain) {
	case DRAIN_ALL:
		return !c->nr_stores;
	case DRAIN_ROOM:
		return c->nr_stores < STORE_BUFFER_SIZE;
	case DRAIN_OVERLAP:
		for (int i = 0; i < c->nr_stores; i++)
			if (overlap(c->store[i].addr, c->store[i].size, (uintptr_t)op->addr,
				    op->size ? op->size : sizeof(struct sync_lock)))
				return false;
		return true;
	default:
		return true;
	}
}

bool store_buffer_forwards(const struct engine *e, const void *p, unsigned size)
{
	struct op op = { .size = (uint8_t)size, .addr = p, .drain = DRAIN_OVERLAP };

	return !store_buffer_ready(e, e->current, &op);
}

/* Have all stores of CPUs `cpus` that were made before step `before` reached memory? */
bool store_buffer_drained(const struct engine *e, uint32_t cpus, uint32_t before)
{
	for (; cpus; cpus &= cpus - 1) {
		const struct cpu *c = &e->cpu[__builtin_ctz(cpus)];

		for (int i = 0; i < c->nr_stores; i++)
			if (c->store[i].step < before)
				return false;
	}
	return true;
}

/* What an operation waits for unless it says so itself. */
static enum op_drain drain_of(const struct engine *e, const struct op *op)
{
	bool weak = e->prog.memory == ENGINE_WEAK_LOCKS;

	switch (op->mode) {
	case OP_WRITE:
	case OP_ADD:
		return weak && op->relaxed ? DRAIN_OVERLAP : DRAIN_ALL;
	case OP_ACQUIRE:
	case OP_ACQUIRE_SHARED:
	case OP_TRY:
	case OP_ENQUEUE:
	case OP_ENQUEUE_SHARED:
		return weak ? DRAIN_OVERLAP : DRAIN_ALL;
	case OP_RELEASE:
	case OP_RELEASE_SHARED:
	case OP_GP_START:
	case OP_CONSUME:
	case OP_WQ_JOIN:
	case OP_WAKE:
		return DRAIN_ALL;
	case OP_AWAIT:
	case OP_WAIT_FREE:
		return DRAIN_OVERLAP;
	default:
		return op->fence ? DRAIN_ALL : DRAIN_NEVER;
	}
}

/* Before `op` of the running task is announced. */
void store_buffer_prepare(struct engine *e, struct op *op)
{
	int cpu = e->current;

	if (!has_buffer(e, cpu))
		return;
	if (op->drain == DRAIN_DEFAULT)
		op->drain = (uint8_t)drain_of(e, op);
	if (op->drain == DRAIN_NEVER)
		return;
	op->blocking |= e->cpu[cpu].nr_stores > 0;
	if (op->drain == DRAIN_ALL || (op->drain == DRAIN_OVERLAP && !op->loc)) {
		op->drained_cpus |= (uint16_t)(1u << cpu);
		op->drained_before = ~0u;
	}
}

/* ---- lines -------------------------------------------------------------------------------------------------- */

static int line_task(const struct engine *e, int cpu, int line)
{
	return e->drain_base + cpu * e->drain_lines + line;
}

/* The line for an address: always the same for one CPU's stores there in one execution. */
static int line_of(struct engine *e, int cpu, const void *p)
{
	struct cpu *c = &e->cpu[cpu];
	uint32_t at = (uint32_t)arena_off(e, p);
	int i = 0;

	if (e->drain_lines == 1)
		return 0;
	while (i < c->nr_words && c->word[i] != at)
		i++;
	if (i == c->nr_words && i < e->drain_lines)
		c->word[c->nr_words++] = at;
	if (i >= e->drain_lines) { /* such addresses share a queue: fewer orders than pso has */
		e->lines_short = true;
		i = e->drain_lines - 1;
	}
	return i;
}

static struct op drain_op(int cpu, const struct store *s)
{
	struct op op = { .loc = s->loc, .mode = OP_WRITE, .name = "drain", .after = s->step };

	if (s->lock) {
		op.mode = OP_RELEASE;
		op.addr = s->lock;
		op.mask = ~0ull;
	} else {
		op.addr = (const void *)s->addr;
		op.size = s->size;
		op.mask = word_mask(op.addr, s->size);
	}
	if (s->barrier) {
		op.drained_cpus = (uint16_t)(1u << cpu);
		op.drained_before = s->barrier;
	}
	return op;
}

/* Which lines of a CPU can run, and with what. */
static void update_lines(struct engine *e, int cpu)
{
	struct cpu *c = &e->cpu[cpu];
	uint64_t seen = 0;

	for (int l = 0; l < e->drain_lines; l++)
		e->ready &= ~TASK_BIT(line_task(e, cpu, l));
	for (int i = 0; i < c->nr_stores; i++) {
		struct store *s = &c->store[i];
		int task = line_task(e, cpu, s->line);
		bool free_ = true;

		if (seen & (1ull << s->line))
			continue;
		seen |= 1ull << s->line;
		for (int k = 0; k < i && free_; k++)
			free_ = c->store[k].step >= s->barrier &&
				!overlap(c->store[k].addr, c->store[k].size, s->addr, s->size);
		if (!free_)
			continue;
		e->task[task].op = drain_op(cpu, s);
		e->ready |= TASK_BIT(task);
	}
}

static void drained(struct engine *e, int cpu)
{
	update_lines(e, cpu);
	for (taskmask m = e->waiting; m; m &= m - 1)
		recheck_task(e, task_first(m));
}

/* One step of a drain line. */
void store_buffer_run(struct engine *e, int task)
{
	int cpu = (task - e->drain_base) / e->drain_lines, line = (task - e->drain_base) % e->drain_lines,
	    i = 0;
	struct cpu *c = &e->cpu[cpu];
	struct store s;

	store_buffer_view(e, -1);
	while (c->store[i].line != line)
		i++;
	s = c->store[i];
	memmove(c->store + i, c->store + i + 1, (size_t)(--c->nr_stores - i) * sizeof(s));
	if (s.lock) {
		s.lock->owner = 0;
		spin_reached(e, s.lock, sizeof(*s.lock), -1);
	} else {
		e->step_old = get(s.addr, s.size);
		e->step_new = s.value;
		put(s.addr, s.size, s.value);
		spin_reached(e, (const void *)s.addr, s.size, cpu);
		if (e->early_loads)
			early_reached(e, cpu, &s, e->step_old);
		if (unlikely(e->tracing))
			trace_values(e, (const void *)s.addr, s.size, e->step_old, s.value);
	}
	recheck(e, s.loc);
	drained(e, cpu);
}

/* ---- stores ---------------------------------------------------------------------------------------------------- */

static struct store *append(struct engine *e, const void *p)
{
	struct cpu *c = &e->cpu[e->current];
	struct store *s = &c->store[c->nr_stores++];

	spin_changed(e);
	*s = (struct store){ .loc = loc_word(e, p),
			     .step = e->step,
			     .barrier = c->barrier,
			     .line = (uint8_t)line_of(e, e->current, p) };
	return s;
}

bool store_buffer_holds_back(const struct engine *e)
{
	return e->live && e->irq_cpu < 0 && has_buffer(e, e->current);
}

/* What a store is to others in the step that makes it: only interrupts of its CPU can tell when that was. */
struct op store_buffer_op(const struct engine *e, const void *p, const char *name)
{
	return (struct op){ .loc = loc_object(e, OBJ_GATE + e->current),
			    .mode = OP_STORE,
			    .mask = ~0ull,
			    .drain = DRAIN_ROOM,
			    .name = name,
			    .addr = p };
}

/* The step of a marked store that others are to see later. */
void store_buffer_point(struct engine *e, const void *p, unsigned size, const char *name)
{
	struct op op = store_buffer_op(e, p, name);

	op.size = (uint8_t)size;
	point(e, &op);
}

/* After its point: the store itself. */
void store_buffer_add(struct engine *e, const void *p, unsigned size, uint64_t value, bool release)
{
	struct store *s = append(e, p);

	s->addr = (uintptr_t)p;
	s->size = (uint8_t)size;
	s->value = value;
	if (release && e->prog.memory != ENGINE_TSO)
		s->barrier = e->step;
	if (e->early_loads)
		early_held_back(e, s, release);
	lay(s);
	update_lines(e, e->current);
}

void store_buffer_unlock(struct engine *e, struct sync_lock *l)
{
	struct store *s = append(e, l);

	s->lock = l;
	s->barrier = e->prog.memory != ENGINE_TSO ? e->step : 0;
	if (e->early_loads)
		early_held_back(e, s, true);
	update_lines(e, e->current);
}

/* A release fence: what this CPU stores from now on leaves after what it stored before. */
void store_buffer_barrier(struct engine *e)
{
	if (has_buffer(e, e->current) && e->prog.memory != ENGINE_TSO)
		e->cpu[e->current].barrier = e->step;
}

/* A plain store over a marked one that is still held back comes after it. */
void store_buffer_plain(struct engine *e, const void *p, unsigned size)
{
	struct op op = { .size = (uint8_t)size, .name = "plain store", .addr = p, .drain = DRAIN_OVERLAP };

	if (e->irq_cpu < 0 && e->current >= 0 && !store_buffer_ready(e, e->current, &op))
		point(e, &op);
}

void store_buffer_reset(struct engine *e)
{
	for (int i = 0; i < e->nr_lines; i++) {
		e->cpu[i].nr_stores = e->cpu[i].nr_words = 0;
		e->cpu[i].barrier = 0;
	}
	for (int i = e->drain_base; i < e->nr_all; i++) {
		e->task[i].op = (struct op){ .name = "drain" };
		e->task[i].state = TASK_RUNNING;
	}
	e->view = -1;
}
