/* SPDX-License-Identifier: MIT */
/*
 * configure.h - the machine that a program is for
 */
#ifndef SIM_PROG_CONFIGURE_H
#define SIM_PROG_CONFIGURE_H

#include "hw/machine.h"
#include "prog/prog.h"
#include "race/run.h"

struct prog_machine {
	const struct protocol *protocols[NR_AXES];
	enum engine_memory memory; /* of concurrent programs */
	struct machine_config config;
	size_t size; /* bytes that the machine takes; behind them there is room for what a program needs */
};

/* The kernel of programs that name none: the newest that can be held against a running one. */
const char *prog_default_kernel(void);
/*
 * What the kernel, protocol and machine lines say. => 0; -1 and one line in err that names what is unknown
 */
int prog_configure(const struct vm_prog *p, struct prog_machine *m, char *err, size_t n);
/* Whether a machine for one program does for the other. */
bool prog_same_machine(const struct vm_prog *a, const struct vm_prog *b);

#endif
