/* SPDX-License-Identifier: MIT */
/*
 * hugetlb.c - huge pages of a pool, for mappings that ask for them (MAP_HUGETLB)
 *
 * Mirrors mm/hugetlb.c of 2.6.29: a pool that is filled at boot, a promise for each page of a mapping, one mutex over all
 * faults. Anonymous mappings only; what shared ones have in common is a struct hugetlb_map in the place of a file.
 *
 * I1: nr_free >= resv: a page that was promised can be had.
 * I2: a free page of the pool has no references, its contents are poisoned; PG_head and PG_huge stay for ever.
 * I3: page[i] of a shared map is the page of every mapping at i, or NULL; the map has a reference to it.
 * I4: the owner of a private mapping always gets a copy: where the pool is empty, its children lose the page, and get
 *     SIGBUS where they touch it (2.6.27).
 *
 * Lock order: mmap_sem, hugetlb_instantiation_mutex, page lock, anon_vma's lock, the lock of a table of pmds, the
 * pool's.
 *
 * Left out: files of hugetlbfs and their truncation, surplus pages, sharing of tables of pmds, hashed mutexes, migration.
 */
#include "mm/mm.h"
#include "mm/protocols/cow.h"
#include "hw/mmu.h"
#include "hw/observer.h"

#define KEPT_NO_PROMISE ((struct page *)1)     /* of a private map: the page was given out */
#define MAP_UNMAPPED ((struct hugetlb_map *)1) /* of a vma: its owner took pages from it */
#define MAP_PAGES_MAX ((SLAB_OBJECT_MAX - sizeof(struct hugetlb_map)) / sizeof(struct page *))

/* ---- the pool ------------------------------------------------------------------------------------------------ */

void hugetlb_init(void)
{
	struct hugetlb_pool *pool = &this_machine->hugetlb;
	struct page *page;

	mutex_init(&pool->hugetlb_instantiation_mutex);
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->free);
	for (unsigned i = 0; i < this_machine->config.hugetlb_pages; i++) {
		page = alloc_huge_page_frames();
		BUG_ON(!page);
		if (!page)
			return;
		page->flags |= 1ul << PG_huge;
		pool->nr++;
		put_page(page);
	}
}

void free_huge_page(struct page *page)
{
	struct hugetlb_pool *pool = &this_machine->hugetlb;

	clear_huge_page(page);
	page->mapping = NULL;
	page->flags = 1ul << PG_head | 1ul << PG_huge;
	spin_lock(&pool->lock);
	for (unsigned long i = 0; i < HPAGE_NR; i++)
		page[i].incarnation++;
	list_add(&page->lru, &pool->free);
	pool->nr_free++;
	sync_poison(page_address(page), HPAGE_SIZE, "page-use-after-free");
	spin_unlock(&pool->lock);
}

/* => with a reference, contents undefined; NULL: none is free that was not promised to others */
static struct page *alloc_huge_page(bool promised)
{
	struct hugetlb_pool *pool = &this_machine->hugetlb;
	struct page *page = NULL;

	spin_lock(&pool->lock);
	if (promised || pool->nr_free > pool->resv) {
		page = list_first_entry(&pool->free, struct page, lru);
		list_del(&page->lru);
		pool->nr_free--;
		pool->resv -= promised;
		sync_unpoison(page_address(page), HPAGE_SIZE);
	}
	spin_unlock(&pool->lock);
	if (page)
		atomic_set(&page->_count, 1);
	return page;
}

/* => whether so many can be promised, and are; negative: they are not needed any more */
static bool hugetlb_acct_memory(long pages)
{
	struct hugetlb_pool *pool = &this_machine->hugetlb;
	bool enough;

	spin_lock(&pool->lock);
	enough = (long)pool->nr_free >= (long)pool->resv + pages;
	if (enough)
		pool->resv += (unsigned)pages;
	spin_unlock(&pool->lock);
	return enough;
}

/* ---- mappings -------------------------------------------------------------------------------------------------- */

/* => NULL: the vma has no promise */
static struct hugetlb_map *vma_map(const struct vm_area_struct *vma)
{
	struct hugetlb_map *map = READ_ONCE(vma->vm_private_data);

	return map == MAP_UNMAPPED ? NULL : map;
}

static struct page **map_slot(struct hugetlb_map *map, const struct vm_area_struct *vma,
			      unsigned long address)
{
	return &map->page[(linear_page_index(vma, address) - map->pgoff) / HPAGE_NR];
}

static size_t map_size(const struct hugetlb_map *map)
{
	return sizeof(*map) + map->nr * sizeof(map->page[0]);
}

/* A vma was cut, and the map has two; or a child has a copy, which of a private mapping has no promise. */
static void hugetlb_vm_op_open(struct vm_area_struct *vma)
{
	struct hugetlb_map *map = vma_map(vma);

	if (!map)
		return;
	if (!map->shared && map->owner != vma->vm_mm)
		vma->vm_private_data = NULL;
	else
		atomic_inc(&map->users);
}

static void hugetlb_vm_op_close(struct vm_area_struct *vma)
{
	struct hugetlb_map *map = vma_map(vma);
	long unused = 0;
	bool last;

	if (!map)
		return;
	for (unsigned long a = vma->vm_start; !map->shared && a < vma->vm_end; a += HPAGE_SIZE)
		unused += !*map_slot(map, vma, a);
	last = atomic_dec_and_test(&map->users);
	for (unsigned long i = 0; last && map->shared && i < map->nr; i++) {
		unused += !map->page[i];
		if (map->page[i])
			put_page(map->page[i]);
	}
	if (map->promised)
		hugetlb_acct_memory(-unused);
	if (last)
		kmem_free(map, map_size(map), SLAB_HUGETLB);
}

static const struct vm_operations_struct hugetlb_vm_ops = {
	.open = hugetlb_vm_op_open,
	.close = hugetlb_vm_op_close,
};

int hugetlb_vma_init(struct vm_area_struct *vma)
{
	unsigned long nr = (vma->vm_end - vma->vm_start) / HPAGE_SIZE;
	struct hugetlb_map *map;

	if ((vma->vm_start | vma->vm_end) & ~HPAGE_MASK)
		return -EINVAL;
	if (nr > MAP_PAGES_MAX)
		return -ENOMEM;
	map = kmem_alloc(sizeof(*map) + nr * sizeof(map->page[0]), SLAB_HUGETLB);
	if (!map)
		return -ENOMEM;
	map->shared = vma->vm_flags & VM_SHARED;
	map->owner = vma->vm_mm;
	map->pgoff = vma->vm_pgoff;
	map->nr = nr;
	map->promised = !(vma->vm_flags & VM_NORESERVE);
	if (map->promised && !hugetlb_acct_memory((long)nr)) {
		kmem_free(map, map_size(map), SLAB_HUGETLB);
		return -ENOMEM;
	}
	atomic_set(&map->users, 1);
	vma->vm_private_data = map;
	vma->vm_ops = &hugetlb_vm_ops;
	return 0;
}

/* ---- faults: => each called with hugetlb_instantiation_mutex held -------------------------------------------------- */

/* => the page for the fault, zeroed if it is new, with a reference; NULL: none can be had */
static struct page *page_for_fault(struct vm_area_struct *vma, unsigned long haddr)
{
	struct hugetlb_map *map = vma_map(vma);
	struct page **slot = map ? map_slot(map, vma, haddr) : NULL, *page;

	if (map && map->shared && *slot) {
		get_page(*slot);
		return *slot;
	}
	page = alloc_huge_page(map && map->promised && !*slot);
	if (!page)
		return NULL;
	clear_huge_page(page);
	if (map)
		*slot = map->shared ? page : KEPT_NO_PROMISE;
	if (map && map->shared)
		get_page(page);
	return page;
}

static int hugetlb_no_page(struct vm_fault *vmf, unsigned long haddr)
{
	struct vm_area_struct *vma = vmf->vma;
	bool shared = vma->vm_flags & VM_SHARED;
	struct page *page;

	if (READ_ONCE(vma->vm_private_data) == MAP_UNMAPPED)
		return VM_FAULT_SIGBUS;
	if (!shared && unlikely(anon_vma_prepare(vma)))
		return VM_FAULT_OOM;
	page = page_for_fault(vma, haddr);
	if (!page)
		return VM_FAULT_SIGBUS;
	SYNC_LABEL("huge_page_ready");
	spin_lock(vmf->ptl);
	if (shared)
		page_add_file_rmap(page);
	else
		page_add_new_anon_rmap(page, vma, haddr);
	smp_store_release(vmf->pmd, mk_huge_pmd(page, vma, vmf->flags & FAULT_FLAG_WRITE));
	spin_unlock(vmf->ptl);
	return VM_FAULT_MINOR;
}

/* The owner needs a page and there is none: the others that map the old one lose it. */
static void unmap_ref_private(struct vm_area_struct *owner, struct page *page)
{
	struct anon_vma *anon_vma = page_lock_anon_vma(page);
	struct vm_area_struct *vma;
	unsigned long haddr;

	if (!anon_vma)
		return;
	list_for_each_entry(vma, &anon_vma->head, anon_vma_node) {
		haddr = vma_address(page, vma);
		if (vma->vm_mm == owner->vm_mm || haddr == (unsigned long)-EFAULT)
			continue;
		observe_revoke_begin(vma->vm_mm);
		unmap_hugepage_range(vma, haddr, haddr + HPAGE_SIZE);
		observe_revoke_end(vma->vm_mm);
		WRITE_ONCE(vma->vm_private_data, MAP_UNMAPPED);
	}
	page_unlock_anon_vma(anon_vma);
}

/*
 * The pool has no page for the copy. An owner goes on with old, alone. => vmf->ptl not held, a reference to old, which
 * goes; VM_FAULT_*
 */
static int keep_old_page(struct vm_fault *vmf, struct page *old)
{
	struct hugetlb_map *map = vma_map(vmf->vma);
	int ret = VM_FAULT_SIGBUS;

	if (map && !map->shared) {
		unmap_ref_private(vmf->vma, old);
		SYNC_LABEL("taken_from_children");
		spin_lock(vmf->ptl);
		if (pte_same(entry_read(vmf->pte), vmf->orig) && page_mapcount(old) == 1) {
			page_move_anon_rmap(old, vmf->vma, vmf->address & HPAGE_MASK);
			ret = huge_wp_reuse(vmf);
		} else {
			spin_unlock(vmf->ptl);
		}
	}
	put_page(old);
	return ret;
}

/* A store to a page of a private mapping. => vmf->ptl held and *vmf->pte equal to vmf->orig; drops it */
static int hugetlb_cow(struct vm_fault *vmf, struct page *old)
{
	struct page *new;
	bool replaced;
	int verdict = vmf->vma->vm_flags & VM_SHARED ? WP_REUSE : huge_wp_verdict(vmf, old);

	if (verdict == WP_REUSE)
		return huge_wp_reuse(vmf);
	if (verdict == WP_RETRY)
		return VM_FAULT_MINOR;
	get_page(old);
	spin_unlock(vmf->ptl);
	new = alloc_huge_page(false);
	if (!new)
		return keep_old_page(vmf, old);
	copy_huge_page(new, old);
	SYNC_LABEL("copied");
	spin_lock(vmf->ptl);
	replaced = pte_same(entry_read(vmf->pte), vmf->orig);
	if (replaced)
		replace_huge_page(vmf, old, new);
	spin_unlock(vmf->ptl);
	put_page(replaced ? old : new);
	put_page(old);
	return replaced && vmf->flags & FAULT_FLAG_WRITE ? VM_FAULT_WRITE : VM_FAULT_MINOR;
}

int hugetlb_fault(struct vm_fault *vmf)
{
	struct mutex *mutex = &this_machine->hugetlb.hugetlb_instantiation_mutex;
	int ret = VM_FAULT_MINOR;

	vmf->pmd = pmd_alloc_map(vmf->vma->vm_mm, vmf->address);
	if (!vmf->pmd)
		return VM_FAULT_OOM;
	vmf->pte = (pte_t *)vmf->pmd;
	vmf->ptl = pmd_lockptr(vmf->pmd);
	mutex_lock(mutex);
	vmf->orig = entry_read(vmf->pte);
	if (pte_none(vmf->orig)) {
		ret = hugetlb_no_page(vmf, vmf->address & HPAGE_MASK);
	} else if ((vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) && !pte_write(vmf->orig)) {
		spin_lock(vmf->ptl);
		if (pte_same(entry_read(vmf->pte), vmf->orig))
			ret = hugetlb_cow(vmf, pfn_to_page(pte_pfn(vmf->orig)));
		else
			spin_unlock(vmf->ptl);
	}
	mutex_unlock(mutex);
	return ret;
}

/* ---- fork, unmapping, protecting --------------------------------------------------------------------------------------- */

/* => both locks held; 0, or -EAGAIN: the child needs a copy of *page */
static int share_hugetlb_page(pmd_t *dst_pmd, pmd_t *src_pmd, struct vm_area_struct *vma, struct page **page)
{
	bool cow = (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE;
	pmd_t pmd = entry_read(src_pmd);

	if (pmd_none(pmd))
		return 0;
	*page = pfn_to_page(pmd_pfn(pmd));
	get_page(*page);
	if (cow && !this_machine->cow->fork_share(vma, *page, true))
		return -EAGAIN;
	page_dup_rmap(*page);
	if (cow && pmd_write(pmd)) {
		ptep_set_wrprotect((pte_t *)src_pmd);
		pmd = pte_pmd(pte_wrprotect(pmd_pte(pmd)));
	}
	smp_store_release(dst_pmd, pte_pmd(pte_mkold(pmd_pte(pmd))));
	return 0;
}

/* => old has a reference for this, which goes; 0 or -ENOMEM */
static int copy_for_child(pmd_t *dst_pmd, struct vm_area_struct *vma, unsigned long addr, struct page *old)
{
	struct page *new = alloc_huge_page(false);

	if (new) {
		copy_huge_page(new, old);
		spin_lock(pmd_lockptr(dst_pmd));
		page_add_new_anon_rmap(new, vma, addr);
		smp_store_release(dst_pmd, mk_huge_pmd(new, vma, true));
		spin_unlock(pmd_lockptr(dst_pmd));
	}
	put_page(old);
	return new ? 0 : -ENOMEM;
}

int copy_hugetlb_page_range(struct mm_struct *dst, struct mm_struct *src, struct vm_area_struct *vma)
{
	unsigned long next;
	int ret = 0;

	for (unsigned long addr = vma->vm_start; !ret && addr < vma->vm_end; addr += HPAGE_SIZE) {
		pmd_t *src_pmd = pmd_find(src, addr, &next), *dst_pmd;
		struct page *page = NULL;

		if (!src_pmd || pmd_none(entry_read(src_pmd)))
			continue;
		dst_pmd = pmd_alloc_map(dst, addr);
		if (!dst_pmd)
			return -ENOMEM;
		spin_lock(pmd_lockptr(dst_pmd));
		spin_lock_nested(pmd_lockptr(src_pmd), 1);
		ret = share_hugetlb_page(dst_pmd, src_pmd, vma, &page);
		spin_unlock(pmd_lockptr(src_pmd));
		spin_unlock(pmd_lockptr(dst_pmd));
		if (ret)
			ret = copy_for_child(dst_pmd, vma, addr, page);
	}
	return ret;
}

#define UNMAP_BATCH 8

void unmap_hugepage_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct page *batch[UNMAP_BATCH];
	unsigned long next;
	int nr = 0;

	BUG_ON((start | end) & ~HPAGE_MASK);
	for (unsigned long addr = start; addr < end; addr += HPAGE_SIZE) {
		pmd_t *pmd = pmd_find(vma->vm_mm, addr, &next);
		pte_t old;

		if (pmd) { /* with the lock even if it is none: who cleared it has to be done with the page */
			spin_lock(pmd_lockptr(pmd));
			old = ptep_get_and_clear((pte_t *)pmd);
			if (!pte_none(old)) {
				batch[nr] = pfn_to_page(pte_pfn(old));
				page_remove_rmap(batch[nr++]);
			}
			spin_unlock(pmd_lockptr(pmd));
		}
		if (nr < UNMAP_BATCH && addr + HPAGE_SIZE < end)
			continue;
		flush_tlb_range(vma->vm_mm, start, addr + HPAGE_SIZE);
		while (nr)
			put_page(batch[--nr]);
	}
}
