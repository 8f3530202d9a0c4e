/* SPDX-License-Identifier: MIT */
/*
 * engine_minimise.c - the minimiser against brute force over random programs, and against answers that are known
 *
 * Brute force is plain dfs without bounds, which judges every execution by itself.
 */
#include "random_programs.h"
#include "toy.h"

#include "engine/internal.h"

#define PROGRAMS 700
#define BRUTE_EXECUTIONS 60000

struct least {
	int failures, preemptions;
	uint32_t steps;
};

static bool less(const struct least *a, const struct least *b)
{
	if (a->failures != b->failures)
		return a->failures < b->failures;
	if (a->preemptions != b->preemptions)
		return a->preemptions < b->preemptions;
	return a->steps < b->steps;
}

static int told(const struct engine_schedule *s)
{
	int n = 0;

	for (int i = 0; i < s->nr_choices; i++)
		n += s->choice[i].task >= 0;
	return n;
}

/* Some final states are wrong. */
static void judge(void *arg)
{
	struct shared *s = sync_machine();
	unsigned h = 0;

	(void)arg;
	for (int i = 0; i < TASKS; i++)
		for (int k = 0; k < OPS; k++)
			h = h * 31 + (unsigned)s->seen[i][k];
	h = h * 31 + (unsigned)s->var[0] * 7 + (unsigned)s->var[1];
	if (h % 5 == 3)
		sync_violation("assertion", "this state is wrong: %u", h);
}

static struct engine *random_engine(enum engine_memory model)
{
	static const char *const names[] = { "a", "b", "c" };
	struct engine_program p = { .name = "random",
				    .memory = model,
				    .arena_size = sizeof(struct shared),
				    .setup = set_up,
				    .check = judge,
				    .nr_tasks = program.nr_tasks };
	char err[256];
	struct engine *e;

	for (int i = 0; i < program.nr_tasks; i++)
		p.tasks[i] =
			(struct engine_task){ .name = names[i], .run = run_task, .arg = (void *)(intptr_t)i };
	e = engine_create(&p, err, sizeof(err));
	if (!e)
		fail_msg("%s", err);
	return e;
}

/* Every execution with at most so many failures of those kinds. => false: too many executions */
static bool brute(struct engine *e, const struct engine_result *r, int nr_failures, struct least *best)
{
	struct engine_options o = { .preemptions = -1 };
	uint64_t n = 0;
	char err[128];

	engine_expect(e, r->violation.oracle);
	choices_from_schedule(e, &r->schedule, true, nr_failures);
	assert_int_equal(strategy_dfs.create(e, &o, err, sizeof(err)), 0);
	e->strategy = &strategy_dfs;
	while (n++ < BRUTE_EXECUTIONS && strategy_dfs.begin(e)) {
		struct least now;

		run_execution(e);
		strategy_dfs.end(e);
		now = (struct least){ e->nr_made, schedule_preemptions(e), e->step };
		if (e->end == ENGINE_VIOLATION && !strcmp(e->violation.oracle, r->violation.oracle) &&
		    !strcmp(e->violation.object, r->violation.object) && less(&now, best))
			*best = now;
	}
	strategy_dfs.destroy(e);
	return n <= BRUTE_EXECUTIONS;
}

/* => false: it does not go wrong, or is too large for brute force */
static bool one(uint64_t seed, enum engine_memory model)
{
	static const struct engine_choice choices[] = { { "choice", 2 }, { NULL, 0 } };
	static struct engine_result r, found;
	struct engine_options o = {
		.strategy = "random", .preemptions = -1, .executions = 300, .seed = seed, .choices = choices
	};
	struct least best = { INT32_MAX, INT32_MAX, UINT32_MAX }, got;
	struct engine *e;
	char err[256];
	bool whole = true;

	generate(seed);
	e = random_engine(model);
	assert_int_equal(engine_explore(e, &o, &found, err, sizeof(err)), 0);
	for (int f = 0;
	     *found.violation.oracle && whole && f <= told(&found.schedule) && best.failures == INT32_MAX;
	     f++)
		whole = brute(e, &found, f, &best);
	if (*found.violation.oracle && whole) {
		r = found;
		engine_minimise(e, &r, 1000000);
		got = (struct least){ told(&r.schedule), r.preemptions, r.steps };
		if (less(&got, &best) || less(&best, &got))
			fail_msg("program %llu, %s: (%d, %d, %u), brute force (%d, %d, %u)",
				 (unsigned long long)seed, r.violation.message, got.failures, got.preemptions,
				 got.steps, best.failures, best.preemptions, best.steps);
		assert_string_equal(r.violation.object, found.violation.object);
		assert_true(r.fewest_preemptions && r.fewest_steps);
		assert_true(r.steps <= 200);
		engine_replay(e, &r.schedule, 0, &found, NULL, NULL, 0);
		assert_string_equal(found.violation.object, r.violation.object);
	}
	engine_destroy(e);
	return *found.violation.oracle && whole;
}

static void equals_brute_force(void **state)
{
	int n = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= PROGRAMS; seed++)
		n += one(seed, ENGINE_SC);
	if (n < 200)
		fail_msg("only %d programs went wrong", n);
}

static void equals_brute_force_weak(void **state)
{
	int n = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= PROGRAMS / 2; seed++)
		n += one(seed, seed % 2 ? ENGINE_TSO : ENGINE_PSO);
	if (n < 60)
		fail_msg("only %d programs went wrong", n);
}

/* ---- known answers -------------------------------------------------------------------------------------- */

struct words {
	int x, y, z, got[2];
	spinlock_t a, b, c, d;
	int data;
};

static struct words *words(void)
{
	return sync_machine();
}

static void locks(void *arg)
{
	(void)arg;
	spin_lock_init(&words()->a);
	spin_lock_init(&words()->b);
	spin_lock_init(&words()->c);
	spin_lock_init(&words()->d);
}

#define TASK(name, ...)                                                                                      \
	static void name(void *arg)                                                                          \
	{                                                                                                    \
		struct words *m = words();                                                                   \
                                                                                                             \
		(void)arg;                                                                                   \
		__VA_ARGS__                                                                                  \
	}

/* From the first that random executions find. */
static struct engine_result *shrunk(const struct toy_program *t, struct engine_options o, char *text,
				    size_t n)
{
	static struct engine_result r;
	struct engine *e = toy_engine(t);
	char err[256];

	o.strategy = "random";
	o.preemptions = -1;
	o.executions = 20000;
	o.seed = o.seed ? o.seed : 5;
	if (engine_explore(e, &o, &r, err, sizeof(err)))
		fail_msg("%s", err);
	assert_true(r.violation.oracle[0]);
	engine_minimise(e, &r, 200000);
	engine_schedule_print(engine_program(e), &r.schedule, ' ', text, n);
	engine_destroy(e);
	return &r;
}

/* a must be left twice while it could go on; nobody else. */
TASK(steps_up, WRITE_ONCE(m->x, 1); WRITE_ONCE(m->x, 2); WRITE_ONCE(m->x, 3);)
TASK(copies, int v = READ_ONCE(m->x); WRITE_ONCE(m->y, v);)
TASK(sees_each, int first = READ_ONCE(m->y);
     if (first == 1 && READ_ONCE(m->x) == 2) sync_violation("assertion", "both");)

static void two_preemptions(void **state)
{
	const struct toy_program t = { .size = sizeof(struct words),
				       .task = { steps_up, copies, sees_each } };
	struct engine_result *r;
	char text[256];

	(void)state;
	r = shrunk(&t, (struct engine_options){ 0 }, text, sizeof(text));
	assert_int_equal(r->preemptions, 2);
	assert_int_equal(r->steps, 6);
	assert_true(r->fewest_preemptions && r->fewest_steps);
	assert_string_equal(text, "a*1 b a*1 c");
}

TASK(may_fail, if (sync_choose("alloc", 2)) WRITE_ONCE(m->x, 1);)
TASK(sees_failure, (void)READ_ONCE(m->y); if (READ_ONCE(m->x)) sync_violation("assertion", "failed");)

static void one_failure(void **state)
{
	static const struct engine_choice choices[] = { { "alloc", 2 }, { NULL, 0 } };
	const struct toy_program t = { .size = sizeof(struct words), .task = { may_fail, sees_failure } };
	struct engine_result *r;
	char text[256];

	(void)state;
	r = shrunk(&t, (struct engine_options){ .choices = choices }, text, sizeof(text));
	assert_string_equal(text, "a!alloc=1 a b");
	assert_int_equal(r->preemptions, 0);
	assert_int_equal(r->steps, 4);
	assert_true(r->fewest_preemptions);
}

TASK(a_then_b, spin_lock(&m->a); (void)READ_ONCE(m->x); spin_lock(&m->b); spin_unlock(&m->b);
     spin_unlock(&m->a);)
TASK(b_then_a, spin_lock(&m->b); spin_lock(&m->a); spin_unlock(&m->a); spin_unlock(&m->b);)
TASK(c_then_d, spin_lock(&m->c); spin_lock(&m->d); spin_unlock(&m->d); spin_unlock(&m->c);)
TASK(d_then_c, (void)READ_ONCE(m->z); spin_lock(&m->d); spin_lock(&m->c); spin_unlock(&m->c);
     spin_unlock(&m->d);)

/* Two pairs can each deadlock: what was found stays the one it was, though the other needs fewer steps. */
static void deadlock_of_the_same_locks(void **state)
{
	const struct toy_program t = { .size = sizeof(struct words),
				       .setup = locks,
				       .task = { a_then_b, b_then_a, c_then_d, d_then_c } };
	struct engine *e = toy_engine(&t);
	static struct engine_result r;
	static struct engine_schedule s;
	char err[256], object[ENGINE_OBJECT_MAX];

	(void)state;
	assert_int_equal(engine_schedule_parse(engine_program(e), "a b c*1 d", &s, err, sizeof(err)), 0);
	assert_int_equal(engine_replay(e, &s, 0, &r, NULL, err, sizeof(err)), ENGINE_VIOLATION);
	assert_oracle(&r, "deadlock");
	memcpy(object, r.violation.object, sizeof(object));
	engine_minimise(e, &r, 200000);
	assert_oracle(&r, "deadlock");
	assert_string_equal(r.violation.object, object);
	assert_non_null(strstr(r.violation.message, "->c"));
	assert_int_equal(r.preemptions, 1);
	assert_int_equal(r.steps, 12);
	assert_true(r.fewest_steps);
	engine_destroy(e);
}

TASK(sb_x, WRITE_ONCE(m->x, 1); m->got[0] = READ_ONCE(m->y);)
TASK(sb_y, WRITE_ONCE(m->y, 1); m->got[1] = READ_ONCE(m->x);)

static void sb_both_missed(void *arg)
{
	(void)arg;
	if (!words()->got[0] && !words()->got[1])
		sync_violation("assertion", "both loads missed both stores");
}

/* a runs to its end, its store comes late: nobody is preempted, and that the buffer drains preempts nobody either. */
static void store_buffering(void **state)
{
	struct toy_program t = { .size = sizeof(struct words),
				 .check = sb_both_missed,
				 .task = { sb_x, sb_y },
				 .memory = ENGINE_TSO };
	struct engine_result *r;
	char text[256];

	(void)state;
	r = shrunk(&t, (struct engine_options){ .seed = 3 }, text, sizeof(text));
	assert_int_equal(r->preemptions, 0);
	assert_int_equal(r->steps, 6);
	assert_true(r->fewest_preemptions && r->fewest_steps);
	t.memory = ENGINE_PSO;
	assert_int_equal(shrunk(&t, (struct engine_options){ .seed = 3 }, text, sizeof(text))->preemptions,
			 0);
}

/* A drain between two steps of b, while a could go on, hides no preemption of a. */
static void drains_hide_no_preemption(void **state)
{
	const struct toy_program t = { .size = sizeof(struct words),
				       .task = { steps_up, sb_y },
				       .memory = ENGINE_TSO };
	struct engine *e = toy_engine(&t);
	static struct engine_result r;
	static struct engine_schedule s;
	char err[256];

	(void)state;
	assert_int_equal(
		engine_schedule_parse(engine_program(e), "a*1 wb0 b*1 wb1 b a", &s, err, sizeof(err)), 0);
	assert_int_equal(engine_replay(e, &s, 0, &r, NULL, err, sizeof(err)), ENGINE_DONE);
	assert_int_equal(r.preemptions, 1);
	engine_destroy(e);
}

/* ---- without a proof --------------------------------------------------------------------------------------- */

static void no_budget_no_proof(void **state)
{
	const struct toy_program t = { .size = sizeof(struct words),
				       .task = { steps_up, copies, sees_each } };
	struct engine *e = toy_engine(&t);
	static struct engine_result r;
	struct engine_options o = { .strategy = "random", .preemptions = -1, .seed = 5, .executions = 9999 };
	char err[256];
	uint32_t steps;

	(void)state;
	assert_int_equal(engine_explore(e, &o, &r, err, sizeof(err)), 0);
	steps = r.steps;
	engine_minimise(e, &r, 3);
	assert_false(r.fewest_preemptions || r.fewest_steps);
	assert_true(r.steps <= steps);
	assert_oracle(&r, "assertion");
	engine_destroy(e);
}

/* ---- what is fatal on request alone -------------------------------------------------------------------------- */

TASK(plain_first, (void)READ_ONCE(m->x); m->data = 1; WRITE_ONCE(m->y, 1);)
TASK(plain_second, (void)READ_ONCE(m->y); m->data = 2;)

static void data_race_fires_again(void **state)
{
	const struct toy_program t = { .size = sizeof(struct words), .task = { plain_first, plain_second } };
	struct engine *e = toy_engine(&t);
	struct engine_result *r;
	static struct engine_schedule s;
	char text[256], err[256];

	(void)state;
	r = shrunk(&t, (struct engine_options){ .data_race_fatal = true }, text, sizeof(text));
	assert_oracle(r, "data-race");
	assert_int_equal(r->preemptions, 0);
	assert_true(r->fewest_steps);
	assert_int_equal(engine_schedule_parse(engine_program(e), text, &s, err, sizeof(err)), 0);
	assert_int_equal(engine_replay(e, &s, 0, r, NULL, err, sizeof(err)), ENGINE_DONE);
	engine_expect(e, "data-race");
	assert_int_equal(engine_replay(e, &s, 0, r, NULL, err, sizeof(err)), ENGINE_VIOLATION);
	assert_int_equal(engine_replay(e, &s, 0, r, NULL, err, sizeof(err)), ENGINE_VIOLATION);
	engine_expect(e, "");
	assert_int_equal(engine_replay(e, &s, 0, r, NULL, err, sizeof(err)), ENGINE_DONE);
	engine_destroy(e);
}

static void lock_order_fires_again(void **state)
{
	const struct toy_program t = { .size = sizeof(struct words),
				       .setup = locks,
				       .task = { a_then_b, b_then_a } };
	struct engine *e = toy_engine(&t);
	struct engine_result *r;
	static struct engine_schedule s;
	char text[256], err[256];

	(void)state;
	r = shrunk(&t, (struct engine_options){ .lock_order_fatal = true }, text, sizeof(text));
	assert_oracle(r, "lock-order");
	assert_int_equal(r->preemptions, 0);
	assert_int_equal(engine_schedule_parse(engine_program(e), text, &s, err, sizeof(err)), 0);
	engine_expect(e, "lock-order");
	assert_int_equal(engine_replay(e, &s, 0, r, NULL, err, sizeof(err)), ENGINE_VIOLATION);
	assert_oracle(r, "lock-order");
	assert_int_equal(engine_replay(e, &s, 0, r, NULL, err, sizeof(err)), ENGINE_VIOLATION);
	engine_destroy(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_brute_force),
		cmocka_unit_test(equals_brute_force_weak),
		cmocka_unit_test(two_preemptions),
		cmocka_unit_test(one_failure),
		cmocka_unit_test(deadlock_of_the_same_locks),
		cmocka_unit_test(store_buffering),
		cmocka_unit_test(drains_hide_no_preemption),
		cmocka_unit_test(no_budget_no_proof),
		cmocka_unit_test(data_race_fires_again),
		cmocka_unit_test(lock_order_fires_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
