// SPDX-License-Identifier: MIT
/*
 * cmd_fuzz.c - faultline fuzz: random VM programs, compared, with failures, swapping, or under many interleavings
 *
 * What is found is shrunk and written out as a program that `faultline compare` or `run` runs again.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"

#define DEFAULT_SECONDS 10.0

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signo)
{
	interrupted = 1;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- what was found ------------------------------------------------------------------------------------------- */

void fuzz_shrink_begin(struct fuzz *f)
{
	f->shrink_until = now() + FUZZ_SHRINK_SECONDS;
}

bool fuzz_may_shrink(const struct fuzz *f)
{
	return !interrupted && now() < f->shrink_until;
}

struct fuzz_kind *fuzz_found(struct fuzz *f, const char *what, uint8_t call)
{
	struct fuzz_kind *k;

	f->found++;
	for (int i = 0; i < f->nr_kinds; i++)
		if (f->kind[i].call == call && !strcmp(f->kind[i].what, what))
			return NULL;
	if (f->nr_kinds == FUZZ_MAX_KINDS)
		return NULL;
	k = &f->kind[f->nr_kinds++];
	snprintf(k->what, sizeof(k->what), "%s", what);
	k->call = call;
	return k;
}

void fuzz_not_found(struct fuzz *f, const struct fuzz_kind *k)
{
	if (k == &f->kind[f->nr_kinds - 1])
		f->nr_kinds--;
	f->found--;
}

int fuzz_write(struct fuzz *f, struct fuzz_kind *k, const struct vm_prog *p, const char *says)
{
	FILE *file;

	k->calls = p->nr_ops;
	snprintf(k->path, sizeof(k->path), "%s/%s.vm", f->folder, p->id);
	file = fopen(k->path, "w");
	if (!file) {
		fprintf(stderr, "faultline: cannot write %s: %s\n", k->path, strerror(errno));
		return STATUS_INTERNAL;
	}
	prog_print_version(file);
	fprintf(file, "# %s\n", says);
	prog_print(file, p);
	if (fclose(file)) {
		fprintf(stderr, "faultline: cannot write %s: %s\n", k->path, strerror(errno));
		return STATUS_INTERNAL;
	}
	if (!f->json)
		printf("  %d call%s: %s\n", k->calls, k->calls == 1 ? "" : "s", k->path);
	return STATUS_CLEAN;
}

/* ---- the loop ------------------------------------------------------------------------------------------------- */

static void progress(struct fuzz *f, bool last)
{
	double t = now(), seconds = t - f->begun;
	char programs[32], rate[32];

	if (!progress_wanted() || (!last && t - f->last_line < 0.5))
		return;
	f->last_line = t;
	fprintf(stderr, "\r%s programs, %s a second, %llu found%s", thousands(f->done, programs),
		thousands((uint64_t)((double)f->done / (seconds > 0 ? seconds : 1)), rate),
		(unsigned long long)f->found, last ? "\033[K\n" : "\033[K");
}

static int one(struct fuzz *f)
{
	static struct vm_prog p;
	int status;

	f->gen.number = f->done;
	prog_generate(&f->gen, &p);
	if (!programs_override(&f->with, &p))
		return STATUS_USAGE;
	status = f->way->one(f, &p);
	f->done++;
	return status;
}

/* => a status */
static int loop(struct fuzz *f)
{
	int status = STATUS_CLEAN;

	f->begun = now();
	while (!status && !interrupted && (!f->programs || f->done < f->programs)) {
		if (f->seconds > 0 && now() - f->begun >= f->seconds)
			break;
		status = one(f);
		progress(f, false);
	}
	progress(f, true);
	if (status)
		return status;
	if (f->found)
		return STATUS_VIOLATION;
	if (interrupted)
		return STATUS_INTERRUPTED;
	return f->programs && f->done == f->programs ? STATUS_CLEAN : STATUS_BUDGET;
}

/* ---- summary --------------------------------------------------------------------------------------------------- */

static void json_add_kinds(cJSON *j, const struct fuzz *f)
{
	cJSON *all = cJSON_AddArrayToObject(j, "differences"), *k;

	for (int i = 0; i < f->nr_kinds; i++) {
		k = cJSON_CreateObject();
		cJSON_AddStringToObject(k, "what", f->kind[i].what);
		if (f->way != &fuzz_concurrent)
			cJSON_AddStringToObject(k, "call", prog_spec((enum prog_call)f->kind[i].call)->name);
		cJSON_AddNumberToObject(k, "calls", f->kind[i].calls);
		cJSON_AddStringToObject(k, "file", f->kind[i].path);
		cJSON_AddItemToArray(all, k);
	}
}

static void print_json(const struct fuzz *f, double seconds)
{
	cJSON *j = cJSON_CreateObject();

	cJSON_AddStringToObject(j, "way", f->way->name);
	if (f->way == &fuzz_compare) {
		cJSON_AddStringToObject(j, "a", f->pair.name[0]);
		cJSON_AddStringToObject(j, "b", f->pair.name[1]);
		cJSON_AddStringToObject(j, "level", vm_level_names[f->pair.level]);
		json_add_u64(j, "accepted", f->accepted);
		json_add_u64(j, "unsteady", f->unsteady);
	} else if (f->way == &fuzz_failures) {
		json_add_u64(j, "runs", f->runs);
		json_add_u64(j, "failed_runs", f->failed_runs);
	} else if (f->way == &fuzz_concurrent) {
		json_add_u64(j, "steps", f->steps);
		json_add_u64(j, "executions", f->explored);
	}
	json_add_u64(j, "seed", f->gen.seed);
	cJSON_AddNumberToObject(j, "calls", f->gen.calls);
	json_add_u64(j, "programs", f->done);
	json_add_u64(j, "different", f->found);
	json_add_kinds(j, f);
	cJSON_AddNumberToObject(j, "seconds", seconds);
	cJSON_AddNumberToObject(j, "programs_per_second", seconds > 0 ? (double)f->done / seconds : 0);
	cJSON_AddStringToObject(j, "version", faultline_version());
	json_print(j);
}

static void summary(const struct fuzz *f)
{
	double seconds = now() - f->begun;
	char done[32], rate[32];

	if (f->json) {
		print_json(f, seconds);
		return;
	}
	printf("seed %llu, %d calls a program\n", (unsigned long long)f->gen.seed, f->gen.calls);
	if (f->way->summary)
		f->way->summary(f);
	if (f->nr_kinds == FUZZ_MAX_KINDS)
		printf("%d kinds of finds: others were counted only\n", FUZZ_MAX_KINDS);
	printf("%s programs, %s a second: %s%llu %s%s\n", thousands(f->done, done),
	       thousands((uint64_t)((double)f->done / (seconds > 0 ? seconds : 1)), rate),
	       f->found ? style_bad(stdout) : style_good(stdout), (unsigned long long)f->found,
	       f->way == &fuzz_compare || f->way == &fuzz_swap ? "differ" : "violate something",
	       style_end(stdout));
	if (f->nr_kinds)
		printf("Next: faultline %s %s\n", f->way == &fuzz_compare ? "compare" : "run",
		       f->kind[0].path);
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

/* => OPT_FAILED after a message, else anything */
static int take_option(struct fuzz *f, int opt)
{
	uint64_t v;

	switch (opt) {
	case 'F':
		f->way = &fuzz_failures;
		return opt;
	case 'W':
		f->way = &fuzz_swap;
		return opt;
	case 'C':
		f->way = &fuzz_concurrent;
		return opt;
	case 'k':
		f->with.kernel = optarg;
		return opt;
	case 'P':
		f->with.protocol = optarg;
		return opt;
	case 'e':
		return option_u64("executions", optarg, 1, 1000000, &f->executions) ? opt : OPT_FAILED;
	case 't':
		if (!option_u64("threads", optarg, 2, PROG_MAX_THREADS, &v))
			return OPT_FAILED;
		f->gen.threads = (int)v;
		return opt;
	case 's':
		return option_seconds("seconds", optarg, &f->seconds) ? opt : OPT_FAILED;
	case 'p':
		return option_u64("programs", optarg, 1, UINT64_MAX, &f->programs) ? opt : OPT_FAILED;
	case 'S':
		return option_u64("seed", optarg, 0, UINT64_MAX, &f->gen.seed) ? opt : OPT_FAILED;
	case 'c':
		if (!option_u64("calls", optarg, 1, PROG_MAX_CALLS, &v))
			return OPT_FAILED;
		f->gen.calls = (int)v;
		return opt;
	case 'l':
		return option_level(optarg, &f->pair.level) ? opt : OPT_FAILED;
	case 'b':
		return pair_names("between", optarg, &f->pair) ? opt : OPT_FAILED;
	case 'o':
		f->folder = optarg;
		return opt;
	case 'j':
		f->json = true;
		return opt;
	default:
		return opt;
	}
}

static int fuzz(struct fuzz *f)
{
	struct sigaction sa = { .sa_handler = on_interrupt, .sa_flags = SA_RESTART };
	int status;

	if (!f->with.kernel && f->way->kernel && kernel_find(f->way->kernel))
		f->with.kernel = f->way->kernel;
	status = f->way->open(f);
	if (!status) {
		sigaction(SIGINT, &sa, NULL);
		status = loop(f);
		summary(f);
	}
	f->way->close(f);
	return status;
}

static int run_fuzz(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "programs", required_argument, NULL, 'p' },
		{ "seed", required_argument, NULL, 'S' },
		{ "calls", required_argument, NULL, 'c' },
		{ "level", required_argument, NULL, 'l' },
		{ "between", required_argument, NULL, 'b' },
		{ "output", required_argument, NULL, 'o' },
		{ "json", no_argument, NULL, 'j' },
		{ "failures", no_argument, NULL, 'F' },
		{ "swap", no_argument, NULL, 'W' },
		{ "concurrent", no_argument, NULL, 'C' },
		{ "kernel", required_argument, NULL, 'k' },
		{ "protocol", required_argument, NULL, 'P' },
		{ "executions", required_argument, NULL, 'e' },
		{ "threads", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	static struct fuzz f = {
		.way = &fuzz_compare,
		.pair = { .name = { "simulator", "host" }, .level = LEVEL_FRAMES },
		.gen = { .seed = 1, .calls = GEN_CALLS, .allowed = GEN_SEQUENTIAL_CALLS },
		.folder = ".",
	};
	int opt;

	while ((opt = option_next(&cmd_fuzz, argc, argv, options)) != -1) {
		if (opt == OPT_HELPED || opt == OPT_FAILED)
			return option_status(opt);
		if (take_option(&f, opt) == OPT_FAILED)
			return STATUS_USAGE;
	}
	if (!arguments_exactly(&cmd_fuzz, argc, argv, 0))
		return STATUS_USAGE;
	if (access(f.folder, W_OK | X_OK))
		return usage_error("--output: cannot write into '%s': %s", f.folder, strerror(errno));
	if (!f.programs && !(f.seconds > 0))
		f.seconds = DEFAULT_SECONDS;
	return fuzz(&f);
}

const struct command cmd_fuzz = {
	.name = "fuzz",
	.args = "[OPTION]...",
	.summary =
		"run random VM programs: compared with the running kernel, with failures, under interleavings",
	.help = "Generates programs and compares what they come to on the simulator and the running kernel, with all oracles\n"
		"on. What differs is shrunk and written out. Other ways, on the simulator alone:\n\n"
		"  --failures     run each program with its first, its second, ... allocation failing, then each transfer,\n"
		"                 on machines with little memory\n"
		"  --swap         with MADV_PAGEOUT, on a machine with little memory that swaps, and compare with one\n"
		"                 that need not\n"
		"  --concurrent   with threads, each program under a sample of its interleavings (kernel linux-6.1)\n"
		"and their options:\n"
		"  --threads N    of --concurrent (2)\n"
		"  --executions N of a program of --concurrent (200)\n\n"
		"  --seconds S    stop after so long (10, if --programs is not given)\n"
		"  --programs N   stop after so many programs\n"
		"  --seed N       of the programs (1)\n"
		"  --calls N      in a program (24)\n"
		"  --level L      L0 to L4, as of `faultline compare` (L2)\n"
		"  --between A,B  simulator,host (default); host,host shows whether this system is deterministic\n"
		"  --kernel K     the protocols of kernel K on the simulator (linux-6.18)\n"
		"  --protocol A=P[,A=P]   protocol P on axis A\n"
		"  --output DIR   where programs are written to (.)\n"
		"  --json         one object\n\n"
		"Exit status: 0 all programs of --programs are well, 1 some are not, 3 the time ran out and all were,\n"
		"77 this system cannot be compared with, 130 interrupted.",
	.run = run_fuzz,
};
