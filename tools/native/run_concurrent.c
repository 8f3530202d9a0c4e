// SPDX-License-Identifier: MIT
/*
 * run_concurrent.c - a program with threads on real threads, again and again until time is up
 */
#include <stdlib.h>

#include "native/native.h"
#include "run_concurrent.h"

#define DEFAULT_SECONDS 2.0

static int report(const struct concurrent_request *q, const struct vm_concurrent *c,
		  const struct native_result *r)
{
	int status = judge_sometimes(q, c, false);
	char n[32];

	printf("prog %s\n", c->prog->id);
	print_outcomes(c, r->outcomes.outcome, r->outcomes.nr, r->outcomes.truncated);
	printf("%s rounds on real threads\n", thousands(r->rounds, n));
	for (int i = 0; i < r->nr_kinds; i++)
		printf("%sFOUND %s%s: %s\n", style_bad(stdout), r->kind[i].first.oracle, style_end(stdout),
		       r->kind[i].first.message);
	if (r->violating)
		return STATUS_VIOLATION;
	return status ? status : STATUS_BUDGET;
}

int run_concurrent(const struct concurrent_request *q, const struct vm_prog *p)
{
	struct native_options o = {
		.rounds = q->executions, .seconds = q->seconds, .seed = q->seed, .perturb = true
	};
	struct native_result *r = malloc(sizeof(*r));
	struct engine_program program;
	struct vm_concurrent c;
	char err[512];
	int status;

	if (!r) {
		perror("faultline");
		return STATUS_INTERNAL;
	}
	if (!o.rounds && !(o.seconds > 0))
		o.seconds = DEFAULT_SECONDS;
	if (*p->schedule || q->strategy || q->choices)
		status = usage_error("run: this is the native build: schedules, strategies and choices need "
				     "the controlled one");
	else if (concurrent_init(&c, p, err, sizeof(err)))
		status = usage_error("%s: program %s: %s", q->path, p->id, err);
	else {
		concurrent_program(&c, &program);
		if (native_stress(&program, &o, r, err, sizeof(err)))
			status = usage_error("%s: program %s: %s", q->path, p->id, err);
		else
			status = report(q, &c, r);
		concurrent_free(&c);
	}
	free(r);
	return status;
}
