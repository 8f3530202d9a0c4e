// SPDX-License-Identifier: MIT
/*
 * explore_print.c - what came of an exploration, as text and as JSON
 */
#include <math.h>
#include <string.h>

#include "controlled/explore.h"

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

/* What ran. */
static const char *strategies(const struct request *q, const struct engine_result *r)
{
	if (strcmp(q->o.strategy, "auto"))
		return q->o.strategy;
	if (q->o.preemptions >= 0 || q->o.state_hash)
		return "dfs";
	return r->gave_up ? "dpor, pct" : "dpor";
}

void explore_print_json(const struct session *s, const struct request *q, const struct explored *out,
			struct symbols *sym)
{
	const struct engine_stats *t = &out->r.stats;
	cJSON *j = cJSON_CreateObject(), *v = json_violation(&out->r, out->token);

	if (out->status == STATUS_VIOLATION && !q->no_minimise)
		json_add_fewest(v, &out->r);
	cJSON_AddStringToObject(j, "race", s->config.race->name);
	cJSON_AddStringToObject(j, "kernel", s->config.kernel);
	json_add_protocols(j, &s->config);
	cJSON_AddStringToObject(j, "strategy", strategies(q, &out->r));
	cJSON_AddStringToObject(j, "memory", engine_memory_name(s->config.memory));
	json_add_choices(j, q->o.choices ? q->o.choices : s->program.choices);
	json_add_u64(j, "executions", t->executions);
	json_add_u64(j, "blocked", t->redundant);
	json_add_u64(j, "bounded", t->bounded);
	cJSON_AddItemToObject(j, "estimate",
			      t->estimate > 0 ? cJSON_CreateNumber(t->estimate) : cJSON_CreateNull());
	if (q->o.state_hash) {
		json_add_u64(j, "states", t->states);
		cJSON_AddBoolToObject(j, "states_full", t->states_full);
	}
	if (t->wakeup_nodes)
		json_add_u64(j, "wakeup_nodes", t->wakeup_nodes);
	cJSON_AddBoolToObject(j, "complete", t->complete);
	cJSON_AddBoolToObject(j, "orders_left_out", t->lines_short);
	cJSON_AddBoolToObject(j, "interrupted", t->interrupted);
	cJSON_AddBoolToObject(j, "resumed", q->resume != NULL);
	if (out->checkpoint)
		cJSON_AddStringToObject(j, "checkpoint", out->checkpoint);
	else
		cJSON_AddNullToObject(j, "checkpoint");
	cJSON_AddItemToObject(j, "violation", v);
	json_add_data_races(j, &s->program, &out->r, sym);
	json_add_outcomes(j, out->r.outcome, out->r.nr_outcomes, out->r.outcomes_truncated);
	json_add_lock_orders(j, &out->r, sym);
	cJSON_AddNumberToObject(j, "jobs", q->o.jobs > 1 ? q->o.jobs : 1);
	cJSON_AddNumberToObject(j, "seconds", t->seconds);
	cJSON_AddNumberToObject(j, "wall_seconds", t->wall_seconds);
	cJSON_AddNumberToObject(j, "executions_per_second",
				t->seconds > 0 ? (double)t->executions / t->seconds : 0);
	cJSON_AddNumberToObject(j, "points_per_execution", per(t->points, t->executions + t->redundant));
	cJSON_AddNumberToObject(j, "plain_per_execution", per(t->plain, t->executions + t->redundant));
	cJSON_AddNumberToObject(j, "switches_per_execution", per(t->switches, t->executions + t->redundant));
	json_add_u64(j, "peak_bytes", t->peak_bytes);
	cJSON_AddStringToObject(j, "version", faultline_version());
	json_print(j);
}

static void print_next(const struct request *q, const struct explored *out, const char *name)
{
	if (!out->checkpoint) {
		if (out->status == STATUS_BUDGET)
			printf("Next: faultline explore %s with a larger budget (--seconds, --executions), or "
			       "without one\n",
			       name);
		return;
	}
	printf("What is left stands in %s\n", out->checkpoint);
	printf("Next: faultline explore --resume %s", out->checkpoint);
	if (out->status == STATUS_BUDGET && q->o.executions && out->r.stats.executions >= q->o.executions)
		fputs(" with a larger --executions", stdout);
	putchar('\n');
}

static void print_stats(const struct session *s, const struct request *q, const struct explored *out)
{
	const struct engine_stats *t = &out->r.stats;
	char protocols[256], a[32], b[32], c[32];

	protocols_text(&s->config, protocols, sizeof(protocols));
	printf("%s  %s  %s, %s\n", s->config.race->name, protocols, strategies(q, &out->r),
	       engine_memory_name(s->config.memory));
	printf("%s executions in %.2f s (%s/s), %s redundant, %s; each %.0f points, %.0f plain accesses, "
	       "%.1f switches; %.1f MiB\n",
	       thousands(t->executions, a), t->seconds,
	       thousands(t->seconds > 0 ? (uint64_t)((double)t->executions / t->seconds) : 0, b),
	       thousands(t->redundant, c), t->complete ? "complete" : "not complete",
	       per(t->points, t->executions + t->redundant), per(t->plain, t->executions + t->redundant),
	       per(t->switches, t->executions + t->redundant), (double)t->peak_bytes / (1 << 20));
	if (q->o.jobs > 1)
		printf("%d jobs, %.2f s by the clock on the wall\n", q->o.jobs, t->wall_seconds);
	if (q->resume)
		printf("resumed from %s: all figures are of the whole\n", q->resume);
	if (q->o.state_hash)
		printf("%s states%s\n", thousands(t->states, a),
		       t->states_full ?
			       "; there was no room for more: those found later were explored each time" :
			       "");
	if (t->estimate > 0 && !t->complete)
		printf("about %.3g executions are estimated in all: %.2g %% were explored%s\n", t->estimate,
		       100 * fmin(1, (double)t->executions / t->estimate),
		       out->r.gave_up ? "; too many for the budget, so a sample followed" : "");
	if (t->wakeup_nodes)
		printf("%s nodes in wake-up trees at most\n", thousands(t->wakeup_nodes, a));
	if (t->lines_short)
		printf("orders of stores, or old values of loads, were left out: more addresses or values than an engine "
		       "follows; fewer actors leave room for more\n");
	if (t->bounded)
		printf("%s executions reached the bound on steps: see --max-steps\n",
		       thousands(t->bounded, a));
}

void explore_print_text(const struct session *s, const struct request *q, const struct explored *out,
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
	default:
		printf("%s: nothing found in %s executions, not complete\n",
		       out->status == STATUS_INTERRUPTED ? "INTERRUPTED" : "UNDECIDED",
		       thousands(r->stats.executions, n));
		print_next(q, out, name);
	}
}
