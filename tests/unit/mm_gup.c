// SPDX-License-Identifier: MIT
/* mm_gup.c - get_user_pages(), pins, populating: what is handed out, what is refused, what is counted */
#include "machine.h"

static long get_pages(unsigned page, unsigned nr, unsigned flags, struct page **pages)
{
	struct mm_struct *mm = current->mm;
	long ret;

	down_read(&mm->mmap_sem);
	ret = get_user_pages(mm, PAGE(page), nr, flags, pages);
	up_read(&mm->mmap_sem);
	return ret;
}

static void put_pages(struct page **pages, long nr)
{
	for (long i = 0; i < nr; i++)
		put_page(pages[i]);
}

static void reading_untouched_memory_gives_the_zero_page(void)
{
	struct page *pages[2];

	map_at(0, 2, RW, MAP_PRIVATE, -1);
	BUG_ON(get_pages(0, 2, 0, pages) != 2 || pages[0] != pfn_to_page(zero_pfn()) || pages[1] != pages[0]);
	BUG_ON(faults() != 2 || !shows_zero_page(PAGE(0)));
	put_pages(pages, 2);
	BUG_ON(get_pages(0, 2, FOLL_PIN, pages) != 2 || page_count(pages[0]) != 1);
	unpin_user_pages_dirty_lock(pages, 2, false);
	BUG_ON(page_count(pages[0]) != 1);
}

static void dumping_leaves_untouched_memory_alone(void)
{
	struct page *page;

	map_at(0, 1, RW, MAP_PRIVATE, -1);
	BUG_ON(get_pages(0, 1, FOLL_DUMP, &page) != -EFAULT || present(PAGE(0)));
}

static void writing_gives_a_page_that_stores_go_to(void)
{
	struct page *page = NULL;
	u64 v = 7;

	map_at(0, 1, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_touch(ADDR) || get_pages(0, 1, FOLL_WRITE, &page) != 1);
	BUG_ON(page_count(page) != 2 || page_mapcount(page) != 1);
	content_write(page_address(page), &v, sizeof(v));
	BUG_ON(load(ADDR) != 7);
	put_page(page);
}

static void a_pin_counts_more_than_references(void)
{
	struct page *page;

	map_at(0, 1, RW, MAP_PRIVATE, -1);
	BUG_ON(get_pages(0, 1, FOLL_PIN | FOLL_WRITE, &page) != 1 || !page_maybe_dma_pinned(page));
	BUG_ON(!current->mm->has_pinned || page_count(page) != 1 + GUP_PIN_COUNTING_BIAS);
	unpin_user_page(page);
	BUG_ON(page_maybe_dma_pinned(page) || page_count(page) != 1);
}

static void rights_and_holes_end_it(void)
{
	struct page *pages[4];

	map_at(0, 1, RW, MAP_PRIVATE, -1);
	map_at(1, 1, PROT_READ, MAP_PRIVATE, -1);
	map_at(2, 1, PROT_NONE, MAP_PRIVATE, -1);
	BUG_ON(get_pages(0, 4, FOLL_WRITE, pages) != 1);
	put_pages(pages, 1);
	BUG_ON(get_pages(0, 4, 0, pages) != 2);
	put_pages(pages, 2);
	BUG_ON(get_pages(1, 1, FOLL_WRITE, pages) != -EFAULT || get_pages(2, 1, 0, pages) != -EFAULT);
	BUG_ON(get_pages(3, 1, 0, pages) != -EFAULT ||
	       get_pages(0, 1, FOLL_NOFAULT | FOLL_WRITE, pages) != 1);
	put_pages(pages, 1);
	BUG_ON(vm_munmap(ADDR, 1));
	map_at(0, 1, RW, MAP_PRIVATE, -1);
	BUG_ON(get_pages(0, 1, FOLL_NOFAULT, pages) != -EFAULT || present(PAGE(0)));
}

static void the_end_of_the_file_ends_it(void)
{
	struct page *pages[4];

	map_at(0, 4, RW, MAP_SHARED, DATA);
	BUG_ON(get_pages(0, 4, 0, pages) != 3);
	put_pages(pages, 3);
	BUG_ON(get_pages(3, 1, 0, pages) != -EFAULT);
}

static void force_breaks_copy_on_write(void)
{
	struct page *page, *cached;

	map_at(0, 1, PROT_READ, MAP_PRIVATE, DATA);
	map_at(1, 1, PROT_READ, MAP_SHARED, DATA);
	BUG_ON(vm_touch(ADDR));
	cached = page_in(current->mm, ADDR);
	BUG_ON(get_pages(0, 1, FOLL_WRITE | FOLL_FORCE, &page) != 1 || page == cached || !PageAnon(page));
	BUG_ON(pte_write(pte_in(current->mm, ADDR)) || load(ADDR) != WORD(0));
	put_page(page);
	BUG_ON(get_pages(1, 1, FOLL_WRITE | FOLL_FORCE, &page) != -EFAULT);
}

static void touching_marks_pages(void)
{
	struct page *page;

	map_at(0, 1, RW, MAP_SHARED, DATA);
	BUG_ON(vm_touch(ADDR) || PageDirty(page_in(current->mm, ADDR)));
	BUG_ON(get_pages(0, 1, FOLL_WRITE | FOLL_TOUCH, &page) != 1 || !PageDirty(page));
	put_page(page);
}

static void what_a_device_wrote_is_dirty(void)
{
	struct page *page;

	map_at(0, 1, RW, MAP_SHARED, DATA);
	BUG_ON(get_pages(0, 1, FOLL_PIN, &page) != 1 || PageDirty(page));
	unpin_user_pages_dirty_lock(&page, 1, true);
	BUG_ON(!PageDirty(page));
}

static void populating_writes_private_memory_and_reads_the_rest(void)
{
	map_at(0, 2, RW, MAP_PRIVATE, -1);
	map_at(2, 1, PROT_READ, MAP_PRIVATE, -1);
	map_at(3, 1, PROT_NONE, MAP_PRIVATE, -1);
	map_at(5, 3, RW, MAP_PRIVATE, DATA);
	mm_populate(current->mm, ADDR, 8 * VM_PAGE);
	BUG_ON(!pte_write(pte_in(current->mm, PAGE(0))) || !pte_write(pte_in(current->mm, PAGE(1))));
	BUG_ON(!shows_zero_page(PAGE(2)) || present(PAGE(3)));
	for (unsigned i = 5; i < 8; i++)
		BUG_ON(!PageAnon(page_in(current->mm, PAGE(i))) || load(PAGE(i)) != WORD(i - 5));
	BUG_ON(faults() != 6);
}

static void populating_a_range_says_what_went_wrong(void)
{
	struct mm_struct *mm = current->mm;

	map_at(0, 4, RW, MAP_SHARED, DATA);
	map_at(4, 1, PROT_NONE, MAP_PRIVATE, -1);
	map_at(5, 1, PROT_WRITE, MAP_PRIVATE, -1);
	down_read(&mm->mmap_sem);
	BUG_ON(populate_vma_page_range(find_vma(mm, PAGE(0)), PAGE(0), PAGE(4), false) != -EFAULT);
	BUG_ON(populate_vma_page_range(find_vma(mm, PAGE(4)), PAGE(4), PAGE(5), false) != -EFAULT);
	BUG_ON(populate_vma_page_range(find_vma(mm, PAGE(5)), PAGE(5), PAGE(6), false));
	up_read(&mm->mmap_sem);
	BUG_ON(!present(PAGE(0)) || !present(PAGE(2)) || present(PAGE(3)) || present(PAGE(4)) ||
	       !present(PAGE(5)));
}

static void holding_for_a_device(void)
{
	u64 v;
	int pin;

	map_at(0, 2, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_pin(ADDR, 5, 0) != -EINVAL || vm_pin(PAGE(1), 2, VM_PIN_WRITE) != -EFAULT);
	pin = vm_pin(ADDR, 2, VM_PIN_WRITE | VM_PIN_SLOW);
	BUG_ON(pin < 0 || vm_dma_write(pin, 0, VM_PAGE + 512, 7) || vm_dma_write(pin, 0, 8, 7) != -EINVAL);
	BUG_ON(load(ADDR) != 7 || load(PAGE(1)) != 7 || load(PAGE(1) + 512));
	BUG_ON(vm_dma_read(pin, 0, 512, &v) || v != 7 || vm_dma_read(pin, 0, 2 * VM_PAGE, &v) != -EIO);
	vm_unpin(pin);
	pin = vm_pin(ADDR, 1, VM_PIN_GET);
	BUG_ON(pin < 0 || page_count(page_in(current->mm, ADDR)) != 2);
	oracle_quiescent();
	vm_unpin(pin);
}

#define SCRIPT(name) SCRIPT_UNDER("linux-6.18", name)
SCRIPT(reading_untouched_memory_gives_the_zero_page)
SCRIPT(dumping_leaves_untouched_memory_alone)
SCRIPT(writing_gives_a_page_that_stores_go_to)
SCRIPT(a_pin_counts_more_than_references)
SCRIPT(rights_and_holes_end_it)
SCRIPT(the_end_of_the_file_ends_it)
SCRIPT(force_breaks_copy_on_write)
SCRIPT(touching_marks_pages)
SCRIPT(what_a_device_wrote_is_dirty)
SCRIPT(populating_writes_private_memory_and_reads_the_rest)
SCRIPT(populating_a_range_says_what_went_wrong)
SCRIPT(holding_for_a_device)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading_untouched_memory_gives_the_zero_page),
		cmocka_unit_test(test_dumping_leaves_untouched_memory_alone),
		cmocka_unit_test(test_writing_gives_a_page_that_stores_go_to),
		cmocka_unit_test(test_a_pin_counts_more_than_references),
		cmocka_unit_test(test_rights_and_holes_end_it),
		cmocka_unit_test(test_the_end_of_the_file_ends_it),
		cmocka_unit_test(test_force_breaks_copy_on_write),
		cmocka_unit_test(test_touching_marks_pages),
		cmocka_unit_test(test_what_a_device_wrote_is_dirty),
		cmocka_unit_test(test_populating_writes_private_memory_and_reads_the_rest),
		cmocka_unit_test(test_populating_a_range_says_what_went_wrong),
		cmocka_unit_test(test_holding_for_a_device),
	};

	return RUN_TESTS(tests, argc, argv);
}
