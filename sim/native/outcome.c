/* SPDX-License-Identifier: MIT */
/* outcome.c - what rounds came to: the check states it, and it counts where the round ended without a violation */
#include <stdio.h>

#include "native/internal.h"

void sync_outcome(const char *text)
{
	struct native_thread *t = self_thread();

	if (t == &t->m->host)
		snprintf(t->m->outcome, sizeof(t->m->outcome), "%s", text);
}

void outcome_count(struct native_machine *m, struct native_result *r)
{
	if (!m->violation.oracle[0] && m->outcome[0])
		outcomes_add(&r->outcomes, m->outcome, r->rounds);
	m->outcome[0] = '\0';
}
