/* SPDX-License-Identifier: MIT */
/*
 * run.h - races as programs of the engine: the registry, tokens, and the runs that commands and tests ask for
 */
#ifndef SIM_RACE_RUN_H
#define SIM_RACE_RUN_H

#include <faultline/protocol.h>
#include <faultline/race.h>

#include "engine/engine.h"

/* ---- registry: everything is sorted by name, whatever the order of linking ------------------------- */

int race_count(void);
const struct race *race_get(int i);
const struct race *race_find(const char *name);
void race_family(const struct race *r, char *buf, size_t n); /* the folder that holds its file */
void race_path(const struct race *r, char *buf,
	       size_t n); /* its file, from the project's root where it lies in it */
int race_actor_count(const struct race *r);
bool race_is_bare(const struct race *r);	/* runs without the simulated kernel */
const char *race_model_name(enum race_model m); /* "sc", "tso", ... as the engine names them */
const struct race_verdict *race_verdict(const struct race *r, const char *protocol); /* NULL: none stated */

const char *axis_name(enum protocol_axis axis);
int axis_find(const char *name); /* -1: none of that name */
int protocol_count(void);
const struct protocol *protocol_get(int i); /* by axis, then name */
const struct protocol *protocol_find(enum protocol_axis axis, const char *name);
int kernel_count(void);
const struct kernel *kernel_get(int i);
const struct kernel *kernel_find(const char *name);
#define DEFAULT_KERNEL "linux-2.6.23"
/* What the kernel of this name chose on every axis. => 0, or -1: there is no such kernel */
int kernel_protocols(const char *name, const struct protocol *chosen[NR_AXES]);

/* The nearest of n names to `word`, for "did you mean"; NULL when none is near. */
const char *nearest_name(const char *word, const char *(*name)(int i, void *arg), int n, void *arg);

/* ---- one configured race ------------------------------------------------------------------------- */

struct race_config {
	const struct race *race;
	const char *kernel;			  /* what was asked for, or DEFAULT_KERNEL */
	const struct protocol *protocol[NR_AXES]; /* every axis set */
	enum engine_memory memory;
};

/*
 * Fills in the protocols: those of `kernel` (NULL: DEFAULT_KERNEL), changed by `protocols`, "axis=name[,axis=name]"
 * (may be NULL; "name" alone is taken for the race's axis). "memory=model" stands there like an axis.
 * => -1 and one line in err that names the unknown word and suggests the nearest
 */
int race_configure(struct race_config *c, const char *race, const char *kernel, const char *protocols,
		   char *err, size_t n);

/*
 * "axis=name", of the axis that the race is about and of those that differ from DEFAULT_KERNEL, which a token's reader
 * begins with; nothing for a bare race. => how many characters, cut at n - 1
 */
size_t race_choices_print(const struct race_config *c, char between, char *buf, size_t n);

/* The program of a configured race; `c` must outlive it. */
void race_program(const struct race_config *c, struct engine_program *p);
void race_bare_program(const struct race *r, struct engine_program *p); /* p is zeroed and named */

/* ---- tokens ---------------------------------------------------------------------------------------- */

/*
 * fl1:RACE:axis=name[+axis=name][+memory=model]:SCHEDULE:ORACLE[:raw=VERSION], where SCHEDULE has commas and ORACLE says what is to
 * fire. Axes that are not named are DEFAULT_KERNEL's. A bare race has none there. `raw` stands only where the schedule counts steps, which needs the same version.
 */
#define TOKEN_MAX 32768 /* more than ENGINE_MAX_SEGMENTS of the usual names */
#define TOKEN_VERSION "fl1"

struct token {
	struct race_config config;
	struct engine_schedule schedule;
	char oracle[ENGINE_NAME_MAX];
	char raw[32]; /* the version a raw schedule needs, "" for a labelled one */
};

/* What a raw schedule depends on: the release and a hash of the simulated kernel's and the races' sources. */
const char *faultline_version(void);	   /* "0.1.0" */
const char *faultline_build_version(void); /* "0.1.0-3f2a91c0" */

/* => -1 and one line in err: what is wrong and where, or how race, protocol or version differ */
int token_parse(const char *text, struct token *t, char *err, size_t n);
/*
 * Labels the schedule where it can (changing r->schedule) and prints it. A lock order that took more than one execution
 * to see has a token that names no oracle, since none of them shows it alone.
 */
void token_print(struct engine *e, const struct race_config *c, struct engine_result *r, char *buf, size_t n);

#endif
