/* SPDX-License-Identifier: MIT */
/*
 * report.h - violations and data races of a result, as text and as JSON
 */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include "controlled/session.h"
#include "controlled/symbols.h"

/* Each pair of places once: "data race on OBJECT: TASK writes at f() file:line, TASK reads at ..." */
void report_data_races(FILE *f, const struct engine_program *p, const struct engine_result *r,
		       struct symbols *s);
/* "data_races", and "data_races_truncated": no more are kept than there are */
void json_add_data_races(cJSON *j, const struct engine_program *p, const struct engine_result *r,
			 struct symbols *s);
/* "lock order: MESSAGE", and a line for each taking of its chain; what the locks are named after is a place in the code */
void report_lock_orders(FILE *f, const struct engine_result *r, struct symbols *s);
void json_add_lock_orders(cJSON *j, const struct engine_result *r, struct symbols *s); /* likewise */
/* Whether a minimised violation is as small as it can be. */
void json_add_fewest(cJSON *violation, const struct engine_result *r);
void report_fewest(FILE *f, const struct engine_result *r); /* says so where it may not be */
/* null, or { oracle, message, token, steps, preemptions } */
cJSON *json_violation(const struct engine_result *r, const char *token);
/* One line: "FOUND oracle: message" */
void report_violation(FILE *f, const struct engine_result *r);
/* "a until @label, then b to its end" */
void report_schedule(FILE *f, const struct engine_program *p, const struct engine_schedule *s);

#endif
