/* SPDX-License-Identifier: MIT */
/*
 * mapped_beyond_eof.c - oracle mapped-beyond-eof
 *
 * I1: once a truncation has returned, no pte and no huge entry of a mapping of a file, shared memory's too, shows an
 *     index beyond its end, whether the page is the file's or a private copy. Judged when the machine is quiescent: what
 *     is mapped at the return and legal then is legal for ever, and what is not stays mapped, since nobody
 *     else unmaps it.
 *
 * Left out: pages of private copies that are on swap; mappings of frames without pages (VM_PFNMAP).
 */
#include "oracle/check.h"

void check_beyond_eof(const struct census *c)
{
	const struct mapped *p = &c->beyond_eof;
	char where[80], text[PAGE_TEXT];

	if (p->vma)
		sync_violation("mapped-beyond-eof", "%s, whose i_size is %lu, shows %s: %s",
			       mapped_text(where, sizeof(where), p), p->vma->vm_file->f_inode->i_size,
			       page_is_anon(p->page) ? "a private copy" : "the file's page",
			       page_text(text, p->page));
}
