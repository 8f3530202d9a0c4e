// SPDX-License-Identifier: MIT
/*
 * explore_oracles.c - every global oracle fires on a state that was harmed for it, and on no other
 *
 * One process maps one page of a file and loads from it; then one thing is done that no correct kernel does.
 * Without that, the same program is clean.
 */
#include "explore.h"
#include "hw/mmu.h"
#include "oracle/check.h"

enum { DATA, MANY };
#define ADDR 0x10000ul
#define FILE_PAGES 4u

static void (*harm)(struct page *page);

static void one_mapped_page(void)
{
	vm_file(1);
	vm_file(FILE_PAGES);
	vm_run(0, vm_process());
	vm_as(0);
	vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0);
}

static void load_and_harm(void)
{
	struct page *page;

	vm_touch(ADDR);
	page = find_get_page(&this_machine->inode[DATA].i_data, 0);
	put_page(page);
	harm(page);
}

static const struct race harmed = {
	.name = "harmed",
	.setup = one_mapped_page,
	.actors = { { "harm", load_and_harm } },
};

static void no_harm(struct page *page)
{
}

static void count_a_mapping_too_many(struct page *page)
{
	atomic_inc(&page->_mapcount);
}

static void forget_a_mapping(struct page *page)
{
	atomic_dec(&page->_mapcount);
}

static void keep_a_reference(struct page *page)
{
	get_page(page);
}

static void drop_a_reference_too_many(struct page *page)
{
	put_page(page);
}

static void keep_a_page(struct page *page)
{
	alloc_page();
}

static void keep_an_object(struct page *page)
{
	kmem_alloc(sizeof(struct vm_area_struct), SLAB_VMA);
}

static pte_t *pte_of(unsigned long addr)
{
	unsigned long next;
	spinlock_t *ptl;

	return pte_find(current->mm, addr, &ptl, &next);
}

/* As an unmapping that forgets to flush. */
static void leave_a_translation(struct page *page)
{
	ptep_get_and_clear(pte_of(ADDR));
	page_remove_rmap(page);
	add_mm_counter(current->mm, MM_FILEPAGES, -1);
	put_page(page);
}

static void use_a_translation_that_was_left(struct page *page)
{
	leave_a_translation(page);
	vm_touch(ADDR);
}

static void flush_too_late(struct page *page)
{
	use_a_translation_that_was_left(page);
	flush_tlb_page(find_vma(current->mm, ADDR), ADDR);
}

static void flush_in_time(struct page *page)
{
	leave_a_translation(page);
	flush_tlb_page(find_vma(current->mm, ADDR), ADDR);
	vm_touch(ADDR);
}

static void shrink_without_unmapping(struct page *page)
{
	i_size_write(&this_machine->inode[DATA], 0);
}

static void remove_while_mapped(struct page *page)
{
	lock_page(page);
	remove_from_page_cache(page);
	unlock_page(page);
}

/* The pte and the pagecache disagree, and all counts are right. */
static void map_another_page(struct page *page)
{
	struct page *other = alloc_page();

	set_pte(pte_of(ADDR),
		pfn_pte(page_to_pfn(other),
			current->mm ? find_vma(current->mm, ADDR)->vm_page_prot : (pgprot_t){ 0 }));
	page_add_file_rmap(other);
	page_remove_rmap(page);
	put_page(page);
}

static void change_bytes_behind_the_file(struct page *page)
{
	const u64 word = 0xbad;

	content_write(page_address(page), &word, sizeof(word));
	vm_touch(ADDR);
}

static void read_a_free_page(struct page *page)
{
	struct page *gone = alloc_page();
	u64 word;

	put_page(gone);
	content_read(&word, page_address(gone), sizeof(word));
}

static void read_a_free_table(struct page *page)
{
	struct page *gone = alloc_page();

	set_bit(PG_table, &gone->flags);
	put_page(gone);
	entry_read((pte_t *)page_address(gone));
}

static void write_what_nobody_will_write_back(struct page *page)
{
	pte_t *pte = pte_of(ADDR);

	vm_store(ADDR, 7);
	set_pte(pte, pte_mkclean(entry_read(pte)));
	clear_bit(PG_dirty, &page->flags);
	flush_tlb_page(find_vma(current->mm, ADDR), ADDR);
}

static void write_and_leave_it_in_the_pte(struct page *page)
{
	vm_store(ADDR, 7);
	clear_bit(PG_dirty, &page->flags);
}

/* Near misses: it is on the disk; or the page says that it will be. */
static void write_what_was_written_back(struct page *page)
{
	u64 word = 7;

	write_what_nobody_will_write_back(page);
	content_write(this_machine->disk.block[this_machine->inode[DATA].i_block], &word, sizeof(word));
}

static void write_what_will_be_written_back(struct page *page)
{
	write_what_nobody_will_write_back(page);
	set_bit(PG_dirty, &page->flags);
}

static void lose_what_was_written(struct page *page)
{
	write_what_nobody_will_write_back(page);
	vm_munmap(ADDR, 1);
	lock_page(page);
	get_page(page);
	remove_from_page_cache(page);
	put_page(page);
	unlock_page(page);
	put_page(page);
}

static void take_a_free_page(struct page *page)
{
	struct page *gone = alloc_page();

	put_page(gone);
	get_page(gone);
}

/* No harm: there is no limit. */
static void map_many(struct page *page)
{
	for (unsigned i = 0; i < 64; i++) {
		vm_mmap(ADDR + (1 + i * FILE_PAGES) * VM_PAGE, FILE_PAGES, MAPPED_SHARED, MANY, 0);
		for (unsigned k = 0; k < FILE_PAGES; k++)
			vm_touch(ADDR + (1 + i * FILE_PAGES + k) * VM_PAGE);
	}
}

static void map_what_is_no_page(struct page *page)
{
	set_pte(pte_of(ADDR), pfn_pte(this_machine->nr_frames, find_vma(current->mm, ADDR)->vm_page_prot));
}

static const char *oracle_after(void (*what)(struct page *page))
{
	harm = what;
	return explore(&harmed, "page-lock")->violation.oracle;
}

#define FIRES(oracle, name)                                                                                  \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		assert_string_equal(oracle_after(name), oracle);                                             \
	}
FIRES("", no_harm)
FIRES("bad-mapcount", count_a_mapping_too_many)
FIRES("bad-mapcount", forget_a_mapping)
FIRES("bad-refcount", keep_a_reference)
FIRES("bad-refcount", drop_a_reference_too_many)
FIRES("bad-refcount", take_a_free_page)
FIRES("memory-leak", keep_a_page)
FIRES("memory-leak", keep_an_object)
FIRES("stale-tlb-use", leave_a_translation)
FIRES("stale-tlb-use", use_a_translation_that_was_left)
FIRES("stale-tlb-use", flush_too_late)
FIRES("", flush_in_time)
FIRES("mapped-beyond-eof", shrink_without_unmapping)
FIRES("page-mapped-on-remove", remove_while_mapped)
FIRES("stale-content", map_another_page)
FIRES("stale-content", change_bytes_behind_the_file)
FIRES("", map_many)
FIRES("assertion", map_what_is_no_page)
FIRES("page-use-after-free", read_a_free_page)
FIRES("pgtable-use-after-free", read_a_free_table)
FIRES("lost-dirty", write_what_nobody_will_write_back)
FIRES("", write_and_leave_it_in_the_pte)
FIRES("", write_what_was_written_back)
FIRES("", write_what_will_be_written_back)
FIRES("lost-dirty", lose_what_was_written)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_harm),
		cmocka_unit_test(test_count_a_mapping_too_many),
		cmocka_unit_test(test_forget_a_mapping),
		cmocka_unit_test(test_keep_a_reference),
		cmocka_unit_test(test_drop_a_reference_too_many),
		cmocka_unit_test(test_take_a_free_page),
		cmocka_unit_test(test_keep_a_page),
		cmocka_unit_test(test_keep_an_object),
		cmocka_unit_test(test_leave_a_translation),
		cmocka_unit_test(test_use_a_translation_that_was_left),
		cmocka_unit_test(test_flush_too_late),
		cmocka_unit_test(test_flush_in_time),
		cmocka_unit_test(test_shrink_without_unmapping),
		cmocka_unit_test(test_remove_while_mapped),
		cmocka_unit_test(test_map_another_page),
		cmocka_unit_test(test_change_bytes_behind_the_file),
		cmocka_unit_test(test_map_many),
		cmocka_unit_test(test_map_what_is_no_page),
		cmocka_unit_test(test_read_a_free_page),
		cmocka_unit_test(test_read_a_free_table),
		cmocka_unit_test(test_write_what_nobody_will_write_back),
		cmocka_unit_test(test_write_and_leave_it_in_the_pte),
		cmocka_unit_test(test_write_what_was_written_back),
		cmocka_unit_test(test_write_what_will_be_written_back),
		cmocka_unit_test(test_lose_what_was_written),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
