/* SPDX-License-Identifier: MIT */
/*
 * refcount-check - truncate-count, and a page that somebody else refers to is not invalidated
 *
 * Idea: under tree_lock, invalidation removes the page only if its references are the pagecache's and its
 * own.
 *
 * Ordering: a fault takes its reference under tree_lock. Before the check: the check sees it and
 * invalidation fails with an error. After it: the page is gone from the tree.
 *
 * Fails to cover: progress. Any reference makes invalidation fail, also one that has nothing to do with a
 * fault, and its callers keep stale data. 2.6.19 gave it up for that.
 *
 * Kernels: 2.6.18.
 */
#include "mm/protocols/invalidate.h"

#define OWN_REFERENCES 2 /* the pagecache's and the caller's */

static int refcount_invalidate_page(struct address_space *mapping, struct page *page)
{
	if (page_mapped(page))
		unmap_page(mapping, page);
	SYNC_LABEL("unmapped");
	write_lock_irq(&mapping->tree_lock);
	if (page_count(page) != OWN_REFERENCES || PageDirty(page)) {
		write_unlock_irq(&mapping->tree_lock);
		return -EIO;
	}
	__remove_from_page_cache(page);
	write_unlock_irq(&mapping->tree_lock);
	ClearPageUptodate(page);
	page_cache_release(page); /* the pagecache's */
	return 0;
}

static const struct invalidate_protocol refcount_check = {
	.fault_begin = truncate_count_begin,
	.nopage = filemap_nopage_unlocked,
	.fault_copied = fault_copied_nothing,
	.fault_stale = truncate_count_stale,
	.fault_end = fault_end_nothing,
	.unmap_begin = truncate_count_unmap_begin,
	.invalidate_page = refcount_invalidate_page,
	.truncate_page = truncate_complete_page,
	.truncate = truncate_unmap_before,
};
PROTOCOL(refcount_check, AXIS_INVALIDATE, "refcount-check", &refcount_check,
	 "2.6.18: truncate-count, and invalidation fails when somebody else has a reference");
