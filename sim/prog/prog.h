/* SPDX-License-Identifier: MIT */
/*
 * prog.h - textual VM programs: processes, files and calls, one call a line
 *
 * docs/programs.md is the format. A program in memory is plain data without pointers: it may be copied, changed and
 * compared. Invariants of one that parsed or was generated (prog_check()):
 *
 *   P1  every argument is in its range, and what maps or moves memory stays inside the window;
 *   P2  calls with a thread stand between `par` and `end-par`; a block's number grows with each `par`;
 *   P3  a claim is about calls that stand before it;
 *   P4  who exits in a block is nobody that another of its threads has to do with (prog_check_blocks()).
 */
#ifndef SIM_PROG_PROG_H
#define SIM_PROG_PROG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "prog/result.h"

#define PROG_VERSION 1
#define PROG_WINDOW 0x200000000000ul /* where page 0 of a program lies */
#define PROG_PAGE 4096

/* Limits. Each is checked where a program is read, and the message names it. */
#define PROG_MAX_PAGES 64
#define PROG_MAX_FILES 2
#define PROG_MAX_FILE_PAGES 64 /* that a file may ever grow to */
#define PROG_MAX_ACTORS 3
#define PROG_MAX_CALLS 256
#define PROG_MAX_THREADS 8
#define PROG_MAX_BLOCKS 16
#define PROG_MAX_CLAIMS 16
#define PROG_MAX_TERMS 4 /* of one claim */
#define PROG_MAX_ARGS 7
#define PROG_MAX_PINS 4 /* handles of pin */
#define PROG_ID_MAX 48
#define PROG_CONFIG_MAX 128 /* text of a kernel or protocol line */
#define PROG_SCHEDULE_MAX 4096
#define PROG_MAX_FRAMES 4096 /* of a `machine` line */

enum prog_call {
	CALL_MMAP,
	CALL_MUNMAP,
	CALL_MPROTECT,
	CALL_MSYNC,
	CALL_MLOCK,
	CALL_MUNLOCK,
	CALL_MINCORE,
	CALL_MREMAP,
	CALL_MADVISE,
	CALL_RD,
	CALL_WR,
	CALL_PREAD,
	CALL_PWRITE,
	CALL_FTRUNC,
	CALL_PUNCH,
	CALL_FORK,
	CALL_EXIT,
	CALL_PVR,
	CALL_PVW,
	CALL_POKE,
	CALL_VMS,
	CALL_PIP,
	CALL_GUARD,
	CALL_UNGUARD,
	CALL_PIN,
	CALL_UNPIN,
	CALL_DIO,
	NR_CALLS,
};

enum prog_prot { PROT_WORD_NONE, PROT_WORD_R, PROT_WORD_W, PROT_WORD_RW, NR_PROT_WORDS };
enum prog_share { SHARE_PRIV, SHARE_SHARED, NR_SHARES };
enum prog_src { SRC_ANON, SRC_F0, SRC_F1, NR_SRCS };
enum prog_map_how { MAP_HOW_FIXED, MAP_HOW_POPULATE, MAP_HOW_NOREPLACE, NR_MAP_HOWS };
enum prog_move_how { MOVE_INPLACE, MOVE_FIXED, MOVE_DONTUNMAP, NR_MOVE_HOWS };
enum prog_advice {
	ADVICE_DONTNEED,
	ADVICE_FREE,
	ADVICE_DONTFORK,
	ADVICE_DOFORK,
	ADVICE_WIPEONFORK,
	ADVICE_KEEPONFORK,
	ADVICE_POPULATE_READ,
	ADVICE_POPULATE_WRITE,
	ADVICE_REMOVE,
	ADVICE_WILLNEED,
	ADVICE_RANDOM,
	ADVICE_PAGEOUT, /* not in the core set: what it does depends on the state of the machine */
	NR_ADVICES,
};

/* What an argument is: its range, and the words that name its values. */
enum prog_arg {
	ARG_NONE,
	ARG_PAGE,   /* of the window, its end included */
	ARG_COUNT,  /* pages, 0 to PROG_MAX_PAGES */
	ARG_OFFSET, /* in a page */
	ARG_BYTE,
	ARG_FILE,
	ARG_FILE_PAGE, /* 0 to PROG_MAX_FILE_PAGES */
	ARG_LENGTH,    /* bytes of a file, 0 to PROG_MAX_FILE_PAGES pages */
	ARG_ACTOR,
	ARG_PIN,
	ARG_PROT,
	ARG_SHARE,
	ARG_SRC,
	ARG_MAP_HOW,
	ARG_MOVE_HOW,
	ARG_ADVICE,
	NR_ARGS,
};

struct prog_spec {
	const char *name;
	enum prog_arg arg[PROG_MAX_ARGS];
};

/* One call. Where its arguments stand: `op->arg[MMAP_PROT]`. */
enum { RANGE_PAGE, RANGE_COUNT, RANGE_WORD };
enum { MMAP_PAGE, MMAP_COUNT, MMAP_PROT, MMAP_SHARE, MMAP_SRC, MMAP_FILE_PAGE, MMAP_HOW };
enum { MREMAP_PAGE, MREMAP_COUNT, MREMAP_NEW_COUNT, MREMAP_HOW, MREMAP_DST };
enum { ACCESS_PAGE, ACCESS_OFFSET, ACCESS_BYTE };
enum { IO_FILE, IO_FILE_PAGE, IO_PAGE, IO_LENGTH };
enum { FTRUNC_FILE, FTRUNC_LENGTH };
enum { PUNCH_FILE, PUNCH_PAGE, PUNCH_COUNT };
enum { OTHER_ACTOR, OTHER_PAGE, OTHER_BYTE };
enum { PIN_HANDLE, PIN_PAGE, PIN_COUNT };

struct vm_op {
	uint8_t call;  /* enum prog_call */
	uint8_t actor; /* who does it */
	int8_t thread; /* -1: outside of blocks */
	uint8_t block; /* 0: outside; 1, 2, ...: the block */
	uint16_t line; /* of the file, 0: from no file. No part of what the program is */
	int32_t arg[PROG_MAX_ARGS];
};

enum prog_claim_kind { CLAIM_EXPECT, CLAIM_NEVER, CLAIM_SOMETIMES, NR_CLAIMS };

/* All its terms hold: call `op` had this result. Extras of a result (frames, fault counts) are no part of it. */
struct vm_claim {
	uint8_t kind; /* enum prog_claim_kind */
	uint8_t nr_terms;
	uint16_t after; /* it stands behind so many calls */
	uint16_t line;
	struct {
		uint16_t op;
		struct vm_result result;
	} term[PROG_MAX_TERMS];
};

struct vm_prog {
	char id[PROG_ID_MAX];
	char kernel[PROG_CONFIG_MAX], protocol[PROG_CONFIG_MAX]; /* "": the default */
	uint8_t pages, files, file_pages;
	uint8_t nr_claims;
	uint16_t nr_ops;
	uint16_t line;
	uint16_t frames,
		swap; /* what the simulated machine has; 0: as much as a program can need, and no swap */
	struct vm_op op[PROG_MAX_CALLS];
	struct vm_claim claim[PROG_MAX_CLAIMS];
	/* One execution, to be run again: which, what is to fire, and the version that its schedule counts steps of. */
	char schedule[PROG_SCHEDULE_MAX];
	char oracle[48], version[32];
};

struct vm_file {
	int nr;
	struct vm_prog *prog;
};

/* ---- words.c ---------------------------------------------------------------------------------------- */

const struct prog_spec *prog_spec(enum prog_call call);
int prog_nr_args(enum prog_call call);
/* The words of an argument that is a word. => how many; 0: it is a number */
int prog_words(enum prog_arg arg, const char *const **words);
extern const char *const prog_claim_words[NR_CLAIMS];
/* The range of a number of kind `arg` in p. */
void prog_range(const struct vm_prog *p, enum prog_arg arg, int32_t *min, int32_t *max);

/*
 * P1 for one call. => true, or false and why in err, and in *arg the argument that is wrong
 */
bool prog_check(const struct vm_prog *p, const struct vm_op *op, int *arg, char *err, size_t n);
bool prog_is_concurrent(const struct vm_prog *p);
/* P4. => the first call against it, or -1 */
int prog_check_blocks(const struct vm_prog *p);
/* A call's other actor: who is forked, read, written. => -1: it has none */
int prog_other(const struct vm_op *op);
/* The calls that p has, a bit each by enum prog_call. */
uint64_t prog_calls(const struct vm_prog *p);

/* ---- parse.c, print.c --------------------------------------------------------------------------------- */

/*
 * => 0, and prog_file_free() it; -1 and one line "NAME:LINE:COLUMN: what" in err, and nothing to free
 */
int prog_parse(const char *name, const char *text, struct vm_file *f, char *err, size_t n);
/* The same from a file. => -1: as above, or why the file cannot be read */
int prog_read(const char *path, struct vm_file *f, char *err, size_t n);
void prog_file_free(struct vm_file *f);

/* Prints a program; a file begins with prog_print_version(). What is printed parses to the same program. */
void prog_print_version(FILE *f);
void prog_print(FILE *f, const struct vm_prog *p);
void prog_print_op(FILE *f, const struct vm_op *op); /* without a newline */
bool prog_equal(const struct vm_prog *a, const struct vm_prog *b);

#endif
