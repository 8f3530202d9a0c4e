/* SPDX-License-Identifier: MIT */
/*
 * machine.c - threads that live as long as their machine, and rounds
 *
 * Each task has a thread, and RCU's callbacks have one. Between rounds they are parked on m->start. In a
 * round a thread passes the barrier, so that all tasks begin at once, runs its task and parks again: an actor
 * when it returns, a device when the round is torn down, which makes it leave the wait that it is in by
 * longjmp. What it held then is of no interest: the next round starts from the snapshot. Its gate and its RCU
 * read side are outside the arena, and given up.
 *
 * M1: between rounds every thread is parked and m->nr_actors and m->nr_devices are 0.
 */
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "native/internal.h"

#define BARRIER_SPINS 200 /* between yields */

#if NATIVE_TSAN
int native_fence;
#endif

double native_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- violations --------------------------------------------------------------------------------- */

void sync_violation(const char *oracle, const char *fmt, ...)
{
	struct native_thread *t = self_thread();
	struct engine_violation *v = &t->m->violation;
	va_list ap;

	va_start(ap, fmt);
	pthread_mutex_lock(&t->m->violation_lock);
	if (!v->oracle[0]) {
		snprintf(v->oracle, sizeof(v->oracle), "%s", oracle);
		vsnprintf(v->message, sizeof(v->message), fmt, ap);
		v->task = t == &t->m->host ? -1 : (int)(t - t->m->thread);
		v->step = 0;
	}
	pthread_mutex_unlock(&t->m->violation_lock);
	__atomic_store_n(&t->m->violated, 1, __ATOMIC_RELEASE);
	va_end(ap);
}

/* ---- a thread ----------------------------------------------------------------------------------- */

/*
 * All tasks of a round begin when the last of them has come. A set-up is the last, and comes when it first
 * waits or returns: devices are to find what it has set up by then.
 */
static void barrier_wait(struct native_machine *m)
{
	__atomic_add_fetch(&m->arrived, 1, __ATOMIC_ACQ_REL);
	for (unsigned n = 1; __atomic_load_n(&m->arrived, __ATOMIC_ACQUIRE) < m->expected; n++) {
		native_leave_if_stopped();
		if (n % BARRIER_SPINS)
			__builtin_ia32_pause();
		else
			sched_yield();
	}
}

void native_arrive(struct native_thread *t)
{
	if (!t->late)
		return;
	t->late = false;
	__atomic_add_fetch(&t->m->arrived, 1, __ATOMIC_ACQ_REL);
}

static void run_once(struct native_thread *t)
{
	if (_setjmp(t->base) == 0) {
		if (!t->late)
			barrier_wait(t->m);
		t->run(t->arg);
		native_arrive(t);
		if (t->task.rcu_depth)
			sync_violation("rcu-misuse", "%s returned inside a read side", t->task.name);
		if (t->task.irq_depth)
			sync_violation("irqs-off", "%s returned with interrupts off", t->task.name);
	}
	if (t->task.rcu_depth)
		native_rcu_exit();
	native_says_wait(NULL, NULL, NULL);
}

static void *thread_main(void *arg)
{
	struct native_thread *t = arg;
	struct native_machine *m = t->m;

	native_self = &t->task;
	native_urcu_register();
	pthread_mutex_lock(&m->lock);
	for (;;) {
		while (!t->go && !t->exit)
			pthread_cond_wait(&m->start, &m->lock);
		if (t->exit)
			break;
		t->go = false;
		pthread_mutex_unlock(&m->lock);
		run_once(t);
		pthread_mutex_lock(&m->lock);
		t->parked = true;
		if (--*(t->device ? &m->nr_devices : &m->nr_actors) == 0)
			pthread_cond_signal(&m->done);
	}
	pthread_mutex_unlock(&m->lock);
	native_urcu_unregister();
	return NULL;
}

/* Actors are spread over the CPUs that this process may use; devices go where there is room. */
static void pin(pthread_t thread, int actor)
{
	cpu_set_t allowed, one;
	int n;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	n = actor % CPU_COUNT(&allowed);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed) || n--)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		pthread_setaffinity_np(thread, sizeof(one), &one);
		return;
	}
}

/* ---- a machine ---------------------------------------------------------------------------------- */

/* Task i runs on CPU i; RCU's callbacks run on CPU 0, beside its task. */
static int home_cpu(const struct native_machine *m, const struct native_thread *t)
{
	int i = (int)(t - m->thread);

	return i < m->nr_tasks ? i : 0;
}

static void init_memory_of(const struct native_machine *m, struct native_task *task)
{
	task->arena = m->arena;
	task->size = m->size;
	task->page_poison = m->page_poison;
}

static void init_thread(struct native_machine *m, int i, const struct native_options *o)
{
	static const struct engine_task rcu = { .name = "rcu", .kind = ENGINE_DEVICE };
	struct native_thread *t = &m->thread[i];
	const struct engine_task *task = i < m->nr_tasks ? &m->p->tasks[i] : &rcu;

	t->m = m;
	t->device = task->kind == ENGINE_DEVICE;
	t->run = i < m->nr_tasks ? task->run : rcu_thread_run;
	t->arg = i < m->nr_tasks ? task->arg : m;
	t->parked = true;
	t->bucket = -1;
	t->random = (o->seed + 1) * 0x9e3779b97f4a7c15ull ^ (u64)(i + 1) << 32;
	init_memory_of(m, &t->task);
	t->task.name = task->name;
	t->task.id = (u32)i + 1;
	t->task.cpu = home_cpu(m, t);
	t->task.gate = &m->gate[t->task.cpu].shut;
	t->task.perturb = o->perturb;
	t->task.unwatched = o->unwatched;
}

static void init_host(struct native_machine *m)
{
	struct native_thread *t = &m->host;

	t->m = m;
	t->bucket = -1;
	init_memory_of(m, &t->task);
	t->task.name = "check";
	t->task.id = NATIVE_MAX_THREADS + 1;
	t->task.gate = &m->gate[0].shut;
	t->task.alone = true;
}

static void init_locks(struct native_machine *m)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->violation_lock, NULL);
	pthread_cond_init(&m->start, NULL);
	pthread_cond_init(&m->done, &attr);
	pthread_condattr_destroy(&attr);
	park_init(m);
}

static int count_cpus(const struct engine_program *p, char *err, size_t n)
{
	int cpus = 0;

	for (int i = 0; i < p->nr_tasks; i++) {
		if (p->tasks[i].kind != ENGINE_ACTOR)
			continue;
		if (cpus++ != i) {
			snprintf(err, n, "%s: actors come before devices", p->name);
			return -1;
		}
	}
	if (p->nr_tasks < 1 || p->nr_tasks > NATIVE_MAX_TASKS) {
		snprintf(err, n, "%s: %d tasks: 1 to %d", p->name, p->nr_tasks, NATIVE_MAX_TASKS);
		return -1;
	}
	return cpus;
}

struct native_machine *machine_create(const struct engine_program *p, const struct native_options *o,
				      char *err, size_t n)
{
	int cpus = count_cpus(p, err, n);
	struct native_machine *m;

	if (cpus < 0)
		return NULL;
	m = aligned_alloc(NATIVE_CACHE_LINE, sizeof(*m));
	if (!m) {
		snprintf(err, n, "no memory for a machine");
		return NULL;
	}
	memset(m, 0, sizeof(*m));
	m->p = p;
	m->nr_tasks = p->nr_tasks;
	m->nr_cpus = cpus;
	m->no_image = o->no_image;
	m->poison_oracle[NATIVE_MAX_ORACLES + 1] = "use-after-free";
	if (memory_create(m, err, n)) {
		free(m);
		return NULL;
	}
	init_locks(m);
	init_host(m);
	for (int i = 0; i <= m->nr_tasks; i++) {
		init_thread(m, i, o);
		if (pthread_create(&m->thread[i].pthread, NULL, thread_main, &m->thread[i])) {
			snprintf(err, n, "cannot start a thread for %s", m->thread[i].task.name);
			machine_destroy(m);
			return NULL;
		}
		m->nr_threads++;
		if (!m->thread[i].device)
			pin(m->thread[i].pthread, i);
	}
	return m;
}

static bool all_parked(struct native_machine *m)
{
	bool all;

	pthread_mutex_lock(&m->lock);
	all = !m->nr_actors && !m->nr_devices;
	for (int i = 0; i < m->nr_threads; i++)
		m->thread[i].exit = true;
	pthread_cond_broadcast(&m->start);
	pthread_mutex_unlock(&m->lock);
	return all;
}

void machine_destroy(struct native_machine *m)
{
	bool parked = all_parked(m);

	for (int i = 0; i < m->nr_threads; i++) {
		if (parked)
			pthread_join(m->thread[i].pthread, NULL);
		else
			pthread_detach(m->thread[i].pthread);
	}
	if (!parked)
		return;
	park_destroy(m);
	pthread_cond_destroy(&m->start);
	pthread_cond_destroy(&m->done);
	pthread_mutex_destroy(&m->lock);
	pthread_mutex_destroy(&m->violation_lock);
	memory_destroy(m);
	free(m);
}

/* ---- a round ------------------------------------------------------------------------------------ */

static void ready_thread(struct native_machine *m, struct native_thread *t)
{
	t->task.data = NULL;
	t->task.gate_depth = t->task.irq_depth = t->task.rcu_depth = t->task.ghost_depth = 0;
	memset(t->task.reading, 0, sizeof(t->task.reading));
	t->task.cpu = home_cpu(m, t); /* a handler that was left had changed it */
	t->bucket = -1;
	t->asleep = 0; /* a wait that was called off had not ended */
	t->go = true;
	t->parked = false;
	m->expected++;
	++*(t->device ? &m->nr_devices : &m->nr_actors);
}

static void start_round(struct native_machine *m, bool setup)
{
	pthread_mutex_lock(&m->lock);
	m->violation.oracle[0] = '\0';
	m->violated = 0;
	__atomic_store_n(&m->stop, 0, __ATOMIC_SEQ_CST);
	m->arrived = m->expected = 0;
	m->rcu_queue = NULL;
	m->ghost_lock = 0;
	for (int i = 0; i < m->nr_tasks; i++)
		m->gate[i].shut = 0;
	for (int i = 0; i < m->nr_threads; i++)
		if (i == 0 || m->thread[i].device || !setup)
			ready_thread(m, &m->thread[i]);
	pthread_cond_broadcast(&m->start);
	pthread_mutex_unlock(&m->lock);
}

static enum native_end run_round(struct native_machine *m, bool setup, double bound)
{
	enum native_end end = NATIVE_OVER;

	start_round(m, setup);
	if (!watch_actors(m, bound) || !watch_devices(m, bound))
		end = watch_report_hang(m) ? NATIVE_HUNG : NATIVE_CALLED_OFF;
	return watch_stop(m) ? end : NATIVE_STUCK;
}

enum native_end machine_round(struct native_machine *m, double bound)
{
	return run_round(m, false, bound);
}

void machine_setup(struct native_machine *m, double bound)
{
	struct native_thread *t = &m->thread[0];

	if (!m->p->setup)
		return;
	t->task.name = "set-up";
	t->run = m->p->setup;
	t->arg = m->p->arg;
	t->late = true;
	run_round(m, true, bound);
	t->late = false;
	t->task.name = m->p->tasks[0].name;
	t->run = m->p->tasks[0].run;
	t->arg = m->p->tasks[0].arg;
}

void machine_check(struct native_machine *m)
{
	struct native_task *before = native_self;

	if (!m->p->check)
		return;
	native_self = &m->host.task;
	m->p->check(m->p->arg);
	native_self = before;
}
