// SPDX-License-Identifier: MIT
/*
 * explore_mappings.c - the memory manager is right in every order: what threads of one process, and processes
 * that share a file, do to each other under the protocols that hold for truncation and invalidation
 *
 *   shootdown	  a thread loads or stores what another unmaps, truncates or invalidates
 *   copy	  two threads store to one private page at once
 *   page in	  two processes fault one page that is not cached
 *   direct write a mapped reader, while the file changes under the pagecache
 */
#include "explore.h"

enum { DATA };
#define ADDR 0x10000ul

/* ---- set-ups: two threads, a page mapped at ADDR, another beside it so that tables are there ---- */

static void two_threads(enum vm_mapping kind, int file)
{
	vm_run(0, vm_process());
	vm_run(1, 0);
	vm_as(0);
	vm_mmap(ADDR, 2, kind, file, 0);
	vm_touch(ADDR + VM_PAGE);
}

static void anonymous_mapped(void)
{
	two_threads(MAPPED_PRIVATE, -1);
	vm_store(ADDR, 1);
}

static void anonymous_seen(void)
{
	two_threads(MAPPED_PRIVATE, -1);
	vm_touch(ADDR);
}

static void anonymous_untouched(void)
{
	two_threads(MAPPED_PRIVATE, -1);
}

static void anonymous_without_tables(void)
{
	vm_run(0, vm_process());
	vm_run(1, 0);
	vm_as(0);
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
}

static void shared_mapped(void)
{
	vm_file(2);
	two_threads(MAPPED_SHARED, DATA);
	vm_touch(ADDR);
}

static void private_seen(void)
{
	vm_file(2);
	two_threads(MAPPED_PRIVATE, DATA);
	vm_touch(ADDR);
}

static void private_cached(void)
{
	uint64_t word;

	vm_file(2);
	two_threads(MAPPED_PRIVATE, DATA);
	vm_read(DATA, 0, &word);
}

static void two_processes_uncached(void)
{
	vm_file(1);
	for (int process = 0; process < 2; process++) {
		vm_run(process, vm_process());
		vm_as(process);
		vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0);
	}
}

static void reader_and_writer(void)
{
	vm_file(1);
	vm_run(0, vm_process());
	vm_as(0);
	vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0);
	vm_touch(ADDR);
}

/* ---- actors ---- */

static void load(void)
{
	vm_touch(ADDR);
}

static void load_twice(void)
{
	vm_touch(ADDR);
	vm_touch(ADDR);
}

static void store(void)
{
	vm_store(ADDR, 42);
}

static void load_and_store(void)
{
	vm_touch(ADDR);
	vm_store(ADDR, 42);
}

static void unmap(void)
{
	vm_munmap(ADDR, 1);
}

static void unmap_all(void)
{
	vm_munmap(ADDR, 2);
}

static void truncate(void)
{
	vm_truncate(DATA, 0);
}

static void invalidate(void)
{
	vm_invalidate(DATA, 0, 0);
}

static void write_direct(void)
{
	vm_write_direct(DATA, 0, 7);
}

/* ---- what is left ---- */

static void one_page_mapped_twice(void)
{
	const struct page *page = find_get_page(&this_machine->inode[DATA].i_data, 0);

	BUG_ON(!page || this_machine->inode[DATA].i_data.nrpages != 1);
	BUG_ON(page_mapcount(page) != 2 || page_count(page) != 4);
	put_page((struct page *)(uintptr_t)page);
}

/* A store that was performed is known to the page, so that nobody drops it as clean. */
static void what_was_stored_is_dirty(void)
{
	struct page *page = find_get_page(&this_machine->inode[DATA].i_data, 0);
	uint64_t word;

	content_read(&word, page_address(page), sizeof(word));
	BUG_ON(word == 42 && !PageDirty(page));
	put_page(page);
}

/* => the private page was copied once, or is in use again */
static void store_is_there(void)
{
	uint64_t word;

	use_mm(current, this_machine->process[0]);
	BUG_ON(vm_load(ADDR, &word) || word != 42);
	use_mm(current, NULL);
}

/* ---- races ---- */

static const struct race clean[] = {
	{ .name = "munmap_vs_load",
	  .setup = shared_mapped,
	  .actors = { { "load", load_twice }, { "unmap", unmap } } },
	{ .name = "munmap_vs_store",
	  .setup = shared_mapped,
	  .actors = { { "store", store }, { "unmap", unmap } },
	  .check = what_was_stored_is_dirty },
	{ .name = "munmap_vs_load_anonymous",
	  .setup = anonymous_mapped,
	  .actors = { { "load", load_twice }, { "unmap", unmap } } },
	{ .name = "munmap_of_tables_vs_load",
	  .setup = anonymous_mapped,
	  .actors = { { "load", load }, { "unmap", unmap_all } } },
	{ .name = "truncate_vs_load",
	  .setup = shared_mapped,
	  .actors = { { "load", load_twice }, { "truncate", truncate } } },
	{ .name = "truncate_vs_first_load",
	  .setup = private_cached,
	  .actors = { { "load", load }, { "truncate", truncate } } },
	{ .name = "truncate_vs_invalidate",
	  .setup = shared_mapped,
	  .actors = { { "truncate", truncate }, { "invalidate", invalidate } } },
	{ .name = "invalidate_vs_load",
	  .setup = shared_mapped,
	  .actors = { { "load", load }, { "invalidate", invalidate } } },
	{ .name = "first_touch_anonymous",
	  .setup = anonymous_untouched,
	  .actors = { { "store", store }, { "also", store } },
	  .check = store_is_there },
	{ .name = "first_touch_tables",
	  .setup = anonymous_without_tables,
	  .actors = { { "store", store }, { "also", store } },
	  .check = store_is_there },
	{ .name = "truncate_vs_munmap",
	  .setup = shared_mapped,
	  .actors = { { "truncate", truncate }, { "unmap", unmap_all } } },
	{ .name = "reuse_anonymous",
	  .setup = anonymous_seen,
	  .actors = { { "store", store }, { "also", load_and_store } },
	  .check = store_is_there },
	{ .name = "copy_after_load",
	  .setup = private_seen,
	  .actors = { { "store", store }, { "also", store } },
	  .check = store_is_there },
	{ .name = "copy_vs_load",
	  .setup = private_seen,
	  .actors = { { "store", store }, { "load", load_twice } },
	  .check = store_is_there },
	{ .name = "copy_at_once",
	  .setup = private_cached,
	  .actors = { { "store", store }, { "load", load } },
	  .check = store_is_there },
	{ .name = "page_in_twice",
	  .setup = two_processes_uncached,
	  .actors = { { "load", load }, { "also", load } },
	  .check = one_page_mapped_twice },
	{ .name = "direct_write_vs_load",
	  .setup = reader_and_writer,
	  .actors = { { "load", load_twice }, { "write", write_direct } } },
};

/* The three that hold for truncation and for invalidation. */
static void test_clean(void **state)
{
	explore_clean(*state, "page-lock");
	explore_clean(*state, "page-flag");
	explore_clean(*state, "seqlock");
}

static const struct race *clean_race(const char *name)
{
	for (size_t i = 0; i < sizeof(clean) / sizeof(clean[0]); i++)
		if (!strcmp(clean[i].name, name))
			return &clean[i];
	fail_msg("no race is named %s", name);
	return NULL;
}

/* Runs one schedule, under which nothing fires. => how many steps it has of this name */
static int steps_of(const char *race, const char *schedule, const char *op)
{
	static struct engine_schedule s;
	static struct engine_result r;
	struct engine_trace trace = { 0 };
	char err[512] = "", why[512] = "";
	struct race_config c;
	struct engine *e = explore_engine(&c, clean_race(race), "page-lock");
	enum engine_end end;
	int n = 0;

	if (engine_schedule_parse(engine_program(e), schedule, &s, err, sizeof(err)))
		fail_msg("%s", err);
	end = engine_replay(e, &s, 0, &r, &trace, why, sizeof(why));
	if (end != ENGINE_DONE)
		fail_msg("%s: %s%s: %s", schedule, why, r.violation.oracle, r.violation.message);
	for (size_t i = 0; i < trace.nr; i++)
		n += !strcmp(trace.step[i].op, op);
	engine_trace_free(&trace);
	engine_destroy(e);
	return n;
}

/* The loads fill the other CPU's TLB, and what was unmapped is flushed there, before the tables too. */
static void test_shootdown_interrupts(void **state)
{
	assert_int_equal(steps_of("munmap_vs_load", "load unmap", "ipi"), 1);
	assert_int_equal(steps_of("munmap_of_tables_vs_load", "load unmap", "ipi"), 2);
	assert_int_equal(steps_of("truncate_vs_load", "load truncate", "ipi"), 1);
	assert_int_equal(steps_of("copy_vs_load", "load store", "ipi"), 1);
}

/* A private copy is reached as such by the first load that can. */
static void test_copy_is_private_before_it_is_mapped(void **state)
{
	steps_of("copy_at_once", "store@pte_set load", "load");
}

/* Stores to clean pages do not fault: only the MMU notes them, in the pte that is taken away. */
static void test_stores_that_only_the_pte_knows(void **state)
{
	struct race r = *clean_race("munmap_vs_store");

	r.axis = "dirty";
	explore_clean(&r, "pte");
}

static void test_direct_write_needs_a_protocol(void **state)
{
	const struct engine_result *r = explore(clean_race("direct_write_vs_load"), "none");

	assert_true(!strcmp(r->violation.oracle, "page-mapped-on-remove") ||
		    !strcmp(r->violation.oracle, "stale-content"));
}

int main(int argc, char **argv)
{
	enum { NR = sizeof(clean) / sizeof(clean[0]) };
	struct CMUnitTest tests[NR + 4] = {
		[NR] = cmocka_unit_test(test_shootdown_interrupts),
		cmocka_unit_test(test_copy_is_private_before_it_is_mapped),
		cmocka_unit_test(test_direct_write_needs_a_protocol),
		cmocka_unit_test(test_stores_that_only_the_pte_knows),
	};

	for (int i = 0; i < NR; i++)
		tests[i] = (struct CMUnitTest){ clean[i].name, test_clean, NULL, NULL,
						(void *)(uintptr_t)&clean[i] };
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
