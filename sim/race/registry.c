/* SPDX-License-Identifier: MIT */
/* registry.c - what was linked in: races, protocols, kernels, each sorted, whatever the order of linking */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "race/run.h"

#define MAX_RACES 1024
#define MAX_PROTOCOLS 256
#define MAX_KERNELS 64

extern const struct race *const __start_faultline_races[] __attribute__((weak));
extern const struct race *const __stop_faultline_races[] __attribute__((weak));
extern const struct protocol *const __start_faultline_protocols[] __attribute__((weak));
extern const struct protocol *const __stop_faultline_protocols[] __attribute__((weak));
extern const struct kernel *const __start_faultline_kernels[] __attribute__((weak));
extern const struct kernel *const __stop_faultline_kernels[] __attribute__((weak));

/* The sorted registry; written once, before main(), and never after. */
static const struct race *races[MAX_RACES];
static const struct protocol *protocols[MAX_PROTOCOLS];
static const struct kernel *kernels[MAX_KERNELS];
static int nr_races, nr_protocols, nr_kernels;

static int by_race(const void *a, const void *b)
{
	return strcmp((*(const struct race *const *)a)->name, (*(const struct race *const *)b)->name);
}

static int by_protocol(const void *a, const void *b)
{
	const struct protocol *p = *(const struct protocol *const *)a,
			      *q = *(const struct protocol *const *)b;

	return p->axis != q->axis ? (int)p->axis - (int)q->axis : strcmp(p->name, q->name);
}

static int by_kernel(const void *a, const void *b)
{
	return strcmp((*(const struct kernel *const *)a)->name, (*(const struct kernel *const *)b)->name);
}

static int gather(const void *const *from, const void *const *to, const void **table, int max,
		  const char *what)
{
	int n = 0;

	for (; from < to; from++) {
		if (!*from)
			continue;
		if (n == max) {
			fprintf(stderr, "faultline: internal error: more than %d %s are linked in\n", max,
				what);
			exit(70);
		}
		table[n++] = *from;
	}
	return n;
}

static void __attribute__((constructor)) registry_init(void)
{
	nr_races =
		gather((const void *const *)__start_faultline_races,
		       (const void *const *)__stop_faultline_races, (const void **)races, MAX_RACES, "races");
	nr_protocols = gather((const void *const *)__start_faultline_protocols,
			      (const void *const *)__stop_faultline_protocols, (const void **)protocols,
			      MAX_PROTOCOLS, "protocols");
	nr_kernels = gather((const void *const *)__start_faultline_kernels,
			    (const void *const *)__stop_faultline_kernels, (const void **)kernels,
			    MAX_KERNELS, "kernels");
	qsort(races, (size_t)nr_races, sizeof(races[0]), by_race);
	qsort(protocols, (size_t)nr_protocols, sizeof(protocols[0]), by_protocol);
	qsort(kernels, (size_t)nr_kernels, sizeof(kernels[0]), by_kernel);
}

int race_count(void)
{
	return nr_races;
}

const struct race *race_get(int i)
{
	return races[i];
}

const struct race *race_find(const char *name)
{
	for (int i = 0; i < nr_races; i++)
		if (!strcmp(races[i]->name, name))
			return races[i];
	return NULL;
}

void race_family(const struct race *r, char *buf, size_t n)
{
	const char *end = strrchr(r->file, '/'), *from = end;

	if (!end) {
		snprintf(buf, n, "local");
		return;
	}
	while (from > r->file && from[-1] != '/')
		from--;
	snprintf(buf, n, "%.*s", (int)(end - from), from);
}

void race_path(const struct race *r, char *buf, size_t n)
{
	const char *in_tree = strstr(r->file, "tests/races/");

	snprintf(buf, n, "%s", in_tree ? in_tree : r->file);
}

int race_actor_count(const struct race *r)
{
	int n = 0;

	while (n < RACE_MAX_ACTORS && r->actors[n].name)
		n++;
	return n;
}

bool race_is_bare(const struct race *r)
{
	return r->memory != 0;
}

const struct race_verdict *race_verdict(const struct race *r, const char *protocol)
{
	for (int i = 0; i < RACE_MAX_VERDICTS && r->expect[i].expect != RACE_UNSTATED; i++)
		if (!r->axis || !strcmp(r->expect[i].protocol, protocol))
			return &r->expect[i];
	return NULL;
}

static const char *const axis_names[NR_AXES] = {
	[AXIS_INVALIDATE] = "invalidate", [AXIS_COW] = "cow",	    [AXIS_AROUND] = "fault-around",
	[AXIS_DIRTY] = "dirty",		  [AXIS_MUNMAP] = "munmap",
};

const char *axis_name(enum protocol_axis axis)
{
	return axis_names[axis];
}

int axis_find(const char *name)
{
	for (int i = 0; i < NR_AXES; i++)
		if (!strcmp(axis_names[i], name))
			return i;
	return -1;
}

int protocol_count(void)
{
	return nr_protocols;
}

const struct protocol *protocol_get(int i)
{
	return protocols[i];
}

const struct protocol *protocol_find(enum protocol_axis axis, const char *name)
{
	for (int i = 0; i < nr_protocols; i++)
		if (protocols[i]->axis == axis && !strcmp(protocols[i]->name, name))
			return protocols[i];
	return NULL;
}

int kernel_count(void)
{
	return nr_kernels;
}

const struct kernel *kernel_get(int i)
{
	return kernels[i];
}

const struct kernel *kernel_find(const char *name)
{
	for (int i = 0; i < nr_kernels; i++)
		if (!strcmp(kernels[i]->name, name))
			return kernels[i];
	return NULL;
}

int kernel_protocols(const char *name, const struct protocol *chosen[NR_AXES])
{
	const struct kernel *k = kernel_find(name);

	for (int a = 0; k && a < NR_AXES; a++)
		chosen[a] = protocol_find((enum protocol_axis)a, k->protocols[a]);
	return k ? 0 : -1;
}

/* ---- did you mean --------------------------------------------------------------------------------------- */

#define NAME_LONGEST 64

/* Levenshtein's distance. */
static int distance(const char *a, const char *b)
{
	int row[NAME_LONGEST + 1];
	int n = (int)strlen(b);

	if (n > NAME_LONGEST || strlen(a) > NAME_LONGEST)
		return NAME_LONGEST;
	for (int j = 0; j <= n; j++)
		row[j] = j;
	for (int i = 1; a[i - 1]; i++) {
		int diagonal = row[0];

		row[0] = i;
		for (int j = 1; j <= n; j++) {
			int d = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < d)
				d = row[j] + 1;
			if (row[j - 1] + 1 < d)
				d = row[j - 1] + 1;
			row[j] = d;
		}
	}
	return row[n];
}

const char *nearest_name(const char *word, const char *(*name)(int i, void *arg), int n, void *arg)
{
	const char *best = NULL;
	int least = NAME_LONGEST;

	for (int i = 0; i < n; i++) {
		const char *known = name(i, arg);
		int d = known ? distance(word, known) : NAME_LONGEST;

		if (known && *word && !strncmp(known, word, strlen(word)))
			d = 1; /* the beginning of a name is near it */
		if (d < least) {
			least = d;
			best = known;
		}
	}
	return best && least <= (int)strlen(best) / 2 ? best : NULL;
}
