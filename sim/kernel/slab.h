/* SPDX-License-Identifier: MIT */
/*
 * slab.h - small objects, reused last in, first out, and poisoned while free
 *
 * Stands for mm/slab.c. One lock in place of per-CPU arrays: reuse at once, by whichever CPU, finds more.
 */
#ifndef SIM_KERNEL_SLAB_H
#define SIM_KERNEL_SLAB_H

#include "sync.h"

#define SLAB_UNIT 64 /* the poison's granularity */
#define SLAB_CLASSES 8
#define SLAB_PER_CLASS 48
#define SLAB_BYTES (32 << 10)

/* What an object is: for counting leaks. */
enum slab_kind { SLAB_MM, SLAB_VMA, SLAB_NODE, SLAB_ANON_VMA, SLAB_KINDS };

struct slab_class {
	u32 nr;
	u32 offset[SLAB_PER_CLASS]; /* in heap, of free objects; the last freed is last */
};

struct slab {
	spinlock_t lock;
	u32 used; /* bytes of heap ever handed out */
	u32 live[SLAB_KINDS];
	struct slab_class free[SLAB_CLASSES]; /* class i: objects of i + 1 units */
	u8 heap[SLAB_BYTES] __attribute__((aligned(64)));
};

/* => zeroed; NULL when there is no memory. May be called in atomic context. */
void *kmem_alloc(size_t size, enum slab_kind kind);
/* => size and kind as they were allocated */
void kmem_free(void *p, size_t size, enum slab_kind kind);

#endif
