/* SPDX-License-Identifier: MIT */
/* engine.c - engines: names, tasks, set-up */
#include "engine/minimise.h"

static const struct strategy *const strategies[] = { &strategy_dpor, &strategy_source, &strategy_wakeup_trees,
						     &strategy_dfs,  &strategy_random, &strategy_pct,
						     &strategy_pos };

const struct strategy *strategy_find(const char *name)
{
	for (size_t i = 0; i < sizeof(strategies) / sizeof(strategies[0]); i++)
		if (!strcmp(strategies[i]->name, name))
			return strategies[i];
	return NULL;
}

const char *engine_strategy_name(int i)
{
	if (!i)
		return STRATEGY_AUTO;
	return i > 0 && (size_t)i <= sizeof(strategies) / sizeof(strategies[0]) ? strategies[i - 1]->name :
										  NULL;
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
	early_destroy(e);
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

/* ---- before an exploration ------------------------------------------------------------------------------- */

const struct strategy *engine_strategy(struct engine *e, const struct engine_options *o, char *err,
				       size_t errlen)
{
	const struct strategy *s = strategy_find(o->strategy ? o->strategy : "dpor");

	if (!s) {
		snprintf(err, errlen, "no strategy '%s'", o->strategy);
		return NULL;
	}
	if (choices_from_options(e, o, err, errlen))
		return NULL;
	if (o->state_hash && (s != &strategy_dfs || e->prog.memory != ENGINE_SC)) {
		snprintf(err, errlen, "states are hashed by dfs under sc only, not by %s under %s", s->name,
			 engine_memory_name(e->prog.memory));
		return NULL;
	}
	if ((o->jobs > 1 || o->save || o->resume) && s->covered && !s->save) {
		snprintf(err, errlen, "strategy %s keeps its work to itself: one job, nothing saved",
			 s->name);
		return NULL;
	}
	if ((o->jobs > 1 || o->save || o->resume) && (o->state_hash || o->count_classes)) {
		snprintf(err, errlen, "states and classes are counted by one job alone, and not saved");
		return NULL;
	}
	if (o->jobs > 1 && o->lock_order_fatal) {
		snprintf(err, errlen, "a lock order ends an exploration by one job alone, not by %d",
			 o->jobs);
		return NULL;
	}
	return s;
}

void engine_expect(struct engine *e, const char *oracle)
{
	memset(&e->expect, 0, sizeof(e->expect));
	e->expect.data_race_fatal = !strcmp(oracle, "data-race");
	e->expect.lock_order_fatal = !strcmp(oracle, "lock-order");
}

void expect_begin(struct engine *e)
{
	e->opt = &e->expect;
	if (e->expect.data_race_fatal)
		e->nr_races = 0;
	if (e->expect.lock_order_fatal)
		lockdep_restart(e);
}

void engine_begin(struct engine *e, const struct engine_options *o)
{
	char none[8];

	e->opt = o;
	choices_from_options(e, o, none, sizeof(none)); /* engine_strategy() looked at them */
	engine_set_bound(e, o->max_steps);
	oops_prepare(); /* its stack is there since engine_create() */
	lockdep_restart(e);
}
