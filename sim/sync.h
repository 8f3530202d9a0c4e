/* SPDX-License-Identifier: MIT */
/*
 * sync.h - everything that simulated kernel code may assume of the ground it runs on
 *
 * The interface: marked memory accesses, atomics and barriers, locks, wait queues, RCU, interrupts and
 * IPIs, page-sized content accesses, tasks, labels, violations. Two implementations exist and a program
 * links one of them: sim/engine (controlled: one task runs at a time, on a fiber, and every operation
 * below that is marked [point] is a step that the scheduler decides) and sim/native (pthreads, liburcu).
 * Types and the operations that differ stand in their sync_impl.h, found through the include path.
 *
 * Kernel code is plain C over this header. It never asks which implementation it runs on.
 *
 * Names and meanings are the Linux kernel's; the memory ordering of each operation is that of its
 * Documentation/atomic_t.txt and memory-barriers.txt: operations that return a value are full barriers,
 * those that return nothing are relaxed, _acquire and _release say themselves.
 */
#ifndef SIM_SYNC_H
#define SIM_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))
#define barrier() __asm__ __volatile__("" ::: "memory")

/* ---- marked accesses [point] ------------------------------------------------------------------ */

#define SYNC_SCALAR(x)                                                                                       \
	_Static_assert(sizeof(x) == 1 || sizeof(x) == 2 || sizeof(x) == 4 || sizeof(x) == 8,                 \
		       "READ_ONCE and WRITE_ONCE take scalars and one-scalar structs of 1, 2, 4 or 8 bytes")

/* The value type of x without const or volatile: an rvalue has none. */
#define SYNC_VALUE(x) __typeof__(({ (x); }))

#define SYNC_LOAD(x, order)                                                                                  \
	({                                                                                                   \
		SYNC_SCALAR(x);                                                                              \
		SYNC_VALUE(x) __sync_v;                                                                      \
		__atomic_load((SYNC_VALUE(x) *)(uintptr_t) & (x), &__sync_v, order);                         \
		__sync_v;                                                                                    \
	})
#define SYNC_STORE(x, v, order)                                                                              \
	({                                                                                                   \
		SYNC_SCALAR(x);                                                                              \
		SYNC_VALUE(x) __sync_v = (v);                                                                \
		__atomic_store(&(x), &__sync_v, order);                                                      \
	})

#define READ_ONCE(x) SYNC_LOAD(x, __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) SYNC_STORE(x, v, __ATOMIC_RELAXED)
#define smp_load_acquire(p) SYNC_LOAD(*(p), __ATOMIC_ACQUIRE)
#define smp_store_release(p, v) SYNC_STORE(*(p), v, __ATOMIC_RELEASE)

/* ---- barriers [point] ------------------------------------------------------------------------- */

#define smp_mb() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)

/* ---- read-modify-writes that return a value: full barriers [point] ----------------------------- */

#define xchg(ptr, v)                                                                                         \
	({                                                                                                   \
		SYNC_VALUE(*(ptr)) __sync_n = (v), __sync_o;                                                 \
		__atomic_exchange((ptr), &__sync_n, &__sync_o, __ATOMIC_SEQ_CST);                            \
		__sync_o;                                                                                    \
	})
/* => returns the value found, which is `old` exactly when `new` was stored */
#define cmpxchg(ptr, old, new)                                                                               \
	({                                                                                                   \
		SYNC_VALUE(*(ptr)) __sync_e = (old), __sync_n = (new);                                       \
		__atomic_compare_exchange((ptr), &__sync_e, &__sync_n, false, __ATOMIC_SEQ_CST,              \
					  __ATOMIC_SEQ_CST);                                                 \
		__sync_e;                                                                                    \
	})

typedef struct {
	int counter;
} atomic_t;
typedef struct {
	s64 counter;
} atomic64_t;

#define ATOMIC_INIT(n)                                                                                       \
	{                                                                                                    \
		(n)                                                                                          \
	}

static inline int atomic_read(const atomic_t *v)
{
	return READ_ONCE(v->counter);
}
static inline void atomic_set(atomic_t *v, int i)
{
	WRITE_ONCE(v->counter, i);
}
static inline int atomic_add_return(int i, atomic_t *v)
{
	return __atomic_add_fetch(&v->counter, i, __ATOMIC_SEQ_CST);
}
static inline int atomic_inc_return(atomic_t *v)
{
	return atomic_add_return(1, v);
}
static inline int atomic_dec_return(atomic_t *v)
{
	return atomic_add_return(-1, v);
}
static inline bool atomic_inc_and_test(atomic_t *v)
{
	return atomic_add_return(1, v) == 0;
}
static inline bool atomic_dec_and_test(atomic_t *v)
{
	return atomic_add_return(-1, v) == 0;
}
static inline bool atomic_add_negative(int i, atomic_t *v)
{
	return atomic_add_return(i, v) < 0;
}
static inline int atomic_cmpxchg(atomic_t *v, int old, int new_)
{
	return cmpxchg(&v->counter, old, new_);
}
static inline bool atomic_add_unless(atomic_t *v, int a, int u)
{
	int c = atomic_read(v);

	while (c != u) {
		int seen = atomic_cmpxchg(v, c, c + a);

		if (seen == c)
			return true;
		c = seen;
	}
	return false;
}
static inline bool atomic_inc_not_zero(atomic_t *v)
{
	return atomic_add_unless(v, 1, 0);
}

#include "sync_impl.h"

/*
 * What sync_impl.h declares, as types, functions or macros of these names.
 *
 * Read-modify-writes that return nothing [point]. Relaxed; they commute with each other.
 *
 *	void atomic_inc(atomic_t *v);
 *	void atomic_dec(atomic_t *v);
 *	void atomic_add(int i, atomic_t *v);
 *	void atomic64_add(s64 i, atomic64_t *v);
 *
 * Bit operations on an unsigned long word [point]. Only operations on the same bit depend on each other.
 *
 *	void set_bit(int nr, unsigned long *addr);			relaxed
 *	void clear_bit(int nr, unsigned long *addr);			relaxed
 *	bool test_bit(int nr, const unsigned long *addr);		relaxed
 *	bool test_and_set_bit(int nr, unsigned long *addr);		full barrier
 *	bool test_and_clear_bit(int nr, unsigned long *addr);		full barrier
 *
 * Spinlocks, reader-writer spinlocks [point each]. Not fair. Not to be held across a sleep.
 *
 *	spinlock_t, rwlock_t
 *	void spin_lock_init(spinlock_t *);  void rwlock_init(rwlock_t *);	name taken from the argument's text
 *	void spin_lock(spinlock_t *);  void spin_unlock(spinlock_t *);
 *	bool spin_trylock(spinlock_t *);  bool spin_is_locked(spinlock_t *);
 *	void read_lock(rwlock_t *);  void read_unlock(rwlock_t *);
 *	void write_lock(rwlock_t *);  void write_unlock(rwlock_t *);
 *	each of the above locks also as *_lock_irq / *_unlock_irq: with interrupts off on this CPU
 *
 * Sleeping locks [point each; the rwsem has two: the enqueue and the grant]. The rwsem is first come, first
 * served, so a waiting writer holds up later readers; the mutex is not fair.
 *
 *	struct rw_semaphore;  void init_rwsem(s);
 *	down_read(s) up_read(s) down_write(s) up_write(s) downgrade_write(s)
 *	bool down_read_trylock(s);  bool down_write_trylock(s);
 *	struct mutex;  void mutex_init(m);  mutex_lock(m) mutex_unlock(m)
 *	bool mutex_trylock(m);  bool mutex_is_locked(m);
 *
 * A lock in one bit of a word, with a wait queue behind it, as PG_locked is [point each]. Sleeps.
 *
 *	void bit_lock(int nr, unsigned long *word, const char *name);	acquire
 *	bool bit_trylock(int nr, unsigned long *word, const char *name);	acquire when true
 *	void bit_unlock(int nr, unsigned long *word);			release, wakes waiters; any task may unlock
 *	void bit_lock_passed(int nr, unsigned long *word);	whoever unlocks it holds it from here on: no point
 *	void bit_wait(int nr, unsigned long *word, const char *name);	waits until the bit is clear; acquire
 *
 * Nesting. Locks initialised at one place with one name are one class, and so are the bit locks of one name; orders
 * in which classes are taken are watched (docs/oracles.md). Two of one class at a time need an annotation that says
 * which is the inner one: subclass 1 to 7 is a class of its own.
 *
 *	void spin_lock_nested(spinlock_t *, unsigned subclass);  void mutex_lock_nested(m, subclass);
 *	void down_read_nested(s, subclass);  void down_write_nested(s, subclass);
 *	void bit_lock_nested(int nr, unsigned long *word, const char *name, unsigned subclass);
 *
 * What may sleep is a violation with a spinlock held, interrupts off, inside an RCU read side, in a handler or an RCU
 * callback, whether it has to wait or not. This says that a function may:
 *
 *	void might_sleep(void);
 *
 * Completions [point each]. complete() lets one waiter through.
 *
 *	struct completion;  void init_completion(c);  void complete(c);  void wait_for_completion(c);
 *
 * Wait queues [point each], in the steps of the real protocol: a task queues and marks itself asleep, looks at its
 * condition, sleeps. wake_up() wakes those that are queued at that moment, all of them, and takes them off the queue.
 * A sleep that was woken already, or was not queued for, returns at once; natively one may end for no reason.
 *
 *	wait_queue_head_t;  void init_waitqueue_head(wait_queue_head_t *);
 *	wait_event(wq, cond);					until cond holds; sleeps; wq is no pointer
 *	void wake_up(wait_queue_head_t *);  void wake_up_all(wait_queue_head_t *);		the same
 *	bool waitqueue_active(wait_queue_head_t *);
 *	void prepare_to_wait(wait_queue_head_t *);  void schedule(void);  void finish_wait(wait_queue_head_t *);
 *
 * Waiting for a word [point], as smp_cond_load_acquire() does: blocks until (*p & mask) == value, acquire.
 *
 *	void wait_for_bits_u32(const u32 *p, u32 mask, u32 value, const char *name);
 *
 * Yielding [point]. In the controlled build a loop that changes nothing between two yields waits at the yield
 * until something that it read was written.
 *
 *	void cpu_relax(void);  void cond_resched(void);
 *
 * Time, not a point. In the controlled build it is the number of steps that the execution has taken; natively
 * nanoseconds. It never goes back.
 *
 *	u64 sync_time(void);
 *
 * RCU. Readers may nest and must not sleep.
 *
 *	void rcu_read_lock(void);  void rcu_read_unlock(void);  void synchronize_rcu(void);
 * rcu_dereference(p) is for readers, or whoever holds a lock that keeps updaters out; rcu_assign_pointer(p, v) publishes.
 *
 *	struct rcu_head;  void call_rcu(struct rcu_head *, void (*)(struct rcu_head *));
 *
 * Interrupts and IPIs. A CPU runs one task. smp_call_function_many() runs fn(info) on each CPU of `mask` but
 * this one, as an interrupt there: after that CPU's current user instruction and only while interrupts are
 * enabled there. It returns when all have run it. To call it with interrupts off is a violation.
 * fn runs as one step and must not block; it may touch what belongs to its CPU.
 *
 *	int smp_processor_id(void);
 *	void local_irq_disable(void);  void local_irq_enable(void);  bool irqs_disabled(void);
 *	void smp_call_function_many(u64 mask, void (*fn)(int cpu, void *info), void *info);
 *
 * A user-mode instruction: between begin and end no interrupt is taken on this CPU. insn_begin() is a point.
 *
 *	void insn_begin(void);  void insn_end(void);
 *
 * A step of the hardware that only this CPU can see [point].
 *
 *	void sync_step(const char *name);
 *
 * Page contents [point each]. At most a page, never across one. Concurrent accesses are legal here (user
 * memory, DMA) and are never data races; what they may see is judged by oracles. `dst`/`src` of the machine.
 *
 *	void content_read(void *local, const void *src, size_t n);
 *	void content_write(void *dst, const void *local, size_t n);
 *	void content_zero(void *dst, size_t n);
 *	void content_copy(void *dst, const void *src, size_t n);	a read, then a write [two points]
 *
 * The contents of a freed frame become meaningless: a write that no stale access commutes with. Natively nothing, as
 * the poison that follows says it.
 *
 *	void content_scrub(void *dst, size_t n);
 *
 * The machine. Everything that an execution can change lies in one arena; sync_machine() is its first byte.
 * Its size and the program come from the caller of the engine. Memory in the arena only: no globals.
 *
 *	void *sync_machine(void);
 *	void *sync_task_data(void);		what sync_set_task_data() last stored for the running task, or NULL
 *	void sync_set_task_data(void *);
 *	const char *sync_task_name(void);
 *
 * A scalar of the arena that has its value since the set-up and never changes: the engine need not see it read.
 *
 *	sync_constant(x)
 *
 * Poison: freed objects, at 64-byte granularity. A kernel access to a poisoned byte, or a content access to
 * a poisoned page, is a violation of the oracle given (a string constant, e.g. "page-use-after-free").
 *
 *	void sync_poison(const void *p, size_t n, const char *oracle);
 *	void sync_unpoison(const void *p, size_t n);
 *
 * Oracles' own state in the arena, changed by code that is not hooked: no points, no races. Announces a change of
 * [p, p + n), n >= 1; natively a lock is held until the end. May nest; p NULL: only the lock.
 *
 *	void sync_ghost_begin(const void *p, size_t n);  void sync_ghost_end(void);
 *
 * Do oracles follow each access? Natively a program may say that they do not, where its speed is the question: then what
 * they know of contents is out of date, and only what they read off the machine itself can be judged.
 *
 *	bool sync_watched(void);
 *
 * Labels name places in kernel code; schedules are written against them. Not points, no cost when nobody asks.
 *
 *	SYNC_LABEL("unmapped");
 *
 * Violations. In the controlled build it does not return when called by a task; natively it records the
 * first one and returns, so what follows must stay memory-safe. `oracle` is a stable name (lower case, '-').
 *
 *	void sync_violation(const char *oracle, const char *fmt, ...);
 *
 * Outcomes: what an execution came to, in fewer than 64 characters. Called by a check, else of no effect.
 *
 *	void sync_outcome(const char *text);
 *
 * Choices other than the schedule [point where the kind has a bound]: 0 is the ordinary outcome, and the only
 * one without a bound, in interrupts, and natively.
 *
 *	int sync_choose(const char *what, int n);	0 .. n-1
 */

#define BUG_ON(cond)                                                                                         \
	do {                                                                                                 \
		if (unlikely(cond))                                                                          \
			sync_violation("assertion", "BUG_ON(%s) in %s()", #cond, __func__);                  \
	} while (0)

#endif
