/* SPDX-License-Identifier: MIT */
/*
 * rbtree.h - red-black trees, embedded in what they order
 *
 * The caller descends by its own key, links a node where the descent ended and has the tree balanced:
 *
 *	while (*link) { parent = *link; link = before ? &parent->rb_left : &parent->rb_right; }
 *	rb_link_node(&item->rb, parent, link);
 *	rb_insert_color(&item->rb, root);
 *
 * I1: a red node has no red child.
 * I2: every path from a node down to a missing child passes as many black nodes as any other.
 * I3: in an augmented tree, once a call has returned, every node's value is what its callback would compute.
 * Plain accesses throughout: the caller holds the lock that guards the tree.
 */
#ifndef SIM_LIB_RBTREE_H
#define SIM_LIB_RBTREE_H

#include "sync.h"

struct rb_node {
	struct rb_node *rb_parent; /* NULL: the root */
	union {
		struct {
			struct rb_node *rb_left, *rb_right;
		};
		struct rb_node *rb_child[2]; /* the same two, for code that mirrors itself */
	};
	bool rb_red;
};

struct rb_root {
	struct rb_node *rb_node;
};

#define RB_ROOT ((struct rb_root){ NULL })
#define RB_EMPTY_ROOT(root) ((root)->rb_node == NULL)
#define rb_entry(ptr, type, member) container_of(ptr, type, member)

/*
 * Recomputes what a node says of its subtree, from the node itself and its children's values.
 * => returns true when the value changed
 */
typedef bool (*rb_augment_fn)(struct rb_node *node);

/* Puts node where a descent ended. => *link is NULL and lies in parent, or in the root when parent is NULL */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent, struct rb_node **link)
{
	node->rb_parent = parent;
	node->rb_left = NULL;
	node->rb_right = NULL;
	node->rb_red = true;
	*link = node;
}

/* Balances after rb_link_node(). => called once for each node linked, before any other change */
void rb_insert_augmented(struct rb_node *node, struct rb_root *root, rb_augment_fn augment);
/* => node is in the tree; afterwards its links mean nothing */
void rb_erase_augmented(struct rb_node *node, struct rb_root *root, rb_augment_fn augment);

static inline void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	rb_insert_augmented(node, root, NULL);
}

static inline void rb_erase(struct rb_node *node, struct rb_root *root)
{
	rb_erase_augmented(node, root, NULL);
}

/* In order. => each returns NULL when there is none */
struct rb_node *rb_first(const struct rb_root *root);
struct rb_node *rb_last(const struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);
struct rb_node *rb_prev(const struct rb_node *node);

#endif
