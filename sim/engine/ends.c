/* SPDX-License-Identifier: MIT */
/*
 * ends.c - how an execution ends: it is over, somebody violated something, everybody waits, or nobody gets anywhere
 *
 * Everybody waits: lost wake-up if a sleeper's condition holds (waitqueue.c), livelock if one of them goes round a loop
 * that changes nothing (spin.c), else deadlock. Nobody gets
 * anywhere: the steps past the bound are kept, and of each task that still runs the shortest round that its last steps
 * repeat is shown.
 */
#include "engine/held.h"
#include "engine/identity.h"

void engine_panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("faultline: internal error: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(70);
}

/* Back to the host for good; every fiber is forgotten. */
void run_abort(struct engine *e, enum engine_end end)
{
	int self = e->current;

	e->end = end;
	e->current = -1;
	fiber_leave(&e->task[self].fiber, &e->host);
}

static void violate_va(struct engine *e, const char *oracle, const char *fmt, va_list ap)
{
	if (!e->violation.oracle[0]) {
		snprintf(e->violation.oracle, sizeof(e->violation.oracle), "%s", oracle);
		vsnprintf(e->violation.message, sizeof(e->violation.message), fmt, ap);
		violation_identify(e);
		e->violation.task = e->current < 0 ? -1 : e->me;
		e->violation.step = e->step;
	}
	if (e->tracing)
		trace_flush(e);
	if (e->current >= 0)
		run_abort(e, ENGINE_VIOLATION);
}

void violate(struct engine *e, const char *oracle, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	violate_va(e, oracle, fmt, ap);
	va_end(ap);
}

void sync_violation(const char *oracle, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	violate_va(this_engine, oracle, fmt, ap);
	va_end(ap);
}

static bool is_grant(const struct op *op)
{
	return op->mode == OP_GRANT || op->mode == OP_GRANT_SHARED;
}

/* What the operation is on, and what is there; "" when nothing has a name. */
static void describe_at(struct engine *e, const void *addr, size_t size, char *buf, size_t n)
{
	if (!addr)
		return;
	if (!describe(e, addr, size, buf, n) || !buf[0])
		snprintf(buf, n, "+%#zx", arena_off(e, addr));
}

/* A loop that changes nothing: what it reads, which nobody will write. */
static int describe_spin(struct engine *e, int task, char *buf, size_t n)
{
	const struct task *t = &e->task[task];
	const struct spin *s = &t->spin;
	char object[64];
	size_t len;

	len = (size_t)snprintf(buf, n, "%s goes round at %s%s%s, reading", t->name, t->op.name,
			       t->label ? " after " : "", t->label ? t->label : "");
	for (int i = 0; i < s->nr && len < n; i++) {
		object[0] = '\0';
		describe_at(e, s->read[i].addr, s->read[i].size, object, sizeof(object));
		about_add(e, object);
		len += (size_t)snprintf(buf + len, n - len, "%s %s = %#llx", i ? "," : "", object,
					(unsigned long long)spin_value(s->read[i].addr, s->read[i].size));
	}
	if (len < n)
		len += (size_t)snprintf(buf + len, n - len, "%s",
					s->nr ? ", which nobody writes" : " nothing");
	return (int)len;
}

/* Who holds the lock that a task waits for, -1: it waits for none, or nobody is known to. The first, if several do. */
static int holder_of(const struct engine *e, int task)
{
	const struct op *op = &e->task[task].op;
	uint64_t id;

	if (!(e->unfinished & TASK_BIT(task))) /* it returned: what it waited for last is over */
		return -1;
	id = lock_id(op->addr, op->size ? __builtin_ctzll(op->mask | 1ull << 63) : 0);

	if (op->mode != OP_ACQUIRE && op->mode != OP_ACQUIRE_SHARED && op->mode != OP_WAIT_FREE &&
	    !is_grant(op))
		return -1;
	for (int t = 0; t < e->nr_tasks; t++)
		for (int i = 0; i < e->task[t].nr_held; i++)
			if (e->task[t].held[i].id == id)
				return t;
	return -1;
}

/* Appends the circle of tasks each of which waits for a lock that the next one holds, if there is one. */
static size_t describe_circle(const struct engine *e, char *buf, size_t n)
{
	int t = -1, first;
	size_t len;

	for (taskmask m = e->unfinished; m; m &= m - 1) { /* each may lead into a circle */
		taskmask seen = 0;

		for (t = task_first(m); t >= 0 && !(seen & TASK_BIT(t)); t = holder_of(e, t))
			seen |= TASK_BIT(t);
		if (t >= 0)
			break;
	}
	if (t < 0)
		return 0;
	first = t;
	len = (size_t)snprintf(buf, n, "; circle: %s", e->task[t].name);
	do {
		t = holder_of(e, t);
		len += (size_t)snprintf(buf + (len < n ? len : n), len < n ? n - len : 0, " -> %s",
					e->task[t].name);
	} while (t != first);
	return len;
}

static int describe_wait(struct engine *e, int task, char *buf, size_t n)
{
	const struct op *op = &e->task[task].op;
	const struct sync_lock *l = op->addr;
	char object[64] = "";
	const char *held = "";

	if (op->mode == OP_SPIN)
		return describe_spin(e, task, buf, n);
	if (op->addr)
		describe(e, op->addr, op->size ? op->size : 1, object, sizeof(object));
	if (!object[0] && !op->size && (op->mode == OP_ACQUIRE || op->mode == OP_ACQUIRE_SHARED))
		snprintf(object, sizeof(object), "%s", l->name ? l->name : "?");
	if (!object[0] && is_grant(op))
		snprintf(object, sizeof(object), "%s", ((const struct rw_semaphore *)op->addr)->name);
	if (holder_of(e, task) >= 0)
		held = e->task[holder_of(e, task)].name;
	if (op->mode == OP_SLEEP && op->addr && !object[0])
		snprintf(object, sizeof(object), "%s", ((const struct wait_queue_head *)op->addr)->name);
	about_add(e, object[0] ? object : op->name);
	return snprintf(buf, n, "%s waits in %s(%s)%s%s%s", e->task[task].name, op->name, object,
			held[0] ? " held by " : "", held, "");
}

void violate_stuck(struct engine *e)
{
	char text[sizeof(e->violation.message)];
	size_t len = 0;
	bool loops = false, lost = false;

	text[0] = '\0';
	for (taskmask m = e->unfinished; m && len < sizeof(text) - 1; m &= m - 1) {
		int t = task_first(m);

		if (len)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "; ");
		if (len < sizeof(text))
			len += (size_t)describe_wait(e, t, text + len, sizeof(text) - len);
		if (e->task[t].op.mode == OP_SLEEP && len < sizeof(text))
			len += (size_t)sleeper_describe(e, t, text + len, sizeof(text) - len);
		lost |= (e->asked & TASK_BIT(t)) && e->task[t].cond_true;
		loops |= e->task[t].op.mode == OP_SPIN;
	}
	if (len < sizeof(text))
		describe_circle(e, text + len, sizeof(text) - len);
	violate(e, lost ? "lost-wakeup" : loops ? "livelock" : "deadlock", "%s", text);
}

/* Nobody can run: over, or stuck. */
void run_over(struct engine *e)
{
	if (e->unfinished)
		violate_stuck(e);
	run_abort(e, e->fair ? ENGINE_BOUND : ENGINE_DONE);
}

/* ---- no end in sight ---------------------------------------------------------------------------------------- */

#define LIVELOCK_STEPS 128 /* of a task, in which a round must show twice */

void history_begin(struct engine *e)
{
	free(e->history);
	e->history = calloc(ENGINE_HISTORY, sizeof(*e->history));
	if (!e->history)
		engine_panic("no memory for %d steps", ENGINE_HISTORY);
	e->nr_history = 0;
}

void history_step(struct engine *e, int task)
{
	struct past *p = &e->history[e->nr_history++ % ENGINE_HISTORY];

	p->task = task;
	p->op = e->step_op;
}

/* The task's last operations, latest first. => how many */
static int last_of(const struct engine *e, int task, const struct op **op, int max)
{
	uint32_t first = e->nr_history > ENGINE_HISTORY ? e->nr_history - ENGINE_HISTORY : 0;
	int n = 0;

	for (uint32_t i = e->nr_history; i > first && n < max; i--)
		if (e->history[(i - 1) % ENGINE_HISTORY].task == task)
			op[n++] = &e->history[(i - 1) % ENGINE_HISTORY].op;
	return n;
}

static bool same_op(const struct op *a, const struct op *b)
{
	return a->name == b->name && a->loc == b->loc && a->mask == b->mask;
}

/* => the length of the round that all these operations repeat, 0: none */
static int round_of(const struct op *const *op, int n)
{
	for (int len = 1; 2 * len <= n; len++) {
		int i = 0;

		while (i + len < n && same_op(op[i], op[i + len]))
			i++;
		if (i + len == n)
			return len;
	}
	return 0;
}

/* Where a round ends that reads well: at its yield, if it has one. */
static int round_end(const struct op *const *op, int len)
{
	for (int i = 0; i < len; i++)
		if (!strcmp(op[i]->name, "cpu_relax") || !strcmp(op[i]->name, "cond_resched"))
			return i;
	return 0;
}

static size_t describe_round(struct engine *e, int task, char *buf, size_t n)
{
	const struct op *op[LIVELOCK_STEPS];
	const struct task *t = &e->task[task];
	int had = last_of(e, task, op, LIVELOCK_STEPS), len = round_of(op, had), end;
	size_t at = (size_t)snprintf(buf, n, "%s%s%s %s", t->name, t->label ? " after " : "",
				     t->label ? t->label : "", len ? "repeats" : "goes on:");

	end = round_end(op, len);
	if (!len)
		len = had < 4 ? had : 4;
	for (int i = end + len - 1; i >= end && at < n; i--) {
		char object[64] = "";

		if (op[i]->addr && op[i]->mode != OP_CHOOSE)
			describe_at(e, op[i]->addr, op[i]->size ? op[i]->size : 1, object, sizeof(object));
		at += (size_t)snprintf(buf + at, n - at, " %s%s%s%s", op[i]->name, object[0] ? "(" : "",
				       object, object[0] ? ")" : "");
	}
	return at;
}

void violate_livelock(struct engine *e)
{
	char text[400] = "";
	size_t len = 0;

	for (taskmask m = e->unfinished & e->ready; m && len < sizeof(text) - 1; m &= m - 1) {
		if (len)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "; ");
		about_add(e, e->task[task_first(m)].name);
		if (len < sizeof(text))
			len += describe_round(e, task_first(m), text + len, sizeof(text) - len);
	}
	violate(e, "livelock", "no end after %u steps, %u of them round robin: %s", e->step, e->max_steps,
		text);
}
