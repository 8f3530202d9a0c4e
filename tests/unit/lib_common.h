/* SPDX-License-Identifier: MIT */
/* lib_common.h - what the tests of sim/lib share: fixed random numbers, and node memory that can run out */
#ifndef TESTS_UNIT_LIB_COMMON_H
#define TESTS_UNIT_LIB_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/radix_tree.h"

static unsigned long random_state;
static long nr_nodes;
static long nodes_left = -1; /* allocations that succeed yet; negative: all */

static inline unsigned random_below(unsigned n)
{
	random_state = random_state * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(random_state >> 33) % n;
}

void *lib_node_alloc(size_t size)
{
	void *p;

	if (!nodes_left)
		return NULL;
	if (nodes_left > 0)
		nodes_left--;
	p = malloc(size);
	memset(p, 0xa5, size);
	nr_nodes++;
	return p;
}

void lib_node_free(void *node, size_t size)
{
	assert_int_equal(size, sizeof(struct radix_tree_node));
	nr_nodes--;
	free(node);
}

#endif
