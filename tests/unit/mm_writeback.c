/* SPDX-License-Identifier: MIT */
/* mm_writeback.c - dirty pages of files on disk: marked, tagged, written, waited for; buffers; page_mkwrite */
#include "machine.h"

static struct file *the_file;
#define INODE (the_file->f_inode)
#define MAPPING (the_file->f_mapping)

static void (*the_body)(void);
static void with_file(void)
{
	the_file = file_create(4);
	the_body();
}

static bool tagged(unsigned long index, enum radix_tree_tag tag)
{
	return radix_tree_tag_get(&MAPPING->page_tree, index, tag);
}

static u8 *on_disk(unsigned long index)
{
	return this_machine->disk.block[INODE->i_block + index];
}

static bool disk_byte_is(unsigned long pos, u8 want)
{
	u8 got;

	content_read(&got, on_disk(pos >> PAGE_SHIFT) + (pos & ~PAGE_MASK), 1);
	return got == want;
}

static struct page *locked_page(unsigned long index)
{
	struct page *page = find_lock_page(MAPPING, index);

	BUG_ON(!page);
	return page;
}

static void done_with(struct page *page)
{
	unlock_page(page);
	put_page(page);
}

static void write_page(unsigned long index, u8 byte)
{
	fill_buffer(byte);
	BUG_ON(sys_pwrite(the_file, BUFFER, PAGE_SIZE, PAGES(index)) != (long)PAGE_SIZE);
}

static void dirty_pages_are_tagged_and_written(void)
{
	write_page(1, 7);
	write_page(3, 8);
	BUG_ON(!tagged(1, RADIX_TREE_DIRTY) || tagged(0, RADIX_TREE_DIRTY) || disk_byte_is(PAGES(1), 7));
	BUG_ON(filemap_write_and_wait_range(MAPPING, 0, PAGES(2) - 1));
	BUG_ON(!disk_byte_is(PAGES(1), 7) || disk_byte_is(PAGES(3), 8));
	BUG_ON(tagged(1, RADIX_TREE_DIRTY) || tagged(1, RADIX_TREE_WRITEBACK) ||
	       !tagged(3, RADIX_TREE_DIRTY));
	BUG_ON(sys_fsync(the_file) || !disk_byte_is(PAGES(3), 8));
	BUG_ON(radix_tree_tagged(&MAPPING->page_tree, RADIX_TREE_DIRTY));
	BUG_ON(vm_invalidate(0, 0, 3) || MAPPING->nrpages || !file_byte_is(the_file, PAGES(3), 8));
}

static void a_page_is_made_dirty_once(void)
{
	struct page *page;

	BUG_ON(!file_byte_is(the_file, 0, (u8)file_initial_word(0, 0)));
	page = locked_page(0);
	BUG_ON(!set_page_dirty(page) || set_page_dirty(page) || !PageDirty(page));
	BUG_ON(!clear_page_dirty_for_io(page) || clear_page_dirty_for_io(page) || PageDirty(page));
	set_page_dirty(page);
	set_page_writeback(page);
	BUG_ON(!PageWriteback(page) || !tagged(0, RADIX_TREE_WRITEBACK) || !tagged(0, RADIX_TREE_DIRTY));
	test_clear_page_dirty(page);
	end_page_writeback(page);
	wait_on_page_writeback(page);
	BUG_ON(PageWriteback(page) || tagged(0, RADIX_TREE_WRITEBACK));
	done_with(page);
}

static void a_store_to_a_clean_page_is_noticed(void)
{
	u32 mtime = INODE->i_mtime;

	file_map(the_file, WINDOW, 4, MAP_SHARED, 0);
	BUG_ON(!byte_is(WINDOW + 8, (u8)file_initial_word(0, 8)) || tagged(0, RADIX_TREE_DIRTY));
	store_byte(WINDOW + 8, 7);
	BUG_ON(!tagged(0, RADIX_TREE_DIRTY) || INODE->i_mtime == mtime);
	BUG_ON(sys_fsync(the_file) || !disk_byte_is(8, 7) || tagged(0, RADIX_TREE_DIRTY));
	store_byte(WINDOW + 8, 8); /* read-only since it was cleaned */
	store_byte(WINDOW + PAGES(1), 9);
	BUG_ON(!tagged(0, RADIX_TREE_DIRTY) || !tagged(1, RADIX_TREE_DIRTY));
	BUG_ON(sys_fsync(the_file) || !disk_byte_is(8, 8) || !disk_byte_is(PAGES(1), 9));
	BUG_ON(sys_munmap(WINDOW, PAGES(4)));
}

static void page_mkwrite_knows_pages_that_left(void)
{
	struct vm_area_struct *vma;
	struct page *page;

	file_map(the_file, WINDOW, 4, MAP_SHARED, 0);
	BUG_ON(!byte_is(WINDOW, (u8)file_initial_word(0, 0)));
	vma = find_vma(current->mm, WINDOW);
	page = find_get_page(MAPPING, 0);
	BUG_ON(simplefs_vm_ops.page_mkwrite(vma, page) != VM_FAULT_LOCKED || !PageLocked(page));
	unlock_page(page);
	BUG_ON(sys_ftruncate(the_file, 0));
	BUG_ON(simplefs_vm_ops.page_mkwrite(vma, page) != VM_FAULT_NOPAGE || PageLocked(page));
	put_page(page);
	BUG_ON(sys_munmap(WINDOW, PAGES(4)));
}

static void what_lies_behind_the_end_is_not_written(void)
{
	file_map(the_file, WINDOW, 4, MAP_SHARED, 0);
	BUG_ON(sys_ftruncate(the_file, PAGE_SIZE + 8));
	store_byte(WINDOW + PAGE_SIZE + 1, 7);
	store_byte(WINDOW + PAGE_SIZE + 100, 7);
	BUG_ON(sys_fsync(the_file) || !disk_byte_is(PAGE_SIZE + 1, 7) || !disk_byte_is(PAGE_SIZE + 100, 0));
	BUG_ON(sys_munmap(WINDOW, PAGES(4)) || vm_invalidate(0, 0, 3));
	BUG_ON(sys_ftruncate(the_file, PAGES(2)) || !file_byte_is(the_file, PAGE_SIZE + 100, 0));
}

static void clean_buffers_are_not_written(void)
{
	INODE->buffers = true;
	write_page(0, 7);
	BUG_ON(sync_mapping_buffers(MAPPING) || !disk_byte_is(0, 7) || !tagged(0, RADIX_TREE_DIRTY));
	content_write(on_disk(0), &(u8){ 1 }, 1); /* so that a second write would show */
	BUG_ON(sys_fsync(the_file) || !disk_byte_is(0, 1) || tagged(0, RADIX_TREE_DIRTY));
	write_page(0, 8);
	BUG_ON(sys_fsync(the_file) || !disk_byte_is(0, 8));
}

static void buffers_go_with_their_page(void)
{
	struct page *page;

	INODE->buffers = true;
	write_page(0, 7);
	write_page(1, 7);
	page = locked_page(0);
	BUG_ON(!PagePrivate(page) || try_to_release_page(page));
	BUG_ON(!buffers_to_write(page) || buffers_to_write(page));
	mark_buffers_dirty(page);
	BUG_ON(simplefs_releasepage(page));
	discard_buffers(page);
	BUG_ON(PagePrivate(page) || !try_to_release_page(page));
	attach_page_buffers(page);
	BUG_ON(!PagePrivate(page) || !try_to_release_page(page) || PagePrivate(page));
	done_with(page);
	BUG_ON(sys_ftruncate(the_file, 0) || MAPPING->nrpages);
}

static void a_task_writes_back_by_itself(void)
{
	struct page *page;

	write_page(2, 7);
	page = find_get_page(MAPPING, 2);
	wait_for_bits_u32((const u32 *)&page->flags, 1u << PG_dirty, 0, "dirty page");
	lock_page(page); /* whoever cleaned it has set writeback before it unlocked */
	unlock_page(page);
	wait_on_page_writeback(page);
	BUG_ON(PageDirty(page) || !disk_byte_is(PAGES(2), 7));
	put_page(page);
}

static void run_as(void (*body)(void), bool at_once, bool writeback)
{
	the_machine.config = (struct machine_config){ .io_at_once = at_once, .writeback = writeback };
	the_machine.dirty = "writenotify";
	the_machine.around = "none";
	the_body = body;
	run_with_buffer(with_file);
}

#define SCRIPT(name)                                                                                         \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		run_as(name, false, false);                                                                  \
		run_as(name, true, false);                                                                   \
	}
SCRIPT(dirty_pages_are_tagged_and_written)
SCRIPT(a_page_is_made_dirty_once)
SCRIPT(a_store_to_a_clean_page_is_noticed)
SCRIPT(page_mkwrite_knows_pages_that_left)
SCRIPT(what_lies_behind_the_end_is_not_written)
SCRIPT(clean_buffers_are_not_written)
SCRIPT(buffers_go_with_their_page)

static void test_a_task_writes_back_by_itself(void **state)
{
	run_as(a_task_writes_back_by_itself, false, true);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dirty_pages_are_tagged_and_written),
		cmocka_unit_test(test_a_page_is_made_dirty_once),
		cmocka_unit_test(test_a_store_to_a_clean_page_is_noticed),
		cmocka_unit_test(test_page_mkwrite_knows_pages_that_left),
		cmocka_unit_test(test_what_lies_behind_the_end_is_not_written),
		cmocka_unit_test(test_clean_buffers_are_not_written),
		cmocka_unit_test(test_buffers_go_with_their_page),
		cmocka_unit_test(test_a_task_writes_back_by_itself),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
