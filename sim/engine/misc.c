/* SPDX-License-Identifier: MIT */
/* misc.c - the rest of sync.h: page contents, the machine, labels */
#include "engine/internal.h"

static uint64_t chunk_mask(const void *p, size_t n)
{
	unsigned first = ((uintptr_t)p & 4095) >> 6, last = (unsigned)((((uintptr_t)p & 4095) + n - 1) >> 6);

	return (last == 63 ? ~0ull : (1ull << (last + 1)) - 1) & ~((1ull << first) - 1);
}

/* A step on part of a page's contents. `n` is at least 1 and the range lies in one page. */
static void content_point(struct engine *e, const void *p, size_t n, bool write, const char *name)
{
	size_t off = arena_off(e, p);
	struct op op;

	if (off >= e->arena_size || ((off + n - 1) ^ off) >> PAGE_SHIFT_)
		engine_panic("%s of %zu bytes outside the arena or across a page", name, n);
	spin_changed(e);
	if (e->live) {
		op = (struct op){ .loc = loc_page(e, p),
				  .mode = write ? OP_WRITE : OP_READ,
				  .mask = chunk_mask(p, n),
				  .name = name,
				  .addr = p };
		point(e, &op);
		if (unlikely(e->line[off >> LINE_SHIFT].poison))
			arena_poison_hit(e, off, name);
	}
	if (write)
		arena_dirty_range(e, p, n);
}

void *__real_memcpy(void *d, const void *s, size_t n);
void *__real_memset(void *d, int c, size_t n);

static uint64_t head(const void *p, size_t n)
{
	uint64_t v = 0;

	__real_memcpy(&v, p, n < 8 ? n : 8);
	return v;
}

void content_read(void *local, const void *src, size_t n)
{
	struct engine *e = this_engine;

	content_point(e, src, n, false, "read");
	__real_memcpy(local, src, n);
	if (unlikely(e->states != NULL))
		state_learn_bytes(e, src, n);
	if (unlikely(e->tracing))
		trace_values(e, src, (unsigned)n, head(src, n), head(src, n));
}

void content_write(void *dst, const void *local, size_t n)
{
	struct engine *e = this_engine;
	uint64_t old;

	content_point(e, dst, n, true, "write");
	old = head(dst, n);
	__real_memcpy(dst, local, n);
	if (unlikely(e->tracing))
		trace_values(e, dst, (unsigned)n, old, head(dst, n));
}

void content_zero(void *dst, size_t n)
{
	struct engine *e = this_engine;

	content_point(e, dst, n, true, "zero");
	__real_memset(dst, 0, n);
	if (unlikely(e->tracing))
		trace_values(e, dst, (unsigned)n, 0, 0);
}

void content_copy(void *dst, const void *src, size_t n)
{
	uint8_t page[4096];

	content_read(page, src, n);
	content_write(dst, page, n);
}

void *sync_machine(void)
{
	return (void *)this_engine->base;
}

void *sync_task_data(void)
{
	struct engine *e = this_engine;

	return e->current >= 0 ? e->task[e->current].data : e->host_data;
}

void sync_set_task_data(void *data)
{
	struct engine *e = this_engine;

	if (e->current >= 0)
		e->task[e->current].data = data;
	else
		e->host_data = data;
}

const char *sync_task_name(void)
{
	struct engine *e = this_engine;

	return e->current >= 0 ? e->task[e->current].name : "check";
}

/* What follows is not hooked, so that what it reads is not known. */
void sync_ghost_begin(const void *p, size_t n)
{
	spin_changed(this_engine);
	arena_dirty_range(this_engine, p, n);
}

void sync_ghost_step(const void *p, bool write, const char *name)
{
	struct engine *e = this_engine;
	struct op op = { .loc = loc_word(e, p),
			 .mode = write ? OP_WRITE : OP_READ,
			 .drain = DRAIN_NEVER,
			 .mask = ~0ull,
			 .name = name,
			 .addr = p };

	spin_changed(e);
	if (e->live)
		point(e, &op);
}

/* A loop that looks at the clock comes round to something else each time. */
u64 sync_time(void)
{
	spin_changed(this_engine);
	learn(this_engine, this_engine->step);
	return this_engine->step;
}

void sync_step(const char *name)
{
	struct op op = { .mode = OP_NONE, .name = name };

	spin_changed(this_engine);
	if (this_engine->live)
		point(this_engine, &op);
}

void sync_label(const char *name)
{
	struct engine *e = this_engine;
	struct task *t;

	if (e->mode != MODE_RUN || e->current < 0)
		return;
	t = task_current(e);
	t->label = name;
	t->label_step = t->last_step;
	if (e->strategy->label)
		e->strategy->label(e, name);
	if (unlikely(e->tracing))
		trace_label(e, name);
}
