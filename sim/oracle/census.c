/* SPDX-License-Identifier: MIT */
/*
 * census.c - who uses which frame and which swap slot, counted from the processes' mappings
 *
 * Files, the swap cache and the LRU lists are census_files.c. The arrays are the host's memory: untouched parts of big
 * ones cost nothing.
 */
#include <stdlib.h>

#include "mm/page_flags.h"
#include "oracle/check.h"

struct frame_use *census_frame(struct census *c, const struct page *page)
{
	unsigned long pfn = page_to_pfn(page);
	struct frame_use *f = &c->frame[pfn];

	if (!f->maps && !f->refs && !f->uses) {
		c->used[c->nr_used++] = (u32)pfn;
		c->frames += page_flag(page, PG_head) ? HPAGE_NR : 1;
		f->uses = USE_SEEN;
	}
	return f;
}

struct slot_use *census_slot(struct census *c, unsigned long slot)
{
	struct slot_use *s = &c->slot[slot];

	if (!s->entries && !s->cached)
		c->used_slot[c->nr_used_slots++] = (u32)slot;
	return s;
}

/* ---- entries -------------------------------------------------------------------------------------------------------- */

/* What the ptes of one process come to. */
struct mm_tally {
	struct census *c;
	const struct mm_struct *mm;
	long rss[NR_MM_COUNTERS];
	long pages, locked;
	int vmas;
};

static void note(struct mapped *first, const struct mapped *p)
{
	if (!first->vma)
		*first = *p;
}

/*
 * A page of a file mapping: is it the file's at that place, is that place in the file? => of a nonlinear mapping the
 * page itself says which place it is
 */
static void judge_file_page(struct census *c, const struct mapped *p)
{
	const struct file *file = p->vma->vm_file;
	const struct page *now;

	if (p->index << PAGE_SHIFT >= file->f_inode->i_size)
		note(&c->beyond_eof, p);
	if (page_is_anon(p->page))
		return;
	now = cached_page(file->f_mapping, p->index);
	if (!now || head_of(now) != p->page)
		note(&c->stale, p);
}

/* An anonymous page has to be where its reverse mapping looks for it. */
static void judge_anon_page(struct census *c, const struct mapped *p)
{
	const struct anon_vma *av = page_anon_vma(p->page);

	if (page_flag(p->page, PG_ksm) || (!av && !p->vma->anon_vma))
		return;
	if (av != p->vma->anon_vma || p->page->index != index_at(p->vma, p->addr))
		note(&c->unreachable, p);
}

static enum mm_counter counter_of(const struct page *page)
{
	if (page_is_anon(page))
		return MM_ANONPAGES;
	return page_flag(page, PG_swapbacked) ? MM_SHMEMPAGES : MM_FILEPAGES;
}

static void count_present(struct mm_tally *t, const struct vm_area_struct *vma, unsigned long addr, u64 e,
			  bool huge)
{
	struct mapped p = { vma, addr, e, NULL, index_at(vma, addr) };
	struct frame_use *f;

	if (e & _PAGE_SPECIAL)
		return;
	if (pfn_of(e) >= this_machine->nr_frames || !pfn_of(e)) {
		sync_violation("assertion", "the pte of %#lx in mm %d is %#llx: there is no page %lu", addr,
			       vma->vm_mm->id, (unsigned long long)e, pfn_of(e));
		return;
	}
	p.page = head_of(pfn_to_page(pfn_of(e)));
	f = census_frame(t->c, p.page);
	f->maps++;
	f->uses |= e & _PAGE_DIRTY ? USE_DIRTY_PTE : 0;
	if (vma->vm_flags & VM_HUGETLB)
		return;
	t->rss[counter_of(p.page)] += huge ? (long)HPAGE_NR : 1;
	if ((vma->vm_flags & VM_NONLINEAR) && !page_is_anon(p.page))
		p.index = p.page->index;
	if (vma->vm_file && !(vma->vm_flags & (VM_PFNMAP | VM_MIXEDMAP)))
		judge_file_page(t->c, &p);
	if (!huge) /* perhaps a part of a huge page, one of whose entries was split */
		p.page = pfn_to_page(pfn_of(e));
	if (page_is_anon(p.page))
		judge_anon_page(t->c, &p);
}

/* What mappings of hugetlb's pool share has a reference beside those of the entries. */
static void count_hugetlb(struct census *c, const struct vm_area_struct *vma)
{
	const struct hugetlb_map *map = vma->vm_private_data;

	if (!(vma->vm_flags & VM_HUGETLB) || !(vma->vm_flags & VM_SHARED) || !map)
		return;
	for (unsigned long i = 0; i < map->nr; i++) {
		struct frame_use *f = map->page[i] ? census_frame(c, map->page[i]) : NULL;

		if (f && !(f->uses & USE_HUGETLB)) {
			f->refs++;
			f->uses |= USE_HUGETLB;
		}
	}
}

static void count_swapped(struct mm_tally *t, const struct vm_area_struct *vma, unsigned long addr, pte_t pte)
{
	unsigned long slot = swp_offset(pte_to_swp_entry(pte));

	if (slot >= this_machine->swap.nr_slots || !slot) {
		sync_violation("assertion", "the pte of %#lx in mm %d is %#llx: there is no swap slot %lu",
			       addr, vma->vm_mm->id, (unsigned long long)pte.pte, slot);
		return;
	}
	t->rss[MM_SWAPENTS]++;
	census_slot(t->c, slot)->entries++;
}

static void count_entry(void *arg, const struct vm_area_struct *vma, unsigned long addr, u64 e, bool huge)
{
	struct mm_tally *t = arg;
	pte_t pte = { e };

	if (entry_present(e)) {
		count_present(t, vma, addr, e, huge);
	} else if (pte_file(pte)) {
		if (!(vma->vm_flags & VM_NONLINEAR))
			sync_violation("assertion",
				       "mm %d has index %lu in the pte of %#lx, whose mapping is linear",
				       vma->vm_mm->id, pte_to_pgoff(pte), addr);
	} else if (is_swap_entry(pte)) {
		count_swapped(t, vma, addr, pte);
	} else if (is_migration_entry(pte)) {
		note(&t->c->migrating, &(struct mapped){ vma, addr, e, NULL, index_at(vma, addr) });
	} else if (!is_pte_marker(pte)) {
		sync_violation("assertion", "the pte of %#lx in mm %d is %#llx, which means nothing", addr,
			       vma->vm_mm->id, (unsigned long long)e);
	}
}

static void count_table(void *arg, const struct mm_struct *mm, unsigned long base, int level,
			unsigned long pfn)
{
	struct mm_tally *t = arg;
	const struct page *table = pfn_to_page(pfn);
	struct frame_use *f = census_frame(t->c, table);

	f->refs++;
	f->uses |= USE_TABLE;
	if (level != 2)
		return;
	/* those that are deposited for its huge entries */
	while ((table = (const struct page *)table->private)) {
		f = census_frame(t->c, table);
		f->refs++;
		f->uses |= USE_TABLE;
	}
}

/* ---- mappings ---------------------------------------------------------------------------------------------------------- */

/* Each anon_vma once: at the vma that its list begins with. */
static void count_anon_vma(struct census *c, const struct vm_area_struct *vma)
{
	const struct list_head *head;

	if (!vma->anon_vma)
		return;
	c->nr_in_anon_vmas++;
	head = &vma->anon_vma->head;
	if (head->next != &vma->anon_vma_node)
		return;
	c->nr_anon_vmas++;
	for (const struct list_head *l = head->next; l && l != head && c->nr_on_anon_lists < (1u << 24);
	     l = l->next)
		c->nr_on_anon_lists++;
}

static void note_counter(struct mm_tally *t, const char *name, long says, long is)
{
	if (says == is || t->c->bad_mm)
		return;
	t->c->bad_mm = t->mm;
	t->c->bad_counter = name;
	t->c->bad_says = says;
	t->c->bad_is = is;
}

/* What the mm counts, and what its tasks keep for it. */
static long counted(const struct mm_struct *mm, int c)
{
	long n = mm->rss[c].counter;

	for (int i = 0; i < NR_TASKS; i++)
		if (this_machine->task[i].mm == mm)
			n += this_machine->task[i].rss[c];
	return n;
}

static void compare_counters(struct mm_tally *t)
{
	static const char *const name[NR_MM_COUNTERS] = {
		[MM_FILEPAGES] = "MM_FILEPAGES",
		[MM_ANONPAGES] = "MM_ANONPAGES",
		[MM_SWAPENTS] = "MM_SWAPENTS",
		[MM_SHMEMPAGES] = "MM_SHMEMPAGES",
	};

	for (int i = 0; i < NR_MM_COUNTERS; i++)
		note_counter(t, name[i], counted(t->mm, i), t->rss[i]);
	note_counter(t, "map_count", t->mm->map_count, t->vmas);
	note_counter(t, "total_vm", (long)t->mm->total_vm, t->pages);
	note_counter(t, "locked_vm", (long)t->mm->locked_vm, t->locked);
}

static void count_mm(struct census *c, const struct mm_struct *mm)
{
	struct mm_tally t = { .c = c, .mm = mm };
	struct table_walk w = { .mm = mm, .entry = count_entry, .table = count_table, .arg = &t };

	c->nr_mms++;
	count_table(&t, mm, 0, 4, page_to_pfn(virt_to_page(mm->pgd)));
	for (const struct vm_area_struct *vma = first_vma(mm); vma; vma = next_vma(vma)) {
		long pages = (long)((vma->vm_end - vma->vm_start) >> PAGE_SHIFT);

		t.vmas++;
		t.pages += pages;
		t.locked += vma->vm_flags & VM_LOCKED ? pages : 0;
		c->file_refs += vma->vm_file && vma->vm_file->f_count.counter > 0;
		count_anon_vma(c, vma);
		count_hugetlb(c, vma);
		walk_vma(&w, vma);
	}
	c->nr_vmas += (u32)t.vmas;
	compare_counters(&t);
}

/* What this thread counts in. A violation does not return: then the next census frees it. */
static _Thread_local u8 *counted_in;

bool census_take(struct census *c)
{
	const struct machine *m = this_machine;
	size_t frames = m->nr_frames, slots = m->swap.nr_slots;
	u8 *memory;

	free(counted_in);
	counted_in = memory = calloc(1, frames * (sizeof(*c->frame) + sizeof(*c->used)) +
						slots * (sizeof(*c->slot) + sizeof(*c->used_slot)));
	*c = (struct census){ 0 };
	if (!memory) {
		sync_violation("assertion", "there is no memory to count %zu frames in", frames);
		return false;
	}
	c->frame = (struct frame_use *)memory;
	c->slot = (struct slot_use *)(c->frame + frames);
	c->used = (u32 *)(c->slot + slots);
	c->used_slot = c->used + frames;
	for (int i = 0; i < MAX_MMS; i++)
		if (mm_at(i))
			count_mm(c, mm_at(i));
	census_files(c);
	census_lru(c);
	return true;
}

void census_free(struct census *c)
{
	free(c->frame);
	counted_in = NULL;
}
