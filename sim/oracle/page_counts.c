/* SPDX-License-Identifier: MIT */
/*
 * page_counts.c - oracles bad-mapcount, bad-refcount, bad-rmap and migration-entry
 *
 * I1: at rest, _mapcount + 1 is the number of ptes and huge entries that map the page; the head counts a huge page's
 *     entries, each part the ptes that map it.
 * I2: at rest, _count is one for each of those, one for the pagecache, one for the swap cache, one for a page table, one
 *     for a CPU's batch of pages for the LRU lists, and what observe_hold() was told of; 0 when it is free.
 * I3: nobody takes a reference to a page that has none.
 * I4: at rest, an anonymous page has the anon_vma of each vma that maps it, and the index that the vma has there: else
 *     nobody finds that pte by the page.
 * I5: at rest, no page is on the move: no pte holds a migration entry.
 */
#include <stdio.h>

#include "oracle/check.h"

#define OTHERS 64

/* "pagecache, page table" */
static const char *others_text(char text[OTHERS], u32 uses)
{
	snprintf(text, OTHERS, "%s%s%s%s%s", uses & USE_FILE ? " pagecache" : "",
		 uses & USE_SWAPCACHE ? " swap cache" : "", uses & USE_TABLE ? " page table" : "",
		 uses & USE_BATCH ? " LRU batch" : "", uses & USE_LRU ? " (on an LRU list)" : "");
	return *text ? text + 1 : "none";
}

/* => of a huge page's head: of all its parts */
static long mapcount(const struct page *page)
{
	long n = page->_mapcount.counter + 1;

	for (unsigned long i = 1; page_flag(page, PG_head) && i < HPAGE_NR; i++)
		n += page[i]._mapcount.counter + 1;
	return n;
}

static void check_page(const struct page *page, const struct frame_use *f)
{
	long refs = (long)f->maps + f->refs + page->held;
	char text[PAGE_TEXT], others[OTHERS];

	if (page_flag(page, PG_reserved) && !f->maps)
		return;
	if (page_flag(page, PG_free) && refs)
		sync_violation("page-use-after-free", "free, and used by %u ptes and %s: %s", f->maps,
			       others_text(others, f->uses), page_text(text, page));
	else if (mapcount(page) != (long)f->maps)
		sync_violation("bad-mapcount", "%u ptes map what counts %ld: %s", f->maps, mapcount(page),
			       page_text(text, page));
	else if (page->_count.counter != refs && refs)
		sync_violation("bad-refcount",
			       "%ld references are accounted for (%u ptes; %s; %d held), it counts %d: %s",
			       refs, f->maps, others_text(others, f->uses), page->held, page->_count.counter,
			       page_text(text, page));
}

static void check_first_found(const struct census *c)
{
	char where[80], text[PAGE_TEXT];

	if (c->unreachable.vma)
		sync_violation(
			"bad-rmap",
			"%s: the pte cannot be found by its page, whose anon_vma is %s and index %lu: %s",
			mapped_text(where, sizeof(where), &c->unreachable),
			c->unreachable.page->index == index_at(c->unreachable.vma, c->unreachable.addr) ?
				"another" :
				"perhaps the same",
			c->unreachable.page->index, page_text(text, c->unreachable.page));
	if (c->migrating.vma)
		sync_violation("migration-entry", "%s: a migration entry is left, of page %lu",
			       mapped_text(where, sizeof(where), &c->migrating),
			       swp_offset(pte_to_swp_entry((pte_t){ c->migrating.entry })));
}

void check_page_counts(const struct census *c)
{
	check_first_found(c);
	for (u32 i = 0; i < c->nr_used; i++)
		check_page(&this_machine->mem_map[c->used[i]], &c->frame[c->used[i]]);
}

/* ---- told by the machine ------------------------------------------------------------------------------------------- */

void observe_get_page(const struct page *page)
{
	if (atomic_read(&page->_count) <= 0)
		sync_violation("bad-refcount", "get_page() of page %lu, which has no references",
			       (unsigned long)(page - this_machine->mem_map));
}

const char *observe_use_after_free(const struct page *page)
{
	return page_flag(page, PG_table) ? "pgtable-use-after-free" : "page-use-after-free";
}

void observe_hold(const struct page *page, int n)
{
	struct page *head = (struct page *)(uintptr_t)head_of(page);

	sync_ghost_begin(&head->held, sizeof(head->held));
	head->held += n;
	sync_ghost_end();
}
