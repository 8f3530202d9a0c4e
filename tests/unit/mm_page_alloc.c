// SPDX-License-Identifier: MIT
/* mm_page_alloc.c - frames and blocks of them: who gets which, what is kept, what is given back */
#include "machine.h"

static const struct script_machine plain = { .config = { .io_at_once = true } };
static const struct script_machine per_cpu = { .config = { .io_at_once = true, .pcp_batch = 4 } };
static const struct script_machine blocks = { .config = { .io_at_once = true, .nr_frames = 4 * HPAGE_NR } };
static const struct script_machine beyond_mark = { .config = { .io_at_once = true, .nr_frames = 4200 } };
static const struct script_machine watched = { .config = { .io_at_once = true, .lru = true, .watermark = 16 } };

static void a_freed_frame_is_the_next(void)
{
	unsigned long before = frames_free();
	struct page *a = alloc_page(), *b = alloc_page();
	u32 incarnation = a->incarnation;

	BUG_ON(!a || !b || a == b || page_count(a) != 1 || page_mapped(a) || frames_free() != before - 2);
	put_page(a);
	put_page(b);
	BUG_ON(frames_free() != before || a->incarnation != incarnation + 1);
	BUG_ON(alloc_page() != b || alloc_page() != a);
	get_page(a);
	put_page(a);
	BUG_ON(page_count(a) != 1);
	put_page(a);
	put_page(b);
}

static void zeroed_frames_are_zero(void)
{
	struct page *page = alloc_page();
	u64 v = 7;

	content_write(page_address(page), &v, sizeof(v));
	put_page(page);
	BUG_ON(alloc_zeroed_page() != page);
	content_read(&v, page_address(page), sizeof(v));
	BUG_ON(v);
	put_page(page);
}

static void the_zero_page_is_reserved(void)
{
	u64 v = 7;

	BUG_ON(!zero_pfn() || !PageReserved(pfn_to_page(zero_pfn())) || !is_zero_pfn(zero_pfn()));
	content_read(&v, pfn_to_virt(zero_pfn()), sizeof(v));
	BUG_ON(v);
}

/* Linked by ->private, which nobody else looks at. */
static unsigned long take_all(struct page **first)
{
	unsigned long n = 0;
	struct page *page;

	*first = NULL;
	while ((page = alloc_page())) {
		BUG_ON(page_mapped(page) || page->flags || page_count(page) != 1);
		page->private = (unsigned long)*first;
		*first = page;
		n++;
	}
	return n;
}

static void give_all(struct page *first)
{
	while (first) {
		struct page *next = (struct page *)first->private;

		put_page(first);
		first = next;
	}
}

static void every_frame_is_handed_out_once(void)
{
	unsigned long before = frames_free();
	struct page *first;

	BUG_ON(take_all(&first) != before || frames_free());
	give_all(first);
	BUG_ON(frames_free() != before);
}

static void boot_leaves_frames_beyond_its_mark_alone(void)
{
	struct page *last = pfn_to_page(this_machine->nr_frames - 1);

	BUG_ON(last->flags || last->_mapcount.counter);
	every_frame_is_handed_out_once();
	BUG_ON(!(last->flags & (1ul << PG_free)));
}

static void blocks_are_aligned_and_counted_by_their_head(void)
{
	unsigned long before = frames_free();
	struct page *head = alloc_huge_page_frames();

	BUG_ON(!head || page_to_pfn(head) % HPAGE_NR || frames_free() != before - HPAGE_NR);
	BUG_ON(!PageHead(head) || !PageTail(head + 1) || compound_head(head + HPAGE_NR - 1) != head);
	get_page(head + 3);
	BUG_ON(page_count(head) != 2 || page_count(head + 3));
	put_page(head + HPAGE_NR - 1);
	BUG_ON(page_count(head) != 1);
	put_page(head);
	BUG_ON(frames_free() != before || alloc_huge_page_frames() != head);
	put_page(head);
}

static void blocks_are_split_and_joined(void)
{
	unsigned long before = frames_free();
	struct page *block[3], *first;

	for (int i = 0; i < 3; i++)
		block[i] = alloc_huge_page_frames();
	BUG_ON(!block[2] || alloc_huge_page_frames());
	put_page(block[0]);
	BUG_ON(take_all(&first) != before - 2 * HPAGE_NR);
	BUG_ON(alloc_huge_page_frames());
	give_all(first);
	block[0] = alloc_huge_page_frames();
	BUG_ON(!block[0] || frames_free() != before - 3 * HPAGE_NR);
	for (int i = 0; i < 3; i++)
		put_page(block[i]);
	BUG_ON(frames_free() != before);
}

static void a_block_that_was_split_by_its_user_comes_back_in_frames(void)
{
	unsigned long before = frames_free();
	struct page *head = alloc_huge_page_frames();

	for (unsigned long i = 0; i < HPAGE_NR; i++) {
		head[i].flags = 0;
		head[i].private = 0;
		atomic_set(&head[i]._count, 1);
	}
	for (unsigned long i = 0; i < HPAGE_NR; i++)
		put_page(head + i);
	BUG_ON(frames_free() != before);
}

static void a_cpu_keeps_a_batch(void)
{
	unsigned long before = frames_free();
	struct page *page[12];

	drain_local_pages();
	before = frames_free();
	page[0] = alloc_page();
	BUG_ON(frames_free() != before - 4);
	put_page(page[0]);
	BUG_ON(frames_free() != before - 4 || alloc_page() != page[0]);
	for (int i = 1; i < 12; i++)
		page[i] = alloc_page();
	BUG_ON(frames_free() != before - 12);
	for (int i = 0; i < 12; i++)
		put_page(page[i]);
	BUG_ON(frames_free() != before - 7); /* the ninth freed one sent five away */
	drain_local_pages();
	BUG_ON(frames_free() != before);
}

static void memory_is_watched(void)
{
	unsigned long n;
	struct page *first, *page;

	BUG_ON(this_machine->zone.kswapd_woken);
	n = take_all(&first);
	BUG_ON(!n || frames_free() != 8 || !this_machine->zone.kswapd_woken);
	page = __alloc_page(GFP_ATOMIC);
	BUG_ON(!page);
	put_page(page);
	current->reclaiming = 1;
	page = alloc_page();
	current->reclaiming = 0;
	BUG_ON(!page);
	put_page(page);
	give_all(first);
}

static void a_mapped_page_is_freed(void)
{
	struct page *page = alloc_page();

	page_add_file_rmap(page);
	put_page(page);
}

static void a_page_is_put_twice(void)
{
	struct page *page = alloc_page();

	put_page(page);
	put_page(page);
}

static void a_page_is_freed_in_the_swap_cache(void)
{
	struct page *page = alloc_page();

	SetPageSwapCache(page);
	put_page(page);
}

static void a_free_frame_is_read(void)
{
	struct page *page = alloc_page();
	u64 v;

	put_page(page);
	content_read(&v, page_address(page), sizeof(v));
}

static void a_free_block_is_read(void)
{
	struct page *head = alloc_huge_page_frames();
	u64 v;

	put_page(head);
	content_read(&v, page_address(head + 77), sizeof(v));
}

SCRIPT_ON(&plain, a_freed_frame_is_the_next)
SCRIPT_ON(&plain, zeroed_frames_are_zero)
SCRIPT_ON(&plain, the_zero_page_is_reserved)
SCRIPT_ON(&plain, every_frame_is_handed_out_once)
SCRIPT_ON(&beyond_mark, boot_leaves_frames_beyond_its_mark_alone)
SCRIPT_ON(&blocks, blocks_are_aligned_and_counted_by_their_head)
SCRIPT_ON(&blocks, blocks_are_split_and_joined)
SCRIPT_ON(&blocks, a_block_that_was_split_by_its_user_comes_back_in_frames)
SCRIPT_ON(&per_cpu, a_cpu_keeps_a_batch)
SCRIPT_ON(&watched, memory_is_watched)
SCRIPT_FAILS(&plain, a_mapped_page_is_freed, "bad-mapcount")
SCRIPT_FAILS(&plain, a_page_is_put_twice, "bad-refcount")
SCRIPT_FAILS(&plain, a_page_is_freed_in_the_swap_cache, "bad-refcount")
SCRIPT_FAILS(&plain, a_free_frame_is_read, "page-use-after-free")
SCRIPT_FAILS(&blocks, a_free_block_is_read, "page-use-after-free")

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_freed_frame_is_the_next),
		cmocka_unit_test(test_zeroed_frames_are_zero),
		cmocka_unit_test(test_the_zero_page_is_reserved),
		cmocka_unit_test(test_every_frame_is_handed_out_once),
		cmocka_unit_test(test_boot_leaves_frames_beyond_its_mark_alone),
		cmocka_unit_test(test_blocks_are_aligned_and_counted_by_their_head),
		cmocka_unit_test(test_blocks_are_split_and_joined),
		cmocka_unit_test(test_a_block_that_was_split_by_its_user_comes_back_in_frames),
		cmocka_unit_test(test_a_cpu_keeps_a_batch),
		cmocka_unit_test(test_memory_is_watched),
		cmocka_unit_test(test_a_mapped_page_is_freed),
		cmocka_unit_test(test_a_page_is_put_twice),
		cmocka_unit_test(test_a_page_is_freed_in_the_swap_cache),
		cmocka_unit_test(test_a_free_frame_is_read),
		cmocka_unit_test(test_a_free_block_is_read),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
