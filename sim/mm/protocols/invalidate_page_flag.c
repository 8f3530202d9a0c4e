/* SPDX-License-Identifier: MIT */
/*
 * page-flag - a flag in the page while it is being invalidated
 *
 * Idea: invalidation sets the flag under the page lock, then unmaps, then removes. A fault looks at the
 * flag of the page that it found under the page table lock, also when it maps a private copy, and starts
 * again; it then waits for the page lock. Truncation keeps truncate_count, since a flag cannot stop a page
 * that is not cached.
 *
 * Ordering: if the fault's page table lock comes after the unmapping's, the flag is visible to it; if
 * before, its pte is there to be unmapped. The flag stays on a page that has left, so a fault that holds it
 * for long is stopped as well.
 *
 * As with seqlock, page_mapped() may not say that there is nothing to unmap.
 *
 * Fails to cover: nothing known of linear faults; it needs a page flag.
 *
 * Kernels: none; reconstructed from one sentence of the thread.
 */
#include "mm/protocols/invalidate.h"

static struct page *nopage_unflagged(struct vm_area_struct *vma, unsigned long address)
{
	struct page *page;

	for (;;) {
		page = filemap_nopage_unlocked(vma, address);
		if (page == NOPAGE_SIGBUS || page == NOPAGE_OOM || !test_bit(PG_invalidating, &page->flags))
			return page;
		wait_on_page_locked(page);
		page_cache_release(page);
	}
}

static bool flag_stale(struct address_space *mapping, struct page *page, u32 seq)
{
	return test_bit(PG_invalidating, &page->flags) || truncate_count_stale(mapping, page, seq);
}

static int flag_invalidate_page(struct address_space *mapping, struct page *page)
{
	int ret;

	set_bit(PG_invalidating, &page->flags);
	smp_mb(); /* the flag before any pte is looked at */
	ret = invalidate_page_always(mapping, page);
	if (ret)
		clear_bit(PG_invalidating, &page->flags);
	return ret;
}

static const struct invalidate_protocol page_flag = {
	.fault_begin = truncate_count_begin,
	.nopage = nopage_unflagged,
	.fault_copied = fault_copied_nothing,
	.fault_stale = flag_stale,
	.fault_end = fault_end_nothing,
	.unmap_begin = truncate_count_unmap_begin,
	.invalidate_page = flag_invalidate_page,
	.truncate_page = truncate_complete_page,
	.truncate = truncate_unmap_before,
};
PROTOCOL(
	page_flag, AXIS_INVALIDATE, "page-flag", &page_flag,
	"Andrea Arcangeli's second fix (reconstructed): a page flag while it is revoked, and truncate_count");
