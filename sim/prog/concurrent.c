// SPDX-License-Identifier: MIT
/*
 * concurrent.c - see concurrent.h
 *
 * What an execution changes lies in the arena, behind the machine. A call's result is written by the one task that makes
 * the call, and read when all are done.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/machine.h"
#include "kernel/sys.h"
#include "prog/concurrent.h"
#include "prog/simulator_machine.h"

struct par_run {
	struct sim_run run;
	atomic_t arrived[PROG_MAX_BLOCKS + 1]; /* threads at the end of a block */
	atomic_t released[PROG_MAX_BLOCKS + 1];
	struct vm_result result[PROG_MAX_CALLS];
};

static struct par_run *par_run(const struct vm_concurrent *c)
{
	return (struct par_run *)((u8 *)sync_machine() + c->machine.size);
}

/* ---- calls ----------------------------------------------------------------------------------------------------- */

static void do_op(const struct vm_concurrent *c, int i)
{
	const struct vm_op *op = &c->prog->op[i];
	struct par_run *par = par_run(c);
	int other = prog_other(op);
	bool look = c->moving >> op->actor & 1 || (other >= 0 && c->moving >> other & 1);
	struct vm_result r = { 0 };

	sim_try(&par->run, op, look && op->block, &r);
	sync_ghost_begin(&par->result[i], sizeof(r));
	par->result[i] = r;
	sync_ghost_end();
}

/* The calls outside of blocks between block b and the next; b = 0: before the first. */
static void straight(const struct vm_concurrent *c, int b)
{
	int last = 0;

	for (int i = 0; i < c->prog->nr_ops; i++) {
		if (c->prog->op[i].block)
			last = c->prog->op[i].block;
		else if (last == b)
			do_op(c, i);
	}
}

static bool goes_on(const struct vm_concurrent *c, int b)
{
	return b < c->nr_blocks || !c->prog->op[c->prog->nr_ops - 1].block;
}

static void meet(const struct vm_concurrent *c, const struct concurrent_thread *t, int b)
{
	struct par_run *par = par_run(c);

	atomic_inc(&par->arrived[b]);
	if (t->cpu) {
		if (b < c->nr_blocks)
			wait_for_bits_u32((const u32 *)&par->released[b].counter, ~0u, 1, "par");
		return;
	}
	wait_for_bits_u32((const u32 *)&par->arrived[b].counter, ~0u, (u32)c->nr_threads, "end-par");
	straight(c, b);
	if (b < c->nr_blocks)
		atomic_inc(&par->released[b]);
}

static void thread_run(void *arg)
{
	const struct concurrent_thread *t = arg;
	const struct vm_concurrent *c = t->c;

	machine_task_enter(t->cpu);
	for (int b = 1; b <= c->nr_blocks; b++) {
		for (int i = 0; i < c->prog->nr_ops; i++)
			if (c->prog->op[i].block == b && c->prog->op[i].thread == t->name[1] - '0')
				do_op(c, i);
		if (goes_on(c, b))
			meet(c, t, b);
	}
}

/* ---- before and after ------------------------------------------------------------------------------------------- */

/* The thread begins in the address space of whom it acts for first. */
static void place_thread(const struct vm_concurrent *c, const struct concurrent_thread *t)
{
	for (int i = 0; i < c->prog->nr_ops; i++) {
		const struct vm_op *op = &c->prog->op[i];
		struct mm_struct *mm = par_run(c)->run.mm[op->actor];

		if (!op->block || op->thread != t->name[1] - '0')
			continue;
		if (mm)
			use_mm(&this_machine->task[t->cpu], mm);
		return;
	}
}

static void set_up(void *arg)
{
	struct vm_concurrent *c = arg;
	struct par_run *par = par_run(c);

	machine_boot(&c->machine.config, c->machine.protocols);
	for (int k = 0; k < c->nr_threads; k++)
		machine_task_init(k, c->thread[k].name);
	machine_task_enter(-1);
	if (!sim_prepare(&par->run, c->prog, c->nr_threads))
		sync_violation("assertion", "%s", par->run.err);
	straight(c, 0);
	for (int k = 0; k < c->nr_threads; k++)
		place_thread(c, &c->thread[k]);
	machine_setup_done();
}

static void check(void *arg)
{
	struct vm_concurrent *c = arg;
	const struct vm_result *result = par_run(c)->result;
	int claim = prog_check_claims(c->prog, result);
	char text[20];

	machine_task_enter(-1);
	oracle_quiescent();
	if (claim >= 0)
		sync_violation("claim", "'%s' of line %d does not hold",
			       prog_claim_words[c->prog->claim[claim].kind], c->prog->claim[claim].line);
	outcomes_note(c->outcomes, result, text);
	sync_outcome(text);
}

/* ---- the program -------------------------------------------------------------------------------------------------- */

static void find_threads(struct vm_concurrent *c)
{
	bool used[PROG_MAX_THREADS] = { false };

	for (int i = 0; i < c->prog->nr_ops; i++) {
		const struct vm_op *op = &c->prog->op[i];

		if (!op->block)
			continue;
		used[op->thread] = true;
		c->nr_blocks = op->block;
		if (op->call == CALL_FORK)
			c->moving |= 1u << op->arg[OTHER_ACTOR];
		else if (op->call == CALL_EXIT)
			c->moving |= 1u << op->actor;
	}
	for (int k = 0; k < PROG_MAX_THREADS; k++)
		if (used[k]) {
			struct concurrent_thread *t = &c->thread[c->nr_threads];

			*t = (struct concurrent_thread){ .c = c, .cpu = c->nr_threads++ };
			snprintf(t->name, sizeof(t->name), "t%d", k);
		}
}

int concurrent_init(struct vm_concurrent *c, const struct vm_prog *p, char *err, size_t n)
{
	uint64_t missing = prog_calls(p) & ~sim_calls();

	memset(c, 0, sizeof(*c));
	c->prog = p;
	if (missing) {
		snprintf(err, n, "the simulator cannot do '%s'",
			 prog_spec((enum prog_call)__builtin_ctzll(missing))->name);
		return -1;
	}
	if (prog_configure(p, &c->machine, err, n))
		return -1;
	c->outcomes = malloc(sizeof(*c->outcomes));
	if (!c->outcomes) {
		snprintf(err, n, "out of memory");
		return -1;
	}
	outcomes_init(c->outcomes, p);
	find_threads(c);
	return 0;
}

void concurrent_free(struct vm_concurrent *c)
{
	if (!c->outcomes)
		return;
	outcomes_free(c->outcomes);
	free(c->outcomes);
	c->outcomes = NULL;
}

void concurrent_program(struct vm_concurrent *c, struct engine_program *ep)
{
	memset(ep, 0, sizeof(*ep));
	ep->name = c->prog->id;
	ep->memory = c->machine.memory;
	ep->arena_size = c->machine.size + sizeof(struct par_run);
	ep->setup = set_up;
	ep->check = check;
	ep->arg = c;
	ep->lock_ranks = machine_lock_ranks();
	ep->describe = machine_describe;
	ep->describe_change = machine_describe_change;
	for (int k = 0; k < c->nr_threads; k++)
		ep->tasks[ep->nr_tasks++] = (struct engine_task){ .name = c->thread[k].name,
								  .run = thread_run,
								  .arg = &c->thread[k],
								  .kind = ENGINE_ACTOR };
	for (int i = 0; i < nr_machine_devices; i++)
		if (!machine_devices[i].present || machine_devices[i].present(&c->machine.config))
			ep->tasks[ep->nr_tasks++] = (struct engine_task){ .name = machine_devices[i].name,
									  .run = machine_devices[i].run,
									  .kind = ENGINE_DEVICE };
}
