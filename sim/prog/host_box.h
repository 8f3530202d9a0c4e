/* SPDX-License-Identifier: MIT */
/*
 * host_box.h - what the coordinator of the host backend and its actors share
 *
 * One shared mapping, which actors touch before they do anything. A call goes to an actor as a bare system call, a
 * load or a store: an actor knows nothing of programs, and its code touches no memory but its text, its stack, this
 * box and what the call is about.
 */
#ifndef SIM_PROG_HOST_BOX_H
#define SIM_PROG_HOST_BOX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "prog/prog.h"

#define HOST_ZYGOTE PROG_MAX_ACTORS /* forks p0, and does nothing else */
#define HOST_SLOTS (PROG_MAX_ACTORS + 1)
#define HOST_STACK_SIZE (16u << 10) /* bytes; a signal frame with AVX-512 state is 3.5 KiB */

enum host_request { HOST_SYSCALL, HOST_LOAD, HOST_STORE, HOST_FORK, HOST_EXIT };

struct host_fault {
	int signo, code;
	unsigned long addr;
};

struct host_box {
	/* futexes: 1 while there is something to do, and when it is done */
	uint32_t asked[HOST_SLOTS];
	uint32_t done, born;

	enum host_request request;
	long nr, arg[6]; /* of a system call; arg[0]: the address of an access; the slot of a fork */
	long ret;	 /* of a system call; the byte that was loaded; the child's pid */
	struct host_fault fault;
	long faults; /* minor and major, during the request */

	/* for calls that take pointers */
	struct iovec local, remote;
	uint8_t byte;
	uint8_t vec[2 * PROG_MAX_PAGES];

	/* for the first actor of all */
	unsigned long rseq, rseq_len;
	int broken; /* a line of host_actor.c: what an actor could not do */
};

/*
 * Starts the zygote as a child of the caller, on a stack of its own that lies in [stack, stack + HOST_STACK_SIZE). It
 * gives up every mapping but that, the box and its text. => its pid, or a negative error number
 */
long host_actor_start(struct host_box *box, void *stack);

#endif
