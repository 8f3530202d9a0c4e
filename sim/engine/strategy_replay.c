/* SPDX-License-Identifier: MIT */
/*
 * strategy_replay.c - what is already decided: a schedule of segments, or the exact order of an earlier execution
 *
 * A segment of a task that cannot run, or that ends before its label or count, is a divergence; e->state says where.
 * What the schedule leaves open is run serially: on with the current task, else the lowest.
 */
#include "engine/minimise.h"

#define MAX_VISITED 256 /* different labels an execution visits, by task */

struct replay {
	const struct engine_schedule *schedule; /* NULL: order */
	const order_t *order;
	uint32_t nr_order;
	int seg;
	uint32_t taken; /* steps of this segment */
	bool reached;	/* its label */
	bool diverged;
	bool reached_choice[ENGINE_MAX_CHOICES_MADE];
	char why[512];
	struct {
		const char *label;
		int task;
		uint32_t n;
	} visited[MAX_VISITED];
	int nr_visited;
};

static bool segment_over(struct engine *e, const struct replay *r, const struct engine_segment *g,
			 taskmask ready)
{
	if (g->stop == ENGINE_STOP_LABEL)
		return r->reached;
	if (g->stop == ENGINE_STOP_COUNT)
		return r->taken == g->count;
	/* To its end: it took a step, or had returned before its turn, and cannot go on. */
	return !(ready & TASK_BIT(g->task)) && (r->taken || e->task[g->task].state == TASK_FINISHED);
}

static void runnable(const struct engine *e, taskmask ready, char *buf, size_t n)
{
	size_t len = 0;
	char name[ENGINE_NAME_MAX];

	for (taskmask m = ready; m && len < n; m &= m - 1) {
		engine_task_name(&e->prog, task_first(m), name, sizeof(name));
		len += (size_t)snprintf(buf + len, n - len, "%s%s", len ? ", " : "", name);
	}
}

static int diverge(struct engine *e, struct replay *r, const struct engine_segment *g, taskmask ready)
{
	struct engine_schedule one = { .nr = 1, .seg = { *g } };
	char asked[128], could[128] = "";

	engine_schedule_print(&e->prog, &one, ' ', asked, sizeof(asked));
	runnable(e, ready, could, sizeof(could));
	snprintf(r->why, sizeof(r->why),
		 "at step %u, segment %d asks for %s after %u of its steps; runnable: %s", e->step + 1,
		 r->seg + 1, asked, r->taken, could);
	r->diverged = true;
	return -1;
}

static int serial(const struct engine *e, taskmask ready)
{
	int last = e->step ? e->order[e->step - 1] & ORDER_TASK : -1;

	return last >= 0 && (ready & TASK_BIT(last)) ? last : task_first(ready);
}

static int pick_order(struct engine *e, struct replay *r, taskmask ready)
{
	int task;

	if (e->step >= r->nr_order)
		return serial(e, ready);
	task = r->order[e->step] & ORDER_TASK;
	if (ready & TASK_BIT(task))
		return task;
	r->diverged = true;
	snprintf(r->why, sizeof(r->why), "at step %u task %d cannot run", e->step + 1, task);
	return -1;
}

static int replay_pick(struct engine *e, taskmask ready)
{
	struct replay *r = e->state;
	const struct engine_segment *g;

	if (!r->schedule)
		return pick_order(e, r, ready);
	while (r->seg < r->schedule->nr && segment_over(e, r, &r->schedule->seg[r->seg], ready)) {
		r->seg++;
		r->taken = 0;
		r->reached = false;
	}
	if (r->seg == r->schedule->nr)
		return serial(e, ready);
	g = &r->schedule->seg[r->seg];
	if (!(ready & TASK_BIT(g->task)))
		return diverge(e, r, g, ready);
	r->taken++;
	return g->task;
}

static void replay_label(struct engine *e, const char *name)
{
	struct replay *r = e->state;
	const struct engine_segment *g;
	int i;

	for (i = 0; i < r->nr_visited; i++)
		if (r->visited[i].task == e->current && !strcmp(r->visited[i].label, name))
			break;
	if (i == MAX_VISITED)
		engine_panic("an execution visits more than %d labels: raise MAX_VISITED", MAX_VISITED);
	if (i == r->nr_visited) {
		r->visited[i].label = name;
		r->visited[i].task = e->current;
		r->visited[i].n = 0;
		r->nr_visited++;
	}
	r->visited[i].n++;
	if (!r->schedule || r->seg >= r->schedule->nr)
		return;
	g = &r->schedule->seg[r->seg];
	if (g->stop == ENGINE_STOP_LABEL && g->task == e->current && r->visited[i].n == g->count &&
	    !strcmp(g->label, name))
		r->reached = true;
}

/* => the outcome that the schedule's entry for this choice tells, or 0 */
static int replay_choose(struct engine *e, const char *what, int n)
{
	struct replay *r = e->state;
	uint32_t visit = choice_visit(e, what);

	if (!r->schedule)
		return e->step <= r->nr_order ? r->order[e->step - 1] >> ORDER_CHOICE_SHIFT : 0;
	for (int i = 0; i < r->schedule->nr_choices; i++) {
		const struct engine_choice_made *o = &r->schedule->choice[i];

		if (o->task != e->current || o->visit != visit || strcmp(o->what, what))
			continue;
		r->reached_choice[i] = o->outcome < n;
		return o->outcome < n ? o->outcome : 0;
	}
	return 0;
}

/* => an outcome that the schedule tells, and that this execution did not come to */
static bool choice_missed(struct engine *e, struct replay *r)
{
	struct engine_schedule one = { .nr_choices = 1 };
	char asked[128];

	for (int i = 0; i < r->schedule->nr_choices; i++) {
		if (r->schedule->choice[i].task < 0 || r->reached_choice[i])
			continue;
		one.choice[0] = r->schedule->choice[i];
		engine_schedule_print(&e->prog, &one, ' ', asked, sizeof(asked));
		snprintf(r->why, sizeof(r->why),
			 "%s: the execution ended without that choice, after %u steps", asked, e->step);
		return true;
	}
	return false;
}

const struct strategy strategy_replay = {
	.name = "replay",
	.label = replay_label,
	.pick = replay_pick,
	.choose = replay_choose,
};

static void run(struct engine *e, struct replay *r)
{
	const struct strategy *before = e->strategy;
	void *state = e->state;

	e->strategy = &strategy_replay;
	e->state = r;
	run_execution(e);
	e->strategy = before;
	e->state = state;
	if (e->end == ENGINE_REDUNDANT || r->diverged)
		e->end = ENGINE_DIVERGED;
}

void run_order(struct engine *e, const order_t *order, uint32_t n)
{
	struct replay r = { .order = order, .nr_order = n };

	run(e, &r);
}

enum engine_end engine_replay(struct engine *e, const struct engine_schedule *s, uint32_t max_steps,
			      struct engine_result *result, struct engine_trace *trace, char *why,
			      size_t whylen)
{
	struct replay r = { .schedule = s };

	engine_set_bound(e, max_steps);
	expect_begin(e);
	choices_from_schedule(e, s, false, ENGINE_MAX_OUTCOMES_TOLD);
	oops_prepare();
	e->trace = trace;
	e->tracing = trace != NULL;
	if (trace)
		engine_trace_free(trace);
	run(e, &r);
	e->opt = NULL;
	e->tracing = false;
	e->trace = NULL;
	/* A schedule that was not used up says something that did not happen, unless a violation cut it short. */
	if (e->end == ENGINE_DONE || e->end == ENGINE_BOUND) {
		while (r.seg < s->nr && segment_over(e, &r, &s->seg[r.seg], 0)) {
			r.seg++;
			r.taken = 0;
			r.reached = false;
		}
		if (r.seg < s->nr) {
			diverge(e, &r, &s->seg[r.seg], 0);
			e->end = ENGINE_DIVERGED;
		} else if (choice_missed(e, &r)) {
			e->end = ENGINE_DIVERGED;
		}
	}
	if (why && whylen)
		snprintf(why, whylen, "%s", r.why);
	explore_note(e, result);
	return e->end;
}
