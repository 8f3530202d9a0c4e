// SPDX-License-Identifier: MIT
/*
 * simulator_calls.c - a program's calls as system calls of the simulated kernel
 */
#include <string.h>

#include "hw/mmu.h"
#include "kernel/sys.h"
#include "mm/filemap.h"
#include "mm/mm.h"
#include "prog/simulator_machine.h"

/* Not every machine has every call: one that is not linked in is not offered. */
#pragma weak sys_mremap
#pragma weak sys_mprotect
#pragma weak sys_madvise
#pragma weak sys_msync
#pragma weak sys_mlock
#pragma weak sys_munlock
#pragma weak sys_mincore
#pragma weak sys_fallocate
#pragma weak sys_pread
#pragma weak sys_pwrite
#pragma weak sys_process_vm_read
#pragma weak sys_process_vm_write
#pragma weak sys_poke
#pragma weak sys_vmsplice
#pragma weak sys_pipe_read

/* This CPU's. */
static unsigned long scratch(void)
{
	return SIM_SCRATCH + (unsigned long)smp_processor_id() * PAGE_SIZE;
}

uint64_t sim_calls(void)
{
	const struct {
		enum prog_call call;
		bool there;
	} calls[] = {
		{ CALL_MMAP, true },
		{ CALL_MUNMAP, true },
		{ CALL_MPROTECT, sys_mprotect },
		{ CALL_MSYNC, sys_msync },
		{ CALL_MLOCK, sys_mlock },
		{ CALL_MUNLOCK, sys_munlock },
		{ CALL_MINCORE, sys_mincore },
		{ CALL_MREMAP, sys_mremap },
		{ CALL_MADVISE, sys_madvise },
		{ CALL_GUARD, sys_madvise },
		{ CALL_UNGUARD, sys_madvise },
		{ CALL_RD, true },
		{ CALL_WR, true },
		{ CALL_PREAD, sys_pread },
		{ CALL_PWRITE, sys_pwrite },
		{ CALL_FTRUNC, true },
		{ CALL_PUNCH, sys_fallocate },
		{ CALL_FORK, true },
		{ CALL_EXIT, true },
		{ CALL_PVR, sys_process_vm_read },
		{ CALL_PVW, sys_process_vm_write },
		{ CALL_POKE, sys_poke },
		{ CALL_VMS, sys_vmsplice },
		{ CALL_PIP, sys_pipe_read },
	};
	uint64_t all = 0;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		all |= (uint64_t)calls[i].there << calls[i].call;
	return all;
}

/* ---- numbers -------------------------------------------------------------------------------------------------- */

static unsigned long prot_of(int word)
{
	return (word == PROT_WORD_R || word == PROT_WORD_RW ? PROT_READ : 0) |
	       (word == PROT_WORD_W || word == PROT_WORD_RW ? PROT_WRITE : 0);
}

static const int advice_of[NR_ADVICES] = {
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

/* ---- calls: => what the system call returns --------------------------------------------------------------------- */

static long do_mmap_call(struct sim_run *run, const struct vm_op *op)
{
	static const unsigned long how[NR_MAP_HOWS] = { MAP_FIXED, MAP_FIXED | MAP_POPULATE,
							MAP_FIXED_NOREPLACE };
	const int32_t *a = op->arg;
	unsigned long flags = how[a[MMAP_HOW]] | (a[MMAP_SHARE] == SHARE_PRIV ? MAP_PRIVATE : MAP_SHARED);
	struct file *file = a[MMAP_SRC] == SRC_ANON ? NULL : run->file[a[MMAP_SRC] - SRC_F0];

	return sys_mmap(sim_address(a[MMAP_PAGE]), (unsigned long)a[MMAP_COUNT] * PAGE_SIZE,
			prot_of(a[MMAP_PROT]), flags | (file ? 0 : MAP_ANONYMOUS), file,
			(unsigned long)a[MMAP_FILE_PAGE]);
}

static long do_mremap_call(const struct vm_op *op)
{
	static const unsigned long how[NR_MOVE_HOWS] = { 0, MREMAP_MAYMOVE | MREMAP_FIXED,
							 MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP };
	const int32_t *a = op->arg;

	return sys_mremap(sim_address(a[MREMAP_PAGE]), (unsigned long)a[MREMAP_COUNT] * PAGE_SIZE,
			  (unsigned long)a[MREMAP_NEW_COUNT] * PAGE_SIZE, how[a[MREMAP_HOW]],
			  sim_address(a[MREMAP_DST]));
}

static long do_file_call(struct sim_run *run, const struct vm_op *op)
{
	const int32_t *a = op->arg;
	struct file *file = run->file[a[IO_FILE]];

	switch (op->call) {
	case CALL_FTRUNC:
		return sys_ftruncate(file, (unsigned long)a[FTRUNC_LENGTH]);
	case CALL_PUNCH:
		return sys_fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				     (unsigned long)a[PUNCH_PAGE] * PAGE_SIZE,
				     (unsigned long)a[PUNCH_COUNT] * PAGE_SIZE);
	case CALL_PREAD:
		return sys_pread(file, sim_address(a[IO_PAGE]), (size_t)a[IO_LENGTH],
				 (unsigned long)a[IO_FILE_PAGE] * PAGE_SIZE);
	default:
		return sys_pwrite(file, sim_address(a[IO_PAGE]), (size_t)a[IO_LENGTH],
				  (unsigned long)a[IO_FILE_PAGE] * PAGE_SIZE);
	}
}

static long do_mincore_call(const struct vm_op *op, struct vm_result *r)
{
	u8 vec[PROG_MAX_PAGES] = { 0 };
	long ret = sys_mincore(sim_address(op->arg[RANGE_PAGE]),
			       (unsigned long)op->arg[RANGE_COUNT] * PAGE_SIZE, vec);

	if (ret)
		return ret;
	r->nr_bits = (uint8_t)op->arg[RANGE_COUNT];
	for (int i = 0; i < r->nr_bits; i++)
		r->bits |= (uint64_t)(vec[i] & 1) << i;
	return 0;
}

static long do_range_call(const struct vm_op *op, struct vm_result *r)
{
	unsigned long start = sim_address(op->arg[RANGE_PAGE]);
	unsigned long len = (unsigned long)op->arg[RANGE_COUNT] * PAGE_SIZE;

	switch (op->call) {
	case CALL_MUNMAP:
		return sys_munmap(start, len);
	case CALL_MPROTECT:
		return sys_mprotect(start, len, prot_of(op->arg[RANGE_WORD]));
	case CALL_MSYNC:
		return sys_msync(start, len, MS_SYNC);
	case CALL_MLOCK:
		return sys_mlock(start, len);
	case CALL_MUNLOCK:
		return sys_munlock(start, len);
	case CALL_MADVISE:
		return sys_madvise(start, len, advice_of[op->arg[RANGE_WORD]]);
	case CALL_GUARD:
		return sys_madvise(start, len, MADV_GUARD_INSTALL);
	case CALL_UNGUARD:
		return sys_madvise(start, len, MADV_GUARD_REMOVE);
	default:
		return do_mincore_call(op, r);
	}
}

static long do_process_call(struct sim_run *run, const struct vm_op *op)
{
	struct mm_struct *mm = run->mm[op->arg[OTHER_ACTOR]];
	unsigned long remote = sim_address(op->arg[OTHER_PAGE]);
	u8 byte = (u8)op->arg[OTHER_BYTE];

	switch (op->call) {
	case CALL_PVR:
		return sys_process_vm_read(mm, scratch(), remote, 1);
	case CALL_PVW:
		return sys_process_vm_write(mm, scratch(), remote, 1);
	default:
		return sys_poke(mm, remote, &byte, 1);
	}
}

static long do_fork_call(struct sim_run *run, const struct vm_op *op)
{
	int q = op->arg[OTHER_ACTOR];
	struct mm_struct *child;
	long ret = sys_fork(&child);

	write_lock(&run->tasklist);
	sync_ghost_begin(run, sizeof(*run));
	if (!ret)
		run->mm[q] = child;
	run->forked[q] = false;
	sync_ghost_end();
	write_unlock(&run->tasklist);
	return ret;
}

static long do_exit_call(struct sim_run *run, const struct vm_op *op)
{
	struct mm_struct *mm = run->mm[op->actor];

	write_lock(&run->tasklist);
	sync_ghost_begin(run, sizeof(*run));
	run->mm[op->actor] = NULL;
	sync_ghost_end();
	write_unlock(&run->tasklist);
	use_mm(current, NULL);
	process_exit(mm);
	return 0;
}

static long do_call(struct sim_run *run, const struct vm_op *op, struct vm_result *r)
{
	switch ((enum prog_call)op->call) {
	case CALL_MMAP:
		return do_mmap_call(run, op);
	case CALL_MREMAP:
		return do_mremap_call(op);
	case CALL_PREAD:
	case CALL_PWRITE:
	case CALL_FTRUNC:
	case CALL_PUNCH:
		return do_file_call(run, op);
	case CALL_FORK:
		return do_fork_call(run, op);
	case CALL_EXIT:
		return do_exit_call(run, op);
	case CALL_PVR:
	case CALL_PVW:
	case CALL_POKE:
		return do_process_call(run, op);
	case CALL_VMS:
		return sys_vmsplice(sim_address(op->arg[0]), 1);
	case CALL_PIP:
		return sys_pipe_read(scratch(), 1);
	default:
		return do_range_call(op, r);
	}
}

/* ---- accesses ------------------------------------------------------------------------------------------------------ */

static void signal_result(int signo, struct vm_result *r)
{
	unsigned long offset = current->fault_address - PROG_WINDOW;

	r->outcome = OUTCOME_SIGNAL;
	r->value = signo == SIGBUS		    ? SIGNAL_BUS_ADRERR :
		   current->sig_code == SEGV_ACCERR ? SIGNAL_SEGV_ACCERR :
						      SIGNAL_SEGV_MAPERR;
	r->page = (int32_t)(offset / PAGE_SIZE);
	r->offset = (uint16_t)(offset % PAGE_SIZE);
}

static void do_access(struct sim_run *run, const struct vm_op *op, struct vm_result *r)
{
	unsigned long addr = sim_address(op->arg[ACCESS_PAGE]) + (unsigned long)op->arg[ACCESS_OFFSET];
	const struct mm_struct *mm = run->mm[op->actor];
	bool write = op->call == CALL_WR;
	unsigned long before, after;
	u8 byte = (u8)op->arg[ACCESS_BYTE];
	bool was = sim_frame(mm, op->arg[ACCESS_PAGE], &before);
	int signo = write ? user_write(addr, &byte, 1) : user_read(addr, &byte, 1);

	if (signo) {
		signal_result(signo, r);
		return;
	}
	r->outcome = write ? OUTCOME_VALUE : OUTCOME_BYTE;
	r->value = write ? 0 : byte;
	if (!write)
		return;
	sim_frame(mm, op->arg[ACCESS_PAGE], &after);
	r->change = !was ? FRAME_NEW : before == after ? FRAME_SAME : FRAME_COPY;
}

/* ---- results --------------------------------------------------------------------------------------------------------- */

static bool through_scratch(int call)
{
	return call == CALL_PVR || call == CALL_PVW || call == CALL_PIP;
}

/* Before the call's faults are counted: those of the scratch page are not the call's. */
static bool touch_scratch(const struct vm_op *op)
{
	u8 byte = op->call == CALL_PVW ? (u8)op->arg[OTHER_BYTE] : 0;

	return !through_scratch(op->call) || !user_write(scratch(), &byte, 1);
}

/* There is no memory for the page that the call goes through. */
static void no_scratch(struct vm_result *r)
{
	r->outcome = OUTCOME_ERROR;
	r->value = ENOMEM;
}

static void value_result(const struct vm_op *op, long ret, struct vm_result *r)
{
	u8 byte = 0;

	if (ret < 0) {
		r->outcome = OUTCOME_ERROR;
		r->value = (int32_t)-ret;
		return;
	}
	r->outcome = OUTCOME_VALUE;
	r->value = (int32_t)ret;
	if (op->call == CALL_MMAP || op->call == CALL_MREMAP)
		r->value = (int32_t)(((unsigned long)ret - PROG_WINDOW) / PAGE_SIZE);
	if (op->call != CALL_PVR && op->call != CALL_PIP)
		return;
	if (user_read(scratch(), &byte, 1)) {
		no_scratch(r);
		return;
	}
	r->outcome = OUTCOME_BYTE;
	r->value = byte;
}

void sim_call(struct sim_run *run, const struct vm_op *op, struct vm_result *r)
{
	bool access = op->call == CALL_RD || op->call == CALL_WR;
	u32 mtime[PROG_MAX_FILES];
	unsigned long faults;
	long ret = 0;

	if (current->mm != run->mm[op->actor])
		use_mm(current, run->mm[op->actor]);
	for (int k = 0; k < run->prog->files; k++)
		mtime[k] = READ_ONCE(run->file[k]->f_inode->i_mtime);
	if (!touch_scratch(op)) {
		no_scratch(r);
		return;
	}
	faults = current->min_flt + current->maj_flt;
	if (access)
		do_access(run, op, r);
	else
		ret = do_call(run, op, r);
	r->has_faults = op->call != CALL_FORK && op->call != CALL_EXIT && op->call != CALL_POKE;
	if (r->has_faults)
		r->faults = (uint32_t)(current->min_flt + current->maj_flt - faults);
	if (!access)
		value_result(op, ret, r);
	for (int k = 0; k < run->prog->files; k++)
		if (mtime[k] != READ_ONCE(run->file[k]->f_inode->i_mtime))
			r->mtime |= (uint8_t)(1 << k);
}

/* => from here on nobody else forks q, unless it must not be forked */
static bool may_fork(struct sim_run *run, int q)
{
	bool may;

	write_lock(&run->tasklist);
	may = !run->mm[q] && !run->forked[q];
	sync_ghost_begin(run, sizeof(*run));
	if (may)
		run->forked[q] = true;
	sync_ghost_end();
	write_unlock(&run->tasklist);
	return may;
}

static bool lives(struct sim_run *run, int actor, bool look)
{
	bool is;

	if (look)
		read_lock(&run->tasklist);
	is = run->mm[actor] != NULL;
	if (look)
		read_unlock(&run->tasklist);
	return is;
}

void sim_try(struct sim_run *run, const struct vm_op *op, bool look, struct vm_result *r)
{
	int other = prog_other(op);

	if (!lives(run, op->actor, look))
		r->outcome = OUTCOME_DEAD;
	else if (other >= 0 && !(op->call == CALL_FORK ? may_fork(run, other) : lives(run, other, look)))
		r->outcome = OUTCOME_SKIP;
	else
		sim_call(run, op, r);
}
