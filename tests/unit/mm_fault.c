// SPDX-License-Identifier: MIT
/* mm_fault.c - one fault at a time: which pte it sets, what it counts, whose page it maps */
#include "machine.h"

#include "mm/protocols/around.h"

static int fault(unsigned long addr, unsigned flags)
{
	int ret;

	down_read(&current->mm->mmap_sem);
	ret = handle_mm_fault(current->mm, vma_of(addr), addr, flags);
	up_read(&current->mm->mmap_sem);
	return ret;
}

static bool counts(int anon_pages, int file_pages, int shmem, int entries)
{
	return rss(MM_ANONPAGES) == anon_pages && rss(MM_FILEPAGES) == file_pages &&
	       rss(MM_SHMEMPAGES) == shmem && rss(MM_SWAPENTS) == entries;
}

static void set_entry(unsigned long addr, pte_t pte)
{
	spinlock_t *ptl;

	set_pte(pte_alloc_map(current->mm, addr, &ptl), pte);
}

/* ---- anonymous memory ------------------------------------------------------------------------------------------- */

static void reads_show_the_zero_page(void)
{
	unsigned long before;
	pte_t pte;

	anon(0, 2, RW);
	BUG_ON(touch(0));
	pte = pte_of(B);
	BUG_ON(!shows_zero_page(B) || !pte_special(pte) || pte_write(pte) || pte_dirty(pte) ||
	       !pte_young(pte));
	BUG_ON(!counts(0, 0, 0, 0) || faults() != 1 || vma_of(B)->anon_vma);
	before = frames_free();
	put(0, 1);
	pte = pte_of(B);
	BUG_ON(shows_zero_page(B) || pte_special(pte) || !pte_write(pte) || !pte_dirty(pte));
	BUG_ON(!counts(1, 0, 0, 0) || faults() != 2 || frames_free() != before - 1);
	BUG_ON(load(B + 8) || page_count(pfn_to_page(zero_pfn())) < 1);
}

static void stores_get_a_page_at_once(void)
{
	struct page *page;

	anon(0, 2, RW);
	put(0, 1);
	page = page_of(B);
	BUG_ON(!pte_write(pte_of(B)) || !pte_dirty(pte_of(B)) || !pte_young(pte_of(B)) || faults() != 1);
	BUG_ON(!PageAnon(page) || !PageAnonExclusive(page) || page_mapcount(page) != 1 ||
	       page->index != B >> PAGE_SHIFT);
	BUG_ON(!vma_of(B)->anon_vma || !counts(1, 0, 0, 0) || !PageLRU(page));
	BUG_ON(fault(B, FAULT_FLAG_WRITE) != VM_FAULT_MINOR || page_of(B) != page); /* in vain, and counted */
	BUG_ON(faults() != 2 || current->maj_flt);
}

static void populated_but_read_only(void)
{
	anon(0, 1, PROT_READ);
	BUG_ON(fault(B, FAULT_FLAG_WRITE) != VM_FAULT_MINOR); /* as FOLL_FORCE does */
	BUG_ON(shows_zero_page(B) || pte_write(pte_of(B)) || !pte_dirty(pte_of(B)) || !counts(1, 0, 0, 0));
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static void private_pages_of_a_file(void)
{
	struct page *page;

	mapped(0, 3, RW, MAP_PRIVATE);
	BUG_ON(touch(0) || present(B + P)); /* nothing else was cached */
	page = page_of(B);
	BUG_ON(PageAnon(page) || pte_write(pte_of(B)) || page_mapcount(page) != 1 || !counts(0, 1, 0, 0));
	BUG_ON(vma_of(B)->anon_vma);
	put(0, 1);
	BUG_ON(page_of(B) == page || !PageAnon(page_of(B)) || page_mapped(page) || !counts(1, 0, 0, 0));
	BUG_ON(PageDirty(page) || load(B + 8) != file_initial_word(DATA, 8));
	put(1, 2); /* a copy at once */
	BUG_ON(!counts(2, 0, 0, 0) || !pte_write(pte_of(B + P)) || !cached(FILE_DATA, 1));
	BUG_ON(load(B + P + 8) != file_initial_word(DATA, P + 8));
	BUG_ON(touch(2) || faults() != 4);
}

static void shared_pages_are_noticed_when_written(void)
{
	u32 mtime = FILE_DATA->f_inode->i_mtime;
	struct page *page;

	mapped(0, 3, RW, MAP_SHARED);
	BUG_ON(touch(0));
	page = page_of(B);
	BUG_ON(pte_write(pte_of(B)) || PageDirty(page) || FILE_DATA->f_inode->i_mtime != mtime);
	put(0, 1);
	BUG_ON(page_of(B) != page || !pte_write(pte_of(B)) || !PageDirty(page) || PageLocked(page));
	BUG_ON(FILE_DATA->f_inode->i_mtime != mtime + 1 || !counts(0, 1, 0, 0) || page_count(page) != 2);
	put(1, 1); /* at once */
	BUG_ON(!pte_write(pte_of(B + P)) || !PageDirty(page_of(B + P)) || PageLocked(page_of(B + P)));
	BUG_ON(FILE_DATA->f_inode->i_mtime != mtime + 2 || faults() != 3);
}

static void shared_pages_are_written_at_once(void)
{
	mapped(0, 3, RW, MAP_SHARED);
	BUG_ON(touch(0) || !pte_write(pte_of(B)) || pte_dirty(pte_of(B)));
	put(0, 1);
	BUG_ON(!pte_dirty(pte_of(B)) || PageDirty(page_of(B)) || faults() != 1);
}

/* Which pages of a file of 40 in memory a read fault maps. */
static bool window_is(unsigned long addr, unsigned pages, unsigned from, unsigned to)
{
	for (unsigned i = 0; i < pages; i++)
		if (present(addr + i * P) != (i >= from && i <= to))
			return false;
	return true;
}

static void windows_of_neighbours(void)
{
	const unsigned around = this_machine->around->pages;
	struct file *file = shmem_file_setup(PAGES(40));
	unsigned char byte = 1;

	BUG_ON(around != 16);
	for (unsigned i = 0; i < 40; i++)
		BUG_ON(kernel_write(file, &byte, 1, PAGES(i)) != 1);
	/* 30 pages of it from the third on, at the fifth place of a table. */
	file_map(file, WINDOW + PAGES(5), 30, MAP_SHARED, 3);
	BUG_ON(vm_touch(WINDOW + PAGES(25)) || !window_is(WINDOW + PAGES(5), 30, 11, 26));
	BUG_ON(!counts(0, 0, 16, 0) || faults() != 1);
	BUG_ON(page_of(WINDOW + PAGES(25))->index != 23);
	BUG_ON(vm_touch(WINDOW + PAGES(7)) ||
	       !window_is(WINDOW + PAGES(5), 30, 0, 26)); /* the vma's beginning */
	BUG_ON(vm_touch(WINDOW + PAGES(34)) || !window_is(WINDOW + PAGES(5), 30, 0, 29)); /* its end */
	BUG_ON(sys_munmap(WINDOW, PAGES(40)) || !counts(0, 0, 0, 0));
	/* Across the end of a table. */
	file_map(file, WINDOW + PMD_SIZE - PAGES(4), 8, MAP_SHARED, 0);
	BUG_ON(vm_touch(WINDOW + PMD_SIZE - PAGES(3)) || !window_is(WINDOW + PMD_SIZE - PAGES(4), 8, 0, 3));
	BUG_ON(vm_touch(WINDOW + PMD_SIZE) || !window_is(WINDOW + PMD_SIZE - PAGES(4), 8, 0, 7));
	BUG_ON(sys_munmap(WINDOW, 2 * PMD_SIZE));
	/* A store maps its own page only. */
	file_map(file, WINDOW, 8, MAP_PRIVATE, 0);
	store_byte(WINDOW + PAGES(2), 1);
	BUG_ON(!window_is(WINDOW, 8, 2, 2));
	BUG_ON(sys_munmap(WINDOW, PAGES(8)));
	fput(file);
}

static void no_neighbours(void)
{
	BUG_ON(this_machine->around->pages != 1);
	for (unsigned i = 0; i < 3; i++)
		BUG_ON(!file_byte_is(FILE_DATA, PAGES(i), (u8)WORD(i)));
	mapped(0, 3, RW, MAP_SHARED);
	BUG_ON(touch(1) || !window_is(B, 3, 1, 1));
}

/* ---- entries ------------------------------------------------------------------------------------------------------ */

static void pages_come_back_from_swap(void)
{
	swp_entry_t entry;

	anon(0, 2, RW);
	put(0, 1);
	put(1, 2);
	BUG_ON(sys_madvise(B, 2 * P, MADV_PAGEOUT) || !is_swap_entry(pte_of(B)) || !counts(0, 0, 0, 2));
	entry = pte_to_swp_entry(pte_of(B));
	BUG_ON(!pte_swp_exclusive(pte_of(B)) || lookup_swap_cache(entry));
	BUG_ON(fault(B, 0) != VM_FAULT_MAJOR || current->maj_flt != 1 || !counts(1, 0, 0, 1));
	BUG_ON(pte_write(pte_of(B)) || pte_dirty(pte_of(B)) || get(0) != 1);
	BUG_ON(!PageSwapCache(page_of(B)) || !PageAnonExclusive(page_of(B)) || swap_count(entry) != 1);
	BUG_ON(fault(B + P, FAULT_FLAG_WRITE) != VM_FAULT_MAJOR || current->maj_flt != 2);
	BUG_ON(!pte_write(pte_of(B + P)) || !pte_dirty(pte_of(B + P)) || get(1) != 2 || !counts(2, 0, 0, 0));
	BUG_ON(PageSwapCache(page_of(B + P)));
	put(0, 3);
	BUG_ON(get(0) != 3 || page_mapcount(page_of(B)) != 1);
}

/* The second process finds the page that the first one brought in. */
static void processes_share_what_comes_back(void)
{
	struct list_head list = LIST_HEAD_INIT(list);
	struct mm_struct *parent = current->mm, *child;
	struct page *page;

	anon(0, 1, RW);
	put(0, 1);
	child = fork_here();
	BUG_ON(isolate_lru_page(page_of(B))); /* MADV_PAGEOUT leaves pages of several processes alone */
	list_add(&page_of(B)->lru, &list);
	reclaim_pages(&list);
	BUG_ON(!is_swap_entry(pte_of(B)) || !is_swap_entry(pte_in(child, B)) || pte_swp_exclusive(pte_of(B)));
	BUG_ON(get(0) != 1 || current->maj_flt != 1);
	page = page_of(B);
	act_as(child);
	BUG_ON(get(0) != 1 || current->maj_flt != 1 || page_of(B) != page || page_mapcount(page) != 2);
	BUG_ON(PageAnonExclusive(page));
	put(0, 2);
	BUG_ON(page_of(B) == page);
	act_as(parent);
	BUG_ON(get(0) != 1);
}

static void markers_and_strangers(void)
{
	unsigned long counted;

	anon(0, 4, RW);
	set_entry(B, swp_entry_to_pte(swp_entry(SWP_MARKER, PTE_MARKER_GUARD)));
	set_entry(B + P, swp_entry_to_pte(swp_entry(SWP_MARKER, PTE_MARKER_POISONED)));
	counted = faults();
	BUG_ON(fault(B, 0) != VM_FAULT_SIGSEGV || touch(0) != SIGSEGV);
	BUG_ON(fault(B + P, 0) != VM_FAULT_SIGBUS || touch(1) != SIGBUS || faults() != counted);
	set_entry(B + 2 * P, pgoff_to_pte(1)); /* where no nonlinear mapping is */
	BUG_ON(fault(B + 2 * P, 0) != VM_FAULT_OOM || touch(2) != SIGBUS);
	set_entry(B + 2 * P, (pte_t){ 0 });
}

static void an_entry_of_nothing(void)
{
	anon(0, 1, RW);
	set_entry(B, swp_entry_to_pte(swp_entry(0x1f, 5)));
	touch(0);
	set_entry(B, (pte_t){ 0 });
}

static void protnone_keeps_the_page(void)
{
	struct page *page;

	anon(0, 1, RW);
	put(0, 1);
	page = page_of(B);
	BUG_ON(sys_mprotect(B, P, PROT_NONE) || !pte_protnone(pte_of(B)) || page_of(B) != page);
	BUG_ON(touch(0) != SIGSEGV || !counts(1, 0, 0, 0));
	BUG_ON(fault(B, 0) != VM_FAULT_MINOR || page_of(B) != page); /* nothing to do for who may not */
	BUG_ON(sys_mprotect(B, P, RW) || get(0) != 1 || page_of(B) != page);
}

static void nonlinear_pages_come_back(void)
{
	mapped(0, 3, RW, MAP_SHARED);
	BUG_ON(sys_remap_file_pages(B, P, 0, 2, 0) || get(0) != WORD(2));
	unmap_mapping_range(FILE_DATA->f_mapping, 0, 0, false);
	BUG_ON(!pte_file(pte_of(B)) || !counts(0, 0, 0, 0));
	BUG_ON(get(0) != WORD(2) || page_of(B)->index != 2 || !counts(0, 1, 0, 0));
	put(0, 5);
	BUG_ON(get(2) != 5 || page_of(B) != page_of(B + 2 * P));
}

/* ---- stores to what is mapped read-only -------------------------------------------------------------------------- */

static void unsharing_gives_a_page_without_the_right(void)
{
	struct mm_struct *parent = current->mm, *child;
	struct page *page;

	anon(0, 2, RW);
	put(0, 1);
	BUG_ON(touch(1));
	child = fork_here();
	page = page_of(B);
	BUG_ON(fault(B, FAULT_FLAG_UNSHARE) != VM_FAULT_MINOR || page_of(B) == page || pte_write(pte_of(B)));
	BUG_ON(!PageAnonExclusive(page_of(B)) || page_mapcount(page) != 1 || get(0) != 1 ||
	       !counts(1, 0, 0, 0));
	BUG_ON(fault(B + P, FAULT_FLAG_UNSHARE) != VM_FAULT_MINOR || shows_zero_page(B + P) ||
	       pte_write(pte_of(B + P)));
	BUG_ON(!counts(2, 0, 0, 0));
	page = page_of(B);
	BUG_ON(fault(B, FAULT_FLAG_UNSHARE) != VM_FAULT_MINOR || page_of(B) != page); /* its own already */
	BUG_ON(fault(B, FAULT_FLAG_WRITE) != VM_FAULT_WRITE || page_of(B) != page || !pte_write(pte_of(B)));
	act_as(child);
	BUG_ON(fault(B, FAULT_FLAG_WRITE) != VM_FAULT_WRITE || get(0) != 1);
	act_as(parent);
}

static void copies_without_memory(void)
{
	struct mm_struct *child;
	struct page *pile, *page;

	anon(0, 1, RW);
	put(0, 1);
	mapped(1, 1, RW, MAP_PRIVATE);
	BUG_ON(touch(1));
	child = fork_here();
	pile = take_frames();
	page = page_of(B);
	BUG_ON(fault(B, FAULT_FLAG_WRITE) != VM_FAULT_OOM || page_of(B) != page || page_count(page) != 2);
	page = page_of(B + P);
	BUG_ON(fault(B + P, FAULT_FLAG_WRITE) != VM_FAULT_OOM || page_of(B + P) != page || PageLocked(page));
	BUG_ON(sys_madvise(B + P, P, MADV_DONTNEED) || fault(B + P, FAULT_FLAG_WRITE) != VM_FAULT_OOM);
	BUG_ON(page_count(page) != 1 || PageLocked(page) || !pte_none(pte_of(B + P)));
	give_frames(pile);
	process_exit(child);
}

#define MACHINE(...)                                                                                         \
	{                                                                                                    \
		.config = { .lru = true, .swap_slots = 8, .io_at_once = true }, __VA_ARGS__                  \
	}
/* ---- what a task keeps for itself --------------------------------------------------------------------------------- */

static void sums_are_told_in_batches(void)
{
	struct mm_struct *mm = current->mm;

	anon(0, 8, RW);
	for (int i = 0; i < 4; i++)
		put((unsigned long)i, 1);
	BUG_ON(atomic_read(&mm->rss[MM_ANONPAGES]) != 0 || current->rss[MM_ANONPAGES] != 4);
	put(4, 1); /* one more than the batch */
	BUG_ON(atomic_read(&mm->rss[MM_ANONPAGES]) != 5 || current->rss[MM_ANONPAGES] != 0);
	put(5, 1);
	sync_mm_rss(current, mm, MM_ANONPAGES);
	BUG_ON(atomic_read(&mm->rss[MM_ANONPAGES]) != 6 || current->rss[MM_ANONPAGES] != 0);
	put(6, 1); /* the oracles add up what is left here */
}

static const struct script_machine usual = MACHINE(.kernel = "linux-6.18");
static const struct script_machine no_reclaim = { .config = { .io_at_once = true }, .kernel = "linux-6.18" };
static const struct script_machine by_disk = { .config = { .lru = true, .swap_slots = 8 },
					       .kernel = "linux-6.18" };
static const struct script_machine no_around = MACHINE(.around = "none");
static const struct script_machine by_pte = MACHINE(.dirty = "pte");
static const struct script_machine by_batches = { .config = { .io_at_once = true, .rss_batch = 4 } };
SCRIPT_ON(&by_batches, sums_are_told_in_batches)
SCRIPT_ON(&usual, reads_show_the_zero_page)
SCRIPT_ON(&usual, stores_get_a_page_at_once)
SCRIPT_ON(&usual, populated_but_read_only)
SCRIPT_ON(&usual, private_pages_of_a_file)
SCRIPT_ON(&by_disk, shared_pages_are_noticed_when_written)
SCRIPT_ON(&by_pte, shared_pages_are_written_at_once)
SCRIPT_ON(&usual, windows_of_neighbours)
SCRIPT_ON(&no_around, no_neighbours)
SCRIPT_ON(&usual, pages_come_back_from_swap)
SCRIPT_ON(&usual, processes_share_what_comes_back)
SCRIPT_ON(&usual, markers_and_strangers)
SCRIPT_FAILS(&usual, an_entry_of_nothing, "which is no entry")
SCRIPT_ON(&usual, protnone_keeps_the_page)
SCRIPT_ON(&by_pte, nonlinear_pages_come_back)
SCRIPT_ON(&usual, unsharing_gives_a_page_without_the_right)
SCRIPT_ON(&no_reclaim, copies_without_memory)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_are_told_in_batches),
		cmocka_unit_test(test_reads_show_the_zero_page),
		cmocka_unit_test(test_stores_get_a_page_at_once),
		cmocka_unit_test(test_populated_but_read_only),
		cmocka_unit_test(test_private_pages_of_a_file),
		cmocka_unit_test(test_shared_pages_are_noticed_when_written),
		cmocka_unit_test(test_shared_pages_are_written_at_once),
		cmocka_unit_test(test_windows_of_neighbours),
		cmocka_unit_test(test_no_neighbours),
		cmocka_unit_test(test_pages_come_back_from_swap),
		cmocka_unit_test(test_processes_share_what_comes_back),
		cmocka_unit_test(test_markers_and_strangers),
		cmocka_unit_test(test_an_entry_of_nothing),
		cmocka_unit_test(test_protnone_keeps_the_page),
		cmocka_unit_test(test_nonlinear_pages_come_back),
		cmocka_unit_test(test_unsharing_gives_a_page_without_the_right),
		cmocka_unit_test(test_copies_without_memory),
	};

	return RUN_TESTS(tests, argc, argv);
}
