// SPDX-License-Identifier: MIT
/*
 * cmd_stress.c - faultline stress: a race on real threads, repeated, to see how often luck finds it
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "native/native.h"

#define STRESS_SECONDS 10.0

struct request {
	const char *kernel, *protocols;
	struct native_options o;
	bool json, report_only;
};

enum {
	OPT_KERNEL = 256,
	OPT_PROTOCOL,
	OPT_SECONDS,
	OPT_ROUNDS,
	OPT_SEED,
	OPT_PERTURB,
	OPT_STOP,
	OPT_REPORT_ONLY,
	OPT_JSON,
};

static const struct option options[] = {
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "protocol", required_argument, NULL, OPT_PROTOCOL },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "rounds", required_argument, NULL, OPT_ROUNDS },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "perturb", no_argument, NULL, OPT_PERTURB },
	{ "stop-at-first", no_argument, NULL, OPT_STOP },
	{ "report-only", no_argument, NULL, OPT_REPORT_ONLY },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static volatile int interrupted;

static void on_sigint(int sig)
{
	interrupted = 1;
	signal(sig, SIG_DFL);
}

static bool progress_shown;

static void progress(void *arg, uint64_t rounds, double seconds)
{
	char n[32];

	if (!progress_wanted())
		return;
	fprintf(stderr, "\r\033[K%s rounds, %.0f s", thousands(rounds, n), seconds);
	fflush(stderr);
	progress_shown = true;
}

/* => 0, or what option_next() or a bad value said, as for option_status() */
static int parse_options(int argc, char **argv, struct request *q)
{
	bool ok = true;
	int opt;

	while (ok && (opt = option_next(&cmd_stress, argc, argv, options)) != -1) {
		switch (opt) {
		case OPT_KERNEL:
			q->kernel = optarg;
			break;
		case OPT_PROTOCOL:
			q->protocols = optarg;
			break;
		case OPT_SECONDS:
			ok = option_seconds("seconds", optarg, &q->o.seconds);
			break;
		case OPT_ROUNDS:
			ok = option_u64("rounds", optarg, 1, UINT64_MAX, &q->o.rounds);
			break;
		case OPT_SEED:
			ok = option_u64("seed", optarg, 0, UINT64_MAX, &q->o.seed);
			break;
		case OPT_PERTURB:
			q->o.perturb = true;
			break;
		case OPT_STOP:
			q->o.stop_at_first = true;
			break;
		case OPT_REPORT_ONLY:
			q->report_only = true;
			break;
		case OPT_JSON:
			q->json = true;
			break;
		default:
			return opt;
		}
	}
	if (!q->o.rounds && !(q->o.seconds > 0))
		q->o.seconds = STRESS_SECONDS;
	return ok && arguments_exactly(&cmd_stress, argc, argv, 1) ? 0 : OPT_FAILED;
}

static void print_json(const struct race_config *c, const struct native_result *r)
{
	cJSON *j = cJSON_CreateObject(), *kinds, *k;

	cJSON_AddStringToObject(j, "race", c->race->name);
	cJSON_AddStringToObject(j, "kernel", c->kernel);
	json_add_protocols(j, c);
	json_add_u64(j, "rounds", r->rounds);
	json_add_u64(j, "violating", r->violating);
	kinds = cJSON_AddArrayToObject(j, "violations");
	for (int i = 0; i < r->nr_kinds; i++) {
		k = cJSON_CreateObject();
		cJSON_AddStringToObject(k, "oracle", r->kind[i].first.oracle);
		cJSON_AddStringToObject(k, "message", r->kind[i].first.message);
		json_add_u64(k, "count", r->kind[i].count);
		json_add_u64(k, "first_round", r->kind[i].round);
		cJSON_AddItemToArray(kinds, k);
	}
	json_add_outcomes(j, r->outcomes.outcome, r->outcomes.nr, r->outcomes.truncated);
	cJSON_AddBoolToObject(j, "hung", r->hung);
	cJSON_AddBoolToObject(j, "interrupted", r->interrupted);
	cJSON_AddNumberToObject(j, "seconds", r->seconds);
	cJSON_AddNumberToObject(j, "rounds_per_second", r->rounds_per_second);
	cJSON_AddStringToObject(j, "version", faultline_version());
	json_print(j);
}

static void print_text(const struct race_config *c, const struct native_result *r)
{
	char protocols[256], a[32], b[32];

	protocols_text(c, protocols, sizeof(protocols));
	printf("%s  %s  on threads\n%s rounds in %.1f s (%s/s)%s\n", c->race->name, protocols,
	       thousands(r->rounds, a), r->seconds, thousands((uint64_t)r->rounds_per_second, b),
	       r->hung	      ? "; the last one hung" :
	       r->interrupted ? "; interrupted" :
				"");
	outcomes_print(r->outcomes.outcome, r->outcomes.nr, r->outcomes.truncated);
	for (int i = 0; i < r->nr_kinds; i++)
		printf("%sFOUND %s%s %s times, first in round %s: %s\n", style_bad(stdout),
		       r->kind[i].first.oracle, style_end(stdout), thousands(r->kind[i].count, a),
		       thousands(r->kind[i].round, b), r->kind[i].first.message);
	if (!r->nr_kinds)
		printf("Luck found nothing in %s rounds, which proves nothing.\n", thousands(r->rounds, a));
	printf("Next: build/controlled/faultline explore %s", c->race->name);
	if (race_is_bare(c->race))
		putchar('\n');
	else
		printf(" --protocol %s=%s\n", axis_name((enum protocol_axis)0), c->protocol[0]->name);
}

static int stress(const struct request *q, const char *race)
{
	struct native_result *r = calloc(1, sizeof(*r));
	struct engine_program p;
	struct race_config c;
	char err[512];
	int status = STATUS_BUDGET;

	if (!r) {
		perror("faultline");
		return STATUS_INTERNAL;
	}
	if (race_configure(&c, race, q->kernel, q->protocols, err, sizeof(err))) {
		free(r);
		return usage_error("%s", err);
	}
	race_program(&c, &p);
	if (native_stress(&p, &q->o, r, err, sizeof(err))) {
		free(r);
		return usage_error("%s", err);
	}
	if (progress_shown)
		fputs("\r\033[K", stderr);
	(q->json ? print_json : print_text)(&c, r);
	if (r->nr_kinds)
		status = STATUS_VIOLATION;
	if (r->interrupted)
		status = STATUS_INTERRUPTED;
	else if (q->report_only)
		status = STATUS_CLEAN;
	free(r);
	return status;
}

static int run_stress(int argc, char **argv)
{
	struct request q = { .o = { .interrupted = &interrupted, .progress = progress } };
	int opt = parse_options(argc, argv, &q);

	if (opt)
		return option_status(opt);
	if (!race_find(argv[optind]))
		return unknown_race(argv[optind]);
	signal(SIGINT, on_sigint);
	return stress(&q, argv[optind]);
}

const struct command cmd_stress = {
	.name = "stress",
	.args = "RACE [OPTION]...",
	.summary = "repeat a race on real threads, and count what luck finds",
	.help = "  --protocol A=P[,A=P]  protocol P on axis A (see `faultline list protocols`)\n"
		"  --kernel K            the protocols of kernel K (default " DEFAULT_KERNEL ")\n"
		"  --seconds S           for S seconds (default 10)\n"
		"  --rounds N            for N rounds\n"
		"  --perturb             yield or dawdle at labels, at random; --seed N: otherwise\n"
		"  --stop-at-first       end at the first violation\n"
		"  --report-only         exit 0 whatever was found\n"
		"  --json                one JSON object\n"
		"Exit status: 1 when an oracle fired, 3 when none did: luck proves nothing.",
	.run = run_stress,
};
