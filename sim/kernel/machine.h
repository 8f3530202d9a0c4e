/* SPDX-License-Identifier: MIT */
/*
 * machine.h - a machine, as those who run races on it see it
 *
 * Everything here stands on the arena of the engine that runs: sync_machine().
 */
#ifndef SIM_KERNEL_MACHINE_H
#define SIM_KERNEL_MACHINE_H

#include <faultline/protocol.h>

#include "sync.h"

struct machine_config; /* hw/machine.h */

size_t machine_size(const struct machine_config *config); /* bytes of arena; NULL: every default */
int machine_cpus(void);					  /* an actor each */

/* => called first, by the set-up task, in a zeroed arena of machine_size(config) */
void machine_boot(const struct machine_config *config, const struct protocol *const protocols[NR_AXES]);
/* The struct task_struct of an actor: its CPU is its index; -1: the set-up and the checks. => after boot */
void machine_task_init(int cpu, const char *name);
/* => called by the task itself when it starts, before any other code of the machine */
void machine_task_enter(int cpu);
/* => called by the set-up task when it is done: it leaves the CPU that it shares with the first actor */
void machine_setup_done(void);

/* Devices: tasks that run for ever. Their state is in the arena; every execution calls run() anew. */
struct machine_device {
	const char *name;
	void (*run)(void *arg);
	bool (*present)(const struct machine_config *config); /* NULL: every machine has it */
};
extern const struct machine_device machine_devices[];
extern const int nr_machine_devices;

/* The order of the memory manager's locks, outermost first; the engine holds every execution against it. */
struct machine_lock {
	const char *name;
	const char *what; /* the kernel's name, and kind */
	const char *guards;
	const char *taken; /* where, with what held */
};
extern const struct machine_lock machine_locks[];
extern const int nr_machine_locks;
struct engine_lock_rank;
const struct engine_lock_rank *machine_lock_ranks(void); /* the same, as engine_program has it */

/* What an address of the arena is, "page 3 _count". => false when it is nothing that has a name */
bool machine_describe(const void *addr, size_t size, char *buf, size_t n);
/* What a change means, "page 3 _count 1->2". => false when it is not worth a line */
bool machine_describe_change(const void *addr, size_t size, u64 old, u64 new_, char *buf, size_t n);

/*
 * The checks that hold when nothing runs. => called alone, no scheduling points; reports by
 * sync_violation()
 */
void oracle_quiescent(void);

#endif
