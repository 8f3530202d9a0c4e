/* SPDX-License-Identifier: MIT */
/*
 * munmap.c - taking mappings away
 *
 * Mirrors do_munmap() and exit_mmap() of mm/mmap.c of 2.6.29, its steps in the order of 6.x: vmas leave the tree first,
 * then the ptes of all go with one gather, then the tables, then the vmas.
 *
 * I1: what can fail, cutting vmas at the ends, comes before anything changes that a process could see.
 * I2: a vma is off i_mmap and its anon_vma's list before its page tables are freed, so that no walk enters them, and
 *     after its ptes are gone, so that whoever walks to find all of them finds these.
 *
 * I3: once vmas are out of the tree, mmap_sem for read is enough (axis munmap): nobody can map anything else in their
 *     place, and a table goes only if it serves nothing between the neighbours.
 *
 * Lock order: mmap_sem for write, then each as the functions called.
 */
#include "mm/protocols/munmap.h"
#include "mm/vma_internal.h"
#include "hw/observer.h"

/* Cuts vmas at both ends of the range. => 0 and *first: the first that lies in it, NULL: none; or -errno */
static int cut_out(struct mm_struct *mm, unsigned long start, unsigned long end,
		   struct vm_area_struct **first)
{
	struct vm_area_struct *vma = find_vma_intersection(mm, start, end), *last;
	int error;

	*first = vma;
	if (!vma)
		return 0;
	if (vma->vm_start < start) {
		if (end < vma->vm_end && mm->map_count >= max_map_count())
			return -ENOMEM;
		error = __split_vma(mm, vma, start, 1);
		if (error)
			return error;
	}
	last = find_vma(mm, end);
	if (last && last->vm_start < end) {
		error = __split_vma(mm, last, end, 1);
		if (error)
			return error;
	}
	*first = find_vma_intersection(mm, start, end);
	return 0;
}

/*
 * Takes the vmas of a range out of the tree, so that nobody finds them any more. => the first; each leads to the next by
 * vm_rb.rb_right, which the tree does not need any longer
 */
static struct vm_area_struct *detach_vmas(struct mm_struct *mm, struct vm_area_struct *first,
					  unsigned long end)
{
	struct vm_area_struct *vma = first, *next;
	struct rb_node **tail = NULL;

	while (vma && vma->vm_start < end) {
		next = vma_next(vma);
		vma_account(vma, -1);
		vma_tree_erase(mm, vma);
		vma->vm_rb.rb_right = NULL;
		if (tail)
			*tail = &vma->vm_rb;
		tail = &vma->vm_rb.rb_right;
		vma = next;
	}
	vma_gap_update(vma);
	return first;
}

/* => called with mmap_sem held, for write or as I3 has it; what was detached goes: its ptes, its tables, itself */
static void unmap_region(struct mm_struct *mm, struct vm_area_struct *first, unsigned long floor,
			 unsigned long ceiling)
{
	const struct zap_details all = { .check_mapping = NULL };
	unsigned long start = first->vm_start, end = 0;
	struct vm_area_struct *vma, *next;
	struct mmu_gather tlb;

	for (vma = first; vma; vma = vma_of(vma->vm_rb.rb_right))
		end = vma->vm_end;
	tlb_gather_init(&tlb, mm);
	observe_discard_begin(mm, start, end);
	observe_revoke_begin(mm);
	for (vma = first; vma; vma = vma_of(vma->vm_rb.rb_right))
		unmap_vma_range(&tlb, vma, vma->vm_start, vma->vm_end, &all);
	tlb_finish_mmu(&tlb);
	observe_revoke_end(mm);
	observe_discard_end(mm, start, end);
	SYNC_LABEL("zapped");
	for (vma = first; vma; vma = vma_of(vma->vm_rb.rb_right)) {
		anon_vma_unlink(vma);
		unlink_file_vma(vma);
	}
	free_pgtables(mm, start, end, floor, ceiling);
	for (vma = first; vma; vma = next) {
		next = vma_of(vma->vm_rb.rb_right);
		vma_free(vma);
	}
}

/* A stack beside the hole grows with mmap_sem held for read. */
static bool may_downgrade(const struct vm_area_struct *next)
{
	return machine_const(munmap)->downgrade && !(next && next->vm_flags & VM_GROWSDOWN);
}

/* => *downgraded, unless it is NULL: mmap_sem is held for read now */
static int __do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len, bool *downgraded)
{
	struct vm_area_struct *first, *prev, *next;
	unsigned long end;
	int error;

	if ((start & ~PAGE_MASK) || start > TASK_SIZE || len > TASK_SIZE - start)
		return -EINVAL;
	len = page_align(len);
	if (!len)
		return -EINVAL;
	end = start + len;
	error = cut_out(mm, start, end, &first);
	if (error || !first)
		return error;
	prev = vma_prev(first);
	next = find_vma(mm, end);
	first = detach_vmas(mm, first, end);
	if (downgraded && may_downgrade(next)) {
		downgrade_write(&mm->mmap_sem);
		*downgraded = true;
		SYNC_LABEL("downgraded");
	}
	unmap_region(mm, first, prev ? prev->vm_end : 0, next ? next->vm_start : 0);
	return 0;
}

int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	return __do_munmap(mm, start, len, NULL);
}

int vm_munmap_downgrade(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	bool downgraded = false;
	int error;

	down_write(&mm->mmap_sem);
	error = __do_munmap(mm, start, len, &downgraded);
	if (downgraded)
		up_read(&mm->mmap_sem);
	else
		up_write(&mm->mmap_sem);
	return error;
}

void exit_mmap(struct mm_struct *mm)
{
	struct vm_area_struct *first = vma_first(mm);

	if (!first)
		return;
	detach_vmas(mm, first, ~0ul);
	unmap_region(mm, first, 0, 0);
}
