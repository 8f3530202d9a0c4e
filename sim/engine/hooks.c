/* SPDX-License-Identifier: MIT */
/*
 * hooks.c - what the compiler calls in hooked code in place of libtsan
 *
 * Plain accesses: looked at for poison and data races, and their lines are marked as changed. Atomic accesses are in
 * atomics.c. Outside the arena (constants, fiber stacks) nothing is looked at: it outlives no execution and is not
 * shared.
 *
 * Hooks run from constructors before main() and from host code; this_engine then is an engine with no memory.
 */
#include "engine/internal.h"

static struct engine idle_engine = { .current = -1 };
__thread struct engine *this_engine = &idle_engine;

void __tsan_init(void);
void __tsan_init(void)
{
}

/* ---- plain accesses --------------------------------------------------------------------------------- */

/* clang leaves out the hook of a read that a write to the same place follows. */
#ifdef __clang__
#define READ_UNSEEN 1
#else
#define READ_UNSEEN 0
#endif

static inline void plain(const void *p, unsigned size, unsigned kind)
{
	struct engine *e = this_engine;
	size_t off = (uintptr_t)p - e->base;
	struct line *l;

	if (off >= e->hook_size)
		return;
	l = &e->line[off >> LINE_SHIFT];
	if (kind & ACCESS_WRITE) {
		if (l->dirty != e->gen)
			arena_mark_slow(e, off >> LINE_SHIFT);
		if (((off + size - 1) >> LINE_SHIFT) != off >> LINE_SHIFT)
			arena_mark(e, off + size - 1);
	}
	if (unlikely(l->poison) && e->live)
		arena_poison_hit(e, off, kind & ACCESS_WRITE ? "write" : "read");
	if (unlikely(e->weak) && (kind & ACCESS_WRITE) && e->live)
		store_buffer_plain(e, p, size);
	if (unlikely(spin_watched(e)))
		(kind & ACCESS_WRITE ? spin_wrote : spin_read)(e, p, size);
	if (unlikely(e->states != NULL) && (READ_UNSEEN || !(kind & ACCESS_WRITE)))
		state_learn_bytes(e, p, size);
	if (!e->detect)
		return;
	e->nr_plain++;
	if (unlikely(e->tracing) && (kind & ACCESS_WRITE))
		trace_plain(e, (uintptr_t)p, size);
	hb_access(e, off, size, kind);
}

#define PLAIN(n)                                                                                             \
	void __tsan_read##n(void *p);                                                                        \
	void __tsan_write##n(void *p);                                                                       \
	void __tsan_unaligned_read##n(void *p);                                                              \
	void __tsan_unaligned_write##n(void *p);                                                             \
	void __tsan_read_write##n(void *p);                                                                  \
	void __tsan_unaligned_read_write##n(void *p);                                                        \
	void __tsan_read##n(void *p)                                                                         \
	{                                                                                                    \
		plain(p, n, 0);                                                                              \
	}                                                                                                    \
	void __tsan_write##n(void *p)                                                                        \
	{                                                                                                    \
		plain(p, n, ACCESS_WRITE);                                                                   \
	}                                                                                                    \
	void __tsan_unaligned_read##n(void *p)                                                               \
	{                                                                                                    \
		plain(p, n, 0);                                                                              \
	}                                                                                                    \
	void __tsan_unaligned_write##n(void *p)                                                              \
	{                                                                                                    \
		plain(p, n, ACCESS_WRITE);                                                                   \
	}                                                                                                    \
	void __tsan_read_write##n(void *p)                                                                   \
	{                                                                                                    \
		plain(p, n, 0);                                                                              \
		plain(p, n, ACCESS_WRITE);                                                                   \
	}                                                                                                    \
	void __tsan_unaligned_read_write##n(void *p)                                                         \
	{                                                                                                    \
		plain(p, n, 0);                                                                              \
		plain(p, n, ACCESS_WRITE);                                                                   \
	}
PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

static void range(const void *p, size_t n, unsigned kind)
{
	struct engine *e = this_engine;
	size_t off = (uintptr_t)p - e->base;

	if (off >= e->hook_size || !n)
		return;
	if (n > e->hook_size - off)
		n = e->hook_size - off;
	if (kind & ACCESS_WRITE)
		arena_dirty_range(e, p, n);
	else if (unlikely(spin_watched(e)))
		spin_read(e, p, n);
	for (size_t l = off >> LINE_SHIFT; l <= (off + n - 1) >> LINE_SHIFT; l++)
		if (unlikely(e->line[l].poison) && e->live)
			arena_poison_hit(e, l << LINE_SHIFT, kind & ACCESS_WRITE ? "write" : "read");
	if (unlikely(e->states != NULL) && !(kind & ACCESS_WRITE))
		state_learn_bytes(e, p, n);
	if (!e->detect)
		return;
	e->nr_plain += (n + 7) / 8;
	hb_access(e, off, (unsigned)n, kind);
}

void __tsan_read_range(void *p, unsigned long n);
void __tsan_write_range(void *p, unsigned long n);
void __tsan_read_range(void *p, unsigned long n)
{
	range(p, n, 0);
}
void __tsan_write_range(void *p, unsigned long n)
{
	range(p, n, ACCESS_WRITE);
}

/* The linker's --wrap sends every memcpy() of the program here; host code's pointers miss the arena's hooks. */
void *__real_memcpy(void *d, const void *s, size_t n);
void *__real_memmove(void *d, const void *s, size_t n);
void *__real_memset(void *d, int c, size_t n);
void *__wrap_memcpy(void *d, const void *s, size_t n);
void *__wrap_memmove(void *d, const void *s, size_t n);
void *__wrap_memset(void *d, int c, size_t n);

void *__wrap_memcpy(void *d, const void *s, size_t n)
{
	range(s, n, 0);
	range(d, n, ACCESS_WRITE);
	return __real_memcpy(d, s, n);
}
void *__wrap_memmove(void *d, const void *s, size_t n)
{
	range(s, n, 0);
	range(d, n, ACCESS_WRITE);
	return __real_memmove(d, s, n);
}
void *__wrap_memset(void *d, int c, size_t n)
{
	range(d, n, ACCESS_WRITE);
	return __real_memset(d, c, n);
}
