/* SPDX-License-Identifier: MIT */
/* probe_code.c - one of every class of access, compiled with the flags of kernel code */
#include <string.h>

#include "engine/probe.h"
#include "sync.h"

/* Nine points a size: load, store, exchange, compare-and-exchange, five fetch-and-op; then four fences. */
#define POINTS(field)                                                                                        \
	do {                                                                                                 \
		WRITE_ONCE(p->field, 1);                                                                     \
		(void)READ_ONCE(p->field);                                                                   \
		(void)xchg(&p->field, 2);                                                                    \
		(void)cmpxchg(&p->field, 2, 3);                                                              \
		__atomic_fetch_add(&p->field, 1, __ATOMIC_SEQ_CST);                                          \
		__atomic_fetch_sub(&p->field, 1, __ATOMIC_SEQ_CST);                                          \
		__atomic_fetch_and(&p->field, 3, __ATOMIC_SEQ_CST);                                          \
		__atomic_fetch_or(&p->field, 4, __ATOMIC_SEQ_CST);                                           \
		__atomic_fetch_xor(&p->field, 4, __ATOMIC_SEQ_CST);                                          \
	} while (0)

void probe_code(struct probe *p)
{
	POINTS(u8);
	POINTS(u16);
	POINTS(u32);
	POINTS(u64);
	smp_mb(); /* apart, or the compiler makes one of them */
	barrier();
	smp_rmb();
	barrier();
	smp_wmb();
	barrier();
	__atomic_thread_fence(__ATOMIC_ACQ_REL);
}

void probe_reads(struct probe *p)
{
	volatile uint64_t sink = p->u8 + p->u16;

	barrier();
	sink += p->u32 + p->u64;
	(void)sink;
}

void probe_writes(struct probe *p)
{
	p->u8 = 1;
	barrier();
	p->u16 = 1;
	barrier();
	p->u32 = 1;
	barrier();
	p->u64 = 1;
	barrier();
}

void probe_memset(struct probe *p)
{
	memset(p->to, 0, sizeof(p->to));
	barrier();
}

void probe_memcpy(struct probe *p)
{
	memcpy(p->to, p->from, sizeof(p->to));
	barrier();
}

void probe_assign(struct probe *p)
{
	p->a = p->b;
	barrier();
}
