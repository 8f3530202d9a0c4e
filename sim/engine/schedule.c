/* SPDX-License-Identifier: MIT */
/*
 * schedule.c - schedules as people read them
 *
 *	schedule = segment { (" " | ",") segment }
 *	segment  = task [ "@" label [ ":" visit ] | "*" steps ] | [ task ] "!" what [ ":" visit ] [ "=" outcome ]
 *	task     = the name of an actor or device, "ipiN" (CPU N takes an interrupt), "rcu"
 *
 * A task runs until the label was visited for the visit-th time in the execution (the first unless said), or for so
 * many steps, or, without either, until it returns or waits. Labels outlive new scheduling points; steps do not.
 * A choice says what the visit-th sync_choose(what) of a task comes to (the first, to 1, unless said), wherever it
 * stands; "!what" alone, that such choices are steps here.
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
	choices_to_schedule(e, s);
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
		n += !!(e->order[i] & ORDER_SWITCH);
	return n;
}

/* => the length of the text; it may be more than n */
static size_t print_choices(const struct engine_program *p, const struct engine_schedule *s, char sep,
			    char *buf, size_t n)
{
	size_t len = 0;
	char name[ENGINE_NAME_MAX] = "", visit[16] = "";

	for (int i = 0; i < s->nr_choices && len < n; i++) {
		const struct engine_choice_made *o = &s->choice[i];

		if (o->task >= 0)
			engine_task_name(p, o->task, name, sizeof(name));
		if (o->visit > 1)
			snprintf(visit, sizeof(visit), ":%u", o->visit);
		if (o->task < 0)
			len += (size_t)snprintf(buf + len, n - len, "!%s", o->what);
		else
			len += (size_t)snprintf(buf + len, n - len, "%s!%s%s=%d", name, o->what,
						o->visit > 1 ? visit : "", o->outcome);
		if ((i + 1 < s->nr_choices || s->nr) && len + 1 < n) {
			buf[len++] = sep;
			buf[len] = '\0';
		}
	}
	return len;
}

void engine_schedule_print(const struct engine_program *p, const struct engine_schedule *s, char sep,
			   char *buf, size_t n)
{
	size_t len;
	char name[ENGINE_NAME_MAX];

	buf[0] = '\0';
	len = print_choices(p, s, sep, buf, n);
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

/* The end of a choice's entry: [":" visit] ["=" outcome]. => what is left of its length, or 0: bad */
static size_t parse_outcome(const char *what, size_t len, struct engine_choice_made *o)
{
	const char *eq = memchr(what, '=', len), *colon;
	uint32_t v = 1;

	if (eq &&
	    (!parse_count(eq + 1, len - (size_t)(eq + 1 - what), &v) || v >= ENGINE_MAX_OUTCOMES_OF_A_CHOICE))
		return 0;
	o->outcome = (int)v;
	len = eq ? (size_t)(eq - what) : len;
	colon = memchr(what, ':', len);
	if (colon && !parse_count(colon + 1, len - (size_t)(colon + 1 - what), &o->visit))
		return 0;
	return colon ? (size_t)(colon - what) : len;
}

/* An entry with a '!' in it, `name` characters into it. */
static int parse_choice(const struct engine_program *p, const char *text, size_t len, size_t name, size_t at,
			struct engine_schedule *s, char *err, size_t errlen)
{
	struct engine_choice_made *o = &s->choice[s->nr_choices];
	size_t what;

	if (s->nr_choices == ENGINE_MAX_CHOICES_MADE) {
		snprintf(err, errlen, "schedule, character %zu: more than %d choices", at + 1,
			 ENGINE_MAX_CHOICES_MADE);
		return -1;
	}
	memset(o, 0, sizeof(*o));
	o->task = name ? task_find(p, text, name) : -1;
	o->visit = 1;
	if (name && o->task < 0) {
		snprintf(err, errlen, "schedule, character %zu: %s has no task '%.*s'", at + 1, p->name,
			 (int)name, text);
		return -1;
	}
	what = parse_outcome(text + name + 1, len - name - 1, o);
	if (!what || what >= sizeof(o->what) || (!name && what != len - 1)) {
		snprintf(
			err, errlen,
			"schedule, character %zu: '%.*s' is no task!choice:visit=outcome of names under %d characters and outcomes under %d",
			at + 1, (int)len, text, ENGINE_WHAT_MAX, ENGINE_MAX_OUTCOMES_OF_A_CHOICE);
		return -1;
	}
	memcpy(o->what, text + name + 1, what);
	if (!name) {
		o->visit = 0;
		o->outcome = 0;
	}
	s->nr_choices++;
	return 0;
}

static int parse_entry(const struct engine_program *p, const char *text, size_t len, size_t at,
		       struct engine_schedule *s, char *err, size_t errlen)
{
	const char *choice = memchr(text, '!', len);

	if (choice)
		return parse_choice(p, text, len, (size_t)(choice - text), at, s, err, errlen);
	if (s->nr == ENGINE_MAX_SEGMENTS) {
		snprintf(err, errlen, "schedule: more than %d segments; minimise it first",
			 ENGINE_MAX_SEGMENTS);
		return -1;
	}
	if (parse_segment(p, text, len, at, &s->seg[s->nr], err, errlen))
		return -1;
	s->nr++;
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
		from = i;
		while (text[i] && text[i] != ' ' && text[i] != ',')
			i++;
		if (parse_entry(p, text + from, i - from, from, s, err, errlen))
			return -1;
	}
}
