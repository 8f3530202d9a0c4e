/* SPDX-License-Identifier: MIT */
/*
 * memory_leak.c - oracle memory-leak
 *
 * I1: at rest, a frame that is not free is in the pagecache, is mapped, is held, or is a page table.
 * I2: at rest, there are as many mms and vmas as the processes have, and no node of a tree that no tree
 *     reaches.
 */
#include "mm/page_flags.h"
#include "oracle/check.h"

static unsigned count_nodes(const void *node, unsigned height)
{
	const struct radix_tree_node *n = node;
	unsigned nodes = 1;

	if (!node || !height)
		return 0;
	for (unsigned i = 0; i < RADIX_TREE_SLOTS; i++)
		nodes += count_nodes(n->slots[i], height - 1);
	return nodes;
}

static void check_objects(const char *what, unsigned live, unsigned reached)
{
	if (live != reached)
		sync_violation("memory-leak", "%u %s are allocated, %u can be reached", live, what, reached);
}

void check_leaks(const struct census *c)
{
	const struct machine *m = this_machine;
	unsigned nodes = 0;

	for (unsigned long pfn = 1; pfn < this_machine->nr_frames; pfn++)
		if (!(m->mem_map[pfn].flags &
		      ((1ul << PG_free) | (1ul << PG_table) | (1ul << PG_reserved))) &&
		    !c->ptes[pfn] && !c->cached[pfn] && !c->held[pfn])
			sync_violation("memory-leak", "page %lu has %d references, and nothing has it", pfn,
				       m->mem_map[pfn]._count.counter);
	for (int i = 0; i < m->nr_files; i++)
		nodes += count_nodes(m->inode[i].i_data.page_tree.rnode, m->inode[i].i_data.page_tree.height);
	check_objects("address spaces", m->slab.live[SLAB_MM], (unsigned)c->nr_mms);
	check_objects("vmas", m->slab.live[SLAB_VMA], (unsigned)c->nr_vmas);
	check_objects("tree nodes", m->slab.live[SLAB_NODE], nodes);
}
