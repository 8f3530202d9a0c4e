// SPDX-License-Identifier: MIT
/*
 * calls.c - the function calls of a trace, rebuilt from the stacks of its steps
 *
 * Two steps of a task share a call when they share its caller and stand in the same function, called from the same
 * line. A second call from that line, with no step of the caller between, cannot be told from the first.
 */
#include <stdlib.h>
#include <string.h>

#include "controlled/calls.h"

/* One task's stack at its latest step, outermost first. */
struct path {
	int nr;
	int call[MAX_FRAMES];
	int line[MAX_FRAMES]; /* where each stood */
};

static int call_add(struct calls *c, int task, int parent, const struct frame *f, size_t step)
{
	if (c->nr == c->cap) {
		int cap = c->cap ? 2 * c->cap : 256;
		struct call *n = realloc(c->call, (size_t)cap * sizeof(*n));

		if (!n)
			return -1;
		c->call = n;
		c->cap = cap;
	}
	c->call[c->nr] = (struct call){ .task = task,
					.parent = parent,
					.function = f->function,
					.file = f->file,
					.kind = f->kind,
					.step = step };
	return c->nr++;
}

static void path_step(struct calls *c, struct path *p, const struct engine_trace *t, size_t i,
		      struct symbols *s)
{
	const struct engine_step *step = &t->step[i];
	struct frame f[MAX_FRAMES];
	int n = symbols_stack(s, step->pc, step->depth, f, MAX_FRAMES), k = 0;
	bool same = true; /* so far, as the latest step's stack */

	while (n-- > 0) { /* outermost first */
		if (f[n].kind == FRAME_PRIMITIVE)
			continue;
		same = same && k < p->nr && !strcmp(c->call[p->call[k]].function, f[n].function);
		if (!same)
			p->call[k] = call_add(c, step->task, k ? p->call[k - 1] : -1, &f[n], i);
		if (p->call[k] < 0)
			break;
		same = same && p->line[k] == f[n].line; /* else what it calls now is another call */
		p->line[k] = f[n].line;
		k++;
	}
	if (k) /* else nothing is known of where this step stands */
		p->nr = k;
	c->leaf[i] = k ? p->call[k - 1] : -1;
	c->line[i] = k ? p->line[k - 1] : 0;
}

struct calls *calls_create(const struct engine_trace *t, struct symbols *s)
{
	struct path *path = calloc(ENGINE_MAX_TASKS, sizeof(*path));
	struct calls *c = calloc(1, sizeof(*c));

	if (c) {
		c->leaf = calloc(t->nr + 1, sizeof(*c->leaf));
		c->line = calloc(t->nr + 1, sizeof(*c->line));
	}
	if (!path || !c || !c->leaf || !c->line) {
		free(path);
		calls_destroy(c);
		return NULL;
	}
	for (size_t i = 0; i < t->nr; i++)
		path_step(c, &path[t->step[i].task], t, i, s);
	free(path);
	return c;
}

void calls_destroy(struct calls *c)
{
	if (!c)
		return;
	free(c->call);
	free(c->leaf);
	free(c->line);
	free(c);
}
