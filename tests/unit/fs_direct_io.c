/* SPDX-License-Identifier: MIT */
/* fs_direct_io.c - O_DIRECT: pieces, alignment, the pagecache before and after, pins until the end, errors */
#include "machine.h"

static struct file *the_file;
#define MAPPING (the_file->f_mapping)
#define SECTOR DISK_BEAT

static void (*the_body)(void);
static void with_file(void)
{
	the_file = file_create(4);
	the_file->f_mode |= FMODE_DIRECT;
	file_map(NULL, WINDOW, 4, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	the_body();
	BUG_ON(this_machine->slab.live[SLAB_IO]);
}

static bool holds_file(unsigned long addr, unsigned long pos, unsigned long n)
{
	for (unsigned long i = 0; i < n; i += 8)
		if (!byte_is(addr + i, (u8)file_initial_word(0, pos + i)))
			return false;
	return true;
}

static void a_read_crosses_pages_of_both_kinds(void)
{
	for (unsigned i = 4; i--;)
		store_byte(WINDOW + PAGES(i), 0); /* frames that do not stand in a row */
	BUG_ON(sys_pread(the_file, WINDOW + SECTOR, PAGES(2), 3 * SECTOR) != (long)PAGES(2));
	BUG_ON(!byte_is(WINDOW, 0) || !holds_file(WINDOW + SECTOR, 3 * SECTOR, PAGES(2)));
	BUG_ON(!byte_is(WINDOW + SECTOR + PAGES(2), 0) || MAPPING->nrpages);
}

static void reads_end_with_the_file_and_with_memory(void)
{
	BUG_ON(sys_pread(the_file, WINDOW, PAGES(2), PAGES(3)) != (long)PAGE_SIZE);
	BUG_ON(sys_pread(the_file, WINDOW, SECTOR, PAGES(4)));
	BUG_ON(sys_pread(the_file, BUFFER, PAGES(2), 0) != (long)PAGE_SIZE ||
	       !holds_file(BUFFER, 0, PAGE_SIZE));
	BUG_ON(sys_pread(the_file, BUFFER + PAGE_SIZE, SECTOR, 0) != -EFAULT);
	BUG_ON(sys_ftruncate(the_file, PAGES(3) + 100) ||
	       sys_pread(the_file, WINDOW, PAGE_SIZE, PAGES(3)) != 100);
}

static void the_misaligned_is_refused(void)
{
	BUG_ON(sys_pread(the_file, WINDOW + 8, SECTOR, 0) != -EINVAL);
	BUG_ON(sys_pread(the_file, WINDOW, SECTOR + 8, 0) != -EINVAL);
	BUG_ON(sys_pread(the_file, WINDOW, SECTOR, 8) != -EINVAL);
	BUG_ON(sys_pwrite(the_file, WINDOW, SECTOR, 8) != -EINVAL || sys_pwrite(the_file, WINDOW, 0, 0));
}

static void a_write_reaches_the_disk_and_mappings(void)
{
	file_map(the_file, WINDOW + PAGES(8), 4, MAP_SHARED, 0);
	BUG_ON(!byte_is(WINDOW + PAGES(9), (u8)file_initial_word(0, PAGES(1))));
	for (unsigned i = 0; i < 3; i++)
		store_byte(WINDOW + PAGES(i) + SECTOR, (u8)(0x70 + i));
	BUG_ON(sys_pwrite(the_file, WINDOW + SECTOR, PAGES(2), SECTOR) != (long)PAGES(2));
	BUG_ON(cached(the_file, 1) || !byte_is(WINDOW + PAGES(8) + SECTOR, 0x70));
	BUG_ON(!byte_is(WINDOW + PAGES(9) + SECTOR, 0x71) || !byte_is(WINDOW + PAGES(9), 0));
	BUG_ON(!holds_file(WINDOW + PAGES(8), 0, SECTOR) ||
	       !holds_file(WINDOW + PAGES(11), PAGES(3), PAGE_SIZE));
	BUG_ON(sys_munmap(WINDOW + PAGES(8), PAGES(4)));
}

static void dirty_pages_go_to_disk_first(void)
{
	BUG_ON(vm_write(0, 1, 0x77) != VM_PAGE);
	BUG_ON(sys_pread(the_file, WINDOW, PAGE_SIZE, PAGES(1)) != (long)PAGE_SIZE || !byte_is(WINDOW, 0x77));
	BUG_ON(vm_write(0, 1, 0x78) != VM_PAGE);
	BUG_ON(sys_pwrite(the_file, WINDOW + PAGES(1), SECTOR, PAGES(1)) != SECTOR || cached(the_file, 1));
	BUG_ON(!file_byte_is(the_file, PAGES(1), 0) || !file_byte_is(the_file, PAGES(1) + SECTOR, 0x78));
}

static void a_write_extends_the_file(void)
{
	BUG_ON(sys_ftruncate(the_file, PAGES(1)));
	store_byte(WINDOW, 5);
	BUG_ON(sys_pwrite(the_file, WINDOW, PAGES(2), PAGES(1)) != (long)PAGES(2));
	BUG_ON(i_size_read(the_file->f_inode) != PAGES(3) || !file_byte_is(the_file, PAGES(1), 5));
	BUG_ON(sys_pwrite(the_file, WINDOW, SECTOR, PAGES(4)) != -EFBIG);
}

static int pins_of(unsigned long addr)
{
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(current->mm, addr, &ptl, &next);

	return page_count(pfn_to_page(pte_pfn(entry_read(pte)))) / GUP_PIN_COUNTING_BIAS;
}

static void pages_are_pinned_until_it_is_over(void)
{
	struct kiocb *iocb;

	store_byte(WINDOW, 1);
	BUG_ON(aio_submit(the_file, false, WINDOW, PAGES(1), 0, &iocb));
	BUG_ON(this_machine->config.aio && pins_of(WINDOW) != 1);
	BUG_ON(aio_wait(iocb) != (long)PAGE_SIZE || pins_of(WINDOW) || !holds_file(WINDOW, 0, PAGE_SIZE));
	store_byte(WINDOW, 9);
	BUG_ON(aio_submit(the_file, true, WINDOW, PAGES(1), PAGES(2), &iocb));
	BUG_ON(aio_wait(iocb) != (long)PAGE_SIZE || pins_of(WINDOW) || !file_byte_is(the_file, PAGES(2), 9));
	BUG_ON(aio_submit(the_file, true, WINDOW, SECTOR, PAGES(4), &iocb) != -EINVAL);
	BUG_ON(aio_submit(the_file, true, WINDOW + 8, SECTOR, 0, &iocb) != -EINVAL);
	BUG_ON(aio_submit(the_file, false, BUFFER + PAGE_SIZE, SECTOR, 0, &iocb) != -EFAULT);
	BUG_ON(sys_ftruncate(the_file, PAGES(3)));
	BUG_ON(aio_submit(the_file, true, WINDOW, PAGES(1), PAGES(3), &iocb) ||
	       aio_wait(iocb) != (long)PAGE_SIZE);
	BUG_ON(i_size_read(the_file->f_inode) != PAGES(4));
}

/* A page of a file on disk that the disk wrote to must go back to it. */
static void what_the_disk_wrote_is_dirty(void)
{
	struct file *other = file_create(1);
	struct page *page;

	file_map(other, WINDOW + PAGES(8), 1, MAP_SHARED, 0);
	other->f_inode->ghosted = false; /* the oracles do not follow pages of files into direct I/O */
	store_byte(WINDOW + PAGES(8), 1);
	BUG_ON(sys_fsync(other));
	BUG_ON(sys_pread(the_file, WINDOW + PAGES(8), PAGE_SIZE, 0) != (long)PAGE_SIZE);
	page = find_get_page(other->f_mapping, 0);
	BUG_ON(!PageDirty(page));
	put_page(page);
	BUG_ON(sys_munmap(WINDOW + PAGES(8), PAGES(1)));
}

#define SCRIPT(name)                                                                                         \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		the_machine.dirty = "writenotify";                                                                   \
		the_machine.around = "none";                                                                         \
		the_body = name;                                                                             \
		the_machine.config = (struct machine_config){ .aio = true };                                         \
		run_with_buffer(with_file);                                                                              \
		the_machine.config = (struct machine_config){ .io_at_once = true };                                  \
		run_with_buffer(with_file);                                                                              \
	}
SCRIPT(a_read_crosses_pages_of_both_kinds)
SCRIPT(reads_end_with_the_file_and_with_memory)
SCRIPT(the_misaligned_is_refused)
SCRIPT(a_write_reaches_the_disk_and_mappings)
SCRIPT(dirty_pages_go_to_disk_first)
SCRIPT(a_write_extends_the_file)
SCRIPT(pages_are_pinned_until_it_is_over)
SCRIPT(what_the_disk_wrote_is_dirty)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_read_crosses_pages_of_both_kinds),
		cmocka_unit_test(test_reads_end_with_the_file_and_with_memory),
		cmocka_unit_test(test_the_misaligned_is_refused),
		cmocka_unit_test(test_a_write_reaches_the_disk_and_mappings),
		cmocka_unit_test(test_dirty_pages_go_to_disk_first),
		cmocka_unit_test(test_a_write_extends_the_file),
		cmocka_unit_test(test_pages_are_pinned_until_it_is_over),
		cmocka_unit_test(test_what_the_disk_wrote_is_dirty),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
