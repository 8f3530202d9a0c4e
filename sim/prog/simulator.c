// SPDX-License-Identifier: MIT
/*
 * simulator.c - the simulator as a backend of VM programs
 *
 * A program runs whole, at its begin: one execution of the machine's one task, from the snapshot of a machine that was
 * just switched on. The calls and states that are asked for afterwards are handed out as they were recorded. What is
 * recorded lies outside of the machine, whose restoring leaves it alone. When the last call is done nothing runs any
 * more, which is what the global oracles judge, and once more when everybody has exited.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "prog/configure.h"
#include "prog/ground.h"
#include "prog/simulator.h"
#include "prog/simulator_machine.h"

struct simulator {
	struct vm_backend b;
	struct ground *ground;	 /* NULL: none yet */
	struct vm_prog made_for; /* its machine */
	struct prog_machine machine;

	const struct vm_prog *prog;
	bool detail;
	int nr_done, nr_states, next_state, next_op;
	struct vm_result result[PROG_MAX_CALLS];
	struct vm_state *state; /* one, or one a call */
	char err[128];		/* "" unless the machine could not be prepared */
};

/* ---- in the machine ------------------------------------------------------------------------------------------- */

static void set_up(void *arg)
{
	struct simulator *s = arg;

	machine_boot(&s->machine.config, s->machine.protocols);
	machine_task_init(0, GROUND_TASK);
	machine_setup_done();
}

static void record_state(struct simulator *s, const struct sim_run *run)
{
	struct vm_state *to = &s->state[s->nr_states++];

	memset(to, 0, sizeof(*to));
	sim_state(run, to);
}

static void run_calls(struct simulator *s, struct sim_run *run)
{
	for (int i = 0; i < s->prog->nr_ops; i++) {
		memset(&s->result[i], 0, sizeof(s->result[i]));
		sim_try(run, &s->prog->op[i], false, &s->result[i]);
		if (s->detail)
			oracle_quiescent();
		s->nr_done++;
		if (s->detail && i + 1 < s->prog->nr_ops)
			record_state(s, run);
	}
	record_state(s, run);
}

static void run_program(void *arg)
{
	struct simulator *s = arg;
	struct sim_run *run = (struct sim_run *)((u8 *)sync_machine() + s->machine.size);

	machine_task_enter(0);
	s->nr_done = s->nr_states = 0;
	if (sim_prepare(run, s->prog, 1))
		run_calls(s, run);
	memcpy(s->err, run->err, sizeof(s->err));
	if (!s->detail)
		oracle_quiescent();
	sim_teardown(run);
	oracle_quiescent();
}

/* ---- which machine --------------------------------------------------------------------------------------------- */

static int make_machine(struct simulator *s, const struct vm_prog *p, char *err, size_t n)
{
	if (s->ground && prog_same_machine(&s->made_for, p))
		return 0;
	if (s->ground)
		ground_destroy(s->ground);
	s->ground = NULL;
	if (prog_configure(p, &s->machine, err, n))
		return -1;
	s->made_for = *p;
	s->ground = ground_create(s->machine.size + sizeof(struct sim_run), set_up, run_program, s, err, n);
	return s->ground ? 0 : -1;
}

/* ---- the backend -------------------------------------------------------------------------------------------------- */

static int simulator_begin(struct vm_backend *b, const struct vm_prog *p, bool detail, char *err, size_t n)
{
	struct simulator *s = (struct simulator *)b;
	struct ground_end end;

	s->prog = p;
	s->detail = detail;
	s->next_op = s->next_state = 0;
	if (make_machine(s, p, err, n) || ground_run(s->ground, p->schedule, &end, err, n))
		return -1;
	memset(&b->violation, 0, sizeof(b->violation));
	b->failed = end.chosen;
	if (end.oracle[0]) {
		memcpy(b->violation.oracle, end.oracle, sizeof(end.oracle));
		memcpy(b->violation.message, end.message, sizeof(end.message));
		b->violation.op = s->nr_done;
		return 0;
	}
	if (!s->err[0] || end.chosen)
		return 0;
	snprintf(err, n, "%s", s->err);
	return -1;
}

static int simulator_op(struct vm_backend *b, const struct vm_op *op, struct vm_result *r, char *err,
			size_t n)
{
	struct simulator *s = (struct simulator *)b;

	/* calls of the dead are not asked for */
	while (s->result[s->next_op].outcome == OUTCOME_DEAD || s->result[s->next_op].outcome == OUTCOME_SKIP)
		s->next_op++;
	*r = s->result[s->next_op++];
	return 0;
}

static int simulator_state(struct vm_backend *b, struct vm_state *state, char *err, size_t n)
{
	struct simulator *s = (struct simulator *)b;

	*state = s->state[s->next_state++];
	return 0;
}

static void simulator_end(struct vm_backend *b)
{
}

static void simulator_destroy(struct vm_backend *b)
{
	struct simulator *s = (struct simulator *)b;

	if (s->ground)
		ground_destroy(s->ground);
	free(s->state);
	free(s);
}

struct vm_backend *simulator_create(char *err, size_t n)
{
	struct simulator *s = calloc(1, sizeof(*s));
	struct vm_state *state = calloc(PROG_MAX_CALLS + 1, sizeof(*state));

	if (!s || !state) {
		snprintf(err, n, "out of memory");
		free(s);
		free(state);
		return NULL;
	}
	s->state = state;
	s->b = (struct vm_backend){ .name = "simulator",
				    .calls = sim_calls(),
				    .level = LEVEL_RAW,
				    .begin = simulator_begin,
				    .op = simulator_op,
				    .state = simulator_state,
				    .end = simulator_end,
				    .destroy = simulator_destroy };
	return &s->b;
}
