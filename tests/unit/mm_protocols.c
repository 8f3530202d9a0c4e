// SPDX-License-Identifier: MIT
/* mm_protocols.c - the steps that protocols are put together from, each by itself, and which kernel is put together how */
#include "machine.h"

#include "mm/protocols/invalidate.h"

static struct address_space *mapping_of_data(void)
{
	return FILE_DATA->f_mapping;
}

static struct page *mapped_page(unsigned long at)
{
	mapped(at, 3, RW, MAP_SHARED);
	BUG_ON(touch(at));
	return page_of(B + at * P);
}

/* ---- invalidate --------------------------------------------------------------------------------------------------- */

static void steps_that_do_nothing(void)
{
	struct address_space *mapping = mapping_of_data();
	struct page *page = mapped_page(0);
	int count = page_count(page);
	unsigned long flags = page->flags;

	BUG_ON(fault_begin_nothing(mapping) || fault_never_stale(mapping, page, 1));
	fault_copied_nothing(page);
	fault_end_nothing(page, NULL);
	unmap_begin_nothing(mapping);
	BUG_ON(page_count(page) != count || page->flags != flags || mapping->truncate_count);
	lock_page(page);
	fault_end_unlock(page, NULL);
	BUG_ON(PageLocked(page));
}

static void the_count_of_truncations(void)
{
	struct address_space *mapping = mapping_of_data();
	u32 seq = truncate_count_begin(mapping);

	BUG_ON(truncate_count_stale(mapping, NULL, seq));
	truncate_count_unmap_begin(mapping);
	BUG_ON(!truncate_count_stale(mapping, NULL, seq));
	BUG_ON(truncate_count_stale(mapping, NULL, truncate_count_begin(mapping)));
}

static void one_page_is_removed(void)
{
	static int (*const ways[])(struct address_space *, struct page *) = { invalidate_page_if_mapped,
									      invalidate_page_always,
									      invalidate_page_once };
	struct address_space *mapping = mapping_of_data();
	struct page *page;

	for (unsigned i = 0; i < 3; i++) {
		page = mapped_page(0);
		get_page(page);
		lock_page(page);
		BUG_ON(ways[i](mapping, page) || page->mapping || page_mapped(page) || present(B));
		unlock_page(page);
		put_page(page);
		BUG_ON(cached(FILE_DATA, 0));
		page = mapped_page(0);
		put(0, 7);
		if (!PageDirty(page))
			set_page_dirty(page);
		lock_page(page);
		BUG_ON(ways[i](mapping, page) != -EIO ||
		       !cached(FILE_DATA, 0)); /* what must go to disk stays */
		unlock_page(page);
		BUG_ON(sys_munmap(B, 3 * P) || sys_fsync(FILE_DATA));
	}
	page = mapped_page(0);
	lock_page(page);
	get_page(page);
	truncate_page_unmap(mapping, page);
	BUG_ON(page->mapping || present(B));
	unlock_page(page);
	put_page(page);
}

static void a_file_shrinks(void)
{
	struct inode *inode = FILE_DATA->f_inode;

	mapped(0, 3, RW, MAP_PRIVATE);
	put(1, 1);
	put(2, 2);
	BUG_ON(touch(0));
	mutex_lock(&inode->i_mutex);
	truncate_unmap_before(inode, 2 * P);
	BUG_ON(i_size_read(inode) != 2 * P || present(B + 2 * P) || !present(B + P) || cached(FILE_DATA, 2));
	truncate_unmap_twice(inode, P + 8);
	BUG_ON(i_size_read(inode) != P + 8 || !present(B + P) || !present(B));
	truncate_unmap_twice(inode, P);
	BUG_ON(present(B + P) || !present(B) || cached(FILE_DATA, 1) || !cached(FILE_DATA, 0));
	BUG_ON(sys_munmap(B, 3 * P));
	truncate_no_unmap(inode, 0);
	BUG_ON(i_size_read(inode) || cached(FILE_DATA, 0));
	observe_truncated(inode);
	mutex_unlock(&inode->i_mutex);
}

static void pages_for_faults(void)
{
	struct page *page;

	mapped(0, 4, RW, MAP_SHARED);
	page = filemap_nopage_unlocked(vma_of(B), B + P);
	BUG_ON(page->index != 1 || PageLocked(page) || page_count(page) != 2);
	put_page(page);
	page = filemap_nopage_locked(vma_of(B), B + P);
	BUG_ON(page->index != 1 || !PageLocked(page) || page_count(page) != 2);
	unlock_page(page);
	put_page(page);
	page = filemap_nopage_locked_norecheck(vma_of(B), B + 2 * P);
	BUG_ON(page->index != 2 || !PageLocked(page));
	unlock_page(page);
	put_page(page);
	BUG_ON(filemap_nopage_unlocked(vma_of(B), B + 3 * P) != NOPAGE_SIGBUS);
	BUG_ON(filemap_nopage_locked(vma_of(B), B + 3 * P) != NOPAGE_SIGBUS);
	BUG_ON(filemap_nopage_locked_norecheck(vma_of(B), B + 3 * P) != NOPAGE_SIGBUS);
}

/* ---- cow ---------------------------------------------------------------------------------------------------------- */

static void forks_and_lockless_pins(void)
{
	struct mm_struct *mm = current->mm;
	u32 seq = 0;

	fork_nothing(mm);
	BUG_ON(!gup_fast_begin_always(mm, &seq) || gup_fast_retry_never(mm, seq));
	BUG_ON(!gup_fast_seq_begin(mm, &seq) || gup_fast_seq_retry(mm, seq));
	fork_seq_begin(mm);
	BUG_ON(!gup_fast_seq_retry(mm, seq) || gup_fast_seq_begin(mm, &seq));
	fork_seq_end(mm);
	BUG_ON(!gup_fast_seq_begin(mm, &seq) || gup_fast_seq_retry(mm, seq));
}

static void what_pins_change(void)
{
	struct vm_area_struct *vma;
	struct page *page;
	int pin;

	anon(0, 1, RW);
	put(0, 1);
	vma = vma_of(B);
	page = page_of(B);
	BUG_ON(!fork_shares(vma, page, true) || !fork_shares_unless_pinned(vma, page, true));
	BUG_ON(!may_unmap_any(page) || !may_unmap_unpinned(page) || gup_never_unshares(vma, FOLL_PIN, page));
	pin = vm_pin(B, 1, VM_PIN_WRITE);
	BUG_ON(!READ_ONCE(current->mm->has_pinned) || !page_maybe_dma_pinned(page));
	BUG_ON(!fork_shares(vma, page, true) || fork_shares_unless_pinned(vma, page, true));
	BUG_ON(!fork_shares_unless_pinned(vma, page, false));
	BUG_ON(!may_unmap_any(page) || may_unmap_unpinned(page));
	vm_unpin(pin);
	current->mm->has_pinned = 0;
	mm_set_has_pinned(current->mm);
	BUG_ON(!current->mm->has_pinned);
}

static void who_is_alone_by_mapcount(void)
{
	struct vm_fault vmf = { .address = B };
	struct mm_struct *child;
	unsigned long next;

	anon(0, 1, RW);
	put(0, 1);
	vmf.vma = vma_of(B);
	vmf.pte = pte_find(current->mm, B, &vmf.ptl, &next);
	vmf.orig = entry_read(vmf.pte);
	child = fork_here();
	vmf.orig = entry_read(vmf.pte);
	spin_lock(vmf.ptl);
	BUG_ON(wp_by_mapcount(&vmf, page_of(B)) != WP_COPY);
	spin_unlock(vmf.ptl);
	lock_page(page_of(B));
	BUG_ON(swapin_by_mapcount(page_of(B), vmf.orig, true) ||
	       swapin_by_mapcount(page_of(B), vmf.orig, false));
	unlock_page(page_of(B));
	process_exit(child);
	spin_lock(vmf.ptl);
	BUG_ON(wp_by_mapcount(&vmf, page_of(B)) != WP_REUSE);
	spin_unlock(vmf.ptl);
	lock_page(page_of(B));
	BUG_ON(!swapin_by_mapcount(page_of(B), vmf.orig, true) ||
	       swapin_by_mapcount(page_of(B), vmf.orig, false));
	unlock_page(page_of(B));
}

static const struct script_machine usual = { .config = { .io_at_once = true }, .kernel = "linux-6.18" };
static const struct script_machine old = { .config = { .io_at_once = true }, .kernel = "linux-2.6.29" };
SCRIPT_ON(&usual, steps_that_do_nothing)
SCRIPT_ON(&usual, the_count_of_truncations)
SCRIPT_ON(&usual, one_page_is_removed)
SCRIPT_ON(&usual, a_file_shrinks)
SCRIPT_ON(&usual, pages_for_faults)
SCRIPT_ON(&usual, forks_and_lockless_pins)
SCRIPT_ON(&usual, what_pins_change)
SCRIPT_ON(&old, who_is_alone_by_mapcount)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_that_do_nothing), cmocka_unit_test(test_the_count_of_truncations),
		cmocka_unit_test(test_one_page_is_removed),   cmocka_unit_test(test_a_file_shrinks),
		cmocka_unit_test(test_pages_for_faults),      cmocka_unit_test(test_forks_and_lockless_pins),
		cmocka_unit_test(test_what_pins_change),      cmocka_unit_test(test_who_is_alone_by_mapcount),
	};

	return RUN_TESTS(tests, argc, argv);
}
