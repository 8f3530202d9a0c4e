// SPDX-License-Identifier: MIT
/*
 * cmd_explore.c - faultline explore: every interleaving of a race, or a sample of them
 */
#include <stdlib.h>
#include <string.h>

#include "controlled/explore.h"

#define MAX_STRATEGIES 16

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
	OPT_CHECKPOINT,
	OPT_CHECKPOINT_SECONDS,
	OPT_RESUME,
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
	{ "checkpoint", required_argument, NULL, OPT_CHECKPOINT },
	{ "checkpoint-seconds", required_argument, NULL, OPT_CHECKPOINT_SECONDS },
	{ "resume", required_argument, NULL, OPT_RESUME },
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

static bool is_sample(const char *strategy)
{
	return !strcmp(strategy, "random") || !strcmp(strategy, "pct") || !strcmp(strategy, "pos");
}

static bool is_auto(const char *strategy)
{
	return !strcmp(strategy, "auto");
}

/* Options that only one strategy takes. */
static bool options_agree(const struct request *q)
{
	const char *strategy = q->o.strategy;

	if (q->o.preemptions >= 0 && strcmp(strategy, "dfs") && !is_auto(strategy))
		usage_error("--preemptions: only --strategy dfs takes a bound, not %s", strategy);
	else if (q->o.state_hash && strcmp(strategy, "dfs") && !is_auto(strategy))
		usage_error("--state-hash: only --strategy dfs looks for states it knows, not %s", strategy);
	else if (q->o.depth && strcmp(strategy, "pct"))
		usage_error("--depth: only --strategy pct takes a depth, not %s", strategy);
	else
		return true;
	return false;
}

static const char *option_name(int opt)
{
	for (const struct option *o = options; o->name; o++)
		if (o->val == opt)
			return o->name;
	return NULL;
}

/* What a resumed exploration may be told. */
static bool goes_with_resume(int opt)
{
	return opt == OPT_EXECUTIONS || opt == OPT_SECONDS || opt == OPT_JOBS || opt == OPT_JSON ||
	       opt == OPT_NO_MINIMISE || opt == OPT_CHECKPOINT || opt == OPT_CHECKPOINT_SECONDS ||
	       opt == OPT_RESUME;
}

/* => false after a message */
static bool option_take(int opt, struct request *q)
{
	switch (opt) {
	case OPT_KERNEL:
		q->kernel = optarg;
		return true;
	case OPT_PROTOCOL:
		q->protocols = optarg;
		return true;
	case OPT_STRATEGY:
		return option_strategy(optarg, q);
	case OPT_MEMORY:
		return option_memory(optarg, q);
	case OPT_SECONDS:
		return option_seconds("seconds", optarg, &q->o.seconds);
	case OPT_STATE_HASH:
		return q->o.state_hash = true;
	case OPT_PARANOID:
		return q->o.paranoid = true;
	case OPT_JOBS:
		return option_jobs(optarg, q);
	case OPT_JSON:
		return q->json = true;
	case OPT_NO_MINIMISE:
		return q->no_minimise = true;
	case OPT_CHOICES:
		return option_choices(optarg, q);
	case OPT_STOP_AT_DATA_RACE:
		return q->o.data_race_fatal = true;
	case OPT_STOP_AT_LOCK_ORDER:
		return q->o.lock_order_fatal = true;
	case OPT_CHECKPOINT:
		q->checkpoint = optarg;
		return true;
	case OPT_CHECKPOINT_SECONDS:
		return option_seconds("checkpoint-seconds", optarg, &q->o.save_seconds);
	case OPT_RESUME:
		q->resume = optarg;
		return true;
	default:
		return option_number(opt, q);
	}
}

/* => 0, or what option_next() or a bad value said, as for option_status() */
static int parse_options(int argc, char **argv, struct request *q)
{
	bool ok = true;
	int opt;

	while (ok && (opt = option_next(&cmd_explore, argc, argv, options)) != -1) {
		if (opt == OPT_FAILED || opt == OPT_HELPED)
			return opt;
		if (!goes_with_resume(opt) && !q->fixed)
			q->fixed = option_name(opt);
		ok = option_take(opt, q);
	}
	if (ok && q->resume && q->fixed) {
		usage_error("--%s: %s says what is explored, and how", q->fixed, q->resume);
		return OPT_FAILED;
	}
	ok = ok && options_agree(q);
	if (!q->resume && is_sample(q->o.strategy) && !q->o.executions && !(q->o.seconds > 0))
		q->o.executions = ENGINE_SAMPLE_EXECUTIONS;
	if (q->resume && argc == optind)
		return ok ? 0 : OPT_FAILED;
	return ok && arguments_exactly(&cmd_explore, argc, argv, 1) ? 0 : OPT_FAILED;
}

/* ---- exploring -------------------------------------------------------------------------------------- */

static enum exit_status judge(const struct engine_result *r)
{
	if (*r->violation.oracle)
		return STATUS_VIOLATION;
	if (r->stats.complete)
		return STATUS_CLEAN;
	return r->stats.interrupted ? STATUS_INTERRUPTED : STATUS_BUDGET;
}

/* Can it be saved at all? What cannot must say so only where it was asked to. */
static bool may_save(const struct request *q)
{
	return q->checkpoint ||
	       (strcmp(q->o.strategy, "source") && strcmp(q->o.strategy, "wakeup-trees") && !q->o.state_hash);
}

static int explore(struct session *s, struct request *q)
{
	struct explored *out = calloc(1, sizeof(*out));
	struct checkpoint_writer w;
	struct symbols *sym;
	char err[512];
	int status;

	if (!out) {
		perror("faultline");
		return STATUS_INTERNAL;
	}
	if (!checkpoint_begin(&w, s->config.race->name, q)) {
		free(out);
		return STATUS_USAGE;
	}
	if (may_save(q)) {
		q->o.save = checkpoint_save;
		q->o.save_arg = &w;
	}
	if (engine_explore(s->engine, &q->o, &out->r, err, sizeof(err))) {
		free(out);
		return usage_error("%s", err);
	}
	session_progress_end();
	out->checkpoint = checkpoint_end(&w, &out->r.stats);
	out->status = judge(&out->r);
	if (out->status == STATUS_VIOLATION) {
		if (!q->no_minimise)
			engine_minimise(s->engine, &out->r, MINIMISE_EXECUTIONS);
		token_print(s->engine, &s->config, &out->r, out->token, sizeof(out->token));
	}
	sym = symbols_open();
	(q->json ? explore_print_json : explore_print_text)(s, q, out, sym);
	symbols_close(sym);
	status = out->r.stats.interrupted ? STATUS_INTERRUPTED : out->status;
	free(out);
	return status;
}

/* => 0, or STATUS_USAGE after a message; c->bytes are the caller's */
static int resume(struct checkpoint *c, struct request *q, const char *race)
{
	int status = checkpoint_file_read(q->resume, c);

	if (status)
		return status;
	if (race && strcmp(race, c->race))
		return usage_error("%s is of the race %s, not %s", q->resume, c->race, race);
	checkpoint_restore(c, q);
	if (!q->checkpoint)
		q->checkpoint = q->resume;
	return 0;
}

static int run_explore(int argc, char **argv)
{
	struct request q = { .o = { .strategy = "auto",
				    .preemptions = -1,
				    .progress = session_progress,
				    .progress_arg = "" } };
	struct checkpoint c = { .bytes = NULL };
	struct session s;
	int opt = parse_options(argc, argv, &q), status = 0;
	const char *race = argv[optind];

	if (opt)
		return option_status(opt);
	if (q.resume)
		status = resume(&c, &q, race);
	if (!status)
		status = session_open(&s, q.resume ? c.race : race, q.kernel, q.protocols, q.memory);
	if (!status) {
		q.o.oracle = s.config.race->oracle;
		q.o.interrupted = session_interrupted();
		status = explore(&s, &q);
		session_close(&s);
	}
	free(c.bytes);
	return status;
}

const struct command cmd_explore = {
	.name = "explore",
	.args = "RACE [OPTION]... | --resume FILE [OPTION]...",
	.summary = "run a race under every interleaving, or a sample",
	.help = "  --protocol A=P[,A=P]  protocol P on axis A (see `faultline list protocols`)\n"
		"  --kernel K            the protocols of kernel K (default " DEFAULT_KERNEL ")\n"
		"  --strategy S          auto (default): dpor, or pct where that would take too long; dpor: every\n"
		"                        interleaving, equivalent ones once; dfs: every interleaving; random,\n"
		"                        pct, pos: a sample (of 100000 unless a budget is given); source,\n"
		"                        wakeup-trees: as dpor, to compare it with\n"
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
		"  --jobs N              N workers share the work (default 1); the result is the same\n"
		"  --checkpoint FILE     keep what is left in FILE, until nothing is\n"
		"  --checkpoint-seconds S   ... up to date to so many seconds (default 1)\n"
		"  --resume FILE         go on with what FILE says; takes --jobs, --seconds, --executions (in all),\n"
		"                        --json, --no-minimise, --checkpoint (default FILE), --checkpoint-seconds\n"
		"  --json                one JSON object",
	.run = run_explore,
};
