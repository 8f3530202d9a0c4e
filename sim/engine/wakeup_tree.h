/* SPDX-License-Identifier: MIT */
/*
 * wakeup_tree.h - trees of steps that are still to be taken, for strategy_wakeup_trees.c
 *
 * A tree is the number of its first branch, 0: it is empty. Branches next to each other are taken in their order.
 */
#ifndef SIM_ENGINE_WAKEUP_TREE_H
#define SIM_ENGINE_WAKEUP_TREE_H

#include "engine/internal.h"

/* What decides whether a step depends on another. */
struct brief {
	uint64_t mask;
	uint32_t loc;
	uint16_t span;
	uint8_t mode, task;
};

struct branch {
	struct brief step;
	uint32_t child, next; /* 0: none; free ones are chained by next */
};

/* All branches, and the sequence that is put together to become one. */
struct wakeup_trees {
	struct branch *pool; /* pool[0] is no branch */
	struct brief *seq;
	size_t cap_pool, cap_seq; /* bytes */
	uint32_t nr_pool, nr_seq;
	uint32_t unused;     /* first free branch */
	uint32_t live, peak; /* branches */
};

/* => p, or where it moved to, with room for nr elements of `size` bytes */
void *wakeup_room(void *p, size_t *cap, size_t nr, size_t size);
void wakeup_trees_free(struct wakeup_trees *w);
void seq_add(struct wakeup_trees *w, struct brief b);
/*
 * Can `step`, which could be taken now, be seq's first step, because it is part of seq and nothing before it there
 * matters to it, or because it is not and nothing in seq does? => its place in seq, nr_seq: it is not in it; -1: no
 */
int64_t weak_initial(const struct wakeup_trees *w, const struct brief *step);
/* Puts seq, which is used up, into the tree. */
void tree_insert(struct wakeup_trees *w, uint32_t *tree);
/* Takes the first branch out of a tree that has one: its step, and in *down the tree below it. */
struct brief tree_take(struct wakeup_trees *w, uint32_t *tree, uint32_t *down);
void tree_free(struct wakeup_trees *w, uint32_t *tree);

static inline bool brief_dependent(const struct brief *a, const struct brief *b)
{
	struct op x = { .loc = a->loc, .span = a->span, .mode = a->mode, .mask = a->mask };
	struct op y = { .loc = b->loc, .span = b->span, .mode = b->mode, .mask = b->mask };

	return op_dependent(&x, &y);
}

#endif
