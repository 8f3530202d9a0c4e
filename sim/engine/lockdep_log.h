/* SPDX-License-Identifier: MIT */
/* lockdep_log.h - what was new to the lock graph of a unit of an exploration, in its order */
#ifndef SIM_ENGINE_LOCKDEP_LOG_H
#define SIM_ENGINE_LOCKDEP_LOG_H

#include "engine/held.h"

/* Of the running task: completes it, notes it if it is news, and reports what follows from it. */
void lockdep_event(struct engine *e, struct lock_event *v);
/* lockdep.c. => false: it is no news */
bool lockdep_apply(struct engine *e, const struct lock_event *v);
/* The engine's log since lockdep_restart(), which then is empty. */
void lockdep_log_take(struct engine *e, struct lock_log *l);
/* Back to what was when `l` was taken, whatever came since; the engine has it again. */
void lockdep_log_return(struct engine *e, struct lock_log *l);
void lockdep_log_free(struct lock_log *l);
/* b's is what follows a's, `before` executions later. */
void lockdep_log_append(struct lock_log *a, const struct lock_log *b, uint64_t before);
void lockdep_log_count_from(struct lock_log *l, uint64_t from);
/* To the graph of an engine of the same program; what is news there is not logged. */
void lockdep_log_apply(struct engine *e, const struct lock_log *l);

#endif
