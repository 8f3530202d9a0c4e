/* SPDX-License-Identifier: MIT */
/*
 * cli.h - running the faultline command from a test and looking at all that it says
 */
#ifndef TESTS_CLI_H
#define TESTS_CLI_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <cjson/cJSON.h>

struct run {
	int status; /* exit status; 128 + the signal that killed it */
	char *out, *err;
};

/* The command under test: main() sets it from its first argument. */
extern const char *cli_command;

/* Runs `faultline ARGS` through the shell, without a terminal. => what it did; run_free() it */
struct run cli(const char *args, ...) __attribute__((format(printf, 1, 2)));
void run_free(struct run *r);

/* Runs it and asserts exit status 2, nothing on stdout, and one line on stderr that holds each of the words. */
void assert_refused(const char *args, const char *word, const char *word2);
/* Runs it, asserts the status, and parses its stdout. => to be deleted */
cJSON *cli_json(int status, const char *args, ...) __attribute__((format(printf, 2, 3)));
/* Asserts that the string stands in the text, which is shown if not. */
void assert_in(const char *text, const char *want);
const char *json_string(const cJSON *j, const char *name);

#endif
