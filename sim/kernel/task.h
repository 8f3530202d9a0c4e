/* SPDX-License-Identifier: MIT */
/*
 * task.h - who runs: one task a CPU, and one for the set-up and the checks. Mirrors task_struct of sched.h.
 */
#ifndef SIM_KERNEL_TASK_H
#define SIM_KERNEL_TASK_H

#include "sync.h"

struct mm_struct;

#define NR_TASKS 17 /* NR_CPUS and the set-up's */

#define TASK_RSS_COUNTERS 4 /* NR_MM_COUNTERS of mm_types.h */

/* Aligned: what a task counts of itself is in no other CPU's cache. */
struct task_struct {
	const char *comm;
	int cpu;
	struct mm_struct *mm;	   /* NULL: runs in the kernel only */
	struct completion io_done; /* of the transfer that the task itself waits for */
	bool io_error; /* that transfer failed; written by the disk before it says that it is done */
	int sig;       /* the last signal that an access got, 0: none yet */
	int sig_code;  /* its SEGV_MAPERR, SEGV_ACCERR, BUS_ADRERR */
	unsigned long fault_address;
	unsigned long min_flt, maj_flt; /* faults that it took, or that were taken for it */
	u32 pagefault_disabled;		/* kernel accesses to user memory fail rather than fault */
	u32 reclaiming;			/* PF_MEMALLOC: frees memory, and so may have the last of it */
	int rss[TASK_RSS_COUNTERS];	/* of task->mm, and not in mm->rss yet (config.rss_batch) */
} __attribute__((aligned(64)));

#define current ((struct task_struct *)sync_task_data())

#endif
