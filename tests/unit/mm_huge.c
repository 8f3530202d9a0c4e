// SPDX-License-Identifier: MIT
/* mm_huge.c - transparent huge pages: faults, fork, splitting, collapsing, one task at a time */
#include "mm_thp.h"

static void unmap_all(void)
{
	BUG_ON(sys_munmap(HADDR, 4 * HPAGE_SIZE));
}

/* ---- faults --------------------------------------------------------------------------------------------------- */

static void where_a_vma_can_have_one(void)
{
	struct vm_area_struct *vma = map_range(HADDR + PAGE_SIZE, 2 * HPAGE_SIZE, HUGE);

	BUG_ON(transhuge_vma_suitable(vma, HADDR + PAGE_SIZE) ||
	       !transhuge_vma_suitable(vma, HADDR + HPAGE_SIZE));
	BUG_ON(transhuge_vma_suitable(vma, HADDR + 2 * HPAGE_SIZE) || !vma_may_have_huge(vma));
	vma->vm_flags = PRIVATE;
	BUG_ON(transhuge_vma_suitable(vma, HADDR + HPAGE_SIZE) || vma_may_have_huge(vma));
	vma->vm_flags = HUGE | VM_NOHUGEPAGE;
	BUG_ON(transhuge_vma_suitable(vma, HADDR + HPAGE_SIZE));
	vma->vm_flags = HUGE | VM_SHARED;
	BUG_ON(transhuge_vma_suitable(vma, HADDR + HPAGE_SIZE));
}

static void one_fault_maps_all(void)
{
	unsigned long before = frames_free(), faults = current->min_flt;
	struct page *page;

	map_huge();
	store(PART(5), 7);
	page = page_at(current->mm, HADDR);
	BUG_ON(!is_huge(current->mm, HADDR) || !PageHead(page) || page_count(page) != 1 ||
	       page_to_pfn(page) != huge_pfn());
	BUG_ON(page_mapcount(page) != 1 || rss(current->mm) != HPAGE_NR || current->min_flt != faults + 1);
	BUG_ON(load(PART(5)) != 7 || load(PART(511)) || load(HADDR));
	BUG_ON(current->min_flt != faults + 1 ||
	       frames_free() != before - HPAGE_NR - 3); /* 3: pud, pmd, deposit */
	unmap_all();
	BUG_ON(frames_free() != before || rss(current->mm));
}

static void reading_maps_it_read_only_for_good(void)
{
	map_huge();
	BUG_ON(load(HADDR) || !is_huge(current->mm, HADDR));
	BUG_ON(pmd_write(entry_read(pmd_of(current->mm, HADDR))));
	store(HADDR, 3);
	BUG_ON(!pmd_write(entry_read(pmd_of(current->mm, HADDR))) ||
	       page_count(page_at(current->mm, HADDR)) != 1);
	BUG_ON(load(HADDR) != 3);
}

static void without_a_block_pages_are_small(void)
{
	map_huge();
	store(PART(5), 7);
	BUG_ON(is_huge(current->mm, HADDR) || rss(current->mm) != 1 || load(PART(5)) != 7);
}

static void tables_are_put_by(void)
{
	struct page *a = pte_alloc_one(HADDR), *b = pte_alloc_one(HADDR + HPAGE_SIZE);
	pmd_t *pmd = pmd_alloc_map(current->mm, HADDR);

	map_huge();
	pgtable_trans_huge_deposit(pmd, a);
	pgtable_trans_huge_deposit(pmd, b);
	BUG_ON(pgtable_trans_huge_withdraw(pmd) != b || pgtable_trans_huge_withdraw(pmd) != a);
	BUG_ON(virt_to_page(pmd)->private || a->private || b->private);
	put_page(a);
	put_page(b);
}

static void contents_go_page_by_page(void)
{
	struct page *a = alloc_huge_page_frames(), *b = alloc_huge_page_frames();
	u64 v = 9;

	BUG_ON(!a || !b);
	clear_huge_page(a);
	content_write(page_address(a + 511), &v, sizeof(v));
	copy_huge_page(b, a);
	content_read(&v, page_address(b + 511), sizeof(v));
	BUG_ON(v != 9);
	content_read(&v, page_address(b), sizeof(v));
	BUG_ON(v);
	put_page(a);
	put_page(b);
}

/* ---- fork -------------------------------------------------------------------------------------------------------- */

static void fork_shares_it_read_only(void)
{
	struct mm_struct *parent = current->mm, *child;
	struct page *page;

	map_huge();
	store(PART(1), 7);
	page = page_at(parent, HADDR);
	child = fork_one();
	BUG_ON(page_at(child, HADDR) != page || page_mapcount(page) != 2 || page_count(page) != 2);
	BUG_ON(pmd_write(entry_read(pmd_of(parent, HADDR))) || pmd_write(entry_read(pmd_of(child, HADDR))));
	BUG_ON(rss(child) != HPAGE_NR);
	store(PART(1), 8);
	BUG_ON(page_at(parent, HADDR) == page || page_mapcount(page) != 1 || !is_huge(parent, HADDR));
	use_mm(current, child);
	BUG_ON(load(PART(1)) != 7);
	store(PART(1), 9);
	BUG_ON(page_at(child, HADDR) != page || load(PART(1)) != 9);
	use_mm(current, parent);
	BUG_ON(load(PART(1)) != 8);
	process_exit(child);
}

static void without_a_block_a_copy_splits_it(void)
{
	struct mm_struct *parent = current->mm, *child;

	map_huge();
	store(PART(1), 7);
	store(PART(2), 5);
	child = fork_one();
	store(PART(1), 8);
	BUG_ON(is_huge(parent, HADDR) || is_huge(child, HADDR) || rss(parent) != HPAGE_NR ||
	       rss(child) != HPAGE_NR);
	BUG_ON(page_at(parent, PART(1)) == page_at(child, PART(1)) ||
	       page_at(parent, PART(2)) != page_at(child, PART(2)));
	BUG_ON(page_mapcount(page_at(parent, PART(2))) != 2 || page_count(page_at(parent, PART(2))) != 2);
	BUG_ON(load(PART(1)) != 8 || load(PART(2)) != 5);
	use_mm(current, child);
	BUG_ON(load(PART(1)) != 7 || load(PART(2)) != 5);
	use_mm(current, parent);
	process_exit(child);
}

static void what_is_pinned_is_copied_by_fork(void)
{
	struct mm_struct *parent = current->mm, *child;
	struct page *page;

	map_huge();
	store(PART(3), 7);
	page = pin(PART(3));
	BUG_ON(page != page_at(parent, PART(3)) || !PageTail(page));
	child = fork_one();
	BUG_ON(page_at(parent, PART(3)) != page || page_at(child, PART(3)) == page || rss(child) != HPAGE_NR);
	store(PART(3), 8);
	BUG_ON(page_at(parent, PART(3)) != page);
	use_mm(current, child);
	BUG_ON(load(PART(3)) != 7);
	use_mm(current, parent);
	unpin_user_page(page);
	process_exit(child);
}

/* ---- splitting ---------------------------------------------------------------------------------------------------- */

static void munmap_of_a_part_splits_it(void)
{
	map_huge();
	store(PART(1), 7);
	store(PART(300), 8);
	BUG_ON(sys_munmap(PART(100), 50 * PAGE_SIZE));
	BUG_ON(is_huge(current->mm, HADDR) || rss(current->mm) != HPAGE_NR - 50);
	BUG_ON(load(PART(1)) != 7 || load(PART(300)) != 8);
	for (unsigned long i = 0; i < HPAGE_NR; i += 7)
		BUG_ON(i / 50 != 2 && (PageCompound(page_at(current->mm, PART(i))) ||
				       page_count(page_at(current->mm, PART(i))) != 1));
}

static void dontneed_of_a_part_splits_it_and_of_all_drops_it(void)
{
	map_huge();
	store(PART(1), 7);
	BUG_ON(sys_madvise(PART(2), PAGE_SIZE, MADV_DONTNEED));
	BUG_ON(is_huge(current->mm, HADDR) || load(PART(1)) != 7 || rss(current->mm) != HPAGE_NR - 1);
	BUG_ON(sys_madvise(HADDR, HPAGE_SIZE, MADV_DONTNEED) || rss(current->mm) || load(PART(1)));
	map_range(HADDR + HPAGE_SIZE, HPAGE_SIZE, HUGE);
	store(HADDR + HPAGE_SIZE, 7);
	BUG_ON(sys_madvise(HADDR + HPAGE_SIZE, HPAGE_SIZE, MADV_DONTNEED));
	BUG_ON(!pmd_none(entry_read(pmd_of(current->mm, HADDR + HPAGE_SIZE))) || load(HADDR + HPAGE_SIZE));
}

static void mprotect_changes_the_entry_or_splits_it(void)
{
	u64 v = 1;

	map_huge();
	store(PART(1), 7);
	BUG_ON(sys_mprotect(HADDR, HPAGE_SIZE, PROT_READ) || !is_huge(current->mm, HADDR));
	BUG_ON(load(PART(1)) != 7 || user_write(PART(1), &v, 8) != SIGSEGV);
	BUG_ON(sys_mprotect(HADDR, HPAGE_SIZE, PROT_NONE) || !is_huge(current->mm, HADDR));
	BUG_ON(user_read(PART(1), &v, 8) != SIGSEGV);
	BUG_ON(sys_mprotect(HADDR, HPAGE_SIZE, PROT_READ | PROT_WRITE) || load(PART(1)) != 7);
	store(PART(1), 8);
	BUG_ON(!is_huge(current->mm, HADDR) || !pmd_dirty(entry_read(pmd_of(current->mm, HADDR))));
	BUG_ON(sys_mprotect(PART(1), PAGE_SIZE, PROT_READ) || is_huge(current->mm, HADDR));
	BUG_ON(load(PART(1)) != 8 || user_write(PART(1), &v, 8) != SIGSEGV);
	store(PART(2), 8);
}

static void mremap_moves_the_parts(void)
{
	map_huge();
	store(PART(1), 7);
	BUG_ON(sys_mremap(HADDR, HPAGE_SIZE, HPAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
			  HADDR + 4 * HPAGE_SIZE) != (long)(HADDR + 4 * HPAGE_SIZE));
	BUG_ON(load(HADDR + 4 * HPAGE_SIZE + PAGE_SIZE) != 7 || rss(current->mm) != HPAGE_NR);
}

static void a_cut_splits_what_lies_across(void)
{
	struct vm_area_struct *vma = map_range(HADDR, 2 * HPAGE_SIZE, HUGE);

	store(HADDR, 7);
	store(HADDR + HPAGE_SIZE, 7);
	split_huge_pmd_address(vma, HADDR + HPAGE_SIZE);
	BUG_ON(!is_huge(current->mm, HADDR) || !is_huge(current->mm, HADDR + HPAGE_SIZE));
	split_huge_pmd_address(vma, PART(7));
	BUG_ON(is_huge(current->mm, HADDR) || !is_huge(current->mm, HADDR + HPAGE_SIZE));
}

static void split_locked(struct page *page, int expected)
{
	int ret;

	get_page(page);
	lock_page(page);
	ret = split_huge_page(page);
	unlock_page(page);
	put_page(page);
	BUG_ON(ret != expected);
}

static void splitting_keeps_bits_and_names(void)
{
	struct page *page;
	unsigned long next;
	spinlock_t *ptl;
	pte_t pte;

	map_huge();
	store(PART(1), 7);
	page = page_at(current->mm, HADDR);
	split_locked(page, 0);
	BUG_ON(is_huge(current->mm, HADDR) || PageCompound(page) || PageCompound(page + 511));
	pte = entry_read(pte_find(current->mm, PART(511), &ptl, &next));
	BUG_ON(!pte_dirty(pte) || !pte_write(pte) || !pte_young(pte) ||
	       pte_pfn(pte) != page_to_pfn(page + 511));
	BUG_ON(pte.pte & (_PAGE_PSE | _PAGE_SPLITTING));
	BUG_ON(page[511].index != page->index + 511 || page[511].mapping != page->mapping);
	BUG_ON(!PageSwapBacked(page + 511) || page_count(page + 511) != 1 || page_mapcount(page + 511) != 1);
	split_locked(page, 0); /* it is none any more */
}

static void a_pinned_page_stays_whole(void)
{
	struct page *page, *part;
	pmd_t before;

	map_huge();
	store(PART(3), 7);
	part = pin(PART(3));
	page = compound_head(part);
	before = entry_read(pmd_of(current->mm, HADDR));
	split_locked(page, -EBUSY);
	BUG_ON(!pmd_same(entry_read(pmd_of(current->mm, HADDR)), before));
	store(PART(3), 8);
	unpin_user_page(part);
	split_locked(page, 0);
}

static void munmap_of_a_part_of_a_pinned_page(void)
{
	unsigned long before = frames_free();
	struct page *part;

	map_huge();
	store(PART(3), 7);
	part = pin(PART(3));
	BUG_ON(sys_munmap(PART(4), PAGE_SIZE));
	BUG_ON(is_huge(current->mm, HADDR) || page_at(current->mm, PART(3)) != part || !PageTail(part));
	BUG_ON(page_at(current->mm, PART(4)) || rss(current->mm) != HPAGE_NR - 1 || load(PART(3)) != 7);
	store(PART(3), 8);
	BUG_ON(page_at(current->mm, PART(3)) != part);
	unmap_all();
	BUG_ON(frames_free() == before); /* the pin has all of it */
	unpin_user_page(part);
	BUG_ON(frames_free() != before);
}

static void reclaim_splits_it(void)
{
	struct page *page;
	struct list_head pages = LIST_HEAD_INIT(pages);

	map_huge();
	store(PART(3), 7);
	page = page_at(current->mm, HADDR);
	BUG_ON(isolate_lru_page(page));
	list_add(&page->lru, &pages);
	BUG_ON(reclaim_pages(&pages) != 1 || is_huge(current->mm, HADDR) || rss(current->mm) != HPAGE_NR - 1);
	BUG_ON(!PageLRU(page_at(current->mm, PART(3))) || load(PART(3)) != 7 || load(HADDR));
}

/* ---- collapsing --------------------------------------------------------------------------------------------------- */

static void collapse_gathers_small_pages(void)
{
	unsigned long before = frames_free();

	small_pages();
	BUG_ON(collapse_huge_page(current->mm, PART(9)) || !is_huge(current->mm, HADDR));
	BUG_ON(rss(current->mm) != HPAGE_NR || load(PART(1)) != 7 || load(PART(300)) != 8 || load(PART(2)));
	BUG_ON(frames_free() != before - HPAGE_NR - 3);
	BUG_ON(collapse_huge_page(current->mm, HADDR) != -EINVAL);
	BUG_ON(sys_munmap(HADDR, PAGE_SIZE) || load(PART(1)) != 7 || load(PART(300)) != 8);
	BUG_ON(collapse_huge_page(current->mm, HADDR) != -EINVAL);
	unmap_all();
	BUG_ON(frames_free() != before);
}

static void collapse_leaves_what_others_have(void)
{
	struct vm_area_struct *vma = small_pages();
	unsigned long before = frames_free();
	struct mm_struct *child;
	struct page *page;

	page = pin(PART(300));
	BUG_ON(collapse_huge_page(current->mm, HADDR) != -EAGAIN || load(PART(1)) != 7 ||
	       load(PART(300)) != 8);
	BUG_ON(frames_free() != before || PageLocked(page_at(current->mm, PART(1))));
	unpin_user_page(page);
	page = page_at(current->mm, PART(1));
	lock_page(page);
	BUG_ON(collapse_huge_page(current->mm, HADDR) != -EAGAIN);
	unlock_page(page);
	child = fork_one();
	BUG_ON(collapse_huge_page(current->mm, HADDR) != -EAGAIN);
	process_exit(child);
	vma->vm_flags = PRIVATE;
	BUG_ON(collapse_huge_page(current->mm, HADDR) != -EINVAL);
	vma->vm_flags = HUGE;
	BUG_ON(collapse_huge_page(current->mm, HADDR));
}

HUGE_SCRIPT(where_a_vma_can_have_one)
HUGE_SCRIPT(one_fault_maps_all)
HUGE_SCRIPT(reading_maps_it_read_only_for_good)
HUGE_SCRIPT(without_a_block_pages_are_small, .config.nr_frames = 700)
HUGE_SCRIPT(tables_are_put_by)
HUGE_SCRIPT(contents_go_page_by_page)
HUGE_SCRIPT(fork_shares_it_read_only)
HUGE_SCRIPT(without_a_block_a_copy_splits_it, .config.nr_frames = 1300)
HUGE_SCRIPT(what_is_pinned_is_copied_by_fork, .cow = "anon-exclusive")
HUGE_SCRIPT(munmap_of_a_part_splits_it)
HUGE_SCRIPT(dontneed_of_a_part_splits_it_and_of_all_drops_it)
HUGE_SCRIPT(mprotect_changes_the_entry_or_splits_it)
HUGE_SCRIPT(mremap_moves_the_parts)
HUGE_SCRIPT(a_cut_splits_what_lies_across)
HUGE_SCRIPT(splitting_keeps_bits_and_names)
HUGE_SCRIPT(a_pinned_page_stays_whole)
HUGE_SCRIPT(munmap_of_a_part_of_a_pinned_page)
HUGE_SCRIPT(reclaim_splits_it, .config.lru = true, .config.swap_slots = 16, .config.io_at_once = true)
HUGE_SCRIPT(collapse_gathers_small_pages)
HUGE_SCRIPT(collapse_leaves_what_others_have)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_a_vma_can_have_one),
		cmocka_unit_test(test_one_fault_maps_all),
		cmocka_unit_test(test_reading_maps_it_read_only_for_good),
		cmocka_unit_test(test_without_a_block_pages_are_small),
		cmocka_unit_test(test_tables_are_put_by),
		cmocka_unit_test(test_contents_go_page_by_page),
		cmocka_unit_test(test_fork_shares_it_read_only),
		cmocka_unit_test(test_without_a_block_a_copy_splits_it),
		cmocka_unit_test(test_what_is_pinned_is_copied_by_fork),
		cmocka_unit_test(test_munmap_of_a_part_splits_it),
		cmocka_unit_test(test_dontneed_of_a_part_splits_it_and_of_all_drops_it),
		cmocka_unit_test(test_mprotect_changes_the_entry_or_splits_it),
		cmocka_unit_test(test_mremap_moves_the_parts),
		cmocka_unit_test(test_a_cut_splits_what_lies_across),
		cmocka_unit_test(test_splitting_keeps_bits_and_names),
		cmocka_unit_test(test_a_pinned_page_stays_whole),
		cmocka_unit_test(test_munmap_of_a_part_of_a_pinned_page),
		cmocka_unit_test(test_reclaim_splits_it),
		cmocka_unit_test(test_collapse_gathers_small_pages),
		cmocka_unit_test(test_collapse_leaves_what_others_have),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
