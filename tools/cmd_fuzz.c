// SPDX-License-Identifier: MIT
/*
 * cmd_fuzz.c - faultline fuzz: random VM programs on the simulator and the running kernel, compared
 *
 * What differs is shrunk and written out as a program that `faultline compare` runs again. A kind of difference, that
 * is a level, what differs and the call, is shrunk once.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "programs.h"
#include "prog/generate.h"

#define DEFAULT_SECONDS 10.0
#define MAX_KINDS 16 /* of differences; more are counted, and not shrunk */

struct kind {
	struct vm_difference d;
	uint8_t call;
	int calls; /* that are left of the program */
	char path[256];
};

struct fuzz {
	struct pair pair;
	struct gen_options gen;
	uint64_t programs; /* budget, 0: none */
	double seconds;
	const char *folder;
	bool json;

	uint64_t done, accepted, different, unsteady; /* unsteady: not when it was run again */
	struct kind kind[MAX_KINDS];
	int nr_kinds;
	double begun, last_line;
};

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

/* ---- differences ------------------------------------------------------------------------------------------- */

static const struct kind *find_kind(const struct fuzz *f, const struct vm_difference *d, uint8_t call)
{
	for (int i = 0; i < f->nr_kinds; i++)
		if (f->kind[i].d.level == d->level && f->kind[i].d.part == d->part && f->kind[i].call == call)
			return &f->kind[i];
	return NULL;
}

static int write_program(const struct kind *k, const struct vm_prog *p)
{
	FILE *file = fopen(k->path, "w");

	if (!file) {
		fprintf(stderr, "faultline: cannot write %s: %s\n", k->path, strerror(errno));
		return STATUS_INTERNAL;
	}
	prog_print_version(file);
	fprintf(file, "# differs at %s\n", vm_level_names[k->d.level]);
	prog_print(file, p);
	if (fclose(file)) {
		fprintf(stderr, "faultline: cannot write %s: %s\n", k->path, strerror(errno));
		return STATUS_INTERNAL;
	}
	return STATUS_CLEAN;
}

/* It was different when it ran first, and is not now: not of the program alone. The host's CPU is others' as well. */
static int unsteady(struct fuzz *f, const struct vm_prog *p, const char *first)
{
	fprintf(stderr, "%s  faultline: %s differs now and then\n", first ? first : "", p->id);
	f->different--;
	f->unsteady++;
	return STATUS_CLEAN;
}

/* => a status: what differs is in the logs of the pair; first: the same as text */
static int add_kind(struct fuzz *f, struct vm_prog *p, const struct vm_difference *d, const char *first)
{
	struct kind *k = &f->kind[f->nr_kinds++];
	struct prog_same_difference same = {
		.a = f->pair.backend[0],
		.b = f->pair.backend[1],
		.log_a = &f->pair.log[0],
		.log_b = &f->pair.log[1],
		.level = f->pair.level,
		.first = *d,
		.call = p->op[d->op].call,
	};

	k->d = *d;
	k->call = same.call;
	if (prog_differs_alike(p, &same))
		prog_shrink(p, prog_differs_alike, &same);
	k->calls = p->nr_ops;
	snprintf(k->path, sizeof(k->path), "%s/%s.vm", f->folder, p->id);
	if (pair_run(&f->pair, p, true))
		return STATUS_INTERNAL;
	if (prog_compare(&f->pair.log[0], &f->pair.log[1], f->pair.level, &k->d) != VERDICT_DIFFERENT) {
		f->nr_kinds--;
		return unsteady(f, p, first);
	}
	if (!f->json) {
		prog_difference_print(stdout, &f->pair.log[0], f->pair.name[0], &f->pair.log[1],
				      f->pair.name[1], &k->d);
		printf("  %d call%s: %s\n", k->calls, k->calls == 1 ? "" : "s", k->path);
	}
	return write_program(k, p);
}

/* Once more with a state after every call: the first of them that differs tells more than the last. */
static int look_again(struct fuzz *f, struct vm_prog *p, const char *first)
{
	struct vm_difference d;

	f->different++;
	if (pair_run(&f->pair, p, true))
		return STATUS_INTERNAL;
	switch (prog_compare(&f->pair.log[0], &f->pair.log[1], f->pair.level, &d)) {
	case VERDICT_SAME:
		return unsteady(f, p, first);
	case VERDICT_ACCEPTED:
		f->different--;
		f->accepted++;
		return STATUS_CLEAN;
	default:
		if (f->nr_kinds == MAX_KINDS || find_kind(f, &d, p->op[d.op].call))
			return STATUS_CLEAN;
		return add_kind(f, p, &d, first);
	}
}

static int difference(struct fuzz *f, struct vm_prog *p, const struct vm_difference *d)
{
	char *first = NULL;
	size_t n;
	FILE *file = open_memstream(&first, &n);
	int status;

	if (file) {
		prog_difference_print(file, &f->pair.log[0], f->pair.name[0], &f->pair.log[1],
				      f->pair.name[1], d);
		fclose(file);
	}
	status = look_again(f, p, first);
	free(first);
	return status;
}

/* ---- the loop ------------------------------------------------------------------------------------------------- */

static void progress(struct fuzz *f, bool last)
{
	double t = now(), seconds = t - f->begun;
	char programs[32], rate[32];

	if (!progress_wanted() || (!last && t - f->last_line < 0.5))
		return;
	f->last_line = t;
	fprintf(stderr, "\r%s programs, %s a second, %llu differ%s", thousands(f->done, programs),
		thousands((uint64_t)((double)f->done / (seconds > 0 ? seconds : 1)), rate),
		(unsigned long long)f->different, last ? "\033[K\n" : "\033[K");
}

static int one(struct fuzz *f)
{
	static struct vm_prog p;
	struct vm_difference d;
	int status = STATUS_CLEAN;

	f->gen.number = f->done;
	prog_generate(&f->gen, &p);
	if (pair_run(&f->pair, &p, false))
		return STATUS_INTERNAL;
	switch (prog_compare(&f->pair.log[0], &f->pair.log[1], f->pair.level, &d)) {
	case VERDICT_SAME:
		break;
	case VERDICT_ACCEPTED:
		f->accepted++;
		break;
	default:
		status = difference(f, &p, &d);
		break;
	}
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
	if (f->different)
		return STATUS_VIOLATION;
	if (interrupted)
		return STATUS_INTERRUPTED;
	return f->programs && f->done == f->programs ? STATUS_CLEAN : STATUS_BUDGET;
}

/* ---- summary --------------------------------------------------------------------------------------------------- */

static void print_json(const struct fuzz *f, double seconds)
{
	cJSON *j = cJSON_CreateObject(), *all, *k;

	cJSON_AddStringToObject(j, "a", f->pair.name[0]);
	cJSON_AddStringToObject(j, "b", f->pair.name[1]);
	cJSON_AddStringToObject(j, "level", vm_level_names[f->pair.level]);
	json_add_u64(j, "seed", f->gen.seed);
	cJSON_AddNumberToObject(j, "calls", f->gen.calls);
	json_add_u64(j, "programs", f->done);
	json_add_u64(j, "accepted", f->accepted);
	json_add_u64(j, "different", f->different);
	json_add_u64(j, "unsteady", f->unsteady);
	all = cJSON_AddArrayToObject(j, "differences");
	for (int i = 0; i < f->nr_kinds; i++) {
		k = cJSON_CreateObject();
		cJSON_AddStringToObject(k, "level", vm_level_names[f->kind[i].d.level]);
		cJSON_AddStringToObject(k, "call", prog_spec((enum prog_call)f->kind[i].call)->name);
		cJSON_AddNumberToObject(k, "calls", f->kind[i].calls);
		cJSON_AddStringToObject(k, "file", f->kind[i].path);
		cJSON_AddItemToArray(all, k);
	}
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
	printf("seed %llu, %d calls a program, %s and %s compared at %s; %llu differ as known\n",
	       (unsigned long long)f->gen.seed, f->gen.calls, f->pair.name[0], f->pair.name[1],
	       vm_level_names[f->pair.level], (unsigned long long)f->accepted);
	if (f->unsteady)
		printf("%llu differed, and not when run again\n", (unsigned long long)f->unsteady);
	if (f->nr_kinds == MAX_KINDS)
		printf("%d kinds of differences: others were counted only\n", MAX_KINDS);
	printf("%s programs, %s a second: %s%llu differ%s\n", thousands(f->done, done),
	       thousands((uint64_t)((double)f->done / (seconds > 0 ? seconds : 1)), rate),
	       f->different ? style_bad(stdout) : style_good(stdout), (unsigned long long)f->different,
	       style_end(stdout));
	if (f->nr_kinds)
		printf("Next: faultline compare %s\n", f->kind[0].path);
}

/* ---- options ---------------------------------------------------------------------------------------------------- */

/* => OPT_FAILED after a message, else anything */
static int take_option(struct fuzz *f, int opt)
{
	uint64_t calls;

	switch (opt) {
	case 's':
		return option_seconds("seconds", optarg, &f->seconds) ? opt : OPT_FAILED;
	case 'p':
		return option_u64("programs", optarg, 1, UINT64_MAX, &f->programs) ? opt : OPT_FAILED;
	case 'S':
		return option_u64("seed", optarg, 0, UINT64_MAX, &f->gen.seed) ? opt : OPT_FAILED;
	case 'c':
		if (!option_u64("calls", optarg, 1, PROG_MAX_CALLS, &calls))
			return OPT_FAILED;
		f->gen.calls = (int)calls;
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
	int status = pair_open(&f->pair);

	if (!status) {
		f->gen.allowed &= f->pair.backend[0]->calls & f->pair.backend[1]->calls;
		sigaction(SIGINT, &sa, NULL);
		status = loop(f);
		summary(f);
	}
	pair_close(&f->pair);
	return status;
}

static int run_fuzz(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' }, { "programs", required_argument, NULL, 'p' },
		{ "seed", required_argument, NULL, 'S' },    { "calls", required_argument, NULL, 'c' },
		{ "level", required_argument, NULL, 'l' },   { "between", required_argument, NULL, 'b' },
		{ "output", required_argument, NULL, 'o' },  { "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },	     { 0 },
	};
	static struct fuzz f = {
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
	.summary = "compare random VM programs on the simulator and the running kernel",
	.help = "Generates programs and compares what they come to. What differs is shrunk and written out.\n\n"
		"  --seconds S    stop after so long (10, if --programs is not given)\n"
		"  --programs N   stop after so many programs\n"
		"  --seed N       of the programs (1)\n"
		"  --calls N      in a program (24)\n"
		"  --level L      L0 to L4, as of `faultline compare` (L2)\n"
		"  --between A,B  simulator,host (default); host,host shows whether this system is deterministic\n"
		"  --output DIR   where programs are written to (.)\n"
		"  --json         one object\n\n"
		"Exit status: 0 all programs of --programs are the same, 1 some differ, 3 the time ran out and none did,\n"
		"77 this system cannot be compared with, 130 interrupted.",
	.run = run_fuzz,
};
