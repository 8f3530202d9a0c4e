// SPDX-License-Identifier: MIT
/*
 * cmd_run.c - faultline run: VM programs on the simulator or the running kernel, and what they came to
 */
#include <string.h>

#include "run_concurrent.h"

enum {
	OPT_KERNEL = 256,
	OPT_PROTOCOL,
	OPT_STRATEGY,
	OPT_MEMORY,
	OPT_PREEMPTIONS,
	OPT_DEPTH,
	OPT_EXECUTIONS,
	OPT_SECONDS,
	OPT_SEED,
	OPT_MAX_STEPS,
	OPT_JOBS,
	OPT_CHOICES,
	OPT_NO_MINIMISE,
};

struct run {
	const char *on;
	bool detail;
	struct prog_override with;
	struct concurrent_request q;
};

/* ---- straight programs -------------------------------------------------------------------------------------- */

/* => a status */
static int judge(const char *path, const struct vm_log *log)
{
	const struct vm_prog *p = log->prog;
	int claim;

	if (log->violation.oracle[0]) {
		fprintf(stderr, "%s:%d:1: program %s: %s: %s\n", path, p->line, p->id, log->violation.oracle,
			log->violation.message);
		return STATUS_VIOLATION;
	}
	if (*p->oracle) {
		fprintf(stderr, "%s:%d:1: program %s: %s did not fire\n", path, p->line, p->id, p->oracle);
		return STATUS_DIVERGED;
	}
	claim = prog_check_claims(p, log->result);
	if (claim < 0)
		return STATUS_CLEAN;
	fprintf(stderr, "%s:%d:1: program %s: '%s' does not hold\n", path, p->claim[claim].line, p->id,
		prog_claim_words[p->claim[claim].kind]);
	return STATUS_VIOLATION;
}

static int run_straight(const struct run *run, struct vm_backend *b, const struct vm_prog *p)
{
	struct vm_log log;
	char err[512];
	int status;

	vm_log_init(&log);
	if (prog_run(b, p, run->detail, &log, err, sizeof(err))) {
		fprintf(stderr, "%s:%d:1: program %s: %s\n", run->q.path, p->line, p->id, err);
		status = prog_calls(p) & ~b->calls || *p->schedule ? STATUS_USAGE : STATUS_INTERNAL;
	} else {
		vm_log_print(stdout, &log);
		status = judge(run->q.path, &log);
		if (*p->schedule && !b->failed && status == STATUS_CLEAN)
			status = STATUS_DIVERGED;
	}
	vm_log_free(&log);
	return status;
}

static int run_all(struct run *run, struct vm_file *f, struct vm_backend *b)
{
	int worst = STATUS_CLEAN;

	for (int i = 0; i < f->nr; i++) {
		struct vm_prog *p = &f->prog[i];
		bool explored = prog_is_concurrent(p) && !strcmp(run->on, "simulator");
		int status;

		if (!programs_override(&run->with, p))
			return STATUS_USAGE;
		status = explored ? run_concurrent(&run->q, p) : run_straight(run, b, p);
		if (status == STATUS_USAGE || status == STATUS_INTERNAL || status == STATUS_INTERRUPTED)
			return status;
		if (status == STATUS_VIOLATION || worst != STATUS_VIOLATION)
			worst = status ? status : worst;
	}
	return worst;
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

static bool take_number(int opt, struct concurrent_request *q)
{
	uint64_t v;

	switch (opt) {
	case OPT_PREEMPTIONS:
		if (!option_u64("preemptions", optarg, 0, 1000, &v))
			return false;
		q->preemptions = (int)v;
		return true;
	case OPT_DEPTH:
		if (!option_u64("depth", optarg, 1, ENGINE_MAX_DEPTH, &v))
			return false;
		q->depth = (int)v;
		return true;
	case OPT_JOBS:
		if (!option_u64("jobs", optarg, 1, 1024, &v))
			return false;
		q->jobs = (int)v;
		return true;
	case OPT_MAX_STEPS:
		if (!option_u64("max-steps", optarg, 1, 100000000, &v))
			return false;
		q->max_steps = (uint32_t)v;
		return true;
	case OPT_EXECUTIONS:
		return option_u64("executions", optarg, 1, UINT64_MAX, &q->executions);
	default:
		return option_u64("seed", optarg, 0, UINT64_MAX, &q->seed);
	}
}

static bool take_option(int opt, struct run *run)
{
	switch (opt) {
	case 'o':
		run->on = optarg;
		return true;
	case 'd':
		return run->detail = true;
	case OPT_KERNEL:
		run->with.kernel = optarg;
		return true;
	case OPT_PROTOCOL:
		run->with.protocol = optarg;
		return true;
	case OPT_MEMORY:
		run->with.memory = optarg;
		return true;
	case OPT_STRATEGY:
		run->q.strategy = optarg;
		return true;
	case OPT_CHOICES:
		run->q.choices = optarg;
		return true;
	case OPT_NO_MINIMISE:
		return run->q.no_minimise = true;
	case OPT_SECONDS:
		return option_seconds("seconds", optarg, &run->q.seconds);
	default:
		return take_number(opt, &run->q);
	}
}

static int run_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "on", required_argument, NULL, 'o' },
		{ "detail", no_argument, NULL, 'd' },
		{ "kernel", required_argument, NULL, OPT_KERNEL },
		{ "protocol", required_argument, NULL, OPT_PROTOCOL },
		{ "strategy", required_argument, NULL, OPT_STRATEGY },
		{ "memory", required_argument, NULL, OPT_MEMORY },
		{ "preemptions", required_argument, NULL, OPT_PREEMPTIONS },
		{ "depth", required_argument, NULL, OPT_DEPTH },
		{ "executions", required_argument, NULL, OPT_EXECUTIONS },
		{ "seconds", required_argument, NULL, OPT_SECONDS },
		{ "seed", required_argument, NULL, OPT_SEED },
		{ "max-steps", required_argument, NULL, OPT_MAX_STEPS },
		{ "jobs", required_argument, NULL, OPT_JOBS },
		{ "choices", required_argument, NULL, OPT_CHOICES },
		{ "no-minimise", no_argument, NULL, OPT_NO_MINIMISE },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct run run = { .on = "simulator", .q = { .preemptions = -1 } };
	struct vm_backend *b = NULL;
	struct vm_file f;
	int opt, status;

	while ((opt = option_next(&cmd_run, argc, argv, options)) != -1) {
		if (opt == OPT_FAILED || opt == OPT_HELPED)
			return option_status(opt);
		if (!take_option(opt, &run))
			return STATUS_USAGE;
	}
	if (!arguments_exactly(&cmd_run, argc, argv, 1))
		return STATUS_USAGE;
	run.q.path = argv[optind];
	status = programs_read(run.q.path, &f);
	if (status)
		return status;
	status = backend_open(run.on, &b);
	if (!status)
		status = run_all(&run, &f, b);
	if (b)
		b->destroy(b);
	prog_file_free(&f);
	return status;
}

const struct command cmd_run = {
	.name = "run",
	.args = "PROG.vm [OPTION]...",
	.summary = "run VM programs, or explore those with threads, and print what they came to",
	.help = "Carries out each straight program of the file, one call after the other, and prints its outcome log. A\n"
		"program with threads runs under every interleaving, and its outcomes are counted; one that says its\n"
		"schedule runs once. docs/programs.md has the formats.\n\n"
		"  --on WHERE            simulator (default) or host, the running Linux kernel, where programs with\n"
		"                        threads are straight\n"
		"  -d, --detail          of straight programs: the state after every call, not only at the end\n"
		"  --kernel K            the protocols of kernel K, whatever the program says\n"
		"  --protocol A=P[,A=P]  protocol P on axis A\n"
		"Of programs with threads, as of `faultline explore`:\n"
		"  --strategy S, --preemptions N, --depth D, --memory M, --executions N, --seconds S, --seed N,\n"
		"  --max-steps N, --choices C=N[,C=N], --jobs N, --no-minimise\n\n"
		"Exit status: 0, 1 a claim does not hold or an oracle fired, 2 bad input, 3 not every interleaving was\n"
		"run, 4 a schedule no longer does what it says, 77 this system cannot run programs.",
	.run = run_run,
};
