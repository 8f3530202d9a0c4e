/* SPDX-License-Identifier: MIT */
/*
 * truncate-count - an open-coded seqlock of i_size and a count of unmappings
 *
 * Idea: truncation lowers i_size, then increments the file's truncate_count, then unmaps. A fault reads the
 * count, then i_size, finds its page, and under the page table lock starts again if the count has changed.
 *
 * Ordering: a fault that saw the old i_size read the count before its increment. If its page table lock
 * comes after the unmapping's, it sees the increment and retries; if before, its pte is there to be
 * unmapped.
 *
 * Fails to cover: invalidation inside i_size. A fault that begins after the increment finds the page still
 * cached, and the count does not change again before the page is removed.
 *
 * Kernels: 2.6.0 to 2.6.22, but for 2.6.18 (refcount-check).
 */
#include "mm/protocols/invalidate.h"

static const struct invalidate_protocol truncate_count = {
	.fault_begin = truncate_count_begin,
	.nopage = filemap_nopage_unlocked,
	.fault_copied = fault_copied_nothing,
	.fault_stale = truncate_count_stale,
	.fault_end = fault_end_nothing,
	.unmap_begin = truncate_count_unmap_begin,
	.invalidate_page = invalidate_page_if_mapped,
	.truncate_page = truncate_complete_page,
	.truncate = truncate_unmap_before,
};
PROTOCOL(truncate_count, AXIS_INVALIDATE, "truncate-count", &truncate_count,
	 "2.6.19-rc1: i_size and a count in the file, checked under the page table lock");
