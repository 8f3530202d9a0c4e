// SPDX-License-Identifier: MIT
/* log_print.c - logs of VM programs as text, in the format of docs/programs.md */
#include <errno.h>
#include <string.h>

#include "prog/log.h"

const char *const vm_signal_names[NR_SIGNALS] = { "SEGV_MAPERR", "SEGV_ACCERR", "BUS_ADRERR" };
const char *const vm_level_names[NR_LEVELS] = { "L0", "L1", "L2", "L3", "L4" };

/* What calls on memory and files return; others are printed as E and their number. */
static const struct {
	int err;
	const char *name;
} errnos[] = {
	{ EPERM, "EPERM" },
	{ ENOENT, "ENOENT" },
	{ ESRCH, "ESRCH" },
	{ EINTR, "EINTR" },
	{ EIO, "EIO" },
	{ ENXIO, "ENXIO" },
	{ EBADF, "EBADF" },
	{ EAGAIN, "EAGAIN" },
	{ ENOMEM, "ENOMEM" },
	{ EACCES, "EACCES" },
	{ EFAULT, "EFAULT" },
	{ EBUSY, "EBUSY" },
	{ EEXIST, "EEXIST" },
	{ ENODEV, "ENODEV" },
	{ EINVAL, "EINVAL" },
	{ ENFILE, "ENFILE" },
	{ EMFILE, "EMFILE" },
	{ ETXTBSY, "ETXTBSY" },
	{ EFBIG, "EFBIG" },
	{ ENOSPC, "ENOSPC" },
	{ ESPIPE, "ESPIPE" },
	{ EROFS, "EROFS" },
	{ EPIPE, "EPIPE" },
	{ ENOSYS, "ENOSYS" },
	{ EOVERFLOW, "EOVERFLOW" },
	{ EOPNOTSUPP, "EOPNOTSUPP" },
	{ EHWPOISON, "EHWPOISON" },
};
#define NR_ERRNOS (sizeof(errnos) / sizeof(errnos[0]))

const char *vm_errno_name(int err)
{
	for (size_t i = 0; i < NR_ERRNOS; i++)
		if (errnos[i].err == err)
			return errnos[i].name;
	return NULL;
}

int vm_errno_find(const char *name)
{
	for (size_t i = 0; i < NR_ERRNOS; i++)
		if (!strcmp(errnos[i].name, name))
			return errnos[i].err;
	return 0;
}

/* ---- results -------------------------------------------------------------------------------------------- */

void vm_outcome_print(FILE *f, const struct vm_result *r)
{
	const char *name;

	switch ((enum vm_outcome)r->outcome) {
	case OUTCOME_VALUE:
		fprintf(f, "%d", r->value);
		break;
	case OUTCOME_ERROR:
		name = vm_errno_name(r->value);
		if (name)
			fputs(name, f);
		else
			fprintf(f, "E%d", r->value);
		break;
	case OUTCOME_BYTE:
		fprintf(f, "val=%02x", r->value);
		break;
	case OUTCOME_SIGNAL:
		fprintf(f, "%s@%d+%d", vm_signal_names[r->value], r->page, r->offset);
		break;
	case OUTCOME_DEAD:
		fputs("dead", f);
		break;
	default:
		fputs("skip", f);
		break;
	}
}

void vm_result_print(FILE *f, const struct vm_prog *p, int i, const struct vm_result *r)
{
	static const char *const changes[NR_FRAME_CHANGES] = { "", " new", " same", " copy" };
	const char *name = prog_spec((enum prog_call)p->op[i].call)->name;

	if (r->outcome == OUTCOME_DEAD || r->outcome == OUTCOME_SKIP) {
		fprintf(f, "%d %s %s", i, name, r->outcome == OUTCOME_DEAD ? "dead" : "skip");
		return;
	}
	fprintf(f, "%d p%d %s ", i, p->op[i].actor, name);
	vm_outcome_print(f, r);
	fputs(changes[r->change], f);
	for (int b = 0; b < r->nr_bits; b++)
		fprintf(f, "%s%d", b ? "" : " ", (int)(r->bits >> b & 1));
	if (r->has_faults)
		fprintf(f, " flt=%u", r->faults);
	for (int k = 0; k < PROG_MAX_FILES; k++)
		if (r->mtime >> k & 1)
			fprintf(f, " mtime:f%d", k);
}

/* ---- state ------------------------------------------------------------------------------------------------ */

static bool continues(const struct vm_area *a, const struct vm_area *b)
{
	if (a->end != b->start || a->perm != b->perm || a->src != b->src || a->object != b->object)
		return false;
	return a->src == VM_SRC_ANON || a->pgoff + (a->end - a->start) == b->pgoff;
}

int vm_areas_coalesce(const struct vm_space *s, struct vm_area *out)
{
	int nr = 0;

	for (int i = 0; i < s->nr_areas; i++) {
		if (nr && continues(&out[nr - 1], &s->area[i]))
			out[nr - 1].end = s->area[i].end;
		else
			out[nr++] = s->area[i];
	}
	return nr;
}

void vm_areas_print(FILE *f, const struct vm_state *s, int actor, bool raw)
{
	static const char *const srcs[NR_VM_SRCS] = { "anon", "f0", "f1", "shmz" };
	const struct vm_space *space = &s->space[actor];
	struct vm_area joined[PROG_MAX_PAGES];
	const struct vm_area *area = raw ? space->area : joined;
	int nr = raw ? space->nr_areas : vm_areas_coalesce(space, joined);

	fprintf(f, " V p%d", actor);
	for (int i = 0; i < nr; i++) {
		int perm = area[i].perm;

		fprintf(f, " %d-%d:%c%c%c%c:%s", area[i].start, area[i].end, perm & VM_PERM_R ? 'r' : '-',
			perm & VM_PERM_W ? 'w' : '-', perm & VM_PERM_X ? 'x' : '-',
			perm & VM_PERM_SHARED ? 's' : 'p', srcs[area[i].src]);
		if (area[i].src != VM_SRC_ANON)
			fprintf(f, "+%u", area[i].pgoff);
	}
}

void vm_ptes_print(FILE *f, const struct vm_prog *p, const struct vm_state *s, int actor)
{
	static const char tokens[] = { [PTE_ZERO] = 'z', [PTE_SWAP] = 'S', [PTE_GUARD] = 'g' };

	fprintf(f, " T p%d", actor);
	for (int i = 0; i < p->pages; i++) {
		const struct vm_pte *pte = &s->space[actor].pte[i];

		if (pte->kind >= PTE_ANON)
			fprintf(f, " %d:%c%ux%u%s", i, pte->kind == PTE_ANON ? 'a' : 'f', pte->class,
				pte->mapcount, pte->exclusive ? "!" : "");
		else if (pte->kind != PTE_NONE)
			fprintf(f, " %d:%c", i, tokens[pte->kind]);
	}
}

void vm_file_print(FILE *f, const struct vm_state *s, int file)
{
	const struct vm_file_state *fs = &s->file[file];
	int pages = (int)((fs->size + PROG_PAGE - 1) / PROG_PAGE);

	fprintf(f, " F f%d size=%u pages=%u data=", file, fs->size, fs->pages);
	for (int i = 0; i < pages; i++)
		fprintf(f, "%02x%02x", fs->data[i][0], fs->data[i][1]);
}

static void print_state(FILE *f, const struct vm_prog *p, const struct vm_state *s)
{
	for (int a = 0; a < PROG_MAX_ACTORS; a++) {
		if (!s->space[a].alive)
			continue;
		vm_areas_print(f, s, a, false);
		fputc('\n', f);
		vm_ptes_print(f, p, s, a);
		fputc('\n', f);
	}
	for (int k = 0; k < p->files; k++) {
		vm_file_print(f, s, k);
		fputc('\n', f);
	}
}

void vm_log_print(FILE *f, const struct vm_log *log)
{
	fprintf(f, "prog %s\n", log->prog->id);
	for (int i = 0; i < log->nr_results; i++) {
		vm_result_print(f, log->prog, i, &log->result[i]);
		fputc('\n', f);
		if (log->detail && i < log->nr_states)
			print_state(f, log->prog, &log->state[i]);
	}
	if (log->nr_states && (!log->detail || !log->nr_results))
		print_state(f, log->prog, &log->state[log->nr_states - 1]);
	if (log->violation.oracle[0])
		fprintf(f, "violation %s: %s\n", log->violation.oracle, log->violation.message);
	fputs("end\n", f);
}
