/* SPDX-License-Identifier: MIT */
/* check.c - the order of the global oracles, and the census that they judge */
#include <string.h>

#include "kernel/machine.h"
#include "oracle/check.h"

static const unsigned level_shift[] = { 0, PAGE_SHIFT, PMD_SHIFT, PUD_SHIFT, PGDIR_SHIFT };

/* => the entry of addr at this level, 0 when a level above has none */
static u64 entry_at(const struct mm_struct *mm, unsigned long addr, int level)
{
	const u64 *table = (const u64 *)mm->pgd;
	u64 e;

	for (int l = 4;; l--) {
		e = READ_ONCE(table[(addr >> level_shift[l]) & (PTRS_PER_TABLE - 1)]);
		if (l == level || !(e & _PAGE_PRESENT))
			return l == level ? e : 0;
		if (l == 2 && (e & _PAGE_PSE))
			return e + (addr & ~HPAGE_MASK & PAGE_MASK);
		table = pfn_to_virt(pfn_of(e));
	}
}

u64 pte_at(const struct mm_struct *mm, unsigned long addr)
{
	return entry_at(mm, addr, 1);
}

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

	if (index >> (r->height * RADIX_TREE_SHIFT))
		return NULL;
	return tree_lookup(r->rnode, r->height, index);
}

/* ---- the census ----------------------------------------------------------------------------------- */

/* => a pte that the census has no room for is reported: oracles would pass over it */
static void count_pte(struct census *c, const struct vm_area_struct *vma, unsigned long addr, u64 pte)
{
	if (!(pte & _PAGE_PRESENT) || (pte & _PAGE_SPECIAL))
		return;
	if (pfn_of(pte) >= this_machine->nr_frames) {
		sync_violation("assertion", "the pte of %#lx in mm %d is %#llx: there is no page %lu", addr,
			       vma->vm_mm->id, (unsigned long long)pte, pfn_of(pte));
		return;
	}
	c->ptes[pfn_of(pte)]++;
	if (c->nr_mapped == CENSUS_MAPPED) {
		sync_violation(
			"assertion",
			"more than CENSUS_MAPPED (%d) present ptes, so that not all can be judged: the "
			"race maps too many pages at once, or page tables are corrupt",
			CENSUS_MAPPED);
		return;
	}
	c->mapped[c->nr_mapped++] = (struct mapped){
		vma,
		addr,
		pte,
		pfn_to_page(pfn_of(pte)),
		((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff,
	};
}

static void count_vma(struct census *c, const struct vm_area_struct *vma)
{
	unsigned long addr = vma->vm_start;

	c->nr_vmas++;
	while (addr < vma->vm_end) {
		if (!entry_at(vma->vm_mm, addr, 2)) {
			addr = (addr & ~(PMD_SIZE - 1)) + PMD_SIZE;
			continue;
		}
		count_pte(c, vma, addr, pte_at(vma->vm_mm, addr));
		addr += PAGE_SIZE;
	}
}

static void count_vmas(struct census *c, const struct rb_node *n)
{
	if (!n)
		return;
	count_vmas(c, n->rb_left);
	count_vma(c, container_of(n, struct vm_area_struct, vm_rb));
	count_vmas(c, n->rb_right);
}

static void count_cached(struct census *c, const struct inode *inode)
{
	for (unsigned long i = 0; i < FILE_PAGES_MAX; i++) {
		const struct page *page = cached_page(&inode->i_data, i);

		if (page && page->mapping == &inode->i_data && page->index == i)
			c->cached[page - this_machine->mem_map] = true;
	}
}

/* The most telling first: a page that is mapped where it must not be also has counts that look odd. */
void oracle_quiescent(void)
{
	const struct machine *m = this_machine;
	struct census c;

	c.nr_mapped = c.nr_vmas = c.nr_mms = 0;
	memset(c.ptes, 0, sizeof(c.ptes));
	memset(c.cached, 0, sizeof(c.cached));
	for (int i = 0; i < m->nr_processes; i++)
		if (m->process[i]) {
			c.nr_mms++;
			count_vmas(&c, m->process[i]->mm_rb.rb_node);
		}
	for (int i = 0; i < m->nr_files; i++)
		count_cached(&c, &m->inode[i]);
	check_beyond_eof(&c);
	check_stale_content(&c);
	check_page_counts(&c);
	check_tlbs(&c);
	check_leaks(&c);
}
