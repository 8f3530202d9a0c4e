/* SPDX-License-Identifier: MIT */
/*
 * mm_counts.c - oracles bad-rss and bad-count: what a process counts of itself
 *
 * I1: at rest, mm->rss[] is what its ptes say: pages of files, of shared memory, anonymous ones, and swap entries. The
 *     zero page, pages of hugetlb and frames without pages are not counted; a huge page is as many as it has frames.
 * I2: at rest, map_count, total_vm and locked_vm are what its vmas say.
 * I3: at rest, an anon_vma lists each vma that points to it.
 */
#include <string.h>

#include "oracle/check.h"

void check_mm_counts(const struct census *c)
{
	if (c->bad_mm)
		sync_violation(strncmp(c->bad_counter, "MM_", 3) ? "bad-count" : "bad-rss",
			       "mm %d counts %ld %s, and has %ld", c->bad_mm->id, c->bad_says, c->bad_counter,
			       c->bad_is);
	if (c->nr_in_anon_vmas != c->nr_on_anon_lists)
		sync_violation("bad-rmap", "%u vmas have an anon_vma, the anon_vmas list %u",
			       c->nr_in_anon_vmas, c->nr_on_anon_lists);
}
