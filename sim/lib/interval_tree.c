/* SPDX-License-Identifier: MIT */
/*
 * interval_tree.c - intervals in a tree by start
 *
 * I1: n->subtree_last is the maximum of n->last and of the children's subtree_last.
 * So a subtree whose subtree_last is less than the start asked for holds nothing, and so does everything at
 * and to the right of a node whose own start is greater than the last asked for. Both together find the next
 * overlap in one descent.
 */
#include "lib/interval_tree.h"

static struct interval_tree_node *entry(struct rb_node *rb)
{
	return rb_entry(rb, struct interval_tree_node, rb);
}

static bool update_subtree_last(struct rb_node *rb)
{
	struct interval_tree_node *node = entry(rb);
	unsigned long max = node->last;

	for (int side = 0; side < 2; side++) {
		struct rb_node *child = rb->rb_child[side];

		if (child && entry(child)->subtree_last > max)
			max = entry(child)->subtree_last;
	}
	if (node->subtree_last == max)
		return false;
	node->subtree_last = max;
	return true;
}

void interval_tree_insert(struct interval_tree_node *node, struct rb_root *root)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;
	unsigned long start = node->start;

	while (*link) {
		parent = *link;
		link = start < entry(parent)->start ? &parent->rb_left : &parent->rb_right;
	}
	node->subtree_last = node->last;
	rb_link_node(&node->rb, parent, link);
	rb_insert_augmented(&node->rb, root, update_subtree_last);
}

void interval_tree_remove(struct interval_tree_node *node, struct rb_root *root)
{
	rb_erase_augmented(&node->rb, root, update_subtree_last);
}

static bool may_overlap(struct rb_node *rb, unsigned long start)
{
	return rb && entry(rb)->subtree_last >= start;
}

/* The first overlap in the subtree of rb, which may be NULL. */
static struct interval_tree_node *first_below(struct rb_node *rb, unsigned long start, unsigned long last)
{
	while (may_overlap(rb, start)) {
		struct interval_tree_node *node = entry(rb);

		if (may_overlap(rb->rb_left, start)) {
			/* It reaches far enough; if it starts too late, so does all that follows it. */
			rb = rb->rb_left;
			continue;
		}
		if (node->start > last)
			return NULL;
		if (node->last >= start)
			return node;
		rb = rb->rb_right;
	}
	return NULL;
}

struct interval_tree_node *interval_tree_iter_first(struct rb_root *root, unsigned long start,
						    unsigned long last)
{
	return first_below(root->rb_node, start, last);
}

struct interval_tree_node *interval_tree_iter_next(struct interval_tree_node *node, unsigned long start,
						   unsigned long last)
{
	struct rb_node *rb = &node->rb, *parent;

	for (;;) {
		if (may_overlap(rb->rb_right, start))
			return first_below(rb->rb_right, start, last);
		while ((parent = rb->rb_parent) && parent->rb_right == rb)
			rb = parent;
		if (!parent || entry(parent)->start > last)
			return NULL;
		if (entry(parent)->last >= start)
			return entry(parent);
		rb = parent;
	}
}
