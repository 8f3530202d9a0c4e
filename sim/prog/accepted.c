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

static const struct vm_accepted accepted[] = {
	{ .name = "pwrite-bad-buffer-beyond-eof",
	  .reason = "Linux 6.18 fails with EFAULT and yet extends the file; 6.1 and 5.10 leave it as it is",
	  .from = LEVEL_RESULTS,
	  .applies = pwrite_beyond_eof },
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
