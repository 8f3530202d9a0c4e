/* SPDX-License-Identifier: MIT */
/*
 * page-lock-one-unmap - page-lock, but truncation unmaps only before it drops the pages
 *
 * Idea: every page is unmapped again under its lock, so one pass over the file seems to be enough.
 *
 * Ordering: as page-lock, for the pages of the file.
 *
 * Fails to cover: a private copy that is mapped between the pass and the page's removal: the page itself is
 * not mapped, so nobody looks for its copies.
 *
 * Kernels: none; why 2.6.23 has the second pass.
 */
#include "mm/protocols/invalidate.h"

static const struct invalidate_protocol page_lock_one_unmap = {
	.fault_begin = fault_begin_nothing,
	.page_locked = true,
	.nopage = filemap_nopage_locked,
	.fault_copied = fault_copied_nothing,
	.fault_stale = fault_never_stale,
	.fault_end = fault_end_unlock,
	.unmap_begin = unmap_begin_nothing,
	.invalidate_page = invalidate_page_once,
	.truncate_page = truncate_page_unmap,
	.truncate = truncate_unmap_before,
};
PROTOCOL(page_lock_one_unmap, AXIS_INVALIDATE, "page-lock-one-unmap", &page_lock_one_unmap,
	 "page-lock, but vmtruncate unmaps only before it drops the pages");
