/* SPDX-License-Identifier: MIT */
/*
 * radix_tree.h - from an unsigned long to a pointer, in nodes of 16, with tags
 *
 * An item may carry tags; a node knows which of its slots lead to an item with the tag, so that tagged items are found
 * without a look at the others. An item with RADIX_TREE_EXCEPTIONAL set is no pointer but a value of the tree's user.
 *
 * Nodes are smaller than Linux's 64-way ones, since a snapshot copies and a reset restores what was touched.
 * Plain accesses throughout: the caller holds the lock that guards the tree.
 */
#ifndef SIM_LIB_RADIX_TREE_H
#define SIM_LIB_RADIX_TREE_H

#include "sync.h"

#define RADIX_TREE_SHIFT 4
#define RADIX_TREE_SLOTS (1u << RADIX_TREE_SHIFT)

/* What an item may be marked with. */
enum radix_tree_tag { RADIX_TREE_DIRTY, RADIX_TREE_WRITEBACK, RADIX_TREE_TAGS };

struct radix_tree_node {
	u16 count;		   /* slots that are not NULL; never 0 while in the tree */
	u16 tags[RADIX_TREE_TAGS]; /* a bit a slot */
	void *slots[RADIX_TREE_SLOTS];
};

struct radix_tree_root {
	u32 height;  /* levels of nodes; 0: rnode is the item of index 0 */
	void *rnode; /* NULL: empty, and height is 0 */
	u32 tags;    /* a bit a tag: some item has it; exact, also when the only item has no node */
};

/* Pointers to items are multiples of 4. */
#define RADIX_TREE_EXCEPTIONAL 2ul

static inline bool radix_tree_exceptional(const void *item)
{
	return (uintptr_t)item & RADIX_TREE_EXCEPTIONAL;
}

/* Memory for nodes, which the tree's user provides; contents do not matter. => NULL when there is none */
void *lib_node_alloc(size_t size);
void lib_node_free(void *node, size_t size);

void radix_tree_init(struct radix_tree_root *root);
/* => item is not NULL; 0, or -EEXIST or -ENOMEM with the tree as it was */
int radix_tree_insert(struct radix_tree_root *root, unsigned long index, void *item);
/* => returns the item, or NULL */
void *radix_tree_lookup(const struct radix_tree_root *root, unsigned long index);
/* Puts another item in an item's place, which loses its tags. => item is not NULL; returns the old one, NULL: nothing was there or is */
void *radix_tree_replace(struct radix_tree_root *root, unsigned long index, void *item);
/* => returns the item that was removed with its tags, or NULL */
void *radix_tree_delete(struct radix_tree_root *root, unsigned long index);
/* The first items, at most max of them, at indices from `first` on, by index. => returns how many */
unsigned radix_tree_gang_lookup(const struct radix_tree_root *root, void **results, unsigned long first,
				unsigned max);
/* The same, with the index of each. */
unsigned radix_tree_gang_lookup_index(const struct radix_tree_root *root, void **results,
				      unsigned long *indices, unsigned long first, unsigned max);
/* The same, of items that have the tag only. */
unsigned radix_tree_gang_lookup_tag(const struct radix_tree_root *root, void **results,
				    unsigned long *indices, unsigned long first, unsigned max,
				    enum radix_tree_tag tag);

/* => nothing happens where there is no item */
void radix_tree_tag_set(struct radix_tree_root *root, unsigned long index, enum radix_tree_tag tag);
void radix_tree_tag_clear(struct radix_tree_root *root, unsigned long index, enum radix_tree_tag tag);
bool radix_tree_tag_get(const struct radix_tree_root *root, unsigned long index, enum radix_tree_tag tag);
static inline bool radix_tree_tagged(const struct radix_tree_root *root, enum radix_tree_tag tag)
{
	return root->tags & (1u << tag);
}

#endif
