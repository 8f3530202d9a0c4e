/* SPDX-License-Identifier: MIT */
/*
 * page_counts.c - oracles bad-mapcount and bad-refcount
 *
 * I1: at rest, _mapcount + 1 is the number of ptes that map the page.
 * I2: at rest, _count is one for each pte that maps it, one for the pagecache, one for a page table, and those of
 *     the pipe and of pinners; 0 when it is free.
 * I3: nobody takes a reference to a page that has none.
 */
#include "mm/page_flags.h"
#include "oracle/check.h"

static void check_page(const struct census *c, const struct page *page, unsigned long pfn)
{
	bool table = page->flags & (1ul << PG_table), free = page->flags & (1ul << PG_free);
	int refs = free ? 0 : c->ptes[pfn] + c->cached[pfn] + c->held[pfn] + table + PageReserved(page);

	if (page->_mapcount.counter + 1 != c->ptes[pfn])
		sync_violation("bad-mapcount", "page %lu has mapcount %d, %d ptes map it", pfn,
			       page->_mapcount.counter + 1, c->ptes[pfn]);
	else if (page->_count.counter != refs && refs)
		sync_violation("bad-refcount", "page %lu has %d references; %d ptes map it, %s the pagecache",
			       pfn, page->_count.counter, c->ptes[pfn], c->cached[pfn] ? "in" : "not in");
	else if (page->_count.counter && free)
		sync_violation("bad-refcount", "page %lu is free and has %d references", pfn,
			       page->_count.counter);
}

void check_page_counts(const struct census *c)
{
	for (unsigned long pfn = 1; pfn < this_machine->nr_frames; pfn++)
		check_page(c, &this_machine->mem_map[pfn], pfn);
}

void observe_get_page(const struct page *page)
{
	if (atomic_read(&page->_count) <= 0)
		sync_violation("bad-refcount", "get_page() of page %lu, which has no references",
			       (unsigned long)(page - this_machine->mem_map));
}
