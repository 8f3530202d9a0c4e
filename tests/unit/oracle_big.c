// SPDX-License-Identifier: MIT
/*
 * oracle_big.c - the census of a machine of many pages: one page too many is found among them
 *
 * With an argument, a number of pages, it maps so many and says how long the global oracles took.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "oracle.h"

#define MANY 12000ul

static unsigned long pages;
static double seconds;

static struct machine_config machine_of(unsigned long frames)
{
	return (struct machine_config){ .nr_frames = frames, .slab_bytes = 1 << 20, .big = true };
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void map_pages(void)
{
	vm_mmap(ADDR, (unsigned)pages, MAPPED_PRIVATE, -1, 0);
	for (unsigned long i = 0; i < pages; i++)
		vm_store(ADDR + i * VM_PAGE, i);
	seconds = now();
	oracle_quiescent();
	seconds = now() - seconds;
}

static void count_one_wrong(void)
{
	map_pages();
	atomic_inc(&pfn_to_page(pte_pfn(entry_read(oracle_pte(ADDR + (pages - 3) * VM_PAGE))))->_mapcount);
}

static void leak_one(void)
{
	map_pages();
	alloc_page();
}

static void test_one_among_many(void **state)
{
	const struct machine_config m = machine_of(MANY + 1000);

	pages = MANY;
	oracle_expect(&m, map_pages, "");
	oracle_expect(&m, count_one_wrong, "bad-mapcount");
	oracle_expect(&m, leak_one, "memory-leak");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_among_many),
	};
	struct machine_config m;

	if (argc > 1 && atol(argv[1]) > 0) {
		pages = (unsigned long)atol(argv[1]);
		m = machine_of(pages + pages / 256 + 64);
		fputs(oracle_after(&m, map_pages), stdout);
		printf("%lu pages: %.3f ms\n", pages, seconds * 1e3);
		return 0;
	}
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
