/* SPDX-License-Identifier: MIT */
/*
 * census_files.c - which pages the files, the swap cache and the LRU lists have
 *
 * Oracle bad-count. I1: at rest, a file's nrpages, and a shmem file's `swapped`, are what its tree holds.
 *
 * Oracle bad-lru. I1: a page with PG_lru is on exactly one list, that of its kind, and none other is on any;
 * I2: nr_lru is each list's length.
 */
#include "mm/page_flags.h"
#include "oracle/check.h"

struct tree_tally {
	struct census *c;
	const struct address_space *mapping;
	unsigned long pages, entries;
	bool swap; /* it is the swap cache */
};

/* => item is of the tree's kind, at its place */
static bool belongs(const struct tree_tally *t, const struct page *page, unsigned long index)
{
	const struct page *head = head_of(page);

	if (t->swap)
		return page_flag(head, PG_swapcache) && swp_offset((swp_entry_t){ head->private }) == index;
	return head->mapping == t->mapping &&
	       (page->index == index || head->index + (unsigned long)(page - head) == index);
}

static void count_item(struct tree_tally *t, const void *item, unsigned long index)
{
	const struct machine *m = this_machine;
	const struct page *page = item;
	struct frame_use *f;

	if (tree_exceptional(item)) {
		unsigned long slot = swp_offset((swp_entry_t){ (uintptr_t)item });

		t->entries++;
		if (slot && slot < m->swap.nr_slots)
			census_slot(t->c, slot)->entries++;
		return;
	}
	t->pages++;
	if (page < m->mem_map || page >= m->mem_map + m->nr_frames) {
		sync_violation("assertion", "a file has at index %lu what is no page", index);
		return;
	}
	if (!belongs(t, page, index))
		return;
	f = census_frame(t->c, head_of(page));
	f->refs++;
	f->uses |= t->swap ? USE_SWAPCACHE : USE_FILE;
	if (t->swap)
		census_slot(t->c, index)->cached++;
}

static void count_tree(struct tree_tally *t, const void *node, unsigned height, unsigned long index)
{
	const struct radix_tree_node *n = node;

	if (!node)
		return;
	if (!height) {
		count_item(t, node, index);
		return;
	}
	t->c->nr_nodes++;
	for (unsigned i = 0; i < RADIX_TREE_SLOTS; i++)
		if (n->slots[i])
			count_tree(t, n->slots[i], height - 1, (index << RADIX_TREE_SHIFT) | i);
}

static void count_mapping(struct census *c, const struct address_space *mapping, const struct inode *inode)
{
	struct tree_tally t = { .c = c, .mapping = mapping, .swap = !inode };

	count_tree(&t, mapping->page_tree.rnode, mapping->page_tree.height, 0);
	if (t.pages != mapping->nrpages)
		sync_violation("bad-count", "%s %u has %lu pages in its tree, nrpages is %lu",
			       inode ? "inode" : "the swap cache: device", inode ? inode->i_ino : 0, t.pages,
			       mapping->nrpages);
	if (inode && t.entries != inode->swapped)
		sync_violation("bad-count", "inode %u has %lu pages on swap, `swapped` is %lu", inode->i_ino,
			       t.entries, inode->swapped);
}

void census_files(struct census *c)
{
	const struct machine *m = this_machine;

	for (int i = 0; i < m->nr_files; i++)
		count_mapping(c, &m->inode[i].i_data, &m->inode[i]);
	for (const struct inode *inode = m->ghost.inodes; inode; inode = inode->ghost_next) {
		c->nr_inodes++;
		count_mapping(c, &inode->i_data, inode);
	}
	for (const struct file *f = m->ghost.files; f; f = f->ghost_next)
		c->nr_files++;
	if (m->swap.nr_slots)
		count_mapping(c, &m->swap.cache, NULL);
}

/* ---- LRU lists ------------------------------------------------------------------------------------------------------ */

static const char *const list_name[NR_LRU_LISTS] = {
	[LRU_INACTIVE_ANON] = "inactive anon",
	[LRU_ACTIVE_ANON] = "active anon",
	[LRU_INACTIVE_FILE] = "inactive file",
	[LRU_ACTIVE_FILE] = "active file",
};

static enum lru_list list_of(const struct page *page)
{
	bool active = page_flag(page, PG_active);

	if (page_flag(page, PG_swapbacked))
		return active ? LRU_ACTIVE_ANON : LRU_INACTIVE_ANON;
	return active ? LRU_ACTIVE_FILE : LRU_INACTIVE_FILE;
}

/* => false, reported: the list cannot be followed any further */
static bool count_on_list(struct census *c, const struct page *page, enum lru_list list)
{
	const struct machine *m = this_machine;
	char text[PAGE_TEXT];
	struct frame_use *f;

	if (page < m->mem_map || page >= m->mem_map + m->nr_frames) {
		sync_violation("bad-lru", "the %s list goes through what is no page", list_name[list]);
		return false;
	}
	f = census_frame(c, page);
	if (f->uses & USE_LRU) {
		sync_violation("bad-lru", "twice on the LRU lists, once on %s: %s", list_name[list],
			       page_text(text, page));
		return false;
	}
	f->uses |= USE_LRU;
	if (!page_flag(page, PG_lru) || list_of(page) != list)
		sync_violation("bad-lru", "on the %s list, where it says it is %s: %s", list_name[list],
			       page_flag(page, PG_lru) ? list_name[list_of(page)] : "on none",
			       page_text(text, page));
	return true;
}

static void count_list(struct census *c, enum lru_list list)
{
	const struct zone *zone = &this_machine->zone;
	const struct list_head *head = &zone->lru[list];
	unsigned long n = 0;

	for (const struct list_head *l = head->next; l && l != head; l = l->next, n++)
		if (!count_on_list(c, container_of(l, struct page, lru), list))
			return;
	if (n != zone->nr_lru[list])
		sync_violation("bad-lru", "%lu pages are on the %s list, the zone counts %lu", n,
			       list_name[list], zone->nr_lru[list]);
}

void census_lru(struct census *c)
{
	const struct zone *zone = &this_machine->zone;
	char text[PAGE_TEXT];

	for (int cpu = 0; cpu < NR_CPUS; cpu++)
		for (unsigned i = 0; i < zone->lru_add[cpu].nr; i++) {
			struct frame_use *f = census_frame(c, zone->lru_add[cpu].page[i]);

			f->refs++;
			f->uses |= USE_BATCH;
		}
	if (!this_machine->config.lru)
		return;
	for (int list = 0; list < NR_LRU_LISTS; list++)
		count_list(c, (enum lru_list)list);
	for (u32 i = 0; i < c->nr_used; i++) {
		const struct page *page = pfn_to_page(c->used[i]);

		if (page_flag(page, PG_lru) && !(c->frame[c->used[i]].uses & USE_LRU))
			sync_violation("bad-lru", "has PG_lru and is on no list: %s", page_text(text, page));
	}
}
