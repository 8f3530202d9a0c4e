/* SPDX-License-Identifier: MIT */
/* fiber.c - see fiber.h. x86_64 only. */
#include "engine/fiber.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FIBER_ASAN 1
#endif
#endif
#ifdef FIBER_ASAN
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

/* fiber_swap(&save, load): pushes, swaps stacks, pops, jumps. */
void fiber_swap(void **save, void *load);
__asm__(".text\n"
	".p2align 4\n"
	".globl fiber_swap\n"
	".type fiber_swap, @function\n"
	"fiber_swap:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	popq %rdx\n"
	"	jmp *%rdx\n"
	".size fiber_swap, . - fiber_swap\n");

int fiber_create(struct fiber *f, size_t size)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, size + guard, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	if (mprotect(p, guard, PROT_NONE)) {
		munmap(p, size + guard);
		return -1;
	}
	memset(f, 0, sizeof(*f));
	f->stack = p + guard;
	f->size = size;
	return 0;
}

void fiber_destroy(struct fiber *f)
{
	size_t guard = (size_t)sysconf(_SC_PAGESIZE);

#ifdef FIBER_ASAN
	/* What is mapped here next knows nothing of this stack's frames. */
	if (f->stack)
		__asan_unpoison_memory_region(f->stack, f->size);
#endif
	if (f->stack)
		munmap((char *)f->stack - guard, f->size + guard);
	f->stack = NULL;
}

void fiber_reset(struct fiber *f, void (*entry)(void))
{
	void **top = (void **)((char *)f->stack + f->size);

#ifdef FIBER_ASAN
	/* What an abandoned execution left poisoned belongs to nobody now. */
	__asan_unpoison_memory_region(f->stack, f->size);
	f->asan_fake = NULL;
#endif
	/* A frame pointer of 0 ends stack walks; the stack is as after a call: 8 below a multiple of 16. */
	*--top = NULL;
	*--top = NULL;
	*--top = NULL;
	*--top = (void *)(uintptr_t)entry;
	for (int i = 0; i < 6; i++)
		*--top = NULL;
	f->sp = top;
}

#ifdef FIBER_ASAN
/* The host's stack is the thread's, whose bounds the sanitizer hands over at the first switch away from it. */
static __thread struct fiber *asan_left;
static __thread const void *asan_host_stack;
static __thread size_t asan_host_size;

static void asan_start(struct fiber *from, struct fiber *to, int forget)
{
	asan_left = from;
	__sanitizer_start_switch_fiber(forget ? NULL : &from->asan_fake,
				       to->stack ? to->stack : asan_host_stack,
				       to->stack ? to->size : asan_host_size);
}

static void asan_finish(struct fiber *self)
{
	const void *bottom;
	size_t size;

	__sanitizer_finish_switch_fiber(self ? self->asan_fake : NULL, &bottom, &size);
	if (asan_left && !asan_left->stack) {
		asan_host_stack = bottom;
		asan_host_size = size;
	}
}
#else
static void asan_start(struct fiber *from, struct fiber *to, int forget)
{
	(void)from;
	(void)to;
	(void)forget;
}
static void asan_finish(struct fiber *self)
{
	(void)self;
}
#endif

void fiber_switch(struct fiber *from, struct fiber *to)
{
	asan_start(from, to, 0);
	fiber_swap(&from->sp, to->sp);
	asan_finish(from);
}

void fiber_leave(struct fiber *from, struct fiber *to)
{
	asan_start(from, to, 1);
	fiber_swap(&from->sp, to->sp);
	abort();
}

void fiber_entered(void)
{
	asan_finish(NULL);
}
