/* SPDX-License-Identifier: MIT */
/*
 * strategy_dfs.c - every schedule, depth first, with at most so many preemptions
 *
 * A preemption is a switch away from a task that could have gone on; store buffers drain whenever they can and cost none. Without a bound every schedule is run once: two
 * independent tasks of n and m steps have C(n + m, n). The first choice at each point is to go on, so that few
 * preemptions come first.
 *
 * With states hashed an execution is given up when it comes to a state that an earlier one was in: the rest was or
 * will be tried from there. Under a bound the state counts as visited only for those who used as much of it already,
 * and who may go on for free is part of it.
 */
#include "engine/turns.h"

struct node {
	taskmask left; /* choices not yet tried */
	uint8_t chosen;
	uint16_t preemptions;	    /* up to and with `chosen` */
	uint16_t outcome, outcomes; /* which of how many, where this step is a choice; else 0 of 0 */
};

struct dfs {
	struct node *node;
	uint32_t len, cap; /* choices made so far in this and earlier executions */
	bool next_task;	   /* of node[len - 1] is to be taken; else its task stays, with its next outcome */
	int bound;	   /* -1: none */
	bool labels_only;
	bool bounded; /* an execution was cut short: not everything was covered */
	bool started;
};

static int dfs_create(struct engine *e, const struct engine_options *o, char *err, size_t n)
{
	struct dfs *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(err, n, "no memory");
		return -1;
	}
	if (o->state_hash && state_create(e, o->state_bytes)) {
		free(s);
		snprintf(err, n, "no memory for a set of states");
		return -1;
	}
	s->bound = o->preemptions;
	s->labels_only = o->labels_only;
	e->state = s;
	return 0;
}

static void dfs_destroy(struct engine *e)
{
	struct dfs *s = e->state;

	state_destroy(e);
	free(s->node);
	free(s);
	e->state = NULL;
}

/* The cost of choosing `task` now: 1 when the task of the step before could have gone on. */
static int cost(struct engine *e, taskmask ready, int task)
{
	int last = runner(e);

	return last >= 0 && last != task && !(drains(e) & TASK_BIT(task)) && could_go_on(e, ready, last);
}

static taskmask choices(struct engine *e, const struct dfs *s, taskmask ready, int used)
{
	int last = runner(e);
	bool may = s->bound < 0 || used < s->bound;

	if (last < 0 || !could_go_on(e, ready, last))
		return ready;
	if (may && s->labels_only)
		may = e->task[last].label && e->task[last].label_step == e->task[last].last_step;
	return may ? ready : ready & (TASK_BIT(last) | drains(e));
}

static bool dfs_begin(struct engine *e)
{
	struct dfs *s = e->state;

	if (e->states)
		state_begin(e);
	if (!s->started) {
		s->started = true;
		return true;
	}
	for (; s->len; s->len--) {
		struct node *n = &s->node[s->len - 1];

		s->next_task = n->outcome + 1 >= n->outcomes;
		if (!s->next_task)
			n->outcome++;
		if (!s->next_task || n->left)
			return true;
	}
	return false;
}

static void take(struct engine *e, struct dfs *s, taskmask ready, uint32_t d, int task)
{
	struct node *n = &s->node[d];
	int before = d ? s->node[d - 1].preemptions : 0;

	n->chosen = (uint8_t)task;
	n->left &= ~TASK_BIT(task);
	n->preemptions = (uint16_t)(before + cost(e, ready, task));
	n->outcome = n->outcomes = 0;
}

/* => true: what follows is covered by an earlier execution */
static bool visited(struct engine *e, const struct dfs *s, taskmask ready, uint32_t used)
{
	int last = runner(e);
	uint64_t extra = 0;

	if ((s->bound >= 0 || s->labels_only) && last >= 0 && (ready & TASK_BIT(last)))
		extra = 2 + 2 * (uint64_t)last;
	if (extra && s->labels_only)
		extra |= e->task[last].label && e->task[last].label_step == e->task[last].last_step;
	return state_visit(e, extra, s->bound >= 0 ? used : 0);
}

static int choose(struct engine *e, taskmask ready)
{
	struct dfs *s = e->state;
	uint32_t d = e->step;
	int last = runner(e);

	if (unlikely(e->eager) && (ready & drains(e)))
		ready = TASK_BIT(task_first(ready & drains(e)));
	if (unlikely(e->step_limit && d >= e->step_limit)) { /* it is as long as the best known already */
		s->len = d;
		return -1;
	}
	if (d < s->len) { /* what begin() left to be gone through again, and its branch at the end */
		if (d + 1 == s->len && s->next_task) {
			take(e, s, ready, d, task_first(s->node[d].left));
			s->next_task = false;
		}
		return s->node[d].chosen;
	}
	if (d == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 256;
		s->node = realloc(s->node, s->cap * sizeof(*s->node));
		if (!s->node)
			engine_panic("no memory for %u choices", s->cap);
	}
	if (e->states && visited(e, s, ready, d ? s->node[d - 1].preemptions : 0)) {
		s->len = d;
		return -1;
	}
	s->len = d + 1;
	s->node[d].left = choices(e, s, ready, d ? s->node[d - 1].preemptions : 0);
	take(e, s, ready, d, last >= 0 && (ready & TASK_BIT(last)) ? last : task_first(s->node[d].left));
	return s->node[d].chosen;
}

static int dfs_choose(struct engine *e, const char *what, int n)
{
	struct dfs *s = e->state;
	struct node *node = &s->node[e->step - 1];

	(void)what;
	if (e->step > s->len) /* past the bound on steps, where others choose */
		return 0;
	if (!node->outcomes) /* else it was here before, and some may have been given away */
		node->outcomes = (uint16_t)n;
	return node->outcome;
}

static int dfs_pick(struct engine *e, taskmask ready)
{
	int task = choose(e, ready);

	if (unlikely(e->states != NULL) && task >= 0)
		state_step(e, task);
	return task;
}

static void dfs_end(struct engine *e)
{
	struct dfs *s = e->state;

	s->bounded |= e->end == ENGINE_BOUND || e->end == ENGINE_VIOLATION;
}

static bool dfs_covered(const struct engine *e)
{
	const struct dfs *s = e->state;

	return !s->bounded;
}

/* ---- its work, as bytes: the choices made, and those not yet tried ------------------------------------------------ */

static size_t copy(const struct dfs *s, uint32_t len, uint8_t **bytes)
{
	size_t n = len * sizeof(*s->node);

	*bytes = malloc(n ? n : 1);
	if (!*bytes)
		engine_panic("no memory for %zu bytes of choices", n);
	if (n)
		memcpy(*bytes, s->node, n);
	return n;
}

static size_t dfs_save(const struct engine *e, uint8_t **bytes)
{
	const struct dfs *s = e->state;

	return copy(s, s->len, bytes);
}

static void dfs_load(struct engine *e, const uint8_t *bytes, size_t n)
{
	struct dfs *s = e->state;

	s->started = true;
	s->len = (uint32_t)(n / sizeof(*s->node));
	if (s->len > s->cap) {
		s->cap = s->len;
		s->node = realloc(s->node, s->cap * sizeof(*s->node));
		if (!s->node)
			engine_panic("no memory for %u choices", s->cap);
	}
	if (n)
		memcpy(s->node, bytes, s->len * sizeof(*s->node));
}

/* What is left nearest to the root comes last, and is most. */
static size_t dfs_split(struct engine *e, uint8_t **bytes)
{
	struct dfs *s = e->state;
	struct node *mine, *theirs;
	uint32_t d = 0;
	size_t n;

	while (d < s->len && !s->node[d].left && s->node[d].outcome + 1 >= s->node[d].outcomes)
		d++;
	if (d == s->len)
		return 0;
	n = copy(s, d + 1, bytes);
	mine = &s->node[d];
	theirs = (struct node *)*bytes + d;
	if (mine->left) {
		mine->left = 0;
		theirs->outcomes = theirs->outcome + 1;
	} else {
		mine->outcomes = mine->outcome + 1;
	}
	return n;
}

const struct strategy strategy_dfs = {
	.name = "dfs",
	.create = dfs_create,
	.destroy = dfs_destroy,
	.begin = dfs_begin,
	.pick = dfs_pick,
	.choose = dfs_choose,
	.end = dfs_end,
	.covered = dfs_covered,
	.stats = state_stats,
	.save = dfs_save,
	.load = dfs_load,
	.split = dfs_split,
};
