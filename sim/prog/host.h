/* SPDX-License-Identifier: MIT */
/*
 * host.h - the running Linux kernel as a backend of VM programs
 *
 * The files host*.c know the kernel's own headers, and none of the simulator's.
 */
#ifndef SIM_PROG_HOST_H
#define SIM_PROG_HOST_H

#include "prog/log.h"

/*
 * => a backend, whose calls are for the thread that created it; that stays on one CPU until it is destroyed.
 *    NULL and one line in err: this system cannot carry out programs. b->level is what it can show of them.
 */
struct vm_backend *host_create(char *err, size_t n);

/* ---- among host*.c --------------------------------------------------------------------------------------- */

#include <sys/types.h>

#include "prog/host_box.h"

struct host_actor {
	pid_t pid;	   /* 0: none */
	int pagemap, maps; /* -1: not opened */
};

struct host {
	struct vm_backend b;
	struct host_box *box;
	char *stack; /* the zygote's */
	size_t stack_mapped;
	struct host_actor actor[HOST_SLOTS];
	int file[PROG_MAX_FILES], pipe[2], kpagecount; /* kpagecount -1: not permitted */
	ino_t inode[PROG_MAX_FILES];
	bool mtime_set[PROG_MAX_FILES];
	bool frames; /* pagemap shows frame numbers */
	uint64_t zero_frame;
	const struct vm_prog *prog;
	void *cpus; /* the caller's CPU mask, before */
};

static inline unsigned long host_address(int page)
{
	return PROG_WINDOW + (unsigned long)page * PROG_PAGE;
}

/* host_calls.c */
/* Puts a call into the box: not fork, exit or poke, which are the coordinator's. */
void host_request(struct host *h, const struct vm_op *op);
/* What the box's answer means. => -1 and one line: no program does that */
int host_result(const struct host_box *box, const struct vm_op *op, struct vm_result *r, char *err, size_t n);

/* host_state.c */
/* What can be seen of frames: sets h->frames, zero_frame, kpagecount, b.level and b.why. => -1 and one line */
int host_state_probe(struct host *h, char *err, size_t n);
int host_state(struct vm_backend *b, struct vm_state *s, char *err, size_t n);
/* The frame of a page of the window. => 0: none is mapped, or it cannot be seen */
uint64_t host_frame(struct host *h, int actor, int page, bool *present);
void host_forget(struct host_actor *a);

#endif
