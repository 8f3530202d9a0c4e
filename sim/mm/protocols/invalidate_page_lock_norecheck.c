/* SPDX-License-Identifier: MIT */
/*
 * page-lock-norecheck - page-lock, but i_size is looked at only before the page is
 *
 * Idea: truncation unmaps under the page lock, so a second look at i_size seems not to be needed.
 *
 * Ordering: as page-lock, for a page that truncation finds in the pagecache.
 *
 * Fails to cover: a page that is not cached while truncation goes by. The fault has seen the old i_size and
 * brings the page in afterwards.
 *
 * Kernels: none; the question that the posted patch left open.
 */
#include "mm/protocols/invalidate.h"

static const struct invalidate_protocol page_lock_norecheck = {
	.fault_begin = fault_begin_nothing,
	.page_locked = true,
	.nopage = filemap_nopage_locked_norecheck,
	.fault_copied = fault_copied_nothing,
	.fault_stale = fault_never_stale,
	.fault_end = fault_end_unlock,
	.unmap_begin = unmap_begin_nothing,
	.invalidate_page = invalidate_page_once,
	.truncate_page = truncate_page_unmap,
	.truncate = truncate_unmap_twice,
};
PROTOCOL(page_lock_norecheck, AXIS_INVALIDATE, "page-lock-norecheck", &page_lock_norecheck,
	 "page-lock without the look at i_size under the page lock");
