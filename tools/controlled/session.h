/* SPDX-License-Identifier: MIT */
/*
 * session.h - a configured race with its engine, as every subcommand of the controlled build needs it
 */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include "cmd.h"

#define MINIMISE_EXECUTIONS 500000 /* ENGINE_MINIMISE_SECONDS mostly ends it before */

struct session {
	struct race_config config;
	struct engine_program program;
	struct engine *engine;
};

/* => 0, or a status after a message; `s` must stay where it is until session_close() */
int session_open(struct session *s, const char *race, const char *kernel, const char *protocols,
		 const char *memory /* NULL: what the protocols say */);
int session_open_config(struct session *s, const struct race_config *c);
void session_close(struct session *s);

/* One execution under a token. Everything is freed by replay_close(), also after a failure. */
struct replay {
	struct token token;
	struct session session;
	struct engine_result result;
	struct engine_trace trace;
	char printed[TOKEN_MAX]; /* the token, printed anew */
};

/*
 * Replays `text` ("-": a line of standard input), recording the trace.
 * => STATUS_VIOLATION: the token's oracle fired (or any, when it names none); STATUS_CLEAN: it names none and none
 *    fired; STATUS_USAGE, STATUS_DIVERGED: a message was printed
 */
int replay_open(struct replay *p, const char *text);
void replay_close(struct replay *p);

/* SIGINT and SIGTERM set *session_interrupted(); a second one kills. */
volatile int *session_interrupted(void);
/* Shows progress on stderr, if that is a terminal, and wipes it. */
void session_progress(void *arg, const struct engine_progress *p);
void session_progress_end(void);

#endif
