// SPDX-License-Identifier: MIT
/* oracle_lru.c - LRU lists and batches that are wrong, and the names of what lies in a machine */
#include <stdio.h>

#include "oracle.h"

static const struct machine_config with_swap = { .swap_slots = 8 };
static const struct machine_config with_lru = { .lru = true };

#define T(script) cmocka_unit_test(test_##script)

/* ---- LRU ------------------------------------------------------------------------------------------------------------------ */

static struct page *on_list(void)
{
	struct zone *zone = &this_machine->zone;
	struct page *page = oracle_file_page();

	lru_add_drain();
	if (PageLRU(page))
		return page;
	for (int i = 0; i < NR_LRU_LISTS; i++)
		if (!zone->lru[i].next)
			INIT_LIST_HEAD(&zone->lru[i]);
	SetPageLRU(page);
	list_add(&page->lru, &zone->lru[LRU_INACTIVE_FILE]);
	zone->nr_lru[LRU_INACTIVE_FILE]++;
	return page;
}

static void lru_right(void)
{
	on_list();
}

static void lru_miscounted(void)
{
	on_list();
	this_machine->zone.nr_lru[LRU_INACTIVE_FILE]++;
}

static void lru_wrong_list(void)
{
	SetPageActive(on_list());
}

static void lru_flag_without_list(void)
{
	list_del(&on_list()->lru);
	this_machine->zone.nr_lru[LRU_INACTIVE_FILE]--;
}

static void lru_list_without_flag(void)
{
	ClearPageLRU(on_list());
}

/* Two lists lead to one page. */
static void lru_twice(void)
{
	struct zone *zone = &this_machine->zone;

	zone->lru[LRU_ACTIVE_FILE].next = &on_list()->lru;
}

static void batched(bool reference)
{
	struct lru_batch *b = &this_machine->zone.lru_add[3];
	struct page *page = oracle_file_page();

	if (reference)
		get_page(page);
	b->page[b->nr++] = page;
}

static void batch_with_its_reference(void)
{
	batched(true);
}

static void batch_without_reference(void)
{
	batched(false);
}

/* ---- names of what lies in a machine ------------------------------------------------------------------------- */

static void expect_name(const void *addr, const char *name)
{
	char buf[80];
	bool right = machine_describe(addr, 4, buf, sizeof(buf)) && !strcmp(buf, name);

	BUG_ON(!right);
}

static void expect_change(const void *addr, u64 old, u64 new_, const char *text)
{
	char buf[160];
	bool right = machine_describe_change(addr, 8, old, new_, buf, sizeof(buf)) && !strcmp(buf, text);

	BUG_ON(!right);
}

static struct inode *new_inode(void)
{
	struct inode *inode = kmem_alloc(sizeof(*inode), SLAB_INODE);

	observe_inode_live(inode);
	return inode;
}

static struct file *new_file(int count)
{
	struct file *file = kmem_alloc(sizeof(*file), SLAB_FILE);

	file->f_inode = new_inode();
	file->f_mapping = &file->f_inode->i_data;
	atomic_set(&file->f_count, count);
	observe_file_live(file);
	return file;
}

static void things_have_names(void)
{
	struct machine *m = this_machine;
	struct file *file = new_file(1);
	struct page *page = oracle_file_page();
	pte_t *pte = oracle_pte(ADDR);
	char name[40];

	m->swap.nr_free = m->swap.nr_slots - 1;
	snprintf(name, sizeof(name), "page %lu->private", page_to_pfn(page));
	expect_name(&page->private, name);
	expect_name(&file->f_count, "file of inode 0 f_count");
	expect_name(&file->f_inode->swapped, "inode 0 swapped");
	expect_name(&m->zone.lock, "zone lock");
	expect_name(&m->zone.lru_lock, "zone lru_lock");
	expect_name(&m->swap.nr_free, "swap nr_free");
	expect_name(&m->swap.map[3], "swap slot 3");
	expect_name(&m->swap.block[3][64], "swap block 3");
	expect_change(pte, 0, swp_entry_to_pte(swp_entry(0, 5)).pte, "pte 0x10000 none->swap slot 5");
	expect_change(pte, pgoff_to_pte(2).pte, pfn_pte(9, (pgprot_t){ _PAGE_PRESENT | _PAGE_RW }).pte,
		      "pte 0x10000 index 2->page 9 RW");
	expect_change(pte, swp_entry_to_pte(swp_entry(SWP_MIGRATION_READ, 9)).pte,
		      pfn_pte(9, (pgprot_t){ _PAGE_PROTNONE }).pte, "pte 0x10000 page 9 moving->page 9 NONE");
}
SAYS(&with_lru, "", lru_right)
SAYS(&with_lru, "bad-lru", lru_miscounted)
SAYS(&with_lru, "bad-lru", lru_wrong_list)
SAYS(&with_lru, "bad-lru", lru_flag_without_list)
SAYS(&with_lru, "bad-lru", lru_list_without_flag)
SAYS(&with_lru, "bad-lru", lru_twice)
SAYS(&with_lru, "", batch_with_its_reference)
SAYS(&with_lru, "bad-refcount", batch_without_reference)
SAYS(&with_swap, "", things_have_names)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		T(lru_right),
		T(lru_miscounted),
		T(lru_wrong_list),
		T(lru_flag_without_list),
		T(lru_list_without_flag),
		T(lru_twice),
		T(batch_with_its_reference),
		T(batch_without_reference),
		T(things_have_names),
	};

	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
