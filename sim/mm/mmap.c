/* SPDX-License-Identifier: MIT */
/*
 * mmap.c - the mappings of a process
 *
 * Mirrors mm/mmap.c of 2.6.18, for mappings at fixed addresses.
 *
 * I1: the vmas of an mm do not overlap; mm_rb has them by address, i_mmap of their file by index.
 * I2: a vma is off i_mmap before its page tables are freed, so that no walk of i_mmap enters them.
 *
 * Lock order: mmap_sem for write, then i_mmap_lock.
 *
 * Left out: merging, growing stacks, accounting, limits, mlock. A failed split leaves everything as it was.
 */
#include "kernel/uapi.h"
#include "mm/mm.h"

static struct vm_area_struct *vma_of(struct rb_node *n)
{
	return container_of(n, struct vm_area_struct, vm_rb);
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	struct rb_node *n = mm->mm_rb.rb_node;
	struct vm_area_struct *found = NULL;

	while (n) {
		if (vma_of(n)->vm_end > addr) {
			found = vma_of(n);
			n = n->rb_left;
		} else {
			n = n->rb_right;
		}
	}
	return found;
}

/* => called with mmap_sem held for write, and i_mmap_lock if the vma has a file */
static void vma_interval(struct vm_area_struct *vma)
{
	vma->shared.start = vma->vm_pgoff;
	vma->shared.last = vma->vm_pgoff + ((vma->vm_end - vma->vm_start) >> PAGE_SHIFT) - 1;
}

void link_file_vma(struct vm_area_struct *vma)
{
	struct address_space *mapping;

	if (!vma->vm_file)
		return;
	mapping = vma->vm_file->f_mapping;
	spin_lock(&mapping->i_mmap_lock);
	vma_interval(vma);
	interval_tree_insert(&vma->shared, &mapping->i_mmap);
	spin_unlock(&mapping->i_mmap_lock);
}

void unlink_file_vma(struct vm_area_struct *vma)
{
	struct address_space *mapping;

	if (!vma->vm_file)
		return;
	mapping = vma->vm_file->f_mapping;
	spin_lock(&mapping->i_mmap_lock);
	interval_tree_remove(&vma->shared, &mapping->i_mmap);
	spin_unlock(&mapping->i_mmap_lock);
}

void vma_link(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct rb_node **link = &mm->mm_rb.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = vma->vm_start < vma_of(parent)->vm_start ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&vma->vm_rb, parent, link);
	rb_insert_color(&vma->vm_rb, &mm->mm_rb);
	mm->map_count++;
	link_file_vma(vma);
}

/* A store to a private mapping must fault first: its ptes begin read-only. */
static pgprot_t protection(unsigned long vm_flags)
{
	u64 prot = _PAGE_PRESENT | _PAGE_USER;

	if ((vm_flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED))
		prot |= _PAGE_RW;
	if (!(vm_flags & VM_EXEC))
		prot |= _PAGE_NX;
	return (pgprot_t){ prot };
}

pgprot_t vm_get_page_prot(unsigned long vm_flags)
{
	return protection(vm_flags);
}

long do_mmap(struct mm_struct *mm, struct file *file, unsigned long addr, unsigned long len,
	     unsigned long prot, unsigned long flags, unsigned long pgoff)
{
	unsigned long vm_flags = (prot & 7) | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC |
				 (flags & MAP_SHARED ? VM_SHARED | VM_MAYSHARE : 0);
	struct vm_area_struct *vma;
	int error;

	if (!len || ((addr | len) & ~PAGE_MASK) || addr + len > TASK_SIZE || addr + len < addr)
		return -EINVAL;
	error = do_munmap(mm, addr, len);
	if (error)
		return error;
	vma = kmem_alloc(sizeof(*vma), SLAB_VMA);
	if (!vma)
		return -ENOMEM;
	vma->vm_mm = mm;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags | (file ? VM_CAN_INVALIDATE : 0);
	vma->vm_page_prot = protection(vm_flags);
	vma->vm_pgoff = file ? pgoff : addr >> PAGE_SHIFT;
	vma->vm_file = file;
	vma->vm_ops = file ? &generic_file_vm_ops : NULL;
	vma_link(mm, vma);
	return (long)addr;
}

/*
 * Cuts a vma at addr, which lies inside it. => called with mmap_sem held for write; the upper part, or NULL
 */
static struct vm_area_struct *cut_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr)
{
	struct vm_area_struct *upper = kmem_alloc(sizeof(*upper), SLAB_VMA);

	if (!upper)
		return NULL;
	split_huge_pmd_address(vma, addr);
	*upper = *vma;
	upper->vm_start = addr;
	upper->vm_pgoff += (addr - vma->vm_start) >> PAGE_SHIFT;
	unlink_file_vma(vma);
	vma->vm_end = addr;
	link_file_vma(vma);
	vma_link(mm, upper);
	anon_vma_link(upper);
	if (upper->vm_ops && upper->vm_ops->open)
		upper->vm_ops->open(upper);
	return upper;
}

/*
 * => the first vma of the range, with vmas cut at its ends, or NULL: *error tells no memory from nothing
 * there
 */
static struct vm_area_struct *cut_out(struct mm_struct *mm, unsigned long start, unsigned long end,
				      int *error)
{
	struct vm_area_struct *first = find_vma(mm, start), *last;

	*error = 0;
	if (!first || first->vm_start >= end)
		return NULL;
	if (first->vm_start < start) {
		first = cut_vma(mm, first, start);
		if (!first) {
			*error = -ENOMEM;
			return NULL;
		}
	}
	last = find_vma(mm, end);
	if (last && last->vm_start < end && !cut_vma(mm, last, end)) {
		*error = -ENOMEM;
		return NULL;
	}
	return first;
}

/*
 * => called with mmap_sem held for write; takes one vma away, with its ptes and the tables that only it
 * used
 */
static void remove_vma(struct mm_struct *mm, struct vm_area_struct *vma)
{
	const struct zap_details all = { .check_mapping = NULL };
	struct rb_node *prev = rb_prev(&vma->vm_rb), *next = rb_next(&vma->vm_rb);

	zap_page_range(vma, vma->vm_start, vma->vm_end, &all);
	unlink_file_vma(vma);
	anon_vma_unlink(vma);
	rb_erase(&vma->vm_rb, &mm->mm_rb);
	mm->map_count--;
	free_pgtables(mm, vma->vm_start, vma->vm_end, prev ? vma_of(prev)->vm_end : 0,
		      next ? vma_of(next)->vm_start : 0);
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	kmem_free(vma, sizeof(*vma), SLAB_VMA);
}

int do_munmap(struct mm_struct *mm, unsigned long start, unsigned long len)
{
	unsigned long end = start + len;
	struct vm_area_struct *vma;
	struct rb_node *next;
	int error;

	if (!len || ((start | len) & ~PAGE_MASK) || end > TASK_SIZE || end < start)
		return -EINVAL;
	vma = cut_out(mm, start, end, &error);
	while (vma && vma->vm_start < end) {
		next = rb_next(&vma->vm_rb);
		remove_vma(mm, vma);
		vma = next ? vma_of(next) : NULL;
	}
	return error;
}
