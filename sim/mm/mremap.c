/* SPDX-License-Identifier: MIT */
/*
 * mremap.c - growing, shrinking and moving mappings
 *
 * Mirrors mm/mremap.c: the moving of ptes as in 2.6.29 with the flush of 4.20, the rules for arguments as in 6.18, where
 * a range of several vmas may be moved as long as its size stays (6.17).
 *
 * I1: a pte is at one of its two addresses whenever a lock of a page table is free: both locks are held over the move.
 * I2: no CPU goes through a translation of the old address once the new one's lock was dropped: from then on somebody
 *     else may free the page, who flushes the new address only. So the old one is flushed before.
 * I3: i_mmap_lock and the anon_vma's lock are held over the move: a walk that has been to the new address, and not yet
 *     to the old, would miss a pte that comes to where it was.
 *
 * Lock order: mmap_sem for write, i_mmap_lock, anon_vma->lock, the old page table's lock, the new one's.
 *
 * Left out: moving whole page tables, and huge pages as such (they are split), userfaultfd, limits.
 */
#include "kernel/uapi.h"
#include "mm/mm.h"
#include "mm/vma_internal.h"
#include "hw/mmu.h"
#include "hw/observer.h"

/* ---- moving ptes --------------------------------------------------------------------------------------------------------- */

/* => called without spinlocks; mappings that are being walked wait */
static void take_rmap_locks(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		spin_lock(&vma->vm_file->f_mapping->i_mmap_lock);
	if (vma->anon_vma)
		spin_lock(&vma->anon_vma->lock);
}

static void drop_rmap_locks(struct vm_area_struct *vma)
{
	if (vma->anon_vma)
		spin_unlock(&vma->anon_vma->lock);
	if (vma->vm_file)
		spin_unlock(&vma->vm_file->f_mapping->i_mmap_lock);
}

/* One end of a move: ptes of one table. */
struct pte_run {
	pte_t *pte;
	spinlock_t *ptl;
	unsigned long addr;
};

/* => called with both page table locks held; whether a translation of the old address may be in a TLB */
static bool move_pte(pte_t *from, pte_t *to)
{
	pte_t pte;

	if (pte_none(entry_read(from)))
		return false;
	pte = ptep_get_and_clear(from);
	set_pte(to, pte);
	return pte_present(pte);
}

/* => called with mmap_sem held for write; n ptes, in one table each, go from one place to the other */
static void move_ptes(struct vm_area_struct *vma, struct pte_run from, struct pte_run to, unsigned long n)
{
	unsigned long old_addr = from.addr;
	bool flush = false;

	take_rmap_locks(vma);
	spin_lock(from.ptl);
	if (to.ptl != from.ptl)
		spin_lock_nested(to.ptl, 1);
	for (unsigned long i = 0; i < n; i++)
		flush |= move_pte(from.pte + i, to.pte + i);
	SYNC_LABEL("moved");
	if (flush)
		flush_tlb_range(vma->vm_mm, old_addr, old_addr + n * PAGE_SIZE);
	if (to.ptl != from.ptl)
		spin_unlock(to.ptl);
	spin_unlock(from.ptl);
	drop_rmap_locks(vma);
}

/* How many bytes from both addresses on lie in one table each, at most len. */
static unsigned long same_tables(unsigned long a, unsigned long b, unsigned long len)
{
	unsigned long n = PMD_SIZE - (a & (PMD_SIZE - 1)), m = PMD_SIZE - (b & (PMD_SIZE - 1));

	if (m < n)
		n = m;
	return n < len ? n : len;
}

/* => called with mmap_sem held for write; how many bytes could be moved: less when there is no memory for a table */
static unsigned long move_page_tables(struct vm_area_struct *vma, unsigned long old_addr,
				      unsigned long new_addr, unsigned long len)
{
	unsigned long done = 0, next, n;
	struct pte_run from, to;
	pmd_t *pmd;

	observe_revoke_begin(vma->vm_mm);
	for (; done < len; done += n) {
		from.addr = old_addr + done;
		to.addr = new_addr + done;
		n = same_tables(from.addr, to.addr, len - done);
		pmd = pmd_find(vma->vm_mm, from.addr, &next);
		if (pmd && vma_may_have_huge(vma) && pmd_huge(entry_read(pmd)))
			split_huge_pmd(vma, pmd, from.addr);
		from.pte = pte_find(vma->vm_mm, from.addr, &from.ptl, &next);
		if (!from.pte)
			continue;
		to.pte = pte_alloc_map(vma->vm_mm, to.addr, &to.ptl);
		if (!to.pte)
			break;
		observe_move_begin(vma->vm_mm, from.addr, to.addr, n);
		move_ptes(vma, from, to, n >> PAGE_SHIFT);
		observe_moved(vma->vm_mm, from.addr, to.addr, n);
	}
	observe_revoke_end(vma->vm_mm);
	return done;
}

/* ---- moving a mapping ----------------------------------------------------------------------------------------------------- */

/*
 * The old place stays, empty. All of vma is no longer locked, also where only a part of it moved, or where it is what the
 * new place became part of. One that moved whole has no pages that its anon_vma knows.
 * => called with mmap_sem held for write
 */
static void leave_mapped(struct vm_area_struct *vma, const struct vm_area_struct *new,
			 const struct mremap_args *a)
{
	vma_account(vma, -1);
	vma->vm_flags &= ~VM_LOCKED;
	vma_account(vma, 1);
	if (vma == new || vma->vm_start != a->addr || vma->vm_end != a->addr + a->old_len)
		return;
	anon_vma_unlink(vma);
	vma->anon_vma = NULL;
	vma->anon_heir = 0;
}

/* => called with mmap_sem held for write; the range lies in vma, and the new place is free. The address or -errno */
static long move_vma(struct vm_area_struct *vma, const struct mremap_args *a)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *new;
	unsigned long moved;
	int error = 0;

	if (mm->map_count >= max_map_count() - 3)
		return -ENOMEM;
	if (vma->vm_flags & VM_MERGEABLE)
		error = unmerge_ksm_pages(vma, a->addr, a->addr + a->old_len);
	if (error)
		return error;
	new = copy_vma(&vma, a->new_addr, a->new_len, linear_page_index(vma, a->addr));
	if (!new)
		return -ENOMEM;
	moved = move_page_tables(vma, a->addr, a->new_addr, a->old_len);
	if (moved < a->old_len) {
		move_page_tables(new, a->new_addr, a->addr, moved);
		do_munmap(mm, a->new_addr, a->new_len);
		return -ENOMEM;
	}
	if (a->flags & MREMAP_DONTUNMAP) {
		leave_mapped(vma, new, a);
	} else if (a->old_len) {
		/* Where it cannot be cut for want of memory the old range stays, mapped and empty. */
		do_munmap(mm, a->addr, a->old_len);
	}
	return (long)a->new_addr;
}

/* ---- what may be done with one vma ------------------------------------------------------------------------------------------ */

static bool implies_new_addr(const struct mremap_args *a)
{
	return a->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP);
}

/* => called with mmap_sem held; 0 or -errno */
static int check_vma(const struct vm_area_struct *vma, const struct mremap_args *a)
{
	unsigned long pgoff, len = a->old_len < a->new_len ? a->old_len : a->new_len;

	if (!vma)
		return -EFAULT;
	if (!implies_new_addr(a) && a->new_len <= a->old_len)
		return 0;
	if (!a->old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if ((a->flags & MREMAP_DONTUNMAP) && (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP)))
		return -EINVAL;
	/* What a shrinking move cuts off first may lie in other vmas, or in none. */
	if (len > vma->vm_end - a->addr)
		return -EFAULT;
	if (a->new_len <= a->old_len)
		return 0;
	pgoff = linear_page_index(vma, a->addr);
	if (pgoff + (a->new_len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	return vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP) ? -EFAULT : 0;
}

/* The first half of do_mremap()'s checks: those that look at no vma. => 0 or -errno */
static int check_args(const struct mm_struct *mm, const struct mremap_args *a)
{
	if (a->flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP))
		return -EINVAL;
	if (a->addr & ~PAGE_MASK)
		return -EINVAL;
	if (!a->new_len || a->new_len > TASK_SIZE)
		return -EINVAL;
	if (!implies_new_addr(a))
		return 0;
	if ((a->new_addr & ~PAGE_MASK) || a->new_addr > TASK_SIZE - a->new_len)
		return -EINVAL;
	if (!(a->flags & MREMAP_MAYMOVE))
		return -EINVAL;
	if ((a->flags & MREMAP_DONTUNMAP) && a->old_len != a->new_len)
		return -EINVAL;
	if (a->addr + a->old_len > a->new_addr && a->new_addr + a->new_len > a->addr)
		return -EINVAL;
	return mm->map_count + 2 >= max_map_count() - 3 ? -ENOMEM : 0;
}

/* ---- in place --------------------------------------------------------------------------------------------------------------- */

static bool may_grow_in_place(const struct vm_area_struct *vma, const struct mremap_args *a)
{
	unsigned long end = a->addr + a->new_len;

	return vma->vm_end - a->addr == a->old_len && end > vma->vm_end && end <= TASK_SIZE &&
	       !find_vma_intersection(vma->vm_mm, vma->vm_end, end);
}

/* => called with mmap_sem held for write; longer than before, wherever. The address or -errno */
static long expand(struct vm_area_struct *vma, struct mremap_args *a)
{
	long to = (long)a->addr;

	if (vma->vm_flags & VM_LOCKED)
		a->populate_len = a->new_len - a->old_len;
	if (may_grow_in_place(vma, a)) {
		vma_grow(vma, a->addr + a->new_len);
	} else {
		if (!(a->flags & MREMAP_MAYMOVE))
			return -ENOMEM;
		to = get_unmapped_area(vma->vm_mm, 0, a->new_len, 0);
		if (to < 0)
			return to;
		a->new_addr = (unsigned long)to;
		to = move_vma(vma, a);
	}
	a->populate = (unsigned long)to + a->old_len;
	return to;
}

/* ---- to a new address ----------------------------------------------------------------------------------------------------- */

/* => called with mmap_sem held for write; the address or -errno, and then the new place may have been cleared */
static long mremap_to(struct mm_struct *mm, struct mremap_args *a)
{
	struct vm_area_struct *vma;
	int error;
	long to;

	if (a->flags & MREMAP_FIXED) {
		error = do_munmap(mm, a->new_addr, a->new_len);
		if (error)
			return error;
	}
	vma = vma_lookup(mm, a->addr);
	if (!vma)
		return -EFAULT;
	if (a->old_len > a->new_len) {
		error = do_munmap(mm, a->addr + a->new_len, a->old_len - a->new_len);
		if (error)
			return error;
		a->old_len = a->new_len;
		vma = vma_lookup(mm, a->addr);
	}
	to = get_unmapped_area(mm, a->new_addr, a->new_len, a->flags & MREMAP_FIXED ? MAP_FIXED : 0);
	if (to < 0)
		return to;
	a->new_addr = (unsigned long)to;
	if ((vma->vm_flags & VM_LOCKED) && a->new_len > a->old_len) {
		a->populate = a->new_addr + a->old_len;
		a->populate_len = a->new_len - a->old_len;
	}
	return move_vma(vma, a);
}

/* A move that keeps the size takes the vmas of the range one by one, with the room between them, but not before them. */
static long remap_move(struct mm_struct *mm, const struct mremap_args *all)
{
	unsigned long start = all->addr, end = all->addr + all->old_len, addr = start;
	struct vm_area_struct *vma;
	struct mremap_args a;
	long ret, first = -EFAULT;

	vma = vma_lookup(mm, start);
	for (; vma && vma->vm_start < end; vma = find_vma(mm, addr)) {
		a = *all;
		a.addr = addr > vma->vm_start ? addr : vma->vm_start;
		addr = end < vma->vm_end ? end : vma->vm_end;
		a.old_len = a.new_len = addr - a.addr;
		a.new_addr = all->new_addr + (a.addr - start);
		ret = check_vma(vma, &a);
		if (!ret)
			ret = mremap_to(mm, &a);
		if (ret < 0)
			return ret;
		if (first < 0)
			first = ret;
		if (addr == end)
			break;
	}
	return first;
}

long do_mremap(struct mm_struct *mm, struct mremap_args *a)
{
	struct vm_area_struct *vma;
	int error;

	a->old_len = page_align(a->old_len);
	a->new_len = page_align(a->new_len);
	error = check_args(mm, a);
	if (error)
		return error;
	if ((a->flags & MREMAP_FIXED) && a->old_len == a->new_len)
		return remap_move(mm, a);
	vma = vma_lookup(mm, a->addr);
	error = check_vma(vma, a);
	if (error)
		return error;
	if (implies_new_addr(a))
		return mremap_to(mm, a);
	if (a->new_len > a->old_len)
		return expand(vma, a);
	if (a->new_len < a->old_len)
		error = do_munmap(mm, a->addr + a->new_len, a->old_len - a->new_len);
	return error ? error : (long)a->addr;
}
