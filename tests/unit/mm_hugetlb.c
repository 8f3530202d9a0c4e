// SPDX-License-Identifier: MIT
/* mm_hugetlb.c - huge pages of a pool: promises, faults, copies, fork; alone and in every order */
#include "mm_huge.h"

#define HUGETLB (PRIVATE | VM_HUGETLB | VM_DONTEXPAND)
#define PAGE(n) (HADDR + (n)*HPAGE_SIZE)
#define MMAP_FLAGS (MAP_FIXED | MAP_ANONYMOUS | MAP_HUGETLB)

static unsigned pool_free(void)
{
	return this_machine->hugetlb.nr_free;
}
static unsigned promised(void)
{
	return this_machine->hugetlb.resv;
}
static struct mm_struct *fork_one(void)
{
	struct mm_struct *child;

	BUG_ON(sys_fork(&child));
	return child;
}
static void map_pages(unsigned long nr, unsigned long kind)
{
	BUG_ON(sys_mmap(HADDR, nr * HPAGE_SIZE, PROT_READ | PROT_WRITE, kind | MMAP_FLAGS, NULL, 0) !=
	       (long)HADDR);
}
static void nothing_is_left(unsigned pages)
{
	BUG_ON(sys_munmap(HADDR, 4 * HPAGE_SIZE));
	BUG_ON(pool_free() != pages || promised() || this_machine->slab.live[SLAB_HUGETLB]);
}

/* ---- alone --------------------------------------------------------------------------------------------------- */

static void the_pool_is_filled_at_boot(void)
{
	BUG_ON(this_machine->hugetlb.nr != 3 || pool_free() != 3 || promised());
	BUG_ON(frames_free() + 3 * HPAGE_NR > this_machine->nr_frames);
}

static void a_mapping_is_promised_its_pages(void)
{
	map_pages(2, MAP_PRIVATE);
	BUG_ON(promised() != 2 || pool_free() != 3);
	BUG_ON(sys_mmap(PAGE(4), 2 * HPAGE_SIZE, PROT_READ, MAP_PRIVATE | MMAP_FLAGS, NULL, 0) != -ENOMEM);
	BUG_ON(promised() != 2 || find_vma(current->mm, PAGE(4)));
	store(PAGE(1) + 5 * PAGE_SIZE, 7);
	BUG_ON(promised() != 1 || pool_free() != 2 || load(PAGE(1) + 5 * PAGE_SIZE) != 7 || load(PAGE(1)));
	BUG_ON(rss(current->mm) || !PageHuge(page_at(current->mm, PAGE(1))));
	BUG_ON(!pmd_write(entry_read(pmd_of(current->mm, PAGE(1)))));
	BUG_ON(load(PAGE(0)) || pmd_write(entry_read(pmd_of(current->mm, PAGE(0)))));
	store(PAGE(0), 3);
	BUG_ON(load(PAGE(0)) != 3 || pool_free() != 1);
	nothing_is_left(3);
}

static void bad_mappings_are_refused(void)
{
	struct vm_area_struct vma = { .vm_mm = current->mm, .vm_flags = HUGETLB };

	vma.vm_start = HADDR + PAGE_SIZE;
	vma.vm_end = PAGE(1);
	BUG_ON(hugetlb_vma_init(&vma) != -EINVAL);
	vma.vm_start = HADDR;
	vma.vm_end = HADDR + 1000 * HPAGE_SIZE;
	BUG_ON(hugetlb_vma_init(&vma) != -ENOMEM || promised());
}

static void without_a_promise_there_may_be_no_page(void)
{
	u64 v = 1;

	map_pages(3, MAP_PRIVATE);
	map_range(PAGE(4), HPAGE_SIZE, HUGETLB | VM_NORESERVE);
	BUG_ON(promised() != 3 || user_write(PAGE(4), &v, 8) != SIGBUS || pool_free() != 3);
	BUG_ON(sys_munmap(PAGE(2), HPAGE_SIZE) || promised() != 2);
	store(PAGE(4), 1);
	BUG_ON(sys_munmap(PAGE(4), HPAGE_SIZE) || pool_free() != 3);
	nothing_is_left(3);
}

static void what_is_cut_off_gives_its_promise_back(void)
{
	map_pages(3, MAP_PRIVATE);
	store(PAGE(0), 1);
	store(PAGE(1), 2);
	BUG_ON(sys_munmap(PAGE(1) + PAGE_SIZE, PAGE_SIZE) != -EINVAL);
	BUG_ON(sys_munmap(PAGE(1), 2 * HPAGE_SIZE) || promised() || pool_free() != 2 || load(PAGE(0)) != 1);
	nothing_is_left(3);
}

static void private_pages_are_copied(void)
{
	struct mm_struct *parent = current->mm, *child;
	struct page *page;

	map_pages(1, MAP_PRIVATE);
	store(PAGE(0), 7);
	page = page_at(parent, PAGE(0));
	child = fork_one();
	BUG_ON(page_at(child, PAGE(0)) != page || page_mapcount(page) != 2 || page_count(page) != 2);
	store(PAGE(0), 8);
	BUG_ON(page_at(parent, PAGE(0)) == page || load(PAGE(0)) != 8 || pool_free() != 1);
	use_mm(current, child);
	BUG_ON(load(PAGE(0)) != 7);
	store(PAGE(0), 9);
	BUG_ON(page_at(child, PAGE(0)) != page);
	use_mm(current, parent);
	BUG_ON(load(PAGE(0)) != 8);
	process_exit(child);
	nothing_is_left(3);
}

static void the_owner_comes_first(void)
{
	struct mm_struct *parent = current->mm, *child;
	u64 v = 9;

	map_pages(2, MAP_PRIVATE);
	store(PAGE(0), 7);
	store(PAGE(1), 7);
	child = fork_one();
	use_mm(current, child);
	BUG_ON(user_write(PAGE(0), &v, 8) != SIGBUS || load(PAGE(0)) != 7);
	use_mm(current, parent);
	store(PAGE(0), 8); /* takes it from the child */
	BUG_ON(load(PAGE(0)) != 8 || page_at(child, PAGE(0)) || page_mapcount(page_at(parent, PAGE(0))) != 1);
	use_mm(current, child);
	BUG_ON(user_read(PAGE(0), &v, 8) != SIGBUS || load(PAGE(1)) != 7);
	use_mm(current, parent);
	process_exit(child);
	nothing_is_left(2);
}

static void shared_pages_are_shared(void)
{
	struct mm_struct *parent = current->mm, *child;

	map_pages(2, MAP_SHARED);
	store(PAGE(0), 7);
	child = fork_one();
	use_mm(current, child);
	BUG_ON(load(PAGE(0)) != 7);
	store(PAGE(0), 8);
	store(PAGE(1), 5);
	use_mm(current, parent);
	BUG_ON(load(PAGE(0)) != 8 || load(PAGE(1)) != 5 || page_count(page_at(parent, PAGE(1))) != 3 ||
	       promised());
	BUG_ON(sys_munmap(PAGE(0), 2 * HPAGE_SIZE) || pool_free() != 1);
	use_mm(current, child);
	BUG_ON(sys_madvise(PAGE(0), HPAGE_SIZE, MADV_DONTNEED) && load(PAGE(0)) != 8);
	use_mm(current, parent);
	process_exit(child);
	nothing_is_left(3);
}

static void mprotect_keeps_the_page(void)
{
	u64 v = 1;

	map_pages(1, MAP_PRIVATE);
	store(PAGE(0), 7);
	BUG_ON(sys_mprotect(PAGE(0), HPAGE_SIZE, PROT_READ) || load(PAGE(0)) != 7);
	BUG_ON(user_write(PAGE(0), &v, 8) != SIGSEGV);
	BUG_ON(sys_mprotect(PAGE(0), HPAGE_SIZE, PROT_READ | PROT_WRITE));
	store(PAGE(0), 8);
	BUG_ON(load(PAGE(0)) != 8 || pool_free() != 2);
}

static void what_is_pinned_is_copied_by_fork(void)
{
	struct mm_struct *parent = current->mm, *child;
	struct page *page;

	map_pages(1, MAP_PRIVATE);
	store(PAGE(0), 7);
	BUG_ON(pin_user_pages_fast(PAGE(0), 1, FOLL_WRITE, &page) != 1);
	child = fork_one();
	BUG_ON(page_at(child, PAGE(0)) == page || !page_at(child, PAGE(0)));
	store(PAGE(0), 8);
	BUG_ON(page_at(parent, PAGE(0)) != page);
	unpin_user_page(page);
	use_mm(current, child);
	BUG_ON(load(PAGE(0)) != 7);
	use_mm(current, parent);
	process_exit(child);
}

/* ---- in every order -------------------------------------------------------------------------------------------- */

static void two_threads(void)
{
	map_range(HADDR, HPAGE_SIZE, HUGETLB);
	use_mm(&this_machine->task[0], current->mm);
	use_mm(&this_machine->task[1], current->mm);
}
static void two_processes_share(void)
{
	struct mm_struct *child;

	map_pages(1, MAP_SHARED);
	child = fork_one();
	use_mm(&this_machine->task[0], current->mm);
	use_mm(&this_machine->task[1], child);
}
static void touched(void)
{
	two_threads();
	store(PAGE(0), 7);
}
static void store_1(void)
{
	store(PAGE(0), 11);
}
static void store_2(void)
{
	store(PAGE(0) + PAGE_SIZE, 12);
}
static void both_stored(void)
{
	for (int i = 0; i < 2; i++) {
		struct page *page = page_at(this_machine->process[0], PAGE(0) + (unsigned long)i * PAGE_SIZE);
		u64 v;

		BUG_ON(!page);
		content_read(&v, page_address(page), sizeof(v));
		BUG_ON(v != 11u + (unsigned)i);
	}
}
static void unmap(void)
{
	BUG_ON(sys_munmap(PAGE(0), HPAGE_SIZE));
}
static void may_store(void)
{
	u64 v = 11;

	user_write(PAGE(0), &v, sizeof(v));
	user_write(PAGE(0), &v, sizeof(v)); /* perhaps by a translation that it has */
}
static void fork_and_leave(void)
{
	process_exit(fork_one());
}
static void pool_is_full(void)
{
	BUG_ON(pool_free() != this_machine->hugetlb.nr || promised());
}

HUGE_SCRIPT(the_pool_is_filled_at_boot, .config.hugetlb_pages = 3)
HUGE_SCRIPT(a_mapping_is_promised_its_pages, .config.hugetlb_pages = 3)
HUGE_SCRIPT(bad_mappings_are_refused, .config.hugetlb_pages = 3)
HUGE_SCRIPT(without_a_promise_there_may_be_no_page, .config.hugetlb_pages = 3)
HUGE_SCRIPT(what_is_cut_off_gives_its_promise_back, .config.hugetlb_pages = 3)
HUGE_SCRIPT(private_pages_are_copied, .config.hugetlb_pages = 3)
HUGE_SCRIPT(the_owner_comes_first, .config.hugetlb_pages = 2)
HUGE_SCRIPT(shared_pages_are_shared, .config.hugetlb_pages = 3)
HUGE_SCRIPT(mprotect_keeps_the_page, .config.hugetlb_pages = 3)
HUGE_SCRIPT(what_is_pinned_is_copied_by_fork, .config.hugetlb_pages = 3, .cow = "anon-exclusive")

EXPLORED(two_threads_need_one_page, .config.hugetlb_pages = 1, .setup = two_threads,
	 .actor = { store_1, store_2 }, .check = both_stored)
EXPLORED(two_processes_need_one_page, .config.hugetlb_pages = 1, .setup = two_processes_share,
	 .actor = { store_1, store_2 }, .check = both_stored)
EXPLORED(store_and_unmap, .config.hugetlb_pages = 1, .setup = touched, .actor = { may_store, unmap },
	 .check = pool_is_full)
EXPLORED(fault_and_unmap, .config.hugetlb_pages = 1, .setup = two_threads, .actor = { may_store, unmap },
	 .check = pool_is_full)
EXPLORED(store_and_fork, .config.hugetlb_pages = 2, .setup = touched, .actor = { store_1, fork_and_leave })
EXPLORED(owner_and_fork, .config.hugetlb_pages = 1, .setup = touched, .actor = { store_1, fork_and_leave })

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_pool_is_filled_at_boot),
		cmocka_unit_test(test_a_mapping_is_promised_its_pages),
		cmocka_unit_test(test_bad_mappings_are_refused),
		cmocka_unit_test(test_without_a_promise_there_may_be_no_page),
		cmocka_unit_test(test_what_is_cut_off_gives_its_promise_back),
		cmocka_unit_test(test_private_pages_are_copied),
		cmocka_unit_test(test_the_owner_comes_first),
		cmocka_unit_test(test_shared_pages_are_shared),
		cmocka_unit_test(test_mprotect_keeps_the_page),
		cmocka_unit_test(test_what_is_pinned_is_copied_by_fork),
		cmocka_unit_test(test_two_threads_need_one_page),
		cmocka_unit_test(test_two_processes_need_one_page),
		cmocka_unit_test(test_store_and_unmap),
		cmocka_unit_test(test_fault_and_unmap),
		cmocka_unit_test(test_store_and_fork),
		cmocka_unit_test(test_owner_and_fork),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
