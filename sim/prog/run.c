// SPDX-License-Identifier: MIT
/*
 * run.c - a program on a backend, call by call, into a log
 *
 * Which actors live is kept here, so that every backend skips the same calls.
 */
#include <stdlib.h>
#include <string.h>

#include "prog/log.h"

void vm_log_init(struct vm_log *log)
{
	memset(log, 0, sizeof(*log));
}

void vm_log_free(struct vm_log *log)
{
	free(log->state);
	vm_log_init(log);
}

/* ---- who lives ------------------------------------------------------------------------------------------ */

void prog_born(struct vm_living *l)
{
	memset(l, 0, sizeof(*l));
	l->alive[0] = true;
}

bool prog_can_do(const struct vm_living *l, const struct vm_op *op, struct vm_result *r)
{
	int other = op->arg[OTHER_ACTOR];
	bool skip = false;

	if (!l->alive[op->actor]) {
		r->outcome = OUTCOME_DEAD;
		return false;
	}
	if (op->call == CALL_FORK)
		skip = l->alive[other];
	else if (op->call == CALL_PVR || op->call == CALL_PVW || op->call == CALL_POKE)
		skip = !l->alive[other];
	if (skip)
		r->outcome = OUTCOME_SKIP;
	return !skip;
}

void prog_did(struct vm_living *l, const struct vm_op *op, const struct vm_result *r)
{
	if (op->call == CALL_EXIT)
		l->alive[op->actor] = false;
	else if (op->call == CALL_FORK && r->outcome == OUTCOME_VALUE)
		l->alive[op->arg[OTHER_ACTOR]] = true;
}

/* ---- classes -------------------------------------------------------------------------------------------- */

#define CLASS_SLOTS 512 /* a power of two above the frames of a state */
_Static_assert(CLASS_SLOTS >= 2 * PROG_MAX_ACTORS * PROG_MAX_PAGES, "a table that fills up");

void vm_state_classes(const struct vm_prog *p, struct vm_state *s)
{
	uint64_t frame[CLASS_SLOTS];
	uint16_t class[CLASS_SLOTS];
	uint16_t nr = 0;

	memset(class, 0xff, sizeof(class));
	for (int a = 0; a < PROG_MAX_ACTORS; a++)
		for (int i = 0; s->space[a].alive && i < p->pages; i++) {
			struct vm_pte *pte = &s->space[a].pte[i];
			unsigned h = (unsigned)((pte->frame * 0x9e3779b97f4a7c15ull) >> 32) % CLASS_SLOTS;

			if (pte->kind < PTE_ANON)
				continue;
			while (class[h] != 0xffff && frame[h] != pte->frame)
				h = (h + 1) % CLASS_SLOTS;
			if (class[h] == 0xffff) {
				frame[h] = pte->frame;
				class[h] = nr++;
			}
			pte->class = class[h];
		}
}

/* ---- running --------------------------------------------------------------------------------------------- */

static int add_state(struct vm_backend *b, struct vm_log *log, char *err, size_t n)
{
	struct vm_state *more;

	if (log->nr_states == log->max_states) {
		int max = log->detail ? PROG_MAX_CALLS + 1 : 1;

		more = realloc(log->state, (size_t)max * sizeof(*more));
		if (!more) {
			snprintf(err, n, "out of memory for %d states", max);
			return -1;
		}
		log->state = more;
		log->max_states = max;
	}
	memset(&log->state[log->nr_states], 0, sizeof(log->state[0]));
	if (b->state(b, &log->state[log->nr_states], err, n))
		return -1;
	vm_state_classes(log->prog, &log->state[log->nr_states]);
	log->nr_states++;
	return 0;
}

static int refuse_call(const struct vm_backend *b, const struct vm_prog *p, char *err, size_t n)
{
	uint64_t missing = prog_calls(p) & ~b->calls;

	snprintf(err, n, "the %s cannot do '%s'", b->name,
		 prog_spec((enum prog_call)__builtin_ctzll(missing))->name);
	return -1;
}

static int run_ops(struct vm_backend *b, struct vm_log *log, char *err, size_t n)
{
	const struct vm_prog *p = log->prog;
	bool violated = log->violation.oracle[0];
	int nr = violated ? log->violation.op : p->nr_ops;
	struct vm_living living;

	prog_born(&living);
	for (int i = 0; i < nr; i++) {
		struct vm_result *r = &log->result[i];

		memset(r, 0, sizeof(*r));
		if (prog_can_do(&living, &p->op[i], r)) {
			if (b->op(b, &p->op[i], r, err, n))
				return -1;
			prog_did(&living, &p->op[i], r);
		}
		log->nr_results++;
		if (log->detail && i + 1 < nr && add_state(b, log, err, n))
			return -1;
	}
	return violated ? 0 : add_state(b, log, err, n);
}

int prog_run(struct vm_backend *b, const struct vm_prog *p, bool detail, struct vm_log *log, char *err,
	     size_t n)
{
	int status;

	if (log->max_states && log->detail != detail)
		vm_log_free(log);
	log->prog = p;
	log->detail = detail;
	log->nr_results = log->nr_states = 0;
	log->violation.oracle[0] = '\0';
	if (prog_calls(p) & ~b->calls)
		return refuse_call(b, p, err, n);
	if (b->begin(b, p, detail, err, n))
		return -1;
	log->violation = b->violation;
	status = run_ops(b, log, err, n);
	b->end(b);
	return status;
}

/* ---- claims ----------------------------------------------------------------------------------------------- */

bool prog_claim_holds(const struct vm_claim *c, const struct vm_result *result)
{
	for (int t = 0; t < c->nr_terms; t++) {
		const struct vm_result *want = &c->term[t].result, *have = &result[c->term[t].op];

		if (want->outcome != have->outcome || want->value != have->value ||
		    want->page != have->page || want->offset != have->offset)
			return false;
	}
	return true;
}

int prog_check_claims(const struct vm_prog *p, const struct vm_result *result)
{
	for (int i = 0; i < p->nr_claims; i++) {
		const struct vm_claim *c = &p->claim[i];
		bool holds = prog_claim_holds(c, result);

		if ((c->kind == CLAIM_EXPECT && !holds) || (c->kind == CLAIM_NEVER && holds))
			return i;
	}
	return -1;
}
