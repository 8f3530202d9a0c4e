// SPDX-License-Identifier: MIT
/*
 * simulator.c - the simulator as a backend of VM programs
 *
 * A program runs whole, at its begin: one execution of the machine's one task, from the snapshot of a machine that was
 * just switched on. The calls and states that are asked for afterwards are handed out as they were recorded. What is
 * recorded lies outside of the machine, whose restoring leaves it alone.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "prog/ground.h"
#include "prog/simulator.h"
#include "prog/simulator_machine.h"
#include "race/run.h"

/* A window in three processes, two files at their longest, tables, and as much again. */
#define SIM_FRAMES 1024
#define SIM_SLAB (1ul << 20)

struct simulator {
	struct vm_backend b;
	struct ground *ground;	      /* NULL: none yet */
	char kernel[PROG_CONFIG_MAX]; /* what it is made for */
	char protocol[PROG_CONFIG_MAX];
	const struct protocol *protocols[NR_AXES];

	const struct vm_prog *prog;
	bool detail;
	int nr_done, nr_states, next_state, next_op;
	struct vm_result result[PROG_MAX_CALLS];
	struct vm_state *state; /* one, or one a call */
	struct sim_run run;
};

/* ---- in the machine ------------------------------------------------------------------------------------------- */

static const struct machine_config config = { .nr_frames = SIM_FRAMES,
					      .slab_bytes = SIM_SLAB,
					      .io_at_once = true };

static void set_up(void *arg)
{
	struct simulator *s = arg;

	machine_boot(&config, s->protocols);
	machine_task_init(0, "program");
	machine_setup_done();
}

static void record_state(struct simulator *s)
{
	struct vm_state *to = &s->state[s->nr_states++];

	memset(to, 0, sizeof(*to));
	sim_state(&s->run, to);
}

static void run_program(void *arg)
{
	struct simulator *s = arg;
	struct vm_living living;

	machine_task_enter(0);
	prog_born(&living);
	s->nr_done = s->nr_states = 0;
	if (!sim_prepare(&s->run, s->prog))
		return;
	for (int i = 0; i < s->prog->nr_ops; i++) {
		const struct vm_op *op = &s->prog->op[i];
		struct vm_result *r = &s->result[i];

		memset(r, 0, sizeof(*r));
		if (prog_can_do(&living, op, r)) {
			sim_call(&s->run, op, r);
			prog_did(&living, op, r);
		}
		s->nr_done++;
		if (s->detail && i + 1 < s->prog->nr_ops)
			record_state(s);
	}
	record_state(s);
}

/* ---- which machine --------------------------------------------------------------------------------------------- */

static int set_protocol(struct simulator *s, const char *axis, const char *name, char *err, size_t n)
{
	int a = axis_find(axis);

	if (a < 0 || !protocol_find((enum protocol_axis)a, name)) {
		snprintf(err, n, "unknown protocol '%s=%s'; see 'faultline list protocols'", axis, name);
		return -1;
	}
	s->protocols[a] = protocol_find((enum protocol_axis)a, name);
	return 0;
}

/* "axis=name[,axis=name]" */
static int set_protocols(struct simulator *s, const char *text, char *err, size_t n)
{
	char copy[PROG_CONFIG_MAX], *save, *name;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *axis = strtok_r(copy, ",", &save); axis; axis = strtok_r(NULL, ",", &save)) {
		name = strchr(axis, '=');
		if (name)
			*name++ = '\0';
		if (set_protocol(s, axis, name ? name : "", err, n))
			return -1;
	}
	return 0;
}

static int make_machine(struct simulator *s, const struct vm_prog *p, char *err, size_t n)
{
	const struct kernel *k = kernel_find(*p->kernel ? p->kernel : "linux-6.18");

	if (s->ground && !strcmp(s->kernel, p->kernel) && !strcmp(s->protocol, p->protocol))
		return 0;
	if (s->ground)
		ground_destroy(s->ground);
	s->ground = NULL;
	if (!k) {
		snprintf(err, n, "unknown kernel '%s'; see 'faultline list kernels'", p->kernel);
		return -1;
	}
	for (int a = 0; a < NR_AXES; a++)
		s->protocols[a] = protocol_find((enum protocol_axis)a, k->protocols[a]);
	if (set_protocols(s, p->protocol, err, n))
		return -1;
	memcpy(s->kernel, p->kernel, sizeof(s->kernel));
	memcpy(s->protocol, p->protocol, sizeof(s->protocol));
	s->ground = ground_create(machine_size(&config), set_up, run_program, s, err, n);
	return s->ground ? 0 : -1;
}

/* ---- the backend -------------------------------------------------------------------------------------------------- */

static int simulator_begin(struct vm_backend *b, const struct vm_prog *p, bool detail, char *err, size_t n)
{
	struct simulator *s = (struct simulator *)b;

	s->prog = p;
	s->detail = detail;
	s->next_op = s->next_state = 0;
	if (make_machine(s, p, err, n) || ground_run(s->ground, err, n))
		return -1;
	if (!s->run.err[0])
		return 0;
	snprintf(err, n, "%s", s->run.err);
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
