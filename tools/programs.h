/* SPDX-License-Identifier: MIT */
/*
 * programs.h - what the subcommands on VM programs share: backends by name, comparison levels, checked files
 */
#ifndef TOOLS_PROGRAMS_H
#define TOOLS_PROGRAMS_H

#include "cmd.h"
#include "prog/compare.h"

/* Two backends, and how closely their outcomes can be compared. */
struct pair {
	char name[2][16];
	struct vm_backend *backend[2];
	enum vm_level level;
	struct vm_log log[2];
};

/* => STATUS_CLEAN, *b to be destroyed; else a status, after a message */
int backend_open(const char *name, struct vm_backend **b);
/* "A,B": the names. => false after a message */
bool pair_names(const char *option, const char *text, struct pair *p);
/* Opens both, and lowers the level to what both can show, which it says. => a status */
int pair_open(struct pair *p);
void pair_close(struct pair *p);
/* Runs a program on both. => 0; else -1 after a message */
int pair_run(struct pair *p, const struct vm_prog *prog, bool detail);

/* "L0" to "L4". => false after a message */
bool option_level(const char *text, enum vm_level *level);
/* Reads a file of programs, whose kernels and protocols exist. => a status, after a message */
int programs_read(const char *path, struct vm_file *f);

/* What the command line says in place of a program's own lines; NULL: nothing. */
struct prog_override {
	const char *kernel, *protocol, *memory;
};
/* => false after a message: no such name, or too long */
bool programs_override(const struct prog_override *o, struct vm_prog *p);

#endif
