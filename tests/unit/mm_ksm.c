// SPDX-License-Identifier: MIT
/* mm_ksm.c - pages that are merged, and given back: alone and in every order */
#include "mm_huge.h"

#define MERGEABLE (PRIVATE | VM_MERGEABLE)
#define A HADDR
#define B (HADDR + PAGE_SIZE)
#define C (HADDR + 2 * PAGE_SIZE)

static struct page *at(unsigned long addr)
{
	return page_at(current->mm, addr);
}
static int merge(unsigned long a, unsigned long b)
{
	return ksm_merge(current->mm, a, current->mm, b);
}
static void three_alike(void)
{
	map_range(A, 3 * PAGE_SIZE, MERGEABLE);
	store(A, 7);
	store(B, 7);
	store(C, 7);
}

/* ---- alone ----------------------------------------------------------------------------------------------------- */

static void two_become_one(void)
{
	unsigned long before;

	three_alike();
	before = frames_free();
	BUG_ON(merge(A, B) || at(A) != at(B) || !PageKsm(at(A)) || frames_free() != before + 1);
	BUG_ON(page_mapcount(at(A)) != 2 || page_count(at(A)) != 2 || rss(current->mm) != 3);
	BUG_ON(load(A) != 7 || load(B) != 7);
	BUG_ON(merge(A, B)); /* they are one already */
	BUG_ON(merge(C, A) || at(C) != at(A) || page_mapcount(at(A)) != 3 || frames_free() != before + 2);
}

static void the_third_may_come_from_either_side(void)
{
	three_alike();
	BUG_ON(merge(A, B) || merge(B, C) || at(C) != at(A) || page_count(at(A)) != 3);
}

static void a_store_breaks_it(void)
{
	struct page *kpage;

	three_alike();
	BUG_ON(merge(A, B));
	kpage = at(B);
	store(A, 8);
	BUG_ON(at(A) == kpage || PageKsm(at(A)) || load(A) != 8 || load(B) != 7 || page_mapcount(kpage) != 1);
	store(B, 9); /* even alone it is not written */
	BUG_ON(at(B) == kpage || PageKsm(at(B)) || load(B) != 9 || load(A) != 8);
	BUG_ON(page_count(kpage));
}

static void what_differs_stays(void)
{
	three_alike();
	store(B + PAGE_SIZE - 8, 1);
	BUG_ON(merge(A, B) != -EAGAIN || at(A) == at(B) || PageKsm(at(A)) || PageKsm(at(B)));
	BUG_ON(load(A) != 7 || load(B + PAGE_SIZE - 8) != 1 || rss(current->mm) != 3);
	store(A, 8);
	store(B, 8);
	BUG_ON(load(A) != 8 || load(B) != 8);
}

static void what_is_pinned_stays(void)
{
	struct page *page;

	three_alike();
	BUG_ON(pin_user_pages_fast(B, 1, FOLL_WRITE, &page) != 1);
	BUG_ON(merge(A, B) != -EAGAIN || at(B) != page || PageKsm(at(A)));
	store(B, 8);
	BUG_ON(at(B) != page); /* it was not even write-protected for good */
	unpin_user_page(page);
	store(B, 7);
	lock_page(page);
	BUG_ON(merge(A, B) != -EAGAIN);
	unlock_page(page);
	BUG_ON(merge(A, B));
}

static void only_what_asked_for_it(void)
{
	struct vm_area_struct *vma = map_range(A, 2 * PAGE_SIZE, PRIVATE);

	store(A, 7);
	store(B, 7);
	BUG_ON(merge(A, B) != -EFAULT || merge(A, C) != -EFAULT);
	vma->vm_flags |= VM_MERGEABLE;
	BUG_ON(sys_madvise(B, PAGE_SIZE, MADV_DONTNEED) || merge(A, B) != -EFAULT);
	BUG_ON(load(B) || merge(A, B) != -EFAULT); /* the zero page */
	store(B, 7);
	BUG_ON(merge(A, B));
}

static void two_processes_share_one(void)
{
	struct mm_struct *mine = current->mm, *other = new_process();

	three_alike();
	use_mm(current, other);
	map_range(A, PAGE_SIZE, MERGEABLE);
	store(A, 7);
	BUG_ON(ksm_merge(mine, B, other, A) || page_at(mine, B) != page_at(other, A));
	store(A, 8);
	use_mm(current, mine);
	BUG_ON(load(B) != 7);
	process_exit(other);
}

static void fork_shares_merged_pages(void)
{
	struct mm_struct *mine = current->mm, *child = NULL;

	three_alike();
	BUG_ON(merge(A, B) || sys_fork(&child) || page_mapcount(at(A)) != 4 || page_at(child, A) != at(B));
	use_mm(current, child);
	store(A, 8);
	BUG_ON(load(B) != 7);
	use_mm(current, mine);
	BUG_ON(load(A) != 7 || page_mapcount(at(A)) != 3);
	process_exit(child);
}

static void madvise_gives_them_back(void)
{
	unsigned long faults;

	three_alike();
	BUG_ON(merge(A, B));
	faults = current->min_flt;
	BUG_ON(sys_madvise(A, 3 * PAGE_SIZE, MADV_UNMERGEABLE));
	BUG_ON(at(A) == at(B) || PageKsm(at(A)) || PageKsm(at(B)) || load(A) != 7 || load(B) != 7);
	BUG_ON(current->min_flt != faults || page_count(at(A)) != 1);
	store(A, 8);
	BUG_ON(load(B) != 7 || merge(A, B) != -EFAULT);
}

static void unmerging_a_part(void)
{
	three_alike();
	BUG_ON(merge(A, B));
	down_write(&current->mm->mmap_sem);
	BUG_ON(unmerge_ksm_pages(find_vma(current->mm, A), A, B));
	up_write(&current->mm->mmap_sem);
	BUG_ON(PageKsm(at(A)) || !PageKsm(at(B)));
}

/* ---- in every order ---------------------------------------------------------------------------------------------- */

static void two_threads(void)
{
	three_alike();
	use_mm(&this_machine->task[0], current->mm);
	use_mm(&this_machine->task[1], current->mm);
}
static void merged_and_two_threads(void)
{
	two_threads();
	BUG_ON(merge(A, B));
}
static void merge_a_b(void)
{
	int ret = merge(A, B);

	BUG_ON(ret && ret != -EAGAIN && ret != -ENOMEM);
}
static void merge_b_c(void)
{
	int ret = merge(B, C);

	BUG_ON(ret && ret != -EAGAIN);
}
static void store_b(void)
{
	store(B, 8);
	BUG_ON(load(B) != 8);
}
static void a_is_7(void)
{
	u64 v;

	content_read(&v, page_address(page_at(this_machine->process[0], A)), sizeof(v));
	BUG_ON(v != 7);
}
/* What a device writes to a page that is pinned is what the process reads. */
static void pin_write_and_load(void)
{
	struct page *page;
	u64 v = 42;

	BUG_ON(pin_user_pages_fast(B, 1, FOLL_WRITE, &page) != 1);
	SYNC_LABEL("pinned");
	content_write(page_address(page), &v, sizeof(v));
	BUG_ON(load(B) != 42);
	unpin_user_page(page);
}
static void unmerge(void)
{
	int ret = (int)sys_madvise(A, 3 * PAGE_SIZE, MADV_UNMERGEABLE);

	BUG_ON(ret && ret != -ENOMEM && ret != -EAGAIN);
}
static void dontneed(void)
{
	BUG_ON(sys_madvise(B, PAGE_SIZE, MADV_DONTNEED));
}
static void merge_any(void)
{
	merge(A, B);
}

static const struct engine_choice one_failure[] = { { "alloc", 1 }, { NULL, 0 } };

HUGE_SCRIPT(two_become_one)
HUGE_SCRIPT(the_third_may_come_from_either_side)
HUGE_SCRIPT(a_store_breaks_it)
HUGE_SCRIPT(what_differs_stays)
HUGE_SCRIPT(what_is_pinned_stays)
HUGE_SCRIPT(only_what_asked_for_it)
HUGE_SCRIPT(two_processes_share_one)
HUGE_SCRIPT(fork_shares_merged_pages)
HUGE_SCRIPT(madvise_gives_them_back)
HUGE_SCRIPT(unmerging_a_part)
static void test_exclusive_pages_lose_their_bit(void **state)
{
	static const struct huge_test test = { .setup = a_store_breaks_it, .cow = "anon-exclusive" };

	run_huge(&test);
}

EXPLORED(store_and_merge, .config.nr_frames = 64, .setup = two_threads, .actor = { store_b, merge_a_b },
	 .check = a_is_7)
EXPLORED(pin_and_merge, .config.nr_frames = 64, .setup = two_threads,
	 .actor = { pin_write_and_load, merge_a_b }, .check = a_is_7)
EXPLORED(pin_and_merge_exclusive, .config.nr_frames = 64, .setup = two_threads,
	 .actor = { pin_write_and_load, merge_a_b }, .check = a_is_7, .cow = "anon-exclusive")
EXPLORED(merge_and_merge, .config.nr_frames = 64, .setup = two_threads, .actor = { merge_a_b, merge_b_c },
	 .check = a_is_7, .executions = 10000)
EXPLORED(store_and_unmerge, .config.nr_frames = 64, .setup = merged_and_two_threads,
	 .actor = { store_b, unmerge }, .check = a_is_7)
EXPLORED(merge_and_dontneed, .config.nr_frames = 64, .setup = two_threads, .actor = { merge_any, dontneed },
	 .check = a_is_7)
EXPLORED(merge_fails, .config.nr_frames = 64, .setup = two_threads, .actor = { merge_a_b },
	 .choices = one_failure, .check = a_is_7)
EXPLORED(unmerge_fails, .config.nr_frames = 64, .setup = merged_and_two_threads, .actor = { unmerge },
	 .choices = one_failure, .check = a_is_7)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_become_one),
		cmocka_unit_test(test_the_third_may_come_from_either_side),
		cmocka_unit_test(test_a_store_breaks_it),
		cmocka_unit_test(test_what_differs_stays),
		cmocka_unit_test(test_what_is_pinned_stays),
		cmocka_unit_test(test_only_what_asked_for_it),
		cmocka_unit_test(test_two_processes_share_one),
		cmocka_unit_test(test_fork_shares_merged_pages),
		cmocka_unit_test(test_madvise_gives_them_back),
		cmocka_unit_test(test_unmerging_a_part),
		cmocka_unit_test(test_exclusive_pages_lose_their_bit),
		cmocka_unit_test(test_store_and_merge),
		cmocka_unit_test(test_pin_and_merge),
		cmocka_unit_test(test_pin_and_merge_exclusive),
		cmocka_unit_test(test_merge_and_merge),
		cmocka_unit_test(test_store_and_unmerge),
		cmocka_unit_test(test_merge_and_dontneed),
		cmocka_unit_test(test_merge_fails),
		cmocka_unit_test(test_unmerge_fails),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
