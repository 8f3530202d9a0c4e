/* SPDX-License-Identifier: MIT */
/* mm_truncate.c - ranges of pages leave the pagecache, with what is cut zeroed; invalidation and what it refuses */
#include "machine.h"

static struct file *the_file;
#define MAPPING (the_file->f_mapping)

static void (*the_body)(void);
static void with_file(void)
{
	the_file = file_create(4);
	for (unsigned i = 0; i < 4; i++)
		BUG_ON(!file_byte_is(the_file, PAGES(i), (u8)file_initial_word(0, PAGES(i))));
	the_body();
}

static bool is_old(unsigned long pos)
{
	return file_byte_is(the_file, pos, (u8)file_initial_word(0, pos));
}

/* The oracles are told nothing of holes in files on disk. */
static void a_range_is_dropped_and_cut_pages_zeroed(void)
{
	struct page *page = find_get_page(MAPPING, 0);

	the_file->f_inode->ghosted = false;
	truncate_inode_pages_range(MAPPING, 104, PAGES(2) + 7);
	BUG_ON(!cached(the_file, 0) || cached(the_file, 1) || !cached(the_file, 2) || !cached(the_file, 3));
	BUG_ON(!is_old(96) || !file_byte_is(the_file, 104, 0) || !file_byte_is(the_file, PAGES(2), 0));
	BUG_ON(!is_old(PAGES(2) + 8) || page != find_get_page(MAPPING, 0));
	put_page(page);
	truncate_inode_pages_range(MAPPING, PAGES(3) + 8, PAGES(3) + 15);
	BUG_ON(!is_old(PAGES(3)) || !file_byte_is(the_file, PAGES(3) + 8, 0) || !is_old(PAGES(3) + 16));
	truncate_inode_pages_range(MAPPING, PAGES(2), PAGES(4) - 1);
	BUG_ON(!cached(the_file, 0) || MAPPING->nrpages != 1);
	truncate_inode_pages(MAPPING, 0);
	BUG_ON(MAPPING->nrpages);
	put_page(page);
}

static void dirty_pages_are_truncated_but_not_invalidated(void)
{
	BUG_ON(vm_write(0, 1, 7) != VM_PAGE);
	BUG_ON(vm_invalidate(0, 0, 3) != -EIO || MAPPING->nrpages != 1 || !cached(the_file, 1));
	BUG_ON(sys_ftruncate(the_file, PAGES(1)) || MAPPING->nrpages);
	BUG_ON(sys_ftruncate(the_file, PAGES(2)));
}

static void pages_in_use_are_not_dropped_by_the_way(void)
{
	struct page *page = find_get_page(MAPPING, 2);

	file_map(the_file, WINDOW, 1, MAP_SHARED, 0);
	BUG_ON(!byte_is(WINDOW, (u8)file_initial_word(0, 0)));
	BUG_ON(invalidate_mapping_pages(MAPPING, 0, 3) != 2 || !cached(the_file, 0) || !cached(the_file, 2));
	put_page(page);
	BUG_ON(sys_munmap(WINDOW, PAGES(1)) || invalidate_mapping_pages(MAPPING, 0, 1) != 1);
	BUG_ON(!cached(the_file, 2) || MAPPING->nrpages != 1);
}

static void a_page_with_a_dirty_buffer_stays(void)
{
	struct page *page;

	the_file->f_inode->buffers = true;
	BUG_ON(vm_write(0, 1, 7) != VM_PAGE);
	page = find_lock_page(MAPPING, 1);
	test_clear_page_dirty(page);
	BUG_ON(invalidate_complete_page2(MAPPING, page) != -EIO || page->mapping != MAPPING);
	BUG_ON(!buffers_to_write(page) || invalidate_complete_page2(MAPPING, page) || page->mapping);
	unlock_page(page);
	put_page(page);
	BUG_ON(sys_ftruncate(the_file, 0));
}

/* The disk is still reading the page: it stays until that is over. */
static void truncation_waits_for_writeback(void)
{
	struct page *page;

	BUG_ON(vm_write(0, 1, 7) != VM_PAGE);
	page = find_lock_page(MAPPING, 1);
	BUG_ON(!clear_page_dirty_for_io(page) || MAPPING->a_ops->writepage(page));
	BUG_ON(sys_ftruncate(the_file, PAGES(1)) || PageWriteback(page) || page->mapping);
	put_page(page);
}

static void unmap_page_leaves_private_copies(void)
{
	struct page *page;

	file_map(the_file, WINDOW, 4, MAP_SHARED, 0);
	file_map(the_file, WINDOW + PAGES(8), 4, MAP_PRIVATE, 0);
	BUG_ON(!byte_is(WINDOW + PAGES(1), (u8)file_initial_word(0, PAGES(1))));
	BUG_ON(!byte_is(WINDOW + PAGES(2), (u8)file_initial_word(0, PAGES(2))));
	store_byte(WINDOW + PAGES(9), 7);
	page = find_lock_page(MAPPING, 1);
	unmap_page(MAPPING, page);
	BUG_ON(page_mapped(page) || present(WINDOW + PAGES(1)) || !present(WINDOW + PAGES(2)));
	unlock_page(page);
	put_page(page);
	BUG_ON(!byte_is(WINDOW + PAGES(9), 7) || sys_munmap(WINDOW, PAGES(12)));
}

static void vmtruncate_grows_and_shrinks(void)
{
	struct inode *inode = the_file->f_inode;

	mutex_lock(&inode->i_mutex);
	vmtruncate(inode, PAGES(1));
	observe_truncated(inode);
	BUG_ON(i_size_read(inode) != PAGES(1) || MAPPING->nrpages != 1);
	vmtruncate(inode, PAGES(3));
	mutex_unlock(&inode->i_mutex);
	BUG_ON(i_size_read(inode) != PAGES(3) || MAPPING->nrpages != 1);
}

#define SCRIPT(name)                                                                                         \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		the_machine.around = "none";                                                                         \
		the_body = name;                                                                             \
		run_with_buffer(with_file);                                                                              \
	}
SCRIPT(a_range_is_dropped_and_cut_pages_zeroed)
SCRIPT(dirty_pages_are_truncated_but_not_invalidated)
SCRIPT(pages_in_use_are_not_dropped_by_the_way)
SCRIPT(a_page_with_a_dirty_buffer_stays)
SCRIPT(truncation_waits_for_writeback)
SCRIPT(unmap_page_leaves_private_copies)
SCRIPT(vmtruncate_grows_and_shrinks)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_range_is_dropped_and_cut_pages_zeroed),
		cmocka_unit_test(test_dirty_pages_are_truncated_but_not_invalidated),
		cmocka_unit_test(test_pages_in_use_are_not_dropped_by_the_way),
		cmocka_unit_test(test_a_page_with_a_dirty_buffer_stays),
		cmocka_unit_test(test_truncation_waits_for_writeback),
		cmocka_unit_test(test_unmap_page_leaves_private_copies),
		cmocka_unit_test(test_vmtruncate_grows_and_shrinks),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
