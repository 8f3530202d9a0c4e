// SPDX-License-Identifier: MIT
/*
 * race_test.c - every verdict that a race states, measured
 *
 *   RACE/PROTOCOL          the exploration without a preemption bound says what the race states
 *   witness/RACE/PROTOCOL  the schedule written beside it fires the oracle written beside it
 *   diagram/RACE           the columns of the race's comment are what a witness does, in that order
 *   classes/RACE           the reduction explores as many executions as the race has equivalence classes
 *   outcomes/RACE/MODEL    under that memory model executions come to the outcomes that the race states, to all of
 *                          them, and to no other
 *
 * An argument selects the one test of that name; a name that nothing has is an error, never a pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "controlled/calls.h"
#include "race/run.h"
#include "story.h"

#define BUDGET_SECONDS 120.0 /* a verdict that takes longer is none */
#define BRUTE_PREEMPTIONS 2
#define SAMPLE_EXECUTIONS 2000 /* explored twice, and compared */
#define NAME_LEN 160

struct fixture {
	char name[NAME_LEN];
	const struct race *race;
	const struct race_verdict *verdict;
	enum engine_memory memory;
	struct race_config config;
	struct engine_program program;
	struct engine *engine;
	struct engine_result result, again;
};

/* ---- one engine a test -------------------------------------------------------------------------------- */

static void configure(struct fixture *f, const struct race_verdict *v)
{
	char protocols[128] = "", err[512];

	if (v && f->race->axis)
		snprintf(protocols, sizeof(protocols), "%s=%s", f->race->axis, v->protocol);
	if (race_configure(&f->config, f->race->name, NULL, protocols, err, sizeof(err)))
		fail_msg("%s", err);
	f->config.memory = f->memory;
	race_program(&f->config, &f->program);
	f->engine = engine_create(&f->program, err, sizeof(err));
	if (!f->engine)
		fail_msg("set-up of %s: %s", f->race->name, err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	if (f->engine)
		engine_destroy(f->engine);
	f->engine = NULL;
	return 0;
}

static void explore(struct fixture *f, const char *strategy, uint64_t executions, struct engine_result *r)
{
	char err[512];
	struct engine_options o = { .strategy = strategy,
				    .preemptions = -1,
				    .executions = executions,
				    .seconds = BUDGET_SECONDS,
				    .oracle = f->race->oracle,
				    .seed = 1 };

	/* Others may fire in executions before. */
	if (!o.oracle && f->verdict && f->verdict->expect == RACE_FOUND)
		o.oracle = f->verdict->oracle;

	if (engine_explore(f->engine, &o, r, err, sizeof(err)))
		fail_msg("%s", err);
}

/* Runs the schedule and returns the hash of its trace; the oracle named (NULL: none) must fire. */
static uint64_t replay(struct fixture *f, const struct engine_schedule *s, const char *oracle)
{
	struct engine_trace trace = { 0 };
	char why[512] = "";
	uint64_t hash;

	if (engine_replay(f->engine, s, 0, &f->again, &trace, why, sizeof(why)) == ENGINE_DIVERGED)
		fail_msg("diverged: %s", why);
	if (oracle && strcmp(f->again.violation.oracle, oracle))
		fail_msg("expected %s, got '%s' %s", oracle, f->again.violation.oracle,
			 f->again.violation.message);
	hash = trace.hash;
	engine_trace_free(&trace);
	return hash;
}

/* ---- the verdict ------------------------------------------------------------------------------------- */

/* The token of what was found, parsed anew, fires the same oracle with the same trace, twice. */
static void token_replays(struct fixture *f)
{
	static struct token t;
	char text[TOKEN_MAX], err[512];
	uint64_t first;

	engine_minimise(f->engine, &f->result, SAMPLE_EXECUTIONS);
	token_print(f->engine, &f->config, &f->result, text, sizeof(text));
	if (token_parse(text, &t, err, sizeof(err)))
		fail_msg("%s: %s", text, err);
	assert_string_equal(t.oracle, f->verdict->oracle);
	first = replay(f, &t.schedule, t.oracle);
	assert_true(first == replay(f, &t.schedule, t.oracle));
}

static void explores_the_same_twice(struct fixture *f, const char *strategy)
{
	explore(f, strategy, SAMPLE_EXECUTIONS, &f->result);
	explore(f, strategy, SAMPLE_EXECUTIONS, &f->again);
	assert_true(f->result.stats.executions == f->again.stats.executions);
	assert_true(f->result.stats.redundant == f->again.stats.redundant);
	assert_true(f->result.stats.points == f->again.stats.points);
	assert_true(f->result.stats.plain == f->again.stats.plain);
	assert_true(f->result.stats.switches == f->again.stats.switches);
	assert_true(f->result.execution == f->again.execution);
	assert_int_equal(f->result.nr_races, f->again.nr_races);
	assert_int_equal(f->result.nr_lock_reports, f->again.nr_lock_reports);
	assert_string_equal(f->result.violation.message, f->again.violation.message);
}

/*
 * The reduction against brute force, as far as that goes: every schedule of at most two preemptions.
 * => the verdict is the same
 */
static void brute_force_agrees(struct fixture *f)
{
	struct engine_options o = { .strategy = "dfs",
				    .preemptions = BRUTE_PREEMPTIONS,
				    .seconds = BUDGET_SECONDS,
				    .oracle = f->race->oracle };
	char err[512];

	if (engine_explore(f->engine, &o, &f->again, err, sizeof(err)))
		fail_msg("%s", err);
	if (f->verdict->expect == RACE_CLEAN && *f->again.violation.oracle)
		fail_msg("dpor says clean, dfs finds %s: %s", f->again.violation.oracle,
			 f->again.violation.message);
	if (f->verdict->expect == RACE_CLEAN)
		assert_true(f->again.stats.complete);
	else
		assert_true(f->again.violation.oracle[0] || f->result.preemptions > BRUTE_PREEMPTIONS);
}

static void verdict_test(void **state)
{
	struct fixture *f = *state;
	const struct race_verdict *v = f->verdict;
	const struct engine_result *r = &f->result;

	configure(f, v);
	explore(f, "dpor", 0, &f->result);
	if (v->expect == RACE_CLEAN) {
		if (*r->violation.oracle)
			fail_msg("expected clean, found %s: %s", r->violation.oracle, r->violation.message);
		if (!r->stats.complete)
			fail_msg("not complete after %llu executions",
				 (unsigned long long)r->stats.executions);
		if (r->nr_lock_reports)
			fail_msg("locks: %s", r->lock_reports[0].message);
	} else {
		if (strcmp(r->violation.oracle, v->oracle))
			fail_msg("expected %s, found '%s' %s", v->oracle, r->violation.oracle,
				 r->violation.message);
		token_replays(f);
	}
	brute_force_agrees(f);
	explores_the_same_twice(f, "dpor");
	explores_the_same_twice(f, "random");
}

/* ---- the witness ------------------------------------------------------------------------------------- */

static void parse_witness(struct fixture *f, const struct race_verdict *v, struct engine_schedule *s)
{
	char err[512];

	if (!v->witness)
		fail_msg("no witness is written beside %s", v->protocol);
	if (engine_schedule_parse(&f->program, v->witness, s, err, sizeof(err)))
		fail_msg("witness '%s': %s", v->witness, err);
	for (int i = 0; i < s->nr; i++)
		if (s->seg[i].stop == ENGINE_STOP_COUNT)
			fail_msg("witness '%s' counts steps: it will not survive a change", v->witness);
}

static void witness_test(void **state)
{
	static struct engine_schedule s;
	struct fixture *f = *state;
	uint64_t first;

	configure(f, f->verdict);
	parse_witness(f, f->verdict, &s);
	first = replay(f, &s, f->verdict->oracle);
	assert_true(first == replay(f, &s, f->verdict->oracle));
}

/* ---- the diagram ------------------------------------------------------------------------------------- */

/* Stories leave out the underscores that tell a function from its wrapper. */
static bool same_function(const char *word, const char *function)
{
	return !strcmp(word + strspn(word, "_"), function + strspn(function, "_"));
}

/* => how many of the story's words the calls follow, in order and in their columns */
static int words_followed(const struct story *story, const struct calls *c)
{
	int w = 0;

	for (int i = 0; i < c->nr && w < story->nr; i++)
		if (c->call[i].task == story->word[w].actor &&
		    same_function(story->word[w].function, c->call[i].function))
			w++;
	return w;
}

static int witness_follows(struct fixture *f, const struct race_verdict *v, const struct story *story,
			   struct symbols *sym)
{
	static struct engine_schedule s;
	struct engine_trace trace = { 0 };
	struct calls *calls;
	char why[512];
	int n;

	configure(f, v);
	parse_witness(f, v, &s);
	engine_replay(f->engine, &s, 0, &f->again, &trace, why, sizeof(why));
	calls = calls_create(&trace, sym);
	n = calls ? words_followed(story, calls) : 0;
	calls_destroy(calls);
	engine_trace_free(&trace);
	engine_destroy(f->engine);
	f->engine = NULL;
	return n;
}

static void diagram_test(void **state)
{
	static struct story story;
	struct fixture *f = *state;
	struct symbols *sym = symbols_open();
	int best = -1, n;

	assert_non_null(sym);
	if (!story_columns(f->race, &story))
		fail_msg("the comment of %s has no drawing under its actors' names", f->race->name);
	for (const struct race_verdict *v = f->race->expect;
	     v < f->race->expect + RACE_MAX_VERDICTS && v->expect != RACE_UNSTATED; v++) {
		if (v->expect != RACE_FOUND || !v->witness)
			continue;
		n = witness_follows(f, v, &story, sym);
		best = n > best ? n : best;
	}
	symbols_close(sym);
	if (best < story.nr)
		fail_msg("no witness of %s does what its comment draws: %s() in %s's column is word %d of %d",
			 f->race->name, story.word[best < 0 ? 0 : best].function,
			 f->race->actors[story.word[best < 0 ? 0 : best].actor].name, best + 1, story.nr);
}

/* ---- classes, outcomes ------------------------------------------------------------------------------- */

static void explore_all(struct fixture *f)
{
	const struct engine_result *r = &f->result;

	configure(f, NULL);
	explore(f, "dpor", 0, &f->result);
	if (*r->violation.oracle)
		fail_msg("found %s: %s", r->violation.oracle, r->violation.message);
	if (!r->stats.complete)
		fail_msg("not complete after %llu executions", (unsigned long long)r->stats.executions);
}

static void classes_test(void **state)
{
	struct fixture *f = *state;

	explore_all(f);
	if (f->result.stats.executions != f->race->classes)
		fail_msg("%llu classes, explored %llu", f->race->classes,
			 (unsigned long long)f->result.stats.executions);
}

/* => true when text is one of those in `all`, which '|' separates */
static bool outcome_among(const char *all, const char *text)
{
	size_t n = strlen(text);

	for (const char *p = all; *p; p += strcspn(p, "|"), p += *p == '|')
		if (strcspn(p, "|") == n && !strncmp(p, text, n))
			return true;
	return false;
}

static void outcomes_test(void **state)
{
	struct fixture *f = *state;
	const struct engine_result *r = &f->result;
	const char *all = f->race->outcomes[f->memory];
	int stated = 1;

	explore_all(f);
	assert_false(r->outcomes_truncated);
	for (const char *p = all; *p; p++)
		stated += *p == '|';
	for (int i = 0; i < r->nr_outcomes; i++)
		if (!outcome_among(all, r->outcome[i].text))
			fail_msg("execution %llu comes to '%s', which is not among '%s'",
				 (unsigned long long)r->outcome[i].first, r->outcome[i].text, all);
	if (r->nr_outcomes != stated)
		fail_msg("%d outcomes of '%s' are reached", r->nr_outcomes, all);
}

/* ---- all of them ------------------------------------------------------------------------------------- */

static bool has_witness(const struct race *r)
{
	for (int i = 0; i < RACE_MAX_VERDICTS && r->expect[i].expect != RACE_UNSTATED; i++)
		if (r->expect[i].expect == RACE_FOUND)
			return true;
	return false;
}

struct suite {
	const char *only; /* NULL: all */
	int nr;
	struct CMUnitTest test[4096];
};

/* => NULL when the test is not asked for */
static struct fixture *add(struct suite *s, const char *kind, const struct race *r, const char *variant,
			   CMUnitTestFunction run)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || s->nr == (int)(sizeof(s->test) / sizeof(s->test[0]))) {
		fputs("race_test: too many tests\n", stderr);
		exit(70);
	}
	snprintf(f->name, sizeof(f->name), "%s%s%s%s", kind, r->name, variant ? "/" : "",
		 variant ? variant : "");
	if (s->only && strcmp(s->only, f->name)) {
		free(f);
		return NULL;
	}
	f->race = r;
	s->test[s->nr++] = (struct CMUnitTest){ f->name, run, NULL, teardown, f };
	return f;
}

static void add_verdict(struct suite *s, const char *kind, const struct race *r, const struct race_verdict *v,
			CMUnitTestFunction run)
{
	struct fixture *f = add(s, kind, r, v->protocol ? v->protocol : "-", run);

	if (f)
		f->verdict = v;
}

static void add_race(struct suite *s, const struct race *r)
{
	struct fixture *f;

	for (int k = 0; k < RACE_MAX_VERDICTS && r->expect[k].expect != RACE_UNSTATED; k++) {
		add_verdict(s, "", r, &r->expect[k], verdict_test);
		if (r->expect[k].expect == RACE_FOUND)
			add_verdict(s, "witness/", r, &r->expect[k], witness_test);
	}
	if (has_witness(r))
		add(s, "diagram/", r, NULL, diagram_test);
	if (r->classes)
		add(s, "classes/", r, NULL, classes_test);
	for (int m = 0; m < NR_RACE_MODELS; m++) {
		if (!r->outcomes[m])
			continue;
		f = add(s, "outcomes/", r, race_model_name((enum race_model)m), outcomes_test);
		if (f)
			f->memory = (enum engine_memory)m;
	}
}

int main(int argc, char **argv)
{
	static struct suite s;
	int failed;

	s.only = argc > 1 ? argv[1] : NULL;
	for (int i = 0; i < race_count(); i++)
		add_race(&s, race_get(i));
	if (!s.nr) {
		fprintf(stderr, "race_test: no test is named '%s'\n", s.only ? s.only : "");
		return 2;
	}
	failed = _cmocka_run_group_tests("race", s.test, (size_t)s.nr, NULL, NULL);
	for (int i = 0; i < s.nr; i++)
		free(s.test[i].initial_state);
	return failed;
}
