/* SPDX-License-Identifier: MIT */
/*
 * cmd.h - the faultline command: its subcommands, exit statuses, and what they share
 *
 * One subcommand is one file, which owns its options and its help; main.c is the table. A subcommand that needs
 * the other build stands in that build's folder, and a one-line refusal of the same name in this one's.
 */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

#include <cjson/cJSON.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "race/run.h"

enum exit_status {
	STATUS_CLEAN = 0,	  /* complete and clean */
	STATUS_VIOLATION = 1,	  /* an oracle fired, or a verdict differs from the one stated */
	STATUS_USAGE = 2,	  /* wrong usage or bad input */
	STATUS_BUDGET = 3,	  /* the budget ran out first, nothing found */
	STATUS_DIVERGED = 4,	  /* a replay no longer does what its token says */
	STATUS_INTERNAL = 70,	  /* our fault */
	STATUS_SKIPPED = 77,	  /* this system cannot do it */
	STATUS_INTERRUPTED = 130, /* SIGINT: what was known by then is printed */
};

struct command {
	const char *name;
	const char *args;		   /* "RACE [OPTION]..." */
	const char *summary;		   /* one line of `faultline help` */
	const char *help;		   /* what `faultline help NAME` prints below the usage line */
	int (*run)(int argc, char **argv); /* argv[0] is the subcommand; => an enum exit_status */
};

extern const struct command cmd_list, cmd_locks, cmd_show, cmd_help;
extern const struct command cmd_run, cmd_compare, cmd_fuzz;
extern const struct command cmd_explore, cmd_replay, cmd_minimise, cmd_explain, cmd_matrix, cmd_stress;

/* NULL: none of that name */
const struct command *command_find(const char *name);

/* ---- the build, tools/controlled or tools/native ---------------------------------------------------- */

extern const char build_kind[]; /* "controlled" or "native" */
/* Checks that this binary was built as it must be. => an enum exit_status; a line on stderr unless 0 */
int build_start(void);

/* ---- messages -------------------------------------------------------------------------------------- */

/* One line on stderr, "faultline: ...". => STATUS_USAGE, for `return usage_error(...)` */
int usage_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "unknown WHAT 'WORD'", with the nearest of the n `names` as suggestion. => STATUS_USAGE */
int unknown_name(const char *what, const char *word, const char *const *names, int n);
int unknown_race(const char *word);

/* Escape sequences for `f`, or "" where colour is unwanted (no terminal, NO_COLOR, TERM=dumb). */
const char *style_bad(FILE *f);
const char *style_good(FILE *f);
const char *style_end(FILE *f);
/* Whether a line that redraws itself may be shown on stderr. */
bool progress_wanted(void);

/* ---- options --------------------------------------------------------------------------------------- */

/*
 * getopt_long() without its messages. Handles --help and -h.
 * => an option's val, -1 after the last (arguments start at optind), OPT_FAILED after a message was printed,
 *    OPT_HELPED after the help was
 */
#define OPT_FAILED '?'
#define OPT_HELPED 'h'
int option_next(const struct command *cmd, int argc, char **argv, const struct option *options);
/* What to return from a subcommand when option_next() said OPT_FAILED or OPT_HELPED. */
int option_status(int opt);

/* => false after a message: `text` is no whole number in [min, max] */
bool option_u64(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *v);
/* => false after a message: `text` is no positive number of seconds */
bool option_seconds(const char *option, const char *text, double *v);
/* Exactly n arguments must be left. => false after a message that says which is missing or too many */
bool arguments_exactly(const struct command *cmd, int argc, char **argv, int n);

/* ---- printing -------------------------------------------------------------------------------------- */

/* 1234567 as "1,234,567"; `buf` holds at least 32 bytes. => buf */
char *thousands(uint64_t v, char *buf);
/* Prints one JSON document and a newline, and frees it. */
void json_print(cJSON *j);
/* A number, or a string when a double cannot hold it. */
void json_add_u64(cJSON *j, const char *name, uint64_t v);
/* "protocols": { axis: name } */
void json_add_protocols(cJSON *j, const struct race_config *c);
/* "axis=name axis=name", or "bare" */
void protocols_text(const struct race_config *c, char *buf, size_t n);
/* A line an outcome: how often, and its text. Nothing when there is none. */
void outcomes_print(const struct engine_outcome *o, int nr, bool truncated);
/* "outcomes": [ { outcome, executions } ], "outcomes_truncated" */
void json_add_outcomes(cJSON *j, const struct engine_outcome *o, int nr, bool truncated);

#endif
