// SPDX-License-Identifier: MIT
/*
 * host.c - the coordinator of the host backend: from a program's calls to requests, and back to results
 *
 * Everything runs on one CPU, one process at a time: the order in which pages are allocated, drained and freed is then
 * the program's own. Actors are forked anew for every program, from a zygote that has next to no memory; files are
 * emptied and written again, 4 KiB at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "prog/host.h"

#define ANSWER_SECONDS 10 /* an actor that takes longer is stuck in the kernel, or stopped */

/* ---- requests ------------------------------------------------------------------------------------------- */

/* => 0; -1 and one line: slot's process is gone or silent */
static int wait_for(struct host *h, uint32_t *futex, int slot, char *err, size_t n)
{
	struct timespec most = { .tv_sec = ANSWER_SECONDS };
	int status;

	while (!__atomic_load_n(futex, __ATOMIC_ACQUIRE)) {
		if (!syscall(SYS_futex, futex, FUTEX_WAIT, 0, &most, NULL, 0) || errno == EAGAIN ||
		    errno == EINTR)
			continue;
		if (waitpid(h->actor[slot].pid, &status, WNOHANG) > 0) {
			snprintf(err, n,
				 "actor p%d ended with status %#x (host_actor.c:%d): not enough memory?",
				 slot, (unsigned)status, h->box->broken);
			h->actor[slot].pid = 0;
		} else {
			snprintf(err, n, "actor p%d does not answer for %d seconds: is it stopped?", slot,
				 ANSWER_SECONDS);
		}
		return -1;
	}
	return 0;
}

static int ask(struct host *h, int slot, char *err, size_t n)
{
	struct host_box *box = h->box;

	box->done = 0;
	__atomic_store_n(&box->asked[slot], 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &box->asked[slot], FUTEX_WAKE, 1, NULL, NULL, 0);
	return wait_for(h, &box->done, slot, err, n);
}

static void forget_pid(struct host *h, int slot)
{
	int status;

	if (!h->actor[slot].pid)
		return;
	while (waitpid(h->actor[slot].pid, &status, 0) < 0 && errno == EINTR)
		;
	h->actor[slot].pid = 0;
	host_forget(&h->actor[slot]);
}

static void kill_actor(struct host *h, int slot)
{
	if (h->actor[slot].pid)
		kill(h->actor[slot].pid, SIGKILL);
	forget_pid(h, slot);
}

/* => 0 and in *error 0 or why the kernel did not fork; -1 and one line */
static int fork_actor(struct host *h, int from, int to, int *error, char *err, size_t n)
{
	struct host_box *box = h->box;

	box->born = 0;
	box->asked[to] = 0;
	box->request = HOST_FORK;
	box->arg[0] = to;
	if (ask(h, from, err, n))
		return -1;
	*error = box->ret < 0 ? (int)-box->ret : 0;
	if (*error)
		return 0;
	h->actor[to].pid = (pid_t)box->ret;
	return wait_for(h, &box->born, to, err, n);
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

static int do_fork(struct host *h, const struct vm_op *op, struct vm_result *r, char *err, size_t n)
{
	int error;

	if (fork_actor(h, op->actor, op->arg[OTHER_ACTOR], &error, err, n))
		return -1;
	r->outcome = error ? OUTCOME_ERROR : OUTCOME_VALUE;
	r->value = error;
	return 0;
}

static void do_exit(struct host *h, int slot)
{
	struct host_box *box = h->box;

	box->request = HOST_EXIT;
	__atomic_store_n(&box->asked[slot], 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &box->asked[slot], FUTEX_WAKE, 1, NULL, NULL, 0);
	forget_pid(h, slot);
}

/* By the coordinator: the write takes the target's memory, and nothing of the actor that asks for it. */
static int do_poke(struct host *h, const struct vm_op *op, struct vm_result *r, char *err, size_t n)
{
	uint8_t byte = (uint8_t)op->arg[OTHER_BYTE];
	char path[32];
	ssize_t ret;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", h->actor[op->arg[OTHER_ACTOR]].pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		snprintf(err, n, "cannot open %s: %s", path, strerror(errno));
		return -1;
	}
	ret = pwrite(fd, &byte, 1, (off_t)host_address(op->arg[OTHER_PAGE]));
	r->outcome = ret < 0 ? OUTCOME_ERROR : OUTCOME_VALUE;
	r->value = ret < 0 ? errno : (int32_t)ret;
	close(fd);
	return 0;
}

static int do_request(struct host *h, const struct vm_op *op, struct vm_result *r, char *err, size_t n)
{
	bool store = op->call == CALL_WR && h->frames, was = false, is;
	uint64_t before = store ? host_frame(h, op->actor, op->arg[ACCESS_PAGE], &was) : 0, after;

	host_request(h, op);
	if (ask(h, op->actor, err, n) || host_result(h->box, op, r, err, n))
		return -1;
	if (!store || r->outcome != OUTCOME_VALUE)
		return 0;
	after = host_frame(h, op->actor, op->arg[ACCESS_PAGE], &is);
	r->change = !was ? FRAME_NEW : before == after ? FRAME_SAME : FRAME_COPY;
	return 0;
}

/* ---- mtime ------------------------------------------------------------------------------------------------------ */

static void set_mtimes(struct host *h)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1 } };

	for (int k = 0; k < h->prog->files; k++)
		if (!h->mtime_set[k])
			h->mtime_set[k] = !futimens(h->file[k], times);
}

static void test_mtimes(struct host *h, struct vm_result *r)
{
	struct stat st;

	for (int k = 0; k < h->prog->files; k++) {
		if (fstat(h->file[k], &st) || (st.st_mtim.tv_sec == 1 && !st.st_mtim.tv_nsec))
			continue;
		r->mtime |= (uint8_t)(1 << k);
		h->mtime_set[k] = false;
	}
}

static int host_op(struct vm_backend *b, const struct vm_op *op, struct vm_result *r, char *err, size_t n)
{
	struct host *h = (struct host *)b;
	int status = 0;

	set_mtimes(h);
	if (op->call == CALL_FORK)
		status = do_fork(h, op, r, err, n);
	else if (op->call == CALL_EXIT)
		do_exit(h, op->actor);
	else if (op->call == CALL_POKE)
		status = do_poke(h, op, r, err, n);
	else
		status = do_request(h, op, r, err, n);
	test_mtimes(h, r);
	return status;
}

/* ---- programs --------------------------------------------------------------------------------------------------- */

static int fill_file(struct host *h, int k, char *err, size_t n)
{
	uint8_t page[PROG_PAGE];

	h->mtime_set[k] = false;
	if (ftruncate(h->file[k], 0))
		goto failed;
	for (int j = 0; j < h->prog->file_pages; j++) {
		memset(page, 0x40 + 0x10 * k + j, sizeof(page));
		if (pwrite(h->file[k], page, sizeof(page), (off_t)j * PROG_PAGE) != (ssize_t)sizeof(page))
			goto failed;
	}
	return 0;
failed:
	snprintf(err, n, "cannot write a memory file: %s", strerror(errno));
	return -1;
}

static int host_begin(struct vm_backend *b, const struct vm_prog *p, bool detail, char *err, size_t n)
{
	struct host *h = (struct host *)b;
	int error;

	h->prog = p;
	for (int k = 0; k < p->files; k++)
		if (fill_file(h, k, err, n))
			return -1;
	if (fork_actor(h, HOST_ZYGOTE, 0, &error, err, n))
		return -1;
	if (!error)
		return 0;
	snprintf(err, n, "cannot fork an actor: %s: too many processes?", strerror(error));
	return -1;
}

static void host_end(struct vm_backend *b)
{
	struct host *h = (struct host *)b;
	char rest[256];

	for (int i = 0; i < PROG_MAX_ACTORS; i++)
		kill_actor(h, i);
	if (prog_calls(h->prog) & 1ull << CALL_VMS)
		while (read(h->pipe[0], rest, sizeof(rest)) > 0)
			;
}

/* ---- creating --------------------------------------------------------------------------------------------------- */

static int stay_on_this_cpu(struct host *h, char *err, size_t n)
{
	cpu_set_t one, *before = malloc(sizeof(*before));

	h->cpus = before;
	CPU_ZERO(&one);
	CPU_SET((unsigned)sched_getcpu(), &one);
	if (before && !sched_getaffinity(0, sizeof(*before), before) &&
	    !sched_setaffinity(0, sizeof(one), &one))
		return 0;
	snprintf(err, n, "cannot stay on one CPU: %s", strerror(errno));
	return -1;
}

static int open_files(struct host *h, char *err, size_t n)
{
	struct stat st;

	for (int k = 0; k < PROG_MAX_FILES; k++) {
		h->file[k] = memfd_create(k ? "f1" : "f0", MFD_CLOEXEC);
		if (h->file[k] < 0 || fstat(h->file[k], &st)) {
			snprintf(err, n, "cannot create a memory file: %s", strerror(errno));
			return -1;
		}
		h->inode[k] = st.st_ino;
	}
	if (!pipe2(h->pipe, O_NONBLOCK | O_CLOEXEC))
		return 0;
	snprintf(err, n, "cannot create a pipe: %s", strerror(errno));
	return -1;
}

/* Twice the size, so that a part of it is aligned: actors find their stack so. */
static int map_memory(struct host *h, char *err, size_t n)
{
	h->stack_mapped = 2 * HOST_STACK_SIZE;
	h->box = mmap(NULL, sizeof(*h->box), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	h->stack = mmap(NULL, h->stack_mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (h->box != MAP_FAILED && h->stack != MAP_FAILED)
		return 0;
	snprintf(err, n, "cannot map memory for the actors: %s", strerror(errno));
	return -1;
}

static int start_zygote(struct host *h, char *err, size_t n)
{
	uintptr_t stack = ((uintptr_t)h->stack + HOST_STACK_SIZE - 1) & ~(uintptr_t)(HOST_STACK_SIZE - 1);
	long pid;

	if (__rseq_size) {
		h->box->rseq = (unsigned long)__builtin_thread_pointer() + (unsigned long)__rseq_offset;
		h->box->rseq_len = __rseq_size < 32 ? 32 : __rseq_size;
	}
	pid = host_actor_start(h->box, (void *)stack);
	if (pid < 0) {
		snprintf(err, n, "cannot fork an actor: %s", strerror((int)-pid));
		return -1;
	}
	h->actor[HOST_ZYGOTE].pid = (pid_t)pid;
	return wait_for(h, &h->box->born, HOST_ZYGOTE, err, n);
}

static void host_destroy(struct vm_backend *b)
{
	struct host *h = (struct host *)b;

	for (int i = 0; i < HOST_SLOTS; i++)
		kill_actor(h, i);
	for (int k = 0; k < PROG_MAX_FILES; k++) {
		if (h->file[k] >= 0)
			close(h->file[k]);
		if (h->pipe[k] >= 0)
			close(h->pipe[k]);
	}
	if (h->kpagecount >= 0)
		close(h->kpagecount);
	if (h->box && h->box != MAP_FAILED)
		munmap(h->box, sizeof(*h->box));
	if (h->stack && h->stack != MAP_FAILED)
		munmap(h->stack, h->stack_mapped);
	if (h->cpus)
		sched_setaffinity(0, sizeof(cpu_set_t), h->cpus);
	free(h->cpus);
	free(h);
}

struct vm_backend *host_create(char *err, size_t n)
{
	struct host *h = calloc(1, sizeof(*h));

	if (!h) {
		snprintf(err, n, "out of memory");
		return NULL;
	}
	h->b = (struct vm_backend){ .name = "host",
				    .calls = ((1ull << NR_CALLS) - 1) &
					     ~(1ull << CALL_PIN | 1ull << CALL_UNPIN | 1ull << CALL_DIO),
				    .begin = host_begin,
				    .op = host_op,
				    .state = host_state,
				    .end = host_end,
				    .destroy = host_destroy };
	h->file[0] = h->file[1] = h->pipe[0] = h->pipe[1] = h->kpagecount = -1;
	for (int i = 0; i < HOST_SLOTS; i++)
		h->actor[i].pagemap = h->actor[i].maps = -1;
	if (stay_on_this_cpu(h, err, n) || open_files(h, err, n) || map_memory(h, err, n) ||
	    start_zygote(h, err, n) || host_state_probe(h, err, n)) {
		host_destroy(&h->b);
		return NULL;
	}
	return &h->b;
}
