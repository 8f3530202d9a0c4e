// SPDX-License-Identifier: MIT
/* mm_fork.c - what a child gets of its parent's memory, and what is left when it gets nothing */
#include "machine.h"

static void set_entry(unsigned long addr, pte_t pte)
{
	spinlock_t *ptl;

	set_pte(pte_alloc_map(current->mm, addr, &ptl), pte);
}

static int rss_of(struct mm_struct *mm, enum mm_counter c)
{
	return atomic_read(&mm->rss[c]);
}

static void pages_are_shared_read_only(void)
{
	struct mm_struct *parent = current->mm, *child;
	struct page *page;

	anon(0, 3, RW);
	put(0, 1);
	BUG_ON(touch(1));
	page = page_of(B);
	child = fork_here();
	BUG_ON(page_in(child, B) != page || page_of(B) != page || page_mapcount(page) != 2 || page_count(page) != 2);
	BUG_ON(pte_write(pte_of(B)) || pte_write(pte_in(child, B)) || pte_young(pte_in(child, B)));
	BUG_ON(rss_of(child, MM_ANONPAGES) != 1 || PageAnonExclusive(page));
	BUG_ON(!is_zero_pfn(pte_pfn(pte_in(child, B + P))) || !pte_none(pte_in(child, B + 2 * P)));
	BUG_ON(vma_lookup(child, B)->anon_vma != vma_of(B)->anon_vma || child->total_vm != 3);
	put(0, 2); /* its old translation is gone: the store faults, and copies */
	BUG_ON(page_of(B) == page || page_mapcount(page) != 1);
	act_as(child);
	BUG_ON(get(0) != 1);
	put(0, 3);
	BUG_ON(page_of(B) != page || !pte_write(pte_of(B)));
	act_as(parent);
	BUG_ON(get(0) != 2);
	process_exit(child);
	BUG_ON(get(0) != 2);
}

static void files_that_can_be_faulted_are_not_copied(void)
{
	struct mm_struct *child;

	mapped(0, 3, RW, MAP_SHARED);
	mapped(3, 3, RW, MAP_PRIVATE);
	mapped(6, 3, RW, MAP_PRIVATE);
	BUG_ON(touch(0) || touch(3) || touch(6));
	put(7, 1);
	child = fork_here();
	BUG_ON(!pte_none(pte_in(child, B)) || !pte_none(pte_in(child, B + 3 * P)));
	BUG_ON(page_in(child, B + 6 * P) != page_of(B + 6 * P) || page_in(child, B + 7 * P) != page_of(B + 7 * P));
	BUG_ON(rss_of(child, MM_FILEPAGES) != 1 || rss_of(child, MM_ANONPAGES) != 1);
	BUG_ON(vma_lookup(child, B)->vm_file != FILE_DATA || pte_write(pte_of(B + 7 * P)));
	act_as(child);
	BUG_ON(get(0) != WORD(0) || get(3) != WORD(0) || get(6) != WORD(0) || get(7) != 1);
}

static void nonlinear_mappings_are_copied(void)
{
	struct mm_struct *child;

	mapped(0, 3, RW, MAP_SHARED);
	BUG_ON(sys_remap_file_pages(B, P, 0, 2, 0) || get(0) != WORD(2) || get(1) != WORD(1));
	put(1, 1);
	unmap_mapping_range(FILE_DATA->f_mapping, 2 * P, P, false);
	BUG_ON(!pte_file(pte_of(B)));
	child = fork_here();
	BUG_ON(!pte_same(pte_in(child, B), pte_of(B)) || page_in(child, B + P) != page_of(B + P));
	BUG_ON(pte_dirty(pte_in(child, B + P)) || !pte_write(pte_in(child, B + P)) || !pte_dirty(pte_of(B + P)));
	BUG_ON(rss_of(child, MM_FILEPAGES) != 1 || page_mapcount(page_of(B + P)) != 2);
	act_as(child);
	BUG_ON(get(0) != WORD(2));
}

static void advice_about_fork(void)
{
	struct mm_struct *child;

	anon(0, 1, RW);
	anon(2, 1, RW);
	anon(4, 1, RW);
	put(0, 1);
	put(2, 2);
	put(4, 3);
	BUG_ON(sys_madvise(B, P, MADV_WIPEONFORK) || sys_madvise(B + 2 * P, P, MADV_DONTFORK));
	BUG_ON(sys_mlock(B + 4 * P, P));
	child = fork_here();
	BUG_ON(child->total_vm != 2 || child->map_count != 2 || rss_of(child, MM_ANONPAGES) != 1);
	BUG_ON(child->locked_vm || (vma_lookup(child, B + 4 * P)->vm_flags & VM_LOCKED));
	BUG_ON(vma_lookup(child, B)->anon_vma || vma_lookup(child, B + 2 * P));
	act_as(child);
	BUG_ON(get(0) || touch(2) != SIGSEGV || get(4) != 3);
	put(0, 5);
	check_vmas();
}

static void entries_are_copied(void)
{
	struct mm_struct *parent = current->mm, *child;
	swp_entry_t entry;

	anon(0, 2, RW);
	put(0, 1);
	BUG_ON(sys_madvise(B, P, MADV_PAGEOUT) || sys_madvise(B + P, P, MADV_GUARD_INSTALL));
	entry = pte_to_swp_entry(pte_of(B));
	BUG_ON(!is_swap_entry(pte_of(B)) || !pte_swp_exclusive(pte_of(B)) || swap_count(entry) != 1);
	child = fork_here();
	BUG_ON(swap_count(entry) != 2 || rss_of(child, MM_SWAPENTS) != 1 || rss(MM_SWAPENTS) != 1);
	BUG_ON(pte_swp_exclusive(pte_of(B)) || !pte_same(pte_of(B), pte_in(child, B)));
	BUG_ON(!is_pte_marker(pte_in(child, B + P)));
	act_as(child);
	BUG_ON(touch(1) != SIGSEGV || get(0) != 1);
	put(0, 2);
	act_as(parent);
	BUG_ON(get(0) != 1 || swap_count(entry) > 2);
}

static void moving_pages_are_shared(void)
{
	struct mm_struct *child;
	struct page *page;
	pte_t was;

	anon(0, 1, RW);
	put(0, 1);
	was = pte_of(B);
	page = page_of(B);
	observe_revoke_begin(current->mm);
	set_entry(B, swp_entry_to_pte(swp_entry(SWP_MIGRATION_WRITE, page_to_pfn(page))));
	flush_tlb_mm(current->mm);
	observe_revoke_end(current->mm);
	child = fork_here();
	BUG_ON(swp_type(pte_to_swp_entry(pte_of(B))) != SWP_MIGRATION_READ || !pte_same(pte_of(B), pte_in(child, B)));
	BUG_ON(swp_offset(pte_to_swp_entry(pte_of(B))) != page_to_pfn(page) || rss_of(child, MM_ANONPAGES) != 1);
	set_entry(B, pte_wrprotect(was));
	process_exit(child);
	BUG_ON(get(0) != 1);
}

/* A page that a device may write to stays with who pinned it. */
static void pinned_pages_are_copied_at_once(void)
{
	const bool early = strcmp(the_machine.kernel, "linux-2.6.29") != 0;
	struct mm_struct *parent = current->mm, *child;
	struct page *page;
	int pin;

	anon(0, 3, RW);
	put(0, 1);
	put(1, 2);
	pin = vm_pin(B, 1, VM_PIN_WRITE);
	BUG_ON(pin < 0);
	page = page_of(B);
	child = fork_here();
	BUG_ON((page_in(child, B) != page) != early || page_of(B) != page || pte_write(pte_of(B)) != early);
	BUG_ON(page_in(child, B + P) != page_of(B + P) || pte_write(pte_of(B + P)));
	BUG_ON(early && (!pte_write(pte_in(child, B)) || page_mapcount(page) != 1));
	BUG_ON(rss_of(child, MM_ANONPAGES) != 2);
	if (early) {
		put(0, 5);
		BUG_ON(page_of(B) != page);
	}
	act_as(child);
	BUG_ON(get(0) != 1 || get(1) != 2);
	act_as(parent);
	vm_unpin(pin);
}

/* ---- what fails --------------------------------------------------------------------------------------------------------- */

static void processes_run_out(void)
{
	struct slab *slab = &this_machine->slab;
	unsigned long free;
	struct mm_struct *child;
	u32 mms, vmas;
	int n = 1;

	anon(0, 1, RW);
	put(0, 1);
	while (sys_fork(&child) == 0)
		n++;
	BUG_ON(n != NR_PROCESSES || child);
	free = frames_free();
	mms = slab->live[SLAB_MM];
	vmas = slab->live[SLAB_VMA];
	BUG_ON(sys_fork(&child) != -EAGAIN || child || frames_free() != free);
	BUG_ON(slab->live[SLAB_MM] != mms || slab->live[SLAB_VMA] != vmas || page_mapcount(page_of(B)) != n);
	process_exit(this_machine->process[3]);
	BUG_ON(sys_fork(&child) || child->id != 3);
}

/* All that fork copies: tables of two areas, a swap entry, a page that is pinned, a file. */
static int all_kinds(void)
{
	int pin;

	anon(0, 3, RW);
	put(0, 1);
	put(1, 2);
	put(2, 3);
	BUG_ON(sys_madvise(B + 2 * P, P, MADV_PAGEOUT) || !is_swap_entry(pte_of(B + 2 * P)));
	BUG_ON(sys_mmap(B + PMD_SIZE, 2 * P, RW, AP | FX, NULL, 0) < 0 || vm_store(B + PMD_SIZE, 4));
	BUG_ON(sys_mmap(ADDR, 3 * P, RW, MAP_PRIVATE | FX, FILE_DATA, 0) < 0 || vm_store(ADDR, 5));
	BUG_ON(vm_touch(ADDR + P));
	pin = vm_pin(B + P, 1, VM_PIN_WRITE);
	BUG_ON(pin < 0);
	return pin;
}

/* => how often it failed before it went well, with one frame or object more each time */
static int fork_with_so_little(bool frames)
{
	struct slab *slab = &this_machine->slab;
	const unsigned long free = frames_free();
	const u32 mms = slab->live[SLAB_MM], vmas = slab->live[SLAB_VMA];
	const unsigned slots = this_machine->swap.nr_free;
	struct mm_struct *child = NULL;
	int left = 0;
	long ret;

	/* An mm of another size is taken from what was used before. */
	kmem_free(kmem_alloc(sizeof(struct mm_struct), SLAB_MM), sizeof(struct mm_struct), SLAB_MM);
	for (;; left++) {
		struct page *page, *pile = frames ? take_frames() : NULL;
		void **object, **objects = frames ? NULL : take_objects();

		for (int i = 0; i < left && frames; i++) {
			page = pile;
			pile = (struct page *)page->private;
			page->private = 0;
			put_page(page);
		}
		for (int i = 0; i < left && !frames; i++) {
			object = objects;
			objects = *objects;
			kmem_free(object, sizeof(struct vm_area_struct), SLAB_MISC);
		}
		current->reclaiming++; /* or it would make room */
		ret = sys_fork(&child);
		current->reclaiming--;
		give_frames(pile);
		give_objects(objects);
		if (!ret)
			break;
		BUG_ON(ret != -ENOMEM || child || frames_free() != free || this_machine->nr_processes != 1);
		BUG_ON(slab->live[SLAB_MM] != mms || slab->live[SLAB_VMA] != vmas);
		BUG_ON(this_machine->swap.nr_free != slots || rss(MM_ANONPAGES) != 4 || rss(MM_SWAPENTS) != 1);
		BUG_ON(page_mapcount(page_of(B)) != 1 || page_mapcount(page_of(ADDR + P)) != 1);
	}
	return left;
}

static void without_memory_nothing_is_left(void)
{
	struct mm_struct *parent = current->mm;
	int pin = all_kinds();

	/* A pgd, two tables above, three tables of ptes in two areas of the second level, the copy of what is pinned. */
	BUG_ON(fork_with_so_little(true) < 7);
	BUG_ON(get(0) != 1 || get(1) != 2 || get(2) != 3 || load(B + PMD_SIZE) != 4 || load(ADDR) != 5);
	act_as(this_machine->process[1]);
	BUG_ON(get(0) != 1 || get(1) != 2 || get(2) != 3 || load(B + PMD_SIZE) != 4 || load(ADDR) != 5);
	act_as(parent);
	vm_unpin(pin);
}

static void without_objects_nothing_is_left(void)
{
	int pin = all_kinds();

	BUG_ON(fork_with_so_little(false) < 3); /* three mappings */
	vm_unpin(pin);
}

#define MACHINE(kernel_) { .config = { .lru = true, .swap_slots = 8, .io_at_once = true }, .kernel = kernel_ }
static const struct script_machine usual = MACHINE("linux-6.18");
static const struct script_machine of_5_8 = MACHINE("linux-5.8");
static const struct script_machine of_2_6_29 = MACHINE("linux-2.6.29");
static const struct script_machine by_pte = { .config = { .io_at_once = true }, .dirty = "pte" };
SCRIPT_ON(&usual, pages_are_shared_read_only)
SCRIPT_ON(&usual, files_that_can_be_faulted_are_not_copied)
SCRIPT_ON(&by_pte, nonlinear_mappings_are_copied)
SCRIPT_ON(&usual, advice_about_fork)
SCRIPT_ON(&usual, entries_are_copied)
SCRIPT_ON(&usual, moving_pages_are_shared)
SCRIPT_ON(&usual, processes_run_out)
SCRIPT_ON(&usual, without_memory_nothing_is_left)
SCRIPT_ON(&usual, without_objects_nothing_is_left)

static void test_pinned_pages_are_copied_at_once(void **state)
{
	(void)state;
	run_on(&of_2_6_29, pinned_pages_are_copied_at_once, NULL);
	run_on(&of_5_8, pinned_pages_are_copied_at_once, NULL);
	run_on(&usual, pinned_pages_are_copied_at_once, NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages_are_shared_read_only),
		cmocka_unit_test(test_files_that_can_be_faulted_are_not_copied),
		cmocka_unit_test(test_nonlinear_mappings_are_copied),
		cmocka_unit_test(test_advice_about_fork),
		cmocka_unit_test(test_entries_are_copied),
		cmocka_unit_test(test_moving_pages_are_shared),
		cmocka_unit_test(test_pinned_pages_are_copied_at_once),
		cmocka_unit_test(test_processes_run_out),
		cmocka_unit_test(test_without_memory_nothing_is_left),
		cmocka_unit_test(test_without_objects_nothing_is_left),
	};

	return RUN_TESTS(tests, argc, argv);
}
