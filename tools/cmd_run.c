// SPDX-License-Identifier: MIT
/*
 * cmd_run.c - faultline run: VM programs on the simulator or the running kernel, and their logs
 */
#include <string.h>

#include "programs.h"

/* => a status */
static int judge(const char *path, const struct vm_log *log)
{
	const struct vm_prog *p = log->prog;
	int claim = prog_check_claims(log);

	if (claim < 0)
		return STATUS_CLEAN;
	fprintf(stderr, "%s:%d:1: program %s: '%s' does not hold\n", path, p->claim[claim].line, p->id,
		prog_claim_words[p->claim[claim].kind]);
	return STATUS_VIOLATION;
}

static int run_all(const char *path, const struct vm_file *f, struct vm_backend *b, bool detail)
{
	int status = STATUS_CLEAN;
	struct vm_log log;
	char err[512];

	vm_log_init(&log);
	for (int i = 0; i < f->nr && status != STATUS_INTERNAL; i++) {
		if (prog_calls(&f->prog[i]) & ~b->calls)
			status = STATUS_USAGE;
		if (prog_run(b, &f->prog[i], detail, &log, err, sizeof(err))) {
			fprintf(stderr, "%s:%d:1: program %s: %s\n", path, f->prog[i].line, f->prog[i].id,
				err);
			status = status == STATUS_USAGE ? status : STATUS_INTERNAL;
			break;
		}
		vm_log_print(stdout, &log);
		if (judge(path, &log))
			status = STATUS_VIOLATION;
	}
	vm_log_free(&log);
	return status;
}

static int run_run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "on", required_argument, NULL, 'o' },
		{ "detail", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *on = "simulator";
	struct vm_backend *b = NULL;
	bool detail = false;
	struct vm_file f;
	int opt, status;

	while ((opt = option_next(&cmd_run, argc, argv, options)) != -1) {
		if (opt == 'o')
			on = optarg;
		else if (opt == 'd')
			detail = true;
		else
			return option_status(opt);
	}
	if (!arguments_exactly(&cmd_run, argc, argv, 1))
		return STATUS_USAGE;
	status = programs_read(argv[optind], &f);
	if (status)
		return status;
	status = backend_open(on, &b);
	if (!status)
		status = run_all(argv[optind], &f, b, detail);
	if (b)
		b->destroy(b);
	prog_file_free(&f);
	return status;
}

const struct command cmd_run = {
	.name = "run",
	.args = "PROG.vm [OPTION]...",
	.summary = "run VM programs, straight, and print what they came to",
	.help = "Carries out each program of the file, one call after the other in the order of the file, and prints its\n"
		"outcome log. docs/programs.md has both formats.\n\n"
		"  --on WHERE     simulator (default) or host, the running Linux kernel\n"
		"  -d, --detail   the state after every call, not only at the end\n\n"
		"Exit status: 0, 1 a claim of a program does not hold, 2 bad input, 77 this system cannot run programs.",
	.run = run_run,
};
