/* SPDX-License-Identifier: MIT */
/*
 * radix_tree.c - from an unsigned long to a pointer, with tags; mirrors lib/radix-tree.c of 2.6.29
 *
 * I1: a node in the tree has at least one slot in use, and count says how many.
 * I2: the topmost node has a slot other than 0 in use: the tree is no higher than its greatest index needs.
 * I3: a call that fails leaves the tree as it was.
 * I4: a slot's tag is set exactly when the item in it has the tag, or some item below it does; the root's likewise.
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
	root->tags = 0;
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
			for (unsigned tag = 0; tag < RADIX_TREE_TAGS; tag++)
				top->tags[tag] = radix_tree_tagged(root, tag);
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

/*
 * The nodes above an index, by level. => returns the item, NULL: there is none, and path is not to be used
 */
static void *find_path(const struct radix_tree_root *root, unsigned long index, struct radix_tree_node **path)
{
	unsigned level = root->height;
	void *p = root->rnode;

	if (index > max_index(level))
		return NULL;
	for (; level && p; level--) {
		path[level] = p;
		p = path[level]->slots[slot_at(index, level)];
	}
	return p;
}

/* Mends I4 above a slot, from the level on, whose tag has gone. */
static void clear_tag_from(struct radix_tree_root *root, struct radix_tree_node **path, unsigned level,
			   unsigned long index, unsigned tag)
{
	for (; level <= root->height; level++) {
		path[level]->tags[tag] &= (u16) ~(1u << slot_at(index, level));
		if (path[level]->tags[tag])
			return;
	}
	root->tags &= ~(1u << tag);
}

void *radix_tree_delete(struct radix_tree_root *root, unsigned long index)
{
	struct radix_tree_node *path[MAX_HEIGHT + 1];
	void *item = find_path(root, index, path);

	if (!item)
		return NULL;
	for (unsigned tag = 0; root->tags && tag < RADIX_TREE_TAGS; tag++)
		clear_tag_from(root, path, 1, index, tag);
	/* Empties the slot, and with each node that loses its last one the slot above. */
	for (unsigned level = 1; level <= root->height; level++) {
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

void *radix_tree_replace(struct radix_tree_root *root, unsigned long index, void *item)
{
	struct radix_tree_node *path[MAX_HEIGHT + 1];
	void *old = find_path(root, index, path);

	if (!old)
		return NULL;
	for (unsigned tag = 0; root->tags && tag < RADIX_TREE_TAGS; tag++)
		clear_tag_from(root, path, 1, index, tag);
	if (root->height)
		path[1]->slots[slot_at(index, 1)] = item;
	else
		root->rnode = item;
	return old;
}

/* ---- tags ------------------------------------------------------------------------------------------------------- */

void radix_tree_tag_set(struct radix_tree_root *root, unsigned long index, enum radix_tree_tag tag)
{
	struct radix_tree_node *path[MAX_HEIGHT + 1];

	if (!find_path(root, index, path))
		return;
	for (unsigned level = 1; level <= root->height; level++)
		path[level]->tags[tag] |= (u16)(1u << slot_at(index, level));
	root->tags |= 1u << tag;
}

void radix_tree_tag_clear(struct radix_tree_root *root, unsigned long index, enum radix_tree_tag tag)
{
	struct radix_tree_node *path[MAX_HEIGHT + 1];

	if (find_path(root, index, path) && radix_tree_tagged(root, tag))
		clear_tag_from(root, path, 1, index, tag);
}

bool radix_tree_tag_get(const struct radix_tree_root *root, unsigned long index, enum radix_tree_tag tag)
{
	struct radix_tree_node *path[MAX_HEIGHT + 1];

	if (!radix_tree_tagged(root, tag) || !find_path(root, index, path))
		return false;
	return !root->height || path[1]->tags[tag] & (1u << slot_at(index, 1));
}

/* ---- many at a time ------------------------------------------------------------------------------------------------ */

#define ANY_ITEM RADIX_TREE_TAGS

/* What a gang lookup has found. */
struct gang {
	void **results;
	unsigned long *indices; /* NULL: nobody asked */
	unsigned n, max;
	unsigned tag; /* or ANY_ITEM */
};

static bool wanted(const struct gang *g, const struct radix_tree_node *node, unsigned slot)
{
	return node->slots[slot] && (g->tag == ANY_ITEM || node->tags[g->tag] & (1u << slot));
}

/*
 * Copies a leaf's items from a slot on, or moves *index to the next place worth a descent.
 * => *index is 0 when no greater index is left
 */
static void gang_step(const struct radix_tree_root *root, struct gang *g, unsigned long *index)
{
	struct radix_tree_node *node = root->rnode;
	unsigned level = root->height, slot;

	for (;; level--) {
		unsigned long below =
			max_index(level - 1); /* indices that one slot of this level spans, less one */

		for (slot = slot_at(*index, level); slot < RADIX_TREE_SLOTS; slot++) {
			if (wanted(g, node, slot) && level > 1)
				break;
			if (wanted(g, node, slot)) {
				if (g->n == g->max)
					return;
				if (g->indices)
					g->indices[g->n] = *index;
				g->results[g->n++] = node->slots[slot];
			}
			*index = (*index | below) + 1;
		}
		if (slot == RADIX_TREE_SLOTS)
			return;
		node = node->slots[slot];
	}
}

static unsigned gang_lookup(const struct radix_tree_root *root, struct gang *g, unsigned long first)
{
	if (!root->rnode || first > max_index(root->height) || !g->max)
		return 0;
	if (g->tag != ANY_ITEM && !radix_tree_tagged(root, g->tag))
		return 0;
	if (!root->height) {
		g->results[0] = root->rnode;
		if (g->indices)
			g->indices[0] = 0;
		return 1;
	}
	while (g->n < g->max) {
		gang_step(root, g, &first);
		if (!first || first > max_index(root->height))
			break;
	}
	return g->n;
}

unsigned radix_tree_gang_lookup(const struct radix_tree_root *root, void **results, unsigned long first,
				unsigned max)
{
	struct gang g = { .results = results, .max = max, .tag = ANY_ITEM };

	return gang_lookup(root, &g, first);
}

unsigned radix_tree_gang_lookup_index(const struct radix_tree_root *root, void **results,
				      unsigned long *indices, unsigned long first, unsigned max)
{
	struct gang g = { .results = results, .indices = indices, .max = max, .tag = ANY_ITEM };

	return gang_lookup(root, &g, first);
}

unsigned radix_tree_gang_lookup_tag(const struct radix_tree_root *root, void **results,
				    unsigned long *indices, unsigned long first, unsigned max,
				    enum radix_tree_tag tag)
{
	struct gang g = { .results = results, .indices = indices, .max = max, .tag = tag };

	return gang_lookup(root, &g, first);
}
