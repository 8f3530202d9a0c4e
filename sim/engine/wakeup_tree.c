/* SPDX-License-Identifier: MIT */
/* wakeup_tree.c - see wakeup_tree.h; the order of branches and the insertion are those of POPL 2014 */
#include "engine/wakeup_tree.h"

void *wakeup_room(void *p, size_t *cap, size_t nr, size_t size)
{
	if (likely(nr * size <= *cap))
		return p;
	*cap = nr * size * 2;
	p = realloc(p, *cap);
	if (!p)
		engine_panic("no memory for wake-up trees: %zu elements of %zu bytes", nr, size);
	return p;
}

void wakeup_trees_free(struct wakeup_trees *w)
{
	free(w->pool);
	free(w->seq);
}

void seq_add(struct wakeup_trees *w, struct brief b)
{
	w->seq = wakeup_room(w->seq, &w->cap_seq, w->nr_seq + 1, sizeof(*w->seq));
	w->seq[w->nr_seq++] = b;
}

int64_t weak_initial(const struct wakeup_trees *w, const struct brief *step)
{
	for (uint32_t k = 0; k < w->nr_seq; k++) {
		if (w->seq[k].task == step->task)
			return k;
		if (brief_dependent(step, &w->seq[k]))
			return -1;
	}
	return w->nr_seq;
}

static uint32_t branch_new(struct wakeup_trees *w, struct brief step)
{
	uint32_t b = w->unused;

	if (b) {
		w->unused = w->pool[b].next;
	} else {
		w->nr_pool += !w->nr_pool;
		w->pool = wakeup_room(w->pool, &w->cap_pool, w->nr_pool + 1, sizeof(*w->pool));
		b = w->nr_pool++;
	}
	w->pool[b] = (struct branch){ .step = step };
	if (++w->live > w->peak)
		w->peak = w->live;
	return b;
}

static void branch_free(struct wakeup_trees *w, uint32_t b)
{
	w->pool[b].next = w->unused;
	w->unused = b;
	w->live--;
}

void tree_free(struct wakeup_trees *w, uint32_t *tree)
{
	uint32_t b = *tree;

	*tree = 0;
	/* Without recursion: the branches below one are put before what is left. */
	while (b) {
		uint32_t next = w->pool[b].next, last = w->pool[b].child;

		if (last) {
			uint32_t first = last;

			while (w->pool[last].next)
				last = w->pool[last].next;
			w->pool[last].next = next;
			next = first;
		}
		branch_free(w, b);
		b = next;
	}
}

static void seq_drop(struct wakeup_trees *w, uint32_t k)
{
	w->nr_seq--;
	memmove(&w->seq[k], &w->seq[k + 1], (w->nr_seq - k) * sizeof(*w->seq));
}

void tree_insert(struct wakeup_trees *w, uint32_t *tree)
{
	uint32_t parent = 0, last = 0, b = *tree;

	while (b) {
		int64_t k = weak_initial(w, &w->pool[b].step);

		if (k < 0) {
			last = b;
			b = w->pool[b].next;
			continue;
		}
		if (k < w->nr_seq)
			seq_drop(w, (uint32_t)k);
		if (!w->pool[b].child)
			return; /* what follows this branch covers it */
		parent = b;
		last = 0;
		b = w->pool[b].child;
	}
	for (uint32_t k = 0; k < w->nr_seq; k++) {
		b = branch_new(w, w->seq[k]);
		if (last)
			w->pool[last].next = b;
		else if (parent)
			w->pool[parent].child = b;
		else
			*tree = b;
		parent = b;
		last = 0;
	}
}

struct brief tree_take(struct wakeup_trees *w, uint32_t *tree, uint32_t *down)
{
	uint32_t b = *tree;

	*tree = w->pool[b].next;
	*down = w->pool[b].child;
	branch_free(w, b);
	return w->pool[b].step;
}
