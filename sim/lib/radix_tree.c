/* SPDX-License-Identifier: MIT */
/*
 * radix_tree.c - from an unsigned long to a pointer
 *
 * I1: a node in the tree has at least one slot in use, and count says how many.
 * I2: the topmost node has a slot other than 0 in use: the tree is no higher than its greatest index needs.
 * I3: a call that fails leaves the tree as it was.
 * A node at level l (the leaves are at 1, the topmost at root->height) is indexed by bits 4(l-1) to 4l-1.
 */
#include <errno.h>
#include <string.h>

#include "lib/radix_tree.h"

#define MAX_HEIGHT (8 * sizeof(unsigned long) / RADIX_TREE_SHIFT)

static unsigned slot_at(unsigned long index, unsigned level)
{
	return (index >> (RADIX_TREE_SHIFT * (level - 1))) & (RADIX_TREE_SLOTS - 1);
}

/* The greatest index that a tree of this height holds. */
static unsigned long max_index(unsigned height)
{
	return height == MAX_HEIGHT ? ~0ul : (1ul << (RADIX_TREE_SHIFT * height)) - 1;
}

static void free_node(struct radix_tree_node *node)
{
	lib_node_free(node, sizeof(*node));
}

/* A node with one slot in use. => NULL when there is no memory */
static struct radix_tree_node *alloc_node(unsigned slot, void *what)
{
	struct radix_tree_node *node = lib_node_alloc(sizeof(*node));

	if (!node)
		return NULL;
	memset(node, 0, sizeof(*node));
	node->count = 1;
	node->slots[slot] = what;
	return node;
}

void radix_tree_init(struct radix_tree_root *root)
{
	root->height = 0;
	root->rnode = NULL;
}

void *radix_tree_lookup(const struct radix_tree_root *root, unsigned long index)
{
	unsigned level = root->height;
	void *p = root->rnode;

	if (index > max_index(level))
		return NULL;
	for (; level && p; level--)
		p = ((struct radix_tree_node *)p)->slots[slot_at(index, level)];
	return p;
}

/* Mends I2 after a slot was emptied or an insertion failed. */
static void shrink(struct radix_tree_root *root)
{
	while (root->height) {
		struct radix_tree_node *top = root->rnode;

		if (top->count != 1 || !top->slots[0])
			return;
		root->rnode = top->slots[0];
		root->height--;
		free_node(top);
	}
}

/* Adds levels on top until index fits. => -ENOMEM: some may have been added, for shrink() to take away */
static int grow(struct radix_tree_root *root, unsigned long index)
{
	while (index > max_index(root->height)) {
		if (root->rnode) {
			struct radix_tree_node *top = alloc_node(0, root->rnode);

			if (!top)
				return -ENOMEM;
			root->rnode = top;
		}
		root->height++;
	}
	return 0;
}

/* A column of nodes, one a level up to `levels`, with item at its foot. => NULL when there is no memory */
static void *build_column(unsigned levels, unsigned long index, void *item)
{
	void *p = item;

	for (unsigned level = 1; level <= levels; level++) {
		struct radix_tree_node *node = alloc_node(slot_at(index, level), p);

		if (!node) {
			while (--level) {
				node = p;
				p = node->slots[slot_at(index, level)];
				free_node(node);
			}
			return NULL;
		}
		p = node;
	}
	return p;
}

int radix_tree_insert(struct radix_tree_root *root, unsigned long index, void *item)
{
	struct radix_tree_node *node = NULL;
	void **slot = &root->rnode, *column;
	unsigned level;
	bool empty = !*slot;

	if (grow(root, index) < 0)
		goto no_memory;
	for (level = root->height; *slot; level--) {
		if (!level)
			return -EEXIST;
		node = *slot;
		slot = &node->slots[slot_at(index, level)];
	}
	column = build_column(level, index, item);
	if (!column)
		goto no_memory;
	*slot = column;
	if (node)
		node->count++;
	return 0;
no_memory:
	if (empty)
		root->height = 0;
	else
		shrink(root);
	return -ENOMEM;
}

void *radix_tree_delete(struct radix_tree_root *root, unsigned long index)
{
	struct radix_tree_node *path[MAX_HEIGHT + 1]; /* by level */
	unsigned level = root->height;
	void *p = root->rnode, *item;

	if (index > max_index(level))
		return NULL;
	for (; level && p; level--) {
		path[level] = p;
		p = path[level]->slots[slot_at(index, level)];
	}
	item = p;
	if (!item)
		return NULL;
	/* Empties the slot, and with each node that loses its last one the slot above. */
	for (level = 1; level <= root->height; level++) {
		path[level]->slots[slot_at(index, level)] = NULL;
		if (--path[level]->count) {
			shrink(root);
			return item;
		}
		free_node(path[level]);
	}
	radix_tree_init(root);
	return item;
}

/*
 * Copies a leaf's items from a slot on, or moves *index to the next place worth a descent.
 * => returns how many; *index is 0 when no greater index is left
 */
static unsigned gang_step(const struct radix_tree_root *root, void **results, unsigned long *index,
			  unsigned max)
{
	struct radix_tree_node *node = root->rnode;
	unsigned level = root->height, slot, n = 0;

	for (;; level--) {
		unsigned long below =
			max_index(level - 1); /* indices that one slot of this level spans, less one */

		for (slot = slot_at(*index, level); slot < RADIX_TREE_SLOTS; slot++) {
			void *p = node->slots[slot];

			if (p && level > 1)
				break;
			if (p) {
				if (n == max)
					return n;
				results[n++] = p;
			}
			*index = (*index | below) + 1;
		}
		if (slot == RADIX_TREE_SLOTS)
			return n;
		node = node->slots[slot];
	}
}

unsigned radix_tree_gang_lookup(const struct radix_tree_root *root, void **results, unsigned long first,
				unsigned max)
{
	unsigned n = 0;

	if (!root->rnode || first > max_index(root->height))
		return 0;
	if (!root->height) {
		if (max)
			results[n++] = root->rnode;
		return n;
	}
	while (n < max) {
		n += gang_step(root, results + n, &first, max - n);
		if (!first || first > max_index(root->height))
			break;
	}
	return n;
}
