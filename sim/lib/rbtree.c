/* SPDX-License-Identifier: MIT */
/*
 * rbtree.c - red-black trees: balancing, erasing, walking
 *
 * Left and right are child[0] and child[1], so that every case stands here once and `side` mirrors it. The
 * augmented values are brought up to date along the path of each change: once from the place of the change up
 * to the first value that stays the same, then at the two nodes of each rotation, the lower first, since a
 * rotation changes neither the contents nor the value of the subtree that it turns.
 */
#include "lib/rbtree.h"

enum { LEFT, RIGHT };

static int side_of(const struct rb_node *node, const struct rb_node *parent)
{
	return parent->rb_child[RIGHT] == node;
}

static bool is_red(const struct rb_node *node)
{
	return node && node->rb_red;
}

static void augment_up(struct rb_node *node, rb_augment_fn augment)
{
	if (!augment)
		return;
	while (node && augment(node))
		node = node->rb_parent;
}

/* Puts `child`, which may be NULL, where `old` hangs under `parent`. */
static void replace_child(struct rb_root *root, struct rb_node *parent, struct rb_node *old,
			  struct rb_node *child)
{
	if (!parent)
		root->rb_node = child;
	else
		parent->rb_child[side_of(old, parent)] = child;
	if (child)
		child->rb_parent = parent;
}

/* Turns node down to `side`; its child on the other side takes its place. => returns that child */
static struct rb_node *rotate(struct rb_root *root, struct rb_node *node, int side, rb_augment_fn augment)
{
	struct rb_node *up = node->rb_child[!side], *middle = up->rb_child[side];

	replace_child(root, node->rb_parent, node, up);
	up->rb_child[side] = node;
	node->rb_parent = up;
	node->rb_child[!side] = middle;
	if (middle)
		middle->rb_parent = node;
	if (augment) {
		augment(node);
		augment(up);
	}
	return up;
}

void rb_insert_augmented(struct rb_node *node, struct rb_root *root, rb_augment_fn augment)
{
	struct rb_node *parent, *grand, *uncle;
	int side;

	if (augment) {
		augment(node);
		augment_up(node->rb_parent, augment);
	}
	/* Only I1 can be broken, only between node and its parent. Each turn moves that up or ends it. */
	while ((parent = node->rb_parent) && parent->rb_red) {
		grand = parent->rb_parent; /* exists: the root is black */
		side = side_of(parent, grand);
		uncle = grand->rb_child[!side];
		if (is_red(uncle)) {
			parent->rb_red = false;
			uncle->rb_red = false;
			grand->rb_red = true;
			node = grand;
			continue;
		}
		if (side_of(node, parent) != side)
			parent = rotate(root, parent, side, augment);
		parent->rb_red = false;
		grand->rb_red = true;
		rotate(root, grand, !side, augment);
		return;
	}
	if (!parent)
		node->rb_red = false;
}

/* Mends I2, where paths through parent's child on `side`, black or missing, are one black node short. */
static void mend_short_side(struct rb_root *root, struct rb_node *parent, int side, rb_augment_fn augment)
{
	struct rb_node *node, *sibling, *far;

	for (;;) {
		sibling = parent->rb_child[!side]; /* exists: its paths have a black node more than ours */
		if (sibling->rb_red) {
			sibling->rb_red = false;
			parent->rb_red = true;
			rotate(root, parent, side, augment);
			sibling = parent->rb_child[!side];
		}
		far = sibling->rb_child[!side];
		if (is_red(far) || is_red(sibling->rb_child[side]))
			break;
		sibling->rb_red = true;
		node = parent; /* now everything under parent is short */
		parent = node->rb_parent;
		if (node->rb_red || !parent) {
			node->rb_red = false;
			return;
		}
		side = side_of(node, parent);
	}
	if (!is_red(far)) {
		far = sibling;
		sibling = rotate(root, sibling, !side, augment);
	}
	sibling->rb_red = parent->rb_red;
	parent->rb_red = false;
	far->rb_red = false;
	rotate(root, parent, side, augment);
}

/* Gives `heir`, already out of the tree, node's place, children and colour. */
static void take_place(struct rb_root *root, struct rb_node *node, struct rb_node *heir)
{
	heir->rb_red = node->rb_red;
	replace_child(root, node->rb_parent, node, heir);
	for (int side = LEFT; side <= RIGHT; side++) {
		struct rb_node *child = node->rb_child[side];

		heir->rb_child[side] = child;
		if (child)
			child->rb_parent = heir;
	}
}

void rb_erase_augmented(struct rb_node *node, struct rb_root *root, rb_augment_fn augment)
{
	struct rb_node *out = node, *child, *parent;
	bool black;
	int side;

	/* What leaves its place has one child at the most: node, or the next in order, which then replaces
	 * node. */
	if (node->rb_left && node->rb_right)
		for (out = node->rb_right; out->rb_left; out = out->rb_left)
			;
	child = out->rb_left ? out->rb_left : out->rb_right;
	parent = out->rb_parent;
	side = parent ? side_of(out, parent) : LEFT;
	black = !out->rb_red;
	replace_child(root, parent, out, child);
	if (out != node) {
		take_place(root, node, out);
		if (parent == node)
			parent = out;
		if (augment) {
			if (parent != out)
				augment_up(parent, augment);
			/* Its value may be what it was below: that says nothing of node's, which those above
			 * saw. */
			augment(out);
			augment_up(out->rb_parent, augment);
		}
	} else {
		augment_up(parent, augment);
	}
	if (!black)
		return;
	if (child)
		child->rb_red = false; /* an only child is red, by I2 */
	else if (parent)
		mend_short_side(root, parent, side, augment);
}

static struct rb_node *outermost(struct rb_node *node, int side)
{
	while (node && node->rb_child[side])
		node = node->rb_child[side];
	return node;
}

static struct rb_node *neighbour(const struct rb_node *node, int side)
{
	struct rb_node *parent;

	if (node->rb_child[side])
		return outermost(node->rb_child[side], !side);
	while ((parent = node->rb_parent) && side_of(node, parent) == side)
		node = parent;
	return parent;
}

struct rb_node *rb_first(const struct rb_root *root)
{
	return outermost(root->rb_node, LEFT);
}

struct rb_node *rb_last(const struct rb_root *root)
{
	return outermost(root->rb_node, RIGHT);
}

struct rb_node *rb_next(const struct rb_node *node)
{
	return neighbour(node, RIGHT);
}

struct rb_node *rb_prev(const struct rb_node *node)
{
	return neighbour(node, LEFT);
}
