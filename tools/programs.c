// SPDX-License-Identifier: MIT
/*
 * programs.c - what run, compare and fuzz share; see programs.h
 */
#include <string.h>

#include "programs.h"
#include "prog/configure.h"
#include "prog/host.h"
#include "prog/simulator.h"

static const char *const backends[] = { "simulator", "host" };

int backend_open(const char *name, struct vm_backend **b)
{
	char err[512];

	if (!strcmp(name, backends[0]))
		*b = simulator_create(err, sizeof(err));
	else if (!strcmp(name, backends[1]))
		*b = host_create(err, sizeof(err));
	else
		return unknown_name("place to run on", name, backends, 2);
	if (*b)
		return STATUS_CLEAN;
	fprintf(stderr, "faultline: no programs can run on the %s here: %s\n", name, err);
	return STATUS_SKIPPED;
}

bool pair_names(const char *option, const char *text, struct pair *p)
{
	const char *comma = strchr(text, ',');

	if (!comma || comma - text >= (int)sizeof(p->name[0]) || strlen(comma + 1) >= sizeof(p->name[0])) {
		usage_error("--%s: '%s' is not two of simulator and host, with a comma between", option,
			    text);
		return false;
	}
	snprintf(p->name[0], sizeof(p->name[0]), "%.*s", (int)(comma - text), text);
	snprintf(p->name[1], sizeof(p->name[1]), "%s", comma + 1);
	return true;
}

int pair_open(struct pair *p)
{
	int status;

	for (int i = 0; i < 2; i++) {
		vm_log_init(&p->log[i]);
		status = backend_open(p->name[i], &p->backend[i]);
		if (status)
			return status;
		if (p->level <= p->backend[i]->level)
			continue;
		p->level = p->backend[i]->level;
		fprintf(stderr, "faultline: compared at %s only: %s\n", vm_level_names[p->level],
			p->backend[i]->why);
	}
	return STATUS_CLEAN;
}

void pair_close(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		if (p->backend[i])
			p->backend[i]->destroy(p->backend[i]);
		vm_log_free(&p->log[i]);
	}
}

int pair_run(struct pair *p, const struct vm_prog *prog, bool detail)
{
	char err[512];

	for (int i = 0; i < 2; i++) {
		if (!prog_run(p->backend[i], prog, detail, &p->log[i], err, sizeof(err)))
			continue;
		fprintf(stderr, "faultline: %s on the %s: %s\n", prog->id, p->name[i], err);
		return -1;
	}
	return 0;
}

bool option_level(const char *text, enum vm_level *level)
{
	for (int i = 0; i < NR_LEVELS; i++)
		if (!strcmp(text, vm_level_names[i])) {
			*level = (enum vm_level)i;
			return true;
		}
	usage_error("--level: '%s' is none of L0, L1, L2, L3 and L4", text);
	return false;
}

static const char *kernel_name_at(int i, void *arg)
{
	return kernel_get(i)->name;
}

int programs_read(const char *path, struct vm_file *f)
{
	char err[512];

	if (prog_read(path, f, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		return STATUS_USAGE;
	}
	for (int i = 0; i < f->nr; i++) {
		const struct vm_prog *p = &f->prog[i];
		const char *near;

		if (!*p->kernel || kernel_find(p->kernel))
			continue;
		near = nearest_name(p->kernel, kernel_name_at, kernel_count(), NULL);
		fprintf(stderr, "%s:%d:1: program %s: unknown kernel '%s'%s%s%s\n", path, p->line, p->id,
			p->kernel, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
		prog_file_free(f);
		return STATUS_USAGE;
	}
	return STATUS_CLEAN;
}

bool programs_override(const struct prog_override *o, struct vm_prog *p)
{
	char text[2 * PROG_CONFIG_MAX];
	struct prog_machine m;
	char err[256];
	int n;

	if (o->kernel)
		n = snprintf(p->kernel, sizeof(p->kernel), "%s", o->kernel);
	n = snprintf(text, sizeof(text), "%s%s%s%s%s", p->protocol, *p->protocol && o->protocol ? "," : "",
		     o->protocol ? o->protocol : "", o->memory ? ",memory=" : "", o->memory ? o->memory : "");
	if (n >= (int)sizeof(p->protocol)) {
		usage_error("--protocol: '%s' is longer than %zu characters", text, sizeof(p->protocol) - 1);
		return false;
	}
	strcpy(p->protocol, text + (text[0] == ','));
	if (!prog_configure(p, &m, err, sizeof(err)))
		return true;
	usage_error("%s", err);
	return false;
}
