// SPDX-License-Identifier: MIT
/*
 * fuzz_compare.c - random programs on two backends, and on a machine that swaps held against one that need not
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* ---- two backends ----------------------------------------------------------------------------------------------- */

static int open_pair(struct fuzz *f)
{
	int status = pair_open(&f->pair);

	if (!status)
		f->gen.allowed &= f->pair.backend[0]->calls & f->pair.backend[1]->calls;
	return status;
}

static void close_pair(struct fuzz *f)
{
	pair_close(&f->pair);
}

static const char *what_of(const struct fuzz *f, const struct vm_difference *d, char *text, size_t n)
{
	static const char *const parts[] = { "results", "mappings", "pages", "a file" };
	const struct vm_violation *a = &f->pair.log[0].violation, *b = &f->pair.log[1].violation;

	if (d->part == PART_ORACLE)
		snprintf(text, n, "%s", a->oracle[0] ? a->oracle : b->oracle);
	else
		snprintf(text, n, "%s %s", vm_level_names[d->level], parts[d->part]);
	return text;
}

/* It was different when it ran first, and is not now: not of the program alone. The host's CPU is others' as well. */
static int unsteady(struct fuzz *f, const struct vm_prog *p, const char *first)
{
	fprintf(stderr, "%s  faultline: %s differs now and then\n", first ? first : "", p->id);
	f->unsteady++;
	return STATUS_CLEAN;
}

/* first: what differed, and as text how it did when it was seen first */
static int shrink(struct fuzz *f, struct fuzz_kind *k, struct vm_prog *p, const struct vm_difference *first,
		  const char *text)
{
	struct prog_same_difference same = {
		.a = f->pair.backend[0],
		.b = f->pair.backend[1],
		.log_a = &f->pair.log[0],
		.log_b = &f->pair.log[1],
		.level = f->pair.level,
		.first = *first,
		.call = k->call,
	};
	struct vm_difference d;
	char says[80];

	strcpy(same.oracle_a, f->pair.log[0].violation.oracle);
	strcpy(same.oracle_b, f->pair.log[1].violation.oracle);
	if (prog_differs_alike(p, &same))
		prog_shrink(p, prog_differs_alike, &same);
	if (pair_run(&f->pair, p, true))
		return STATUS_INTERNAL;
	if (prog_compare(&f->pair.log[0], &f->pair.log[1], f->pair.level, &d) != VERDICT_DIFFERENT) {
		fuzz_not_found(f, k);
		return unsteady(f, p, text);
	}
	if (!f->json)
		prog_difference_print(stdout, &f->pair.log[0], f->pair.name[0], &f->pair.log[1],
				      f->pair.name[1], &d);
	snprintf(says, sizeof(says), "differs: %s", k->what);
	return fuzz_write(f, k, p, says);
}

/* Once more with a state after every call: the first of them that differs tells more than the last. */
static int look_again(struct fuzz *f, struct vm_prog *p, const char *first)
{
	struct vm_difference d;
	struct fuzz_kind *k;
	char what[64];

	if (pair_run(&f->pair, p, true))
		return STATUS_INTERNAL;
	switch (prog_compare(&f->pair.log[0], &f->pair.log[1], f->pair.level, &d)) {
	case VERDICT_SAME:
		return unsteady(f, p, first);
	case VERDICT_ACCEPTED:
		f->accepted++;
		return STATUS_CLEAN;
	default:
		k = fuzz_found(f, what_of(f, &d, what, sizeof(what)), p->op[d.op].call);
		return k ? shrink(f, k, p, &d, first) : STATUS_CLEAN;
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

static int compare(struct fuzz *f, struct vm_prog *p)
{
	struct vm_difference d;

	if (pair_run(&f->pair, p, false))
		return STATUS_INTERNAL;
	switch (prog_compare(&f->pair.log[0], &f->pair.log[1], f->pair.level, &d)) {
	case VERDICT_SAME:
		return STATUS_CLEAN;
	case VERDICT_ACCEPTED:
		f->accepted++;
		return STATUS_CLEAN;
	default:
		return difference(f, p, &d);
	}
}

static void say_accepted(const struct fuzz *f)
{
	printf("%s and %s compared at %s; %llu differ as known\n", f->pair.name[0], f->pair.name[1],
	       vm_level_names[f->pair.level], (unsigned long long)f->accepted);
	if (f->unsteady)
		printf("%llu differed, and not when run again\n", (unsigned long long)f->unsteady);
}

const struct fuzz_way fuzz_compare = {
	.name = "compare",
	.open = open_pair,
	.one = compare,
	.summary = say_accepted,
	.close = close_pair,
};

/* ---- a machine that swaps --------------------------------------------------------------------------------------- */

static int open_swap(struct fuzz *f)
{
	f->pair = (struct pair){ .name = { "simulator", "simulator" }, .level = LEVEL_RESULTS };
	f->gen.pageout = f->gen.read_back = true;
	return open_pair(f);
}

/* => whether a call said that there is no memory: what comes after is no longer the same program */
static bool ran_short(const struct vm_log *log)
{
	for (int i = 0; i < log->nr_results; i++)
		if (log->result[i].outcome == OUTCOME_ERROR && log->result[i].value == ENOMEM)
			return true;
	return false;
}

/* Both logs are of the same calls; *p has the small machine. => a status */
static int run_both(struct fuzz *f, const struct vm_prog *p)
{
	static struct vm_prog roomy;
	char err[256];

	roomy = *p;
	roomy.frames = roomy.swap = 0;
	if (!prog_run(f->pair.backend[0], p, false, &f->pair.log[0], err, sizeof(err)) &&
	    !prog_run(f->pair.backend[1], &roomy, false, &f->pair.log[1], err, sizeof(err)))
		return STATUS_CLEAN;
	fprintf(stderr, "faultline: %s: %s\n", p->id, err);
	return STATUS_INTERNAL;
}

struct swap_test {
	struct fuzz *f;
	const struct fuzz_kind *k;
};

static bool swaps_alike(const struct vm_prog *p, void *arg)
{
	struct swap_test *t = arg;
	struct vm_difference d;
	char what[64];

	return fuzz_may_shrink(t->f) && !run_both(t->f, p) &&
	       prog_compare(&t->f->pair.log[0], &t->f->pair.log[1], LEVEL_RESULTS, &d) == VERDICT_DIFFERENT &&
	       !strcmp(what_of(t->f, &d, what, sizeof(what)), t->k->what) && p->op[d.op].call == t->k->call;
}

static int swap_one(struct fuzz *f, struct vm_prog *p)
{
	static const uint16_t sizes[] = { 40, 48, 64, 96, 160 };
	struct swap_test test = { .f = f };
	struct vm_difference d;
	char what[64], says[128];
	int status;

	p->frames = sizes[f->gen.number % (sizeof(sizes) / sizeof(sizes[0]))];
	p->swap = 256;
	status = run_both(f, p);
	if (status || prog_compare(&f->pair.log[0], &f->pair.log[1], LEVEL_RESULTS, &d) != VERDICT_DIFFERENT)
		return status;
	if (d.part != PART_ORACLE && ran_short(&f->pair.log[0])) {
		f->short_of_memory++;
		return STATUS_CLEAN;
	}
	test.k = fuzz_found(f, what_of(f, &d, what, sizeof(what)), p->op[d.op].call);
	if (!test.k)
		return STATUS_CLEAN;
	fuzz_shrink_begin(f);
	if (swaps_alike(p, &test))
		prog_shrink(p, swaps_alike, &test);
	run_both(f, p);
	if (!f->json && prog_compare(&f->pair.log[0], &f->pair.log[1], LEVEL_RESULTS, &d))
		prog_difference_print(stdout, &f->pair.log[0], "swapping", &f->pair.log[1], "roomy", &d);
	snprintf(says, sizeof(says), "differs without its machine line: %s", test.k->what);
	return fuzz_write(f, (struct fuzz_kind *)(uintptr_t)test.k, p, says);
}

static void say_short(const struct fuzz *f)
{
	printf("machines that swap and such as need not compared; %llu ran out of memory\n",
	       (unsigned long long)f->short_of_memory);
}

const struct fuzz_way fuzz_swap = {
	.name = "swap",
	.open = open_swap,
	.one = swap_one,
	.summary = say_short,
	.close = close_pair,
};
