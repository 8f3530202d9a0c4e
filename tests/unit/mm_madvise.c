// SPDX-License-Identifier: MIT
/* mm_madvise.c - advice: its errors, what it does over holes, what is left of the pages */
#include "machine.h"

static long advise(unsigned long at, unsigned long pages, int behaviour)
{
	return sys_madvise(B + at * P, pages * P, behaviour);
}

static void bad_arguments_have_their_errors(void)
{
	BUG_ON(advise(0, 1, 5) != -EINVAL || sys_madvise(B + 1, P, MADV_DONTNEED) != -EINVAL);
	BUG_ON(advise(0, 0, MADV_DONTNEED) || sys_madvise(B + 1, 0, MADV_DONTNEED) != -EINVAL ||
	       advise(0, 0, 77) != -EINVAL);
	BUG_ON(sys_madvise(B, -P, MADV_DONTNEED) != -EINVAL ||
	       sys_madvise(B, -1ul, MADV_DONTNEED) != -EINVAL);
	BUG_ON(advise(0, 1, MADV_DONTNEED) != -ENOMEM || advise(0, 1, 77) != -EINVAL);
	BUG_ON(sys_madvise(1ul << 47, P, MADV_DONTNEED) != -ENOMEM ||
	       sys_madvise(B, 1, MADV_DONTNEED) != -ENOMEM);
	BUG_ON(advise(0, 0, MADV_POPULATE_READ) || sys_madvise(B + 1, P, MADV_POPULATE_READ) != -EINVAL);
}

enum kind { ANON, FILE_SHARED, FILE_PRIVATE, READ_ONLY_FILE, ANON_NONE, SHARED_READ_ONLY, KINDS };

static void make(enum kind kind)
{
	fresh();
	switch (kind) {
	case ANON:
		anon(0, 2, RW);
		return;
	case FILE_SHARED:
		mapped(0, 2, RW, MAP_SHARED);
		return;
	case FILE_PRIVATE:
		mapped(0, 2, RW, MAP_PRIVATE);
		return;
	case READ_ONLY_FILE:
		FILE_DATA->f_mode = FMODE_READ;
		mapped(0, 2, PROT_READ, MAP_SHARED);
		FILE_DATA->f_mode = FMODE_READ | FMODE_WRITE;
		return;
	case ANON_NONE:
		anon(0, 2, PROT_NONE);
		return;
	default:
		mapped(0, 2, PROT_READ, MAP_SHARED);
	}
}

/* What each kind of mapping answers to each advice; what is not here: 0. */
static const struct {
	int behaviour, error[KINDS];
} refusals[] = {
	{ MADV_FREE, { 0, -EINVAL, -EINVAL, -EINVAL, 0, -EINVAL } },
	{ MADV_WIPEONFORK, { 0, -EINVAL, -EINVAL, -EINVAL, 0, -EINVAL } },
	{ MADV_POPULATE_READ, { 0, 0, 0, 0, -EINVAL, 0 } },
	{ MADV_POPULATE_WRITE, { 0, 0, 0, -EINVAL, -EINVAL, -EINVAL } },
};
static const int welcome[] = { MADV_NORMAL,	 MADV_RANDOM,	MADV_SEQUENTIAL,    MADV_WILLNEED,
			       MADV_DONTNEED,	 MADV_DONTFORK, MADV_DOFORK,	    MADV_MERGEABLE,
			       MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,    MADV_KEEPONFORK,
			       MADV_COLD,	 MADV_PAGEOUT,	MADV_GUARD_INSTALL, MADV_GUARD_REMOVE };

static void every_kind_of_mapping_has_its_answers(void)
{
	for (int kind = 0; kind < KINDS; kind++) {
		for (unsigned i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
			make(kind);
			BUG_ON(advise(0, 2, refusals[i].behaviour) != refusals[i].error[kind]);
		}
		for (unsigned i = 0; i < sizeof(welcome) / sizeof(welcome[0]); i++) {
			make(kind);
			BUG_ON(advise(0, 2, welcome[i]));
			check_vmas();
		}
	}
}

static void locked_memory_refuses_to_be_forgotten(void)
{
	BUG_ON(sys_mmap(B, 2 * P, RW, AP | FX | MAP_LOCKED, NULL, 0) < 0);
	BUG_ON(advise(0, 2, MADV_DONTNEED) != -EINVAL || advise(0, 2, MADV_FREE) != -EINVAL);
	BUG_ON(advise(0, 2, MADV_COLD) != -EINVAL || advise(0, 2, MADV_PAGEOUT) != -EINVAL);
	BUG_ON(advise(0, 2, MADV_GUARD_INSTALL) != -EINVAL || advise(0, 2, MADV_GUARD_REMOVE));
	BUG_ON(advise(0, 2, MADV_REMOVE) != -EINVAL);
}

/* Two pages with a hole between them: everything is done, but that is no success. */
static void holes_are_told_in_the_end(void)
{
	for (unsigned i = 0; i < sizeof(welcome) / sizeof(welcome[0]); i++) {
		bool gone = welcome[i] == MADV_DONTNEED || welcome[i] == MADV_GUARD_INSTALL;

		fresh();
		anon(0, 1, RW);
		anon(2, 1, RW);
		put(0, 1);
		put(2, 1);
		BUG_ON(advise(0, 3, welcome[i]) != -ENOMEM);
		BUG_ON(!core_is(0, gone ? "0" : "1") || !core_is(2, gone ? "0" : "1"));
	}
	BUG_ON(advise(0, 3, MADV_REMOVE) != -EINVAL || advise(0, 3, MADV_POPULATE_WRITE) != -ENOMEM);
}

static void a_refusal_ends_the_call(void)
{
	anon(0, 1, RW);
	mapped(2, 1, RW, MAP_SHARED);
	anon(3, 1, RW);
	BUG_ON(advise(0, 4, MADV_WIPEONFORK) != -EINVAL);
	BUG_ON(!(vma_lookup(current->mm, B)->vm_flags & VM_WIPEONFORK));
	BUG_ON(vma_lookup(current->mm, B + 3 * P)->vm_flags & VM_WIPEONFORK);
	BUG_ON(advise(0, 4, MADV_FREE) != -EINVAL);
}

static unsigned long flags_at(unsigned long at)
{
	return vma_lookup(current->mm, B + at * P)->vm_flags;
}

static void advice_is_kept_in_the_vma(void)
{
	anon(0, 4, RW);
	BUG_ON(advise(1, 2, MADV_RANDOM) || current->mm->map_count != 3 || !(flags_at(1) & VM_RAND_READ));
	BUG_ON(advise(1, 1, MADV_SEQUENTIAL) || (flags_at(1) & (VM_SEQ_READ | VM_RAND_READ)) != VM_SEQ_READ);
	BUG_ON(advise(0, 4, MADV_NORMAL) || current->mm->map_count != 1);
	BUG_ON(advise(0, 1, MADV_DONTFORK) || !(flags_at(0) & VM_DONTCOPY) || flags_at(1) & VM_DONTCOPY);
	BUG_ON(advise(0, 1, MADV_DOFORK) || advise(0, 2, MADV_WIPEONFORK) || !(flags_at(1) & VM_WIPEONFORK));
	BUG_ON(advise(0, 2, MADV_KEEPONFORK) || current->mm->map_count != 1);
	BUG_ON(advise(0, 1, MADV_HUGEPAGE) || !(flags_at(0) & VM_HUGEPAGE));
	BUG_ON(advise(0, 1, MADV_NOHUGEPAGE) ||
	       (flags_at(0) & (VM_HUGEPAGE | VM_NOHUGEPAGE)) != VM_NOHUGEPAGE);
	BUG_ON(advise(1, 1, MADV_MERGEABLE) || !(flags_at(1) & VM_MERGEABLE));
	BUG_ON(advise(1, 1, MADV_UNMERGEABLE) || flags_at(1) & VM_MERGEABLE);
	mapped(8, 1, RW, MAP_SHARED);
	BUG_ON(advise(8, 1, MADV_MERGEABLE) || flags_at(8) & VM_MERGEABLE);
	check_vmas();
}

static void what_is_not_needed_is_gone(void)
{
	anon(0, 3, RW);
	put(0, 1);
	put(1, 2);
	put(2, 3);
	BUG_ON(advise(1, 1, MADV_DONTNEED) || get(0) != 1 || get(1) || get(2) != 3);
	mapped(4, 2, RW, MAP_PRIVATE);
	put(4, 7);
	BUG_ON(advise(4, 2, MADV_DONTNEED) || get(4) != WORD(0));
	mapped(8, 1, RW, MAP_SHARED);
	put(8, 7);
	BUG_ON(advise(8, 1, MADV_DONTNEED) || get(8) != 7 || get(4) != 7);
	BUG_ON(vm_invalidate(DATA, 0, 0) != -EIO);
}

static void what_is_freed_stays_until_it_is_wanted(void)
{
	unsigned long next;
	spinlock_t *ptl;
	pte_t pte;

	anon(0, 2, RW);
	put(0, 1);
	put(1, 2);
	BUG_ON(advise(0, 2, MADV_FREE) || get(0) != 1);
	pte = entry_read(pte_find(current->mm, B + P, &ptl, &next));
	BUG_ON(!pte_present(pte) || pte_dirty(pte) || pte_young(pte));
	put(1, 5);
	pte = entry_read(pte_find(current->mm, B + P, &ptl, &next));
	BUG_ON(!pte_dirty(pte) || get(1) != 5); /* no TLB still said that it is */
	BUG_ON(PageSwapBacked(pfn_to_page(pte_pfn(pte))));
}

static void what_is_cold_is_inactive(void)
{
	unsigned long next;
	struct page *page;
	spinlock_t *ptl;
	pte_t *pte;

	anon(0, 1, RW);
	put(0, 1);
	pte = pte_find(current->mm, B, &ptl, &next);
	page = pfn_to_page(pte_pfn(entry_read(pte)));
	lru_add_drain();
	BUG_ON(!PageActive(page) || !pte_young(entry_read(pte)));
	BUG_ON(advise(0, 1, MADV_COLD) || PageActive(page) || pte_young(entry_read(pte)) || get(0) != 1);
}

static bool on_swap(unsigned long at)
{
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(current->mm, B + at * P, &ptl, &next);

	return pte && is_swap_entry(entry_read(pte));
}

static void what_is_paged_out_comes_back(void)
{
	anon(0, 3, RW);
	put(0, 1);
	put(1, 2);
	put(2, 3);
	BUG_ON(advise(0, 2, MADV_PAGEOUT) || !on_swap(0) || !on_swap(1) || on_swap(2));
	BUG_ON(get(0) != 1 || advise(1, 1, MADV_WILLNEED) || get(1) != 2 || get(2) != 3);
	BUG_ON(advise(2, 1, MADV_PAGEOUT) || !on_swap(2));
	BUG_ON(advise(2, 1, MADV_FREE) || on_swap(2) || get(2)); /* nothing to keep */
	anon(3, 1, RW);
	put(3, 4);
	BUG_ON(advise(3, 1, MADV_PAGEOUT) || !on_swap(3) || advise(3, 1, MADV_DONTNEED) || get(3));
	mapped(8, 1, RW, MAP_SHARED);
	put(8, 7);
	BUG_ON(advise(8, 1, MADV_PAGEOUT) || get(8) != 7);
}

static void populate_faults_in(void)
{
	mapped(0, 5, RW, MAP_SHARED);
	BUG_ON(advise(0, 5, MADV_POPULATE_READ) != -EFAULT || advise(0, 5, MADV_POPULATE_WRITE) != -EFAULT);
	BUG_ON(advise(0, 3, MADV_POPULATE_WRITE));
	new_faults();
	put(0, 1);
	put(2, 1);
	BUG_ON(new_faults());
	BUG_ON(sys_mprotect(B, 5 * P, PROT_NONE) || advise(0, 5, MADV_POPULATE_READ) != -EINVAL);
	BUG_ON(sys_mprotect(B, 5 * P, PROT_READ) || advise(0, 5, MADV_POPULATE_WRITE) != -EINVAL);
	anon(8, 2, RW);
	BUG_ON(advise(8, 3, MADV_POPULATE_WRITE) != -ENOMEM || !core_is(8, "11"));
}

static void willneed_reads_ahead(void)
{
	mapped(0, 4, RW, MAP_SHARED);
	BUG_ON(advise(1, 3, MADV_WILLNEED));
	for (unsigned long i = 1; i < 3; i++) {
		struct page *page = find_lock_page(FILE_DATA->f_mapping, i);

		BUG_ON(!page);
		unlock_page(page);
		put_page(page);
	}
	BUG_ON(!core_is(0, "0110"));
}

static void guards_stand_until_they_are_removed(void)
{
	anon(0, 4, RW);
	for (unsigned long i = 0; i < 4; i++)
		put(i, i + 1);
	BUG_ON(advise(1, 1, MADV_GUARD_INSTALL) || !core_is(0, "1011") || touch(1) != SIGSEGV);
	BUG_ON(vm_store(B + P, 1) != SIGSEGV || get(0) != 1 || get(2) != 3);
	BUG_ON(advise(0, 4, MADV_DONTNEED) || advise(0, 4, MADV_POPULATE_WRITE) != -EFAULT ||
	       !core_is(0, "1000"));
	BUG_ON(advise(0, 3, MADV_GUARD_INSTALL) || touch(0) != SIGSEGV || touch(2) != SIGSEGV || get(3));
	BUG_ON(advise(0, 4, MADV_GUARD_REMOVE) || get(0) || get(1) || get(2));
	mapped(8, 1, RW, MAP_SHARED);
	put(8, 7);
	BUG_ON(advise(8, 1, MADV_GUARD_INSTALL) || touch(8) != SIGSEGV);
	BUG_ON(advise(8, 1, MADV_GUARD_REMOVE) || get(8) != 7);
	BUG_ON(advise(8, 1, MADV_GUARD_INSTALL) ||
	       sys_mremap(B + 8 * P, P, P, MREMAP_FIXED | MOVE, B + 9 * P) < 0);
	BUG_ON(touch(9) != SIGSEGV);
	BUG_ON(vma_lookup(current->mm, B + 9 * P)->anon_vma ||
	       !vma_lookup(current->mm, B + 9 * P)->maybe_guard);
}

static void guards_of_files_outlive_truncation(void)
{
	mapped(0, 2, RW, MAP_SHARED);
	put(0, 7);
	BUG_ON(advise(1, 1, MADV_GUARD_INSTALL) || sys_ftruncate(FILE_DATA, 0));
	BUG_ON(touch(0) != SIGBUS || touch(1) != SIGSEGV);
}

/* What a vma that may have guards is merged into may have guards. */
static void a_merge_remembers_guards(void)
{
	mapped(0, 3, RW, MAP_SHARED);
	BUG_ON(sys_mprotect(B, P, PROT_READ) || advise(0, 1, MADV_GUARD_INSTALL));
	BUG_ON(vma_lookup(current->mm, B + P)->maybe_guard || sys_mprotect(B, P, RW));
	BUG_ON(current->mm->map_count != 1 || !vma_lookup(current->mm, B)->maybe_guard);
}

static void guards_need_memory(void)
{
	struct page *pile;

	anon(0, 1, RW);
	pile = take_frames();
	BUG_ON(advise(0, 1, MADV_GUARD_INSTALL) != -ENOMEM);
	give_frames(pile);
}

static void remove_punches_the_file(void)
{
	BUG_ON(sys_mmap(B, 3 * P, RW, MAP_SHARED | MAP_ANONYMOUS | FX, NULL, 0) < 0);
	for (unsigned long i = 0; i < 3; i++)
		put(i, i + 1);
	BUG_ON(advise(1, 1, MADV_REMOVE) || !core_is(0, "101") || get(0) != 1 || get(1) || get(2) != 3);
	BUG_ON(sys_mprotect(B, 3 * P, PROT_READ) || advise(0, 1, MADV_REMOVE) ||
	       get(0)); /* it may be written */
	make(FILE_PRIVATE);
	BUG_ON(advise(0, 2, MADV_REMOVE) != -EACCES);
	make(READ_ONLY_FILE);
	BUG_ON(advise(0, 2, MADV_REMOVE) != -EACCES);
	make(ANON);
	BUG_ON(advise(0, 2, MADV_REMOVE) != -EINVAL);
}

static const struct script_machine with_swap = { .config = { .lru = true, .swap_slots = 16 },
						 .dirty = "writenotify" };
#define SCRIPT(name) SCRIPT_ON(&with_swap, name)
SCRIPT(bad_arguments_have_their_errors)
SCRIPT(every_kind_of_mapping_has_its_answers)
SCRIPT(locked_memory_refuses_to_be_forgotten)
SCRIPT(holes_are_told_in_the_end)
SCRIPT(a_refusal_ends_the_call)
SCRIPT(advice_is_kept_in_the_vma)
SCRIPT(what_is_not_needed_is_gone)
SCRIPT(what_is_freed_stays_until_it_is_wanted)
SCRIPT(what_is_cold_is_inactive)
SCRIPT(what_is_paged_out_comes_back)
SCRIPT(populate_faults_in)
SCRIPT(willneed_reads_ahead)
SCRIPT(guards_stand_until_they_are_removed)
SCRIPT(guards_of_files_outlive_truncation)
SCRIPT(a_merge_remembers_guards)
SCRIPT(guards_need_memory)
SCRIPT(remove_punches_the_file)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_arguments_have_their_errors),
		cmocka_unit_test(test_every_kind_of_mapping_has_its_answers),
		cmocka_unit_test(test_locked_memory_refuses_to_be_forgotten),
		cmocka_unit_test(test_holes_are_told_in_the_end),
		cmocka_unit_test(test_a_refusal_ends_the_call),
		cmocka_unit_test(test_advice_is_kept_in_the_vma),
		cmocka_unit_test(test_what_is_not_needed_is_gone),
		cmocka_unit_test(test_what_is_freed_stays_until_it_is_wanted),
		cmocka_unit_test(test_what_is_cold_is_inactive),
		cmocka_unit_test(test_what_is_paged_out_comes_back),
		cmocka_unit_test(test_populate_faults_in),
		cmocka_unit_test(test_willneed_reads_ahead),
		cmocka_unit_test(test_guards_stand_until_they_are_removed),
		cmocka_unit_test(test_guards_of_files_outlive_truncation),
		cmocka_unit_test(test_a_merge_remembers_guards),
		cmocka_unit_test(test_guards_need_memory),
		cmocka_unit_test(test_remove_punches_the_file),
	};

	return RUN_TESTS(tests, argc, argv);
}
