/* SPDX-License-Identifier: MIT */
/* lib_interval_tree.c - interval trees against a scan over all intervals: random operations, fixed seeds */
#include "lib/interval_tree.h"
#include "lib_common.h"

#define NR_ITEMS 64
#define NR_OPERATIONS 20000

struct item {
	struct interval_tree_node node;
	unsigned long inserted; /* when, for the order of equal starts; 0: not in the tree */
};

static bool precedes(const struct item *a, const struct item *b)
{
	if (a->node.start != b->node.start)
		return a->node.start < b->node.start;
	return a->inserted < b->inserted;
}

/* The overlap that follows `after` (NULL: the first), by scanning. */
static struct item *model_next(struct item *items, const struct item *after, unsigned long start,
			       unsigned long last)
{
	struct item *best = NULL;

	for (int i = 0; i < NR_ITEMS; i++) {
		struct item *item = &items[i];

		if (!item->inserted || item->node.start > last || item->node.last < start)
			continue;
		if (after && !precedes(after, item))
			continue;
		if (!best || precedes(item, best))
			best = item;
	}
	return best;
}

static void query(struct item *items, struct rb_root *root, unsigned long start, unsigned long last)
{
	struct interval_tree_node *node = interval_tree_iter_first(root, start, last);
	struct item *want = model_next(items, NULL, start, last);

	while (want) {
		assert_ptr_equal(node, &want->node);
		want = model_next(items, want, start, last);
		node = interval_tree_iter_next(node, start, last);
	}
	assert_null(node);
}

static void run_random(unsigned long seed, unsigned space, unsigned longest)
{
	static struct item items[NR_ITEMS];
	struct rb_root root = RB_ROOT;

	random_state = seed;
	memset(items, 0, sizeof(items));
	for (unsigned long i = 1; i <= NR_OPERATIONS; i++) {
		struct item *item = &items[random_below(NR_ITEMS)];
		unsigned long start = random_below(space);

		if (item->inserted) {
			interval_tree_remove(&item->node, &root);
			memset(&item->node, 0xaa, sizeof(item->node));
			item->inserted = 0;
		} else {
			item->node.start = random_below(space);
			item->node.last = item->node.start + random_below(longest);
			item->inserted = i;
			interval_tree_insert(&item->node, &root);
		}
		query(items, &root, start, start + random_below(longest));
		if (i % 64 == 0)
			query(items, &root, 0, ~0ul);
	}
}

static void short_intervals(void **state)
{
	(void)state;
	run_random(1, 200, 4);
}

static void long_intervals(void **state)
{
	(void)state;
	run_random(2, 200, 150);
}

static void many_equal_starts(void **state)
{
	(void)state;
	run_random(3, 4, 4);
}

static void extremes(void **state)
{
	struct interval_tree_node all = { .start = 0, .last = ~0ul }, end = { .start = ~0ul, .last = ~0ul };
	struct rb_root root = RB_ROOT;

	(void)state;
	assert_null(interval_tree_iter_first(&root, 0, ~0ul));
	interval_tree_insert(&end, &root);
	assert_null(interval_tree_iter_first(&root, 0, ~0ul - 1));
	interval_tree_insert(&all, &root);
	assert_ptr_equal(interval_tree_iter_first(&root, ~0ul, ~0ul), &all);
	assert_ptr_equal(interval_tree_iter_next(&all, ~0ul, ~0ul), &end);
	assert_null(interval_tree_iter_next(&all, 5, 5));
	interval_tree_remove(&all, &root);
	assert_ptr_equal(interval_tree_iter_first(&root, 0, ~0ul), &end);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_intervals),
		cmocka_unit_test(long_intervals),
		cmocka_unit_test(many_equal_starts),
		cmocka_unit_test(extremes),
	};

	return cmocka_run_group_tests_name("lib_interval_tree", tests, NULL, NULL);
}
