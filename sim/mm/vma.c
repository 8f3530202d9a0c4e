/* SPDX-License-Identifier: MIT */
/*
 * vma.c - the tree of a process's mappings: linking, cutting and joining them
 *
 * Mirrors vma_link(), vma_adjust(), split_vma(), vma_merge() and copy_vma() of mm/mmap.c of 2.6.29, in the file that 6.x
 * keeps them in. The tree knows the free room below each vma, as since 3.8.
 *
 * I1: the vmas of an mm do not overlap; mm_rb has them by address, i_mmap of their file by index.
 * I2: whoever walks i_mmap or an anon_vma's list under its lock finds each page of a mapping once, however the
 *     mapping is being cut or joined: both locks are held over the whole change.
 * I3: vma->gap is the room between it and its predecessor, and subtree_gap the greatest of its subtree.
 *
 * Lock order: mmap_sem for write, then i_mmap_lock, then anon_vma->lock.
 *
 * Left out: accounting of committed memory, userfaultfd, a mapping that is merged before its pages are its own.
 */
#include "mm/vma_internal.h"

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

struct vm_area_struct *vma_next(const struct vm_area_struct *vma)
{
	return vma_of(rb_next(&vma->vm_rb));
}

struct vm_area_struct *vma_prev(const struct vm_area_struct *vma)
{
	return vma_of(rb_prev(&vma->vm_rb));
}

struct vm_area_struct *vma_first(const struct mm_struct *mm)
{
	return vma_of(rb_first(&mm->mm_rb));
}

int max_map_count(void)
{
	return this_machine->config.big ? BIG_MAP_COUNT : MAX_MAP_COUNT;
}

/* ---- the tree and its gaps -------------------------------------------------------------------------------------------- */

static unsigned long subtree_gap(const struct rb_node *n)
{
	return n ? container_of(n, struct vm_area_struct, vm_rb)->subtree_gap : 0;
}

static bool augment_gap(struct rb_node *n)
{
	struct vm_area_struct *vma = vma_of(n);
	unsigned long most = vma->gap;

	if (subtree_gap(n->rb_left) > most)
		most = subtree_gap(n->rb_left);
	if (subtree_gap(n->rb_right) > most)
		most = subtree_gap(n->rb_right);
	if (most == vma->subtree_gap)
		return false;
	vma->subtree_gap = most;
	return true;
}

static unsigned long gap_below(const struct vm_area_struct *vma)
{
	const struct vm_area_struct *prev = vma_prev(vma);
	unsigned long from = prev && prev->vm_end > MMAP_MIN_ADDR ? prev->vm_end : MMAP_MIN_ADDR;
	unsigned long to = vm_start_gap(vma);

	return to > from ? to - from : 0;
}

void vma_gap_update(struct vm_area_struct *vma)
{
	struct rb_node *n;

	if (!vma)
		return;
	vma->gap = gap_below(vma);
	for (n = &vma->vm_rb; n && augment_gap(n); n = n->rb_parent)
		;
}

static void vma_tree_insert(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct rb_node **link = &mm->mm_rb.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = vma->vm_start < vma_of(parent)->vm_start ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&vma->vm_rb, parent, link);
	vma->gap = 0;
	vma->subtree_gap = 0;
	rb_insert_augmented(&vma->vm_rb, &mm->mm_rb, augment_gap);
	vma_gap_update(vma);
	vma_gap_update(vma_next(vma));
	mm->map_count++;
}

void vma_tree_erase(struct mm_struct *mm, struct vm_area_struct *vma)
{
	rb_erase_augmented(&vma->vm_rb, &mm->mm_rb, augment_gap);
	mm->map_count--;
}

void vma_account(struct vm_area_struct *vma, int sign)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long pages = vma_pages(vma);

	mm->total_vm += sign > 0 ? pages : -pages;
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += sign > 0 ? pages : -pages;
}

/* ---- the file's and the anon_vma's view of it ---------------------------------------------------------------------------- */

/* => called with i_mmap_lock of the file held */
static void __link_file_vma(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file->f_mapping;

	if (vma->vm_flags & VM_SHARED)
		mapping->i_mmap_writable++;
	vma->shared.start = vma->vm_pgoff;
	vma->shared.last = vma->vm_pgoff + vma_pages(vma) - 1;
	if (vma->vm_flags & VM_NONLINEAR)
		list_add_tail(&vma->nonlinear, &mapping->i_mmap_nonlinear);
	else
		interval_tree_insert(&vma->shared, &mapping->i_mmap);
}

/* => called with i_mmap_lock of the file held */
static void __unlink_file_vma(struct vm_area_struct *vma)
{
	struct address_space *mapping = vma->vm_file->f_mapping;

	if (vma->vm_flags & VM_SHARED)
		mapping->i_mmap_writable--;
	if (vma->vm_flags & VM_NONLINEAR)
		list_del(&vma->nonlinear);
	else
		interval_tree_remove(&vma->shared, &mapping->i_mmap);
}

void link_file_vma(struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return;
	spin_lock(&vma->vm_file->f_mapping->i_mmap_lock);
	__link_file_vma(vma);
	spin_unlock(&vma->vm_file->f_mapping->i_mmap_lock);
}

void unlink_file_vma(struct vm_area_struct *vma)
{
	if (!vma->vm_file)
		return;
	spin_lock(&vma->vm_file->f_mapping->i_mmap_lock);
	__unlink_file_vma(vma);
	spin_unlock(&vma->vm_file->f_mapping->i_mmap_lock);
}

void vma_link(struct mm_struct *mm, struct vm_area_struct *vma)
{
	vma_tree_insert(mm, vma);
	vma_account(vma, 1);
	if (vma->anon_vma)
		anon_vma_link(vma);
	link_file_vma(vma);
}

void vma_free(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	if (vma->vm_file)
		fput(vma->vm_file);
	kmem_free(vma, sizeof(*vma), SLAB_VMA);
}

/* ---- changing several vmas at once ------------------------------------------------------------------------------------------ */

/* What becomes of one vma: its new range, empty when it goes. `is_new`: it is linked nowhere yet. */
struct vma_edit {
	struct vm_area_struct *vma;
	unsigned long start, end, pgoff;
	bool is_new;
};
#define EDITS 3

static bool grows(const struct vma_edit *e)
{
	return e->start < e->end && (e->start < e->vma->vm_start || e->end > e->vma->vm_end);
}

/* => called with the locks of the file and the anon_vma held */
static void edit_one(struct vma_edit *e, const struct vm_area_struct *like, u32 maybe_guard)
{
	struct anon_vma *anon_vma = like ? like->anon_vma : NULL;
	struct vm_area_struct *vma = e->vma;

	if (!e->is_new && vma->vm_file)
		__unlink_file_vma(vma);
	/* Who grows over pages of an anon_vma must be on its list before they are its own. */
	if (e->is_new ? !!vma->anon_vma : anon_vma && !vma->anon_vma && grows(e)) {
		vma->anon_vma = anon_vma;
		vma->anon_heir = like->anon_heir;
		list_add_tail(&vma->anon_vma_node, &anon_vma->head);
	}
	if (grows(e) && maybe_guard)
		vma->maybe_guard = maybe_guard;
	vma->vm_start = e->start;
	vma->vm_end = e->end;
	vma->vm_pgoff = e->pgoff;
	if (e->start < e->end && vma->vm_file)
		__link_file_vma(vma);
}

/*
 * => called with mmap_sem held for write; all of them have one file and, as far as they have any, one anon_vma, which is
 * also that of `like` (NULL: nobody else's), whose pages come to where one of them grows. At most one is new, and it
 * stands in the table behind what makes room for it
 */
static void vma_edit(struct mm_struct *mm, struct vma_edit *edit, int nr, const struct vm_area_struct *like)
{
	struct file *file = edit[0].vma->vm_file;
	struct anon_vma *anon_vma;
	u32 maybe_guard = like ? like->maybe_guard : 0;

	for (int i = 0; i < nr; i++) {
		maybe_guard |= edit[i].vma->maybe_guard;
		if (!like || !like->anon_vma)
			like = edit[i].vma;
		if (edit[i].is_new)
			continue;
		vma_account(edit[i].vma, -1);
		if (edit[i].start == edit[i].end)
			vma_tree_erase(mm, edit[i].vma);
	}
	anon_vma = like->anon_vma;
	if (file)
		spin_lock(&file->f_mapping->i_mmap_lock);
	if (anon_vma)
		spin_lock(&anon_vma->lock);
	for (int i = 0; i < nr; i++)
		edit_one(&edit[i], like, maybe_guard);
	if (anon_vma)
		spin_unlock(&anon_vma->lock);
	if (file)
		spin_unlock(&file->f_mapping->i_mmap_lock);
	for (int i = 0; i < nr; i++) {
		if (edit[i].start == edit[i].end)
			continue;
		vma_account(edit[i].vma, 1);
		if (edit[i].is_new)
			vma_tree_insert(mm, edit[i].vma);
		vma_gap_update(edit[i].vma);
		vma_gap_update(vma_next(edit[i].vma));
	}
	for (int i = 0; i < nr; i++)
		if (edit[i].start == edit[i].end) {
			anon_vma_unlink(edit[i].vma);
			vma_free(edit[i].vma);
		}
}

void vma_copy(struct vm_area_struct *new, const struct vm_area_struct *vma)
{
	new->vm_mm = vma->vm_mm;
	new->vm_start = vma->vm_start;
	new->vm_end = vma->vm_end;
	new->vm_page_prot = vma->vm_page_prot;
	new->vm_flags = vma->vm_flags;
	new->anon_vma = vma->anon_vma;
	new->anon_heir = vma->anon_heir;
	new->maybe_guard = vma->maybe_guard;
	new->vm_pgoff = vma->vm_pgoff;
	new->maybe_guard = vma->maybe_guard;
	new->vm_file = vma->vm_file;
	new->vm_ops = vma->vm_ops;
	new->vm_private_data = vma->vm_private_data;
}

/* A twin that is linked nowhere. => NULL: no memory */
static struct vm_area_struct *vma_dup(const struct vm_area_struct *vma)
{
	struct vm_area_struct *new = kmem_alloc(sizeof(*new), SLAB_VMA);

	if (!new)
		return NULL;
	vma_copy(new, vma);
	if (new->vm_file)
		get_file(new->vm_file);
	if (new->vm_ops &&new->vm_ops->open)
		new->vm_ops->open(new);
	return new;
}

int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below)
{
	unsigned long pgoff = vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT);
	struct vm_area_struct *new;
	struct vma_edit edit[2];

	if ((vma->vm_flags & VM_HUGETLB) && (addr & ~HPAGE_MASK))
		return -EINVAL;
	new = vma_dup(vma);
	if (!new)
		return -ENOMEM;
	split_huge_pmd_address(vma, addr);
	if (new_below) {
		edit[0] = (struct vma_edit){ vma, addr, vma->vm_end, pgoff, false };
		edit[1] = (struct vma_edit){ new, vma->vm_start, addr, vma->vm_pgoff, true };
	} else {
		edit[0] = (struct vma_edit){ vma, vma->vm_start, addr, vma->vm_pgoff, false };
		edit[1] = (struct vma_edit){ new, addr, vma->vm_end, pgoff, true };
	}
	vma_edit(mm, edit, 2, NULL);
	return 0;
}

int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below)
{
	if (mm->map_count >= max_map_count())
		return -ENOMEM;
	return __split_vma(mm, vma, addr, new_below);
}

/* ---- joining ------------------------------------------------------------------------------------------------------------------ */

/* Whether pages of both may be of one vma. NULL: nobody's. What fork inherited is given to no other */
static bool anon_vmas_fit(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	if (!a || !a->anon_vma)
		return !b || !b->anon_vma || !b->anon_heir;
	if (!b || !b->anon_vma)
		return !a->anon_heir;
	return a->anon_vma == b->anon_vma && a->anon_heir == b->anon_heir;
}

static bool is_mergeable_vma(const struct vm_area_struct *vma, unsigned long vm_flags,
			     const struct file *file, const struct vm_area_struct *like)
{
	if (vma->vm_flags != vm_flags || vma->vm_file != file)
		return false;
	if (vma->vm_ops && vma->vm_ops->close)
		return false;
	return anon_vmas_fit(vma, like);
}

/* [addr, end) goes to prev, and what prev's successor had of it; next too if it is not NULL. */
static struct vm_area_struct *merge_into_prev(struct mm_struct *mm, struct vm_area_struct *prev,
					      unsigned long end, struct vm_area_struct *next,
					      const struct vm_area_struct *like)
{
	struct vm_area_struct *area = vma_next(prev);
	struct vma_edit edit[EDITS];
	int nr = 0;

	edit[nr++] =
		(struct vma_edit){ prev, prev->vm_start, next ? next->vm_end : end, prev->vm_pgoff, false };
	if (area && area != next && area->vm_start < end) {
		if (area->vm_end == end)
			edit[nr++] = (struct vma_edit){ area, end, end, 0, false };
		else
			edit[nr++] =
				(struct vma_edit){ area, end, area->vm_end,
						   area->vm_pgoff + ((end - area->vm_start) >> PAGE_SHIFT),
						   false };
	}
	if (next)
		edit[nr++] = (struct vma_edit){ next, next->vm_start, next->vm_start, 0, false };
	vma_edit(mm, edit, nr, like);
	return prev;
}

/* [addr, next->vm_start) goes to next, and area, which had it, keeps what is below, or is NULL: nobody had it. */
static struct vm_area_struct *merge_into_next(struct mm_struct *mm, struct vm_area_struct *next,
					      unsigned long addr, unsigned long pgoff,
					      struct vm_area_struct *area, const struct vm_area_struct *like)
{
	struct vma_edit edit[EDITS];
	int nr = 0;

	if (area)
		edit[nr++] = (struct vma_edit){ area, area->vm_start, addr, area->vm_pgoff, false };
	edit[nr++] = (struct vma_edit){ next, addr, next->vm_end, pgoff, false };
	vma_edit(mm, edit, nr, like);
	return next;
}

struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *prev, unsigned long addr,
				 unsigned long end, unsigned long vm_flags, const struct vm_area_struct *like,
				 struct file *file, unsigned long pgoff)
{
	struct vm_area_struct *next = find_vma(mm, end), *area = find_vma_intersection(mm, addr, end);
	unsigned long pages = (end - addr) >> PAGE_SHIFT;
	bool with_prev, with_next;

	if (vm_flags & VM_SPECIAL)
		return NULL;
	with_prev = prev && prev->vm_end == addr && is_mergeable_vma(prev, vm_flags, file, like) &&
		    prev->vm_pgoff + vma_pages(prev) == pgoff;
	with_next = next && next->vm_start == end && is_mergeable_vma(next, vm_flags, file, like) &&
		    next->vm_pgoff == pgoff + pages;
	if (with_prev && with_next && !anon_vmas_fit(prev, next))
		with_next = false;
	if (with_prev)
		return merge_into_prev(mm, prev, end, with_next ? next : NULL, like);
	if (with_next)
		return merge_into_next(mm, next, addr, pgoff, area, like);
	return NULL;
}

struct vm_area_struct *vma_modify(struct vm_area_struct *vma, unsigned long start, unsigned long end,
				  unsigned long newflags, int *error)
{
	struct vm_area_struct *prev = start > vma->vm_start ? vma : vma_prev(vma), *merged;
	struct mm_struct *mm = vma->vm_mm;

	*error = 0;
	merged = vma_merge(mm, prev, start, end, newflags, vma, vma->vm_file, linear_page_index(vma, start));
	if (merged)
		return merged;
	if (start > vma->vm_start)
		*error = split_vma(mm, vma, start, 1);
	if (!*error && end < vma->vm_end)
		*error = split_vma(mm, vma, end, 0);
	return *error ? NULL : vma;
}

void vma_grow(struct vm_area_struct *vma, unsigned long end)
{
	struct vma_edit edit = { vma, vma->vm_start, end, vma->vm_pgoff, false };

	if (!vma_merge(vma->vm_mm, vma, vma->vm_end, end, vma->vm_flags, vma, vma->vm_file,
		       vma->vm_pgoff + vma_pages(vma)))
		vma_edit(vma->vm_mm, &edit, 1, NULL);
}

struct vm_area_struct *copy_vma(struct vm_area_struct **vmap, unsigned long addr, unsigned long len,
				unsigned long pgoff)
{
	struct vm_area_struct *vma = *vmap, *prev, *new;
	unsigned long vma_start = vma->vm_start;
	struct mm_struct *mm = vma->vm_mm;

	/* Anonymous memory that nobody touched has no page that knows its index: it may take the one of its new place. */
	if (vma_is_anonymous(vma) && !vma->anon_vma)
		pgoff = addr >> PAGE_SHIFT;
	prev = find_vma(mm, addr);
	prev = prev ? vma_prev(prev) : vma_of(rb_last(&mm->mm_rb));
	new = vma_merge(mm, prev, addr, addr + len, vma->vm_flags, vma, vma->vm_file, pgoff);
	if (new) {
		if (vma_start >= new->vm_start && vma_start < new->vm_end)
			*vmap = new;
		return new;
	}
	new = vma_dup(vma);
	if (!new)
		return NULL;
	new->vm_start = addr;
	new->vm_end = addr + len;
	new->vm_pgoff = pgoff;
	vma_link(mm, new);
	return new;
}
