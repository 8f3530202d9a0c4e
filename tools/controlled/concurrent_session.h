/* SPDX-License-Identifier: MIT */
/*
 * concurrent_session.h - a program with threads and its engine, for run and fuzz
 */
#ifndef TOOLS_CONCURRENT_SESSION_H
#define TOOLS_CONCURRENT_SESSION_H

#include "controlled/session.h"
#include "run_concurrent.h"

struct concurrent_session {
	struct vm_concurrent c;
	struct engine_program program;
	struct engine *engine;
	struct engine_result r;
};

/* => 0; -1 and one line in err, and nothing to close. *s stays where it is, and *p */
int concurrent_open(struct concurrent_session *s, const struct vm_prog *p, char *err, size_t n);
void concurrent_close(struct concurrent_session *s);
/* The violation of s->r as a program that says its schedule. */
void concurrent_witness(struct concurrent_session *s, struct vm_prog *to);
/*
 * One execution, as the program's schedule says. => what engine_replay() says; ENGINE_DIVERGED also for a schedule that
 * no longer can be read or does something else, with one line in err
 */
enum engine_end concurrent_replay(struct concurrent_session *s, char *err, size_t n);

#endif
