/* SPDX-License-Identifier: MIT */
/*
 * sim_faults.c - will-it-scale's page faults, fork, munmap, mprotect and get_user_pages on the simulated kernel
 *
 * A machine for each run, without an image and with oracles that do not follow each access. What the tasks read back
 * after the timed part is added up, and the quiescent oracles look at the machine when all have returned.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/fs.h"
#include "hw/machine.h"
#include "hw/mmu.h"
#include "kernel/machine.h"
#include "kernel/sys.h"
#include "mm/mm.h"
#include "native/native.h"
#include "race/run.h"
#include "sim_faults.h"

#define HOME(task) (((unsigned long)(task) + 1) << 32) /* where a task maps */
#define BENCH_KERNEL "linux-6.18"		       /* what it is measured beside */
#define ROUND_SECONDS 600
#define SPARE_FRAMES 8192
#define SLAB_BYTES (64ul << 20)
#define GUP_BATCH 256
#define RSS_BATCH 64 /* TASK_RSS_EVENTS_THRESH */

/* What a run is asked for and finds; the host's memory, written by each task at its own index. */
struct sim_run {
	struct fault_run run;
	enum range_op op;
	struct machine_config machine;
	struct file *file[BENCH_MAX_TASKS]; /* each task's, a memfd as on the host */
	double rate[BENCH_MAX_TASKS];
	uint64_t sum[BENCH_MAX_TASKS];
	double seconds;
	int arrived; /* atomic */
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_faults: the simulator: %s\n", what);
	exit(1);
}

static void map(const struct sim_run *s, int task)
{
	const struct fault_run *r = &s->run;
	unsigned long flags = MAP_FIXED | (r->shape == SHARED_FILE ? MAP_SHARED : MAP_PRIVATE) |
			      (r->shape == ANONYMOUS ? MAP_ANONYMOUS : 0);
	long at = sys_mmap(HOME(task), r->pages * PAGE_SIZE, PROT_READ | PROT_WRITE, flags, s->file[task], 0);

	need(at == (long)HOME(task), "mmap");
}

static void unmap(const struct fault_run *r, int task)
{
	need(sys_munmap(HOME(task), r->pages * PAGE_SIZE) == 0, "munmap");
}

static void touch(const struct fault_run *r, int task)
{
	for (unsigned long i = 0; i < r->pages; i++)
		need(user_write(HOME(task) + i * PAGE_SIZE, &i, sizeof(i)) == 0, "a store");
}

static void iterate(const struct sim_run *s, int task)
{
	map(s, task);
	touch(&s->run, task);
	unmap(&s->run, task);
}

/* Position counts, and so does each word of the page that nobody wrote. */
static uint64_t read_back(const struct fault_run *r, int task)
{
	uint64_t sum = 0, word;

	for (unsigned long i = 0; i < r->pages; i++)
		for (unsigned long at = 0; at < PAGE_SIZE; at += 512) {
			need(user_read(HOME(task) + i * PAGE_SIZE + at, &word, sizeof(word)) == 0, "a load");
			sum = sum * 31 + word;
		}
	return sum;
}

static void wait_for_all(struct sim_run *s)
{
	__atomic_add_fetch(&s->arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&s->arrived, __ATOMIC_SEQ_CST) < s->run.tasks)
		cpu_relax();
}

static void fault_task(void *arg)
{
	int task = smp_processor_id();
	struct sim_run *s = arg;
	const struct fault_run *r = &s->run;
	double start, now;
	unsigned long n = 0;

	machine_task_enter(task);
	iterate(s, task);
	wait_for_all(s);
	start = bench_now();
	do {
		iterate(s, task);
		n++;
		now = bench_now();
	} while (now < start + r->seconds);
	s->rate[task] = (double)(n * r->pages) / (now - start);
	map(s, task);
	touch(r, task);
	s->sum[task] = read_back(r, task);
	unmap(r, task);
}

static void set_up(void *arg)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f", "g", "h",
					     "i", "j", "k", "l", "m", "n", "o", "p" };
	const struct protocol *protocols[NR_AXES];
	struct sim_run *s = arg;
	struct mm_struct *mm = NULL;

	need(kernel_protocols(BENCH_KERNEL, protocols) == 0, "no such kernel");
	machine_boot(&s->machine, protocols);
	for (int i = 0; i < s->run.tasks; i++) {
		s->file[i] = s->run.shape == ANONYMOUS ? NULL : shmem_file_setup(s->run.pages * PAGE_SIZE);
		need(s->file[i] || s->run.shape == ANONYMOUS, "a file");
		if (!mm || s->run.processes) {
			mm = mm_alloc();
			need(mm != NULL && process_register(mm) == 0, "a process");
		}
		machine_task_init(i, names[i]);
		use_mm(&this_machine->task[i], mm);
	}
	machine_task_enter(-1);
	machine_setup_done();
}

static void check(void *arg)
{
	struct sim_run *s = arg;

	machine_task_enter(-1);
	for (int i = 0; i < s->run.tasks; i++)
		if (s->file[i])
			fput(s->file[i]);
	oracle_quiescent();
}

static void run(struct sim_run *s, void (*task)(void *))
{
	struct engine_program p = { .name = "faults", .setup = set_up, .check = check, .arg = s };
	struct native_options o = {
		.rounds = 1, .round_seconds = ROUND_SECONDS, .no_image = true, .unwatched = true
	};
	static struct native_result result;
	char err[512];

	/* For each task its mapping, a file as large, and the page tables; for fork a second set of those. */
	s->machine = (struct machine_config){
		.nr_frames = (unsigned long)s->run.tasks * s->run.pages * 2 + SPARE_FRAMES,
		.slab_bytes = SLAB_BYTES,
		.pcp_batch = PCP_MAX,
		.lru_batch = LRU_BATCH_MAX,
		.rss_batch = RSS_BATCH,
		.lru = true,
		.big = true,
	};
	p.arena_size = machine_size(&s->machine);
	for (int i = 0; i < s->run.tasks; i++)
		p.tasks[p.nr_tasks++] =
			(struct engine_task){ .name = "task", .run = task, .arg = s, .kind = ENGINE_ACTOR };
	for (int i = 0; i < nr_machine_devices; i++)
		if (!machine_devices[i].present || machine_devices[i].present(&s->machine))
			p.tasks[p.nr_tasks++] = (struct engine_task){ .name = machine_devices[i].name,
								      .run = machine_devices[i].run,
								      .kind = ENGINE_DEVICE };
	need(native_stress(&p, &o, &result, err, sizeof(err)) == 0, err);
	if (result.nr_kinds) {
		fprintf(stderr, "bench_faults: %s: %s\n", result.kind[0].first.oracle,
			result.kind[0].first.message);
		exit(1);
	}
}

double sim_faults(const struct fault_run *r, uint64_t *checksum)
{
	struct sim_run s = { .run = *r };
	double sum = 0;

	run(&s, fault_task);
	*checksum = 0;
	for (int i = 0; i < r->tasks; i++) {
		sum += s.rate[i];
		*checksum ^= s.sum[i];
	}
	return sum;
}

/* ---- ranges ----------------------------------------------------------------------------------- */

static void fork_and_exit(struct sim_run *s)
{
	double start = bench_now();
	struct mm_struct *child;

	need(sys_fork(&child) == 0, "fork");
	s->seconds = bench_now() - start;
	process_exit(child);
}

static void get_and_put(struct sim_run *s)
{
	struct page *pages[GUP_BATCH];
	double start = bench_now();

	for (unsigned long i = 0; i < s->run.pages; i += GUP_BATCH) {
		need(get_user_pages_fast(HOME(0) + i * PAGE_SIZE, GUP_BATCH, FOLL_GET, pages) == GUP_BATCH,
		     "get_user_pages_fast");
		for (int j = 0; j < GUP_BATCH; j++)
			put_page(pages[j]);
	}
	s->seconds = bench_now() - start;
}

static void range_task(void *arg)
{
	struct sim_run *s = arg;
	double start;

	machine_task_enter(0);
	map(s, 0);
	touch(&s->run, 0);
	start = bench_now();
	if (s->op == OP_FORK) {
		fork_and_exit(s);
	} else if (s->op == OP_GUP) {
		get_and_put(s);
	} else if (s->op == OP_MPROTECT) {
		need(sys_mprotect(HOME(0), s->run.pages * PAGE_SIZE, PROT_READ) == 0, "mprotect");
		s->seconds = bench_now() - start;
	}
	if (s->op == OP_MUNMAP)
		start = bench_now();
	unmap(&s->run, 0);
	if (s->op == OP_MUNMAP)
		s->seconds = bench_now() - start;
}

double sim_range(enum range_op op, unsigned long pages)
{
	struct sim_run s = { .run = { .shape = ANONYMOUS, .tasks = 1, .pages = pages }, .op = op };

	run(&s, range_task);
	return s.seconds;
}
