/* SPDX-License-Identifier: MIT */
/* mm_shmem.c - tmpfs files: holes, sizes, what bad buffers do, holes punched, swap, references; as Linux 6.18 has them */
#include "machine.h"

static u32 mtime;

static bool mtime_changed(struct file *file)
{
	bool changed = file->f_inode->i_mtime != mtime;

	mtime = file->f_inode->i_mtime;
	return changed;
}

/* A script that has a file of 4 pages, all holes. */
static void (*the_body)(struct file *file);
static void with_file(void)
{
	struct file *file = shmem_file_setup(PAGES(4));

	BUG_ON(!file);
	mtime = 0;
	the_body(file);
	fput(file);
}

static void holes_read_as_zeroes_and_stay_holes(struct file *file)
{
	fill_buffer(1);
	BUG_ON(sys_pread(file, BUFFER, 100, 50) != 100 || !byte_is(BUFFER, 0) || !byte_is(BUFFER + 100, 1));
	BUG_ON(sys_pread(file, BUFFER, PAGE_SIZE, PAGES(4) - 10) != 10);
	BUG_ON(sys_pread(file, BUFFER, 1, PAGES(4)) || sys_pread(file, BUFFER, 1, -1ul) != -EINVAL);
	BUG_ON(file->f_inode->alloced || mtime_changed(file));
}

static void a_read_stops_where_memory_ends(struct file *file)
{
	BUG_ON(sys_pread(file, BUFFER + PAGE_SIZE - 50, 100, 10) != 50);
	BUG_ON(sys_pread(file, BUFFER + PAGE_SIZE, 10, 0) != -EFAULT);
	BUG_ON(sys_pread(file, BUFFER + PAGE_SIZE, 10, PAGES(4)) ||
	       sys_pread(file, BUFFER + PAGE_SIZE, 0, 0));
}

static void a_write_reaches_several_pages(struct file *file)
{
	fill_buffer(7);
	BUG_ON(sys_pwrite(file, BUFFER, PAGE_SIZE, PAGE_SIZE / 2) != (long)PAGE_SIZE);
	BUG_ON(file->f_inode->alloced != 2 || !mtime_changed(file));
	BUG_ON(!file_byte_is(file, PAGE_SIZE / 2 - 1, 0) || !file_byte_is(file, PAGE_SIZE / 2, 7));
	BUG_ON(!file_byte_is(file, PAGE_SIZE + PAGE_SIZE / 2 - 1, 7) ||
	       !file_byte_is(file, PAGE_SIZE + PAGE_SIZE / 2, 0));
	BUG_ON(sys_pwrite(file, BUFFER, 10, PAGES(6)) != 10 || i_size_read(file->f_inode) != PAGES(6) + 10);
}

static void bad_buffers_are_written_up_to_their_end(struct file *file)
{
	unsigned long bad = BUFFER + PAGE_SIZE;

	BUG_ON(sys_pwrite(file, bad, 0, PAGES(9)) || mtime_changed(file));
	BUG_ON(sys_pwrite(file, bad, 100, 0) != -EFAULT || file->f_inode->alloced != 1 ||
	       !mtime_changed(file));
	BUG_ON(sys_pwrite(file, bad, 100, PAGES(8)) != -EFAULT);
	BUG_ON(i_size_read(file->f_inode) != PAGES(8) || file->f_inode->alloced != 2);
	BUG_ON(sys_pwrite(file, bad - 50, 100, PAGES(10) - 20) != 50);
	BUG_ON(i_size_read(file->f_inode) != PAGES(10) + 30 || file->f_inode->alloced != 4);
	BUG_ON(sys_pwrite(file, TASK_SIZE, 100, PAGES(20)) != -EFAULT || file->f_inode->alloced != 4);
}

static void a_write_of_the_page_that_it_is_read_from(struct file *file)
{
	file_map(file, WINDOW, 4, MAP_SHARED, 0);
	store_byte(WINDOW + 10, 3);
	BUG_ON(sys_munmap(WINDOW, PAGES(4)));
	file_map(file, WINDOW, 4, MAP_SHARED, 0); /* not present: the copy must fault with the page unlocked */
	BUG_ON(sys_pwrite(file, WINDOW + 10, 5, 100) != 5 || !file_byte_is(file, 100, 3));
	BUG_ON(sys_pwrite(file, WINDOW + PAGE_SIZE, 5, PAGE_SIZE) != 5);
	BUG_ON(sys_munmap(WINDOW, PAGES(4)));
}

static void faults_fill_holes_up_to_the_end(struct file *file)
{
	file_map(file, WINDOW, 5, MAP_SHARED, 0);
	BUG_ON(!byte_is(WINDOW, 0) || file->f_inode->alloced != 1 || mtime_changed(file));
	store_byte(WINDOW + PAGE_SIZE, 1);
	BUG_ON(file->f_inode->alloced != 2 || !mtime_changed(file));
	BUG_ON(user_write(WINDOW + PAGES(4), &(u8){ 1 }, 1) != SIGBUS || file->f_inode->alloced != 2);
	BUG_ON(sys_munmap(WINDOW, PAGES(5)));
	BUG_ON(!file_byte_is(file, PAGE_SIZE, 1));
}

static void a_private_store_does_not_reach_the_file(struct file *file)
{
	file_map(file, WINDOW, 1, MAP_PRIVATE, 0);
	store_byte(WINDOW, 9);
	BUG_ON(file->f_inode->alloced != 1 || !file_byte_is(file, 0, 0) || mtime_changed(file));
	BUG_ON(sys_munmap(WINDOW, PAGES(1)));
}

static void truncation_zeroes_what_it_cuts(struct file *file)
{
	file_map(file, WINDOW, 4, MAP_SHARED, 0);
	for (unsigned i = 0; i < 3; i++)
		store_byte(WINDOW + PAGES(i) + 200, 5);
	mtime_changed(file);
	BUG_ON(sys_ftruncate(file, PAGE_SIZE + 100) || !mtime_changed(file));
	BUG_ON(file->f_inode->alloced != 2 || !byte_is(WINDOW + 200, 5) ||
	       !byte_is(WINDOW + PAGE_SIZE + 200, 0));
	BUG_ON(user_read(WINDOW + PAGES(2), &(u8){ 0 }, 1) != SIGBUS);
	store_byte(WINDOW + PAGE_SIZE + 200, 6);
	BUG_ON(sys_ftruncate(file, PAGE_SIZE + 100) || !byte_is(WINDOW + PAGE_SIZE + 200, 0));
	store_byte(WINDOW + PAGE_SIZE + 200, 6);
	BUG_ON(sys_ftruncate(file, PAGES(3)) || !byte_is(WINDOW + PAGE_SIZE + 200, 6) ||
	       !mtime_changed(file));
	BUG_ON(!byte_is(WINDOW + PAGES(2) + 200, 0));
	BUG_ON(sys_ftruncate(file, -1ul) != -EINVAL || mtime_changed(file));
	BUG_ON(sys_munmap(WINDOW, PAGES(4)));
}

static void truncation_takes_private_copies(struct file *file)
{
	file_map(file, WINDOW, 4, MAP_PRIVATE, 0);
	store_byte(WINDOW, 5);
	store_byte(WINDOW + PAGES(3), 5);
	BUG_ON(sys_ftruncate(file, PAGES(2)));
	BUG_ON(!byte_is(WINDOW, 5) || present(WINDOW + PAGES(3)));
	BUG_ON(sys_munmap(WINDOW, PAGES(4)));
}

static void punching_keeps_size_and_private_copies(struct file *file)
{
	file_map(file, WINDOW, 4, MAP_SHARED, 0);
	file_map(file, WINDOW + PAGES(8), 4, MAP_PRIVATE, 0);
	for (unsigned i = 0; i < 4; i++)
		store_byte(WINDOW + PAGES(i), 5);
	store_byte(WINDOW + PAGES(9), 6);
	BUG_ON(!byte_is(WINDOW + PAGES(10), 5));
	mtime_changed(file);
	BUG_ON(sys_fallocate(file, PUNCH, PAGE_SIZE, PAGES(2)) || !mtime_changed(file));
	BUG_ON(file->f_inode->alloced != 2 || i_size_read(file->f_inode) != PAGES(4));
	BUG_ON(present(WINDOW + PAGE_SIZE) || present(WINDOW + PAGES(10)) || !byte_is(WINDOW + PAGES(9), 6));
	BUG_ON(!byte_is(WINDOW + PAGE_SIZE, 0) || !byte_is(WINDOW + PAGES(3), 5));
	BUG_ON(sys_munmap(WINDOW, PAGES(12)));
}

static void punching_zeroes_parts_of_pages(struct file *file)
{
	fill_buffer(7);
	for (unsigned i = 0; i < 4; i++)
		BUG_ON(sys_pwrite(file, BUFFER, PAGE_SIZE, PAGES(i)) != (long)PAGE_SIZE);
	BUG_ON(sys_fallocate(file, PUNCH, 100, PAGES(2)) || file->f_inode->alloced != 3);
	BUG_ON(!file_byte_is(file, 99, 7) || !file_byte_is(file, 100, 0) ||
	       !file_byte_is(file, PAGES(2) + 99, 0) || !file_byte_is(file, PAGES(2) + 100, 7));
	BUG_ON(sys_fallocate(file, PUNCH, PAGES(3) + 10, 10) || !file_byte_is(file, PAGES(3) + 9, 7) ||
	       !file_byte_is(file, PAGES(3) + 10, 0) || !file_byte_is(file, PAGES(3) + 20, 7));
	BUG_ON(sys_fallocate(file, PUNCH, PAGES(8), PAGES(1)) || sys_fallocate(file, PUNCH, 0, 1ul << 62));
	BUG_ON(file->f_inode->alloced);
}

static void bad_calls_are_refused(struct file *file)
{
	BUG_ON(sys_fallocate(file, PUNCH, 0, 0) != -EINVAL || sys_fallocate(file, PUNCH, -1ul, 1) != -EINVAL);
	BUG_ON(sys_fallocate(file, FALLOC_FL_PUNCH_HOLE, 0, 1) != -EOPNOTSUPP);
	BUG_ON(sys_fallocate(file, PUNCH, 0x7ffffffffffff000, 0x2000) != -EFBIG || mtime_changed(file));
	file->f_mode = 0;
	BUG_ON(sys_pread(file, BUFFER, 1, 0) != -EBADF || sys_pwrite(file, BUFFER, 1, 0) != -EBADF);
	BUG_ON(sys_ftruncate(file, 0) != -EINVAL || sys_fallocate(file, PUNCH, 0, 1) != -EBADF);
}

static void vmas_keep_a_file_and_its_pages(struct file *file)
{
	u32 inodes = this_machine->slab.live[SLAB_INODE];
	struct file *other = shmem_file_setup(PAGES(2));
	unsigned long frames;

	file_map(other, WINDOW, 2, MAP_SHARED, 0);
	store_byte(WINDOW, 1);
	frames = this_machine->zone.nr_free;
	fput(other);
	BUG_ON(this_machine->slab.live[SLAB_INODE] != inodes + 1 || !byte_is(WINDOW, 1));
	BUG_ON(sys_munmap(WINDOW, PAGES(2)) || this_machine->slab.live[SLAB_INODE] != inodes);
	BUG_ON(this_machine->zone.nr_free <= frames);
}

static void getpage_tells_holes_from_ends(struct file *file)
{
	struct page *page;

	BUG_ON(shmem_getpage(file->f_inode, 0, &page, SGP_READ) || page);
	BUG_ON(shmem_getpage(file->f_inode, 4, &page, SGP_CACHE) != -EFBIG || page);
	BUG_ON(shmem_getpage(file->f_inode, 4, &page, SGP_READ) != -EFBIG || page);
	BUG_ON(shmem_getpage(file->f_inode, 1, &page, SGP_CACHE) || !PageLocked(page) || !PageUptodate(page));
	unlock_page(page);
	put_page(page);
	BUG_ON(shmem_getpage(file->f_inode, 4, &page, SGP_WRITE) || !page);
	truncate_complete_page(file->f_mapping, page);
	unlock_page(page);
	put_page(page);
	BUG_ON(!shmem_mapping(file->f_mapping) || shmem_mapping(&this_machine->swap.cache));
}

static void swap_out(struct file *file, unsigned long index)
{
	struct page *page = find_lock_page(file->f_mapping, index);

	BUG_ON(!page);
	ClearPageDirty(page);
	BUG_ON(shmem_writepage(page));
	wait_on_page_writeback(page);
	lock_page(page);
	delete_from_swap_cache(page);
	unlock_page(page);
	put_page(page);
}

static void pages_come_back_from_swap(struct file *file)
{
	fill_buffer(7);
	BUG_ON(sys_pwrite(file, BUFFER, PAGE_SIZE, 0) != (long)PAGE_SIZE);
	swap_out(file, 0);
	BUG_ON(cached(file, 0) || file->f_inode->swapped != 1 || file->f_inode->alloced != 1);
	BUG_ON(!file_byte_is(file, 100, 7) || file->f_inode->swapped || file->f_inode->alloced != 1);
	BUG_ON(this_machine->swap.nr_free != this_machine->swap.nr_slots - 1);
}

static void truncation_finds_what_is_on_swap(struct file *file)
{
	fill_buffer(7);
	for (unsigned i = 0; i < 4; i++)
		BUG_ON(sys_pwrite(file, BUFFER, PAGE_SIZE, PAGES(i)) != (long)PAGE_SIZE);
	for (unsigned i = 0; i < 3; i++)
		swap_out(file, i);
	BUG_ON(sys_ftruncate(file, PAGE_SIZE + 100) || file->f_inode->alloced != 2);
	BUG_ON(!file_byte_is(file, PAGE_SIZE + 99, 7) || file->f_inode->swapped != 1);
	BUG_ON(sys_ftruncate(file, PAGES(2)) || !file_byte_is(file, PAGE_SIZE + 100, 0));
	swap_out(file, 1);
	BUG_ON(file->f_inode->swapped != 2);
	BUG_ON(sys_fallocate(file, PUNCH, 0, PAGE_SIZE) || file->f_inode->swapped != 1);
}

#define SCRIPT(name)                                                                                         \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		the_machine.config = (struct machine_config){ .swap_slots = 5 };                                     \
		the_machine.around = "none";                                                                         \
		the_body = name;                                                                             \
		run_with_buffer(with_file);                                                                              \
		the_machine.config.io_at_once = true;                                                                \
		the_machine.invalidate = "truncate-count";                                                           \
		run_with_buffer(with_file);                                                                              \
		the_machine.invalidate = NULL;                                                                       \
	}
SCRIPT(holes_read_as_zeroes_and_stay_holes)
SCRIPT(a_read_stops_where_memory_ends)
SCRIPT(a_write_reaches_several_pages)
SCRIPT(bad_buffers_are_written_up_to_their_end)
SCRIPT(a_write_of_the_page_that_it_is_read_from)
SCRIPT(faults_fill_holes_up_to_the_end)
SCRIPT(a_private_store_does_not_reach_the_file)
SCRIPT(truncation_zeroes_what_it_cuts)
SCRIPT(truncation_takes_private_copies)
SCRIPT(punching_keeps_size_and_private_copies)
SCRIPT(punching_zeroes_parts_of_pages)
SCRIPT(bad_calls_are_refused)
SCRIPT(vmas_keep_a_file_and_its_pages)
SCRIPT(getpage_tells_holes_from_ends)
SCRIPT(pages_come_back_from_swap)
SCRIPT(truncation_finds_what_is_on_swap)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holes_read_as_zeroes_and_stay_holes),
		cmocka_unit_test(test_a_read_stops_where_memory_ends),
		cmocka_unit_test(test_a_write_reaches_several_pages),
		cmocka_unit_test(test_bad_buffers_are_written_up_to_their_end),
		cmocka_unit_test(test_a_write_of_the_page_that_it_is_read_from),
		cmocka_unit_test(test_faults_fill_holes_up_to_the_end),
		cmocka_unit_test(test_a_private_store_does_not_reach_the_file),
		cmocka_unit_test(test_truncation_zeroes_what_it_cuts),
		cmocka_unit_test(test_truncation_takes_private_copies),
		cmocka_unit_test(test_punching_keeps_size_and_private_copies),
		cmocka_unit_test(test_punching_zeroes_parts_of_pages),
		cmocka_unit_test(test_bad_calls_are_refused),
		cmocka_unit_test(test_vmas_keep_a_file_and_its_pages),
		cmocka_unit_test(test_getpage_tells_holes_from_ends),
		cmocka_unit_test(test_pages_come_back_from_swap),
		cmocka_unit_test(test_truncation_finds_what_is_on_swap),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
