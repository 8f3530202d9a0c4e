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
#define SLAB_CLASSES 16
#define SLAB_OBJECT_MAX (SLAB_CLASSES * SLAB_UNIT)

/* What an object is: for counting leaks. Those from SLAB_TYPESAFE on keep their memory to their own kind. */
enum slab_kind {
	SLAB_MM,
	SLAB_VMA,
	SLAB_NODE,
	SLAB_INODE,
	SLAB_FILE,
	SLAB_HUGETLB, /* what a hugetlb mapping counts on */
	SLAB_IO,      /* requests under way */
	SLAB_MISC,    /* of system calls, until they return */
	SLAB_TYPESAFE,
	SLAB_ANON_VMA = SLAB_TYPESAFE,
	SLAB_KINDS
};

struct slab_class {
	u32 nr, max;
	u32 *offset; /* in heap, in units, of free objects; the last freed is last */
};

struct slab {
	spinlock_t lock;
	u8 *heap;
	unsigned long size, used; /* bytes of heap, and of it ever handed out */
	u32 live[SLAB_KINDS];
	struct slab_class free[SLAB_CLASSES]; /* class i: objects of i + 1 units */
	struct slab_class typesafe[SLAB_KINDS - SLAB_TYPESAFE];
};

/* Bytes of bookkeeping beside a heap of so many. */
size_t slab_overhead(size_t heap_bytes);
/* => memory: zeroed, overhead first, then the heap */
void slab_init(struct slab *s, u8 *memory, size_t heap_bytes);

/*
 * => zeroed; NULL when there is no memory. May be called in atomic context. An object of a typesafe kind is zeroed only
 * when its memory is used for the first time: who may still look at the one before finds an object of the same kind
 */
void *kmem_alloc(size_t size, enum slab_kind kind);
/* => size and kind as they were allocated */
void kmem_free(void *p, size_t size, enum slab_kind kind);

#endif
