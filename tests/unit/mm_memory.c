// SPDX-License-Identifier: MIT
/* mm_memory.c - taking mappings away: gathers, zaps of every kind of pte, walks over the mappings of a file */
#include "machine.h"

static swp_entry_t entry_of(unsigned long addr)
{
	return pte_to_swp_entry(pte_of(addr));
}

static void zap(unsigned long addr, unsigned pages, const struct zap_details *details)
{
	const struct zap_details all = { .check_mapping = NULL };

	down_read(&current->mm->mmap_sem);
	zap_page_range(vma_of(addr), addr, addr + pages * P, details ? details : &all);
	up_read(&current->mm->mmap_sem);
}

/* ---- the gather ------------------------------------------------------------------------------------------------- */

static void pages_go_when_the_gather_is_flushed(void)
{
	unsigned long before = frames_free();
	struct mmu_gather tlb;

	tlb_gather_init(&tlb, current->mm);
	BUG_ON(tlb.nr || tlb.end || tlb_full(&tlb));
	for (unsigned i = 0; i < GATHER_PAGES; i++)
		tlb_remove_page(&tlb, alloc_page(), B + i * P);
	BUG_ON(frames_free() != before - GATHER_PAGES || tlb.start != B || tlb.end != B + GATHER_PAGES * P);
	tlb_note_flush(&tlb, B - P, P);
	tlb_note_flush(&tlb, B + 20 * P, 2 * P);
	BUG_ON(tlb.start != B - P || tlb.end != B + 22 * P);
	BUG_ON(tlb_full(&tlb) || !tlb.batch || tlb.max != GATHER_BATCH || tlb.nr != GATHER_PAGES);
	tlb_remove_page(&tlb, alloc_page(), B);
	BUG_ON(frames_free() != before - GATHER_PAGES - 2);
	tlb_finish_mmu(&tlb);
	BUG_ON(frames_free() != before || tlb.end || tlb.nr);
}

static void a_gather_without_memory_is_flushed_early(void)
{
	struct page *pages[GATHER_PAGES + 1], *pile;
	struct mmu_gather tlb;

	for (unsigned i = 0; i <= GATHER_PAGES; i++)
		pages[i] = alloc_page();
	pile = take_frames();
	tlb_gather_init(&tlb, current->mm);
	for (unsigned i = 0; i < GATHER_PAGES; i++)
		tlb_remove_page(&tlb, pages[i], B);
	BUG_ON(!tlb_full(&tlb) || frames_free());
	tlb_remove_page(&tlb, pages[GATHER_PAGES], B + P);
	BUG_ON(frames_free() != GATHER_PAGES || tlb.nr != 1 || tlb.start != B + P);
	tlb_finish_mmu(&tlb);
	BUG_ON(frames_free() != GATHER_PAGES + 1);
	give_frames(pile);
}

static void big_ranges_go_in_batches(void)
{
	unsigned long before = frames_free();
	struct page *pile;

	anon(0, GATHER_BATCH + 100, RW);
	for (unsigned i = 0; i < GATHER_BATCH + 100; i++)
		put(i, i);
	BUG_ON(rss(MM_ANONPAGES) != GATHER_BATCH + 100);
	zap(B + P, GATHER_BATCH + 98, NULL);
	BUG_ON(rss(MM_ANONPAGES) != 2 || get(0) != 0 || get(GATHER_BATCH + 99) != GATHER_BATCH + 99);
	for (unsigned i = 1; i < 30; i++)
		put(i, i);
	pile = take_frames();
	zap(B, GATHER_BATCH + 100, NULL);
	BUG_ON(rss(MM_ANONPAGES) || frames_free() != 31);
	give_frames(pile);
	BUG_ON(sys_munmap(B, (GATHER_BATCH + 100) * P) || frames_free() != before);
}

/* ---- zaps ----------------------------------------------------------------------------------------------------------- */

static void kinds_of_anonymous_ptes(void)
{
	const struct zap_details keep = { .keep_markers = true };
	unsigned slots;

	anon(0, 6, RW);
	slots = this_machine->swap.nr_free;
	BUG_ON(touch(0)); /* the zero page */
	put(1, 1);
	put(2, 2);
	BUG_ON(sys_madvise(B + 2 * P, P, MADV_PAGEOUT) || !is_swap_entry(pte_of(B + 2 * P)));
	BUG_ON(sys_madvise(B + 3 * P, P, MADV_GUARD_INSTALL) || !is_pte_marker(pte_of(B + 3 * P)));
	BUG_ON(rss(MM_ANONPAGES) != 1 || rss(MM_SWAPENTS) != 1 || this_machine->swap.nr_free != slots - 1);
	zap(B, 6, &keep);
	BUG_ON(present(B) || present(B + P) || !pte_none(pte_of(B + 2 * P)) || !is_pte_marker(pte_of(B + 3 * P)));
	BUG_ON(rss(MM_ANONPAGES) || rss(MM_SWAPENTS) || this_machine->swap.nr_free != slots);
	zap(B, 6, NULL);
	BUG_ON(!pte_none(pte_of(B + 3 * P)) || touch(3));
	BUG_ON(get(1) || get(2));
}

/* A page that is moving: its entry counts as the page does, and whoever moves it has the reference. */
static void an_entry_of_a_moving_page_goes(void)
{
	unsigned long next;
	struct page *page;
	spinlock_t *ptl;
	pte_t *pte;

	anon(0, 1, RW);
	put(0, 1);
	page = page_of(B);
	get_page(page);
	pte = pte_find(current->mm, B, &ptl, &next);
	observe_revoke_begin(current->mm);
	spin_lock(ptl);
	set_pte(pte, swp_entry_to_pte(swp_entry(SWP_MIGRATION_WRITE, page_to_pfn(page))));
	page_remove_rmap(page);
	spin_unlock(ptl);
	flush_tlb_mm(current->mm);
	observe_revoke_end(current->mm);
	zap(B, 1, NULL);
	BUG_ON(!pte_none(pte_of(B)) || rss(MM_ANONPAGES) || page_count(page) != 2);
	put_page(page);
	put_page(page);
}

static void dirty_and_young_go_to_the_page(void)
{
	struct page *page;

	mapped(0, 2, RW, MAP_SHARED);
	BUG_ON(touch(0) || touch(1));
	page = page_of(B);
	BUG_ON(PageDirty(page) || rss(MM_FILEPAGES) != 2);
	put(0, 7); /* D only: the protocol lets stores go to clean pages */
	BUG_ON(PageDirty(page) || !pte_dirty(pte_of(B)));
	clear_bit(PG_referenced, &page->flags);
	zap(B, 2, NULL);
	BUG_ON(!PageDirty(page) || !PageReferenced(page) || page_mapcount(page) || page_count(page) != 1);
	page = find_get_page(FILE_DATA->f_mapping, 1);
	BUG_ON(rss(MM_FILEPAGES) || PageDirty(page) || page_count(page) != 2);
	put_page(page);
	BUG_ON(get(0) != 7);
}

/* ---- the mappings of a file ------------------------------------------------------------------------------------------- */

/* Page 0: the file's own, 1: a copy, 2: a copy on swap; mapped at B and at B + 8 pages, the second shared. */
static void file_of_three(void)
{
	mapped(0, 3, RW, MAP_PRIVATE);
	mapped(8, 3, RW, MAP_SHARED);
	BUG_ON(touch(0) || touch(8) || touch(9) || touch(10));
	put(1, 1);
	put(2, 2);
	BUG_ON(sys_madvise(B + 2 * P, P, MADV_PAGEOUT) || !is_swap_entry(pte_of(B + 2 * P)));
}

static void copies_stay_or_go(void)
{
	struct address_space *mapping = FILE_DATA->f_mapping;

	file_of_three();
	unmap_mapping_range(mapping, 0, 0, false);
	BUG_ON(present(B) || !present(B + P) || !is_swap_entry(pte_of(B + 2 * P)));
	BUG_ON(present(B + 8 * P) || present(B + 9 * P) || present(B + 10 * P));
	BUG_ON(rss(MM_FILEPAGES) || rss(MM_ANONPAGES) != 1 || rss(MM_SWAPENTS) != 1);
	BUG_ON(swap_count(entry_of(B + 2 * P)) < 1);
	unmap_mapping_range(mapping, 0, 0, true);
	BUG_ON(present(B + P) || !pte_none(pte_of(B + 2 * P)) || rss(MM_ANONPAGES) || rss(MM_SWAPENTS));
	BUG_ON(get(1) != WORD(1) || get(2) != WORD(2));
}

static void ranges_are_rounded_outwards(void)
{
	struct address_space *mapping = FILE_DATA->f_mapping;

	mapped(0, 3, RW, MAP_SHARED);
	BUG_ON(touch(0) || touch(1) || touch(2));
	unmap_mapping_range(mapping, P, P, false);
	BUG_ON(!present(B) || present(B + P) || !present(B + 2 * P));
	BUG_ON(touch(1));
	unmap_mapping_range(mapping, P + 8, 8, false);
	BUG_ON(!present(B) || present(B + P) || !present(B + 2 * P));
	BUG_ON(touch(1));
	unmap_mapping_range(mapping, P, P + 1, false);
	BUG_ON(!present(B) || present(B + P) || present(B + 2 * P));
	BUG_ON(touch(1) || touch(2));
	unmap_mapping_range(mapping, P, 0, false);
	BUG_ON(!present(B) || present(B + P) || present(B + 2 * P));
	unmap_mapping_range(mapping, 4 * P, 0, false);
	BUG_ON(!present(B));
}

/* A vma of the file's last two pages: what is unmapped lies where the vma has it. */
static void mappings_that_begin_later(void)
{
	BUG_ON(sys_mmap(B, 2 * P, RW, MAP_SHARED | FX, FILE_DATA, 1) != (long)B);
	BUG_ON(touch(0) || touch(1));
	unmap_mapping_range(FILE_DATA->f_mapping, 0, P, false);
	BUG_ON(!present(B) || !present(B + P));
	unmap_mapping_range(FILE_DATA->f_mapping, P, P, false);
	BUG_ON(present(B) || !present(B + P));
	unmap_mapping_range(FILE_DATA->f_mapping, 0, 3 * P, false);
	BUG_ON(present(B + P));
}

static void nonlinear_mappings_remember(void)
{
	struct address_space *mapping = FILE_DATA->f_mapping;
	struct file *file = FILE_DATA;

	BUG_ON(sys_mmap(B, 3 * P, RW, MAP_SHARED | FX, file, 0) != (long)B);
	BUG_ON(sys_remap_file_pages(B, P, 0, 2, 0));
	if (!(vma_of(B)->vm_flags & VM_NONLINEAR))
		return; /* done as a mapping of its own: 4.0 on */
	BUG_ON(get(0) != WORD(2) || get(1) != WORD(1));
	unmap_mapping_range(mapping, 0, P, false);
	BUG_ON(!present(B) || !present(B + P));
	unmap_mapping_range(mapping, 2 * P, P, false);
	BUG_ON(!pte_file(pte_of(B)) || pte_to_pgoff(pte_of(B)) != 2 || !present(B + P));
	BUG_ON(get(0) != WORD(2));
	unmap_mapping_range(mapping, 0, 0, false);
	BUG_ON(!pte_file(pte_of(B)) || !pte_none(pte_of(B + P)));
	zap(B, 3, NULL);
	BUG_ON(!pte_none(pte_of(B)));
}

static void what_a_pte_shows(void)
{
	struct page *to, *from;
	u64 v = 7, w = 0;

	anon(0, 2, RW);
	BUG_ON(touch(0));
	put(1, 1);
	BUG_ON(vm_normal_page(vma_of(B), B, pte_of(B)));
	BUG_ON(vm_normal_page(vma_of(B), B + P, pte_of(B + P)) != page_of(B + P));
	to = alloc_page();
	from = alloc_zeroed_page();
	content_write((u8 *)page_address(from) + P - 8, &v, 8);
	copy_user_page(to, from);
	content_read(&w, (u8 *)page_address(to) + P - 8, 8);
	BUG_ON(w != 7);
	put_page(to);
	put_page(from);
}

/* Without a flush in between: several ranges in one gather. */
static void ranges_share_a_gather(void)
{
	const struct zap_details all = { .check_mapping = NULL };
	unsigned long before;
	struct mmu_gather tlb;

	anon(0, 4, RW);
	for (unsigned i = 0; i < 4; i++)
		put(i, i);
	before = frames_free();
	down_read(&current->mm->mmap_sem);
	tlb_gather_init(&tlb, current->mm);
	observe_revoke_begin(current->mm);
	unmap_vma_range(&tlb, vma_of(B), B, B + P, &all);
	unmap_vma_range(&tlb, vma_of(B), B + 3 * P, B + 4 * P, &all);
	BUG_ON(present(B) || present(B + 3 * P) || !present(B + P) || frames_free() != before);
	tlb_finish_mmu(&tlb);
	observe_revoke_end(current->mm);
	up_read(&current->mm->mmap_sem);
	BUG_ON(frames_free() != before + 2 || get(1) != 1);
}

static void references_go_together(void)
{
	struct page *pages[3] = { alloc_page(), alloc_page(), alloc_page() }, *kept = pages[1];
	unsigned long before = frames_free();

	get_page(kept);
	release_pages(pages, 3);
	BUG_ON(frames_free() != before + 2 || page_count(kept) != 1);
	pages[0] = kept;
	free_pages_and_swap_cache(pages, 1);
	BUG_ON(frames_free() != before + 3);
}

static const struct script_machine usual = { .config = { .lru = true, .swap_slots = 8, .io_at_once = true } };
static const struct script_machine by_pte = { .config = { .lru = true, .io_at_once = true }, .dirty = "pte" };
static const struct script_machine big = { .config = { .io_at_once = true, .nr_frames = 3 * HPAGE_NR } };
SCRIPT_ON(&usual, pages_go_when_the_gather_is_flushed)
SCRIPT_ON(&usual, a_gather_without_memory_is_flushed_early)
SCRIPT_ON(&big, big_ranges_go_in_batches)
SCRIPT_ON(&usual, kinds_of_anonymous_ptes)
SCRIPT_ON(&usual, an_entry_of_a_moving_page_goes)
SCRIPT_ON(&by_pte, dirty_and_young_go_to_the_page)
SCRIPT_ON(&usual, copies_stay_or_go)
SCRIPT_ON(&usual, ranges_are_rounded_outwards)
SCRIPT_ON(&usual, mappings_that_begin_later)
SCRIPT_ON(&by_pte, nonlinear_mappings_remember)
SCRIPT_ON(&usual, what_a_pte_shows)
SCRIPT_ON(&usual, ranges_share_a_gather)
SCRIPT_ON(&usual, references_go_together)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_go_when_the_gather_is_flushed),
		cmocka_unit_test(test_a_gather_without_memory_is_flushed_early),
		cmocka_unit_test(test_big_ranges_go_in_batches),
		cmocka_unit_test(test_kinds_of_anonymous_ptes),
		cmocka_unit_test(test_an_entry_of_a_moving_page_goes),
		cmocka_unit_test(test_dirty_and_young_go_to_the_page),
		cmocka_unit_test(test_copies_stay_or_go),
		cmocka_unit_test(test_ranges_are_rounded_outwards),
		cmocka_unit_test(test_mappings_that_begin_later),
		cmocka_unit_test(test_nonlinear_mappings_remember),
		cmocka_unit_test(test_what_a_pte_shows),
		cmocka_unit_test(test_ranges_share_a_gather),
		cmocka_unit_test(test_references_go_together),
	};

	return RUN_TESTS(tests, argc, argv);
}
