// SPDX-License-Identifier: MIT
/*
 * host_actor.c - the processes that carry out a program's calls on the running kernel
 *
 * Invariants:
 *   H1  An actor calls nothing outside of this file: the libraries, their data and their thread area are unmapped, so
 *       that a fork copies little and no access of theirs is counted as a fault.
 *   H2  Between its request and its answer an actor touches nothing that it has not touched before, but what the call is
 *       about: after every fork both sides touch their text, stack and box again.
 *   H3  A fault of an access resumes behind it. Any other fault ends the actor.
 *
 * Built without sanitizers, stack protectors, vector registers and jump tables: what they keep in memory is not there
 * (H1).
 */
#include <linux/futex.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include "prog/host_box.h"

#define ACTOR __attribute__((section("fl_actor_text")))
#define ACCESS_MAGIC 0x6661756c746c696el /* in r8 while an access may fault */
#define RSEQ_UNREGISTER 1
#define RSEQ_SIGNATURE 0x53053053
#define KERNEL_SA_RESTORER 0x04000000
#define USER_END 0x7ffffffff000ul

extern char __start_fl_actor_text[], __stop_fl_actor_text[];

struct kernel_sigaction {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

ACTOR static inline long sys6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

ACTOR static inline long sys3(long nr, long a, long b, long c)
{
	return sys6(nr, a, b, c, 0, 0, 0);
}

ACTOR static void __attribute__((noreturn)) give_up(struct host_box *box, int line)
{
	box->broken = line;
	for (;;)
		sys3(SYS_exit_group, 1, 0, 0);
}

/* ---- faults of accesses ---------------------------------------------------------------------------------- */

ACTOR static void on_fault(int signo, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	struct host_fault *fault = (struct host_fault *)regs[REG_R9];

	if (regs[REG_R8] != ACCESS_MAGIC)
		sys3(SYS_exit_group, 2, 0, 0);
	fault->signo = signo;
	fault->code = info->si_code;
	fault->addr = (unsigned long)info->si_addr;
	regs[REG_RIP] = regs[REG_R10];
}

void host_actor_restorer(void);
long host_actor_clone(long flags, void *stack, struct host_box *box);
void host_actor_main(struct host_box *box);

__asm__(".pushsection fl_actor_text, \"ax\", @progbits\n"
	".globl host_actor_restorer\n"
	".type host_actor_restorer, @function\n"
	"host_actor_restorer:\n"
	"	mov $15, %eax\n" /* rt_sigreturn */
	"	syscall\n"
	".globl host_actor_clone\n"
	".type host_actor_clone, @function\n"
	"host_actor_clone:\n"
	"	mov %rdx, -8(%rsi)\n"
	"	sub $8, %rsi\n"
	"	xor %edx, %edx\n"
	"	xor %r10d, %r10d\n"
	"	xor %r8d, %r8d\n"
	"	mov $56, %eax\n" /* clone */
	"	syscall\n"
	"	test %rax, %rax\n"
	"	jnz 1f\n"
	"	pop %rdi\n"
	"	xor %ebp, %ebp\n"
	"	call host_actor_main\n"
	"	ud2\n"
	"1:	ret\n"
	".popsection\n");

ACTOR static long load(const volatile void *addr, struct host_fault *fault)
{
	register long magic __asm__("r8") = ACCESS_MAGIC;
	register struct host_fault *f __asm__("r9") = fault;
	long v = 0;

	__asm__ volatile("lea 1f(%%rip), %%r10\n"
			 "movb (%[addr]), %b[v]\n"
			 "1:"
			 : [v] "+q"(v)
			 : [addr] "r"(addr), "r"(magic), "r"(f)
			 : "r10", "memory");
	return v & 0xff;
}

ACTOR static void store(volatile void *addr, long v, struct host_fault *fault)
{
	register long magic __asm__("r8") = ACCESS_MAGIC;
	register struct host_fault *f __asm__("r9") = fault;

	__asm__ volatile("lea 1f(%%rip), %%r10\n"
			 "movb %b[v], (%[addr])\n"
			 "1:"
			 :
			 : [addr] "r"(addr), [v] "q"(v), "r"(magic), "r"(f)
			 : "r10", "memory");
}

/* ---- touching what is the actor's own ---------------------------------------------------------------------- */

ACTOR static void touch(uintptr_t from, uintptr_t to)
{
	for (uintptr_t p = from & ~(uintptr_t)(PROG_PAGE - 1); p < to; p += PROG_PAGE)
		(void)*(const volatile char *)(p < from ? from : p);
}

/* By writing back what is there: a fork has made it copy-on-write. */
ACTOR static void touch_write(volatile char *from, volatile char *to)
{
	for (volatile char *p = from; p < to; p += PROG_PAGE)
		*p = *p;
}

/* H2. The stack is found by its alignment. */
ACTOR static void warm_up(struct host_box *box)
{
	char *stack = (char *)((uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(HOST_STACK_SIZE - 1));

	touch((uintptr_t)__start_fl_actor_text, (uintptr_t)__stop_fl_actor_text);
	touch_write(stack, stack + HOST_STACK_SIZE);
	touch_write((char *)box, (char *)(box + 1));
}

/* ---- requests ----------------------------------------------------------------------------------------------- */

ACTOR static long faults_so_far(void)
{
	struct rusage u;

	sys3(SYS_getrusage, RUSAGE_THREAD, (long)&u, 0);
	return u.ru_minflt + u.ru_majflt;
}

ACTOR static void say(uint32_t *futex)
{
	__atomic_store_n(futex, 1, __ATOMIC_RELEASE);
	sys3(SYS_futex, (long)futex, FUTEX_WAKE, 1);
}

/* => the slot that the caller has from now on */
ACTOR static int fork_to(struct host_box *box, int self)
{
	int child = (int)box->arg[0];
	long pid = sys6(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0, 0);

	warm_up(box);
	if (pid) {
		box->ret = pid;
		return self;
	}
	sys3(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0);
	say(&box->born);
	return child;
}

ACTOR static void carry_out(struct host_box *box)
{
	const long *a = box->arg;
	long before;

	box->fault.signo = 0;
	before = faults_so_far();
	switch (box->request) {
	case HOST_SYSCALL:
		box->ret = sys6(box->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		break;
	case HOST_LOAD:
		box->ret = load((void *)a[0], &box->fault);
		break;
	case HOST_STORE:
		box->ret = 0;
		store((void *)a[0], a[1], &box->fault);
		break;
	default:
		sys3(SYS_exit_group, 0, 0, 0);
	}
	box->faults = faults_so_far() - before;
}

ACTOR static void __attribute__((noreturn)) serve(struct host_box *box, int self)
{
	for (;;) {
		while (!__atomic_load_n(&box->asked[self], __ATOMIC_ACQUIRE))
			sys6(SYS_futex, (long)&box->asked[self], FUTEX_WAIT, 0, 0, 0, 0);
		__atomic_store_n(&box->asked[self], 0, __ATOMIC_RELAXED);
		if (box->request == HOST_FORK) {
			int now = fork_to(box, self);

			if (now != self) {
				self = now;
				continue;
			}
		} else {
			carry_out(box);
		}
		say(&box->done);
	}
}

/* ---- the zygote ------------------------------------------------------------------------------------------------ */

/* H1: keeps three ranges and unmaps what lies between them. */
ACTOR static void unmap_all_but(struct host_box *box, const char *stack)
{
	struct {
		unsigned long start, end;
	} keep[3] = {
		{ (unsigned long)__start_fl_actor_text, (unsigned long)__stop_fl_actor_text },
		{ (unsigned long)box, (unsigned long)(box + 1) },
		{ (unsigned long)stack, (unsigned long)stack + HOST_STACK_SIZE },
	};
	unsigned long at = 0;

	for (int n = 0; n < 3; n++) {
		int next = -1;

		for (int i = 0; i < 3; i++)
			if (keep[i].end > at && (next < 0 || keep[i].start < keep[next].start))
				next = i;
		keep[next].start &= ~(unsigned long)(PROG_PAGE - 1);
		keep[next].end = (keep[next].end + PROG_PAGE - 1) & ~(unsigned long)(PROG_PAGE - 1);
		if (keep[next].start > at && sys3(SYS_munmap, (long)at, (long)(keep[next].start - at), 0))
			give_up(box, __LINE__);
		at = keep[next].end;
	}
	if (sys3(SYS_munmap, (long)at, (long)(USER_END - at), 0))
		give_up(box, __LINE__);
}

ACTOR void host_actor_main(struct host_box *box)
{
	char *stack = (char *)((uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)(HOST_STACK_SIZE - 1));
	struct kernel_sigaction sa = { on_fault, SA_SIGINFO | KERNEL_SA_RESTORER, host_actor_restorer, 0 };

	sys3(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0);
	/* The kernel writes there at every context switch, which would be a fault of the actor's. */
	if (box->rseq &&
	    sys6(SYS_rseq, (long)box->rseq, (long)box->rseq_len, RSEQ_UNREGISTER, RSEQ_SIGNATURE, 0, 0))
		give_up(box, __LINE__);
	if (sys6(SYS_prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0, 0))
		give_up(box, __LINE__);
	unmap_all_but(box, stack);
	if (sys6(SYS_rt_sigaction, SIGSEGV, (long)&sa, 0, 8, 0, 0) ||
	    sys6(SYS_rt_sigaction, SIGBUS, (long)&sa, 0, 8, 0, 0))
		give_up(box, __LINE__);
	warm_up(box);
	say(&box->born);
	serve(box, HOST_ZYGOTE);
}

long host_actor_start(struct host_box *box, void *stack)
{
	return host_actor_clone(SIGCHLD, (char *)stack + HOST_STACK_SIZE, box);
}
