/* SPDX-License-Identifier: MIT */
/*
 * oops.c - kernel code that follows a wild pointer, or runs out of stack, is a violation and not the end of the program
 *
 * The handler of SIGSEGV and SIGBUS runs on a stack of its own and only sends the task on into oops(), which reports
 * and leaves the execution as any violation does. A fault outside of an execution goes to whoever handled it before.
 */
#include <signal.h>
#include <ucontext.h>

#include "engine/internal.h"

#define ALTERNATE_STACK (64u << 10)
#define RED_ZONE 128 /* below the stack pointer a function may keep data that a call must not touch */

static __thread void *fault_address;
static __thread bool stack_overflow;
static __thread void *alternate;		 /* the handler's stack, once there is one */
static struct sigaction before_segv, before_bus; /* as found when the handler was set last */

static void __attribute__((noreturn)) oops(void)
{
	struct engine *e = this_engine;
	const char *who = e->task[e->current].name;

	if (stack_overflow)
		violate(e, "oops",
			"%s runs out of its stack of %u bytes: endless recursion, or too large a local variable",
			who, ENGINE_STACK_SIZE);
	violate(e, "oops", "%s accesses %p, where nothing is mapped", who, fault_address);
	abort();
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	struct engine *e = this_engine;
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	uintptr_t sp = (uintptr_t)regs[REG_RSP], low;

	if (e->mode == MODE_IDLE || e->mode == MODE_CHECK || e->current < 0) {
		sigaction(sig, sig == SIGBUS ? &before_bus : &before_segv, NULL);
		return; /* to the same instruction, and so to them */
	}
	low = (uintptr_t)e->task[e->current].fiber.stack;
	fault_address = info->si_addr;
	stack_overflow = (uintptr_t)info->si_addr < low && (uintptr_t)info->si_addr >= low - 4096;
	if (stack_overflow)
		sp = low + ENGINE_STACK_SIZE;
	/* As if oops() had been called here: the stack pointer is 8 below a multiple of 16. */
	regs[REG_RSP] = (greg_t)(((sp - RED_ZONE) & ~(uintptr_t)15) - 8);
	regs[REG_RIP] = (greg_t)(uintptr_t)oops;
	regs[REG_RBP] = stack_overflow ? 0 : regs[REG_RBP];
}

static void take(int sig, const struct sigaction *sa, struct sigaction *before)
{
	struct sigaction found;

	sigaction(sig, sa, &found);
	if (!(found.sa_flags & SA_SIGINFO) || found.sa_sigaction != on_fault)
		*before = found;
}

/* Before each set-up, exploration or replay: others set these signals as well. => -1: no memory */
int oops_prepare(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	stack_t s = { .ss_size = ALTERNATE_STACK };

	if (!alternate) {
		s.ss_sp = alternate = malloc(ALTERNATE_STACK);
		if (!alternate || sigaltstack(&s, NULL))
			return -1;
	}
	sigemptyset(&sa.sa_mask);
	take(SIGSEGV, &sa, &before_segv);
	take(SIGBUS, &sa, &before_bus);
	return 0;
}

void oops_thread_ends(void)
{
	stack_t s = { .ss_flags = SS_DISABLE };

	sigaltstack(&s, NULL);
	free(alternate);
	alternate = NULL;
}
