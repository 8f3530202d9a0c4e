// SPDX-License-Identifier: MIT
/*
 * cmd_explore.c - faultline explore: every interleaving of a race, or a sample of them
 */
#include <stdlib.h>
#include <string.h>

#include "controlled/report.h"

/* A sample has no end of its own. */
#define SAMPLE_EXECUTIONS 100000
#define MAX_STRATEGIES 16

struct request {
	const char *kernel, *protocols, *memory;
	struct engine_options o;
	struct engine_choice choices[ENGINE_MAX_CHOICE_KINDS + 1];
	bool json, no_minimise;
};

struct outcome {
	struct engine_result r;
	char token[TOKEN_MAX];
	enum exit_status status;
};

/* ---- options --------------------------------------------------------------------------------------- */

enum {
	OPT_KERNEL = 256,
	OPT_PROTOCOL,
	OPT_STRATEGY,
	OPT_MEMORY,
	OPT_PREEMPTIONS,
	OPT_DEPTH,
	OPT_STATE_HASH,
	OPT_EXECUTIONS,
	OPT_SECONDS,
	OPT_SEED,
	OPT_MAX_STEPS,
	OPT_PARANOID,
	OPT_JOBS,
	OPT_JSON,
	OPT_NO_MINIMISE,
	OPT_STOP_AT_DATA_RACE,
	OPT_CHOICES,
	OPT_STOP_AT_LOCK_ORDER,
};

static const struct option options[] = {
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "protocol", required_argument, NULL, OPT_PROTOCOL },
	{ "strategy", required_argument, NULL, OPT_STRATEGY },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "preemptions", required_argument, NULL, OPT_PREEMPTIONS },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "state-hash", no_argument, NULL, OPT_STATE_HASH },
	{ "executions", required_argument, NULL, OPT_EXECUTIONS },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "max-steps", required_argument, NULL, OPT_MAX_STEPS },
	{ "paranoid", no_argument, NULL, OPT_PARANOID },
	{ "jobs", required_argument, NULL, OPT_JOBS },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "no-minimise", no_argument, NULL, OPT_NO_MINIMISE },
	{ "stop-at-data-race", no_argument, NULL, OPT_STOP_AT_DATA_RACE },
	{ "choices", required_argument, NULL, OPT_CHOICES },
	{ "stop-at-lock-order", no_argument, NULL, OPT_STOP_AT_LOCK_ORDER },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static bool option_strategy(const char *name, struct request *q)
{
	const char *names[MAX_STRATEGIES];
	int n = 0;

	for (; n < MAX_STRATEGIES && engine_strategy_name(n); n++) {
		names[n] = engine_strategy_name(n);
		if (!strcmp(name, names[n])) {
			q->o.strategy = names[n];
			return true;
		}
	}
	unknown_name("strategy", name, names, (size_t)n);
	return false;
}

static bool option_memory(const char *name, struct request *q)
{
	const char *names[NR_ENGINE_MEMORIES];

	for (int i = 0; i < NR_ENGINE_MEMORIES; i++) {
		names[i] = engine_memory_name((enum engine_memory)i);
		if (!strcmp(name, names[i])) {
			q->memory = names[i];
			return true;
		}
	}
	unknown_name("memory model", name, names, NR_ENGINE_MEMORIES);
	return false;
}

static bool option_jobs(const char *text, struct request *q)
{
	uint64_t v;

	if (!option_u64("jobs", text, 1, 1024, &v))
		return false;
	q->o.jobs = (int)v;
	return true;
}

/* kind=N[,kind=N]...; the text is cut up and stays. */
static bool option_choices(char *text, struct request *q)
{
	int nr = 0;

	for (char *word = strtok(text, ","); word; word = strtok(NULL, ",")) {
		char *eq = strchr(word, '=');
		uint64_t v;

		if (!eq || eq == word) {
			usage_error("--choices: '%s' is no kind=N", word);
			return false;
		}
		*eq = '\0';
		if (!option_u64("choices", eq + 1, 0, ENGINE_MAX_OUTCOMES_TOLD, &v))
			return false;
		if (nr == ENGINE_MAX_CHOICE_KINDS) {
			usage_error("--choices: more than %d kinds", ENGINE_MAX_CHOICE_KINDS);
			return false;
		}
		q->choices[nr++] = (struct engine_choice){ word, (int)v };
	}
	q->choices[nr] = (struct engine_choice){ NULL, 0 };
	q->o.choices = q->choices;
	return true;
}

static bool option_number(int opt, struct request *q)
{
	uint64_t v;

	switch (opt) {
	case OPT_PREEMPTIONS:
		if (!option_u64("preemptions", optarg, 0, 1000, &v))
			return false;
		q->o.preemptions = (int)v;
		return true;
	case OPT_DEPTH:
		if (!option_u64("depth", optarg, 1, ENGINE_MAX_DEPTH, &v))
			return false;
		q->o.depth = (int)v;
		return true;
	case OPT_EXECUTIONS:
		return option_u64("executions", optarg, 1, UINT64_MAX, &q->o.executions);
	case OPT_SEED:
		return option_u64("seed", optarg, 0, UINT64_MAX, &q->o.seed);
	default:
		if (!option_u64("max-steps", optarg, 1, 100000000, &v))
			return false;
		q->o.max_steps = (uint32_t)v;
		return true;
	}
}

static bool is_exhaustive(const char *strategy)
{
	return !strcmp(strategy, "dpor") || !strcmp(strategy, "dfs");
}

/* Options that only one strategy takes. */
static bool options_agree(const struct request *q)
{
	const char *strategy = q->o.strategy;

	if (q->o.preemptions >= 0 && strcmp(strategy, "dfs"))
		usage_error("--preemptions: only --strategy dfs takes a bound, not %s", strategy);
	else if (q->o.state_hash && strcmp(strategy, "dfs"))
		usage_error("--state-hash: only --strategy dfs looks for states it knows, not %s", strategy);
	else if (q->o.depth && strcmp(strategy, "pct"))
		usage_error("--depth: only --strategy pct takes a depth, not %s", strategy);
	else
		return true;
	return false;
}

/* => 0, or what option_next() or a bad value said, as for option_status() */
static int parse_options(int argc, char **argv, struct request *q)
{
	bool ok = true;
	int opt;

	while (ok && (opt = option_next(&cmd_explore, argc, argv, options)) != -1) {
		switch (opt) {
		case OPT_KERNEL:
			q->kernel = optarg;
			break;
		case OPT_PROTOCOL:
			q->protocols = optarg;
			break;
		case OPT_STRATEGY:
			ok = option_strategy(optarg, q);
			break;
		case OPT_MEMORY:
			ok = option_memory(optarg, q);
			break;
		case OPT_PREEMPTIONS:
		case OPT_DEPTH:
		case OPT_EXECUTIONS:
		case OPT_SEED:
		case OPT_MAX_STEPS:
			ok = option_number(opt, q);
			break;
		case OPT_SECONDS:
			ok = option_seconds("seconds", optarg, &q->o.seconds);
			break;
		case OPT_STATE_HASH:
			q->o.state_hash = true;
			break;
		case OPT_PARANOID:
			q->o.paranoid = true;
			break;
		case OPT_JOBS:
			ok = option_jobs(optarg, q);
			break;
		case OPT_JSON:
			q->json = true;
			break;
		case OPT_NO_MINIMISE:
			q->no_minimise = true;
			break;
		case OPT_CHOICES:
			ok = option_choices(optarg, q);
			break;
		case OPT_STOP_AT_DATA_RACE:
			q->o.data_race_fatal = true;
			break;
		case OPT_STOP_AT_LOCK_ORDER:
			q->o.lock_order_fatal = true;
			break;
		default:
			return opt;
		}
	}
	ok = ok && options_agree(q);
	if (!is_exhaustive(q->o.strategy) && !q->o.executions && !(q->o.seconds > 0))
		q->o.executions = SAMPLE_EXECUTIONS;
	return ok && arguments_exactly(&cmd_explore, argc, argv, 1) ? 0 : OPT_FAILED;
}

/* ---- results --------------------------------------------------------------------------------------- */

static double per(uint64_t total, uint64_t n)
{
	return n ? (double)total / (double)n : 0;
}

static void json_add_choices(cJSON *j, const struct engine_choice *c)
{
	cJSON *o = cJSON_AddObjectToObject(j, "choices");

	for (; c->what; c++)
		cJSON_AddNumberToObject(o, c->what, c->max);
}

static void print_json(const struct session *s, const struct request *q, const struct outcome *out,
		       struct symbols *sym)
{
	const struct engine_stats *t = &out->r.stats;
	cJSON *j = cJSON_CreateObject(), *v = json_violation(&out->r, out->token);

	if (out->status == STATUS_VIOLATION && !q->no_minimise)
		json_add_fewest(v, &out->r);
	cJSON_AddStringToObject(j, "race", s->config.race->name);
	cJSON_AddStringToObject(j, "kernel", s->config.kernel);
	json_add_protocols(j, &s->config);
	cJSON_AddStringToObject(j, "strategy", q->o.strategy);
	cJSON_AddStringToObject(j, "memory", engine_memory_name(s->config.memory));
	json_add_choices(j, q->o.choices ? q->o.choices : s->program.choices);
	json_add_u64(j, "executions", t->executions);
	json_add_u64(j, "blocked", t->redundant);
	json_add_u64(j, "bounded", t->bounded);
	if (q->o.state_hash) {
		json_add_u64(j, "states", t->states);
		cJSON_AddBoolToObject(j, "states_full", t->states_full);
	}
	cJSON_AddBoolToObject(j, "complete", t->complete);
	cJSON_AddBoolToObject(j, "interrupted", t->interrupted);
	cJSON_AddItemToObject(j, "violation", v);
	json_add_data_races(j, &s->program, &out->r, sym);
	json_add_outcomes(j, out->r.outcome, out->r.nr_outcomes, out->r.outcomes_truncated);
	json_add_lock_orders(j, &out->r, sym);
	cJSON_AddNumberToObject(j, "seconds", t->seconds);
	cJSON_AddNumberToObject(j, "executions_per_second",
				t->seconds > 0 ? (double)t->executions / t->seconds : 0);
	cJSON_AddNumberToObject(j, "points_per_execution", per(t->points, t->executions + t->redundant));
	cJSON_AddNumberToObject(j, "plain_per_execution", per(t->plain, t->executions + t->redundant));
	cJSON_AddNumberToObject(j, "switches_per_execution", per(t->switches, t->executions + t->redundant));
	json_add_u64(j, "peak_bytes", t->peak_bytes);
	cJSON_AddStringToObject(j, "version", faultline_version());
	json_print(j);
}

static void print_stats(const struct session *s, const struct request *q, const struct outcome *out)
{
	const struct engine_stats *t = &out->r.stats;
	char protocols[256], a[32], b[32], c[32];

	protocols_text(&s->config, protocols, sizeof(protocols));
	printf("%s  %s  %s, %s\n", s->config.race->name, protocols, q->o.strategy,
	       engine_memory_name(s->config.memory));
	printf("%s executions in %.2f s (%s/s), %s redundant, %s; each %.0f points, %.0f plain accesses, "
	       "%.1f switches; %.1f MiB\n",
	       thousands(t->executions, a), t->seconds,
	       thousands(t->seconds > 0 ? (uint64_t)((double)t->executions / t->seconds) : 0, b),
	       thousands(t->redundant, c), t->complete ? "complete" : "not complete",
	       per(t->points, t->executions + t->redundant), per(t->plain, t->executions + t->redundant),
	       per(t->switches, t->executions + t->redundant), (double)t->peak_bytes / (1 << 20));
	if (q->o.state_hash)
		printf("%s states%s\n", thousands(t->states, a),
		       t->states_full ?
			       "; there was no room for more: those found later were explored each time" :
			       "");
	if (t->bounded)
		printf("%s executions reached the bound on steps: see --max-steps\n",
		       thousands(t->bounded, a));
}

static void print_text(const struct session *s, const struct request *q, const struct outcome *out,
		       struct symbols *sym)
{
	const struct engine_result *r = &out->r;
	const char *name = s->config.race->name;
	char n[32];

	print_stats(s, q, out);
	outcomes_print(r->outcome, r->nr_outcomes, r->outcomes_truncated);
	report_data_races(stdout, &s->program, r, sym);
	report_lock_orders(stdout, r, sym);
	switch (out->status) {
	case STATUS_VIOLATION:
		printf("execution %s, %u steps, %d preemption%s: ", thousands(r->execution, n), r->steps,
		       r->preemptions, r->preemptions == 1 ? "" : "s");
		report_schedule(stdout, &s->program, &r->schedule);
		if (!q->no_minimise)
			report_fewest(stdout, r);
		report_violation(stdout, r);
		printf("Next: faultline explain '%s'\n", out->token);
		break;
	case STATUS_CLEAN:
		printf("%sCLEAN%s: no interleaving of %s goes wrong: %s executions, complete\n",
		       style_good(stdout), style_end(stdout), name, thousands(r->stats.executions, n));
		if (s->config.race->axis)
			printf("Next: faultline matrix %s\n", name);
		break;
	case STATUS_INTERRUPTED:
		printf("INTERRUPTED: nothing found in %s executions, not complete\n",
		       thousands(r->stats.executions, n));
		break;
	default:
		printf("UNDECIDED: nothing found in %s executions, not complete\n",
		       thousands(r->stats.executions, n));
		printf("Next: faultline explore %s with a larger budget (--seconds, --executions), or without one\n",
		       name);
	}
}

static enum exit_status judge(const struct engine_result *r)
{
	if (*r->violation.oracle)
		return STATUS_VIOLATION;
	if (r->stats.complete)
		return STATUS_CLEAN;
	return r->stats.interrupted ? STATUS_INTERRUPTED : STATUS_BUDGET;
}

static int explore(struct session *s, const struct request *q)
{
	struct outcome *out = calloc(1, sizeof(*out));
	struct symbols *sym;
	char err[512];
	int status;

	if (!out) {
		perror("faultline");
		return STATUS_INTERNAL;
	}
	if (engine_explore(s->engine, &q->o, &out->r, err, sizeof(err))) {
		free(out);
		return usage_error("%s", err);
	}
	session_progress_end();
	out->status = judge(&out->r);
	if (out->status == STATUS_VIOLATION) {
		if (!q->no_minimise)
			engine_minimise(s->engine, &out->r, MINIMISE_EXECUTIONS);
		token_print(s->engine, &s->config, &out->r, out->token, sizeof(out->token));
	}
	sym = symbols_open();
	(q->json ? print_json : print_text)(s, q, out, sym);
	symbols_close(sym);
	status = out->r.stats.interrupted ? STATUS_INTERRUPTED : out->status;
	free(out);
	return status;
}

static int run_explore(int argc, char **argv)
{
	struct request q = { .o = { .strategy = "dpor",
				    .preemptions = -1,
				    .progress = session_progress,
				    .progress_arg = "" } };
	struct session s;
	int opt = parse_options(argc, argv, &q), status;

	if (opt)
		return option_status(opt);
	status = session_open(&s, argv[optind], q.kernel, q.protocols, q.memory);
	if (status)
		return status;
	q.o.oracle = s.config.race->oracle;
	q.o.interrupted = session_interrupted();
	status = explore(&s, &q);
	session_close(&s);
	return status;
}

const struct command cmd_explore = {
	.name = "explore",
	.args = "RACE [OPTION]...",
	.summary = "run a race under every interleaving, or a sample",
	.help = "  --protocol A=P[,A=P]  protocol P on axis A (see `faultline list protocols`)\n"
		"  --kernel K            the protocols of kernel K (default " DEFAULT_KERNEL ")\n"
		"  --strategy S          dpor (default): every interleaving, equivalent ones once; dfs: every\n"
		"                        interleaving; random, pct, pos: a sample (of 100000 unless a\n"
		"                        budget is given)\n"
		"  --preemptions N       dfs: at most N preemptions\n"
		"  --state-hash          dfs: give an execution up in a state that another was in; data races\n"
		"                        may go unseen\n"
		"  --depth D             pct: for bugs of depth D (default 3)\n"
		"  --memory M            sc (default), tso, pso, weak-locks\n"
		"  --executions N        stop after N executions\n"
		"  --seconds S           stop after S seconds\n"
		"  --seed N              random, pct, pos: another sample\n"
		"  --max-steps N         an execution's bound on steps\n"
		"  --choices C=N[,C=N]   at most N times in an execution, C fails: alloc, io-error; in place of what\n"
		"                        the race says, which is mostly nothing\n"
		"  --no-minimise         print the violation as it was found\n"
		"  --stop-at-data-race   a data race is a violation and ends the exploration\n"
		"  --stop-at-lock-order  so is a lock order that can deadlock\n"
		"  --paranoid            compare the whole machine with the snapshot after each reset\n"
		"  --jobs N              1, the only number of this version\n"
		"  --json                one JSON object",
	.run = run_explore,
};
