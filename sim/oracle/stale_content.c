/* SPDX-License-Identifier: MIT */
/*
 * stale_content.c - oracle stale-content: a mapping and the file disagree
 *
 * I1: a present pte of a file mapping shows the page that the pagecache has at that index, or a private copy.
 * I2: a load through a file mapping returns bytes that the file may hold at that moment: those of the last write, and
 *     while a write is going on also its own. Beyond i_size a page that is being brought in holds zeros: a truncation
 *     that has set i_size and not yet unmapped may be seen so.
 * I3: no load goes to a page that has left its file.
 *
 * Left out: the bytes of private copies and of anonymous memory.
 */
#include <string.h>

#include "oracle/check.h"

void check_stale_content(const struct census *c)
{
	for (int i = 0; i < c->nr_mapped; i++) {
		const struct mapped *p = &c->mapped[i];
		const struct page *now;

		if (!p->vma->vm_file || page_is_anon(p->page))
			continue;
		now = cached_page(p->vma->vm_file->f_mapping, p->index);
		if (now == p->page)
			continue;
		sync_violation("stale-content", "mm %d maps page %lu at %#lx, index %lu of inode %u; the pagecache has %s%.0ld",
			       p->vma->vm_mm->id, pfn_of(p->pte), p->addr, p->index, p->vma->vm_file->f_inode->i_ino,
			       now ? "another page there: " : "none", now ? now - this_machine->mem_map : 0l);
		return;
	}
}

static struct ghost_page *ghost_of(const struct inode *inode, unsigned long index)
{
	return index < FILE_PAGES_MAX ? &this_machine->ghost.page[inode->i_ino][index] : NULL;
}

/* => every byte is one that page `index` of the file may hold; 0 stands beyond its end */
static bool may_hold(const struct inode *inode, unsigned long index, unsigned offset, const u8 *bytes, size_t n)
{
	const struct ghost_page *g = ghost_of(inode, index);
	unsigned long size = inode->i_size;

	for (size_t i = 0; i < n; i++) {
		unsigned at = offset + (unsigned)i;

		if (bytes[i] == g->now[at] || (at >= g->from && at < g->to && bytes[i] == g->next[at]))
			continue;
		if (bytes[i] || (index << PAGE_SHIFT) + at < size)
			return false;
	}
	return true;
}

void observe_load(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf, size_t n)
{
	const struct address_space *mapping = page->mapping;
	u64 word = 0;

	if (page_is_anon(page))
		return;
	if (!mapping) {
		sync_violation("stale-content", "mm %d loads from page %lu at %#lx, which has left its file", mm->id,
			       (unsigned long)(page - this_machine->mem_map), addr);
		return;
	}
	if (page->index >= FILE_PAGES_MAX || may_hold(mapping->host, page->index, addr & ~PAGE_MASK, buf, n))
		return;
	memcpy(&word, buf, n);
	sync_violation("stale-content", "mm %d loads %#llx from page %lu at %#lx, which index %lu of inode %u does not hold",
		       mm->id, (unsigned long long)word, (unsigned long)(page - this_machine->mem_map), addr, page->index,
		       mapping->host->i_ino);
}

void observe_store(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf, size_t n)
{
	const struct address_space *mapping = page->mapping;
	unsigned offset = addr & ~PAGE_MASK;
	struct ghost_page *g;

	if (page_is_anon(page))
		return;
	if (!mapping) {
		sync_violation("stale-content", "mm %d stores to page %lu at %#lx, which has left its file", mm->id,
			       (unsigned long)(page - this_machine->mem_map), addr);
		return;
	}
	g = ghost_of(mapping->host, page->index);
	if (!g)
		return;
	sync_ghost_begin(g->now + offset, n);
	memcpy(g->now + offset, buf, n);
	sync_ghost_end();
}

/* ---- files and writes --------------------------------------------------------------------------------- */

void observe_file_created(const struct inode *inode)
{
	struct machine *m = this_machine;

	for (unsigned i = 0; i < FILE_PAGES_MAX; i++) {
		struct ghost_page *g = &m->ghost.page[inode->i_ino][i];

		sync_ghost_begin(g, sizeof(*g));
		memcpy(g->now, m->disk.block[inode->i_block + i], PAGE_SIZE);
		g->from = g->to = 0;
		sync_ghost_end();
	}
}

void observe_write_begin(const struct inode *inode, unsigned long pos, const void *buf, size_t n)
{
	struct ghost_page *g = ghost_of(inode, pos >> PAGE_SHIFT);
	unsigned offset = pos & ~PAGE_MASK;

	if (!g)
		return;
	sync_ghost_begin(g, sizeof(*g));
	memcpy(g->next + offset, buf, n);
	g->from = offset;
	g->to = offset + (unsigned)n;
	sync_ghost_end();
}

void observe_write_end(const struct inode *inode, unsigned long pos, size_t n)
{
	struct ghost_page *g = ghost_of(inode, pos >> PAGE_SHIFT);

	if (!g)
		return;
	sync_ghost_begin(g, sizeof(*g));
	memcpy(g->now + g->from, g->next + g->from, g->to - g->from);
	g->from = g->to = 0;
	sync_ghost_end();
}
