/* SPDX-License-Identifier: MIT */
/* machine.c - a machine is switched on, and gets its tasks; see machine.h and hw/machine.h */
#include "kernel/machine.h"
#include "fs/fs.h"
#include "hw/machine.h"
#include "hw/mmu.h"
#include "kernel/sys.h"
#include "mm/mm.h"

#define SETUP_TASK (NR_TASKS - 1)

const struct machine_device machine_devices[] = {
	{ "disk", disk_run },
};
const int nr_machine_devices = sizeof(machine_devices) / sizeof(machine_devices[0]);

size_t machine_size(void)
{
	return sizeof(struct machine);
}

int machine_cpus(void)
{
	return NR_CPUS;
}

void machine_boot(const struct protocol *const protocols[NR_AXES])
{
	struct machine *m = this_machine;

	m->invalidate = protocols[AXIS_INVALIDATE]->ops;
	spin_lock_init(&m->slab.lock);
	page_alloc_init();
	disk_init();
	machine_task_init(-1, "setup");
	machine_task_enter(-1);
}

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
