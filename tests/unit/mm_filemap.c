/* SPDX-License-Identifier: MIT */
/* mm_filemap.c - the pagecache: lookups, fault-around, read(2) and write(2) of files on disk */
#include "machine.h"

static struct file *the_file;
#define MAPPING (the_file->f_mapping)

static void (*the_body)(void);
static void with_file(void)
{
	the_file = file_create(4);
	the_body();
}
/* tmpfs: 40 pages, all but number 7 in memory. */
static void with_big_file(void)
{
	the_file = shmem_file_setup(PAGES(40));
	for (unsigned i = 0; i < 40; i++)
		BUG_ON(i != 7 && kernel_write(the_file, &i, 1, PAGES(i)) != 1);
	the_body();
	fput(the_file);
}

static void lookups_pass_over_swap_entries(void)
{
	struct page *pages[4], *page;

	for (unsigned i = 0; i < 4; i++)
		BUG_ON(!file_byte_is(the_file, PAGES(i), (u8)file_initial_word(0, PAGES(i))));
	page = radix_tree_replace(&MAPPING->page_tree, 1, swp_to_radix_entry(swp_entry(0, 3)));
	BUG_ON(cached(the_file, 1) || find_lock_page(MAPPING, 1));
	BUG_ON(find_get_pages(MAPPING, 0, 2, pages) != 2 || pages[0]->index != 0 || pages[1]->index != 2);
	put_page(pages[0]);
	put_page(pages[1]);
	BUG_ON(find_get_pages(MAPPING, 1, 4, pages) != 2 || pages[0]->index != 2 || pages[1]->index != 3);
	put_page(pages[0]);
	put_page(pages[1]);
	BUG_ON(radix_to_swp_entry(radix_tree_replace(&MAPPING->page_tree, 1, page)).val !=
	       swp_entry(0, 3).val);
}

static void pages_are_added_once(void)
{
	struct page *page = alloc_page(), *again;

	content_zero(page_address(page), PAGE_SIZE);
	BUG_ON(add_to_page_cache_lru(page, MAPPING, 9) || !PageLocked(page) || page_count(page) != 2);
	again = alloc_page();
	BUG_ON(add_to_page_cache(again, MAPPING, 9) != -EEXIST || page_count(again) != 1);
	put_page(again);
	BUG_ON(page_cache_read(the_file, 9)); /* somebody has added it */
	remove_from_page_cache(page);
	BUG_ON(page->mapping || MAPPING->nrpages);
	unlock_page(page);
	put_page(page);
	put_page(page);
}

static unsigned nr_present(unsigned long from, unsigned long to)
{
	unsigned n = 0;

	for (; from < to; from++)
		n += present(WINDOW + PAGES(from));
	return n;
}

/* The window begins where the vma does and has 16 pages, of which one is a hole. */
static void a_read_fault_maps_its_neighbours(void)
{
	int rss = atomic_read(&current->mm->rss[MM_SHMEMPAGES]);

	file_map(the_file, WINDOW + PAGES(5), 35, MAP_SHARED, 0);
	BUG_ON(!byte_is(WINDOW + PAGES(15), 10));
	BUG_ON(nr_present(5, 21) != 15 || nr_present(0, 48) != 15 || present(WINDOW + PAGES(12)));
	BUG_ON(atomic_read(&current->mm->rss[MM_SHMEMPAGES]) != rss + 15);
	BUG_ON(!byte_is(WINDOW + PAGES(22), 17) || nr_present(21, 48) != 11 ||
	       !byte_is(WINDOW + PAGES(12), 0));
	BUG_ON(sys_munmap(WINDOW, PAGES(48)) || atomic_read(&current->mm->rss[MM_SHMEMPAGES]) != rss);
}

static void fault_around_stops_at_the_end_and_at_locks(void)
{
	struct page *page = find_lock_page(MAPPING, 3);

	file_map(the_file, WINDOW, 16, MAP_PRIVATE, 0);
	ClearPageUptodate(page);
	unlock_page(page);
	lock_page(page);
	BUG_ON(!byte_is(WINDOW + PAGES(1), 1) || present(WINDOW + PAGES(3)) || nr_present(0, 16) != 14);
	SetPageUptodate(page);
	unlock_page(page);
	put_page(page);
	BUG_ON(sys_munmap(WINDOW, PAGES(16)) || sys_ftruncate(the_file, PAGES(6) + 1));
	file_map(the_file, WINDOW, 16, MAP_PRIVATE, 0);
	store_byte(WINDOW + PAGES(4), 9); /* stores map their own page alone */
	BUG_ON(nr_present(0, 16) != 1 || !byte_is(WINDOW, 0) || nr_present(0, 16) != 7);
	BUG_ON(!byte_is(WINDOW + PAGES(4), 9) || sys_munmap(WINDOW, PAGES(16)));
}

/* What is mapped by the way is mapped as the vma has it: a later store to a tmpfs page does not fault. */
static void neighbours_are_mapped_as_their_vma_is(void)
{
	unsigned long faults;

	file_map(the_file, WINDOW, 16, MAP_SHARED, 0);
	BUG_ON(!byte_is(WINDOW, 0));
	faults = current->min_flt;
	store_byte(WINDOW + PAGES(5), 99);
	BUG_ON(current->min_flt != faults || sys_munmap(WINDOW, PAGES(16)) ||
	       !file_byte_is(the_file, PAGES(5), 99));
}

static void reads_end_with_the_file(void)
{
	fill_buffer(1);
	BUG_ON(sys_pread(the_file, BUFFER, PAGE_SIZE, PAGES(1) - 8) != (long)PAGE_SIZE);
	BUG_ON(!byte_is(BUFFER + 8, (u8)file_initial_word(0, PAGES(1))));
	BUG_ON(sys_pread(the_file, BUFFER, 100, PAGES(4) - 8) != 8 ||
	       sys_pread(the_file, BUFFER, 1, PAGES(4)));
	BUG_ON(sys_pread(the_file, BUFFER + PAGE_SIZE - 4, 8, 0) != 4);
	BUG_ON(sys_pread(the_file, BUFFER + PAGE_SIZE, 8, 0) != -EFAULT);
}

static void writes_reach_mappings_and_extend(void)
{
	file_map(the_file, WINDOW, 4, MAP_SHARED, 0);
	BUG_ON(sys_ftruncate(the_file, PAGES(2)) || !byte_is(WINDOW + 8, (u8)file_initial_word(0, 8)));
	fill_buffer(7);
	BUG_ON(sys_pwrite(the_file, BUFFER, 16, 4) != 16 || !byte_is(WINDOW + 8, 7));
	BUG_ON(sys_pwrite(the_file, BUFFER, PAGE_SIZE, PAGES(2) - 8) != (long)PAGE_SIZE);
	BUG_ON(i_size_read(the_file->f_inode) != PAGES(3) - 8 || !byte_is(WINDOW + PAGES(2), 7));
	BUG_ON(sys_pwrite(the_file, BUFFER + PAGE_SIZE, 8, PAGES(3) + 8) != -EFAULT);
	BUG_ON(i_size_read(the_file->f_inode) != PAGES(3) - 8);
	BUG_ON(sys_pwrite(the_file, BUFFER, 8, PAGES(4)) != -EFBIG);
	BUG_ON(sys_pwrite(the_file, BUFFER, 16, PAGES(4) - 8) != 8);
	BUG_ON(sys_pwrite(the_file, WINDOW + 4, 8, 8) != 8 || sys_munmap(WINDOW, PAGES(4)));
}

static void perform_write_faults_the_source_in(void)
{
	file_map(the_file, WINDOW, 1, MAP_SHARED, 1);
	mutex_lock(&the_file->f_inode->i_mutex);
	BUG_ON(generic_perform_write(the_file, WINDOW, 8, PAGES(1) + 64) != 8);
	mutex_unlock(&the_file->f_inode->i_mutex);
	BUG_ON(!file_byte_is(the_file, PAGES(1) + 64, (u8)file_initial_word(0, PAGES(1))));
	BUG_ON(sys_munmap(WINDOW, PAGES(1)));
}

#define SCRIPT(name, set_up, neighbours)                                                                         \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		the_machine.around = neighbours;                                                                         \
		the_body = name;                                                                             \
		run_with_buffer(set_up);                                                                                 \
	}
SCRIPT(lookups_pass_over_swap_entries, with_file, "none")
SCRIPT(pages_are_added_once, with_file, "none")
SCRIPT(a_read_fault_maps_its_neighbours, with_big_file, "64k")
SCRIPT(fault_around_stops_at_the_end_and_at_locks, with_big_file, "64k")
SCRIPT(neighbours_are_mapped_as_their_vma_is, with_big_file, "64k")
SCRIPT(reads_end_with_the_file, with_file, "none")
SCRIPT(writes_reach_mappings_and_extend, with_file, "none")
SCRIPT(perform_write_faults_the_source_in, with_file, "none")

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookups_pass_over_swap_entries),
		cmocka_unit_test(test_pages_are_added_once),
		cmocka_unit_test(test_a_read_fault_maps_its_neighbours),
		cmocka_unit_test(test_fault_around_stops_at_the_end_and_at_locks),
		cmocka_unit_test(test_neighbours_are_mapped_as_their_vma_is),
		cmocka_unit_test(test_reads_end_with_the_file),
		cmocka_unit_test(test_writes_reach_mappings_and_extend),
		cmocka_unit_test(test_perform_write_faults_the_source_in),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
