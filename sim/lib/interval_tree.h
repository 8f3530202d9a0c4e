/* SPDX-License-Identifier: MIT */
/*
 * interval_tree.h - which of many intervals [start, last] overlap a given one
 *
 * A red-black tree by start, each node knowing the greatest last of its subtree. Both ends are inclusive.
 * Equal intervals may stand in it together; among equal starts the one inserted first comes first. Plain
 * accesses throughout: the caller holds the lock that guards the tree.
 */
#ifndef SIM_LIB_INTERVAL_TREE_H
#define SIM_LIB_INTERVAL_TREE_H

#include "lib/rbtree.h"

struct interval_tree_node {
	struct rb_node rb;
	unsigned long start, last;  /* the caller's; constant while in the tree */
	unsigned long subtree_last; /* the tree's: the greatest last at and below this node */
};

void interval_tree_insert(struct interval_tree_node *node, struct rb_root *root);
void interval_tree_remove(struct interval_tree_node *node, struct rb_root *root);

/* The first interval, by start, that overlaps [start, last]. => NULL when none does */
struct interval_tree_node *interval_tree_iter_first(struct rb_root *root, unsigned long start,
						    unsigned long last);
/* The next after node, which overlapped the same [start, last]. => NULL when no other does */
struct interval_tree_node *interval_tree_iter_next(struct interval_tree_node *node, unsigned long start,
						   unsigned long last);

#endif
