/* SPDX-License-Identifier: MIT */
/*
 * minimise.c - the same violation with the fewest failures, then preemptions, then steps, and the schedule told by labels
 *
 * First what was found is shrunk (shrink.c), which gives a bound from above. Then executions with 0, 1, 2, ...
 * preemptions are searched for the same violation, under each bound those without failures first, up to the bounds of
 * the best known: first with preemptions only where a label was just visited, then anywhere. A search that reached its
 * end and found nothing better is a proof. Among as few failures and preemptions as the best has, only shorter
 * executions are searched.
 *
 * States are hashed, so that a search ends early where others have been: steps are part of a state, so the shortest
 * stays. Not for data races and lock orders, which depend on more than the state, nor under weak memory.
 */
#include "engine/minimise.h"
#include "engine/unit.h"

#define STATE_BYTES ((size_t)256 << 20)

/* Fewer failures, else fewer preemptions, else fewer steps. => below, at or above 0 */
static int compare(const struct minimiser *m, const struct engine *e)
{
	int preemptions = schedule_preemptions(e);

	if (!m->order)
		return -1;
	if (e->nr_made != m->failures)
		return e->nr_made < m->failures ? -1 : 1;
	if (preemptions != m->r->preemptions)
		return preemptions < m->r->preemptions ? -1 : 1;
	return (e->step > m->r->steps) - (e->step < m->r->steps);
}

static void keep(struct minimiser *m)
{
	struct engine *e = m->e;

	explore_note(e, m->r);
	m->order = realloc(m->order, (e->step + 1) * sizeof(*m->order));
	if (!m->order)
		engine_panic("no memory for an execution of %u steps", e->step);
	memcpy(m->order, e->order, e->step * sizeof(*m->order));
	memcpy(m->made, e->made, sizeof(m->made));
	m->nr_made = m->failures = e->nr_made;
}

bool minimise_may(const struct minimiser *m)
{
	return m->executions && unit_clock(CLOCK_MONOTONIC) < m->until;
}

bool minimise_run(struct minimiser *m, bool as_good)
{
	struct engine *e = m->e;

	m->executions--;
	expect_begin(e);
	run_execution(e);
	e->opt = NULL;
	if (e->end != ENGINE_VIOLATION || strcmp(e->violation.oracle, m->oracle) != 0 ||
	    strcmp(e->violation.object, m->object) != 0 || compare(m, e) >= as_good)
		return false;
	keep(m);
	return true;
}

void minimise_kinds(struct engine *e, const struct engine_choice_made *made, int n, int max)
{
	struct engine_schedule *s = calloc(1, sizeof(*s));

	if (!s)
		engine_panic("no memory");
	s->nr_choices = n;
	memcpy(s->choice, made, (size_t)n * sizeof(*made));
	choices_from_schedule(e, s, true, max);
	free(s);
}

/* ---- searching from below ---------------------------------------------------------------------------------- */

struct bounds {
	int failures, preemptions; /* preemptions -1: any number */
	bool labels;
	bool eager; /* stores drain as soon as they can: almost as without store buffers, and as few executions */
};

/* What is no better than the best, for its length, is left out. */
static void limit(const struct minimiser *m, const struct bounds *b, bool as_good)
{
	m->e->step_limit = 0;
	if (m->order && m->failures == b->failures && m->r->preemptions == b->preemptions)
		m->e->step_limit = m->r->steps - !as_good;
}

static bool hashable(const struct minimiser *m)
{
	return m->e->prog.memory == ENGINE_SC && strcmp(m->oracle, "data-race") != 0 &&
	       strcmp(m->oracle, "lock-order") != 0;
}

/* Every execution within the bounds. => true: to the end */
static bool search(struct minimiser *m, const struct bounds *b)
{
	struct engine *e = m->e;
	struct engine_options o = { .preemptions = b->preemptions,
				    .labels_only = b->labels,
				    .state_hash = hashable(m),
				    .state_bytes = STATE_BYTES };
	bool ended = false, as_good = b->labels && !m->labelled;
	char err[128];

	if (strategy_dfs.create(e, &o, err, sizeof(err)))
		return false;
	e->strategy = &strategy_dfs;
	e->eager = b->eager;
	minimise_kinds(e, m->made, m->nr_made, b->failures);
	limit(m, b, as_good);
	while (minimise_may(m)) {
		ended = !strategy_dfs.begin(e);
		if (ended)
			break;
		if (!minimise_run(m, as_good))
			continue;
		m->labelled = b->labels;
		if (b->preemptions < 0)
			break;
		as_good = false;
		limit(m, b, as_good);
	}
	strategy_dfs.destroy(e);
	e->strategy = &strategy_replay;
	e->step_limit = 0;
	e->eager = false;
	return ended;
}

/* With at most so many of both. => true: the best is the best among them */
static bool level(struct minimiser *m, int failures, int preemptions)
{
	struct bounds b = { failures, preemptions, true, false };

	if (preemptions)
		search(m, &b);
	b.labels = false;
	return search(m, &b);
}

/*
 * Under weak memory a search may have no end in sight where the one for stores that drain at once has an answer: that
 * comes first.
 */
static void eagerly(struct minimiser *m)
{
	for (int p = 0; p <= m->r->preemptions && minimise_may(m); p++)
		for (int labels = 1; labels >= 0; labels--)
			search(m, &(const struct bounds){ m->failures, p, labels, true });
}

/*
 * The levels up to the best's, or up to these if there is none. The best's own is searched for fewer steps.
 * => what is proved is in m->r
 */
static void from_below(struct minimiser *m, int failures, int preemptions)
{
	bool fewest = true, reached = false, ended = false;

	for (int p = 0; p <= (m->order ? m->r->preemptions : preemptions); p++)
		for (int f = 0; f <= (m->order ? m->failures : failures) && minimise_may(m); f++) {
			ended = level(m, f, p);
			reached = m->order && f == m->failures && p == m->r->preemptions;
			if (!reached)
				fewest &= ended;
		}
	m->r->fewest_preemptions = fewest && reached;
	m->r->fewest_steps = fewest && reached && ended;
}

/* Fewer failures than the best has may be enough with more preemptions. => true: so it is */
static bool with_fewer_failures(struct minimiser *m)
{
	const struct bounds b = { m->failures - 1, -1, false, false };
	int before = m->failures;

	if (!m->failures)
		return false;
	if (!search(m, &b))
		m->r->fewest_preemptions = m->r->fewest_steps = false;
	return m->failures < before;
}

/* The execution that r tells, if it is one that fires again. */
static void begin(struct minimiser *m)
{
	struct engine *e = m->e;
	struct engine_result *again = calloc(1, sizeof(*again));
	const struct engine_schedule *s = &m->r->schedule;

	if (!again)
		engine_panic("no memory");
	memcpy(m->oracle, m->r->violation.oracle, sizeof(m->oracle));
	memcpy(m->object, m->r->violation.object, sizeof(m->object));
	engine_expect(e, m->oracle);
	for (int i = 0; i < s->nr_choices; i++)
		if (s->choice[i].task >= 0)
			m->made[m->nr_made++] = s->choice[i];
	m->failures = m->nr_made;
	engine_replay(e, s, e->max_steps, again, NULL, NULL, 0);
	if (e->end == ENGINE_VIOLATION && !strcmp(e->violation.oracle, m->oracle) &&
	    !strcmp(e->violation.object, m->object))
		keep(m);
	free(again);
}

void engine_minimise(struct engine *e, struct engine_result *r, uint64_t executions)
{
	struct minimiser m = { .e = e,
			       .r = r,
			       .executions = executions,
			       .until = unit_clock(CLOCK_MONOTONIC) + ENGINE_MINIMISE_SECONDS };
	uint64_t execution = r->execution;

	r->fewest_preemptions = r->fewest_steps = false;
	if (!r->violation.oracle[0])
		return;
	begin(&m);
	do {
		if (m.order)
			shrink(&m);
		if (m.order && e->prog.memory != ENGINE_SC)
			eagerly(&m);
		from_below(&m, m.failures, r->preemptions);
	} while (m.order && with_fewer_failures(&m));
	if (m.order)
		engine_schedule_label(e, &r->schedule);
	r->execution = execution;
	free(m.order);
}

/* ---- labels in place of counts -------------------------------------------------------------------------- */

struct place {
	char label[ENGINE_NAME_MAX];
	uint32_t visit;
};

/* The label that task g->task visited in the last step of segment `at`, and which visit that was. */
static bool place_of(const struct engine_trace *t, const struct engine_schedule *s, int at, struct place *p)
{
	size_t step = 0, end;
	int task = s->seg[at].task;

	for (int i = 0; i <= at; i++)
		step += s->seg[i].count;
	end = step;
	if (!end || end > t->nr || !t->step[end - 1].label[0] || t->step[end - 1].task != task)
		return false;
	memcpy(p->label, t->step[end - 1].label, sizeof(p->label));
	p->visit = 0;
	for (size_t i = 0; i < end; i++)
		p->visit += t->step[i].task == task && !strcmp(t->step[i].label, p->label);
	return true;
}

bool engine_schedule_label(struct engine *e, struct engine_schedule *s)
{
	struct engine_trace t = { 0 };
	struct engine_result *r = calloc(1, sizeof(*r)), *again = calloc(1, sizeof(*again));
	struct engine_schedule labelled;
	bool all = true;

	if (!r || !again)
		engine_panic("no memory");
	engine_replay(e, s, e->max_steps, r, &t, NULL, 0);
	labelled = r->schedule; /* the same execution, every segment with its count */
	for (int i = 0; i < labelled.nr; i++) {
		struct place p;

		if (labelled.seg[i].stop != ENGINE_STOP_COUNT)
			continue;
		if (!place_of(&t, &r->schedule, i, &p)) {
			all = false;
			continue;
		}
		labelled.seg[i].stop = ENGINE_STOP_LABEL;
		labelled.seg[i].count = p.visit;
		memcpy(labelled.seg[i].label, p.label, sizeof(p.label));
	}
	engine_trace_free(&t);
	/* Kept only if it is the same execution to the step. */
	engine_replay(e, &labelled, e->max_steps, again, NULL, NULL, 0);
	if (again->steps == r->steps && !memcmp(&again->schedule, &r->schedule, sizeof(r->schedule)))
		*s = labelled;
	else
		all = false;
	free(r);
	free(again);
	return all;
}
