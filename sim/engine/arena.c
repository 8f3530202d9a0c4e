/* SPDX-License-Identifier: MIT */
/*
 * arena.c - the memory that an execution can change, its snapshot, and what is poisoned in it
 *
 * I1: between executions the arena equals the image, and every line's poison its snapshot's.
 * I2: during one, a line whose bytes may differ from the image is in e->dirty, once: its `dirty` is e->gen, or 0
 * when states are hashed and it was not written since the last was.
 * Restoring costs what was touched. Every write of hooked code passes a hook that keeps I2; engine code that
 * writes to the arena calls arena_dirty_range() or arena_mark() first.
 */
#include <sys/mman.h>

#include "engine/internal.h"

static void *map(struct engine *e, size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	e->mapped += n;
	return p;
}

int arena_create(struct engine *e, char *err, size_t n)
{
	size_t size = (e->prog.arena_size + 4095) & ~(size_t)4095;
	void *arena;

	if (!size)
		size = 4096;
	e->arena_size = size;
	arena = map(e, size);
	e->base = (uintptr_t)arena;
	e->image = map(e, size);
	e->line = map(e, (size >> LINE_SHIFT) * sizeof(*e->line));
	e->cell = map(e, (size >> 3) * sizeof(*e->cell));
	e->dirty = map(e, (size >> LINE_SHIFT) * sizeof(*e->dirty));
	e->poisoned = map(e, (size >> LINE_SHIFT) * sizeof(*e->poisoned));
	e->loc_pages = (uint32_t)(size >> 3) + 1;
	e->loc_objects = e->loc_pages + (uint32_t)(size >> PAGE_SHIFT_);
	e->nr_locs = e->loc_objects + NR_OBJS;
	e->sync = map(e, e->nr_locs * sizeof(*e->sync));
	if (!arena || !e->image || !e->line || !e->cell || !e->dirty || !e->poisoned || !e->sync) {
		snprintf(err, n, "no memory for an arena of %zu bytes and its shadow", size);
		return -1;
	}
	e->gen = 1;
	return 0;
}

static void unmap(void *p, size_t n)
{
	if (p)
		munmap(p, n);
}

void arena_destroy(struct engine *e)
{
	size_t size = e->arena_size;

	unmap((void *)e->base, size);
	unmap(e->image, size);
	unmap(e->line, (size >> LINE_SHIFT) * sizeof(*e->line));
	unmap(e->cell, (size >> 3) * sizeof(*e->cell));
	unmap(e->dirty, (size >> LINE_SHIFT) * sizeof(*e->dirty));
	unmap(e->poisoned, (size >> LINE_SHIFT) * sizeof(*e->poisoned));
	unmap(e->sync, e->nr_locs * sizeof(*e->sync));
}

void arena_snapshot(struct engine *e)
{
	memcpy(e->image, (void *)e->base, e->arena_size);
	for (size_t i = 0; i < e->arena_size >> LINE_SHIFT; i++)
		e->line[i].poison_snapshot = e->line[i].poison;
	e->nr_poisoned = 0;
	e->nr_dirty = 0;
}

void arena_mark_slow(struct engine *e, size_t l)
{
	e->line[l].dirty = e->gen;
	if (unlikely(e->states != NULL) && !state_touched(e, l))
		return;
	e->dirty[e->nr_dirty++] = (uint32_t)l;
}

void arena_dirty_range(struct engine *e, const void *p, size_t n)
{
	size_t off = arena_off(e, p);

	if (unlikely(spin_watched(e)))
		spin_wrote(e, p, n);
	if (e->mode == MODE_SETUP || e->mode == MODE_IDLE || off >= e->arena_size || !n)
		return;
	for (size_t l = off >> LINE_SHIFT; l <= (off + n - 1) >> LINE_SHIFT; l++)
		if (e->line[l].dirty != e->gen)
			arena_mark_slow(e, l);
}

void arena_restore(struct engine *e)
{
	char *arena = (char *)e->base, *image = e->image;

	for (uint32_t i = 0; i < e->nr_dirty; i++) {
		size_t off = (size_t)e->dirty[i] << LINE_SHIFT;

		memcpy(arena + off, image + off, 1 << LINE_SHIFT);
	}
	for (uint32_t i = 0; i < e->nr_poisoned; i++) {
		struct line *l = &e->line[e->poisoned[i]];

		l->poison = l->poison_snapshot;
		l->poison_logged = 0;
	}
	e->nr_dirty = 0;
	e->nr_poisoned = 0;
	if (++e->gen == 0) { /* stamps of four billion executions ago must not look new */
		for (size_t l = 0; l < e->arena_size >> LINE_SHIFT; l++)
			e->line[l].dirty = 0;
		if (e->states)
			state_forget_lines(e);
		memset(e->cell, 0, (e->arena_size >> 3) * sizeof(*e->cell));
		memset(e->sync, 0, e->nr_locs * sizeof(*e->sync));
		e->gen = 1;
	}
}

bool arena_equals_snapshot(const struct engine *e, size_t *where)
{
	const char *a = (const char *)e->base, *b = e->image;

	if (!memcmp(a, b, e->arena_size))
		return true;
	for (*where = 0; a[*where] == b[*where]; ++*where)
		;
	return false;
}

/* ---- poison ----------------------------------------------------------------------------------------- */

static uint8_t poison_kind(struct engine *e, const char *oracle)
{
	int i;

	for (i = 1; i < MAX_POISON_KINDS && e->poison_name[i]; i++)
		if (!strcmp(e->poison_name[i], oracle))
			return (uint8_t)i;
	if (i == MAX_POISON_KINDS)
		engine_panic("more than %d kinds of poison: raise MAX_POISON_KINDS", MAX_POISON_KINDS - 1);
	e->poison_name[i] = oracle;
	return (uint8_t)i;
}

static void poison_set(struct engine *e, const void *p, size_t n, uint8_t kind)
{
	size_t off = arena_off(e, p);

	if (off >= e->arena_size || !n)
		return;
	if (unlikely(spin_watched(e)))
		spin_wrote(e, p, n);
	for (size_t l = off >> LINE_SHIFT; l <= (off + n - 1) >> LINE_SHIFT; l++) {
		e->line[l].poison = kind;
		if (unlikely(e->states != NULL))
			arena_mark(e, l << LINE_SHIFT);
		if (e->line[l].poison_logged || e->mode == MODE_SETUP || e->mode == MODE_IDLE)
			continue;
		e->line[l].poison_logged = 1;
		e->poisoned[e->nr_poisoned++] = (uint32_t)l;
	}
}

/*
 * To free is to write: a step that depends on all others to the same memory, or an order in which a use comes after
 * the free would never be tried. For a page that is its contents, for an object its words.
 */
static void free_point(struct engine *e, const void *p, size_t n)
{
	size_t off = arena_off(e, p);
	struct op op = { .mode = OP_WRITE, .mask = ~0ull, .name = "free", .addr = p };

	if (!((off | n) & ((1u << PAGE_SHIFT_) - 1))) {
		for (size_t i = 0; i < n; i += 1u << PAGE_SHIFT_) {
			op.loc = loc_page(e, (const char *)p + i);
			point(e, &op);
		}
		return;
	}
	op.loc = loc_word(e, p);
	op.span = (uint16_t)((n + 7) / 8);
	point(e, &op);
	if (e->detect)
		hb_access(e, off, (unsigned)n, ACCESS_WRITE);
}

void sync_poison(const void *p, size_t n, const char *oracle)
{
	struct engine *e = this_engine;

	if (e->live && arena_off(e, p) < e->arena_size)
		free_point(e, p, n);
	poison_set(e, p, n, poison_kind(e, oracle));
}

void sync_unpoison(const void *p, size_t n)
{
	poison_set(this_engine, p, n, 0);
}

void arena_poison_hit(struct engine *e, size_t off, const char *how)
{
	char what[64] = "freed memory";
	void *p = (void *)(e->base + off);

	describe(e, p, 1, what, sizeof(what));
	violate(e, e->poison_name[e->line[off >> LINE_SHIFT].poison],
		"%s of %s (offset %#zx) after it was freed", how, what, off);
}
