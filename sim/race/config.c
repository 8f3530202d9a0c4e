/* SPDX-License-Identifier: MIT */
/* config.c - from words to a configured race, and from that to a program of the engine */
#include <stdio.h>
#include <string.h>

#include "hw/machine.h"
#include "kernel/machine.h"
#include "race/run.h"

static const char *race_name_at(int i, void *arg)
{
	(void)arg;
	return race_get(i)->name;
}

static const char *kernel_name_at(int i, void *arg)
{
	(void)arg;
	return kernel_get(i)->name;
}

static const char *axis_name_at(int i, void *arg)
{
	(void)arg;
	return axis_name((enum protocol_axis)i);
}

static const char *protocol_name_at(int i, void *arg)
{
	const struct protocol *p = protocol_get(i);

	return p->axis == *(enum protocol_axis *)arg ? p->name : NULL;
}

static int unknown(const char *what, const char *word, const char *near, char *err, size_t n)
{
	if (near)
		snprintf(err, n, "unknown %s '%s'; did you mean '%s'?", what, word, near);
	else
		snprintf(err, n, "unknown %s '%s'; see 'faultline list'", what, word);
	return -1;
}

static int set_protocol(struct race_config *c, int axis, const char *name, char *err, size_t n)
{
	enum protocol_axis a = (enum protocol_axis)axis;
	const struct protocol *p = protocol_find(a, name);
	char what[64];

	if (p) {
		c->protocol[axis] = p;
		return 0;
	}
	snprintf(what, sizeof(what), "protocol of axis %s:", axis_name(a));
	return unknown(what, name, nearest_name(name, protocol_name_at, protocol_count(), &a), err, n);
}

static const char *memory_name_at(int i, void *arg)
{
	static const char *const names[NR_ENGINE_MEMORIES] = { "sc", "tso", "pso", "weak-locks" };

	(void)arg;
	return names[i];
}

static int set_memory(struct race_config *c, const char *name, char *err, size_t n)
{
	for (int i = 0; i < NR_ENGINE_MEMORIES; i++)
		if (!strcmp(name, memory_name_at(i, NULL))) {
			c->memory = (enum engine_memory)i;
			return 0;
		}
	return unknown("memory model", name, nearest_name(name, memory_name_at, NR_ENGINE_MEMORIES, NULL),
		       err, n);
}

/* One "axis=name" or "name" of the list. */
static int parse_protocol(struct race_config *c, const char *word, size_t len, char *err, size_t n)
{
	char text[96], *eq;
	int axis;

	if (!len || len >= sizeof(text)) {
		snprintf(err, n, "--protocol: '%.*s' is no axis=name", (int)(len < 40 ? len : 40), word);
		return -1;
	}
	memcpy(text, word, len);
	text[len] = '\0';
	eq = strchr(text, '=');
	if (!eq && !race_is_bare(c->race)) {
		axis = c->race->axis ? axis_find(c->race->axis) : 0;
		return set_protocol(c, axis, text, err, n);
	}
	if (eq && !strncmp(text, "memory=", 7))
		return set_memory(c, eq + 1, err, n);
	if (race_is_bare(c->race)) {
		snprintf(err, n, "race '%s' runs without the simulated kernel, so it has no protocol '%.40s'",
			 c->race->name, word);
		return -1;
	}
	*eq = '\0';
	axis = axis_find(text);
	if (axis < 0)
		return unknown("axis", text, nearest_name(text, axis_name_at, NR_AXES, NULL), err, n);
	return set_protocol(c, axis, eq + 1, err, n);
}

static int set_kernel(struct race_config *c, const char *kernel, char *err, size_t n)
{
	const struct kernel *k = kernel_find(kernel);

	if (!k)
		return unknown("kernel", kernel, nearest_name(kernel, kernel_name_at, kernel_count(), NULL),
			       err, n);
	c->kernel = k->name;
	for (int a = 0; a < NR_AXES; a++)
		if (set_protocol(c, a, k->protocols[a], err, n))
			return -1;
	return 0;
}

static int check_actors(const struct race *r, char *err, size_t n)
{
	int nr = race_actor_count(r);

	if (!nr) {
		snprintf(err, n, "race '%s' has no actors", r->name);
		return -1;
	}
	if (!race_is_bare(r) && nr > machine_cpus()) {
		snprintf(err, n, "race '%s' has %d actors, the simulated machine %d CPUs", r->name, nr,
			 machine_cpus());
		return -1;
	}
	return 0;
}

int race_configure(struct race_config *c, const char *race, const char *kernel, const char *protocols,
		   char *err, size_t n)
{
	memset(c, 0, sizeof(*c));
	c->race = race_find(race);
	if (!c->race)
		return unknown("race", race, nearest_name(race, race_name_at, race_count(), NULL), err, n);
	if (check_actors(c->race, err, n))
		return -1;
	if (set_kernel(c, kernel ? kernel : DEFAULT_KERNEL, err, n))
		return -1;
	while (protocols && *protocols) {
		size_t len = strcspn(protocols, ",+");

		if (parse_protocol(c, protocols, len, err, n))
			return -1;
		protocols += len + (protocols[len] != '\0');
	}
	return 0;
}

size_t race_choices_print(const struct race_config *c, char between, char *buf, size_t n)
{
	const struct protocol *usual[NR_AXES];
	size_t len = 0;

	buf[0] = '\0';
	kernel_protocols(DEFAULT_KERNEL, usual);
	for (int a = 0; a < NR_AXES && !race_is_bare(c->race) && len < n; a++) {
		const char *axis = axis_name((enum protocol_axis)a);

		if (c->protocol[a] == usual[a] && (!c->race->axis || strcmp(c->race->axis, axis) != 0))
			continue;
		if (len)
			buf[len++] = between;
		len += (size_t)snprintf(buf + len, n - len, "%s=%s", axis, c->protocol[a]->name);
	}
	return len < n ? len : n - 1;
}

/* ---- the program ------------------------------------------------------------------------------------------ */

static struct machine_config machine_of(const struct race *r)
{
	return (struct machine_config){
		.nr_frames = r->machine.frames,
		.swap_slots = r->machine.swap_pages ? r->machine.swap_pages + 1 : 0,
		.hugetlb_pages = r->machine.huge_pages,
		.lru = r->machine.reclaim,
		.kswapd = r->machine.reclaim,
		.writeback = r->machine.writeback,
		.aio = r->machine.aio,
		.ghosts = r->machine.ghosts,
	};
}

static void setup(void *arg)
{
	const struct race_config *c = arg;
	const struct machine_config machine = machine_of(c->race);

	machine_boot(&machine, c->protocol);
	for (int i = 0; i < race_actor_count(c->race); i++)
		machine_task_init(i, c->race->actors[i].name);
	machine_task_enter(-1);
	if (c->race->setup)
		c->race->setup();
	machine_setup_done();
}

static void actor(void *arg)
{
	const struct race_actor *a = arg;

	machine_task_enter(smp_processor_id());
	a->run();
}

static void check(void *arg)
{
	const struct race_config *c = arg;

	machine_task_enter(-1);
	if (c->race->check)
		c->race->check();
	oracle_quiescent();
}

_Static_assert(RACE_MAX_CHOICES <= ENGINE_MAX_CHOICE_KINDS, "a program bounds what a race can");

void race_program(const struct race_config *c, struct engine_program *p)
{
	const struct machine_config machine = machine_of(c->race);
	int n = race_actor_count(c->race);

	memset(p, 0, sizeof(*p));
	p->name = c->race->name;
	p->memory = c->memory;
	if (race_is_bare(c->race)) {
		race_bare_program(c->race, p);
		return;
	}
	p->arena_size = machine_size(&machine);
	p->setup = setup;
	p->check = check;
	p->arg = (void *)(uintptr_t)c;
	for (int i = 0; i < RACE_MAX_CHOICES; i++)
		p->choices[i] = (struct engine_choice){ c->race->choices[i].what, c->race->choices[i].max };
	p->lock_ranks = machine_lock_ranks();
	p->describe = machine_describe;
	p->describe_change = machine_describe_change;
	for (int i = 0; i < n; i++)
		p->tasks[p->nr_tasks++] = (struct engine_task){ .name = c->race->actors[i].name,
								.run = actor,
								.arg = (void *)(uintptr_t)&c->race->actors[i],
								.kind = ENGINE_ACTOR };
	for (int i = 0; i < nr_machine_devices; i++) {
		if (machine_devices[i].present && !machine_devices[i].present(&machine))
			continue;
		p->tasks[p->nr_tasks++] = (struct engine_task){ .name = machine_devices[i].name,
								.run = machine_devices[i].run,
								.kind = ENGINE_DEVICE };
	}
}
