/* SPDX-License-Identifier: MIT */
/*
 * hooks.c - what the compiler calls in hooked code in place of libtsan
 *
 * Plain accesses: looked at for poison and data races, and their lines are marked as changed. Atomic accesses inside
 * the arena: the hook is a scheduling point and performs the access. Outside the arena (constants, fiber stacks)
 * hooks do the bare access: nothing there outlives an execution or is shared.
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

/* ---- atomic accesses ---------------------------------------------------------------------------------- */

/*
 * Announces an atomic access and waits for its turn; then looks for poison and races, and keeps the snapshot's
 * books. => the caller performs it
 */
static inline void atomic_point(struct engine *e, const volatile void *vp, unsigned size, enum op_mode mode,
				bool load, const char *name, int order)
{
	const void *p = (const void *)(uintptr_t)vp;
	size_t off = arena_off(e, p);
	bool store = mode != OP_READ;
	uint32_t loc = loc_word(e, p);

	if (e->live) {
		struct op op = { .loc = loc,
				 .mode = (uint8_t)mode,
				 .size = (uint8_t)size,
				 .relaxed = load && !order_releases(order),
				 .mask = word_mask(p, size),
				 .name = name,
				 .addr = p };

		if (unlikely(e->line[off >> LINE_SHIFT].poison))
			arena_poison_hit(e, off, name);
		point(e, &op);
		if (unlikely(e->line[off >> LINE_SHIFT].poison))
			arena_poison_hit(e, off, name);
	}
	if (store)
		arena_mark(e, off);
	if (!e->detect)
		return;
	e->nr_marked++;
	hb_access(e, off, size, ACCESS_MARKED | (store ? ACCESS_WRITE : 0));
	hb_atomic(e, loc, load, store, order);
}

/* After a store: who waits for this word, and what the trace shows. */
static inline void atomic_done(struct engine *e, const volatile void *vp, unsigned size, uint64_t old,
			       uint64_t new_, bool store)
{
	const void *p = (const void *)(uintptr_t)vp;

	e->step_old = old;
	e->step_new = new_;
	if (unlikely(e->tracing))
		trace_values(e, p, size, old, new_);
	if (unlikely(spin_watched(e)))
		(store && old != new_ ? spin_wrote : spin_read)(e, p, size);
	if (store && e->waiting)
		recheck(e, loc_word(e, p));
}

/* A store that others see later: it is made now, and reaches memory in a step of a drain line. */
static void hold_back(struct engine *e, const volatile void *vp, unsigned size, uint64_t value, int order)
{
	const void *p = (const void *)(uintptr_t)vp;
	size_t off = arena_off(e, p);
	uint64_t old = 0;

	if (unlikely(e->line[off >> LINE_SHIFT].poison))
		arena_poison_hit(e, off, "store");
	store_buffer_point(e, p, size, "store");
	if (unlikely(e->line[off >> LINE_SHIFT].poison))
		arena_poison_hit(e, off, "store");
	arena_mark(e, off);
	if (e->detect) {
		e->nr_marked++;
		hb_access(e, off, size, ACCESS_MARKED | ACCESS_WRITE);
		hb_atomic(e, loc_word(e, p), false, true, order);
	}
	__real_memcpy(&old, p, size);
	store_buffer_add(e, p, size, value, order_releases(order));
	if (unlikely(e->tracing))
		trace_values(e, p, size, old, value);
}

static inline bool outside(const struct engine *e, const volatile void *p)
{
	return (uintptr_t)p - e->base >= e->hook_size;
}

#define RMW(n, T, op, expr)                                                                                  \
	T __tsan_atomic##n##_##op(volatile T *p, T v, int mo);                                               \
	T __tsan_atomic##n##_##op(volatile T *p, T v, int mo)                                                \
	{                                                                                                    \
		struct engine *e = this_engine;                                                              \
		T old, new_;                                                                                 \
                                                                                                             \
		if (outside(e, p)) {                                                                         \
			old = *p;                                                                            \
			*p = expr;                                                                           \
			return old;                                                                          \
		}                                                                                            \
		atomic_point(e, p, sizeof(T), OP_WRITE, true, #op, mo);                                      \
		old = *p;                                                                                    \
		new_ = expr;                                                                                 \
		*p = new_;                                                                                   \
		atomic_done(e, p, sizeof(T), old, new_, true);                                               \
		learn(e, (uint64_t)old);                                                                     \
		return old;                                                                                  \
	}

#define CAS(n, T, op)                                                                                        \
	int __tsan_atomic##n##_##op(volatile T *p, T *expected, T v, int mo, int fmo);                       \
	int __tsan_atomic##n##_##op(volatile T *p, T *expected, T v, int mo, int fmo)                        \
	{                                                                                                    \
		T seen = cas##n(p, *expected, v, mo, fmo);                                                   \
		int ok = seen == *expected;                                                                  \
                                                                                                             \
		*expected = seen;                                                                            \
		return ok;                                                                                   \
	}

#define ATOMICS(n, T)                                                                                        \
	T __tsan_atomic##n##_load(const volatile T *p, int mo);                                              \
	T __tsan_atomic##n##_load(const volatile T *p, int mo)                                               \
	{                                                                                                    \
		struct engine *e = this_engine;                                                              \
		T v;                                                                                         \
                                                                                                             \
		if (outside(e, p))                                                                           \
			return *p;                                                                           \
		atomic_point(e, p, sizeof(T), OP_READ, true, "load", mo);                                    \
		v = *p;                                                                                      \
		atomic_done(e, p, sizeof(T), v, v, false);                                                   \
		learn(e, (uint64_t)v);                                                                       \
		return v;                                                                                    \
	}                                                                                                    \
	void __tsan_atomic##n##_store(volatile T *p, T v, int mo);                                           \
	void __tsan_atomic##n##_store(volatile T *p, T v, int mo)                                            \
	{                                                                                                    \
		struct engine *e = this_engine;                                                              \
		T old;                                                                                       \
                                                                                                             \
		if (outside(e, p)) {                                                                         \
			*p = v;                                                                              \
			return;                                                                              \
		}                                                                                            \
		if (unlikely(e->weak) && mo != __ATOMIC_SEQ_CST && store_buffer_holds_back(e)) {             \
			hold_back(e, p, sizeof(T), v, mo);                                                   \
			return;                                                                              \
		}                                                                                            \
		atomic_point(e, p, sizeof(T), OP_WRITE, false, "store", mo);                                 \
		old = *p;                                                                                    \
		*p = v;                                                                                      \
		atomic_done(e, p, sizeof(T), old, v, true);                                                  \
	}                                                                                                    \
	RMW(n, T, exchange, v)                                                                               \
	RMW(n, T, fetch_add, (T)(old + v))                                                                   \
	RMW(n, T, fetch_sub, (T)(old - v))                                                                   \
	RMW(n, T, fetch_and, (T)(old & v))                                                                   \
	RMW(n, T, fetch_or, (T)(old | v))                                                                    \
	RMW(n, T, fetch_xor, (T)(old ^ v))                                                                   \
	RMW(n, T, fetch_nand, (T) ~(old & v))                                                                \
	static T cas##n(volatile T *p, T expected, T v, int mo, int fmo)                                     \
	{                                                                                                    \
		struct engine *e = this_engine;                                                              \
		T old;                                                                                       \
                                                                                                             \
		if (outside(e, p)) {                                                                         \
			old = *p;                                                                            \
			if (old == expected)                                                                 \
				*p = v;                                                                      \
			return old;                                                                          \
		}                                                                                            \
		cas_point(e, p, sizeof(T), mo);                                                              \
		old = *p;                                                                                    \
		cas_order(e, p, sizeof(T), old == expected, old == expected ? mo : fmo);                     \
		if (old == expected)                                                                         \
			*p = v;                                                                              \
		atomic_done(e, p, sizeof(T), old, *p, old == expected);                                      \
		learn(e, (uint64_t)old);                                                                     \
		return old;                                                                                  \
	}                                                                                                    \
	CAS(n, T, compare_exchange_strong)                                                                   \
	CAS(n, T, compare_exchange_weak)                                                                     \
	T __tsan_atomic##n##_compare_exchange_val(volatile T *p, T expected, T v, int mo, int fmo);          \
	T __tsan_atomic##n##_compare_exchange_val(volatile T *p, T expected, T v, int mo, int fmo)           \
	{                                                                                                    \
		return cas##n(p, expected, v, mo, fmo);                                                      \
	}

static void cas_point(struct engine *e, const volatile void *vp, unsigned size, int order)
{
	const void *p = (const void *)(uintptr_t)vp;
	size_t off = arena_off(e, p);
	struct op op = { .loc = loc_word(e, p),
			 .mode = OP_WRITE,
			 .size = (uint8_t)size,
			 .relaxed = !order_releases(order),
			 .mask = word_mask(p, size),
			 .conditional = true,
			 .name = "cmpxchg",
			 .addr = p };

	if (e->live)
		point(e, &op);
	if (unlikely(e->line[off >> LINE_SHIFT].poison) && e->live)
		arena_poison_hit(e, off, "cmpxchg");
}

/* A compare-and-exchange that failed was a read, and is one for all that depends on it. */
static void cas_order(struct engine *e, const volatile void *vp, unsigned size, bool ok, int order)
{
	const void *p = (const void *)(uintptr_t)vp;
	size_t off = arena_off(e, p);

	if (!ok && e->live)
		e->step_op.mode = OP_READ;
	if (ok)
		arena_mark(e, off);
	if (!e->detect)
		return;
	e->nr_marked++;
	hb_access(e, off, size, ACCESS_MARKED | (ok ? ACCESS_WRITE : 0));
	hb_atomic(e, loc_word(e, p), true, ok, order);
}

ATOMICS(8, uint8_t)
ATOMICS(16, uint16_t)
ATOMICS(32, uint32_t)
ATOMICS(64, uint64_t)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

/* Under sequential consistency a fence orders nothing, but it is a point where others may run. */
void __tsan_atomic_thread_fence(int order)
{
	struct engine *e = this_engine;
	struct op op = { .mode = OP_NONE, .name = "fence", .fence = order == __ATOMIC_SEQ_CST };

	if (e->live)
		point(e, &op);
	if (unlikely(e->weak) && e->live && order_releases(order))
		store_buffer_barrier(e);
	if (e->detect)
		hb_fence(e, order);
}

void __tsan_atomic_signal_fence(int order)
{
	(void)order;
}

/* ---- read-modify-writes that return nothing, bits: the engine's own entries ---------------------------------- */

#define ADD(name, T)                                                                                         \
	void name(T *p, T i)                                                                                 \
	{                                                                                                    \
		struct engine *e = this_engine;                                                              \
		T old;                                                                                       \
                                                                                                             \
		if (!outside(e, p))                                                                          \
			atomic_point(e, p, sizeof(T), OP_ADD, true, "add", __ATOMIC_RELAXED);                \
		old = *p;                                                                                    \
		*p = old + i;                                                                                \
		if (!outside(e, p))                                                                          \
			atomic_done(e, p, sizeof(T), (uint64_t)old, (uint64_t)*p, true);                     \
	}
ADD(sync_add32, int)
ADD(sync_add64, s64)

static unsigned long bits(unsigned long *p, unsigned long mask, unsigned long and_, unsigned long or_,
			  enum op_mode mode, const char *name, int order)
{
	struct engine *e = this_engine;
	unsigned long old;

	if (!outside(e, p)) {
		uint32_t loc = loc_word(e, p);

		if (e->live) {
			struct op op = { .loc = loc,
					 .mode = (uint8_t)mode,
					 .size = 8,
					 .relaxed = !order_releases(order),
					 .mask = mask,
					 .name = name,
					 .addr = p };

			point(e, &op);
			if (unlikely(e->line[arena_off(e, p) >> LINE_SHIFT].poison))
				arena_poison_hit(e, arena_off(e, p), name);
		}
		if (mode != OP_READ)
			arena_mark(e, arena_off(e, p));
		if (e->detect) {
			e->nr_marked++;
			hb_access(e, arena_off(e, p), 8,
				  ACCESS_MARKED | (mode != OP_READ ? ACCESS_WRITE : 0));
			hb_atomic(e, loc, true, mode != OP_READ, order);
		}
	}
	old = *p;
	if (mode != OP_READ)
		*p = (old & and_) | or_;
	if (!outside(e, p))
		atomic_done(e, p, 8, old, *p, mode != OP_READ);
	return old & mask;
}

void sync_or_bits(unsigned long *p, unsigned long mask)
{
	bits(p, mask, ~0ul, mask, OP_WRITE, "set_bit", __ATOMIC_RELAXED);
}
void sync_andnot_bits(unsigned long *p, unsigned long mask)
{
	bits(p, mask, ~mask, 0, OP_WRITE, "clear_bit", __ATOMIC_RELAXED);
}

/* As bits(), for a caller that looks at the result. */
static unsigned long fetch_bits(unsigned long *p, unsigned long mask, unsigned long and_, unsigned long or_,
				enum op_mode mode, const char *name, int order)
{
	unsigned long seen = bits(p, mask, and_, or_, mode, name, order);

	if (!outside(this_engine, p))
		learn(this_engine, seen);
	return seen;
}

unsigned long sync_load_bits(const unsigned long *p, unsigned long mask)
{
	return fetch_bits((unsigned long *)(uintptr_t)p, mask, ~0ul, 0, OP_READ, "test_bit",
			  __ATOMIC_RELAXED);
}
unsigned long sync_fetch_or_bits(unsigned long *p, unsigned long mask)
{
	return fetch_bits(p, mask, ~0ul, mask, OP_WRITE, "test_and_set_bit", __ATOMIC_SEQ_CST);
}
unsigned long sync_fetch_andnot_bits(unsigned long *p, unsigned long mask)
{
	return fetch_bits(p, mask, ~mask, 0, OP_WRITE, "test_and_clear_bit", __ATOMIC_SEQ_CST);
}
