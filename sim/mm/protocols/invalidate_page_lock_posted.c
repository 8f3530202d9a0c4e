/* SPDX-License-Identifier: MIT */
/*
 * page-lock-posted - the page lock as it was posted on 9 October 2006
 *
 * Idea: page-lock, with fewer steps: truncation unmaps each page under its lock, while it is mapped, and
 * nothing else; i_size is not looked at again once the page is locked.
 *
 * Ordering: fault and revoker exclude each other page by page, which is enough where the page itself is
 * what is mapped.
 *
 * Fails to cover: private copies beyond the end of the file, which nobody unmaps any more; a page that a
 * fault brings in after truncation has gone by, having seen the old i_size.
 *
 * Kernels: none; posted by Nick Piggin as patch 2/5.
 */
#include "mm/protocols/invalidate.h"

static void unmap_while_mapped(struct address_space *mapping, struct page *page)
{
	while (page_mapped(page))
		unmap_page(mapping, page);
}

static int invalidate_page_unmap_loop(struct address_space *mapping, struct page *page)
{
	unmap_while_mapped(mapping, page);
	SYNC_LABEL("unmapped");
	return invalidate_complete_page2(mapping, page);
}

static void truncate_page_unmap_loop(struct address_space *mapping, struct page *page)
{
	unmap_while_mapped(mapping, page);
	SYNC_LABEL("page_unmapped");
	truncate_complete_page(mapping, page);
}

static const struct invalidate_protocol page_lock_posted = {
	.fault_begin = fault_begin_nothing,
	.page_locked = true,
	.nopage = filemap_nopage_locked_norecheck,
	.fault_copied = fault_copied_nothing,
	.fault_stale = fault_never_stale,
	.fault_end = fault_end_unlock,
	.unmap_begin = unmap_begin_nothing,
	.invalidate_page = invalidate_page_unmap_loop,
	.truncate_page = truncate_page_unmap_loop,
	.truncate = truncate_no_unmap,
};
PROTOCOL(page_lock_posted, AXIS_INVALIDATE, "page-lock-posted", &page_lock_posted,
	 "the patch of 9 October 2006: page-lock, but vmtruncate lost its unmap and i_size its recheck");
