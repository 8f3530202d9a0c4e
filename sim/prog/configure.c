// SPDX-License-Identifier: MIT
/* configure.c - from the words of a program to a machine; see configure.h */
#include <stdio.h>
#include <string.h>

#include "kernel/machine.h"
#include "prog/configure.h"

/* A window in three processes, two files at their longest, tables, and as much again. */
#define STRAIGHT_FRAMES 1024
#define CONCURRENT_FRAMES 512 /* there are many machines, one a program and job */
#define SLAB_BYTES (256ul << 10)

const char *prog_default_kernel(void)
{
	static const char *const newest[] = { "linux-6.18", "linux-6.1" };

	for (size_t i = 0; i < sizeof(newest) / sizeof(newest[0]); i++)
		if (kernel_find(newest[i]))
			return newest[i];
	return DEFAULT_KERNEL;
}

static int set_memory(struct prog_machine *m, const char *name, char *err, size_t n)
{
	for (int i = 0; i < NR_RACE_MODELS; i++)
		if (!strcmp(name, race_model_name((enum race_model)i))) {
			m->memory = (enum engine_memory)i;
			return 0;
		}
	snprintf(err, n, "unknown memory model '%s'", name);
	return -1;
}

static int set_protocol(struct prog_machine *m, const char *axis, const char *name, char *err, size_t n)
{
	int a = axis_find(axis);

	if (!strcmp(axis, "memory"))
		return set_memory(m, name, err, n);
	if (a < 0 || !protocol_find((enum protocol_axis)a, name)) {
		snprintf(err, n, "unknown protocol '%s=%s'; see 'faultline list protocols'", axis, name);
		return -1;
	}
	m->protocols[a] = protocol_find((enum protocol_axis)a, name);
	return 0;
}

/* "axis=name[,axis=name]" */
static int set_protocols(struct prog_machine *m, const char *text, char *err, size_t n)
{
	char copy[PROG_CONFIG_MAX], *save, *name;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *axis = strtok_r(copy, ",", &save); axis; axis = strtok_r(NULL, ",", &save)) {
		name = strchr(axis, '=');
		if (name)
			*name++ = '\0';
		if (set_protocol(m, axis, name ? name : "", err, n))
			return -1;
	}
	return 0;
}

static struct machine_config config_of(const struct vm_prog *p)
{
	bool small = p->frames;

	return (struct machine_config){
		.nr_frames = small		   ? p->frames :
			     prog_is_concurrent(p) ? CONCURRENT_FRAMES :
						     STRAIGHT_FRAMES,
		.slab_bytes = SLAB_BYTES,
		.swap_slots = p->swap ? p->swap + 1u : 0,
		.lru = small,
		.io_at_once = true,
		.ghosts = small || prog_is_concurrent(p), /* the host says what bytes are, else */
	};
}

int prog_configure(const struct vm_prog *p, struct prog_machine *m, char *err, size_t n)
{
	const char *name = *p->kernel ? p->kernel : prog_default_kernel();
	const struct kernel *k = kernel_find(name);

	memset(m, 0, sizeof(*m));
	if (!k) {
		snprintf(err, n, "unknown kernel '%s'; see 'faultline list kernels'", name);
		return -1;
	}
	for (int a = 0; a < NR_AXES; a++)
		m->protocols[a] = protocol_find((enum protocol_axis)a, k->protocols[a]);
	if (set_protocols(m, p->protocol, err, n))
		return -1;
	m->config = config_of(p);
	m->size = machine_size(&m->config);
	return 0;
}

bool prog_same_machine(const struct vm_prog *a, const struct vm_prog *b)
{
	return !strcmp(a->kernel, b->kernel) && !strcmp(a->protocol, b->protocol) && a->frames == b->frames &&
	       a->swap == b->swap && prog_is_concurrent(a) == prog_is_concurrent(b);
}
