/* SPDX-License-Identifier: MIT */
/*
 * outcome.h - a table of outcomes, for both grounds: in the order of their texts
 *
 * What does not fit is not kept, and that is noted: `truncated`.
 */
#ifndef SIM_ENGINE_OUTCOME_H
#define SIM_ENGINE_OUTCOME_H

#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

struct outcomes {
	int nr;
	bool truncated;
	struct engine_outcome outcome[ENGINE_MAX_OUTCOMES];
};

/* => where the text stands, or would */
static inline int outcomes_place(const struct outcomes *t, const char *text)
{
	int from = 0, to = t->nr;

	while (from < to) {
		int middle = (from + to) / 2;

		if (strcmp(t->outcome[middle].text, text) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Counts one execution of this outcome. */
static inline void outcomes_add(struct outcomes *t, const char *text, uint64_t execution)
{
	int at = outcomes_place(t, text);
	struct engine_outcome *o = &t->outcome[at];

	if (at == t->nr || strcmp(o->text, text)) {
		if (t->nr == ENGINE_MAX_OUTCOMES) {
			t->truncated = true;
			return;
		}
		memmove(o + 1, o, (size_t)(t->nr - at) * sizeof(*o));
		t->nr++;
		snprintf(o->text, sizeof(o->text), "%s", text);
		o->executions = 0;
		o->first = execution;
	}
	o->executions++;
}

#endif
