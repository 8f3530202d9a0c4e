/* SPDX-License-Identifier: MIT */
/*
 * lost_dirty.c - oracle lost-dirty
 *
 * I1: at rest, what was written to a file of the disk, by write(2) or through a mapping, is on the disk, or in a page
 *     that will be written: dirty, under writeback, dirty in a pte, or with an error that was reported.
 *
 * Judged on pages whose ghost has changed since the file was made, up to the file's end; what truncation cut off and
 * nobody wrote since is not judged. A page that holds something else than its ghost, and a disk that holds the ghost,
 * is no loss (stale-content).
 */
#include <string.h>

#include "mm/page_flags.h"
#include "oracle/check.h"

#define WILL_BE_WRITTEN                                                                                      \
	((1ul << PG_dirty) | (1ul << PG_writeback) | (1ul << PG_error) | (1ul << PG_private) |               \
	 (1ul << PG_locked))

/* => the first byte of [0, n) that differs, or n */
static size_t first_difference(const u8 *a, const u8 *b, size_t n)
{
	size_t i = 0;

	if (!memcmp(a, b, n))
		return n;
	while (a[i] == b[i])
		i++;
	return i;
}

static void check_page(const struct census *c, const struct inode *inode, unsigned long index)
{
	const struct ghost_page *g = &this_machine->ghost.page[inode->i_ino][index];
	const u8 *disk = this_machine->disk.block[inode->i_block + index];
	const struct page *page = cached_page(&inode->i_data, index);
	size_t n = inode->i_size - (index << PAGE_SHIFT), at;
	char text[PAGE_TEXT];

	if (page && ((page->flags & WILL_BE_WRITTEN) || (c->frame[page_to_pfn(page)].uses & USE_DIRTY_PTE)))
		return;
	if (n > g->zero_from)
		n = g->zero_from;
	if (n > PAGE_SIZE)
		n = PAGE_SIZE;
	at = first_difference(g->now, disk, n);
	if (at == n || g->from != g->to)
		return;
	sync_violation(
		"lost-dirty",
		"byte %zu of index %lu of inode %u was written as %#x, the disk has %#x, and nothing will write it: %s",
		at, index, inode->i_ino, g->now[at], disk[at],
		page ? page_text(text, page) : "it is not cached");
}

void check_lost_dirty(const struct census *c)
{
	const struct machine *m = this_machine;

	for (int f = 0; f < m->nr_files; f++) {
		const struct inode *inode = &m->inode[f];

		for (unsigned long i = 0; i < FILE_PAGES_MAX && i << PAGE_SHIFT < inode->i_size; i++)
			if (inode->ghosted && m->ghost.page[f][i].changed)
				check_page(c, inode, i);
	}
}
