// SPDX-License-Identifier: MIT
/*
 * fuzz_failures.c - random programs in which one thing fails: the first allocation, the second, ..., the first transfer
 *
 * On machines with so little memory that it also runs out by itself. What calls return then is theirs to decide; that
 * they return, that nothing is lost and that all counts are right the oracles say.
 */
#include <string.h>

#include "fuzz.h"
#include "prog/ground.h"

#define MAX_FAILURES 2000 /* of one kind, of one program */

static int open_failures(struct fuzz *f)
{
	if (ground_no_schedules())
		return usage_error("fuzz: --failures: %s", ground_no_schedules());
	f->pair = (struct pair){ .name = { "simulator" } };
	vm_log_init(&f->pair.log[0]);
	return backend_open("simulator", &f->pair.backend[0]);
}

static void close_failures(struct fuzz *f)
{
	if (f->pair.backend[0])
		f->pair.backend[0]->destroy(f->pair.backend[0]);
	vm_log_free(&f->pair.log[0]);
}

static const char *const failing[] = { "alloc", "io-error" };

/*
 * Runs p with the k-th of a kind failing, for k = 1 on, until there are no more or an oracle fires: then p says so.
 * => false after a message
 */
static bool try_all(struct fuzz *f, struct vm_prog *p, const char *kind)
{
	struct vm_backend *b = f->pair.backend[0];
	char err[256];

	for (int k = 1; k < MAX_FAILURES; k++) {
		snprintf(p->schedule, sizeof(p->schedule), "%s!%s:%d", GROUND_TASK, kind, k);
		f->runs++;
		if (prog_run(b, p, false, &f->pair.log[0], err, sizeof(err))) {
			fprintf(stderr, "faultline: %s, %s: %s\n", p->id, p->schedule, err);
			return false;
		}
		f->failed_runs += b->failed;
		if (b->violation.oracle[0] || !b->failed)
			break;
	}
	if (!b->violation.oracle[0])
		p->schedule[0] = '\0';
	return true;
}

/* Nothing fails but by itself; then each kind. => as try_all() */
static bool try_program(struct fuzz *f, struct vm_prog *p)
{
	struct vm_backend *b = f->pair.backend[0];
	char err[256];

	p->schedule[0] = '\0';
	f->runs++;
	if (prog_run(b, p, false, &f->pair.log[0], err, sizeof(err))) {
		/* not even the machine could be prepared in so little memory */
		b->violation.oracle[0] = '\0';
		return true;
	}
	for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]) && !b->violation.oracle[0]; i++)
		if (!try_all(f, p, failing[i]))
			return false;
	return true;
}

struct failure_test {
	struct fuzz *f;
	char oracle[48];
};

static bool fails_alike(const struct vm_prog *p, void *arg)
{
	static struct vm_prog trial;
	struct failure_test *t = arg;
	uint64_t runs = t->f->runs, failed = t->f->failed_runs;
	bool done;

	if (!fuzz_may_shrink(t->f))
		return false;
	trial = *p;
	done = try_program(t->f, &trial);
	t->f->runs = runs;
	t->f->failed_runs = failed;
	return done && !strcmp(t->f->pair.backend[0]->violation.oracle, t->oracle);
}

static int failure_found(struct fuzz *f, struct vm_prog *p)
{
	struct vm_violation v = f->pair.backend[0]->violation;
	struct failure_test test = { .f = f };
	struct fuzz_kind *k = fuzz_found(f, v.oracle, p->op[v.op < p->nr_ops ? v.op : p->nr_ops - 1].call);

	if (!k)
		return STATUS_CLEAN;
	strcpy(test.oracle, v.oracle);
	fuzz_shrink_begin(f);
	prog_shrink(p, fails_alike, &test);
	if (!try_program(f, p))
		return STATUS_INTERNAL;
	v = f->pair.backend[0]->violation;
	strcpy(p->oracle, v.oracle);
	if (!f->json)
		printf("%s: %s: %s\n  %s\n", p->id, v.oracle, v.message,
		       p->schedule[0] ? p->schedule : "nothing failed");
	return fuzz_write(f, k, p, v.message);
}

static int failures_one(struct fuzz *f, struct vm_prog *p)
{
	static const uint16_t frames[] = { 1024, 128, 64, 48 }, swap[] = { 0, 16, 64 };

	p->frames = frames[f->gen.number % 4];
	p->swap = swap[f->gen.number / 4 % 3];
	if (!try_program(f, p))
		return STATUS_INTERNAL;
	return f->pair.backend[0]->violation.oracle[0] ? failure_found(f, p) : STATUS_CLEAN;
}

static void say_runs(const struct fuzz *f)
{
	char runs[32], failed[32];

	printf("%s runs, in %s of them an allocation or a transfer failed\n", thousands(f->runs, runs),
	       thousands(f->failed_runs, failed));
}

const struct fuzz_way fuzz_failures = {
	.name = "failures",
	.open = open_failures,
	.one = failures_one,
	.summary = say_runs,
	.close = close_failures,
};
