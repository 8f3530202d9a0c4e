/* SPDX-License-Identifier: MIT */
/* machine.c - a machine is switched on, and gets its tasks; see machine.h and hw/machine.h */
#include "kernel/machine.h"
#include "fs/fs.h"
#include "hw/mmu.h"
#include "kernel/sys.h"
#include "mm/mm.h"

#define SETUP_TASK (NR_TASKS - 1)

static bool has_disk(const struct machine_config *c)
{
	return !c->io_at_once;
}

static bool has_kswapd(const struct machine_config *c)
{
	return c->kswapd;
}

static bool has_aio(const struct machine_config *c)
{
	return c->aio;
}

static bool has_writeback(const struct machine_config *c)
{
	return c->writeback;
}

const struct machine_device machine_devices[] = {
	{ "disk", disk_run, has_disk },
	{ "kswapd", kswapd_run, has_kswapd },
	{ "aio", aio_run, has_aio },
	{ "writeback", writeback_run, has_writeback },
};
const int nr_machine_devices = sizeof(machine_devices) / sizeof(machine_devices[0]);

/* ---- the arena: the machine, struct pages, frames, swap, slab ------------------------------------------------- */

struct layout {
	size_t mem_map, frame, swap_map, swap_block, slab, end; /* offsets */
};

static size_t page_up(size_t n)
{
	return (n + PAGE_SIZE - 1) & PAGE_MASK;
}

static struct machine_config with_defaults(const struct machine_config *config)
{
	struct machine_config c = { 0 };

	if (config)
		c = *config;
	if (!c.nr_frames)
		c.nr_frames = DEFAULT_FRAMES;
	if (!c.slab_bytes)
		c.slab_bytes = DEFAULT_SLAB;
	return c;
}

static struct layout lay_out(const struct machine_config *c)
{
	struct layout l;

	l.mem_map = (sizeof(struct machine) + 63) & ~63ul;
	l.frame = page_up(l.mem_map + c->nr_frames * sizeof(struct page));
	l.swap_block = l.frame + c->nr_frames * PAGE_SIZE;
	l.swap_map = l.swap_block + c->swap_slots * PAGE_SIZE;
	l.slab = (l.swap_map + c->swap_slots + 63) & ~63ul;
	l.end = page_up(l.slab + slab_overhead(c->slab_bytes) + c->slab_bytes);
	return l;
}

size_t machine_size(const struct machine_config *config)
{
	struct machine_config c = with_defaults(config);

	return lay_out(&c).end;
}

int machine_cpus(void)
{
	return NR_CPUS;
}

void machine_boot(const struct machine_config *config, const struct protocol *const protocols[NR_AXES])
{
	struct machine *m = this_machine;
	u8 *base = sync_machine();
	struct layout l;

	m->config = with_defaults(config);
	l = lay_out(&m->config);
	m->nr_frames = m->config.nr_frames;
	m->mem_map = (struct page *)(base + l.mem_map);
	m->frame = (u8(*)[PAGE_SIZE])(base + l.frame);
	m->swap.nr_slots = m->config.swap_slots;
	m->swap.block = (u8(*)[PAGE_SIZE])(base + l.swap_block);
	m->swap.map = base + l.swap_map;
	m->invalidate = protocols[AXIS_INVALIDATE]->ops;
	m->cow = protocols[AXIS_COW]->ops;
	m->around = protocols[AXIS_AROUND]->ops;
	m->dirty = protocols[AXIS_DIRTY]->ops;
	m->munmap = protocols[AXIS_MUNMAP]->ops;
	slab_init(&m->slab, base + l.slab, m->config.slab_bytes);
	page_alloc_init();
	hugetlb_init();
	swap_init();
	fs_init();
	pipe_init();
	machine_task_init(-1, "setup");
	machine_task_enter(-1);
}

/* ---- tasks ------------------------------------------------------------------------------------------------------- */

static struct task_struct *task_of(int cpu)
{
	return &this_machine->task[cpu < 0 ? SETUP_TASK : cpu];
}

void machine_task_init(int cpu, const char *name)
{
	struct task_struct *task = task_of(cpu);

	task->comm = name;
	task->cpu = cpu < 0 ? 0 : cpu;
}

void machine_task_enter(int cpu)
{
	sync_set_task_data(task_of(cpu));
}

void machine_setup_done(void)
{
	struct task_struct *setup = task_of(-1), *first = task_of(0);

	use_mm(setup, NULL);
	if (first->mm)
		switch_mm(0, first->mm);
}
