/* SPDX-License-Identifier: MIT */
/*
 * simulator_machine.h - a program on the simulated machine: between its backends, its calls and its state
 *
 * A task takes the address spaces of the actors that it acts for in turn; a straight program has one task.
 */
#ifndef SIM_PROG_SIMULATOR_MACHINE_H
#define SIM_PROG_SIMULATOR_MACHINE_H

#include "hw/machine.h"
#include "prog/log.h"

/*
 * Behind the machine, in its arena. Code that is not hooked changes it, which it says by sync_ghost_begin().
 *
 * Locks: (T) tasklist: either way to read, to write to write; in straight programs not needed.
 */
struct sim_run {
	const struct vm_prog *prog;
	rwlock_t tasklist;
	struct mm_struct *mm[PROG_MAX_ACTORS]; /* (T) NULL: the actor does not live */
	bool forked[PROG_MAX_ACTORS];	       /* (T) somebody is forking it */
	struct file *file[PROG_MAX_FILES];
	char err[128]; /* "" unless the machine could not be prepared */
};

/* Shared pages of every actor's, one a CPU, outside of the window: for calls that read or write through a user address. */
#define SIM_SCRATCH 0x100000ul

/* simulator_calls.c */
/* One call of an actor that lives. *r is zeroed */
void sim_call(struct sim_run *run, const struct vm_op *op, struct vm_result *r);
/*
 * The same, if its actors are such that it can be done; if not, *r says why. look: other tasks may fork or end them
 */
void sim_try(struct sim_run *run, const struct vm_op *op, bool look, struct vm_result *r);
/* The calls that this machine can do. => a bit each by enum prog_call */
uint64_t sim_calls(void);

/* simulator_boot.c */
/* Files and the first actor, for as many CPUs. => false and one line in run->err */
bool sim_prepare(struct sim_run *run, const struct vm_prog *p, int cpus);
/* Everybody exits, and the files go: what is left is the machine's own. */
void sim_teardown(struct sim_run *run);

/* simulator_state.c */
void sim_state(const struct sim_run *run, struct vm_state *s);
/* The frame of a page of an address space. => false: none is mapped */
bool sim_frame(const struct mm_struct *mm, int page, unsigned long *pfn);

static inline unsigned long sim_address(int page)
{
	return PROG_WINDOW + (unsigned long)page * PROG_PAGE;
}

#endif
