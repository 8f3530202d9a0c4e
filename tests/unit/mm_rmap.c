// SPDX-License-Identifier: MIT
/* mm_rmap.c - from pages to ptes: counts, families of vmas, what is asked, cleaned and replaced at the ptes */
#include "machine.h"

#include "hw/mmu.h"
#include "mm/protocols/cow.h"

static const struct script_machine plain = { .config = { .io_at_once = true } };
static const struct script_machine swaps = { .config = { .io_at_once = true, .lru = true, .swap_slots = 16 } };

static unsigned list_length(const struct list_head *head)
{
	unsigned n = 0;

	for (const struct list_head *l = head->next; l != head; l = l->next)
		n++;
	return n;
}

static void map_anon(unsigned pages)
{
	BUG_ON(vm_mmap(ADDR, pages, MAPPED_PRIVATE, -1, 0));
	for (unsigned i = 0; i < pages; i++)
		BUG_ON(vm_store(ADDR + i * VM_PAGE, i + 1));
}

static void pages_count_their_ptes(void)
{
	struct mm_struct *child;
	struct page *page;

	map_anon(1);
	page = page_of(ADDR);
	BUG_ON(page_mapcount(page) != 1 || !PageAnon(page) || !PageSwapBacked(page));
	BUG_ON(page_anon_vma(page) != vma_of(ADDR)->anon_vma ||
	       page->index != linear_page_index(vma_of(ADDR), ADDR));
	child = fork_here();
	BUG_ON(page_mapcount(page) != 2);
	process_exit(child);
	BUG_ON(page_mapcount(page) != 1 || page_count(page) != 1);
}

static void files_pages_count_their_ptes(void)
{
	struct page *page;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0) || vm_touch(ADDR));
	BUG_ON(vm_mmap(ADDR + VM_PAGE, 1, MAPPED_SHARED, DATA, 0) || vm_touch(ADDR + VM_PAGE));
	page = page_of(ADDR);
	BUG_ON(page_mapcount(page) != 2 || PageAnon(page));
	page_remove_rmap(page);
	BUG_ON(page_mapcount(page) != 1);
	page_dup_rmap(page);
	BUG_ON(page_mapcount(page) != 2);
}

static void a_pte_too_few_is_removed(void)
{
	struct page *page = alloc_page();

	page_remove_rmap(page);
}

static void neighbours_share_an_anon_vma(void)
{
	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0) || vm_mmap(ADDR + VM_PAGE, 1, MAPPED_PRIVATE, -1, 0));
	BUG_ON(vm_mmap(ADDR + 3 * VM_PAGE, 1, MAPPED_PRIVATE, -1, 0));
	BUG_ON(vm_store(ADDR, 1) || vm_store(ADDR + VM_PAGE, 1) || vm_store(ADDR + 3 * VM_PAGE, 1));
	BUG_ON(vma_of(ADDR)->anon_vma != vma_of(ADDR + VM_PAGE)->anon_vma);
	BUG_ON(vma_of(ADDR)->anon_vma == vma_of(ADDR + 3 * VM_PAGE)->anon_vma);
	BUG_ON(anon_vma_prepare(vma_of(ADDR)));
}

static void families_come_and_go(void)
{
	struct anon_vma *anon_vma;
	struct mm_struct *child;

	map_anon(1);
	anon_vma = vma_of(ADDR)->anon_vma;
	BUG_ON(this_machine->slab.live[SLAB_ANON_VMA] != 1 || list_length(&anon_vma->head) != 1);
	child = fork_here();
	BUG_ON(list_length(&anon_vma->head) != 2);
	BUG_ON(anon_vma->head.next != &vma_of(ADDR)->anon_vma_node); /* parents come first */
	process_exit(child);
	BUG_ON(list_length(&anon_vma->head) != 1);
	BUG_ON(vm_munmap(ADDR, 1));
	BUG_ON(this_machine->slab.live[SLAB_ANON_VMA] || !list_empty(&anon_vma->head));
	spin_lock(&anon_vma->lock); /* who comes too late */
	spin_unlock(&anon_vma->lock);
	map_anon(1);
	BUG_ON(vma_of(ADDR)->anon_vma != anon_vma || list_length(&anon_vma->head) != 1);
}

static void an_unmapped_page_has_no_family(void)
{
	struct anon_vma *anon_vma;
	struct page *page;

	map_anon(1);
	page = page_of(ADDR);
	anon_vma = page_lock_anon_vma(page);
	BUG_ON(anon_vma != vma_of(ADDR)->anon_vma || !spin_is_locked(&anon_vma->lock));
	page_unlock_anon_vma(anon_vma);
	BUG_ON(spin_is_locked(&anon_vma->lock));
	get_page(page);
	BUG_ON(vm_munmap(ADDR, 1) || page_lock_anon_vma(page));
	put_page(page);
	might_sleep(); /* outside of RCU */
}

static void vmas_say_where_a_page_would_be(void)
{
	struct page page = { .index = 0 };
	struct vm_area_struct *vma;

	BUG_ON(vm_mmap(ADDR, 2, MAPPED_SHARED, DATA, 1));
	vma = vma_of(ADDR);
	BUG_ON(vma_address(&page, vma) != (unsigned long)-EFAULT);
	page.index = 1;
	BUG_ON(vma_address(&page, vma) != ADDR);
	page.index = 2;
	BUG_ON(vma_address(&page, vma) != ADDR + VM_PAGE);
	page.index = 3;
	BUG_ON(vma_address(&page, vma) != (unsigned long)-EFAULT);
}

static void the_pte_of_a_page_is_found_locked(void)
{
	struct page *page;
	spinlock_t *ptl;
	pte_t *pte;

	map_anon(2);
	page = page_of(ADDR);
	pte = page_check_address(page, current->mm, ADDR, &ptl);
	BUG_ON(!pte || !spin_is_locked(ptl) || pte_pfn(entry_read(pte)) != page_to_pfn(page));
	spin_unlock(ptl);
	BUG_ON(page_check_address(page, current->mm, ADDR + VM_PAGE, &ptl));
	BUG_ON(page_check_address(page, current->mm, ADDR + (1ul << 40), &ptl));
}

static void references_are_counted_once(void)
{
	struct mm_struct *child, *parent = current->mm;
	struct page *page;

	map_anon(1);
	page = page_of(ADDR);
	lock_page(page);
	BUG_ON(page_referenced(page) != 1 || page_referenced(page));
	BUG_ON(vm_touch(ADDR) || page_referenced(page) != 1);
	child = fork_here();
	BUG_ON(page_referenced(page)); /* fork is no use */
	act_as(child);
	BUG_ON(vm_touch(ADDR));
	act_as(parent);
	BUG_ON(vm_touch(ADDR) || page_referenced(page) != 2 || page_referenced(page));
	vma_of(ADDR)->vm_flags |= VM_SEQ_READ;
	BUG_ON(vm_touch(ADDR) || page_referenced(page));
	unlock_page(page);
	process_exit(child);
}

static void cleaning_asks_every_shared_mapping(void)
{
	struct page *page;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0) || vm_store(ADDR, 7));
	page = page_of(ADDR);
	lock_page(page);
	BUG_ON(!pte_dirty(pte_of(ADDR)) || page_mkclean(page) != 1);
	BUG_ON(pte_dirty(pte_of(ADDR)) || pte_write(pte_of(ADDR)) || page_mkclean(page));
	unlock_page(page);
	BUG_ON(vm_store(ADDR, 8) || !pte_dirty(pte_of(ADDR)));
	lock_page(page);
	BUG_ON(page_mkclean(page) != 1);
	unlock_page(page);
}

static void private_mappings_are_not_cleaned(void)
{
	struct page *page;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_PRIVATE, DATA, 0) || vm_touch(ADDR));
	page = page_of(ADDR);
	lock_page(page);
	BUG_ON(page_mkclean(page));
	unlock_page(page);
}

static int unmap(struct page *page)
{
	int ret;

	get_page(page);
	lock_page(page);
	ret = try_to_unmap(page, TTU_UNMAP);
	unlock_page(page);
	put_page(page);
	return ret;
}

static void a_files_page_is_unmapped_everywhere(void)
{
	struct page *page;
	u64 v;

	BUG_ON(vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0) ||
	       vm_mmap(ADDR + VM_PAGE, 1, MAPPED_PRIVATE, DATA, 0));
	BUG_ON(vm_touch(ADDR) || vm_touch(ADDR + VM_PAGE));
	page = page_of(ADDR);
	BUG_ON(page != page_of(ADDR + VM_PAGE) || PageDirty(page) || rss(MM_FILEPAGES) != 2);
	BUG_ON(vm_store(ADDR, 7));
	test_clear_page_dirty(page);
	BUG_ON(unmap(page) != SWAP_SUCCESS);
	BUG_ON(page_mapped(page) || page_count(page) != 1 || !PageDirty(page) || rss(MM_FILEPAGES));
	BUG_ON(!pte_none(pte_of(ADDR)) || !pte_none(pte_of(ADDR + VM_PAGE)));
	BUG_ON(vm_load(ADDR + VM_PAGE, &v) || v != 7);
}

static void a_locked_vma_keeps_its_page(void)
{
	BUG_ON(vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0) || vm_touch(ADDR));
	vma_of(ADDR)->vm_flags |= VM_LOCKED;
	BUG_ON(unmap(page_of(ADDR)) != SWAP_MLOCK || !page_of(ADDR));
	vma_of(ADDR)->vm_flags &= ~VM_LOCKED;
}

static void a_page_without_a_slot_stays(void)
{
	map_anon(1);
	BUG_ON(unmap(page_of(ADDR)) != SWAP_FAIL || !page_of(ADDR) || !pte_dirty(pte_of(ADDR)));
}

/* What was stored before MADV_FREE is clean: pte and page. */
static struct page *lazyfree(unsigned long addr)
{
	struct page *page = page_of(addr);
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(current->mm, addr, &ptl, &next);

	spin_lock(ptl);
	set_pte(pte, pte_mkclean(ptep_get_and_clear(pte)));
	flush_tlb_page(vma_of(addr), addr);
	spin_unlock(ptl);
	test_clear_page_dirty(page);
	mark_page_lazyfree(page);
	BUG_ON(PageSwapBacked(page));
	return page;
}

static void a_lazily_freed_page_goes_if_it_is_clean(void)
{
	struct page *page;
	u64 v = 1;

	map_anon(1);
	page = lazyfree(ADDR);
	BUG_ON(unmap(page) != SWAP_SUCCESS || !pte_none(pte_of(ADDR)) || rss(MM_ANONPAGES) ||
	       rss(MM_SWAPENTS));
	BUG_ON(vm_load(ADDR, &v) || v);
}

static void a_lazily_freed_page_that_was_stored_to_stays(void)
{
	struct page *page;
	u64 v = 0;

	map_anon(1);
	page = lazyfree(ADDR);
	BUG_ON(vm_store(ADDR, 7));
	BUG_ON(unmap(page) != SWAP_FAIL || !PageSwapBacked(page) || page_of(ADDR) != page);
	BUG_ON(vm_load(ADDR, &v) || v != 7);
}

static void a_lazily_freed_page_that_somebody_has_stays(void)
{
	struct page *page;

	map_anon(1);
	page = lazyfree(ADDR);
	get_page(page);
	BUG_ON(unmap(page) != SWAP_FAIL || page_of(ADDR) != page || PageSwapBacked(page));
	put_page(page);
}

static void a_nonlinear_mapping_keeps_the_index(void)
{
	struct vm_area_struct *vma;
	struct address_space *mapping;
	unsigned long next;
	struct page *page;
	spinlock_t *ptl;
	pte_t *pte;
	u64 v;

	BUG_ON(vm_mmap(ADDR, 3, MAPPED_SHARED, DATA, 0) || vm_touch(ADDR + 2 * VM_PAGE));
	vma = vma_of(ADDR);
	mapping = vma->vm_file->f_mapping;
	page = page_of(ADDR + 2 * VM_PAGE);
	spin_lock(&mapping->i_mmap_lock);
	interval_tree_remove(&vma->shared, &mapping->i_mmap);
	list_add(&vma->nonlinear, &mapping->i_mmap_nonlinear);
	vma->vm_flags |= VM_NONLINEAR;
	spin_unlock(&mapping->i_mmap_lock);
	pte = pte_find(current->mm, ADDR, &ptl, &next);
	spin_lock(ptl);
	set_pte(pte, ptep_get_and_clear(pte + 2));
	flush_tlb_page(vma, ADDR + 2 * VM_PAGE);
	spin_unlock(ptl);
	BUG_ON(vm_load(ADDR, &v) || v != WORD(2));
	BUG_ON(unmap(page) != SWAP_SUCCESS);
	BUG_ON(!pte_file(pte_of(ADDR)) || pte_to_pgoff(pte_of(ADDR)) != 2);
	BUG_ON(vm_load(ADDR, &v) || v != WORD(2));
	BUG_ON(unmap(page) != SWAP_SUCCESS);
	set_pte(pte, (pte_t){ 0 });
	spin_lock(&mapping->i_mmap_lock);
	list_del(&vma->nonlinear);
	interval_tree_insert(&vma->shared, &mapping->i_mmap);
	vma->vm_flags &= ~VM_NONLINEAR;
	spin_unlock(&mapping->i_mmap_lock);
}

static bool never(struct page *page)
{
	return false;
}

static void protocols_may_refuse(void)
{
	struct cow_protocol refuses = *this_machine->cow;
	const struct cow_protocol *old = this_machine->cow;
	struct page *page;

	refuses.may_unmap = never;
	BUG_ON(vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0) || vm_touch(ADDR));
	page = page_of(ADDR);
	this_machine->cow = &refuses;
	BUG_ON(unmap(page) != SWAP_FAIL || page_of(ADDR) != page);
	this_machine->cow = old;
	BUG_ON(unmap(page) != SWAP_SUCCESS);
}

static void exclusive_pages_say_so(void)
{
	struct cow_protocol exclusive = *this_machine->cow;
	const struct cow_protocol *old = this_machine->cow;
	struct page *page;

	exclusive.exclusive = true;
	this_machine->cow = &exclusive;
	map_anon(1);
	page = page_of(ADDR);
	BUG_ON(!PageAnonExclusive(page));
	ClearPageAnonExclusive(page);
	page_move_anon_rmap(page, vma_of(ADDR), ADDR);
	BUG_ON(!PageAnonExclusive(page) || page_anon_vma(page) != vma_of(ADDR)->anon_vma);
	get_page(page);
	lock_page(page);
	BUG_ON(!add_to_swap(page));
	atomic_add(GUP_PIN_COUNTING_BIAS, &page->_count);
	BUG_ON(try_to_unmap(page, TTU_UNMAP) != SWAP_FAIL || !PageAnonExclusive(page) ||
	       page_of(ADDR) != page);
	atomic_add(-GUP_PIN_COUNTING_BIAS, &page->_count);
	BUG_ON(try_to_unmap(page, TTU_UNMAP) != SWAP_SUCCESS || PageAnonExclusive(page));
	BUG_ON(!is_swap_entry(pte_of(ADDR)) || !pte_swp_exclusive(pte_of(ADDR)));
	unlock_page(page);
	put_page(page);
	this_machine->cow = old;
}

SCRIPT_ON(&plain, pages_count_their_ptes)
SCRIPT_ON(&plain, files_pages_count_their_ptes)
SCRIPT_FAILS(&plain, a_pte_too_few_is_removed, "bad-mapcount")
SCRIPT_ON(&plain, neighbours_share_an_anon_vma)
SCRIPT_ON(&plain, families_come_and_go)
SCRIPT_ON(&plain, an_unmapped_page_has_no_family)
SCRIPT_ON(&plain, vmas_say_where_a_page_would_be)
SCRIPT_ON(&plain, the_pte_of_a_page_is_found_locked)
SCRIPT_ON(&plain, references_are_counted_once)
SCRIPT_ON(&plain, cleaning_asks_every_shared_mapping)
SCRIPT_ON(&plain, private_mappings_are_not_cleaned)
SCRIPT_ON(&plain, a_files_page_is_unmapped_everywhere)
SCRIPT_ON(&plain, a_locked_vma_keeps_its_page)
SCRIPT_ON(&plain, a_page_without_a_slot_stays)
SCRIPT_ON(&plain, a_lazily_freed_page_goes_if_it_is_clean)
SCRIPT_ON(&plain, a_lazily_freed_page_that_was_stored_to_stays)
SCRIPT_ON(&plain, a_lazily_freed_page_that_somebody_has_stays)
SCRIPT_ON(&plain, a_nonlinear_mapping_keeps_the_index)
SCRIPT_ON(&plain, protocols_may_refuse)
SCRIPT_ON(&swaps, exclusive_pages_say_so)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_count_their_ptes),
		cmocka_unit_test(test_files_pages_count_their_ptes),
		cmocka_unit_test(test_a_pte_too_few_is_removed),
		cmocka_unit_test(test_neighbours_share_an_anon_vma),
		cmocka_unit_test(test_families_come_and_go),
		cmocka_unit_test(test_an_unmapped_page_has_no_family),
		cmocka_unit_test(test_vmas_say_where_a_page_would_be),
		cmocka_unit_test(test_the_pte_of_a_page_is_found_locked),
		cmocka_unit_test(test_references_are_counted_once),
		cmocka_unit_test(test_cleaning_asks_every_shared_mapping),
		cmocka_unit_test(test_private_mappings_are_not_cleaned),
		cmocka_unit_test(test_a_files_page_is_unmapped_everywhere),
		cmocka_unit_test(test_a_locked_vma_keeps_its_page),
		cmocka_unit_test(test_a_page_without_a_slot_stays),
		cmocka_unit_test(test_a_lazily_freed_page_goes_if_it_is_clean),
		cmocka_unit_test(test_a_lazily_freed_page_that_was_stored_to_stays),
		cmocka_unit_test(test_a_lazily_freed_page_that_somebody_has_stays),
		cmocka_unit_test(test_a_nonlinear_mapping_keeps_the_index),
		cmocka_unit_test(test_protocols_may_refuse),
		cmocka_unit_test(test_exclusive_pages_say_so),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
