/* SPDX-License-Identifier: MIT */
/*
 * stale_content.c - oracle stale-content: a mapping and the file disagree
 *
 * I1: a present pte of a file mapping shows the page that the pagecache has at that index, or a private
 *     copy.
 * I2: a load through a file mapping returns bytes that the file may hold at that moment: those of the last
 *     write, and while a write is going on also its own. Beyond i_size a page that is being brought in
 *     holds zeros: a truncation that has set i_size and not yet unmapped may be seen so.
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
		sync_violation(
			"stale-content",
			"mm %d maps page %lu at %#lx, index %lu of inode %u; the pagecache has %s%.0ld",
			p->vma->vm_mm->id, pfn_of(p->pte), p->addr, p->index, p->vma->vm_file->f_inode->i_ino,
			now ? "another page there: " : "none", now ? now - this_machine->mem_map : 0l);
		return;
	}
}

/*
 * ---- ghosts -------------------------------------------------------------------------------------------
 */

static struct ghost_page *ghost_of(const struct inode *inode, unsigned long index)
{
	return index < FILE_PAGES_MAX ? &this_machine->ghost.page[inode->i_ino][index] : NULL;
}

/* => one byte may be there; what lies beyond i_size may be zero as soon as i_size says so */
static bool may_hold(const struct inode *inode, unsigned long pos, u8 byte)
{
	const struct ghost_page *g = ghost_of(inode, pos >> PAGE_SHIFT);
	unsigned at = pos & ~PAGE_MASK;

	return byte == (at >= g->zero_from ? 0 : g->now[at]) ||
	       (at >= g->from && at < g->to && byte == g->next[at]) || (pos >= inode->i_size && byte == 0);
}

/* The ghost holds these bytes from now on. */
static void set_now(struct ghost_page *g, unsigned at, const void *bytes, size_t n)
{
	bool zeroed = at + n > g->zero_from;

	sync_ghost_begin(zeroed ? (void *)g : g->now + at, zeroed ? sizeof(*g) : n);
	if (zeroed) {
		memset(g->now + g->zero_from, 0, PAGE_SIZE - g->zero_from);
		g->zero_from = PAGE_SIZE;
	}
	memcpy(g->now + at, bytes, n);
	sync_ghost_end();
}

/* The bytes are no file's: a private copy, or the zero page. */
static bool page_is_private(const struct page *page)
{
	return page_is_anon(page) || (page->flags & (1ul << PG_reserved));
}

/* => what an access of a page that is no private copy may go to; else NULL, reported */
static const struct inode *inode_of(const struct mm_struct *mm, const char *what, unsigned long addr,
				    const struct page *page)
{
	const struct address_space *mapping = READ_ONCE(page->mapping);

	if (mapping)
		return mapping->host;
	sync_violation("stale-content", "mm %d %s page %lu at %#lx, which has left its file", mm->id, what,
		       (unsigned long)(page - this_machine->mem_map), addr);
	return NULL;
}

void observe_access_begin(void)
{
	sync_ghost_begin(NULL, 0);
}

void observe_access_end(void)
{
	sync_ghost_end();
}

void observe_load(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		  size_t n)
{
	const struct inode *inode = page_is_private(page) ? NULL : inode_of(mm, "loads from", addr, page);
	unsigned long pos = (page->index << PAGE_SHIFT) + (addr & ~PAGE_MASK);
	const u8 *bytes = buf;
	u64 word = 0;

	if (!inode || page->index >= FILE_PAGES_MAX)
		return;
	for (size_t i = 0; i < n; i++) {
		if (may_hold(inode, pos + i, bytes[i]))
			continue;
		memcpy(&word, buf, n);
		sync_violation(
			"stale-content",
			"mm %d loads %#llx from page %lu at %#lx, which index %lu of inode %u does not hold",
			mm->id, (unsigned long long)word, (unsigned long)(page - this_machine->mem_map), addr,
			page->index, inode->i_ino);
		return;
	}
}

void observe_store(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		   size_t n)
{
	const struct inode *inode = page_is_private(page) ? NULL : inode_of(mm, "stores to", addr, page);
	struct ghost_page *g = inode ? ghost_of(inode, page->index) : NULL;

	if (!g)
		return;
	set_now(g, addr & ~PAGE_MASK, buf, n);
}

void observe_page_write(const struct page *page, size_t offset, const void *buf, size_t n)
{
	const struct address_space *mapping = READ_ONCE(page->mapping);
	struct ghost_page *g;

	if (!mapping || page_is_private(page))
		return;
	g = page->index < FILE_PAGES_MAX ? ghost_of(mapping->host, page->index) : NULL;
	if (g)
		set_now(g, (unsigned)offset, buf, n);
}

/*
 * ---- files, writes and truncation -----------------------------------------------------------------------
 */

void observe_file_created(const struct inode *inode)
{
	struct machine *m = this_machine;

	for (unsigned i = 0; i < FILE_PAGES_MAX; i++) {
		struct ghost_page *g = &m->ghost.page[inode->i_ino][i];

		sync_ghost_begin(g, sizeof(*g));
		memcpy(g->now, m->disk.block[inode->i_block + i], PAGE_SIZE);
		g->zero_from = PAGE_SIZE;
		sync_ghost_end();
	}
}

void observe_removed(const struct page *page)
{
	sync_ghost_step(&this_machine->ghost, true, "removed");
}

void observe_write_begin(const struct inode *inode, unsigned long pos, const void *buf, size_t n)
{
	struct ghost_page *g = ghost_of(inode, pos >> PAGE_SHIFT);

	sync_ghost_begin(g, sizeof(*g));
	g->from = pos & ~PAGE_MASK;
	g->to = g->from + (u32)n;
	memcpy(g->next + g->from, buf, n);
	sync_ghost_end();
}

void observe_write_end(const struct inode *inode, unsigned long pos, size_t n)
{
	struct ghost_page *g = ghost_of(inode, pos >> PAGE_SHIFT);

	sync_ghost_step(&this_machine->ghost, true, "written");
	sync_ghost_begin(g, sizeof(*g));
	if (n)
		set_now(g, g->from, g->next + g->from, n);
	g->from = g->to = 0;
	sync_ghost_end();
}

void observe_truncated(const struct inode *inode)
{
	sync_ghost_step(&this_machine->ghost, true, "truncated");
	for (unsigned long i = inode->i_size >> PAGE_SHIFT; i < FILE_PAGES_MAX; i++) {
		struct ghost_page *g = ghost_of(inode, i);
		u32 from = i << PAGE_SHIFT >= inode->i_size ? 0 : (u32)(inode->i_size & ~PAGE_MASK);

		if (from >= g->zero_from)
			continue;
		sync_ghost_begin(&g->zero_from, sizeof(g->zero_from));
		g->zero_from = from;
		sync_ghost_end();
	}
}
