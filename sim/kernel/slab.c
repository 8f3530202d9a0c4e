/* SPDX-License-Identifier: MIT */
/*
 * slab.c - see slab.h
 *
 * I1: a byte of the heap is poisoned exactly when it belongs to no live object.
 * Lock order: slab.lock is innermost.
 */
#include <string.h>

#include "hw/machine.h"
#include "kernel/slab.h"

static unsigned class_of(size_t size)
{
	return (unsigned)((size + SLAB_UNIT - 1) / SLAB_UNIT) - 1;
}

/* => called with slab.lock held; NULL when the heap is full */
static void *take(struct slab *s, unsigned class)
{
	struct slab_class *c = &s->free[class];
	u32 bytes = (class + 1) * SLAB_UNIT;

	if (c->nr)
		return s->heap + c->offset[--c->nr];
	if (s->used + bytes > SLAB_BYTES)
		return NULL;
	s->used += bytes;
	return s->heap + s->used - bytes;
}

void *kmem_alloc(size_t size, enum slab_kind kind)
{
	struct slab *s = &this_machine->slab;
	unsigned class = class_of(size);
	void *p;

	BUG_ON(class >= SLAB_CLASSES);
	if (unlikely(sync_choose("alloc", 2)))
		return NULL;
	spin_lock(&s->lock);
	p = take(s, class);
	if (p) {
		s->live[kind]++;
		sync_unpoison(p, (class + 1) * SLAB_UNIT);
	}
	spin_unlock(&s->lock);
	if (p)
		memset(p, 0, size);
	return p;
}

void kmem_free(void *p, size_t size, enum slab_kind kind)
{
	struct slab *s = &this_machine->slab;
	unsigned class = class_of(size);
	struct slab_class *c = &s->free[class];

	spin_lock(&s->lock);
	BUG_ON(c->nr == SLAB_PER_CLASS);
	c->offset[c->nr++] = (u32)((u8 *)p - s->heap);
	s->live[kind]--;
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
