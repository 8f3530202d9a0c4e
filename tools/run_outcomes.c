// SPDX-License-Identifier: MIT
/* run_outcomes.c - what executions of a program with threads came to; see run_concurrent.h */
#include "run_concurrent.h"

void print_outcomes(const struct vm_concurrent *c, const struct engine_outcome *o, int nr, bool truncated)
{
	char n[32];

	for (int i = 0; i < nr; i++) {
		const struct vm_result *r = outcomes_find(c->outcomes, o[i].text);

		printf("%15s  ", thousands(o[i].executions, n));
		if (r)
			outcome_print(stdout, c->outcomes, r);
		putchar('\n');
	}
	if (truncated)
		printf("there are more outcomes: only %d are kept and counted\n", MAX_OUTCOMES);
}

int judge_sometimes(const struct concurrent_request *q, const struct vm_concurrent *c, bool complete)
{
	int status = STATUS_CLEAN;

	for (int i = 0; i < c->prog->nr_claims; i++) {
		const struct vm_claim *claim = &c->prog->claim[i];

		if (claim->kind != CLAIM_SOMETIMES || c->outcomes->held >> i & 1)
			continue;
		fprintf(stderr, "%s:%d:1: program %s: 'sometimes' was not seen%s\n", q->path, claim->line,
			c->prog->id, complete ? ", and everything was" : "; not everything was");
		status = complete ? STATUS_VIOLATION : STATUS_BUDGET;
	}
	return status;
}
