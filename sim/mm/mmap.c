/* SPDX-License-Identifier: MIT */
/*
 * mmap.c - making mappings: what may be mapped, and where
 *
 * Mirrors do_mmap(), get_unmapped_area() and expand_stack() of mm/mmap.c, in the order of checks of 6.18. The vmas
 * themselves are in vma.c.
 *
 * I1: a call that fails has changed nothing: what it needs is allocated before anything goes (6.12).
 * I2: an address that the kernel chooses is the highest that has room below MMAP_BASE, with the guard gaps of stacks
 *     kept: the same for the same mappings.
 * I3: vm_page_prot lets nobody store to a page of a private mapping, nor to a clean page that must be noticed.
 *
 * Lock order: mmap_sem for write; in expand_stack() for read or write, then anon_vma->lock, then page_table_lock.
 *
 * Left out: limits of address space and of locked memory (root has none), overcommitting, security modules, address
 * space randomisation, protection keys.
 */
#include "kernel/uapi.h"
#include "mm/vma_internal.h"
#include "mm/protocols/dirty.h"

/* ---- protection ------------------------------------------------------------------------------------------------------- */

pgprot_t vm_get_page_prot(unsigned long vm_flags)
{
	u64 prot = _PAGE_USER | _PAGE_ACCESSED;

	prot |= vm_flags & VM_ACCESS_FLAGS ? _PAGE_PRESENT : _PAGE_PROTNONE;
	if ((vm_flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED))
		prot |= _PAGE_RW;
	if (!(vm_flags & VM_EXEC))
		prot |= _PAGE_NX;
	return (pgprot_t){ prot };
}

bool vma_wants_writenotify(const struct vm_area_struct *vma)
{
	if ((vma->vm_flags & (VM_WRITE | VM_SHARED)) != (VM_WRITE | VM_SHARED))
		return false;
	if (!this_machine->dirty->writenotify || !vma->vm_file)
		return false;
	if (vma->vm_ops && vma->vm_ops->page_mkwrite)
		return true;
	return !(vma->vm_flags & VM_PFNMAP) && !shmem_mapping(vma->vm_file->f_mapping);
}

void vma_set_page_prot(struct vm_area_struct *vma)
{
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags & ~(vma_wants_writenotify(vma) ? VM_SHARED : 0));
}

/* ---- a place ------------------------------------------------------------------------------------------------------------- */

/* => the last vma at or before n, in order, with such a gap below it; NULL: none */
static struct vm_area_struct *last_gap(struct rb_node *n, unsigned long len)
{
	struct rb_node *child;

	for (;;) {
		if (vma_of(n)->gap >= len)
			return vma_of(n);
		if (n->rb_left && vma_of(n->rb_left)->subtree_gap >= len)
			break;
		do {
			child = n;
			n = n->rb_parent;
			if (!n)
				return NULL;
		} while (n->rb_left == child);
	}
	for (n = n->rb_left;;) {
		if (n->rb_right && vma_of(n->rb_right)->subtree_gap >= len)
			n = n->rb_right;
		else if (vma_of(n)->gap >= len)
			return vma_of(n);
		else
			n = n->rb_left;
	}
}

unsigned long unmapped_area_topdown(struct mm_struct *mm, unsigned long len)
{
	struct vm_area_struct *above = find_vma(mm, MMAP_BASE), *below;
	unsigned long high = MMAP_BASE, low = MMAP_MIN_ADDR;

	if (above && vm_start_gap(above) < high)
		high = vm_start_gap(above);
	below = above ? vma_prev(above) : vma_of(rb_last(&mm->mm_rb));
	if (below && below->vm_end > low)
		low = below->vm_end;
	if (high >= low && high - low >= len)
		return high - len;
	below = below ? last_gap(&below->vm_rb, len) : NULL;
	return below ? vm_start_gap(below) - len : 0;
}

/* => nothing is, or may grow to be, in [addr, addr + len) */
static bool hint_fits(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	struct vm_area_struct *vma;

	if (addr < MMAP_MIN_ADDR || addr > TASK_SIZE - len)
		return false;
	vma = find_vma(mm, addr);
	return !vma || addr + len <= vm_start_gap(vma);
}

long get_unmapped_area(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long flags)
{
	if (len > TASK_SIZE)
		return -ENOMEM;
	if (flags & MAP_FIXED) {
		if (addr > TASK_SIZE - len)
			return -ENOMEM;
		return addr & ~PAGE_MASK ? -EINVAL : (long)addr;
	}
	addr = page_align(addr);
	if (addr && hint_fits(mm, addr, len))
		return (long)addr;
	addr = unmapped_area_topdown(mm, len);
	return addr ? (long)addr : -ENOMEM;
}

/* ---- mmap ----------------------------------------------------------------------------------------------------------------- */

#define LEGACY_MAP_MASK                                                                                      \
	(MAP_SHARED | MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_GROWSDOWN | 0x800ul | 0x1000ul |         \
	 MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | 0x20000ul | MAP_HUGETLB | 0x80ul |       \
	 0x40ul)

/* Whether a file's pages may be mapped so. => 0 or -errno, and *vm_flags as the file restricts them */
static int check_file(const struct file *file, unsigned long flags, unsigned long *vm_flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
	case MAP_SHARED_VALIDATE:
		if ((flags & MAP_TYPE) == MAP_SHARED_VALIDATE && (flags & ~(LEGACY_MAP_MASK | MAP_TYPE)))
			return -EOPNOTSUPP;
		if ((*vm_flags & VM_WRITE) && !(file->f_mode & FMODE_WRITE))
			return -EACCES;
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		if (!(file->f_mode & FMODE_WRITE))
			*vm_flags &= ~(VM_MAYWRITE | VM_SHARED);
		break;
	case MAP_PRIVATE:
		break;
	default:
		return -EINVAL;
	}
	if (!(file->f_mode & FMODE_READ))
		return -EACCES;
	return flags & MAP_GROWSDOWN ? -EINVAL : 0;
}

static int check_anonymous(unsigned long flags, unsigned long *vm_flags)
{
	switch (flags & MAP_TYPE) {
	case MAP_SHARED:
		if (flags & MAP_GROWSDOWN)
			return -EINVAL;
		*vm_flags |= VM_SHARED | VM_MAYSHARE;
		return 0;
	case MAP_PRIVATE:
		return 0;
	default:
		return -EINVAL;
	}
}

static unsigned long calc_vm_flags(const struct mm_struct *mm, unsigned long prot, unsigned long flags)
{
	unsigned long vm_flags = (prot & VM_ACCESS_FLAGS) | mm->def_flags;

	vm_flags |= VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	if (flags & MAP_GROWSDOWN)
		vm_flags |= VM_GROWSDOWN;
	if (flags & MAP_LOCKED)
		vm_flags |= VM_LOCKED;
	if (flags & MAP_NORESERVE)
		vm_flags |= VM_NORESERVE;
	if ((flags & MAP_HUGETLB) && (flags & MAP_ANONYMOUS))
		vm_flags |= VM_HUGETLB | VM_DONTEXPAND;
	return vm_flags;
}

/* A vma that is linked nowhere, and for shared anonymous memory its file. => NULL: no memory */
static struct vm_area_struct *new_vma(struct mm_struct *mm, struct file *file, unsigned long addr,
				      unsigned long len, unsigned long vm_flags, unsigned long pgoff)
{
	struct vm_area_struct *vma = kmem_alloc(sizeof(*vma), SLAB_VMA);

	if (!vma)
		return NULL;
	if (file)
		get_file(file);
	else if ((vm_flags & (VM_SHARED | VM_HUGETLB)) == VM_SHARED) {
		file = shmem_file_setup(len);
		if (!file) {
			kmem_free(vma, sizeof(*vma), SLAB_VMA);
			return NULL;
		}
	}
	vma->vm_mm = mm;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags | (file ? VM_CAN_INVALIDATE : 0);
	if ((vm_flags & (VM_NORESERVE | VM_SHARED | VM_HUGETLB | VM_WRITE)) == VM_WRITE)
		vma->vm_flags |= VM_ACCOUNT;
	vma->vm_pgoff = pgoff;
	vma->vm_file = file;
	vma->vm_ops = file ? file->f_vm_ops : NULL;
	vma_set_page_prot(vma);
	return vma;
}

/* => the range is free after this, or nothing has changed; 0 or -errno */
static int mmap_region(struct mm_struct *mm, struct file *file, unsigned long addr, unsigned long len,
		       unsigned long vm_flags, unsigned long pgoff)
{
	struct vm_area_struct *vma = new_vma(mm, file, addr, len, vm_flags, pgoff), *prev;
	int error;

	if (!vma)
		return -ENOMEM;
	error = find_vma_intersection(mm, addr, addr + len) ? do_munmap(mm, addr, len) : 0;
	if (!error && (vm_flags & VM_HUGETLB) && !file)
		error = hugetlb_vma_init(vma);
	if (error) {
		vma_free(vma);
		return error;
	}
	prev = find_vma(mm, addr);
	prev = prev ? vma_prev(prev) : vma_of(rb_last(&mm->mm_rb));
	if (vma_merge(mm, prev, addr, addr + len, vma->vm_flags, NULL, vma->vm_file, pgoff))
		vma_free(vma);
	else
		vma_link(mm, vma);
	return 0;
}

long do_mmap(struct mm_struct *mm, struct file *file, unsigned long addr, unsigned long len,
	     unsigned long prot, unsigned long flags, unsigned long pgoff)
{
	unsigned long vm_flags, to = flags;
	int error;
	long ret;

	if (flags & MAP_ANONYMOUS)
		file = NULL;
	if (!len)
		return -EINVAL;
	if (flags & MAP_FIXED_NOREPLACE)
		to |= MAP_FIXED;
	if (!(to & MAP_FIXED) && addr & PAGE_MASK && (addr & PAGE_MASK) < MMAP_MIN_ADDR)
		addr = MMAP_MIN_ADDR;
	if (!(to & MAP_FIXED))
		addr &= PAGE_MASK;
	len = page_align(len);
	if (file == NULL && (flags & MAP_HUGETLB))
		len = (len + HPAGE_SIZE - 1) & HPAGE_MASK;
	if (!len)
		return -ENOMEM;
	if (pgoff + (len >> PAGE_SHIFT) < pgoff)
		return -EOVERFLOW;
	if (mm->map_count > max_map_count())
		return -ENOMEM;
	ret = get_unmapped_area(mm, addr, len, to);
	if (ret < 0)
		return ret;
	addr = (unsigned long)ret;
	if ((flags & MAP_FIXED_NOREPLACE) && find_vma_intersection(mm, addr, addr + len))
		return -EEXIST;
	vm_flags = calc_vm_flags(mm, prot, flags);
	if (file && pgoff + (len >> PAGE_SHIFT) > (1ul << (63 - PAGE_SHIFT)) - 1)
		return -EOVERFLOW;
	error = file ? check_file(file, flags, &vm_flags) : check_anonymous(flags, &vm_flags);
	if (error)
		return error;
	if (!file)
		pgoff = vm_flags & VM_SHARED ? 0 : addr >> PAGE_SHIFT;
	error = mmap_region(mm, file, addr, len, vm_flags, pgoff);
	return error ? error : (long)addr;
}

/* ---- stacks --------------------------------------------------------------------------------------------------------------- */

/* => the place is free, and the guard gap below it */
static int may_expand(const struct vm_area_struct *vma, unsigned long address)
{
	const struct vm_area_struct *prev = vma_prev(vma);

	if (address < MMAP_MIN_ADDR)
		return -EPERM;
	if (vma->vm_end - address > STACK_LIMIT)
		return -ENOMEM;
	if (prev && !(prev->vm_flags & VM_GROWSDOWN) && vma_is_accessible(prev) &&
	    address - prev->vm_end < STACK_GUARD_GAP)
		return -ENOMEM;
	return prev && prev->vm_end > address ? -ENOMEM : 0;
}

int expand_stack(struct vm_area_struct *vma, unsigned long address)
{
	unsigned long pages;
	int error;

	address &= PAGE_MASK;
	/* Its lock keeps out another task that grows the same vma, and those that look for pages by their index. */
	if (anon_vma_prepare(vma))
		return -ENOMEM;
	spin_lock(&vma->anon_vma->lock);
	error = address < vma->vm_start ? may_expand(vma, address) : 0;
	if (!error && address < vma->vm_start) {
		pages = (vma->vm_start - address) >> PAGE_SHIFT;
		spin_lock(&vma->vm_mm->page_table_lock);
		vma->vm_mm->total_vm += pages;
		if (vma->vm_flags & VM_LOCKED)
			vma->vm_mm->locked_vm += pages;
		vma->vm_start = address;
		vma->vm_pgoff -= pages;
		vma_gap_update(vma);
		spin_unlock(&vma->vm_mm->page_table_lock);
	}
	spin_unlock(&vma->anon_vma->lock);
	return error;
}
