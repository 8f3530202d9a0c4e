/* SPDX-License-Identifier: MIT */
/*
 * waitqueue.h - wait queues of the native build, and what only the controlled one looks at: nesting of locks, sleeping
 *
 * Included by sync_impl.h alone.
 */
#ifndef SIM_NATIVE_WAITQUEUE_H
#define SIM_NATIVE_WAITQUEUE_H

struct wait_queue_head {
	u64 queued; /* tasks, by index; atomic */
	const char *name;
};
typedef struct wait_queue_head wait_queue_head_t;

#define init_waitqueue_head(wq) (*(wq) = (struct wait_queue_head){ .name = #wq })

void prepare_to_wait(struct wait_queue_head *wq);
void finish_wait(struct wait_queue_head *wq);
void wake_up(struct wait_queue_head *wq);
/* => false: nobody will wake it, in the check after a round */
bool native_sleep(struct wait_queue_head *wq, const char *op);

#define wake_up_all(wq) wake_up(wq)
#define schedule() ((void)native_sleep(NULL, "schedule"))

static inline bool waitqueue_active(struct wait_queue_head *wq)
{
	return __atomic_load_n(&wq->queued, __ATOMIC_RELAXED) != 0;
}

#define wait_event(wq, cond)                                                                                 \
	do {                                                                                                 \
		if (cond)                                                                                    \
			break;                                                                               \
		for (;;) {                                                                                   \
			prepare_to_wait(&(wq));                                                              \
			if (cond)                                                                            \
				break;                                                                       \
			if (!native_sleep(&(wq), "wait_event"))                                              \
				break;                                                                       \
		}                                                                                            \
		finish_wait(&(wq));                                                                          \
	} while (0)

#define spin_lock_nested(l, subclass) spin_lock(l)
#define mutex_lock_nested(m, subclass) mutex_lock(m)
#define down_read_nested(s, subclass) down_read(s)
#define down_write_nested(s, subclass) down_write(s)
#define bit_lock_nested(nr, word, name, subclass) bit_lock(nr, word, name)

static inline void might_sleep(void)
{
}

#endif
