/* SPDX-License-Identifier: MIT */
/*
 * sync_impl.h - the native build's side of sync.h: pthreads, liburcu, and fast paths of one atomic operation
 *
 * Locks lie in the arena, so that the snapshot that each round starts from holds them free. An owner is task
 * index + 1, so that zeroed memory is a free lock. What must wait goes to park.c (sleeping) or spins in
 * locks.c. Whoever waits can be called off: a round that is torn down makes every waiter leave its task by
 * longjmp. While a task is `alone` (the check after a round, which nobody runs beside) nothing waits.
 */
#ifndef SIM_NATIVE_SYNC_IMPL_H
#define SIM_NATIVE_SYNC_IMPL_H

#define NATIVE_READING 4

/* What inline code needs of the running task. The whole is struct native_thread, internal.h. */
struct native_task {
	void *arena;
	u32 *gate;	/* of its own CPU: 1 while interrupts are kept out of it */
	u32 id;		/* task index + 1: how locks name their owner */
	int cpu;	/* of the target while it runs an interrupt's handler */
	int gate_depth; /* instructions and irq_disables, nested */
	int irq_depth;	/* irq_disables alone */
	int rcu_depth;
	int ghost_depth;
	bool alone, perturb;
	bool unwatched; /* oracles do not follow each access */
	void *data;
	const char *name;
	const u8 *page_poison; /* a byte for each page of the arena: 0 when nothing in it is poisoned */
	size_t size;	       /* of the arena */
	const void *reading[NATIVE_READING]; /* atomic: rwsems that it reads without a count, rwsem.h */
};

extern _Thread_local struct native_task *native_self;

/* TSan does not understand fences: all of them meet in one variable, which orders more than they would. */
#if defined(__SANITIZE_THREAD__)
#define NATIVE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NATIVE_TSAN 1
#endif
#endif
#ifndef NATIVE_TSAN
#define NATIVE_TSAN 0
#endif

/* User memory and DMA race by right, and what is poisoned is the ground's to report: no sanitizer is to look. */
#if NATIVE_TSAN || defined(__SANITIZE_ADDRESS__)
#define NATIVE_UNWATCHED_COPY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NATIVE_UNWATCHED_COPY 1
#endif
#endif
#ifndef NATIVE_UNWATCHED_COPY
#define NATIVE_UNWATCHED_COPY 0
#endif

#if NATIVE_TSAN
extern int native_fence;
#undef smp_mb
#undef smp_rmb
#undef smp_wmb
#define smp_mb() ((void)__atomic_fetch_add(&native_fence, 0, __ATOMIC_SEQ_CST))
#define smp_rmb() ((void)__atomic_fetch_add(&native_fence, 0, __ATOMIC_ACQ_REL))
#define smp_wmb() ((void)__atomic_fetch_add(&native_fence, 0, __ATOMIC_ACQ_REL))
#endif

/* ---- atomics that return nothing, and bits ------------------------------------------------------ */

static inline void atomic_inc(atomic_t *v)
{
	__atomic_fetch_add(&v->counter, 1, __ATOMIC_RELAXED);
}
static inline void atomic_dec(atomic_t *v)
{
	__atomic_fetch_sub(&v->counter, 1, __ATOMIC_RELAXED);
}
static inline void atomic_add(int i, atomic_t *v)
{
	__atomic_fetch_add(&v->counter, i, __ATOMIC_RELAXED);
}
static inline void atomic64_add(s64 i, atomic64_t *v)
{
	__atomic_fetch_add(&v->counter, i, __ATOMIC_RELAXED);
}
static inline void set_bit(int nr, unsigned long *addr)
{
	__atomic_fetch_or(addr, 1ul << nr, __ATOMIC_RELAXED);
}
static inline void clear_bit(int nr, unsigned long *addr)
{
	__atomic_fetch_and(addr, ~(1ul << nr), __ATOMIC_RELAXED);
}
static inline bool test_bit(int nr, const unsigned long *addr)
{
	return (__atomic_load_n(addr, __ATOMIC_RELAXED) >> nr) & 1;
}
static inline bool test_and_set_bit(int nr, unsigned long *addr)
{
	return (__atomic_fetch_or(addr, 1ul << nr, __ATOMIC_SEQ_CST) >> nr) & 1;
}
static inline bool test_and_clear_bit(int nr, unsigned long *addr)
{
	return (__atomic_fetch_and(addr, ~(1ul << nr), __ATOMIC_SEQ_CST) >> nr) & 1;
}

/* ---- interrupts: the gate of one's own CPU ------------------------------------------------------ */

void native_gate_shut_slow(u32 *gate);
void native_irqs_on(void);

static inline void native_gate_shut(struct native_task *t)
{
	u32 open = 0;

	if (t->gate_depth++ == 0 &&
	    !__atomic_compare_exchange_n(t->gate, &open, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		native_gate_shut_slow(t->gate);
}
static inline void native_gate_open(struct native_task *t)
{
	if (--t->gate_depth == 0)
		__atomic_store_n(t->gate, 0, __ATOMIC_RELEASE);
}
static inline void insn_begin(void)
{
	native_gate_shut(native_self);
}
static inline void insn_end(void)
{
	native_gate_open(native_self);
}
static inline void local_irq_disable(void)
{
	native_gate_shut(native_self);
	native_self->irq_depth++;
}
static inline void local_irq_enable(void)
{
	if (unlikely(!native_self->irq_depth)) {
		native_irqs_on();
		return;
	}
	native_self->irq_depth--;
	native_gate_open(native_self);
}
static inline bool irqs_disabled(void)
{
	return native_self->irq_depth > 0;
}
static inline int smp_processor_id(void)
{
	return native_self->cpu;
}
void smp_call_function_many(u64 mask, void (*fn)(int cpu, void *info), void *info);

/* ---- spinlocks ---------------------------------------------------------------------------------- */

typedef struct {
	u32 owner;
	const char *name;
} spinlock_t;

void native_spin_lock_slow(spinlock_t *l);
void native_unlock_misuse(const char *op, const char *name, u32 owner);

#define spin_lock_init(l) (*(l) = (spinlock_t){ .name = #l })

static inline bool spin_trylock(spinlock_t *l)
{
	u32 nobody = 0;

	return __atomic_compare_exchange_n(&l->owner, &nobody, native_self->id, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}
static inline void spin_lock(spinlock_t *l)
{
	if (unlikely(!spin_trylock(l)))
		native_spin_lock_slow(l);
}
static inline void spin_unlock(spinlock_t *l)
{
	u32 owner = __atomic_load_n(&l->owner, __ATOMIC_RELAXED);

	if (unlikely(owner != native_self->id))
		native_unlock_misuse("spin_unlock", l->name, owner);
	else
		__atomic_store_n(&l->owner, 0, __ATOMIC_RELEASE);
}
static inline bool spin_is_locked(spinlock_t *l)
{
	return __atomic_load_n(&l->owner, __ATOMIC_RELAXED) != 0;
}

/* ---- reader-writer spinlocks: count is the number of readers, or the writer with the top bit --------- */

#define NATIVE_WRITER 0x80000000u

typedef struct {
	u32 count;
	const char *name;
} rwlock_t;

void native_read_lock_slow(rwlock_t *l);
void native_write_lock_slow(rwlock_t *l);

#define rwlock_init(l) (*(l) = (rwlock_t){ .name = #l })

static inline bool native_read_trylock(rwlock_t *l)
{
	u32 c = __atomic_load_n(&l->count, __ATOMIC_RELAXED);

	while (!(c & NATIVE_WRITER))
		if (__atomic_compare_exchange_n(&l->count, &c, c + 1, true, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return false;
}
static inline bool native_write_trylock(rwlock_t *l)
{
	u32 nobody = 0;

	return __atomic_compare_exchange_n(&l->count, &nobody, NATIVE_WRITER | native_self->id, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}
static inline void read_lock(rwlock_t *l)
{
	if (unlikely(!native_read_trylock(l)))
		native_read_lock_slow(l);
}
static inline void read_unlock(rwlock_t *l)
{
	u32 c = __atomic_load_n(&l->count, __ATOMIC_RELAXED);

	if (unlikely(!c || (c & NATIVE_WRITER)))
		native_unlock_misuse("read_unlock", l->name, c & ~NATIVE_WRITER);
	else
		__atomic_fetch_sub(&l->count, 1, __ATOMIC_RELEASE);
}
static inline void write_lock(rwlock_t *l)
{
	if (unlikely(!native_write_trylock(l)))
		native_write_lock_slow(l);
}
static inline void write_unlock(rwlock_t *l)
{
	u32 c = __atomic_load_n(&l->count, __ATOMIC_RELAXED);

	if (unlikely(c != (NATIVE_WRITER | native_self->id)))
		native_unlock_misuse("write_unlock", l->name, c & NATIVE_WRITER ? c & ~NATIVE_WRITER : 0);
	else
		__atomic_store_n(&l->count, 0, __ATOMIC_RELEASE);
}

#define NATIVE_IRQ_LOCKS(type, op)                                                                           \
	static inline void op##_lock_irq(type *l)                                                            \
	{                                                                                                    \
		local_irq_disable();                                                                         \
		op##_lock(l);                                                                                \
	}                                                                                                    \
	static inline void op##_unlock_irq(type *l)                                                          \
	{                                                                                                    \
		op##_unlock(l);                                                                              \
		local_irq_enable();                                                                          \
	}
NATIVE_IRQ_LOCKS(spinlock_t, spin)
NATIVE_IRQ_LOCKS(rwlock_t, read)
NATIVE_IRQ_LOCKS(rwlock_t, write)

#include "native/rwsem.h"

/* ---- the mutex ---------------------------------------------------------------------------------- */

#define MUTEX_WAITING 0x80000000u

struct mutex {
	u32 owner; /* with MUTEX_WAITING when the unlock has somebody to wake */
	const char *name;
};

void native_mutex_lock_slow(struct mutex *m);

#define mutex_init(m) (*(m) = (struct mutex){ .name = #m })

static inline bool mutex_trylock(struct mutex *m)
{
	u32 nobody = 0;

	return __atomic_compare_exchange_n(&m->owner, &nobody, native_self->id, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}
static inline void mutex_lock(struct mutex *m)
{
	if (unlikely(!mutex_trylock(m)))
		native_mutex_lock_slow(m);
}
static inline void mutex_unlock(struct mutex *m)
{
	u32 owner = __atomic_load_n(&m->owner, __ATOMIC_RELAXED) & ~MUTEX_WAITING;

	if (unlikely(owner != native_self->id))
		native_unlock_misuse("mutex_unlock", m->name, owner);
	else if (unlikely(__atomic_exchange_n(&m->owner, 0, __ATOMIC_SEQ_CST) & MUTEX_WAITING))
		native_wake(m);
}
static inline bool mutex_is_locked(struct mutex *m)
{
	return (__atomic_load_n(&m->owner, __ATOMIC_RELAXED) & ~MUTEX_WAITING) != 0;
}

/* ---- bit locks, completions, waiting for words -------------------------------------------------- */

void native_bit_lock_slow(int nr, unsigned long *word, const char *name);
void native_bit_wait_slow(int nr, unsigned long *word, const char *name);
void bit_unlock(int nr, unsigned long *word);
static inline void bit_lock_passed(int nr, unsigned long *word)
{
	(void)nr;
	(void)word;
}

static inline bool bit_trylock(int nr, unsigned long *word, const char *name)
{
	(void)name;
	return !((__atomic_fetch_or(word, 1ul << nr, __ATOMIC_ACQUIRE) >> nr) & 1);
}
static inline void bit_lock(int nr, unsigned long *word, const char *name)
{
	if (unlikely(!bit_trylock(nr, word, name)))
		native_bit_lock_slow(nr, word, name);
}
static inline void bit_wait(int nr, unsigned long *word, const char *name)
{
	if (unlikely((__atomic_load_n(word, __ATOMIC_ACQUIRE) >> nr) & 1))
		native_bit_wait_slow(nr, word, name);
}

struct completion {
	u32 done;
	const char *name;
};
#define init_completion(c) (*(c) = (struct completion){ .name = #c })
void complete(struct completion *c);
void wait_for_completion(struct completion *c);

void native_wait_for_bits_slow(const u32 *p, u32 mask, u32 value, const char *name);
static inline void wait_for_bits_u32(const u32 *p, u32 mask, u32 value, const char *name)
{
	if (unlikely((__atomic_load_n(p, __ATOMIC_ACQUIRE) & mask) != value))
		native_wait_for_bits_slow(p, mask, value, name);
}

void native_yield(void);
static inline void cpu_relax(void)
{
	native_yield();
}
static inline void cond_resched(void)
{
	native_yield();
}

#include "native/waitqueue.h"

/* ---- RCU ---------------------------------------------------------------------------------------- */

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *);
};

void native_rcu_enter(void);
void native_rcu_exit(void);
void native_rcu_misuse(const char *what);
void native_synchronize_rcu(void);
void native_call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *));

static inline void rcu_read_lock(void)
{
	if (native_self->rcu_depth++ == 0)
		native_rcu_enter();
}
static inline void rcu_read_unlock(void)
{
	if (unlikely(!native_self->rcu_depth))
		native_rcu_misuse("rcu_read_unlock() outside a read side");
	else if (--native_self->rcu_depth == 0)
		native_rcu_exit();
}
static inline void synchronize_rcu(void)
{
	native_synchronize_rcu();
}
static inline void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *))
{
	native_call_rcu(head, func);
}
#define rcu_dereference(p) smp_load_acquire(&(p))
#define rcu_assign_pointer(p, v) smp_store_release(&(p), v)

/* ---- contents, the machine, poison, labels, violations, choices --------------------------------- */

#include "native/content.h"

static inline void *sync_machine(void)
{
	return native_self->arena;
}
static inline void *sync_task_data(void)
{
	return native_self->data;
}
static inline void sync_set_task_data(void *data)
{
	native_self->data = data;
}
static inline const char *sync_task_name(void)
{
	return native_self->name;
}

#define sync_constant(x) (x)
void sync_poison(const void *p, size_t n, const char *oracle);
void sync_unpoison(const void *p, size_t n);
void native_ghost_begin(void);
void native_ghost_end(void);
static inline bool sync_watched(void)
{
	return !native_self->unwatched;
}
static inline void sync_ghost_begin(const void *p, size_t n)
{
	if (sync_watched())
		native_ghost_begin();
}
static inline void sync_ghost_end(void)
{
	if (sync_watched())
		native_ghost_end();
}
u64 sync_time(void);
#define sync_step(name) ((void)0)
#define sync_ghost_step(p, write, name) ((void)0)

void native_perturb(void);
#define SYNC_LABEL(name)                                                                                     \
	do {                                                                                                 \
		if (unlikely(native_self->perturb))                                                          \
			native_perturb();                                                                    \
	} while (0)

void sync_violation(const char *oracle, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sync_outcome(const char *text);

static inline int sync_choose(const char *what, int n)
{
	return 0;
}

#endif
