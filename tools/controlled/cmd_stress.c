// SPDX-License-Identifier: MIT
/*
 * cmd_stress.c - faultline stress, which only the native build can do
 */
#include "cmd.h"

static int run_stress(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return usage_error(
		"stress needs the native build: cmake --preset native, then build/native/faultline stress");
}

const struct command cmd_stress = {
	.name = "stress",
	.args = "RACE [--seconds S]",
	.summary = "repeat a race on real threads and count (native build)",
	.help = "Only the native build, build/native/faultline, has it.",
	.run = run_stress,
};
