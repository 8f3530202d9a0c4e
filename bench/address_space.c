/* SPDX-License-Identifier: MIT */
/*
 * address_space.c - one process with a terabyte of address space: set up, read back, forked, reclaimed, torn down
 *
 * usage: bench_address_space [PAGES [VMAS]]: PAGES (1,000,000) pages are written in VMAS (100,000) mappings, evenly over
 * 1 TiB. Then the process forks, the child writes a page of each mapping; all pages are put out to the swap device; those
 * of some mappings are read back; both processes end. Each step's time is printed, what was read is added up, the global
 * oracles look at the machine with everything in place and at its end, and the host's memory is divided by the pages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "hw/machine.h"
#include "hw/mmu.h"
#include "host_faults.h"
#include "kernel/machine.h"
#include "kernel/sys.h"
#include "mm/mm.h"
#include "native/native.h"
#include "race/run.h"

#define SPAN (1ul << 40)
#define HOME (1ul << 32)
#define KERNEL_NAME "linux-6.18"
#define ROUND_SECONDS 3600
#define READ_BACK_EVERY 16 /* mappings */
/* Each mapping may need a page table of its own, in both processes; their upper levels are few beside that. */
#define TABLES_PER_VMA 2
#define SPARE_FRAMES 65536ul
#define SLAB_BYTES_PER_VMA 1024ul

struct bench {
	unsigned long pages, vmas;
	struct machine_config machine;
	unsigned long rss_before;
	double last;
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_address_space: %s\n", what);
	exit(1);
}

static unsigned long host_pages(void)
{
	unsigned long size, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f && fscanf(f, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * (unsigned long)sysconf(_SC_PAGESIZE) / PAGE_SIZE;
}

static void step(struct bench *b, const char *what, unsigned long n, const char *unit)
{
	double now = bench_now();

	printf("%-44s %8.2f s  %8.0f ns a %s\n", what, now - b->last, 1e9 * (now - b->last) / (double)n,
	       unit);
	fflush(stdout);
	b->last = bench_now();
}

static unsigned long at(const struct bench *b, unsigned long vma, unsigned long page)
{
	return HOME + SPAN / b->vmas * vma / PAGE_SIZE * PAGE_SIZE + page * PAGE_SIZE;
}

static unsigned long per_vma(const struct bench *b)
{
	return b->pages / b->vmas;
}

static void map_and_write(struct bench *b)
{
	for (unsigned long v = 0; v < b->vmas; v++)
		need(sys_mmap(at(b, v, 0), per_vma(b) * PAGE_SIZE, PROT_READ | PROT_WRITE,
			      MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, NULL, 0) == (long)at(b, v, 0),
		     "mmap");
	step(b, "mmap", b->vmas, "mapping");
	for (unsigned long v = 0; v < b->vmas; v++)
		for (unsigned long p = 0; p < per_vma(b); p++) {
			u64 word = v * per_vma(b) + p + 1;

			need(user_write(at(b, v, p), &word, sizeof(word)) == 0, "a store");
		}
	step(b, "write", b->pages, "page");
}

static void read_some(struct bench *b, unsigned long every, const char *what)
{
	unsigned long n = 0;
	u64 sum = 0, word;

	for (unsigned long v = 0; v < b->vmas; v += every)
		for (unsigned long p = 0; p < per_vma(b); p++, n++) {
			need(user_read(at(b, v, p), &word, sizeof(word)) == 0, "a load");
			need(word == v * per_vma(b) + p + 1, "a page holds what was not written to it");
			sum += word;
		}
	step(b, what, n, "page");
	printf("%-44s %#llx\n", "  checksum", (unsigned long long)sum);
}

static void child_writes(struct bench *b, struct mm_struct *child, struct mm_struct *parent)
{
	use_mm(current, child);
	for (unsigned long v = 0; v < b->vmas; v++) {
		u64 word = 0;

		need(user_write(at(b, v, 0), &word, sizeof(word)) == 0, "a store of the child");
	}
	use_mm(current, parent);
	step(b, "the child copies a page of each mapping", b->vmas, "page");
}

static void say_memory(const struct bench *b)
{
	unsigned long used = this_machine->nr_frames - READ_ONCE(this_machine->zone.nr_free);
	double bytes = (double)(host_pages() - b->rss_before) * PAGE_SIZE - (double)used * PAGE_SIZE;

	printf("%-44s %8lu frames in use, %.0f bytes a frame beside their contents\n", "  memory", used,
	       bytes / (double)used);
}

static void put_out(struct bench *b)
{
	for (unsigned long v = 0; v < b->vmas; v++)
		need(sys_madvise(at(b, v, 0), per_vma(b) * PAGE_SIZE, MADV_PAGEOUT) == 0, "MADV_PAGEOUT");
	step(b, "MADV_PAGEOUT", b->pages, "page");
}

static void task(void *arg)
{
	struct mm_struct *parent, *child;
	struct bench *b = arg;
	unsigned long reclaimed, asked;

	machine_task_enter(0);
	parent = current->mm;
	b->rss_before = host_pages();
	b->last = bench_now();
	map_and_write(b);
	read_some(b, 1, "read back");
	say_memory(b);
	oracle_quiescent();
	step(b, "the global oracles, with all in place", b->pages, "page");
	need(sys_fork(&child) == 0, "fork");
	step(b, "fork", b->pages, "page");
	child_writes(b, child, parent);
	process_exit(child);
	step(b, "the child ends", b->pages, "page");
	asked = b->pages / 4;
	reclaimed = try_to_free_pages(asked);
	step(b, "reclaim of a quarter", reclaimed ? reclaimed : 1, "page");
	printf("%-44s %8lu of %lu\n", "  pages reclaimed", reclaimed, asked);
	put_out(b);
	say_memory(b);
	read_some(b, READ_BACK_EVERY, "swapped in");
	oracle_quiescent();
	step(b, "the global oracles, with most on swap", b->pages, "page");
	need(sys_munmap(HOME, SPAN + HOME) == 0, "munmap");
	step(b, "munmap of everything", b->pages, "page");
}

static void set_up(void *arg)
{
	const struct protocol *protocols[NR_AXES];
	struct mm_struct *mm;
	struct bench *b = arg;

	need(kernel_protocols(KERNEL_NAME, protocols) == 0, "no kernel " KERNEL_NAME);
	machine_boot(&b->machine, protocols);
	machine_task_init(0, "task");
	mm = mm_alloc();
	need(mm && process_register(mm) == 0, "a process");
	use_mm(&this_machine->task[0], mm);
	machine_task_enter(-1);
	machine_setup_done();
}

static void check(void *arg)
{
	(void)arg;
	machine_task_enter(-1);
	oracle_quiescent();
}

int main(int argc, char **argv)
{
	struct bench b = { .pages = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000,
			   .vmas = argc > 2 ? strtoul(argv[2], NULL, 10) : 100000 };
	struct engine_program p = { .name = "address space", .setup = set_up, .check = check, .arg = &b };
	struct native_options o = {
		.rounds = 1, .round_seconds = ROUND_SECONDS, .no_image = true, .unwatched = true
	};
	static struct native_result result;
	char err[512];

	need(b.vmas && b.pages >= b.vmas && b.pages / b.vmas * PAGE_SIZE < SPAN / b.vmas,
	     "usage: bench_address_space [PAGES [VMAS]], at least a page a mapping, at most 1 TiB of them");
	b.pages -= b.pages % b.vmas;
	b.machine = (struct machine_config){
		.nr_frames = b.pages + b.vmas * (TABLES_PER_VMA + 1) + SPARE_FRAMES,
		.slab_bytes = b.vmas * SLAB_BYTES_PER_VMA + (64ul << 20),
		.swap_slots = (unsigned)(b.pages + b.vmas + SPARE_FRAMES),
		.pcp_batch = PCP_MAX,
		.lru_batch = LRU_BATCH_MAX,
		.lru = true,
		.io_at_once = true,
		.big = true,
	};
	p.arena_size = machine_size(&b.machine);
	p.tasks[p.nr_tasks++] =
		(struct engine_task){ .name = "task", .run = task, .arg = &b, .kind = ENGINE_ACTOR };
	printf("%lu pages in %lu mappings over 1 TiB, kernel %s\n", b.pages, b.vmas, KERNEL_NAME);
	need(native_stress(&p, &o, &result, err, sizeof(err)) == 0, err);
	if (result.nr_kinds) {
		fprintf(stderr, "bench_address_space: %s: %s\n", result.kind[0].first.oracle,
			result.kind[0].first.message);
		return 1;
	}
	printf("torn down; oracles found nothing\n");
	return 0;
}
