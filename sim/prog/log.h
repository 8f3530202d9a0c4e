/* SPDX-License-Identifier: MIT */
/*
 * log.h - what a VM program came to: results, and the state of its address spaces and files
 *
 * A backend fills in raw state; prog_run() gives frames their classes and puts everything into a log. Logs are
 * compared as they are, and printed only when somebody wants to read them.
 */
#ifndef SIM_PROG_LOG_H
#define SIM_PROG_LOG_H

#include "prog/prog.h"

enum vm_src { VM_SRC_ANON, VM_SRC_F0, VM_SRC_F1, VM_SRC_SHMZ, NR_VM_SRCS };
#define VM_PERM_R 1
#define VM_PERM_W 2
#define VM_PERM_X 4
#define VM_PERM_SHARED 8

/* A mapping, pages [start, end) of the window, as the kernel keeps it. */
struct vm_area {
	uint8_t start, end;
	uint8_t perm;	 /* VM_PERM_* */
	uint8_t src;	 /* enum vm_src */
	uint32_t pgoff;	 /* of files and shared anonymous memory */
	uint64_t object; /* which shared anonymous memory; never printed */
};

enum vm_pte_kind { PTE_NONE, PTE_ZERO, PTE_SWAP, PTE_GUARD, PTE_ANON, PTE_FILE };

struct vm_pte {
	uint64_t frame; /* of anon and file; never printed */
	uint8_t kind;	/* enum vm_pte_kind */
	bool exclusive; /* mapped once, as pagemap bit 56 says it */
	uint16_t class; /* the frame, numbered by first appearance */
	uint32_t mapcount;
};

struct vm_space {
	bool alive;
	uint8_t nr_areas;
	struct vm_area area[PROG_MAX_PAGES]; /* ascending */
	struct vm_pte pte[PROG_MAX_PAGES];
};

struct vm_file_state {
	uint32_t size;	/* bytes */
	uint32_t pages; /* allocated */
	uint8_t data[PROG_MAX_FILE_PAGES]
		    [2]; /* at offsets 0 and VM_DATA_OFFSET of each page, 0 past the end */
};
#define VM_DATA_OFFSET 100

struct vm_state {
	struct vm_space space[PROG_MAX_ACTORS];
	struct vm_file_state file[PROG_MAX_FILES];
};

/* How closely two outcomes are compared; each level has all that the one before has. */
enum vm_level {
	LEVEL_RESULTS, /* L0: results, values, signals */
	LEVEL_AREAS,   /* L1: mappings, file size, contents and mtime */
	LEVEL_FRAMES,  /* L2: which pages are present, which frames are shared */
	LEVEL_COUNTS,  /* L3: fault counts, same or copied frame, mapcounts */
	LEVEL_RAW,     /* L4: boundaries of mappings as the kernel keeps them */
	NR_LEVELS,
};
extern const char *const vm_level_names[NR_LEVELS]; /* "L0" ... */

/* An oracle that fired while a program ran, in its call `op`, or, past its last call, when nothing ran any more. */
struct vm_violation {
	char oracle[48]; /* "": none */
	char message[512];
	int op;
};

struct vm_log {
	const struct vm_prog *prog; /* what was run; not owned */
	bool detail;		    /* state[i] is that after call i; else there is one, that at the end */
	int nr_results, nr_states, max_states;
	struct vm_result result[PROG_MAX_CALLS];
	struct vm_state *state;
	struct vm_violation
		violation; /* then results and states are those before it, and there may be none */
};

/* ---- backends ---------------------------------------------------------------------------------------- */

/*
 * Something that carries out programs. begin, then op for each call that is to be done, state at any time between,
 * and end whatever happened after a successful begin. Each but end returns 0, or -1 with one line in err: then the
 * backend itself failed, not the program, and only end and destroy may follow.
 */
struct vm_backend {
	const char *name;
	uint64_t calls;	     /* that it can do, a bit each by enum prog_call */
	enum vm_level level; /* the highest that its outcomes have all of */
	char why[160];	     /* not the highest of all: why; else "" */
	/*
	 * After begin: what an oracle said of the whole program, which then has no states, and no calls from that one on;
	 * whether anything failed that the program's schedule lets fail
	 */
	struct vm_violation violation;
	bool failed;
	/* detail: a state will be asked for after every call; else after the last one only */
	int (*begin)(struct vm_backend *b, const struct vm_prog *p, bool detail, char *err, size_t n);
	/* => the actor lives, and so does the target, or (fork) does not. *r is zeroed */
	int (*op)(struct vm_backend *b, const struct vm_op *op, struct vm_result *r, char *err, size_t n);
	/* `s` is zeroed; classes stay so */
	int (*state)(struct vm_backend *b, struct vm_state *s, char *err, size_t n);
	void (*end)(struct vm_backend *b);
	void (*destroy)(struct vm_backend *b);
};

/* ---- run.c --------------------------------------------------------------------------------------------- */

void vm_log_init(struct vm_log *log);
void vm_log_free(struct vm_log *log);
/*
 * Runs a program, calls one after the other in the order of the file. => 0; -1 and one line in err when the backend
 * cannot do a call of the program, or failed. The log of what was done before stays in *log.
 */
int prog_run(struct vm_backend *b, const struct vm_prog *p, bool detail, struct vm_log *log, char *err,
	     size_t n);
/* The same call by call. => whether a call's actors are such that it can be done; if not, *r says why */
struct vm_living {
	bool alive[PROG_MAX_ACTORS];
};
void prog_born(struct vm_living *l);
bool prog_can_do(const struct vm_living *l, const struct vm_op *op, struct vm_result *r);
void prog_did(struct vm_living *l, const struct vm_op *op, const struct vm_result *r);
/* Numbers the frames of a state by first appearance. */
void vm_state_classes(const struct vm_prog *p, struct vm_state *s);
/* Whether the results, one a call, are what a claim names. */
bool prog_claim_holds(const struct vm_claim *c, const struct vm_result *result);
/* What `expect` and `never` lines say of one run. => the first claim that does not hold, or -1 */
int prog_check_claims(const struct vm_prog *p, const struct vm_result *result);

/* ---- log_print.c ---------------------------------------------------------------------------------------- */

void vm_log_print(FILE *f, const struct vm_log *log);
/* The line of call i, without a newline. */
void vm_result_print(FILE *f, const struct vm_prog *p, int i, const struct vm_result *r);
/* The result alone, as a claim has it. */
void vm_outcome_print(FILE *f, const struct vm_result *r);
/* One line of a state each, without a newline; raw: mappings as they are, else neighbours that agree joined. */
void vm_areas_print(FILE *f, const struct vm_state *s, int actor, bool raw);
void vm_ptes_print(FILE *f, const struct vm_prog *p, const struct vm_state *s, int actor);
void vm_file_print(FILE *f, const struct vm_state *s, int file);
/* Joins neighbours that agree. `out` has room for as many as there are. => how many are left */
int vm_areas_coalesce(const struct vm_space *s, struct vm_area *out);
/* => NULL: no name for it */
const char *vm_errno_name(int err);
int vm_errno_find(const char *name); /* 0: none of that name */
extern const char *const vm_signal_names[NR_SIGNALS];

#endif
