// SPDX-License-Identifier: MIT
/*
 * accepted.c - differences between the simulator and the running kernel that are known, each with its reason
 *
 * An entry explains every difference at its level and above from the call on to which it applies: what such a call left
 * behind has consequences. So an entry must apply to as few calls as can be; it is no place for what is merely not yet
 * modelled. The reference is Linux 6.18.
 */
#include <errno.h>

#include "prog/compare.h"

/* How long a file is before call `op`, as the results say. */
static int32_t length_before(const struct vm_log *log, int op, int file)
{
	const struct vm_prog *p = log->prog;
	int32_t length = p->file_pages * PROG_PAGE;

	for (int i = 0; i < op; i++) {
		const int32_t *arg = p->op[i].arg;
		const struct vm_result *r = &log->result[i];
		int32_t end;

		if (r->outcome != OUTCOME_VALUE || arg[IO_FILE] != file)
			continue;
		end = arg[IO_FILE_PAGE] * PROG_PAGE + r->value;
		if (p->op[i].call == CALL_FTRUNC)
			length = arg[FTRUNC_LENGTH];
		else if (p->op[i].call == CALL_PWRITE && r->value && end > length)
			length = end;
	}
	return length;
}

static bool pwrite_beyond_eof(const struct vm_log *a, const struct vm_log *b, int op)
{
	const struct vm_op *o = &a->prog->op[op];
	const struct vm_result *x = &a->result[op], *y = &b->result[op];

	if (o->call != CALL_PWRITE || x->outcome != OUTCOME_ERROR || x->value != EFAULT ||
	    y->outcome != OUTCOME_ERROR || y->value != EFAULT)
		return false;
	return o->arg[IO_FILE_PAGE] * PROG_PAGE + o->arg[IO_LENGTH] > length_before(a, op, o->arg[IO_FILE]);
}

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
	{ .name = "pwrite-bad-buffer-beyond-eof",
	  .reason = "Linux 6.18 fails with EFAULT and yet extends the file; 6.1 and 5.10 leave it as it is",
	  .from = LEVEL_RESULTS,
	  .applies = pwrite_beyond_eof },
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
