/* SPDX-License-Identifier: MIT */
/*
 * explore.h - what `faultline explore` is asked, and what came of it
 */
#ifndef TOOLS_EXPLORE_H
#define TOOLS_EXPLORE_H

#include "controlled/report.h"

struct request {
	const char *kernel, *protocols, *memory;
	struct engine_options o;
	struct engine_choice choices[ENGINE_MAX_CHOICE_KINDS + 1];
	bool json, no_minimise;
	const char *checkpoint; /* where the state goes while it runs; NULL: nowhere */
	const char *resume;	/* what to go on with; NULL: a new exploration */
	const char *fixed;	/* an option that only a new exploration takes, and that was given; NULL */
};

struct explored {
	struct engine_result r;
	char token[TOKEN_MAX];
	enum exit_status status;
	const char *
		checkpoint; /* where what is left was written; NULL: nothing is left, or it was not written */
};

/* explore_print.c */
void explore_print_json(const struct session *s, const struct request *q, const struct explored *out,
			struct symbols *sym);
void explore_print_text(const struct session *s, const struct request *q, const struct explored *out,
			struct symbols *sym);

/* ---- checkpoint_file.c ------------------------------------------------------------------------------------- */

/* All that an exploration needs to go on, read from a file. */
struct checkpoint {
	char race[128], kernel[64], protocols[256], memory[16], strategy[16];
	struct {
		char what[ENGINE_WHAT_MAX];
		int max;
	} choice[ENGINE_MAX_CHOICE_KINDS];
	int nr_choices; /* -1: those of the race */
	int preemptions, depth;
	uint32_t max_steps;
	uint64_t executions, seed;
	bool state_hash, paranoid, data_race_fatal, lock_order_fatal, has_kernel, has_protocols, has_memory;
	uint8_t *bytes; /* the engine's; to be freed */
	size_t nr_bytes;
};

/* => 0, or STATUS_USAGE after a message */
int checkpoint_file_read(const char *path, struct checkpoint *c);
/* The request becomes the one that was saved, but for what a resumed exploration may be told anew. */
void checkpoint_restore(const struct checkpoint *c, struct request *q);

struct checkpoint_writer {
	const char *path;
	const char *race;
	const struct request *q;
	uint64_t build;
	uint8_t *bytes; /* where path is NULL: kept, to be written at the end */
	size_t nr_bytes;
	bool failed;
};

/* engine_options.save. The file is replaced as a whole. */
void checkpoint_save(void *arg, const uint8_t *bytes, size_t n);
/* => false after a message */
bool checkpoint_begin(struct checkpoint_writer *w, const char *race, const struct request *q);
/*
 * The exploration is over: nothing is left (the file goes), or it was broken off.
 * => the file that what is left stands in, NULL: none
 */
const char *checkpoint_end(struct checkpoint_writer *w, const struct engine_stats *stats);

#endif
