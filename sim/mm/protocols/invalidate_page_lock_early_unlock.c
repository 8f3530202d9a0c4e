/* SPDX-License-Identifier: MIT */
/*
 * page-lock-early-unlock - page-lock, but a page that was copied is unlocked before the copy is mapped
 *
 * Idea: the page itself is not going to be mapped, so its lock seems not to be needed any longer.
 *
 * Ordering: as page-lock, for mappings of the page itself.
 *
 * Fails to cover: truncation between the unlock and the pte: both of its passes are over when the copy is
 * mapped.
 *
 * Kernels: none; why 2.6.23 holds the lock of the page that it copied from.
 */
#include "mm/protocols/invalidate.h"

static void unlock_copied(struct page *page)
{
	unlock_page(page);
	SYNC_LABEL("unlocked_early");
}

static void unlock_uncopied(struct page *page, struct page *copy)
{
	if (!copy)
		unlock_page(page);
}

static const struct invalidate_protocol page_lock_early_unlock = {
	.fault_begin = fault_begin_nothing,
	.page_locked = true,
	.nopage = filemap_nopage_locked,
	.fault_copied = unlock_copied,
	.fault_stale = fault_never_stale,
	.fault_end = unlock_uncopied,
	.unmap_begin = unmap_begin_nothing,
	.invalidate_page = invalidate_page_once,
	.truncate_page = truncate_page_unmap,
	.truncate = truncate_unmap_twice,
};
PROTOCOL(page_lock_early_unlock, AXIS_INVALIDATE, "page-lock-early-unlock", &page_lock_early_unlock,
	 "page-lock, but the page is unlocked before its private copy is mapped");
