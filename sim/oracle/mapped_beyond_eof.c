/* SPDX-License-Identifier: MIT */
/*
 * mapped_beyond_eof.c - oracle mapped-beyond-eof
 *
 * I1: once a truncation has returned, no pte of a mapping of the file shows an index beyond its end,
 *     whether the page is the file's or a private copy. Judged when the machine is quiescent: what is
 *     mapped at the return and legal then is legal for ever, and what is not stays mapped, since nobody
 *     else unmaps it.
 */
#include "oracle/check.h"

void check_beyond_eof(const struct census *c)
{
	for (int i = 0; i < c->nr_mapped; i++) {
		const struct mapped *p = &c->mapped[i];
		const struct inode *inode = p->vma->vm_file ? p->vma->vm_file->f_inode : NULL;

		if (!inode || p->index << PAGE_SHIFT < inode->i_size)
			continue;
		sync_violation("mapped-beyond-eof",
			       "mm %d maps page %lu (%s) at %#lx, index %lu of inode %u, whose i_size is %lu",
			       p->vma->vm_mm->id, pfn_of(p->pte),
			       page_is_anon(p->page) ? "a private copy" : "the file's", p->addr, p->index,
			       inode->i_ino, inode->i_size);
		return;
	}
}
