/* SPDX-License-Identifier: MIT */
/*
 * sync_impl.h - the controlled build's side of sync.h: types, and entries that the engine provides
 *
 * Locks carry their state in the arena, so that a snapshot holds them; only the engine touches it. Owners are
 * task index + 1, so that zeroed memory is a free lock.
 */
#ifndef SIM_ENGINE_SYNC_IMPL_H
#define SIM_ENGINE_SYNC_IMPL_H

#define SYNC_NR_TASKS 64 /* equals ENGINE_MAX_TASKS: asserted in the engine */

/* ---- atomics that return nothing, and bits ------------------------------------------------------ */

void sync_add32(int *p, int i);
void sync_add64(s64 *p, s64 i);
void sync_or_bits(unsigned long *p, unsigned long mask);
void sync_andnot_bits(unsigned long *p, unsigned long mask);
unsigned long sync_load_bits(const unsigned long *p, unsigned long mask);
unsigned long sync_fetch_or_bits(unsigned long *p, unsigned long mask);
unsigned long sync_fetch_andnot_bits(unsigned long *p, unsigned long mask);

static inline void atomic_inc(atomic_t *v)
{
	sync_add32(&v->counter, 1);
}
static inline void atomic_dec(atomic_t *v)
{
	sync_add32(&v->counter, -1);
}
static inline void atomic_add(int i, atomic_t *v)
{
	sync_add32(&v->counter, i);
}
static inline void atomic64_add(s64 i, atomic64_t *v)
{
	sync_add64(&v->counter, i);
}
static inline void set_bit(int nr, unsigned long *addr)
{
	sync_or_bits(addr, 1ul << nr);
}
static inline void clear_bit(int nr, unsigned long *addr)
{
	sync_andnot_bits(addr, 1ul << nr);
}
static inline bool test_bit(int nr, const unsigned long *addr)
{
	return sync_load_bits(addr, 1ul << nr) != 0;
}
static inline bool test_and_set_bit(int nr, unsigned long *addr)
{
	return sync_fetch_or_bits(addr, 1ul << nr) != 0;
}
static inline bool test_and_clear_bit(int nr, unsigned long *addr)
{
	return sync_fetch_andnot_bits(addr, 1ul << nr) != 0;
}

/* ---- locks that are not fair: one type for spinlocks, reader-writer spinlocks and mutexes ---------- */

/* Where locks are initialised: those of one place are one class. */
struct sync_lock_key {
	const char *name, *file;
	int line;
};
#define SYNC_LOCK_KEY(name)                                                                                  \
	({                                                                                                   \
		static const struct sync_lock_key __sync_key = { name, __FILE__, __LINE__ };                 \
		&__sync_key;                                                                                 \
	})

enum sync_lock_kind { SYNC_SPIN, SYNC_MUTEX, SYNC_RWSEM, SYNC_BIT };

/* Every lock begins like this. */
struct sync_lock {
	u16 owner;   /* task + 1 that holds it exclusively, 0: none */
	u16 readers; /* how many hold it shared */
	u32 class;   /* of its key, 0: none */
	const char *name;
};

typedef struct sync_lock spinlock_t;
typedef struct sync_lock rwlock_t;
struct mutex {
	struct sync_lock lock;
};

void sync_lock_init(struct sync_lock *l, const struct sync_lock_key *key);
void sync_lock_exclusive(struct sync_lock *l, enum sync_lock_kind kind, unsigned subclass, const char *op);
/* by_store: a plain store gives it back, as a spinlock on x86; else a locked operation. */
void sync_unlock_exclusive(struct sync_lock *l, bool by_store, const char *op);
bool sync_trylock_exclusive(struct sync_lock *l, enum sync_lock_kind kind, const char *op);
void sync_lock_shared(struct sync_lock *l, const char *op);
void sync_unlock_shared(struct sync_lock *l, const char *op);
bool sync_is_locked(const struct sync_lock *l);

void local_irq_disable(void);
void local_irq_enable(void);
bool irqs_disabled(void);

#define spin_lock_init(l) sync_lock_init(l, SYNC_LOCK_KEY(#l))
#define rwlock_init(l) sync_lock_init(l, SYNC_LOCK_KEY(#l))
#define mutex_init(m) sync_lock_init(&(m)->lock, SYNC_LOCK_KEY(#m))
#define spin_lock(l) sync_lock_exclusive(l, SYNC_SPIN, 0, "spin_lock")
#define spin_lock_nested(l, subclass) sync_lock_exclusive(l, SYNC_SPIN, subclass, "spin_lock")
#define spin_unlock(l) sync_unlock_exclusive(l, true, "spin_unlock")
#define spin_trylock(l) sync_trylock_exclusive(l, SYNC_SPIN, "spin_trylock")
#define spin_is_locked(l) sync_is_locked(l)
#define write_lock(l) sync_lock_exclusive(l, SYNC_SPIN, 0, "write_lock")
#define write_unlock(l) sync_unlock_exclusive(l, false, "write_unlock")
#define read_lock(l) sync_lock_shared(l, "read_lock")
#define read_unlock(l) sync_unlock_shared(l, "read_unlock")
#define mutex_lock(m) sync_lock_exclusive(&(m)->lock, SYNC_MUTEX, 0, "mutex_lock")
#define mutex_lock_nested(m, subclass) sync_lock_exclusive(&(m)->lock, SYNC_MUTEX, subclass, "mutex_lock")
#define mutex_unlock(m) sync_unlock_exclusive(&(m)->lock, false, "mutex_unlock")
#define mutex_trylock(m) sync_trylock_exclusive(&(m)->lock, SYNC_MUTEX, "mutex_trylock")
#define mutex_is_locked(m) sync_is_locked(&(m)->lock)

static inline void spin_lock_irq(spinlock_t *l)
{
	local_irq_disable();
	spin_lock(l);
}
static inline void spin_unlock_irq(spinlock_t *l)
{
	spin_unlock(l);
	local_irq_enable();
}
static inline void read_lock_irq(rwlock_t *l)
{
	local_irq_disable();
	read_lock(l);
}
static inline void read_unlock_irq(rwlock_t *l)
{
	read_unlock(l);
	local_irq_enable();
}
static inline void write_lock_irq(rwlock_t *l)
{
	local_irq_disable();
	write_lock(l);
}
static inline void write_unlock_irq(rwlock_t *l)
{
	write_unlock(l);
	local_irq_enable();
}

/* ---- the fair reader-writer semaphore ------------------------------------------------------------ */

struct rw_semaphore {
	u16 owner;   /* writer, task + 1 */
	u16 readers; /* granted readers */
	u32 class;
	const char *name;
	u64 granted; /* tasks that were granted it and have not gone on yet */
	u32 nr_waiting;
	u8 waiting[SYNC_NR_TASKS]; /* first come first; the top bit says writer */
};

void sync_rwsem_init(struct rw_semaphore *s, const struct sync_lock_key *key);
void sync_rwsem_down(struct rw_semaphore *s, bool writer, unsigned subclass, const char *op);
bool sync_rwsem_try(struct rw_semaphore *s, bool writer, const char *op);
void up_read(struct rw_semaphore *s);
void up_write(struct rw_semaphore *s);
void downgrade_write(struct rw_semaphore *s);

#define init_rwsem(s) sync_rwsem_init(s, SYNC_LOCK_KEY(#s))
#define down_read(s) sync_rwsem_down(s, false, 0, "down_read")
#define down_write(s) sync_rwsem_down(s, true, 0, "down_write")
#define down_read_nested(s, subclass) sync_rwsem_down(s, false, subclass, "down_read")
#define down_write_nested(s, subclass) sync_rwsem_down(s, true, subclass, "down_write")
#define down_read_trylock(s) sync_rwsem_try(s, false, "down_read_trylock")
#define down_write_trylock(s) sync_rwsem_try(s, true, "down_write_trylock")

/* ---- bit locks, completions, waiting for words ------------------------------------------------------ */

void bit_lock_nested(int nr, unsigned long *word, const char *name, unsigned subclass);
#define bit_lock(nr, word, name) bit_lock_nested(nr, word, name, 0)
bool bit_trylock(int nr, unsigned long *word, const char *name);
void bit_unlock(int nr, unsigned long *word);
void bit_lock_passed(int nr, unsigned long *word);
void bit_wait(int nr, unsigned long *word, const char *name);

struct completion {
	u32 done;
	u32 pad;
	const char *name;
};
void sync_completion_init(struct completion *c, const char *name);
#define init_completion(c) sync_completion_init(c, #c)
void complete(struct completion *c);
void wait_for_completion(struct completion *c);

void wait_for_bits_u32(const u32 *p, u32 mask, u32 value, const char *name);
void cpu_relax(void);
void cond_resched(void);
void might_sleep(void);
u64 sync_time(void);

/* ---- wait queues ----------------------------------------------------------------------------------- */

struct wait_queue_head {
	u64 queued; /* tasks */
	const char *name;
	u16 waker;     /* task + 1 of the latest wake-up */
	u32 wake_step; /* its step */
};
typedef struct wait_queue_head wait_queue_head_t;

void sync_waitqueue_init(struct wait_queue_head *wq, const char *name);
void prepare_to_wait(struct wait_queue_head *wq);
void finish_wait(struct wait_queue_head *wq);
bool waitqueue_active(struct wait_queue_head *wq);
void sync_wake_up(struct wait_queue_head *wq, const char *op);
enum sync_slept {
	SYNC_WOKEN,
	SYNC_ASKED, /* not woken: the engine wants to know by sync_sleep_answer() whether the condition holds */
	SYNC_NEVER, /* nobody will: the check after an execution */
};
enum sync_slept sync_sleep(struct wait_queue_head *wq, const char *cond); /* cond: its text, or NULL */
void sync_sleep_answer(bool holds);

#define init_waitqueue_head(wq) sync_waitqueue_init(wq, #wq)
#define wake_up(wq) sync_wake_up(wq, "wake_up")
#define wake_up_all(wq) sync_wake_up(wq, "wake_up_all")
#define schedule() ((void)sync_sleep(NULL, NULL))
#define wait_event(wq, cond)                                                                                 \
	do {                                                                                                 \
		might_sleep();                                                                               \
		if (cond)                                                                                    \
			break;                                                                               \
		for (;;) {                                                                                   \
			enum sync_slept __sync_slept;                                                        \
                                                                                                             \
			prepare_to_wait(&(wq));                                                              \
			if (cond)                                                                            \
				break;                                                                       \
			while ((__sync_slept = sync_sleep(&(wq), #cond)) == SYNC_ASKED)                      \
				sync_sleep_answer(!!(cond));                                                 \
			if (__sync_slept == SYNC_NEVER)                                                      \
				break;                                                                       \
		}                                                                                            \
		finish_wait(&(wq));                                                                          \
	} while (0)

/* ---- RCU ------------------------------------------------------------------------------------------- */

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *);
	u64 readers; /* tasks that the grace period waits for */
	u32 step;    /* when it was queued */
	u32 handed;  /* what its queueing hands over, under weak-locks */
};
void rcu_read_lock(void);
void rcu_read_unlock(void);
void synchronize_rcu(void);
void call_rcu(struct rcu_head *head, void (*func)(struct rcu_head *));
void sync_rcu_look(void);
#define rcu_dereference(p)                                                                                   \
	({                                                                                                   \
		sync_rcu_look();                                                                             \
		smp_load_acquire(&(p));                                                                      \
	})
#define rcu_assign_pointer(p, v) smp_store_release(&(p), v)

/* ---- interrupts, IPIs, instructions -------------------------------------------------------------------- */

int smp_processor_id(void);
void smp_call_function_many(u64 mask, void (*fn)(int cpu, void *info), void *info);
void insn_begin(void);
void insn_end(void);

void sync_step(const char *name);

/* ---- contents, the machine, poison, labels, violations, choices -------------------------------------------- */

void content_read(void *local, const void *src, size_t n);
void content_write(void *dst, const void *local, size_t n);
void content_zero(void *dst, size_t n);
void content_copy(void *dst, const void *src, size_t n);
#define content_scrub(dst, n) content_zero(dst, n)

void *sync_machine(void);
/* By hand: what the compiler loads it also hooks. */
#define sync_constant(x)                                                                                     \
	({                                                                                                   \
		__typeof__(x) __sync_c;                                                                      \
		__asm__("mov %1, %0" : "=r"(__sync_c) : "m"(x));                                             \
		__sync_c;                                                                                    \
	})
void *sync_task_data(void);
void sync_set_task_data(void *data);
const char *sync_task_name(void);

void sync_poison(const void *p, size_t n, const char *oracle);
void sync_unpoison(const void *p, size_t n);
#define sync_watched() true
void sync_ghost_begin(const void *p, size_t n);
static inline void sync_ghost_end(void)
{
}
void sync_ghost_step(const void *p, bool write, const char *name);

void sync_label(const char *name);
#define SYNC_LABEL(name) sync_label(name)

void sync_violation(const char *oracle, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void sync_outcome(const char *text);
int sync_choose(const char *what, int n);

#endif
