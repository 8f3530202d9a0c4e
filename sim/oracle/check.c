/* SPDX-License-Identifier: MIT */
/* check.c - the order of the global oracles, and how they look at the machine */
#include <stdio.h>

#include "kernel/machine.h"
#include "oracle/check.h"

static const unsigned level_shift[] = { 0, PAGE_SHIFT, PMD_SHIFT, PUD_SHIFT, PGDIR_SHIFT };

/* ---- page tables ------------------------------------------------------------------------------------------------ */

u64 pte_at(const struct mm_struct *mm, unsigned long addr)
{
	const u64 *table = (const u64 *)mm->pgd;
	u64 e;

	for (int l = 4;; l--) {
		e = READ_ONCE(table[(addr >> level_shift[l]) & (PTRS_PER_TABLE - 1)]);
		if (l == 1)
			return e;
		if (l == 2 && entry_present(e) && (e & _PAGE_PSE))
			return e + (addr & ~HPAGE_MASK & PAGE_MASK);
		if (!(e & _PAGE_PRESENT) || pfn_of(e) >= this_machine->nr_frames)
			return 0;
		table = pfn_to_virt(pfn_of(e));
	}
}

/* => false, reported: the entry leads nowhere */
static bool leads_to_table(const struct table_walk *w, unsigned long addr, int level, u64 e)
{
	unsigned long pfn = pfn_of(e);

	if ((e & _PAGE_PRESENT) && pfn < this_machine->nr_frames &&
	    page_flag(&this_machine->mem_map[pfn], PG_table))
		return true;
	sync_violation("assertion", "mm %d: the entry of level %d for %#lx is %#llx, which is no page table",
		       w->mm->id, level, addr, (unsigned long long)e);
	return false;
}

static void walk_table(struct table_walk *w, const struct vm_area_struct *vma, const u64 *table, int level,
		       unsigned long addr, unsigned long end)
{
	unsigned long size = 1ul << level_shift[level], next;

	for (; addr < end; addr = next) {
		u64 e = table[(addr >> level_shift[level]) & (PTRS_PER_TABLE - 1)];

		next = (addr & ~(size - 1)) + size;
		if (!e)
			continue;
		if (level == 1 || (level == 2 && entry_present(e) && (e & _PAGE_PSE))) {
			w->entry(w->arg, vma, addr & ~(size - 1), e, level == 2);
			continue;
		}
		if (!leads_to_table(w, addr, level, e))
			continue;
		if (w->table && w->seen[level] != (addr & ~(size - 1)) + 1)
			w->table(w->arg, w->mm, addr & ~(size - 1), level - 1, pfn_of(e));
		w->seen[level] = (addr & ~(size - 1)) + 1;
		walk_table(w, vma, pfn_to_virt(pfn_of(e)), level - 1, addr, next < end ? next : end);
	}
}

void walk_vma(struct table_walk *w, const struct vm_area_struct *vma)
{
	walk_table(w, vma, (const u64 *)w->mm->pgd, 4, vma->vm_start, vma->vm_end);
}

/* ---- pagecache, processes, mappings -------------------------------------------------------------------------------- */

static const void *tree_lookup(const void *node, unsigned height, unsigned long index)
{
	const struct radix_tree_node *n;

	for (; node && height; height--) {
		n = node;
		node = n->slots[(index >> ((height - 1) * RADIX_TREE_SHIFT)) & (RADIX_TREE_SLOTS - 1)];
	}
	return node;
}

const struct page *cached_page(const struct address_space *mapping, unsigned long index)
{
	const struct radix_tree_root *r = &mapping->page_tree;
	const void *item;

	if (r->height * RADIX_TREE_SHIFT < 8 * sizeof(index) && index >> (r->height * RADIX_TREE_SHIFT))
		return NULL;
	item = tree_lookup(r->rnode, r->height, index);
	return tree_exceptional(item) ? NULL : item;
}

const struct mm_struct *mm_at(int i)
{
	const struct machine *m = this_machine;
	const struct mm_struct *mm;

	if (i < NR_PROCESSES)
		return m->process[i];
	mm = m->task[i - NR_PROCESSES].mm;
	if (!mm || m->process[mm->id] == mm)
		return NULL;
	for (int k = 0; k < i - NR_PROCESSES; k++)
		if (m->task[k].mm == mm)
			return NULL;
	return mm;
}

const struct vm_area_struct *vma_at(const struct mm_struct *mm, unsigned long addr)
{
	const struct rb_node *n = mm->mm_rb.rb_node;

	while (n) {
		const struct vm_area_struct *vma = container_of(n, struct vm_area_struct, vm_rb);

		if (addr >= vma->vm_start && addr < vma->vm_end)
			return vma;
		n = addr < vma->vm_start ? n->rb_left : n->rb_right;
	}
	return NULL;
}

static const struct vm_area_struct *vma_of(const struct rb_node *n)
{
	return n ? container_of(n, struct vm_area_struct, vm_rb) : NULL;
}

const struct vm_area_struct *first_vma(const struct mm_struct *mm)
{
	const struct rb_node *n = mm->mm_rb.rb_node;

	while (n && n->rb_left)
		n = n->rb_left;
	return vma_of(n);
}

/* => by address; the trees' own functions are the kernel's, whose accesses would be steps */
const struct vm_area_struct *next_vma(const struct vm_area_struct *vma)
{
	const struct rb_node *n = &vma->vm_rb, *up;

	if (n->rb_right) {
		n = n->rb_right;
		while (n->rb_left)
			n = n->rb_left;
		return vma_of(n);
	}
	for (up = n->rb_parent; up && n == up->rb_right; up = up->rb_parent)
		n = up;
	return vma_of(up);
}

/* ---- the order --------------------------------------------------------------------------------------------------------- */

/* The most telling first: a page that is mapped where it must not be also has counts that look odd. */
void oracle_quiescent(void)
{
	struct census c;

	if (!census_take(&c))
		return;
	check_beyond_eof(&c);
	check_stale_content(&c);
	check_page_counts(&c);
	check_tlbs(&c);
	check_mm_counts(&c);
	check_swap_counts(&c);
	check_leaks(&c);
	check_lost_dirty(&c);
	census_free(&c);
}
