/* SPDX-License-Identifier: MIT */
/*
 * rmap.c - how many ptes map a page, and the way from it to them
 *
 * Mirrors the first half of mm/rmap.c of 2.6.29: an anonymous page knows the anon_vma of its family of vmas, a file's
 * page its file's i_mmap. What is done at the ptes that a walk finds is rmap_ptes.c. From 6.x: the exclusive bit.
 *
 * I1: while no page table lock is held, _mapcount + 1 is the number of present ptes that map the page.
 * I2: as long as a pte maps an anonymous page, the page's anon_vma is alive, and a vma of its list covers the pte.
 * I3: an anon_vma that was freed is an anon_vma still: unlocked, or locked by who came too late, with an empty list or
 *     another family's. Who locks one by a page looks again whether the page is mapped.
 *
 * Lock order: page lock; i_mmap_lock or an anon_vma's lock; mm->page_table_lock or a page table lock.
 *
 * Left out: anon_vma chains (2.6.34), KSM's pages: no walk finds their ptes.
 */
#include "mm/mm.h"
#include "mm/protocols/cow.h"

/* ---- counting ------------------------------------------------------------------------------------------------ */

void page_add_file_rmap(struct page *page)
{
	if (atomic_inc_and_test(&page->_mapcount))
		SYNC_LABEL("mapped");
}

static void set_anon_rmap(struct page *page, const struct vm_area_struct *vma, unsigned long address)
{
	BUG_ON(!vma->anon_vma);
	page->index = linear_page_index(vma, address);
	WRITE_ONCE(page->mapping, (struct address_space *)((uintptr_t)vma->anon_vma | PAGE_MAPPING_ANON));
}

/* Its flags are nobody else's yet; it holds what it is to hold. */
void page_add_new_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address)
{
	init_page_flags(page, page->flags | 1ul << PG_uptodate | 1ul << PG_swapbacked |
				      (machine_const(cow)->exclusive ? 1ul << PG_anon_exclusive : 0));
	atomic_set(&page->_mapcount, 0);
	set_anon_rmap(page, vma, address);
}

/* The first to map it says anew whose it is: the family that it came from may be gone. */
void page_add_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address, bool exclusive)
{
	if (atomic_inc_and_test(&page->_mapcount))
		set_anon_rmap(page, vma, address);
	if (exclusive && machine_const(cow)->exclusive)
		SetPageAnonExclusive(page);
}

void page_dup_rmap(struct page *page)
{
	atomic_inc(&page->_mapcount);
}

void page_remove_rmap(struct page *page)
{
	int count = atomic_dec_return(&page->_mapcount);

	if (unlikely(count < -1))
		sync_violation("bad-mapcount", "page_remove_rmap() of page %lu, which no pte maps",
			       page_to_pfn(page));
}

void page_move_anon_rmap(struct page *page, struct vm_area_struct *vma, unsigned long address)
{
	set_anon_rmap(page, vma, address);
	if (machine_const(cow)->exclusive)
		SetPageAnonExclusive(page);
}

/* ---- anon_vma ------------------------------------------------------------------------------------------------- */

/* The memory may have been an anon_vma before, whose lock somebody still holds or waits for: then it is used as it is. */
static struct anon_vma *anon_vma_alloc(void)
{
	struct anon_vma *anon_vma = kmem_alloc(sizeof(*anon_vma), SLAB_ANON_VMA);

	if (anon_vma && !anon_vma->head.next) {
		spin_lock_init(&anon_vma->lock);
		INIT_LIST_HEAD(&anon_vma->head);
	}
	return anon_vma;
}

static void anon_vma_free(struct anon_vma *anon_vma)
{
	kmem_free(anon_vma, sizeof(*anon_vma), SLAB_ANON_VMA);
}

#define FLAGS_OF_MPROTECT (VM_READ | VM_WRITE | VM_EXEC)

/* => a and b touch and would be one vma, were their protections the same */
static bool could_merge(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return a->vm_end == b->vm_start && a->vm_file == b->vm_file &&
	       !((a->vm_flags ^ b->vm_flags) & ~FLAGS_OF_MPROTECT) &&
	       b->vm_pgoff == a->vm_pgoff + vma_pages(a);
}

/*
 * What is merged later must have one anon_vma: so neighbours share one from the beginning, unless fork gave it to them.
 * => mmap_sem held; or NULL
 */
static struct anon_vma *find_mergeable_anon_vma(struct vm_area_struct *vma)
{
	struct vm_area_struct *next = vma_next(vma), *prev = vma_prev(vma);
	struct anon_vma *anon_vma = NULL;

	if (next && could_merge(vma, next) && !next->anon_heir)
		anon_vma = smp_load_acquire(&next->anon_vma);
	if (!anon_vma && prev && could_merge(prev, vma) && !prev->anon_heir)
		anon_vma = smp_load_acquire(&prev->anon_vma);
	return anon_vma;
}

/*
 * Two faults may both get here, with mmap_sem for read: page_table_lock decides. A new anon_vma is locked as well, since
 * who comes too late for the one before it may be in its list.
 */
int anon_vma_prepare(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma, *allocated = NULL;

	if (likely(smp_load_acquire(&vma->anon_vma)))
		return 0;
	anon_vma = find_mergeable_anon_vma(vma);
	if (!anon_vma) {
		anon_vma = allocated = anon_vma_alloc();
		if (!anon_vma)
			return -ENOMEM;
	}
	spin_lock(&anon_vma->lock);
	spin_lock(&vma->vm_mm->page_table_lock);
	if (!READ_ONCE(vma->anon_vma)) {
		smp_store_release(&vma->anon_vma, anon_vma);
		list_add_tail(&vma->anon_vma_node, &anon_vma->head);
		allocated = NULL;
	}
	spin_unlock(&vma->vm_mm->page_table_lock);
	spin_unlock(&anon_vma->lock);
	if (allocated)
		anon_vma_free(allocated);
	return 0;
}

/* Children come last: a walk that removes migration entries meets the parent's before the copy that fork makes of it. */
void anon_vma_link(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma->anon_vma;

	if (!anon_vma)
		return;
	spin_lock(&anon_vma->lock);
	list_add_tail(&vma->anon_vma_node, &anon_vma->head);
	spin_unlock(&anon_vma->lock);
}

void anon_vma_unlink(struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma->anon_vma;
	bool empty;

	if (!anon_vma)
		return;
	spin_lock(&anon_vma->lock);
	list_del(&vma->anon_vma_node);
	empty = list_empty(&anon_vma->head);
	spin_unlock(&anon_vma->lock);
	if (empty)
		anon_vma_free(anon_vma);
}

struct anon_vma *page_lock_anon_vma(struct page *page)
{
	struct anon_vma *anon_vma;

	rcu_read_lock();
	if (!PageAnon(page) || PageKsm(page) || !page_mapped(page))
		goto none;
	anon_vma = page_anon_vma(page);
	SYNC_LABEL("anon_vma_found");
	spin_lock(&anon_vma->lock);
	if (likely(page_mapped(page)))
		return anon_vma;
	spin_unlock(&anon_vma->lock);
none:
	rcu_read_unlock();
	return NULL;
}

void page_unlock_anon_vma(struct anon_vma *anon_vma)
{
	spin_unlock(&anon_vma->lock);
	rcu_read_unlock();
}

/* ---- walks ------------------------------------------------------------------------------------------------------ */

unsigned long vma_address(const struct page *page, const struct vm_area_struct *vma)
{
	unsigned long pgoff = page->index;

	if (pgoff < vma->vm_pgoff || pgoff - vma->vm_pgoff >= vma_pages(vma))
		return (unsigned long)-EFAULT;
	return vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT);
}

/* Looks without the lock first: most vmas of a family do not map the page. */
pte_t *page_check_address(struct page *page, struct mm_struct *mm, unsigned long address, spinlock_t **ptlp)
{
	unsigned long next;
	pte_t *pte = pte_find(mm, address, ptlp, &next), entry;

	if (!pte || !pte_present(entry_read(pte)))
		return NULL;
	spin_lock(*ptlp);
	entry = entry_read(pte);
	if (pte_present(entry) && !pte_special(entry) && pte_pfn(entry) == page_to_pfn(page))
		return pte;
	spin_unlock(*ptlp);
	return NULL;
}

int rmap_walk_anon(struct anon_vma *anon_vma, struct page *page, struct rmap_walk *walk)
{
	struct vm_area_struct *vma;
	int ret = SWAP_AGAIN;

	list_for_each_entry(vma, &anon_vma->head, anon_vma_node) {
		unsigned long address = vma_address(page, vma);

		if (address == (unsigned long)-EFAULT)
			continue;
		ret = walk->one(page, vma, address, walk);
		if (ret != SWAP_AGAIN)
			break;
	}
	return ret;
}

/* => where a nonlinear vma maps the page may be anywhere in it */
static int walk_nonlinear(struct page *page, struct vm_area_struct *vma, struct rmap_walk *walk)
{
	unsigned long address = vma->vm_start, next;
	spinlock_t *ptl;
	int ret = SWAP_AGAIN;

	while (address < vma->vm_end && ret == SWAP_AGAIN) {
		if (!pte_find(vma->vm_mm, address, &ptl, &next)) {
			address = next;
			continue;
		}
		ret = walk->one(page, vma, address, walk);
		address += PAGE_SIZE;
	}
	return ret;
}

int rmap_walk_file(struct address_space *mapping, struct page *page, struct rmap_walk *walk)
{
	unsigned long pgoff = page->index;
	struct interval_tree_node *node;
	struct vm_area_struct *vma;
	int ret = SWAP_AGAIN;

	spin_lock(&mapping->i_mmap_lock);
	node = interval_tree_iter_first(&mapping->i_mmap, pgoff, pgoff);
	for (; node && ret == SWAP_AGAIN; node = interval_tree_iter_next(node, pgoff, pgoff)) {
		vma = container_of(node, struct vm_area_struct, shared);
		ret = walk->one(page, vma, vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT), walk);
	}
	if (walk->nonlinear) {
		list_for_each_entry(vma, &mapping->i_mmap_nonlinear, nonlinear) {
			if (ret != SWAP_AGAIN)
				break;
			ret = walk_nonlinear(page, vma, walk);
		}
	}
	spin_unlock(&mapping->i_mmap_lock);
	return ret;
}

int rmap_walk(struct page *page, struct rmap_walk *walk)
{
	struct anon_vma *anon_vma;
	int ret = SWAP_AGAIN;

	if (PageAnon(page)) {
		anon_vma = page_lock_anon_vma(page);
		if (anon_vma) {
			ret = rmap_walk_anon(anon_vma, page, walk);
			page_unlock_anon_vma(anon_vma);
		}
	} else if (page->mapping) {
		ret = rmap_walk_file(page->mapping, page, walk);
	}
	return ret;
}
