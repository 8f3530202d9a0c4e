// SPDX-License-Identifier: MIT
/*
 * host_calls.c - a program's calls as bare system calls and accesses of an actor, and what they came to
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "prog/host.h"

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

/* ---- from a call to a request ----------------------------------------------------------------------------- */

static int prot_of(int word)
{
	return (word == PROT_WORD_R || word == PROT_WORD_RW ? PROT_READ : 0) |
	       (word == PROT_WORD_W || word == PROT_WORD_RW ? PROT_WRITE : 0);
}

static void request(struct host_box *box, long nr, long a, long b, long c, long d, long e, long f)
{
	box->request = HOST_SYSCALL;
	box->nr = nr;
	box->arg[0] = a;
	box->arg[1] = b;
	box->arg[2] = c;
	box->arg[3] = d;
	box->arg[4] = e;
	box->arg[5] = f;
}

static void request_range(struct host_box *box, long nr, const struct vm_op *op, long third)
{
	request(box, nr, (long)host_address(op->arg[RANGE_PAGE]), (long)op->arg[RANGE_COUNT] * PROG_PAGE,
		third, 0, 0, 0);
}

static void request_mmap(struct host *h, const struct vm_op *op)
{
	static const int how[NR_MAP_HOWS] = { MAP_FIXED, MAP_FIXED | MAP_POPULATE, MAP_FIXED_NOREPLACE };
	const int32_t *a = op->arg;
	int flags = how[a[MMAP_HOW]] | (a[MMAP_SHARE] == SHARE_PRIV ? MAP_PRIVATE : MAP_SHARED);
	int fd = a[MMAP_SRC] == SRC_ANON ? -1 : h->file[a[MMAP_SRC] - SRC_F0];

	request(h->box, SYS_mmap, (long)host_address(a[MMAP_PAGE]), (long)a[MMAP_COUNT] * PROG_PAGE,
		prot_of(a[MMAP_PROT]), flags | (fd < 0 ? MAP_ANONYMOUS : 0), fd,
		(long)a[MMAP_FILE_PAGE] * PROG_PAGE);
}

static void request_mremap(struct host_box *box, const struct vm_op *op)
{
	static const int how[NR_MOVE_HOWS] = { 0, MREMAP_MAYMOVE | MREMAP_FIXED,
					       MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP };
	const int32_t *a = op->arg;

	request(box, SYS_mremap, (long)host_address(a[MREMAP_PAGE]), (long)a[MREMAP_COUNT] * PROG_PAGE,
		(long)a[MREMAP_NEW_COUNT] * PROG_PAGE, how[a[MREMAP_HOW]], (long)host_address(a[MREMAP_DST]),
		0);
}

static void request_madvise(struct host_box *box, const struct vm_op *op)
{
	static const int advice[NR_ADVICES] = {
		[ADVICE_DONTNEED] = MADV_DONTNEED,
		[ADVICE_FREE] = MADV_FREE,
		[ADVICE_DONTFORK] = MADV_DONTFORK,
		[ADVICE_DOFORK] = MADV_DOFORK,
		[ADVICE_WIPEONFORK] = MADV_WIPEONFORK,
		[ADVICE_KEEPONFORK] = MADV_KEEPONFORK,
		[ADVICE_POPULATE_READ] = MADV_POPULATE_READ,
		[ADVICE_POPULATE_WRITE] = MADV_POPULATE_WRITE,
		[ADVICE_REMOVE] = MADV_REMOVE,
		[ADVICE_WILLNEED] = MADV_WILLNEED,
		[ADVICE_RANDOM] = MADV_RANDOM,
		[ADVICE_PAGEOUT] = MADV_PAGEOUT,
	};

	request_range(box, SYS_madvise, op, advice[op->arg[RANGE_WORD]]);
}

static void request_file(struct host *h, const struct vm_op *op)
{
	const int32_t *a = op->arg;
	int fd = h->file[a[IO_FILE]];

	switch (op->call) {
	case CALL_FTRUNC:
		request(h->box, SYS_ftruncate, fd, a[FTRUNC_LENGTH], 0, 0, 0, 0);
		break;
	case CALL_PUNCH:
		request(h->box, SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			(long)a[PUNCH_PAGE] * PROG_PAGE, (long)a[PUNCH_COUNT] * PROG_PAGE, 0, 0);
		break;
	default:
		request(h->box, op->call == CALL_PREAD ? SYS_pread64 : SYS_pwrite64, fd,
			(long)host_address(a[IO_PAGE]), a[IO_LENGTH], (long)a[IO_FILE_PAGE] * PROG_PAGE, 0,
			0);
		break;
	}
}

static void request_process_vm(struct host *h, const struct vm_op *op)
{
	struct host_box *box = h->box;
	bool write = op->call == CALL_PVW;

	box->byte = write ? (uint8_t)op->arg[OTHER_BYTE] : 0;
	box->local = (struct iovec){ &box->byte, 1 };
	box->remote = (struct iovec){ (void *)host_address(op->arg[OTHER_PAGE]), 1 };
	request(box, write ? SYS_process_vm_writev : SYS_process_vm_readv, h->actor[op->arg[OTHER_ACTOR]].pid,
		(long)&box->local, 1, (long)&box->remote, 1, 0);
}

static void request_access(struct host_box *box, const struct vm_op *op)
{
	box->request = op->call == CALL_RD ? HOST_LOAD : HOST_STORE;
	box->arg[0] = (long)host_address(op->arg[ACCESS_PAGE]) + op->arg[ACCESS_OFFSET];
	box->arg[1] = op->arg[ACCESS_BYTE];
}

void host_request(struct host *h, const struct vm_op *op)
{
	struct host_box *box = h->box;

	switch ((enum prog_call)op->call) {
	case CALL_MMAP:
		request_mmap(h, op);
		break;
	case CALL_MUNMAP:
		request_range(box, SYS_munmap, op, 0);
		break;
	case CALL_MPROTECT:
		request_range(box, SYS_mprotect, op, prot_of(op->arg[RANGE_WORD]));
		break;
	case CALL_MSYNC:
		request_range(box, SYS_msync, op, MS_SYNC);
		break;
	case CALL_MLOCK:
		request_range(box, SYS_mlock, op, 0);
		break;
	case CALL_MUNLOCK:
		request_range(box, SYS_munlock, op, 0);
		break;
	case CALL_MINCORE:
		request_range(box, SYS_mincore, op, (long)box->vec);
		break;
	case CALL_MREMAP:
		request_mremap(box, op);
		break;
	case CALL_MADVISE:
		request_madvise(box, op);
		break;
	case CALL_GUARD:
		request_range(box, SYS_madvise, op, MADV_GUARD_INSTALL);
		break;
	case CALL_UNGUARD:
		request_range(box, SYS_madvise, op, MADV_GUARD_REMOVE);
		break;
	case CALL_RD:
	case CALL_WR:
		request_access(box, op);
		break;
	case CALL_PVR:
	case CALL_PVW:
		request_process_vm(h, op);
		break;
	case CALL_VMS:
		box->local = (struct iovec){ (void *)host_address(op->arg[0]), 1 };
		request(box, SYS_vmsplice, h->pipe[1], (long)&box->local, 1, SPLICE_F_NONBLOCK, 0, 0);
		break;
	case CALL_PIP:
		request(box, SYS_read, h->pipe[0], (long)&box->byte, 1, 0, 0, 0);
		break;
	default:
		request_file(h, op);
		break;
	}
}

/* ---- from an answer to a result ---------------------------------------------------------------------------- */

static int signal_result(const struct host_fault *f, struct vm_result *r, char *err, size_t n)
{
	unsigned long offset = f->addr - PROG_WINDOW;

	if (f->signo == SIGSEGV && f->code == SEGV_MAPERR)
		r->value = SIGNAL_SEGV_MAPERR;
	else if (f->signo == SIGSEGV && f->code == SEGV_ACCERR)
		r->value = SIGNAL_SEGV_ACCERR;
	else if (f->signo == SIGBUS && f->code == BUS_ADRERR)
		r->value = SIGNAL_BUS_ADRERR;
	else {
		snprintf(err, n, "signal %d with code %d at %#lx: bad memory?", f->signo, f->code, f->addr);
		return -1;
	}
	r->outcome = OUTCOME_SIGNAL;
	r->page = (int32_t)(offset / PROG_PAGE);
	r->offset = (uint16_t)(offset % PROG_PAGE);
	return 0;
}

int host_result(const struct host_box *box, const struct vm_op *op, struct vm_result *r, char *err, size_t n)
{
	bool byte = op->call == CALL_RD || op->call == CALL_PVR || op->call == CALL_PIP;

	r->has_faults = true;
	r->faults = (uint32_t)box->faults;
	if (box->fault.signo)
		return signal_result(&box->fault, r, err, n);
	if (box->ret < 0) {
		r->outcome = OUTCOME_ERROR;
		r->value = (int32_t)-box->ret;
		return 0;
	}
	r->outcome = byte ? OUTCOME_BYTE : OUTCOME_VALUE;
	r->value = (int32_t)box->ret;
	if (op->call == CALL_PVR || op->call == CALL_PIP)
		r->value = box->byte;
	else if (op->call == CALL_MMAP || op->call == CALL_MREMAP)
		r->value = (int32_t)(((unsigned long)box->ret - PROG_WINDOW) / PROG_PAGE);
	else if (op->call == CALL_MINCORE) {
		r->nr_bits = (uint8_t)op->arg[RANGE_COUNT];
		for (int i = 0; i < r->nr_bits; i++)
			r->bits |= (uint64_t)(box->vec[i] & 1) << i;
	}
	return 0;
}
