/* SPDX-License-Identifier: MIT */
/*
 * rwsem.h - the fair reader-writer semaphore, biased towards readers
 *
 * Included by sync_impl.h alone. After BRAVO (Dice and Kogan, "BRAVO: Biased Locking for Reader-Writer Locks", 2019): a
 * semaphore that is mostly read turns biased, and its readers then note it in a slot of their own task in place of the
 * count, so that they write no line that others use. A writer takes the bias away, then waits until no slot names it.
 *
 * B1: a reader that found RWSEM_BIAS after it filled its slot has the semaphore; one that did not empties the slot.
 * B2: RWSEM_BIAS is set only while nobody writes or waits to write, and implies RWSEM_SLOTS.
 * B3: a slot names the semaphore, but for a moment, only while RWSEM_SLOTS is set; a writer that finds it set looks at
 *     all slots before it has the semaphore, and only such a writer takes it away.
 *
 * A reader fills its slot, then loads the count; a writer changes the count, then looks at the slots; sequentially
 * consistent all, so one sees the other.
 */
#ifndef SIM_NATIVE_RWSEM_H
#define SIM_NATIVE_RWSEM_H

#define RWSEM_WRITER 1u	 /* a writer has it */
#define RWSEM_WAITING 2u /* somebody queues: no writer may pass */
#define RWSEM_WRITERS 4u /* a writer queues: no reader may pass */
#define RWSEM_BIAS 8u	 /* readers use slots */
#define RWSEM_SLOTS 16u	 /* there may be readers in slots */
#define RWSEM_READER 32u /* one reader that is counted */

#define RWSEM_BIAS_AFTER 16 /* counted readers since the last writer */

struct rw_semaphore {
	u32 count;
	u32 owner;	   /* the last writer: for reports */
	u32 next, serving; /* tickets of the queue; guarded by the bucket's lock, park.c */
	u32 writers;	   /* that queue; guarded likewise */
	u32 reads;	   /* atomic, a guess: counted readers since the last writer */
	u32 was_biased;	   /* atomic: ever */
	const char *name;
};

void native_down_slow(struct rw_semaphore *s, bool writer);
void native_up_read_slow(struct rw_semaphore *s, u32 old);
void native_up_misuse(struct rw_semaphore *s, const char *op);
void native_read_in_vain(struct rw_semaphore *s, const void **slot);
void native_bias(struct rw_semaphore *s);
bool native_write_biased(struct rw_semaphore *s);
void native_wake(const void *addr);

#define init_rwsem(s) (*(s) = (struct rw_semaphore){ .name = #s })

/* => true: it reads, noted in a slot */
static inline bool native_read_biased(struct rw_semaphore *s)
{
	const void **slot = native_self->reading;

	while (*slot)
		if (++slot == native_self->reading + NATIVE_READING)
			return false;
	(void)__atomic_exchange_n(slot, s, __ATOMIC_SEQ_CST);
	if (likely(__atomic_load_n(&s->count, __ATOMIC_SEQ_CST) & RWSEM_BIAS))
		return true;
	native_read_in_vain(s, slot);
	return false;
}
static inline bool native_read_counted(struct rw_semaphore *s)
{
	u32 c = __atomic_load_n(&s->count, __ATOMIC_RELAXED), reads;

	while (!(c & (RWSEM_WRITER | RWSEM_WRITERS))) {
		if (!__atomic_compare_exchange_n(&s->count, &c, c + RWSEM_READER, true, __ATOMIC_ACQUIRE,
						 __ATOMIC_RELAXED))
			continue;
		reads = __atomic_load_n(&s->reads, __ATOMIC_RELAXED) + 1;
		__atomic_store_n(&s->reads, reads, __ATOMIC_RELAXED);
		if (unlikely(reads == RWSEM_BIAS_AFTER))
			native_bias(s);
		return true;
	}
	return false;
}
static inline bool down_read_trylock(struct rw_semaphore *s)
{
	if ((__atomic_load_n(&s->count, __ATOMIC_RELAXED) & RWSEM_BIAS) && native_read_biased(s))
		return true;
	return native_read_counted(s);
}
static inline bool down_write_trylock(struct rw_semaphore *s)
{
	u32 c = 0;

	if (!__atomic_compare_exchange_n(&s->count, &c, RWSEM_WRITER, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED) &&
	    (!(c & RWSEM_SLOTS) || !native_write_biased(s)))
		return false;
	__atomic_store_n(&s->owner, native_self->id, __ATOMIC_RELAXED);
	__atomic_store_n(&s->reads, 0, __ATOMIC_RELAXED);
	return true;
}
static inline void down_read(struct rw_semaphore *s)
{
	if (unlikely(!down_read_trylock(s)))
		native_down_slow(s, false);
}
static inline void down_write(struct rw_semaphore *s)
{
	if (unlikely(!down_write_trylock(s)))
		native_down_slow(s, true);
}
/*
 * => true: it read in a slot, and does no more. No barrier stands between the two accesses: a writer that is passed
 * over here looks again by itself soon.
 */
static inline bool native_up_biased(struct rw_semaphore *s)
{
	const void **slot = native_self->reading;

	while (*slot != s)
		if (++slot == native_self->reading + NATIVE_READING)
			return false;
	__atomic_store_n(slot, NULL, __ATOMIC_RELEASE);
	if (unlikely(!(__atomic_load_n(&s->count, __ATOMIC_RELAXED) & RWSEM_BIAS)))
		native_wake(s);
	return true;
}
static inline void up_read(struct rw_semaphore *s)
{
	u32 old;

	if (native_up_biased(s))
		return;
	old = __atomic_fetch_sub(&s->count, RWSEM_READER, __ATOMIC_SEQ_CST);
	if (unlikely((old & RWSEM_WAITING) || old < RWSEM_READER))
		native_up_read_slow(s, old);
}
static inline bool native_holds_write(struct rw_semaphore *s)
{
	return (__atomic_load_n(&s->count, __ATOMIC_RELAXED) & RWSEM_WRITER) &&
	       __atomic_load_n(&s->owner, __ATOMIC_RELAXED) == native_self->id;
}
static inline void up_write(struct rw_semaphore *s)
{
	if (unlikely(!native_holds_write(s)))
		native_up_misuse(s, "up_write");
	else if (unlikely(__atomic_fetch_and(&s->count, ~RWSEM_WRITER, __ATOMIC_SEQ_CST) & RWSEM_WAITING))
		native_wake(s);
}
void downgrade_write(struct rw_semaphore *s);

#endif
