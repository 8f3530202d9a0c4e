/* SPDX-License-Identifier: MIT */
/*
 * host_faults.c - will-it-scale's page faults, fork, munmap, mprotect and get_user_pages on the running kernel
 *
 * Files are memfds, the cheapest that the kernel has: a disk's file system would add its page_mkwrite. Huge pages are
 * kept out, as faults of 4 KiB pages are compared. get_user_pages_fast() is reached by vmsplice(), which takes a
 * reference to each page and puts it into a pipe; the pages are dropped by splicing them to /dev/null.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host_faults.h"

#define PAGE 4096ul
#define PIPE_PAGES 256ul

double bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench_faults: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* What the tasks of a run share, between processes too. */
struct shared {
	struct fault_run run;
	struct fault_count count;
	int arrived; /* atomic */
};

struct task {
	struct shared *s;
	int index;
};

static void pin(int task)
{
	cpu_set_t allowed, one;
	int n;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	n = task % CPU_COUNT(&allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed) || n--)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

static int file_of(const struct fault_run *r)
{
	char *bytes;
	int fd;

	if (r->shape == ANONYMOUS)
		return -1;
	fd = memfd_create("bench", 0);
	need(fd >= 0 && ftruncate(fd, (off_t)(r->pages * PAGE)) == 0, "memfd");
	bytes = mmap(NULL, r->pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	need(bytes != MAP_FAILED, "mmap of a file");
	memset(bytes, 1, r->pages * PAGE);
	munmap(bytes, r->pages * PAGE);
	return fd;
}

static char *map(const struct fault_run *r, int fd)
{
	int flags = r->shape == ANONYMOUS    ? MAP_PRIVATE | MAP_ANONYMOUS :
		    r->shape == PRIVATE_FILE ? MAP_PRIVATE :
					       MAP_SHARED;
	char *p = mmap(NULL, r->pages * PAGE, PROT_READ | PROT_WRITE, flags, fd, 0);

	need(p != MAP_FAILED, "mmap");
	madvise(p, r->pages * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static void iterate(const struct fault_run *r, int fd)
{
	char *p = map(r, fd);

	for (unsigned long i = 0; i < r->pages; i++)
		*(volatile unsigned long *)(p + i * PAGE) = i;
	need(munmap(p, r->pages * PAGE) == 0, "munmap");
}

static void wait_for_all(struct shared *s)
{
	__atomic_add_fetch(&s->arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&s->arrived, __ATOMIC_SEQ_CST) < s->run.tasks)
		sched_yield();
}

/* An iteration for warmth, then as many as the time has room for. */
static void *run_task(void *arg)
{
	struct task *t = arg;
	const struct fault_run *r = &t->s->run;
	int fd = file_of(r);
	double start, now;
	unsigned long n = 0;

	pin(t->index);
	iterate(r, fd);
	wait_for_all(t->s);
	start = bench_now();
	do {
		iterate(r, fd);
		n++;
		now = bench_now();
	} while (now < start + r->seconds);
	t->s->count.rate[t->index] = (double)(n * r->pages) / (now - start);
	if (fd >= 0)
		close(fd);
	return NULL;
}

static void run_processes(struct shared *s)
{
	pid_t pid[BENCH_MAX_TASKS];
	int status;

	for (int i = 0; i < s->run.tasks; i++) {
		struct task t = { s, i };

		pid[i] = fork();
		need(pid[i] >= 0, "fork");
		if (!pid[i]) {
			run_task(&t);
			_exit(0);
		}
	}
	for (int i = 0; i < s->run.tasks; i++)
		need(waitpid(pid[i], &status, 0) == pid[i] && status == 0, "a process");
}

static void run_threads(struct shared *s)
{
	pthread_t thread[BENCH_MAX_TASKS];
	struct task t[BENCH_MAX_TASKS];

	for (int i = 0; i < s->run.tasks; i++) {
		t[i] = (struct task){ s, i };
		need(pthread_create(&thread[i], NULL, run_task, &t[i]) == 0, "a thread");
	}
	for (int i = 0; i < s->run.tasks; i++)
		pthread_join(thread[i], NULL);
}

double host_faults(const struct fault_run *r)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double sum = 0;

	need(s != MAP_FAILED, "mmap");
	s->run = *r;
	(r->processes ? run_processes : run_threads)(s);
	for (int i = 0; i < r->tasks; i++)
		sum += s->count.rate[i];
	munmap(s, sizeof(*s));
	return sum;
}

/* ---- ranges ----------------------------------------------------------------------------------- */

static double time_fork(void)
{
	double start = bench_now(), end;
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	end = bench_now();
	need(pid > 0 && waitpid(pid, &status, 0) == pid, "fork");
	return end - start;
}

static double time_gup(char *p, unsigned long pages)
{
	int pipes[2], null = open("/dev/null", O_WRONLY);
	double start;

	need(null >= 0 && pipe(pipes) == 0, "pipe");
	need(fcntl(pipes[1], F_SETPIPE_SZ, (int)(PIPE_PAGES * PAGE)) >= 0, "F_SETPIPE_SZ");
	start = bench_now();
	for (unsigned long i = 0; i < pages; i += PIPE_PAGES) {
		struct iovec v = { p + i * PAGE, PIPE_PAGES * PAGE };

		need(vmsplice(pipes[1], &v, 1, 0) == (ssize_t)v.iov_len, "vmsplice");
		need(splice(pipes[0], NULL, null, NULL, v.iov_len, 0) == (ssize_t)v.iov_len, "splice");
	}
	start = bench_now() - start;
	close(pipes[0]);
	close(pipes[1]);
	close(null);
	return start;
}

double host_range(enum range_op op, unsigned long pages)
{
	const struct fault_run r = { .shape = ANONYMOUS, .pages = pages };
	char *p = map(&r, -1);
	double start, seconds;

	for (unsigned long i = 0; i < pages; i++)
		*(volatile unsigned long *)(p + i * PAGE) = i;
	start = bench_now();
	if (op == OP_FORK)
		seconds = time_fork();
	else if (op == OP_GUP)
		seconds = time_gup(p, pages);
	else if (op == OP_MPROTECT) {
		need(mprotect(p, pages * PAGE, PROT_READ) == 0, "mprotect");
		seconds = bench_now() - start;
	} else {
		munmap(p, pages * PAGE);
		return bench_now() - start;
	}
	munmap(p, pages * PAGE);
	return seconds;
}
