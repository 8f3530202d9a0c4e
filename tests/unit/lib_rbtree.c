/* SPDX-License-Identifier: MIT */
/* lib_rbtree.c - red-black trees and lists against a naive model: random operations, every invariant after
 * each */
#include "lib/list.h"
#include "lib/rbtree.h"
#include "lib_common.h"

#define NR_ITEMS 128
#define NR_OPERATIONS 20000

struct item {
	struct rb_node rb;
	struct list_head list;
	int key;
	int size; /* augmented: nodes in the subtree */
	bool in;
};

static struct item *item_of(const struct rb_node *rb)
{
	return rb_entry(rb, struct item, rb);
}

static int size_of(const struct rb_node *rb)
{
	return rb ? item_of(rb)->size : 0;
}

static bool count_subtree(struct rb_node *rb)
{
	int size = 1 + size_of(rb->rb_left) + size_of(rb->rb_right);
	bool changed = size != item_of(rb)->size;

	item_of(rb)->size = size;
	return changed;
}

/* => returns the black height; fails the test where an invariant of rbtree.h is broken */
static int verify(const struct rb_node *rb, const struct rb_node *parent, bool augmented)
{
	int left, right;

	if (!rb)
		return 1;
	assert_ptr_equal(rb->rb_parent, parent);
	assert_false(rb->rb_red && (!parent || parent->rb_red));
	left = verify(rb->rb_left, rb, augmented);
	right = verify(rb->rb_right, rb, augmented);
	assert_int_equal(left, right);
	if (augmented)
		assert_int_equal(item_of(rb)->size, 1 + size_of(rb->rb_left) + size_of(rb->rb_right));
	return left + !rb->rb_red;
}

static void insert(struct item *item, struct rb_root *root, bool augmented)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = item->key < item_of(parent)->key ? &parent->rb_left : &parent->rb_right;
	}
	item->size = 0;
	rb_link_node(&item->rb, parent, link);
	if (augmented)
		rb_insert_augmented(&item->rb, root, count_subtree);
	else
		rb_insert_color(&item->rb, root);
	item->in = true;
}

static void erase(struct item *item, struct rb_root *root, bool augmented)
{
	if (augmented)
		rb_erase_augmented(&item->rb, root, count_subtree);
	else
		rb_erase(&item->rb, root);
	memset(&item->rb, 0xaa, sizeof(item->rb)); /* a link left behind would show */
	item->in = false;
}

static void verify_order(const struct rb_root *root, const struct item *items, int nr)
{
	struct rb_node *last = NULL;
	int n = 0, in = 0;

	for (int i = 0; i < nr; i++)
		in += items[i].in;
	for (struct rb_node *rb = rb_first(root); rb; last = rb, rb = rb_next(rb), n++) {
		assert_ptr_equal(rb_prev(rb), last);
		assert_true(item_of(rb)->in);
		if (last)
			assert_true(item_of(last)->key <= item_of(rb)->key);
	}
	assert_ptr_equal(rb_last(root), last);
	assert_int_equal(n, in);
	assert_int_equal(RB_EMPTY_ROOT(root), in == 0);
}

static void run_random(unsigned long seed, int nr, int keys, bool augmented)
{
	static struct item items[NR_ITEMS];
	struct rb_root root = RB_ROOT;

	random_state = seed;
	memset(items, 0, sizeof(items));
	for (int i = 0; i < NR_OPERATIONS; i++) {
		struct item *item = &items[random_below(nr)];

		if (item->in) {
			erase(item, &root, augmented);
		} else {
			item->key = (int)random_below(keys);
			insert(item, &root, augmented);
		}
		verify(root.rb_node, NULL, augmented);
		verify_order(&root, items, nr);
	}
}

static void random_operations(void **state)
{
	(void)state;
	run_random(1, NR_ITEMS, 1000, false);
	run_random(2, 9, 1000, false);
}

static void random_operations_augmented(void **state)
{
	(void)state;
	run_random(3, NR_ITEMS, 1000, true);
	run_random(4, 9, 1000, true);
}

static void equal_keys(void **state)
{
	(void)state;
	run_random(5, NR_ITEMS, 4, true);
}

static void ascending_stays_balanced(void **state)
{
	static struct item items[NR_ITEMS];
	struct rb_root root = RB_ROOT;

	(void)state;
	for (int i = 0; i < NR_ITEMS; i++) {
		items[i].key = i;
		insert(&items[i], &root, false);
	}
	assert_true(verify(root.rb_node, NULL, false) >= 5);
	for (int i = 0; i < NR_ITEMS; i++) {
		assert_ptr_equal(rb_first(&root), &items[i].rb);
		erase(&items[i], &root, false);
		verify(root.rb_node, NULL, false);
	}
	assert_true(RB_EMPTY_ROOT(&root));
}

static void list_is(struct list_head *head, const char *keys)
{
	struct list_head *prev = head;
	struct item *item;

	list_for_each_entry(item, head, list) {
		assert_int_equal(item->key, *keys++);
		assert_ptr_equal(item->list.prev, prev);
		prev = &item->list;
	}
	assert_int_equal(*keys, 0);
	assert_ptr_equal(head->prev, prev);
	assert_int_equal(list_empty(head), prev == head);
}

static void lists(void **state)
{
	struct item items[4], *item, *following;
	struct list_head a = LIST_HEAD_INIT(a), b;

	(void)state;
	INIT_LIST_HEAD(&b);
	list_is(&a, "");
	for (int i = 0; i < 4; i++) {
		items[i].key = 'a' + i;
		list_add_tail(&items[i].list, &a);
	}
	list_is(&a, "abcd");
	list_move(&items[2].list, &a);
	list_is(&a, "cabd");
	list_move_tail(&items[0].list, &b);
	list_is(&a, "cbd");
	list_is(&b, "a");
	list_splice_init(&a, &b);
	list_is(&a, "");
	list_is(&b, "cbda");
	list_splice_init(&a, &b);
	list_is(&b, "cbda");
	assert_ptr_equal(list_first_entry(&b, struct item, list), &items[2]);
	assert_ptr_equal(list_last_entry(&b, struct item, list), &items[0]);
	list_del_init(&items[1].list);
	assert_true(list_empty(&items[1].list));
	list_for_each_entry_safe(item, following, &b, list)
		if (item->key != 'd')
			list_del(&item->list);
	list_is(&b, "d");
	assert_null(items[0].list.next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_operations),
		cmocka_unit_test(random_operations_augmented),
		cmocka_unit_test(equal_keys),
		cmocka_unit_test(ascending_stays_balanced),
		cmocka_unit_test(lists),
	};

	return cmocka_run_group_tests_name("lib_rbtree", tests, NULL, NULL);
}
