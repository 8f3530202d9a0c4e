/* SPDX-License-Identifier: MIT */
/*
 * schedule.c - schedules as people read them
 *
 *	schedule = segment { (" " | ",") segment }
 *	segment  = task [ "@" label [ ":" visit ] | "*" steps ]
 *	task     = the name of an actor or device, "ipiN" (CPU N takes an interrupt), "rcu"
 *
 * A task runs until the label was visited for the visit-th time in the execution (the first unless said), or for so
 * many steps, or, without either, until it returns or waits. Labels outlive new scheduling points; steps do not.
 */
#include "engine/internal.h"

/* "wb0": CPU 0's store buffer; under pso "wb0.2": the third word that CPU 0 wrote. */
static void drain_line_name(const struct engine_program *p, int cpus, int line, char *buf, size_t n)
{
	int each = store_buffer_lines(p->memory, cpus, p->nr_tasks + cpus + 1);

	if (each <= 1)
		snprintf(buf, n, "wb%d", line);
	else
		snprintf(buf, n, "wb%d.%d", line / each, line % each);
}

void engine_task_name(const struct engine_program *p, int task, char *buf, size_t n)
{
	int lines = 0;

	for (int i = 0; i < p->nr_tasks; i++)
		lines += p->tasks[i].kind == ENGINE_ACTOR;
	if (task < p->nr_tasks)
		snprintf(buf, n, "%s", p->tasks[task].name);
	else if (task < p->nr_tasks + lines)
		snprintf(buf, n, "ipi%d", task - p->nr_tasks);
	else if (task == p->nr_tasks + lines)
		snprintf(buf, n, "rcu");
	else
		drain_line_name(p, lines, task - p->nr_tasks - lines - 1, buf, n);
}

static int task_count(const struct engine_program *p)
{
	int n = p->nr_tasks + 1, cpus = 0;

	for (int i = 0; i < p->nr_tasks; i++)
		cpus += p->tasks[i].kind == ENGINE_ACTOR;
	n += cpus;
	return n + cpus * store_buffer_lines(p->memory, cpus, n);
}

static int task_find(const struct engine_program *p, const char *name, size_t len)
{
	char known[ENGINE_NAME_MAX];

	for (int i = 0; i < task_count(p); i++) {
		engine_task_name(p, i, known, sizeof(known));
		if (strlen(known) == len && !memcmp(known, name, len))
			return i;
	}
	return -1;
}

void schedule_from_order(const struct engine *e, struct engine_schedule *s)
{
	memset(s, 0, sizeof(*s));
	for (uint32_t i = 0; i < e->step;) {
		int task = e->order[i] & ORDER_TASK;
		uint32_t from = i;
		struct engine_segment *g = &s->seg[s->nr];

		if (s->nr == ENGINE_MAX_SEGMENTS) {
			s->truncated = true;
			return;
		}
		while (i < e->step && (e->order[i] & ORDER_TASK) == task)
			i++;
		g->task = task;
		g->count = i - from;
		g->stop =
			i < e->step && (e->order[i] & ORDER_PREEMPTED) ? ENGINE_STOP_COUNT : ENGINE_STOP_END;
		s->nr++;
	}
}

int schedule_preemptions(const struct engine *e)
{
	int n = 0;

	for (uint32_t i = 1; i < e->step; i++)
		n += !!(e->order[i] & ORDER_PREEMPTED);
	return n;
}

void engine_schedule_print(const struct engine_program *p, const struct engine_schedule *s, char sep,
			   char *buf, size_t n)
{
	size_t len = 0;
	char name[ENGINE_NAME_MAX];

	buf[0] = '\0';
	for (int i = 0; i < s->nr && len < n; i++) {
		const struct engine_segment *g = &s->seg[i];

		engine_task_name(p, g->task, name, sizeof(name));
		if (i)
			len += (size_t)snprintf(buf + len, n - len, "%c", sep);
		if (len >= n)
			break;
		if (g->stop == ENGINE_STOP_LABEL && g->count > 1)
			len += (size_t)snprintf(buf + len, n - len, "%s@%s:%u", name, g->label, g->count);
		else if (g->stop == ENGINE_STOP_LABEL)
			len += (size_t)snprintf(buf + len, n - len, "%s@%s", name, g->label);
		else if (g->stop == ENGINE_STOP_COUNT)
			len += (size_t)snprintf(buf + len, n - len, "%s*%u", name, g->count);
		else
			len += (size_t)snprintf(buf + len, n - len, "%s", name);
	}
	if (s->truncated && len < n)
		snprintf(buf + len, n - len, "%c(more-than-%d-segments)", sep, ENGINE_MAX_SEGMENTS);
}

/* A number of at least 1 that fills the text. */
static bool parse_count(const char *text, size_t len, uint32_t *v)
{
	uint64_t n = 0;

	if (!len || len > 9)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	*v = (uint32_t)n;
	return n > 0;
}

static int parse_segment(const struct engine_program *p, const char *text, size_t len, size_t at,
			 struct engine_segment *g, char *err, size_t errlen)
{
	size_t name = 0;
	const char *colon;

	memset(g, 0, sizeof(*g));
	while (name < len && text[name] != '@' && text[name] != '*')
		name++;
	g->task = task_find(p, text, name);
	if (g->task < 0) {
		snprintf(err, errlen, "schedule, character %zu: %s has no task '%.*s'", at + 1, p->name,
			 (int)name, text);
		return -1;
	}
	if (name == len)
		return 0;
	g->count = 1;
	g->stop = text[name] == '@' ? ENGINE_STOP_LABEL : ENGINE_STOP_COUNT;
	text += name + 1;
	len -= name + 1;
	if (g->stop == ENGINE_STOP_COUNT) {
		if (parse_count(text, len, &g->count))
			return 0;
		snprintf(err, errlen, "schedule, character %zu: '%.*s' is no number of steps", at + name + 2,
			 (int)len, text);
		return -1;
	}
	colon = memchr(text, ':', len);
	if (colon && !parse_count(colon + 1, len - (size_t)(colon + 1 - text), &g->count)) {
		snprintf(err, errlen, "schedule, character %zu: '%.*s' needs label:visit", at + name + 2,
			 (int)len, text);
		return -1;
	}
	if (colon)
		len = (size_t)(colon - text);
	if (!len || len >= sizeof(g->label)) {
		snprintf(err, errlen,
			 "schedule, character %zu: a label of 1 to %zu characters belongs after '@'",
			 at + name + 2, sizeof(g->label) - 1);
		return -1;
	}
	memcpy(g->label, text, len);
	return 0;
}

int engine_schedule_parse(const struct engine_program *p, const char *text, struct engine_schedule *s,
			  char *err, size_t errlen)
{
	size_t i = 0;

	memset(s, 0, sizeof(*s));
	for (;;) {
		size_t from;

		while (text[i] == ' ' || text[i] == ',')
			i++;
		if (!text[i])
			return 0;
		if (s->nr == ENGINE_MAX_SEGMENTS) {
			snprintf(err, errlen, "schedule: more than %d segments; minimise it first",
				 ENGINE_MAX_SEGMENTS);
			return -1;
		}
		from = i;
		while (text[i] && text[i] != ' ' && text[i] != ',')
			i++;
		if (parse_segment(p, text + from, i - from, from, &s->seg[s->nr], err, errlen))
			return -1;
		s->nr++;
	}
}
