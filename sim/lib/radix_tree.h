/* SPDX-License-Identifier: MIT */
/*
 * radix_tree.h - from an unsigned long to a pointer, in nodes of 16
 *
 * Nodes are smaller than Linux's 64-way ones, since a snapshot copies and a reset restores what was touched.
 * Plain accesses throughout: the caller holds the lock that guards the tree.
 */
#ifndef SIM_LIB_RADIX_TREE_H
#define SIM_LIB_RADIX_TREE_H

#include "sync.h"

#define RADIX_TREE_SHIFT 4
#define RADIX_TREE_SLOTS (1u << RADIX_TREE_SHIFT)

struct radix_tree_node {
	u32 count; /* slots that are not NULL; never 0 while in the tree */
	void *slots[RADIX_TREE_SLOTS];
};

struct radix_tree_root {
	u32 height;  /* levels of nodes; 0: rnode is the item of index 0 */
	void *rnode; /* NULL: empty, and height is 0 */
};

/* Memory for nodes, which the tree's user provides; contents do not matter. => NULL when there is none */
void *lib_node_alloc(size_t size);
void lib_node_free(void *node, size_t size);

void radix_tree_init(struct radix_tree_root *root);
/* => item is not NULL; 0, or -EEXIST or -ENOMEM with the tree as it was */
int radix_tree_insert(struct radix_tree_root *root, unsigned long index, void *item);
/* => returns the item, or NULL */
void *radix_tree_lookup(const struct radix_tree_root *root, unsigned long index);
/* => returns the item that was removed, or NULL */
void *radix_tree_delete(struct radix_tree_root *root, unsigned long index);
/* The first items, at most max of them, at indices from `first` on, by index. => returns how many */
unsigned radix_tree_gang_lookup(const struct radix_tree_root *root, void **results, unsigned long first,
				unsigned max);

#endif
