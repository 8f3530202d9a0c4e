// SPDX-License-Identifier: MIT
/*
 * cmd_compare.c - faultline compare: whether VM programs come to the same on the simulator and the running kernel
 */
#include <string.h>

#include "programs.h"

struct counts {
	int same, accepted, different;
};

static int compare_one(struct pair *pair, const struct vm_prog *p, struct counts *c)
{
	struct vm_difference d;

	if (pair_run(pair, p, true))
		return prog_calls(p) & ~(pair->backend[0]->calls & pair->backend[1]->calls) ? STATUS_SKIPPED :
											      STATUS_INTERNAL;
	switch (prog_compare(&pair->log[0], &pair->log[1], pair->level, &d)) {
	case VERDICT_SAME:
		c->same++;
		return STATUS_CLEAN;
	case VERDICT_ACCEPTED:
		c->accepted++;
		printf("%s: differs as known: %s: %s\n", p->id, d.accepted->name, d.accepted->reason);
		return STATUS_CLEAN;
	default:
		c->different++;
		prog_difference_print(stdout, &pair->log[0], pair->name[0], &pair->log[1], pair->name[1], &d);
		return STATUS_VIOLATION;
	}
}

static int compare_all(struct pair *pair, const struct vm_file *f)
{
	struct counts c = { 0 };
	int worst = STATUS_CLEAN;

	for (int i = 0; i < f->nr; i++) {
		int status = compare_one(pair, &f->prog[i], &c);

		if (status == STATUS_INTERNAL)
			return status;
		if (status == STATUS_VIOLATION || !worst)
			worst = status;
	}
	printf("%s, %s, compared at %s: %d the same, %d as known, %s%d different%s\n", pair->name[0],
	       pair->name[1], vm_level_names[pair->level], c.same, c.accepted,
	       c.different ? style_bad(stdout) : style_good(stdout), c.different, style_end(stdout));
	return worst;
}

static int run_compare(int argc, char **argv)
{
	static const struct option options[] = {
		{ "level", required_argument, NULL, 'l' },
		{ "between", required_argument, NULL, 'b' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct pair pair = { .name = { "simulator", "host" }, .level = LEVEL_FRAMES };
	struct vm_file f;
	int opt, status;

	while ((opt = option_next(&cmd_compare, argc, argv, options)) != -1) {
		if (opt == 'l' && !option_level(optarg, &pair.level))
			return STATUS_USAGE;
		if (opt == 'b' && !pair_names("between", optarg, &pair))
			return STATUS_USAGE;
		if (opt != 'l' && opt != 'b')
			return option_status(opt);
	}
	if (!arguments_exactly(&cmd_compare, argc, argv, 1))
		return STATUS_USAGE;
	status = programs_read(argv[optind], &f);
	if (status)
		return status;
	status = pair_open(&pair);
	if (!status)
		status = compare_all(&pair, &f);
	pair_close(&pair);
	prog_file_free(&f);
	return status;
}

const struct command cmd_compare = {
	.name = "compare",
	.args = "PROG.vm [OPTION]...",
	.summary = "run VM programs on the simulator and on the running kernel, and compare",
	.help = "Compares the outcome of each program of the file after every call, and prints the first difference.\n\n"
		"  --level L      L0 results, L1 and mappings and files, L2 (default) and pages and frames, L3 and fault\n"
		"                 counts and mapcounts, L4 and raw boundaries of mappings\n"
		"  --between A,B  simulator,host (default); host,host shows whether this system is deterministic\n\n"
		"Exit status: 0 the same, or as known, 1 a difference, 2 bad input, 77 this system cannot be compared with.",
	.run = run_compare,
};
