/* SPDX-License-Identifier: MIT */
/* explore.c - engines, and the loop that runs executions until a strategy, a budget or a violation ends it */
#include <time.h>

#include "engine/internal.h"

#define BUDGET_LOOK 32 /* executions between looks at the clock */

static const struct strategy *const strategies[] = { &strategy_dpor,   &strategy_source, &strategy_dfs,
						     &strategy_random, &strategy_pct,	 &strategy_pos };

const struct strategy *strategy_find(const char *name)
{
	for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++)
		if (!strcmp(strategies[i]->name, name))
			return strategies[i];
	return NULL;
}

const char *engine_strategy_name(int i)
{
	return i >= 0 && (size_t)i < sizeof(strategies) / sizeof(strategies[0]) ? strategies[i]->name : NULL;
}

const char *engine_memory_name(enum engine_memory m)
{
	static const char *const names[NR_ENGINE_MEMORIES] = { "sc", "tso", "pso", "weak-locks" };

	return names[m];
}

/* ---- engines -------------------------------------------------------------------------------------- */

static int tasks_create(struct engine *e, char *err, size_t n)
{
	int lines = 0;

	for (int i = 0; i < e->prog.nr_tasks; i++) {
		const struct engine_task *t = &e->prog.tasks[i];

		if (t->kind == ENGINE_ACTOR && lines != i) {
			snprintf(err, n, "%s: actors come before devices", e->prog.name);
			return -1;
		}
		lines += t->kind == ENGINE_ACTOR;
		e->task[i].name = t->name;
		e->task[i].run = t->run;
		e->task[i].arg = t->arg;
		e->task[i].kind = t->kind;
		e->task[i].cpu = i;
	}
	e->nr_tasks = e->irq_base = e->prog.nr_tasks;
	e->rcu_task = e->irq_base + lines;
	e->nr_lines = lines;
	e->drain_base = e->rcu_task + 1;
	e->drain_lines = store_buffer_lines(e->prog.memory, lines, e->drain_base);
	e->nr_all = e->drain_base + lines * e->drain_lines;
	if (e->nr_all > ENGINE_MAX_TASKS || lines > ENGINE_MAX_CPUS) {
		snprintf(err, n, "%s: %d tasks, more than an engine holds", e->prog.name, e->nr_tasks);
		return -1;
	}
	for (int i = e->irq_base; i < e->rcu_task; i++)
		e->task[i].name = "ipi";
	for (int i = e->drain_base; i < e->nr_all; i++)
		e->task[i].name = "wb";
	e->task[e->rcu_task].name = "rcu";
	e->task[e->rcu_task].run = rcu_run;
	e->task[e->rcu_task].arg = e;
	e->task[e->rcu_task].kind = ENGINE_DEVICE;
	e->task[e->rcu_task].cpu = 0;
	for (int i = 0; i < e->drain_base; i++) {
		if (i >= e->irq_base && i < e->rcu_task)
			continue;
		if (fiber_create(&e->task[i].fiber, ENGINE_STACK_SIZE)) {
			snprintf(err, n, "no memory for %d stacks", e->nr_all);
			return -1;
		}
		e->mapped += ENGINE_STACK_SIZE;
	}
	return 0;
}

void engine_set_bound(struct engine *e, uint32_t max_steps)
{
	e->max_steps = max_steps ? max_steps : ENGINE_DEFAULT_STEPS;
	if (e->order_cap >= 2 * e->max_steps + 1)
		return;
	e->order_cap = 2 * e->max_steps + 1;
	e->order = realloc(e->order, e->order_cap * sizeof(order_t));
	if (!e->order)
		engine_panic("no memory for executions of %u steps", e->order_cap);
}

struct engine *engine_create(const struct engine_program *p, char *err, size_t errlen)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e) {
		snprintf(err, errlen, "no memory for an engine");
		return NULL;
	}
	e->prog = *p;
	e->current = -1;
	e->irq_cpu = e->asking = -1;
	e->mapped = sizeof(*e);
	e->strategy = &strategy_replay;
	engine_set_bound(e, 0);
	if (oops_prepare()) {
		snprintf(err, errlen, "no memory for a signal stack");
		free(e->order);
		free(e);
		return NULL;
	}
	if (lockdep_create(e)) {
		snprintf(err, errlen, "no memory for an engine");
		engine_destroy(e);
		return NULL;
	}
	if (tasks_create(e, err, errlen) || arena_create(e, err, errlen) || run_setup(e, err, errlen)) {
		engine_destroy(e);
		return NULL;
	}
	lockdep_setup_over(e);
	return e;
}

void engine_destroy(struct engine *e)
{
	for (int i = 0; i < e->nr_all; i++)
		fiber_destroy(&e->task[i].fiber);
	for (int i = 0; i < ENGINE_MAX_DATA_RACES; i++)
		free(e->race_order[i]);
	lockdep_destroy(e);
	arena_destroy(e);
	free(e->clocks);
	free(e->spill);
	free(e->order);
	free(e->history);
	free(e);
}

const struct engine_program *engine_program(const struct engine *e)
{
	return &e->prog;
}

/* ---- what an execution leaves ------------------------------------------------------------------------ */

void explore_note(struct engine *e, struct engine_result *r)
{
	r->violation = e->violation;
	r->execution = e->nr_execution;
	r->steps = e->step;
	r->preemptions = schedule_preemptions(e);
	schedule_from_order(e, &r->schedule);
}

/* Runs again what showed a data race, keeping the stacks of the accesses to its word. */
static void find_stacks(struct engine *e)
{
	const struct engine_options *opt = e->opt;
	int n = e->nr_races;
	struct engine_data_race *found = malloc(sizeof(e->races));

	if (!found)
		return;
	memcpy(found, e->races, sizeof(e->races));
	e->opt = NULL;
	for (int i = 0; i < n; i++) {
		order_t *order = e->race_order[i];

		e->race_order[i] = NULL;
		e->nr_races = 0;
		e->lines_short = false;
		e->watch = found[i].offset + 1;
		memset(e->watched, 0, sizeof(e->watched));
		run_order(e, order, e->race_steps[i]);
		for (int k = 0; k < e->nr_races; k++)
			if (e->races[k].offset == found[i].offset &&
			    e->races[k].access[0].task == found[i].access[0].task &&
			    e->races[k].access[1].task == found[i].access[1].task)
				found[i].access[0] = e->races[k].access[0];
		free(order);
	}
	e->watch = 0;
	e->opt = opt;
	memcpy(e->races, found, sizeof(e->races));
	e->nr_races = n;
	free(found);
}

/* ---- the loop ------------------------------------------------------------------------------------------- */

static double now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

static void paranoid(struct engine *e)
{
	size_t where;

	arena_restore(e);
	if (!arena_equals_snapshot(e, &where))
		engine_panic("execution %llu changed byte %#zx of the arena without being seen",
			     (unsigned long long)e->nr_execution, where);
}

/* => true: this is what the exploration was for */
static bool note_violation(struct engine *e, const struct engine_options *o, struct engine_result *r)
{
	bool wanted = !o->oracle || !strcmp(e->violation.oracle, o->oracle) ||
		      !strcmp(e->violation.oracle, "data-race") || !strcmp(e->violation.oracle, "lock-order");

	r->stats.violations++;
	if (!r->violation.oracle[0] || (wanted && !o->keep_going))
		explore_note(e, r);
	return wanted && !o->keep_going;
}

static void count(struct engine *e, struct engine_stats *s)
{
	s->points += e->step;
	s->switches += e->nr_switches;
	if (e->step > s->max_depth)
		s->max_depth = e->step;
	if (e->end == ENGINE_REDUNDANT)
		s->redundant++;
	else
		s->executions++;
	if (e->end == ENGINE_BOUND)
		s->bounded++;
}

struct watch {
	double start, next, cpu;
};

/* => true: the budget is used up, or somebody interrupted */
static bool budget(struct engine *e, const struct engine_options *o, struct engine_result *r, struct watch *w)
{
	double t;

	if (o->interrupted && *o->interrupted) {
		r->stats.interrupted = true;
		return true;
	}
	if (o->executions && r->stats.executions + r->stats.redundant >= o->executions)
		return true;
	if (e->nr_execution % BUDGET_LOOK)
		return false;
	t = now(CLOCK_MONOTONIC) - w->start;
	if (o->seconds > 0 && t >= o->seconds)
		return true;
	if (o->progress && t >= w->next) {
		w->next = t + 1;
		o->progress(o->progress_arg, r->stats.executions, t, r->stats.max_depth);
	}
	return false;
}

static void explore(struct engine *e, const struct engine_options *o, struct engine_result *r)
{
	struct watch w = { now(CLOCK_MONOTONIC), 1, now(CLOCK_THREAD_CPUTIME_ID) };
	bool ended = false, stopped = false;

	while (!stopped) {
		e->nr_execution++;
		if (!e->strategy->begin(e)) {
			ended = true;
			break;
		}
		e->nr_switches = 0;
		if (e->classes)
			classes_begin(e->classes);
		run_execution(e);
		e->strategy->end(e);
		if (e->classes)
			classes_end(e, e->classes);
		count(e, &r->stats);
		outcome_count(e);
		if (e->end == ENGINE_VIOLATION)
			stopped = note_violation(e, o, r);
		if (o->paranoid)
			paranoid(e);
		stopped = stopped || budget(e, o, r, &w);
	}
	r->stats.lines_short = e->lines_short;
	r->stats.complete = ended && e->strategy->covered && e->strategy->covered(e) && !e->lines_short;
	r->stats.seconds = now(CLOCK_THREAD_CPUTIME_ID) - w.cpu;
	r->stats.plain = e->nr_plain;
	r->stats.marked = e->nr_marked;
}

int engine_explore(struct engine *e, const struct engine_options *o, struct engine_result *r, char *err,
		   size_t errlen)
{
	const struct strategy *s = strategy_find(o->strategy ? o->strategy : "dpor");

	memset(r, 0, sizeof(*r));
	if (!s) {
		snprintf(err, errlen, "no strategy '%s'", o->strategy);
		return -1;
	}
	if (choices_from_options(e, o, err, errlen))
		return -1;
	if (o->state_hash && (s != &strategy_dfs || e->prog.memory != ENGINE_SC)) {
		snprintf(err, errlen, "states are hashed by dfs under sc only, not by %s under %s", s->name,
			 engine_memory_name(e->prog.memory));
		return -1;
	}
	e->opt = o;
	engine_set_bound(e, o->max_steps);
	oops_prepare(); /* its stack is there since engine_create() */
	if (s->create(e, o, err, errlen))
		return -1;
	e->strategy = s;
	e->nr_execution = 0;
	e->nr_plain = e->nr_marked = 0;
	e->nr_races = 0;
	e->classes = o->count_classes ? classes_create(e) : NULL;
	outcome_begin(e);
	lockdep_restart(e);
	explore(e, o, r);
	outcome_end(e, r);
	lockdep_result(e, r);
	if (s->stats)
		s->stats(e, &r->stats);
	r->stats.classes = e->classes ? classes_count(e->classes) : 0;
	classes_destroy(e->classes);
	e->classes = NULL;
	s->destroy(e);
	e->strategy = &strategy_replay;
	find_stacks(e);
	r->nr_races = e->nr_races;
	memcpy(r->races, e->races, sizeof(r->races));
	r->stats.peak_bytes += e->mapped + e->cap_clocks * sizeof(*e->clocks) +
			       e->cap_spill * sizeof(*e->spill) + e->order_cap * sizeof(order_t);
	e->opt = NULL;
	return 0;
}
