/* SPDX-License-Identifier: MIT */
/* classes.c - how many equivalence classes the executions of a strategy that repeats itself belong to */
#include "engine/poset.h"

struct classes {
	struct poset poset;
	uint64_t *slot; /* open addressing; 0: empty */
	size_t cap, nr;
};

struct classes *classes_create(const struct engine *e)
{
	struct classes *c = calloc(1, sizeof(*c));

	if (c && poset_create(e, &c->poset)) {
		free(c);
		return NULL;
	}
	return c;
}

void classes_destroy(struct classes *c)
{
	if (!c)
		return;
	poset_destroy(&c->poset);
	free(c->slot);
	free(c);
}

void classes_begin(struct classes *c)
{
	poset_cut(&c->poset, 0);
}

void classes_step(struct engine *e, struct classes *c)
{
	if (e->step > c->poset.nr && !e->fair)
		poset_add(e, &c->poset);
}

/* => false: it was there */
static bool insert(uint64_t *slot, size_t cap, uint64_t key)
{
	size_t i = key & (cap - 1);

	while (slot[i] && slot[i] != key)
		i = (i + 1) & (cap - 1);
	if (slot[i])
		return false;
	slot[i] = key;
	return true;
}

static void grow(struct classes *c)
{
	size_t cap = c->cap ? c->cap * 2 : 1024;
	uint64_t *slot = calloc(cap, sizeof(*slot));

	if (!slot)
		engine_panic("no memory for %zu classes", cap);
	for (size_t i = 0; i < c->cap; i++)
		if (c->slot[i])
			insert(slot, cap, c->slot[i]);
	free(c->slot);
	c->slot = slot;
	c->cap = cap;
}

void classes_end(struct engine *e, struct classes *c)
{
	uint64_t key;

	classes_step(e, c);
	if (e->end == ENGINE_REDUNDANT)
		return;
	key = poset_class(e, &c->poset);
	if (2 * c->nr >= c->cap)
		grow(c);
	c->nr += insert(c->slot, c->cap, key ? key : 1);
}

uint64_t classes_count(const struct classes *c)
{
	return c->nr;
}
