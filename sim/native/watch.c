/* SPDX-License-Identifier: MIT */
/*
 * watch.c - a round from its start to its end, as the host sees it: done, idle, hung, torn down
 *
 * A round is over when every actor has returned and no device has work left. A device has none left when it
 * sleeps and nothing would wake it; since one device can give work to another that was looked at before, it
 * is idle only when two looks in a row found all of them asleep in the same waits.
 *
 * A round that hangs after a violation is the violation's: what follows one may do anything but crash. It is
 * called off soon, and the run goes on.
 */
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "native/internal.h"

#define SLICE_SECONDS 0.05	    /* between looks at a round that goes on */
#define AFTER_VIOLATION_SECONDS 0.2 /* a round goes on this long after a violation at the most */
#define STOP_SECONDS 5.0	    /* tasks that do not stop by then run without ever calling the ground */
#define YIELDS_BEFORE_SLEEP 100

/* Waits for a signal on m->done, or a while. => m->lock is held */
static void wait_done(struct native_machine *m, double seconds)
{
	double until = native_now() + seconds;
	struct timespec t = { .tv_sec = (time_t)until };

	t.tv_nsec = (long)((until - (double)t.tv_sec) * 1e9);
	pthread_cond_timedwait(&m->done, &m->lock, &t);
}

static double cut(struct native_machine *m, double deadline)
{
	double soon = native_now() + AFTER_VIOLATION_SECONDS;

	if (__atomic_load_n(&m->violated, __ATOMIC_ACQUIRE) && soon < deadline)
		return soon;
	return deadline;
}

/* => returns true when every actor has returned */
bool watch_actors(struct native_machine *m, double bound)
{
	double deadline = native_now() + bound, left;
	bool returned;

	pthread_mutex_lock(&m->lock);
	while (m->nr_actors) {
		deadline = cut(m, deadline);
		left = deadline - native_now();
		if (left <= 0)
			break;
		wait_done(m, left < SLICE_SECONDS ? left : SLICE_SECONDS);
	}
	returned = !m->nr_actors;
	pthread_mutex_unlock(&m->lock);
	return returned;
}

static bool is_parked(struct native_thread *t)
{
	bool parked;

	pthread_mutex_lock(&t->m->lock);
	parked = t->parked;
	pthread_mutex_unlock(&t->m->lock);
	return parked;
}

static bool devices_idle(struct native_machine *m, u64 seq[])
{
	for (int i = m->nr_cpus; i < m->nr_threads; i++) {
		struct native_thread *t = &m->thread[i];

		seq[i] = 0;
		if (!park_is_idle(t, &seq[i]) && !is_parked(t))
			return false;
	}
	return true;
}

static bool devices_stay_idle(struct native_machine *m)
{
	u64 seq[2][NATIVE_MAX_THREADS];

	if (!devices_idle(m, seq[0]) || !devices_idle(m, seq[1]))
		return false;
	for (int i = m->nr_cpus; i < m->nr_threads; i++)
		if (seq[0][i] != seq[1][i])
			return false;
	return true;
}

/* => returns true when no device has work left; the actors have returned */
bool watch_devices(struct native_machine *m, double bound)
{
	static const struct timespec nap = { .tv_nsec = 50000 };
	double deadline = native_now() + bound;

	for (unsigned n = 1; !devices_stay_idle(m); n++) {
		deadline = cut(m, deadline);
		if (native_now() >= deadline)
			return false;
		if (n < YIELDS_BEFORE_SLEEP)
			sched_yield();
		else
			nanosleep(&nap, NULL);
	}
	return true;
}

/* Makes whoever has not returned leave. => returns false when somebody does not */
bool watch_stop(struct native_machine *m)
{
	double deadline = native_now() + STOP_SECONDS;
	bool all;

	__atomic_store_n(&m->stop, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		park_wake_all(m);
		pthread_mutex_lock(&m->lock);
		/* The signal comes when the last of one kind parks: look at both, and again. */
		if (m->nr_actors || m->nr_devices)
			wait_done(m, SLICE_SECONDS);
		all = !m->nr_actors && !m->nr_devices;
		pthread_mutex_unlock(&m->lock);
		if (all || native_now() > deadline)
			return all;
	}
}

/* ---- who waits for what ------------------------------------------------------------------------- */

#define OWNER_MASK 0x7fffffffu /* the top bit says writer or waiters */

static int describe_wait(struct native_thread *t, const char *op, char *buf, size_t n)
{
	const char *name = __atomic_load_n(&t->wait_name, __ATOMIC_RELAXED);
	const u32 *word = __atomic_load_n(&t->wait_owner, __ATOMIC_RELAXED);
	u32 owner = word ? __atomic_load_n(word, __ATOMIC_RELAXED) & OWNER_MASK : 0;
	bool known = owner && owner <= (u32)t->m->nr_threads;

	return snprintf(buf, n, "%s waits in %s(%s)%s%s", t->task.name, op, name ? name : "?",
			known ? " held by " : "", known ? t->m->thread[owner - 1].task.name : "");
}

/* Records the hang as this round's violation, if it has none. */
bool watch_report_hang(struct native_machine *m)
{
	struct native_task *before = native_self;
	bool all_wait = true, actors_done = true;
	char text[400] = "";
	size_t len = 0;

	if (__atomic_load_n(&m->violated, __ATOMIC_ACQUIRE))
		return false;
	for (int i = 0; i < m->nr_threads; i++) {
		struct native_thread *t = &m->thread[i];
		const char *op;

		if (t->device || is_parked(t))
			continue;
		actors_done = false;
		op = __atomic_load_n(&t->wait_op, __ATOMIC_ACQUIRE);
		if (!op)
			all_wait = false;
		if (len < sizeof(text) - 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s", len ? "; " : "");
		if (op && len < sizeof(text) - 1)
			len += (size_t)describe_wait(t, op, text + len, sizeof(text) - len);
		else if (len < sizeof(text) - 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s goes on", t->task.name);
	}
	native_self = &m->host.task;
	if (actors_done)
		sync_violation("livelock", "every actor has returned but a device does not come to rest");
	else if (all_wait)
		sync_violation("deadlock", "%s", text);
	else
		sync_violation("livelock", "no end: %s", text);
	native_self = before;
	return true;
}
