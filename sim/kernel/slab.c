/* SPDX-License-Identifier: MIT */
/*
 * slab.c - see slab.h
 *
 * I1: a byte of the heap is poisoned exactly when it belongs to no live object and to no typesafe one that once lived.
 * Lock order: slab.lock is innermost.
 */
#include <string.h>

#include "hw/machine.h"
#include "kernel/slab.h"

static unsigned class_of(size_t size)
{
	return (unsigned)((size + SLAB_UNIT - 1) / SLAB_UNIT) - 1;
}

/* A class can have no more free objects than the heap has room for. */
static size_t class_max(size_t heap_bytes, unsigned class)
{
	return heap_bytes / ((class + 1) * SLAB_UNIT);
}

size_t slab_overhead(size_t heap_bytes)
{
	size_t n = (SLAB_KINDS - SLAB_TYPESAFE) * class_max(heap_bytes, 0);

	for (unsigned i = 0; i < SLAB_CLASSES; i++)
		n += class_max(heap_bytes, i);
	return (n * sizeof(u32) + 63) & ~63ul;
}

static u32 *class_init(struct slab_class *c, u32 *offset, size_t max)
{
	c->nr = 0;
	c->max = (u32)max;
	c->offset = offset;
	return offset + max;
}

void slab_init(struct slab *s, u8 *memory, size_t heap_bytes)
{
	u32 *offset = (u32 *)memory;

	spin_lock_init(&this_machine->slab.lock);
	for (unsigned i = 0; i < SLAB_CLASSES; i++)
		offset = class_init(&s->free[i], offset, class_max(heap_bytes, i));
	for (unsigned i = 0; i < SLAB_KINDS - SLAB_TYPESAFE; i++)
		offset = class_init(&s->typesafe[i], offset, class_max(heap_bytes, 0));
	s->heap = memory + slab_overhead(heap_bytes);
	s->size = heap_bytes;
}

static struct slab_class *free_list(struct slab *s, unsigned class, enum slab_kind kind)
{
	return kind >= SLAB_TYPESAFE ? &s->typesafe[kind - SLAB_TYPESAFE] : &s->free[class];
}

/* => called with slab.lock held; NULL when the heap is full. *fresh: never used before */
static void *take(struct slab *s, unsigned class, enum slab_kind kind, bool *fresh)
{
	struct slab_class *c = free_list(s, class, kind);
	unsigned long bytes = (class + 1) * SLAB_UNIT;

	*fresh = !c->nr;
	if (c->nr)
		return s->heap + (size_t)c->offset[--c->nr] * SLAB_UNIT;
	if (s->used + bytes > s->size)
		return NULL;
	s->used += bytes;
	return s->heap + s->used - bytes;
}

void *kmem_alloc(size_t size, enum slab_kind kind)
{
	struct slab *s = &this_machine->slab;
	unsigned class = class_of(size);
	bool fresh;
	void *p;

	BUG_ON(class >= SLAB_CLASSES);
	if (unlikely(sync_choose("alloc", 2)))
		return NULL;
	spin_lock(&s->lock);
	p = take(s, class, kind, &fresh);
	if (p) {
		s->live[kind]++;
		sync_unpoison(p, (class + 1) * SLAB_UNIT);
	}
	spin_unlock(&s->lock);
	if (p && (fresh || kind < SLAB_TYPESAFE))
		memset(p, 0, size);
	return p;
}

void kmem_free(void *p, size_t size, enum slab_kind kind)
{
	struct slab *s = &this_machine->slab;
	unsigned class = class_of(size);
	struct slab_class *c = free_list(s, class, kind);

	spin_lock(&s->lock);
	BUG_ON(c->nr == c->max);
	c->offset[c->nr++] = (u32)((size_t)((u8 *)p - s->heap) / SLAB_UNIT);
	s->live[kind]--;
	if (kind < SLAB_TYPESAFE)
		sync_poison(p, (class + 1) * SLAB_UNIT, "use-after-free");
	spin_unlock(&s->lock);
}

void *lib_node_alloc(size_t size)
{
	return kmem_alloc(size, SLAB_NODE);
}

void lib_node_free(void *node, size_t size)
{
	kmem_free(node, size, SLAB_NODE);
}
