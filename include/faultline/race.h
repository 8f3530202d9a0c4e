/* SPDX-License-Identifier: MIT */
/*
 * race.h - what a race is: the public interface of a file under tests/races, or of a user's own
 *
 * A race is one file: its story in the opening comment, a set-up, one short function per actor, and one RACE()
 * declaration with the verdict expected under each protocol. RACE() registers it; nothing else names it.
 *
 * A race that declares `.memory` is bare: it runs without the simulated kernel, on so many bytes of its own.
 */
#ifndef FAULTLINE_RACE_H
#define FAULTLINE_RACE_H

#include <stddef.h>

/* An actor is also a CPU. */
#define RACE_MAX_ACTORS 16
#define RACE_MAX_VERDICTS 32
#define RACE_MAX_CHOICES 8

enum race_expectation {
	RACE_UNSTATED, /* the end of the table */
	RACE_CLEAN,    /* exploration completed and no oracle fired */
	RACE_FOUND,    /* the named oracle fired */
};

/* Memory models, by index into a race's outcomes. */
enum race_model {
	RACE_SC,
	RACE_TSO,
	RACE_PSO,
	RACE_WEAK_LOCKS,
	NR_RACE_MODELS,
};

struct race_actor {
	const char *name;
	void (*run)(void); /* runs as a task of its own, on a CPU of its own */
};

struct race_verdict {
	const char *protocol; /* a name on the race's axis; ANY_PROTOCOL for a race without one */
	enum race_expectation expect;
	const char *oracle; /* RACE_FOUND: which */
	const char *
		witness; /* RACE_FOUND: a schedule against labels, e.g. "invalidate@unmapped fault invalidate" */
};

/* How often an execution may have what is not ordinary: "alloc" (an allocation fails), "io-error". */
struct race_choice {
	const char *what;
	int max;
};

/* What the simulated machine is built of; 0: as small as it gets. */
struct race_machine {
	unsigned frames;     /* pages of memory; 0: 96 */
	unsigned swap_pages; /* of the swap device; 0: there is none */
	unsigned huge_pages; /* set aside for hugetlb */
	int reclaim;	     /* pages are kept on LRU lists, and kswapd runs */
	int writeback;	     /* a task writes dirty pages back */
	int aio;	     /* asynchronous direct I/O goes on after its submission */
	int ghosts;	     /* private bytes of processes are judged: cow-leak and the like */
};

struct race {
	const char *name;
	const char *file; /* its source; the folder that holds it is its family */
	const char *
		source; /* the text of that file, embedded, NUL-terminated: `show` prints its opening comment */
	const char *summary; /* one line */
	const char *axis;    /* the protocol axis its verdicts are about; NULL: no protocol matters */
	size_t memory;	     /* bytes of a bare race's memory; 0: it runs in the simulated kernel */
	struct race_machine machine;
	const char *oracle; /* the oracle it is about; NULL: any. Others are reported beside it */
	void (*setup)(
		void); /* runs once, alone, may sleep; every execution starts from the state it leaves */
	struct race_actor actors[RACE_MAX_ACTORS];
	void (*check)(
		void); /* runs after the actors have ended, alone, before the global oracles; may be NULL */
	struct race_choice choices[RACE_MAX_CHOICES]; /* none listed: everything goes well */
	struct race_verdict expect[RACE_MAX_VERDICTS];
	/* how many equivalence classes its executions fall into when memory is sequentially consistent; 0: unstated */
	unsigned long long classes;
	/* by enum race_model: all outcomes that executions have, "r0=0 r1=1|r0=1 r1=0"; NULL: unstated */
	const char *outcomes[NR_RACE_MODELS];
};

#define ANY_PROTOCOL NULL
#define CLEAN RACE_CLEAN, NULL, NULL
#define FOUND(oracle_) RACE_FOUND, oracle_

/* ---- what code of a race may call ---- */

/* The first byte of a bare race's memory, which is zeroed before the set-up. Accesses to it are C's own. */
void *race_memory(void);
/* The index of the running actor: several may share one function. => called by an actor */
int race_actor(void);
/* Names a place in an actor, for schedules to stop at. `name` stays valid; of a-z, 0-9, _ and -. */
void race_label(const char *name);

/*
 * What an execution came to, in at most 63 characters, e.g. "r0=0 r1=1"; outcomes are counted. => called by a check, once
 */
void race_outcome(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A lock in a bare race's memory; zeroed, it is free. Who finds it taken waits. */
struct race_lock {
	unsigned long word;
};
void race_lock(struct race_lock *lock);
void race_unlock(struct race_lock *lock);

/* Adds and returns nothing, so that two additions commute; relaxed. */
void race_add(_Atomic(int) *counter, int i);

/* RACE(name, .summary = ..., .setup = ..., .actors = { ... }, .expect = { ... }) */
#define RACE(name_, ...)                                                                                     \
	__asm__(".pushsection .rodata\n"                                                                     \
		"race_source_" #name_ ":\n"                                                                  \
		".incbin \"" __FILE__ "\"\n"                                                                 \
		".byte 0\n"                                                                                  \
		".popsection\n");                                                                            \
	extern const char race_source_##name_[];                                                             \
	static const struct race race_##name_ = {                                                            \
		.name = #name_, .file = __FILE__, .source = race_source_##name_, __VA_ARGS__                 \
	};                                                                                                   \
	static const struct race *const race_entry_##name_                                                   \
		__attribute__((section("faultline_races"), used)) = &race_##name_

#endif
