// SPDX-License-Identifier: MIT
/*
 * simulator_state.c - what a debugger sees of the simulated machine between two calls of a program
 *
 * Reads the machine directly, as the oracles do: no locks, no scheduling points, nothing is faulted in.
 */
#include <string.h>

#include "mm/filemap.h"
#include "mm/mm.h"
#include "oracle/check.h"
#include "prog/simulator_machine.h"

bool sim_frame(const struct mm_struct *mm, int page, unsigned long *pfn)
{
	pte_t pte = { pte_at(mm, sim_address(page)) };

	*pfn = pte_pfn(pte);
	return pte_present(pte);
}

static void pte_state(const struct mm_struct *mm, int page, struct vm_pte *to)
{
	pte_t pte = { pte_at(mm, sim_address(page)) };
	const struct page *p;

	if (pte_none(pte))
		return;
	if (!pte_present(pte)) {
		to->kind = is_pte_marker(pte) ? PTE_GUARD : PTE_SWAP;
		return;
	}
	if (pte_pfn(pte) == this_machine->zero_pfn) {
		to->kind = PTE_ZERO;
		return;
	}
	p = pfn_to_page(pte_pfn(pte));
	to->kind = page_is_anon(p) ? PTE_ANON : PTE_FILE;
	to->frame = pte_pfn(pte);
	to->mapcount = (uint32_t)(atomic_read(&p->_mapcount) + 1);
	to->exclusive = to->mapcount == 1;
}

static void area_state(const struct sim_run *run, const struct vm_area_struct *vma, struct vm_area *a)
{
	unsigned long flags = vma->vm_flags;

	a->start = (uint8_t)((vma->vm_start - PROG_WINDOW) / PROG_PAGE);
	a->end = (uint8_t)((vma->vm_end - PROG_WINDOW) / PROG_PAGE);
	a->perm = (uint8_t)((flags & VM_READ ? VM_PERM_R : 0) | (flags & VM_WRITE ? VM_PERM_W : 0) |
			    (flags & VM_EXEC ? VM_PERM_X : 0) | (flags & VM_SHARED ? VM_PERM_SHARED : 0));
	a->src = VM_SRC_ANON;
	if (!vma->vm_file)
		return;
	a->src = VM_SRC_SHMZ;
	for (int k = 0; k < run->prog->files; k++)
		if (vma->vm_file->f_inode == run->file[k]->f_inode)
			a->src = (uint8_t)(VM_SRC_F0 + k);
	a->pgoff = (uint32_t)vma->vm_pgoff;
	a->object = (uintptr_t)vma->vm_file->f_inode;
}

static void space_state(const struct sim_run *run, const struct mm_struct *mm, struct vm_space *s)
{
	s->alive = true;
	for (const struct rb_node *n = rb_first(&mm->mm_rb); n; n = rb_next(n)) {
		const struct vm_area_struct *vma = rb_entry(n, struct vm_area_struct, vm_rb);

		if (vma->vm_start >= PROG_WINDOW && vma->vm_start < sim_address(run->prog->pages) &&
		    s->nr_areas < PROG_MAX_PAGES)
			area_state(run, vma, &s->area[s->nr_areas++]);
	}
	for (int i = 0; i < run->prog->pages; i++)
		pte_state(mm, i, &s->pte[i]);
}

/* What stands at an index of a file, a page or an entry of the swap device. => NULL: nothing */
static const void *item_at(const struct address_space *mapping, unsigned long index)
{
	const struct radix_tree_root *r = &mapping->page_tree;
	const void *item = r->rnode;

	if (index >> (r->height * RADIX_TREE_SHIFT))
		return NULL;
	for (unsigned height = r->height; item && height; height--)
		item = ((const struct radix_tree_node *)item)
			       ->slots[(index >> ((height - 1) * RADIX_TREE_SHIFT)) & (RADIX_TREE_SLOTS - 1)];
	return item;
}

static const uint8_t *bytes_at(const struct address_space *mapping, unsigned long index)
{
	const void *item = item_at(mapping, index);
	const struct page *page;
	unsigned long slot;

	if (!item || !tree_exceptional(item))
		return item ? page_address(item) : NULL;
	slot = swp_offset(radix_to_swp_entry(item));
	page = cached_page(&this_machine->swap.cache, slot);
	return page ? page_address(page) : this_machine->swap.block[slot];
}

static void file_state(const struct file *file, struct vm_file_state *s)
{
	const struct inode *inode = file->f_inode;

	s->size = (uint32_t)i_size_read(inode);
	s->pages = (uint32_t)inode->alloced;
	for (unsigned i = 0; i * PROG_PAGE < s->size && i < PROG_MAX_FILE_PAGES; i++) {
		const uint8_t *bytes = bytes_at(&inode->i_data, i);

		if (!bytes)
			continue;
		s->data[i][0] = bytes[0];
		if (i * PROG_PAGE + VM_DATA_OFFSET < s->size)
			s->data[i][1] = bytes[VM_DATA_OFFSET];
	}
}

void sim_state(const struct sim_run *run, struct vm_state *s)
{
	for (int i = 0; i < PROG_MAX_ACTORS; i++)
		if (run->mm[i])
			space_state(run, run->mm[i], &s->space[i]);
	for (int k = 0; k < run->prog->files; k++)
		file_state(run->file[k], &s->file[k]);
}
