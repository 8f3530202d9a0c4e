/* SPDX-License-Identifier: MIT */
/* fs_files.c - files come and go with their references; requests of the disk; the kernel's own reads and writes */
#include "machine.h"

static void the_machines_files_are_not_counted(void)
{
	struct file *file = file_create(2);

	BUG_ON(get_file(file) != file || atomic_read(&file->f_count));
	fput(file);
	fput(file);
	BUG_ON(i_size_read(file->f_inode) != PAGES(2) || !file->f_inode->ghosted || file_create(5));
	BUG_ON(sys_fallocate(file, PUNCH, 0, PAGE_SIZE) != -EOPNOTSUPP);
	BUG_ON(sys_ftruncate(file, PAGES(FILE_PAGES_MAX) + 1) != -EFBIG);
}

static void the_last_reference_frees_a_file(void)
{
	u32 inodes = this_machine->slab.live[SLAB_INODE], files = this_machine->slab.live[SLAB_FILE];
	unsigned long frames = this_machine->zone.nr_free;
	struct file *file = shmem_file_setup(PAGES(3));

	BUG_ON(kernel_write(file, "x", 1, PAGES(2)) != 1);
	BUG_ON(get_file(file) != file || atomic_read(&file->f_count) != 2);
	fput(file);
	BUG_ON(!file_byte_is(file, PAGES(2), 'x') || this_machine->slab.live[SLAB_INODE] != inodes + 1);
	fput(file);
	BUG_ON(this_machine->slab.live[SLAB_INODE] != inodes || this_machine->slab.live[SLAB_FILE] != files);
	BUG_ON(this_machine->zone.nr_free != frames);
}

static void end_io_of_task(void *data, bool error)
{
	BUG_ON(error);
	complete(data);
}

static void the_disk_moves_pieces(void)
{
	struct page *page = alloc_zeroed_page();
	u8 *frame = page_address(page);
	struct disk_request r = { .offset = 512, .len = 1024, .frame = frame + 2048 };
	struct file *file = file_create(1);
	u64 word;

	r.block = file->f_inode->i_block;
	r.end_io = end_io_of_task;
	r.data = &current->io_done;
	init_completion(&current->io_done);
	disk_submit(&r);
	wait_for_completion(&current->io_done);
	content_read(&word, frame + 2048, 8);
	BUG_ON(word != file_initial_word(file->f_inode->i_ino, 512));
	content_read(&word, frame + 2048 + 1016, 8);
	BUG_ON(word != file_initial_word(file->f_inode->i_ino, 512 + 1016));
	content_read(&word, frame + 2048 + 1024, 8);
	BUG_ON(word || disk_congested());
	put_page(page);
}

static void kernel_writes_lie_in_one_page(void)
{
	struct file *file = file_create(2), *shm = shmem_file_setup(PAGES(1));
	u8 buf[SLAB_UNIT] = { 7 };

	BUG_ON(kernel_write(file, buf, 16, PAGE_SIZE - 8) != -EINVAL ||
	       kernel_read(file, buf, 0, 0) != -EINVAL);
	BUG_ON(kernel_write(file, buf, 8, PAGES(FILE_PAGES_MAX)) != -EINVAL);
	BUG_ON(kernel_write(file, buf, 8, 8) != 8 || !file_byte_is(file, 8, 7));
	BUG_ON(kernel_write_direct(file, buf, 8, 0) != -EINVAL);
	BUG_ON(kernel_write_direct(shm, buf, DISK_BEAT, 0) != -EINVAL);
	BUG_ON(kernel_write(shm, buf, 8, PAGES(9)) != 8 || i_size_read(shm->f_inode) != PAGES(9) + 8);
	BUG_ON(kernel_read(shm, buf, 16, PAGES(9)) != 8 || kernel_read(shm, buf, 16, PAGES(10)));
	fput(shm);
}

static void modes_are_looked_at(void)
{
	struct file *file = file_create(1);

	file->f_mode = FMODE_READ;
	BUG_ON(vfs_write(file, BUFFER, 8, 0) != -EBADF || vfs_read(file, BUFFER, 8, 0) != 8);
	BUG_ON(vfs_fallocate(file, PUNCH, 0, 8) != -EOPNOTSUPP || vfs_fsync(file));
	BUG_ON(vfs_read(file, -8ul, 8, 0) != -EFAULT || vfs_read(file, BUFFER, 8, -8ul) != -EINVAL);
}

#define SCRIPT(name)                                                                                         \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		the_machine.config = (struct machine_config){ 0 };                                                   \
		run_with_buffer(name);                                                                                   \
		the_machine.config.io_at_once = true;                                                                \
		run_with_buffer(name);                                                                                   \
	}
SCRIPT(the_machines_files_are_not_counted)
SCRIPT(the_last_reference_frees_a_file)
SCRIPT(the_disk_moves_pieces)
SCRIPT(kernel_writes_lie_in_one_page)
SCRIPT(modes_are_looked_at)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_machines_files_are_not_counted),
		cmocka_unit_test(test_the_last_reference_frees_a_file),
		cmocka_unit_test(test_the_disk_moves_pieces),
		cmocka_unit_test(test_kernel_writes_lie_in_one_page),
		cmocka_unit_test(test_modes_are_looked_at),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
