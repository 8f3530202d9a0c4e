// SPDX-License-Identifier: MIT
/*
 * fuzz_concurrent.c - random programs with threads, each under a sample of interleavings
 */
#include <stdlib.h>
#include <string.h>

#include "controlled/concurrent_session.h"
#include "controlled/report.h"
#include "fuzz.h"
#include "prog/simulator_machine.h"

#define EXECUTIONS 200 /* of a program, half of each strategy */
#define SHRINK_EXECUTIONS 600
#define MAX_STEPS 20000
#define MAX_RACES 32 /* pairs of places */
#define PLACE 256

struct own {
	struct concurrent_session s;
	struct symbols *symbols;
	char race[MAX_RACES][2 * PLACE];
	int nr_races;
};

static int open_concurrent(struct fuzz *f)
{
	struct own *own = calloc(1, sizeof(*own));

	if (!own) {
		perror("faultline");
		return STATUS_INTERNAL;
	}
	own->symbols = symbols_open();
	f->own = own;
	if (!f->gen.threads)
		f->gen.threads = 2;
	f->gen.pageout = true;
	f->gen.allowed &= sim_calls();
	return STATUS_CLEAN;
}

static void close_concurrent(struct fuzz *f)
{
	struct own *own = f->own;

	if (own)
		symbols_close(own->symbols);
	free(own);
}

/* ---- data races: each pair of places once ------------------------------------------------------------------------ */

static void note_race(struct fuzz *f, const struct engine_data_race *d)
{
	struct own *own = f->own;
	char place[2][PLACE], text[2 * PLACE];
	int first;

	for (int i = 0; i < 2; i++)
		symbols_place(own->symbols, d->access[i].pc, d->access[i].depth, place[i], PLACE);
	first = strcmp(place[0], place[1]) > 0;
	snprintf(text, sizeof(text), "%s: %s; %s", d->object, place[first], place[!first]);
	/* one page or another: the places tell */
	for (int i = 0; i < own->nr_races; i++)
		if (!strcmp(strchr(own->race[i], ':'), strchr(text, ':')))
			return;
	if (own->nr_races == MAX_RACES)
		return;
	strcpy(own->race[own->nr_races++], text);
	if (!f->json)
		printf("data race on %s\n", text);
}

/* ---- a program --------------------------------------------------------------------------------------------------- */

/* Both strategies, until an oracle fires. => false after a message */
static bool sample(struct fuzz *f, struct concurrent_session *s, uint64_t executions)
{
	static const char *const strategies[] = { "random", "pct" };
	char err[256];

	for (int i = 0; i < 2 && !*s->r.violation.oracle; i++) {
		struct engine_options o = {
			.strategy = strategies[i],
			.preemptions = -1,
			.executions = (executions + 1) / 2,
			.seed = f->gen.seed ^ f->gen.number << 20,
			.max_steps = MAX_STEPS,
			.data_race_fatal = true,
			.lock_order_fatal = true,
			.interrupted = session_interrupted(),
		};

		if (engine_explore(s->engine, &o, &s->r, err, sizeof(err))) {
			fprintf(stderr, "faultline: %s: %s\n", s->c.prog->id, err);
			return false;
		}
		f->steps += s->r.stats.points;
		f->explored += s->r.stats.executions;
		for (int k = 0; k < s->r.nr_races; k++)
			note_race(f, &s->r.races[k]);
	}
	return true;
}

struct concurrent_test {
	struct fuzz *f;
	char oracle[ENGINE_NAME_MAX];
};

static bool violates_alike(const struct vm_prog *p, void *arg)
{
	struct concurrent_test *t = arg;
	struct own *own = t->f->own;
	struct concurrent_session *s = &own->s;
	uint64_t steps = t->f->steps, explored = t->f->explored;
	char err[256];
	bool same;

	if (!fuzz_may_shrink(t->f) || !prog_is_concurrent(p) || concurrent_open(s, p, err, sizeof(err)))
		return false;
	same = sample(t->f, s, SHRINK_EXECUTIONS) && !strcmp(s->r.violation.oracle, t->oracle);
	concurrent_close(s);
	t->f->steps = steps;
	t->f->explored = explored;
	return same;
}

static int violation(struct fuzz *f, struct vm_prog *p, const char *oracle)
{
	struct concurrent_test test = { .f = f };
	struct own *own = f->own;
	struct concurrent_session *s = &own->s;
	struct fuzz_kind *k = fuzz_found(f, oracle, 0);
	static struct vm_prog witness;
	char err[256];
	int status;

	if (!k)
		return STATUS_CLEAN;
	snprintf(test.oracle, sizeof(test.oracle), "%s", oracle);
	fuzz_shrink_begin(f);
	prog_shrink(p, violates_alike, &test);
	if (concurrent_open(s, p, err, sizeof(err)))
		return usage_error("%s: %s", p->id, err);
	if (!sample(f, s, SHRINK_EXECUTIONS) || !*s->r.violation.oracle) {
		concurrent_close(s);
		return STATUS_INTERNAL;
	}
	engine_minimise(s->engine, &s->r, MINIMISE_EXECUTIONS);
	concurrent_witness(s, &witness);
	if (!f->json)
		report_violation(stdout, &s->r);
	status = fuzz_write(f, k, &witness, s->r.violation.message);
	concurrent_close(s);
	return status;
}

static int concurrent_one(struct fuzz *f, struct vm_prog *p)
{
	struct own *own = f->own;
	char err[256], oracle[ENGINE_NAME_MAX];
	bool done;

	if (concurrent_open(&own->s, p, err, sizeof(err)))
		return usage_error("%s: %s", p->id, err);
	done = sample(f, &own->s, f->executions ? f->executions : EXECUTIONS);
	snprintf(oracle, sizeof(oracle), "%s", own->s.r.violation.oracle);
	concurrent_close(&own->s);
	if (!done)
		return STATUS_INTERNAL;
	return *oracle ? violation(f, p, oracle) : STATUS_CLEAN;
}

static void say_steps(const struct fuzz *f)
{
	const struct own *own = f->own;
	char steps[32], explored[32];

	printf("%s steps of %s executions, %d data races\n", thousands(f->steps, steps),
	       thousands(f->explored, explored), own->nr_races);
}

const struct fuzz_way fuzz_concurrent = {
	.name = "concurrent",
	.kernel = "linux-6.1",
	.open = open_concurrent,
	.one = concurrent_one,
	.summary = say_steps,
	.close = close_concurrent,
};
