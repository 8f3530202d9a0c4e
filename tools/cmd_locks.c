// SPDX-License-Identifier: MIT
/* cmd_locks.c - faultline locks: the lock order that every execution is held against */
#include "cmd.h"
#include "kernel/machine.h"

static void print_markdown(void)
{
	printf("# The order of locks\n\n"
	       "Printed by `faultline locks --markdown` from the table that the engine checks (sim/kernel/lock_order.c): a task\n"
	       "waits for a lock only while those that it holds stand above it here. What is taken against the order is reported\n"
	       "as a lock order, in every exploration and every test of a clean race, whether or not it could deadlock there.\n"
	       "Trylocks do not wait and may be taken in any order.\n\n"
	       "| | lock | guards | taken |\n|---|---|---|---|\n");
	for (int i = 0; i < nr_machine_locks; i++)
		printf("| %d | `%s`: %s | %s | %s |\n", i + 1, machine_locks[i].name, machine_locks[i].what,
		       machine_locks[i].guards, machine_locks[i].taken);
	printf("\nTwo locks of one row are held together only where the inner one is marked: the child's `mmap_sem` and the\n"
	       "parent's `ptl` at fork, the new place's `ptl` in mremap.\n");
}

static void print_text(void)
{
	for (int i = 0; i < nr_machine_locks; i++)
		printf("%2d  %-28s %s\n", i + 1, machine_locks[i].name, machine_locks[i].guards);
}

static int run_locks(int argc, char **argv)
{
	static const struct option options[] = {
		{ "markdown", no_argument, NULL, 'm' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool markdown = false;
	int opt;

	while ((opt = option_next(&cmd_locks, argc, argv, options)) != -1) {
		if (opt != 'm')
			return option_status(opt);
		markdown = true;
	}
	if (!arguments_exactly(&cmd_locks, argc, argv, 0))
		return STATUS_USAGE;
	if (markdown)
		print_markdown();
	else
		print_text();
	return STATUS_CLEAN;
}

const struct command cmd_locks = {
	.name = "locks",
	.args = "[--markdown]",
	.summary = "the order in which the memory manager takes its locks",
	.help = "  --markdown   as docs/locking.md has it",
	.run = run_locks,
};
