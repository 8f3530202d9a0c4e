/* SPDX-License-Identifier: MIT */
/* minimise.h - what minimise.c, which looks from below, and shrink.c, which begins with what was found, share */
#ifndef SIM_ENGINE_MINIMISE_H
#define SIM_ENGINE_MINIMISE_H

#include "engine/internal.h"

struct minimiser {
	struct engine *e;
	struct engine_result *r; /* the best execution known */
	order_t *order;		 /* its steps; NULL: r's schedule alone does not fire */
	struct engine_choice_made made[ENGINE_MAX_CHOICES_MADE];
	int nr_made;
	int failures;
	bool labelled; /* it was found among executions whose preemptions are all at labels */
	char oracle[ENGINE_NAME_MAX], object[ENGINE_OBJECT_MAX];
	uint64_t executions; /* left */
	double until;
};

/* An execution outside explorations follows: what it may report is new. */
void expect_begin(struct engine *e);
/* One execution under e's strategy. => true: it is the best now */
bool minimise_run(struct minimiser *m, bool as_good);
/* => false: the budget is used up */
bool minimise_may(const struct minimiser *m);
/* Those kinds alone are choices, with so many outcomes in all. */
void minimise_kinds(struct engine *e, const struct engine_choice_made *made, int n, int max);

/* Takes away from the best execution what it does without, until nothing is left to take or half the budget is. */
void shrink(struct minimiser *m);

#endif
