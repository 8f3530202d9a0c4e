/* SPDX-License-Identifier: MIT */
/* lib_radix_tree.c - radix trees against an array: random operations, failed allocations, no node leaked */
#include <errno.h>

#include "lib_common.h"

#define NR_INDICES 96
#define NR_OPERATIONS 20000

struct model {
	unsigned long index[NR_INDICES]; /* ascending */
	char *item[NR_INDICES];		 /* NULL: absent */
	char storage[NR_INDICES];
};

/* Indices that lie close together and that need every height. */
static void model_init(struct model *m)
{
	unsigned n = 0;

	memset(m, 0, sizeof(*m));
	for (unsigned i = 0; i < 36; i++)
		m->index[n++] = i;
	for (unsigned level = 2; level <= 15; level++)
		for (unsigned i = 0; i < 4; i++)
			m->index[n++] = (1ul << (4 * level)) * (1 + i / 2) + (i % 2) * 17;
	for (unsigned i = 0; n < NR_INDICES; i++, n++)
		m->index[n] = ~0ul - (NR_INDICES - 1 - n) * 9;
}

/* I1 and I2 of radix_tree.c. => returns how many nodes stand at and below p */
static long verify(const void *p, unsigned level)
{
	const struct radix_tree_node *node = p;
	unsigned used = 0;
	long nodes = 1;

	if (!level)
		return 0;
	for (unsigned i = 0; i < RADIX_TREE_SLOTS; i++) {
		if (!node->slots[i])
			continue;
		used++;
		nodes += verify(node->slots[i], level - 1);
	}
	assert_int_equal(node->count, used);
	assert_int_not_equal(used, 0);
	return nodes;
}

static void verify_tree(const struct radix_tree_root *root)
{
	const struct radix_tree_node *top = root->rnode;

	if (!top) {
		assert_int_equal(root->height, 0);
		assert_int_equal(nr_nodes, 0);
		return;
	}
	assert_int_equal(verify(top, root->height), nr_nodes);
	if (root->height)
		assert_false(top->count == 1 && top->slots[0]);
}

static void verify_gang(const struct radix_tree_root *root, const struct model *m, unsigned from,
			unsigned max)
{
	void *got[NR_INDICES];
	unsigned n = radix_tree_gang_lookup(root, got, m->index[from], max), want = 0;

	for (unsigned i = from; i < NR_INDICES && want < max; i++)
		if (m->item[i]) {
			assert_true(want < n);
			assert_ptr_equal(got[want], m->item[i]);
			want++;
		}
	assert_int_equal(n, want);
}

static void operate(struct radix_tree_root *root, struct model *m, unsigned i, bool may_fail)
{
	unsigned long index = m->index[i];
	struct radix_tree_root before = *root;
	int err;

	assert_ptr_equal(radix_tree_lookup(root, index), m->item[i]);
	if (m->item[i] && random_below(2)) {
		assert_int_equal(radix_tree_insert(root, index, &m->storage[0]), -EEXIST);
		assert_ptr_equal(radix_tree_lookup(root, index), m->item[i]);
		return;
	}
	if (m->item[i] || random_below(4) == 0) {
		assert_ptr_equal(radix_tree_delete(root, index), m->item[i]);
		m->item[i] = NULL;
		return;
	}
	nodes_left = may_fail ? (long)random_below(20) : -1;
	err = radix_tree_insert(root, index, &m->storage[i]);
	nodes_left = -1;
	if (err) {
		assert_true(may_fail);
		assert_int_equal(err, -ENOMEM);
		assert_memory_equal(root, &before, sizeof(before));
		return;
	}
	m->item[i] = &m->storage[i];
}

static void run_random(unsigned long seed, unsigned spread, bool may_fail)
{
	static struct model m;
	struct radix_tree_root root;

	model_init(&m);
	memset(&root, 0, sizeof(root));
	radix_tree_init(&root);
	random_state = seed;
	nodes_left = -1;
	for (unsigned i = 0; i < NR_OPERATIONS; i++) {
		operate(&root, &m, random_below(spread), may_fail);
		verify_tree(&root);
		verify_gang(&root, &m, random_below(NR_INDICES), random_below(NR_INDICES) + 1);
	}
	for (unsigned i = 0; i < NR_INDICES; i++)
		assert_ptr_equal(radix_tree_delete(&root, m.index[i]), m.item[i]);
	verify_tree(&root);
}

static void dense(void **state)
{
	(void)state;
	run_random(1, 36, false);
	run_random(2, 3, false);
}

static void sparse(void **state)
{
	(void)state;
	run_random(3, NR_INDICES, false);
}

static void allocations_fail(void **state)
{
	(void)state;
	run_random(4, NR_INDICES, true);
	run_random(5, 36, true);
}

static void one_item_needs_no_node(void **state)
{
	struct radix_tree_root root;
	void *got[2];
	int item;

	(void)state;
	radix_tree_init(&root);
	nodes_left = 0;
	assert_int_equal(radix_tree_gang_lookup(&root, got, 0, 2), 0);
	assert_int_equal(radix_tree_insert(&root, 0, &item), 0);
	assert_int_equal(radix_tree_insert(&root, 1, &item), -ENOMEM);
	assert_ptr_equal(radix_tree_lookup(&root, 0), &item);
	assert_null(radix_tree_lookup(&root, 1));
	assert_null(radix_tree_delete(&root, ~0ul));
	assert_int_equal(radix_tree_gang_lookup(&root, got, 0, 2), 1);
	assert_int_equal(radix_tree_gang_lookup(&root, got, 1, 2), 0);
	assert_int_equal(radix_tree_gang_lookup(&root, got, 0, 0), 0);
	assert_ptr_equal(radix_tree_delete(&root, 0), &item);
	nodes_left = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dense),
		cmocka_unit_test(sparse),
		cmocka_unit_test(allocations_fail),
		cmocka_unit_test(one_item_needs_no_node),
	};

	return cmocka_run_group_tests_name("lib_radix_tree", tests, NULL, NULL);
}
