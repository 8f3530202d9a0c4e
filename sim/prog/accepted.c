// SPDX-License-Identifier: MIT
/*
 * accepted.c - differences between the simulator and the running kernel that are known, each with its reason
 *
 * An entry explains every difference at its level and above from the call on to which it applies: what such a call left
 * behind has consequences. So an entry must apply to as few calls as can be; it is no place for what is merely not yet
 * modelled. The reference is Linux 6.18.
 */
#include "prog/compare.h"

/* Whether a call puts a page that exists already into one of the CPU's batches for the LRU lists. */
static bool fills_lru_batch(const struct vm_op *o)
{
	switch ((enum prog_call)o->call) {
	case CALL_MADVISE:
		return o->arg[RANGE_WORD] == ADVICE_FREE;
	case CALL_MLOCK:
	case CALL_MUNLOCK:
	case CALL_PVR:
	case CALL_PVW:
	case CALL_POKE:
		return true;
	case CALL_MREMAP: /* grows a locked mapping */
		return o->arg[MREMAP_NEW_COUNT] > o->arg[MREMAP_COUNT];
	default:
		return false;
	}
}

/* A page that fork had shared is copied there and kept here; both ends are the same to all who could look. */
static bool copied_for_lru_batch(const struct vm_log *a, const struct vm_log *b, int op)
{
	const struct vm_prog *p = a->prog;
	const struct vm_result *x = &a->result[op], *y = &b->result[op];
	bool forked = false, filled = false;

	if (p->op[op].call != CALL_WR || x->change != FRAME_SAME || y->change != FRAME_COPY)
		return false;
	for (int i = 0; i < op; i++) {
		forked |= p->op[i].call == CALL_FORK;
		filled |= fills_lru_batch(&p->op[i]);
	}
	return forked && filled;
}

static const struct vm_accepted accepted[] = {
	{ .name = "copy-for-lru-batch",
	  .reason =
		  "a page in a batch for the LRU lists (per CPU, for all that runs there) has one more reference: "
		  "Linux copies it at a store where nobody else maps it any more",
	  .from = LEVEL_COUNTS,
	  .applies = copied_for_lru_batch },
};
#define NR_ACCEPTED ((int)(sizeof(accepted) / sizeof(accepted[0])))

const struct vm_accepted *prog_accepted(const struct vm_log *a, const struct vm_log *b,
					const struct vm_difference *d)
{
	for (int i = 0; i < NR_ACCEPTED; i++)
		for (int op = 0; op <= d->op; op++)
			if (d->level >= accepted[i].from && accepted[i].applies(a, b, op))
				return &accepted[i];
	return NULL;
}

int prog_accepted_all(const struct vm_accepted **all)
{
	*all = accepted;
	return NR_ACCEPTED;
}
