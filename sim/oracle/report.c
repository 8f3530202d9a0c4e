/* SPDX-License-Identifier: MIT */
/* report.c - a page in words: what it says of itself, and who has it. Looks at everything: only for reports */
#include <stdarg.h>
#include <stdio.h>

#include "oracle/check.h"

#define MAPPERS 3 /* that are named; the rest is counted */

struct text {
	char *p;
	size_t n, len;
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int len;

	if (t->len + 1 >= t->n)
		return;
	va_start(ap, fmt);
	len = vsnprintf(t->p + t->len, t->n - t->len, fmt, ap);
	va_end(ap);
	t->len += len < 0 ? 0 : (size_t)len;
	if (t->len >= t->n)
		t->len = t->n - 1;
}

static const struct inode *inode_of(const struct page *page)
{
	const struct machine *m = this_machine;

	for (int i = 0; i < m->nr_files; i++)
		if (page->mapping == &m->inode[i].i_data)
			return &m->inode[i];
	for (const struct inode *inode = m->ghost.inodes; inode; inode = inode->ghost_next)
		if (page->mapping == &inode->i_data)
			return inode;
	return NULL;
}

/* What the page says that it is. */
static void add_kind(struct text *t, const struct page *page)
{
	const struct inode *inode = inode_of(page);

	if (page_flag(page, PG_free))
		add(t, "free");
	else if (page_flag(page, PG_table))
		add(t, "a page table of level %lu for %#lx", page->index & ~PAGE_MASK,
		    page->index & PAGE_MASK);
	else if (page_is_anon(page))
		add(t, "%s, index %lu", page_flag(page, PG_ksm) ? "merged" : "anonymous", page->index);
	else if (inode)
		add(t, "index %lu of inode %u", page->index, inode->i_ino);
	else
		add(t, "of no file, index %lu", page->index);
	if (page_flag(page, PG_swapcache))
		add(t, ", swap slot %lu", swp_offset((swp_entry_t){ page->private }));
	if (page_flag(page, PG_head))
		add(t, ", huge");
}

struct mappers {
	struct text *t;
	const struct page *page;
	unsigned n;
};

static void add_mapper(void *arg, const struct vm_area_struct *vma, unsigned long addr, u64 e, bool huge)
{
	struct mappers *m = arg;

	if (!entry_present(e) || pfn_of(e) >= this_machine->nr_frames ||
	    head_of(pfn_to_page(pfn_of(e))) != m->page)
		return;
	if (m->n++ < MAPPERS)
		add(m->t, "%smm %d at %#lx %s%s%s", m->n == 1 ? "; mapped by " : ", ", vma->vm_mm->id, addr,
		    e & _PAGE_RW ? "RW" : "R", e & _PAGE_DIRTY ? " D" : "", huge ? " huge" : "");
}

const char *page_text(char text[PAGE_TEXT], const struct page *page)
{
	struct text t = { text, PAGE_TEXT, 0 };
	struct mappers m = { &t, page, 0 };

	add(&t, "page %lu (", page_to_pfn(page));
	add_kind(&t, page);
	add(&t, "), %d references, mapcount %d", page->_count.counter, page->_mapcount.counter + 1);
	if (page->held)
		add(&t, ", %d held by the kernel", page->held);
	for (int i = 0; i < MAX_MMS; i++) {
		const struct mm_struct *mm = mm_at(i);
		struct table_walk w = { .mm = mm, .entry = add_mapper, .arg = &m };

		for (const struct vm_area_struct *vma = mm ? first_vma(mm) : NULL; vma; vma = next_vma(vma))
			walk_vma(&w, vma);
	}
	if (m.n > MAPPERS)
		add(&t, " and %u more", m.n - MAPPERS);
	else if (!m.n)
		add(&t, "; mapped by nobody");
	return text;
}

/* "mm 0 at 0x10000, index 3 of inode 1" */
const char *mapped_text(char *text, size_t n, const struct mapped *p)
{
	struct text t = { text, n, 0 };

	add(&t, "mm %d at %#lx, index %lu", p->vma->vm_mm->id, p->addr, p->index);
	if (p->vma->vm_file)
		add(&t, " of inode %u", p->vma->vm_file->f_inode->i_ino);
	return text;
}
