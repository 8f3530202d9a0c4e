// SPDX-License-Identifier: MIT
/*
 * words.c - the words of VM programs: calls, their arguments, and what an argument may be
 */
#include <string.h>

#include "prog/prog.h"

#define NR(a) ((int)(sizeof(a) / sizeof((a)[0])))

static const struct prog_spec specs[NR_CALLS] = {
	[CALL_MMAP] = { "mmap",
			{ ARG_PAGE, ARG_COUNT, ARG_PROT, ARG_SHARE, ARG_SRC, ARG_FILE_PAGE, ARG_MAP_HOW } },
	[CALL_MUNMAP] = { "munmap", { ARG_PAGE, ARG_COUNT } },
	[CALL_MPROTECT] = { "mprotect", { ARG_PAGE, ARG_COUNT, ARG_PROT } },
	[CALL_MSYNC] = { "msync", { ARG_PAGE, ARG_COUNT } },
	[CALL_MLOCK] = { "mlock", { ARG_PAGE, ARG_COUNT } },
	[CALL_MUNLOCK] = { "munlock", { ARG_PAGE, ARG_COUNT } },
	[CALL_MINCORE] = { "mincore", { ARG_PAGE, ARG_COUNT } },
	[CALL_MREMAP] = { "mremap", { ARG_PAGE, ARG_COUNT, ARG_COUNT, ARG_MOVE_HOW, ARG_PAGE } },
	[CALL_MADVISE] = { "madvise", { ARG_PAGE, ARG_COUNT, ARG_ADVICE } },
	[CALL_RD] = { "rd", { ARG_PAGE, ARG_OFFSET } },
	[CALL_WR] = { "wr", { ARG_PAGE, ARG_OFFSET, ARG_BYTE } },
	[CALL_PREAD] = { "pread", { ARG_FILE, ARG_FILE_PAGE, ARG_PAGE, ARG_LENGTH } },
	[CALL_PWRITE] = { "pwrite", { ARG_FILE, ARG_FILE_PAGE, ARG_PAGE, ARG_LENGTH } },
	[CALL_FTRUNC] = { "ftrunc", { ARG_FILE, ARG_LENGTH } },
	[CALL_PUNCH] = { "punch", { ARG_FILE, ARG_FILE_PAGE, ARG_COUNT } },
	[CALL_FORK] = { "fork", { ARG_ACTOR } },
	[CALL_EXIT] = { "exit", { ARG_NONE } },
	[CALL_PVR] = { "pvr", { ARG_ACTOR, ARG_PAGE } },
	[CALL_PVW] = { "pvw", { ARG_ACTOR, ARG_PAGE, ARG_BYTE } },
	[CALL_POKE] = { "poke", { ARG_ACTOR, ARG_PAGE, ARG_BYTE } },
	[CALL_VMS] = { "vms", { ARG_PAGE } },
	[CALL_PIP] = { "pip", { ARG_NONE } },
	[CALL_GUARD] = { "guard", { ARG_PAGE, ARG_COUNT } },
	[CALL_UNGUARD] = { "unguard", { ARG_PAGE, ARG_COUNT } },
	[CALL_PIN] = { "pin", { ARG_PIN, ARG_PAGE, ARG_COUNT } },
	[CALL_UNPIN] = { "unpin", { ARG_PIN } },
	[CALL_DIO] = { "dio", { ARG_PAGE } },
};

static const char *const prots[NR_PROT_WORDS] = { "none", "r", "w", "rw" };
static const char *const shares[NR_SHARES] = { "priv", "shared" };
static const char *const srcs[NR_SRCS] = { "anon", "f0", "f1" };
static const char *const map_hows[NR_MAP_HOWS] = { "fixed", "populate", "noreplace" };
static const char *const move_hows[NR_MOVE_HOWS] = { "inplace", "fixed", "dontunmap" };
static const char *const advices[NR_ADVICES] = {
	[ADVICE_DONTNEED] = "dontneed",
	[ADVICE_FREE] = "free",
	[ADVICE_DONTFORK] = "dontfork",
	[ADVICE_DOFORK] = "dofork",
	[ADVICE_WIPEONFORK] = "wipeonfork",
	[ADVICE_KEEPONFORK] = "keeponfork",
	[ADVICE_POPULATE_READ] = "populate_read",
	[ADVICE_POPULATE_WRITE] = "populate_write",
	[ADVICE_REMOVE] = "remove",
	[ADVICE_WILLNEED] = "willneed",
	[ADVICE_RANDOM] = "random",
	[ADVICE_PAGEOUT] = "pageout",
};
const char *const prog_claim_words[NR_CLAIMS] = { "expect", "never", "sometimes" };

const struct prog_spec *prog_spec(enum prog_call call)
{
	return &specs[call];
}

int prog_nr_args(enum prog_call call)
{
	int n = 0;

	while (n < PROG_MAX_ARGS && specs[call].arg[n] != ARG_NONE)
		n++;
	return n;
}

int prog_words(enum prog_arg arg, const char *const **words)
{
	static const struct {
		const char *const *words;
		int nr;
	} table[NR_ARGS] = {
		[ARG_PROT] = { prots, NR(prots) },
		[ARG_SHARE] = { shares, NR(shares) },
		[ARG_SRC] = { srcs, NR(srcs) },
		[ARG_MAP_HOW] = { map_hows, NR(map_hows) },
		[ARG_MOVE_HOW] = { move_hows, NR(move_hows) },
		[ARG_ADVICE] = { advices, NR(advices) },
	};

	*words = table[arg].words;
	return table[arg].nr;
}

void prog_range(const struct vm_prog *p, enum prog_arg arg, int32_t *min, int32_t *max)
{
	*min = 0;
	switch (arg) {
	case ARG_PAGE:
		*max = p->pages;
		break;
	case ARG_COUNT:
		*max = PROG_MAX_PAGES;
		break;
	case ARG_OFFSET:
		*max = PROG_PAGE - 1;
		break;
	case ARG_BYTE:
		*max = 255;
		break;
	case ARG_FILE:
		*max = p->files - 1;
		break;
	case ARG_FILE_PAGE:
		*max = PROG_MAX_FILE_PAGES;
		break;
	case ARG_LENGTH:
		*max = PROG_MAX_FILE_PAGES * PROG_PAGE;
		break;
	case ARG_ACTOR:
		*max = PROG_MAX_ACTORS - 1;
		break;
	case ARG_PIN:
		*max = PROG_MAX_PINS - 1;
		break;
	default: { /* a word */
		const char *const *words;

		*max = prog_words(arg, &words) - 1;
		break;
	}
	}
}

/* => the argument that leaves the window or the file, or -1 */
static int check_extent(const struct vm_prog *p, const struct vm_op *op, const char **what)
{
	const int32_t *a = op->arg;

	*what = "the call would reach outside of the window: pages= is too small, or the range too long";
	switch (op->call) {
	case CALL_MMAP:
		if (a[MMAP_PAGE] + a[MMAP_COUNT] > p->pages)
			return MMAP_COUNT;
		*what = "no such file: files= says how many there are";
		return a[MMAP_SRC] > p->files ? MMAP_SRC : -1;
	case CALL_MREMAP:
		if (a[MREMAP_HOW] == MOVE_INPLACE && a[MREMAP_PAGE] + a[MREMAP_NEW_COUNT] > p->pages)
			return MREMAP_NEW_COUNT;
		if (a[MREMAP_HOW] != MOVE_INPLACE && a[MREMAP_DST] + a[MREMAP_NEW_COUNT] > p->pages)
			return MREMAP_DST;
		return -1;
	case CALL_PREAD:
	case CALL_PWRITE:
		*what = "the file would be longer than a file may become (64 pages)";
		if (a[IO_FILE_PAGE] * PROG_PAGE + a[IO_LENGTH] > PROG_MAX_FILE_PAGES * PROG_PAGE)
			return IO_LENGTH;
		return -1;
	default:
		return -1;
	}
}

bool prog_check(const struct vm_prog *p, const struct vm_op *op, int *arg, char *err, size_t n)
{
	const struct prog_spec *s = &specs[op->call];
	const char *what;
	int32_t min, max;

	for (int i = 0; i < prog_nr_args((enum prog_call)op->call); i++) {
		*arg = i;
		prog_range(p, s->arg[i], &min, &max);
		if (op->arg[i] >= min && op->arg[i] <= max)
			continue;
		if (max < min)
			snprintf(err, n, "no such file: the program has none (files=0x0)");
		else
			snprintf(err, n, "%d is not from %d to %d", op->arg[i], min, max);
		return false;
	}
	*arg = check_extent(p, op, &what);
	if (*arg < 0)
		return true;
	snprintf(err, n, "%s", what);
	return false;
}

bool prog_is_concurrent(const struct vm_prog *p)
{
	for (int i = 0; i < p->nr_ops; i++)
		if (p->op[i].block)
			return true;
	return false;
}

int prog_other(const struct vm_op *op)
{
	switch (op->call) {
	case CALL_FORK:
	case CALL_PVR:
	case CALL_PVW:
	case CALL_POKE:
		return op->arg[OTHER_ACTOR];
	default:
		return -1;
	}
}

int prog_check_blocks(const struct vm_prog *p)
{
	for (int i = 0; i < p->nr_ops; i++) {
		const struct vm_op *exit = &p->op[i];

		if (exit->call != CALL_EXIT || !exit->block)
			continue;
		for (int k = 0; k < p->nr_ops; k++) {
			const struct vm_op *op = &p->op[k];

			if (op->block == exit->block && op->thread != exit->thread &&
			    (op->actor == exit->actor || prog_other(op) == exit->actor))
				return i;
		}
	}
	return -1;
}

uint64_t prog_calls(const struct vm_prog *p)
{
	uint64_t calls = 0;

	for (int i = 0; i < p->nr_ops; i++)
		calls |= 1ull << p->op[i].call;
	return calls;
}
