// SPDX-License-Identifier: MIT
/*
 * main.c - the faultline command: a table of subcommands
 */
#include <string.h>

#include "cmd.h"

static const struct command *const commands[] = {
	&cmd_list,   &cmd_show, &cmd_explore, &cmd_explain, &cmd_replay, &cmd_minimise, &cmd_matrix,
	&cmd_stress, &cmd_run,	&cmd_compare, &cmd_fuzz,    &cmd_locks,	 &cmd_help,
};
#define NR_COMMANDS ((int)(sizeof(commands) / sizeof(commands[0])))

const struct command *command_find(const char *name)
{
	for (int i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int unknown_command(const char *word)
{
	const char *names[NR_COMMANDS];

	for (int i = 0; i < NR_COMMANDS; i++)
		names[i] = commands[i]->name;
	return unknown_name("command", word, names, NR_COMMANDS);
}

static void print_help(void)
{
	printf("Usage: faultline COMMAND [ARGUMENT]...\n"
	       "Finds, replays, draws and rules out races of the Linux VM fault path.\n\n");
	for (int i = 0; i < NR_COMMANDS; i++)
		printf("  %-9s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n`faultline help COMMAND` lists a command's options. This is the %s build.\n"
	       "Exit status: 0 complete and clean, 1 a violation, 2 bad input, 3 the budget ran out, 4 a replay\n"
	       "diverged, 70 an internal error, 130 interrupted.\n"
	       "Next: faultline list\n",
	       build_kind);
}

static void print_command_help(const struct command *c)
{
	printf("Usage: faultline %s%s%s\n%s\n", c->name, *c->args ? " " : "", c->args, c->help);
}

static int run_help(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		print_help();
		return STATUS_CLEAN;
	}
	c = command_find(argv[1]);
	if (!c)
		return unknown_command(argv[1]);
	print_command_help(c);
	return STATUS_CLEAN;
}

const struct command cmd_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "how to use faultline, or one of its commands",
	.help = "Prints the help of COMMAND.",
	.run = run_help,
};

/* => a status; output that could not be written is an error, whatever came before */
static int finish(int status)
{
	if (fflush(stdout) || ferror(stdout)) {
		perror("faultline: cannot write the output");
		return STATUS_INTERNAL;
	}
	return status;
}

int main(int argc, char **argv)
{
	const struct command *c;
	int status;

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_help();
		return finish(STATUS_CLEAN);
	}
	if (!strcmp(argv[1], "--version")) {
		printf("faultline %s (%s, %s)\n", faultline_version(), build_kind, faultline_build_version());
		return finish(STATUS_CLEAN);
	}
	c = command_find(argv[1]);
	if (!c)
		return unknown_command(argv[1]);
	status = build_start();
	return finish(status ? status : c->run(argc - 1, argv + 1));
}
