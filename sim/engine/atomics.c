/* SPDX-License-Identifier: MIT */
/*
 * atomics.c - marked accesses: what the compiler calls for them in place of libtsan, and sync.h's own
 *
 * Inside the arena each is a scheduling point and performs the access; outside (constants, fiber stacks) it is the bare
 * access. Under weak-locks a full fence is a step of its own, before and after whatever includes one.
 */
#include "engine/internal.h"

void *__real_memcpy(void *d, const void *s, size_t n);

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

	if (unlikely(e->early_loads) && order == __ATOMIC_SEQ_CST)
		early_full_fence(e);
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

/* Then, unless it was a load alone: what those who know of it may no longer miss. */
static inline void early_done(struct engine *e, const volatile void *vp, unsigned size, uint64_t mask,
			      uint64_t old, unsigned access, int order)
{
	if (likely(!e->early_loads))
		return;
	early_atomic(e, (const void *)(uintptr_t)vp, size, mask, old, access, order);
	if (order == __ATOMIC_SEQ_CST)
		early_full_fence(e);
}

static inline uint64_t maybe_early(struct engine *e, const volatile void *vp, unsigned size, uint64_t v,
				   int order)
{
	const void *p = (const void *)(uintptr_t)vp;

	return unlikely(e->early_loads) ? early_load(e, p, size, word_mask(p, size), v, order) : v;
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

#define WORD_MASK(p) word_mask((const void *)(uintptr_t)(p), sizeof(*(p)))

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
		early_done(e, p, sizeof(T), WORD_MASK(p), old, EARLY_LOAD | EARLY_STORE, mo);                \
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
		v = (T)maybe_early(e, p, sizeof(T), *p, mo);                                                 \
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
		early_done(e, p, sizeof(T), WORD_MASK(p), old, EARLY_STORE, mo);                             \
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
		early_done(e, p, sizeof(T), WORD_MASK(p), old,                                               \
			   EARLY_LOAD | (old == expected ? EARLY_STORE : 0), old == expected ? mo : fmo);    \
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

	if (unlikely(e->early_loads) && order == __ATOMIC_SEQ_CST)
		early_full_fence(e);
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

	if (unlikely(e->early_loads) && op.fence && store_buffer_holds_back(e))
		op = early_fence_op(e);
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
		if (outside(e, p))                                                                           \
			return;                                                                              \
		atomic_done(e, p, sizeof(T), (uint64_t)old, (uint64_t)*p, true);                             \
		early_done(e, p, sizeof(T), WORD_MASK(p), (uint64_t)old,                                     \
			   EARLY_LOAD | EARLY_STORE | EARLY_ADD, __ATOMIC_RELAXED);                          \
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

		if (unlikely(e->early_loads) && order == __ATOMIC_SEQ_CST)
			early_full_fence(e);
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
	if (outside(e, p))
		return old & mask;
	if (unlikely(e->early_loads) && mode == OP_READ)
		old = early_load(e, p, 8, mask, old, order);
	atomic_done(e, p, 8, old, mode != OP_READ ? *p : old, mode != OP_READ);
	if (mode != OP_READ)
		early_done(e, p, 8, mask, old, EARLY_LOAD | EARLY_STORE, order);
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
