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
 * The bytes of private copies and of anonymous memory are private_bytes.c's.
 * Left out: the bytes of shared memory and of hugetlb; pages of a file from FILE_PAGES_MAX on.
 */
#include <string.h>

#include "oracle/private_bytes.h"

void check_stale_content(const struct census *c)
{
	const struct mapped *p = &c->stale;
	char where[80], text[PAGE_TEXT];
	const struct page *now;

	if (!p->vma)
		return;
	now = cached_page(p->vma->vm_file->f_mapping, p->index);
	sync_violation("stale-content", "%s: the pagecache has %s%.0ld, it shows %s",
		       mapped_text(where, sizeof(where), p), now ? "another page there, " : "no page there",
		       now ? now - this_machine->mem_map : 0l, page_text(text, p->page));
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
	if (!g->changed) {
		sync_ghost_begin(&g->changed, sizeof(g->changed));
		g->changed = true;
		sync_ghost_end();
	}
	sync_ghost_end();
}

/* Where an access of a file's page goes. */
struct target {
	const struct inode *inode; /* NULL: not to a file, or it is reported */
	unsigned long index;
};

/* => for a page that is no private copy; which may be part of a huge one */
static struct target target_of(const struct mm_struct *mm, const char *what, unsigned long addr,
			       const struct page *page)
{
	const struct page *head = head_of(page);
	const struct address_space *mapping = READ_ONCE(head->mapping);

	if (page_flag(head, PG_reserved) || page_flag(head, PG_huge))
		return (struct target){ NULL, 0 };
	if (mapping)
		return (struct target){ mapping->host, head->index + (unsigned long)(page - head) };
	sync_violation("stale-content", "mm %d %s page %lu at %#lx, which has left its file", mm->id, what,
		       page_to_pfn(page), addr);
	return (struct target){ NULL, 0 };
}

static bool has_ghost(const struct target *t)
{
	return t->inode && t->inode->ghosted && t->index < FILE_PAGES_MAX;
}

void observe_access_begin(void)
{
	sync_ghost_begin(NULL, 0);
}

void observe_access_end(void)
{
	sync_ghost_end();
}

static void load_of_file(const struct mm_struct *mm, unsigned long addr, const struct page *page,
			 const u8 *bytes, size_t n)
{
	struct target t = target_of(mm, "loads from", addr, page);
	unsigned long pos = (t.index << PAGE_SHIFT) + (addr & ~PAGE_MASK);
	u64 word = 0;

	for (size_t i = 0; has_ghost(&t) && i < n; i++) {
		if (may_hold(t.inode, pos + i, bytes[i]))
			continue;
		memcpy(&word, bytes + (i & ~7ul), n - (i & ~7ul) < 8 ? n - (i & ~7ul) : 8);
		sync_violation(
			"stale-content",
			"mm %d loads %#llx from page %lu at %#lx, which index %lu of inode %u does not hold",
			mm->id, (unsigned long long)word, page_to_pfn(page), addr + (i & ~7ul), t.index,
			t.inode->i_ino);
		return;
	}
}

void observe_load(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		  size_t n)
{
	bool private = page_is_anon(page) || page_flag(page, PG_reserved);

	if (!private)
		load_of_file(mm, addr, page, buf, n);
	if (likely(!this_machine->config.ghosts))
		return;
	if (private)
		private_load(mm, addr, page, buf, n);
	else
		private_load_of_file(mm, addr, page, buf, n);
}

void observe_store(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		   size_t n)
{
	bool private = page_is_anon(page);
	struct target t = { NULL, 0 };

	if (!private)
		t = target_of(mm, "stores to", addr, page);
	if (has_ghost(&t))
		set_now(ghost_of(t.inode, t.index), addr & ~PAGE_MASK, buf, n);
	if (private && unlikely(this_machine->config.ghosts))
		private_store(mm, addr, page, buf, n);
}

/* The page may have been unmapped since it was taken hold of: then the store is to nobody's memory. */
static bool shows(const struct mm_struct *mm, unsigned long addr, const struct page *page)
{
	u64 pte = pte_at(mm, addr);

	return (pte & (_PAGE_PRESENT | _PAGE_PROTNONE)) &&
	       pfn_of(pte) == (unsigned long)(page - this_machine->mem_map);
}

void observe_held_store(const struct mm_struct *mm, unsigned long addr, const struct page *page,
			const void *buf, size_t n)
{
	const struct address_space *mapping = READ_ONCE(page->mapping);
	struct target t = { NULL, 0 };

	if (!page_is_anon(page) && mapping)
		t = (struct target){ mapping->host, page->index };
	if (has_ghost(&t))
		set_now(ghost_of(t.inode, t.index), addr & ~PAGE_MASK, buf, n);
	if (likely(!this_machine->config.ghosts))
		return;
	if (!mm)
		observe_dma_store(page, (unsigned)(addr & ~PAGE_MASK), buf, n);
	else if (page_is_anon(page) && shows(mm, addr, page))
		private_store(mm, addr, page, buf, n);
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
