/* SPDX-License-Identifier: MIT */
/*
 * none - no agreement between faults and revokers
 *
 * Idea: revokers unmap, then remove; a fault looks a page up, then maps it.
 * Ordering: none. A fault that looked the page up before it was removed maps it after it was unmapped.
 * Fails to cover: truncation and invalidation.
 * Kernels: none that was released; Linux before 2.4's truncate_count comes near.
 */
#include "mm/protocols/invalidate.h"

static const struct invalidate_protocol none = {
	.fault_begin = fault_begin_nothing,
	.nopage = filemap_nopage_unlocked,
	.fault_copied = fault_copied_nothing,
	.fault_stale = fault_never_stale,
	.fault_end = fault_end_nothing,
	.unmap_begin = unmap_begin_nothing,
	.invalidate_page = invalidate_page_if_mapped,
	.truncate_page = truncate_complete_page,
	.truncate = truncate_unmap_before,
};
PROTOCOL(none, AXIS_INVALIDATE, "none", &none, "no agreement at all: what the others are measured against");
