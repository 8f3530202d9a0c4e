/* SPDX-License-Identifier: MIT */
/* lockdep_report.h - what lockdep.c says of what it finds, and the order that a program states for its locks */
#ifndef SIM_ENGINE_LOCKDEP_REPORT_H
#define SIM_ENGINE_LOCKDEP_REPORT_H

#include "engine/internal.h"

const char *lockdep_class_name(const struct engine *e, unsigned node, char *buf, size_t n);
struct lock_edge lockdep_edge_of(const struct engine *e, const struct lock_event *v);

/* => NULL: there are ENGINE_MAX_LOCK_REPORTS already */
struct engine_lock_report *lockdep_report_new(struct engine *e, uint64_t execution);
void lockdep_report_link(struct engine *e, struct engine_lock_report *r, const struct lock_edge *g);
/* It is complete: where lock orders are fatal, the execution ends. */
void lockdep_report_done(struct engine *e, const struct engine_lock_report *r);
/* The same lock again, or another of its class without an annotation. */
void lockdep_report_same(struct engine *e, const struct lock_event *v);

/* The place of a class in the order that the program states, by the class's name; 0: it states none. */
int lockdep_rank_of(const struct engine *e, const char *name);
/* A lock was waited for while another was held, for the first time: reports it if the stated order is the other. */
void lockdep_check_rank(struct engine *e, const struct lock_event *v);

#endif
