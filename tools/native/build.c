// SPDX-License-Identifier: MIT
/*
 * build.c - what the native build is, and the commands that it leaves to the controlled one
 */
#include "cmd.h"

const char build_kind[] = "native";

int build_start(void)
{
	return STATUS_CLEAN;
}

static int run_elsewhere(int argc, char **argv)
{
	return usage_error(
		"%s needs the controlled build: cmake --preset controlled, then build/controlled/faultline %s",
		argv[0], argv[0]);
}

#define ELSEWHERE "Only the controlled build, build/controlled/faultline, has it."

const struct command cmd_explore = {
	.name = "explore",
	.args = "RACE [OPTION]...",
	.summary = "run a race under every interleaving, or a sample (controlled build)",
	.help = ELSEWHERE,
	.run = run_elsewhere,
};

const struct command cmd_replay = {
	.name = "replay",
	.args = "TOKEN",
	.summary = "run the one execution that a token names (controlled build)",
	.help = ELSEWHERE,
	.run = run_elsewhere,
};

const struct command cmd_minimise = {
	.name = "minimise",
	.args = "TOKEN",
	.summary = "shrink a token (controlled build)",
	.help = ELSEWHERE,
	.run = run_elsewhere,
};

const struct command cmd_explain = {
	.name = "explain",
	.args = "TOKEN",
	.summary = "draw a token's execution (controlled build)",
	.help = ELSEWHERE,
	.run = run_elsewhere,
};

const struct command cmd_matrix = {
	.name = "matrix",
	.args = "[RACE]...",
	.summary = "which protocol closes which race (controlled build)",
	.help = ELSEWHERE,
	.run = run_elsewhere,
};
