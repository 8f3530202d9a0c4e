/* SPDX-License-Identifier: MIT */
/*
 * page-lock - the page lock, from the lookup until the pte is set
 *
 * Idea: a fault looks the page up locked, checks that it is still cached and inside i_size, and unlocks it
 * once the pte is set, also when the pte shows a private copy. Revokers hold the lock while they unmap the
 * page and remove it.
 *
 * Ordering: fault and revoker exclude each other page by page. Truncation unmaps twice: a fault that passed
 * the check of i_size holds the lock of the page at that index, so truncate_inode_pages() waits for it, and
 * the second unmapping takes away the private copy that it left; a later fault sees the new i_size.
 *
 * Fails to cover: ptes that are set without the page lock (old ->nopage, ->populate, install_page).
 *
 * Kernels: 2.6.23 (Nick Piggin); an idea of Andrea Arcangeli.
 */
#include "mm/protocols/invalidate.h"

static const struct invalidate_protocol page_lock = {
	.fault_begin = fault_begin_nothing,
	.page_locked = true,
	.nopage = filemap_nopage_locked,
	.fault_copied = fault_copied_nothing,
	.fault_stale = fault_never_stale,
	.fault_end = fault_end_unlock,
	.unmap_begin = unmap_begin_nothing,
	.invalidate_page = invalidate_page_once,
	.truncate_page = truncate_page_unmap,
	.truncate = truncate_unmap_twice,
};
PROTOCOL(page_lock, AXIS_INVALIDATE, "page-lock", &page_lock,
	 "2.6.23: ->fault returns the page locked, revokers unmap and remove under the page lock");
