/* SPDX-License-Identifier: MIT */
/*
 * faults.c - page faults a second, on the running kernel and on the simulated one, in turn
 *
 * usage: bench_faults [SECONDS [ROUNDS [PAGES]]]: each of ROUNDS (3) rounds runs every shape for SECONDS (0.5) on the
 * one, then on the other, with mappings of PAGES (32768) pages. The best of the rounds counts, as others may use the machine. A ratio above 1 says
 * that the simulator is the faster. What was read back from the simulator's pages is added up and printed, and its
 * oracles judge every machine after the timed part.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sim_faults.h"

#define MAX_ROUNDS 15
#define RANGE_PAGES 65536ul

static const char *const shape_name[NR_SHAPES] = { "page_fault1 anonymous", "page_fault2 private file",
						   "page_fault3 shared file" };
static const char *const op_name[NR_RANGE_OPS] = { "fork", "munmap", "mprotect",
						   "get_user_pages (vmsplice)" };
static const struct {
	const char *name;
	int tasks;
	bool processes;
} kinds[] = { { "1 task", 1, false }, { "2 threads", 2, false }, { "2 processes", 2, true } };
#define NR_KINDS 3

struct cell {
	double host[MAX_ROUNDS], sim[MAX_ROUNDS];
};

static double most(const double *v, int n)
{
	double best = v[0];

	for (int i = 1; i < n; i++)
		best = v[i] > best ? v[i] : best;
	return best;
}

static double least(const double *v, int n)
{
	double best = v[0];

	for (int i = 1; i < n; i++)
		best = v[i] < best ? v[i] : best;
	return best;
}

static void print_row(const char *name, const char *kind, double host, double sim)
{
	printf("%-26s %-12s %12.0f ", name, kind, host);
	if (sim < 0)
		printf("%12s\n", "-");
	else
		printf("%12.0f %8.2f ", sim, sim / host);
}

static void fault_round(struct cell cells[NR_SHAPES][NR_KINDS], int round, double seconds,
			unsigned long pages, uint64_t *checksum)
{
	for (int s = 0; s < NR_SHAPES; s++)
		for (int k = 0; k < NR_KINDS; k++) {
			struct fault_run r = { .shape = (enum shape)s,
					       .tasks = kinds[k].tasks,
					       .processes = kinds[k].processes,
					       .pages = pages,
					       .seconds = seconds };
			uint64_t sum;

			cells[s][k].host[round] = host_faults(&r);
			cells[s][k].sim[round] = sim_faults(&r, &sum);
			*checksum = *checksum * 31 + sum;
		}
}

static void print_faults(struct cell cells[NR_SHAPES][NR_KINDS], int rounds)
{
	printf("%-26s %-12s %12s %12s %8s %8s %8s %8s\n", "faults a second", "", "host", "simulator", "ratio",
	       "ns", "x host", "x sim");
	for (int s = 0; s < NR_SHAPES; s++) {
		double host[NR_KINDS], sim[NR_KINDS];

		for (int k = 0; k < NR_KINDS; k++) {
			host[k] = most(cells[s][k].host, rounds);
			sim[k] = most(cells[s][k].sim, rounds);
			print_row(shape_name[s], kinds[k].name, host[k], sim[k]);
			if (sim[k] >= 0)
				printf("%8.0f %8.2f %8.2f\n", 1e9 * kinds[k].tasks / sim[k],
				       host[k] / host[0], sim[k] / sim[0]);
		}
	}
}

static void ranges(int rounds)
{
	printf("\n%-39s %12s %12s %8s\n", "64k pages, ns a page", "host", "simulator", "ratio");
	for (int op = 0; op < NR_RANGE_OPS; op++) {
		double host[MAX_ROUNDS], sim[MAX_ROUNDS], h, s;

		for (int i = 0; i < rounds; i++) {
			host[i] = host_range((enum range_op)op, RANGE_PAGES);
			sim[i] = sim_range((enum range_op)op, RANGE_PAGES);
		}
		h = least(host, rounds) * 1e9 / RANGE_PAGES;
		s = least(sim, rounds) * 1e9 / RANGE_PAGES;
		if (s < 0)
			printf("%-39s %12.1f %12s\n", op_name[op], h, "-");
		else
			printf("%-39s %12.1f %12.1f %8.2f\n", op_name[op], h, s, h / s);
	}
}

int main(int argc, char **argv)
{
	static struct cell cells[NR_SHAPES][NR_KINDS];
	double seconds = argc > 1 ? atof(argv[1]) : 0.5;
	int rounds = argc > 2 ? atoi(argv[2]) : 3;
	unsigned long pages = argc > 3 ? strtoul(argv[3], NULL, 0) : 32768;
	uint64_t checksum = 0;

	if (seconds <= 0 || rounds < 1 || rounds > MAX_ROUNDS || !pages) {
		fprintf(stderr, "usage: bench_faults [SECONDS [ROUNDS (1 to %d) [PAGES]]]\n", MAX_ROUNDS);
		return 2;
	}
	for (int i = 0; i < rounds; i++)
		fault_round(cells, i, seconds, pages, &checksum);
	print_faults(cells, rounds);
	ranges(rounds);
	printf("\nchecksum of contents %#llx; oracles found nothing\n", (unsigned long long)checksum);
	return 0;
}
