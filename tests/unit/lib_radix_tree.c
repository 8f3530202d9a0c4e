/* SPDX-License-Identifier: MIT */
/* lib_radix_tree.c - radix trees against an array: random operations, tags, failed allocations, no node leaked */
#include <errno.h>

#include "lib_common.h"

#define NR_INDICES 96
#define NR_OPERATIONS 20000

struct model {
	unsigned long index[NR_INDICES]; /* ascending */
	char *item[NR_INDICES];		 /* NULL: absent */
	bool tag[NR_INDICES][RADIX_TREE_TAGS];
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

/* I4: a slot's tag says what is below it. */
static void verify_tags(const struct radix_tree_node *node, unsigned level)
{
	for (unsigned i = 0; level > 1 && i < RADIX_TREE_SLOTS; i++) {
		const struct radix_tree_node *below = node->slots[i];

		for (unsigned tag = 0; tag < RADIX_TREE_TAGS; tag++)
			assert_int_equal(!!(node->tags[tag] & (1u << i)), below && below->tags[tag]);
	}
}

/* I1, I2 and I4 of radix_tree.c. => returns how many nodes stand at and below p */
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
	verify_tags(node, level);
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

static void verify_gang_tag(const struct radix_tree_root *root, const struct model *m, unsigned from,
			    unsigned max, unsigned tag)
{
	unsigned long index[NR_INDICES];
	void *got[NR_INDICES];
	unsigned n = radix_tree_gang_lookup_tag(root, got, index, m->index[from], max, tag), want = 0;
	bool any = false;

	for (unsigned i = 0; i < NR_INDICES; i++) {
		assert_int_equal(radix_tree_tag_get(root, m->index[i], tag), m->tag[i][tag]);
		any |= m->tag[i][tag];
		if (i < from || want == max || !m->tag[i][tag])
			continue;
		assert_true(want < n);
		assert_ptr_equal(got[want], m->item[i]);
		assert_int_equal(index[want], m->index[i]);
		want++;
	}
	assert_int_equal(n, want);
	assert_int_equal(radix_tree_tagged(root, tag), any);
}

static void operate_tags(struct radix_tree_root *root, struct model *m, unsigned i)
{
	unsigned tag = random_below(RADIX_TREE_TAGS);

	if (random_below(2)) {
		radix_tree_tag_set(root, m->index[i], tag);
		m->tag[i][tag] = m->item[i];
	} else {
		radix_tree_tag_clear(root, m->index[i], tag);
		m->tag[i][tag] = false;
	}
	if (random_below(8) == 0) {
		char *other = &m->storage[random_below(NR_INDICES)];

		assert_ptr_equal(radix_tree_replace(root, m->index[i], other), m->item[i]);
		if (m->item[i])
			m->item[i] = other;
		memset(m->tag[i], 0, sizeof(m->tag[i]));
	}
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
		memset(m->tag[i], 0, sizeof(m->tag[i]));
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
		operate_tags(&root, &m, random_below(spread));
		verify_tree(&root);
		verify_gang(&root, &m, random_below(NR_INDICES), random_below(NR_INDICES) + 1);
		verify_gang_tag(&root, &m, random_below(NR_INDICES), random_below(NR_INDICES) + 1, i % 2);
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

static void exceptional_items_are_told_apart(void **state)
{
	struct radix_tree_root root;
	unsigned long index[2];
	void *got[2];
	int item;

	(void)state;
	radix_tree_init(&root);
	assert_false(radix_tree_exceptional(NULL) || radix_tree_exceptional(&item));
	assert_int_equal(radix_tree_insert(&root, 0, &item), 0);
	assert_ptr_equal(radix_tree_replace(&root, 0, (void *)(0x5000 | RADIX_TREE_EXCEPTIONAL)), &item);
	assert_true(radix_tree_exceptional(radix_tree_lookup(&root, 0)));
	assert_int_equal(radix_tree_gang_lookup_index(&root, got, index, 0, 2), 1);
	assert_int_equal(index[0], 0);
	assert_null(radix_tree_replace(&root, 1, &item));
	assert_true(radix_tree_exceptional(radix_tree_delete(&root, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dense),
		cmocka_unit_test(sparse),
		cmocka_unit_test(allocations_fail),
		cmocka_unit_test(one_item_needs_no_node),
		cmocka_unit_test(exceptional_items_are_told_apart),
	};

	return cmocka_run_group_tests_name("lib_radix_tree", tests, NULL, NULL);
}
