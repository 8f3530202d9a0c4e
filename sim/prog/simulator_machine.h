/* SPDX-License-Identifier: MIT */
/*
 * simulator_machine.h - a program on the simulated machine: between the backend, its calls and its state
 *
 * All of it runs in the machine's one task, which takes the actors' address spaces in turn.
 */
#ifndef SIM_PROG_SIMULATOR_MACHINE_H
#define SIM_PROG_SIMULATOR_MACHINE_H

#include "hw/machine.h"
#include "prog/log.h"

struct sim_run {
	struct mm_struct *mm[PROG_MAX_ACTORS]; /* NULL: the actor does not live */
	struct file *file[PROG_MAX_FILES];
	u32 mtime[PROG_MAX_FILES]; /* before the call */
	const struct vm_prog *prog;
	char err[256]; /* "" unless the machine could not be prepared */
};

/* A shared page of every actor's, outside of the window: for calls that read or write through a user address. */
#define SIM_SCRATCH 0x100000ul

/* simulator_calls.c */
/* Files and the first actor. => false and one line in run->err */
bool sim_prepare(struct sim_run *run, const struct vm_prog *p);
/* One call of an actor that lives. *r is zeroed */
void sim_call(struct sim_run *run, const struct vm_op *op, struct vm_result *r);
/* The calls that this machine can do. => a bit each by enum prog_call */
uint64_t sim_calls(void);

/* simulator_state.c */
void sim_state(const struct sim_run *run, struct vm_state *s);
/* The frame of a page of an address space. => false: none is mapped */
bool sim_frame(const struct mm_struct *mm, int page, unsigned long *pfn);

static inline unsigned long sim_address(int page)
{
	return PROG_WINDOW + (unsigned long)page * PROG_PAGE;
}

#endif
