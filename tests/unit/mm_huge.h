/* SPDX-License-Identifier: MIT */
/*
 * mm_huge.h - what the tests of huge and of merged pages share: a machine with room for huge pages, mappings of any kind
 *
 * Each test is a script that runs as the set-up of a machine, or an exploration of a few actors that run after one. What
 * a script expects it says with BUG_ON(), which makes the run fail and names the line's words.
 */
#ifndef TESTS_UNIT_MM_HUGE_H
#define TESTS_UNIT_MM_HUGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "hw/machine.h"
#include "hw/mmu.h"
#include "kernel/machine.h"
#include "kernel/sys.h"
#include "mm/mm.h"
#include "mm/protocols/cow.h"
#if FAULTLINE_NATIVE
#include "native/native.h"
#endif
#include "race/run.h"

#define HADDR 0x40000000ul
#define PRIVATE (VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC)
#define SHARED (PRIVATE | VM_SHARED | VM_MAYSHARE)

struct huge_test {
	void (*setup)(void);
	void (*actor[3])(void); /* the first NULL: only the set-up runs */
	void (*check)(void);
	struct machine_config config;
	const char *cow;		     /* protocol; NULL: the usual one */
	const struct engine_choice *choices; /* failures that are explored */
	uint64_t executions;		     /* so many at random; 0: all orders */
	uint64_t first;			     /* only the first so many of all orders */
};

#define DEFAULT_HUGE_FRAMES 2600

static const struct huge_test *the_test;
static struct machine_config the_config;

/* A mapping without the system call. => its address */
static __attribute__((unused)) struct vm_area_struct *map_range(unsigned long addr, unsigned long len,
								unsigned long vm_flags)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma = kmem_alloc(sizeof(*vma), SLAB_VMA);

	down_write(&mm->mmap_sem);
	vma->vm_mm = mm;
	vma->vm_start = addr;
	vma->vm_end = addr + len;
	vma->vm_flags = vm_flags;
	vma->vm_page_prot = vm_get_page_prot(vm_flags);
	vma->vm_pgoff = addr >> PAGE_SHIFT;
	if ((vm_flags & VM_HUGETLB) && hugetlb_vma_init(vma)) {
		kmem_free(vma, sizeof(*vma), SLAB_VMA);
		vma = NULL;
	}
	if (vma)
		vma_link(mm, vma);
	up_write(&mm->mmap_sem);
	return vma;
}

static __attribute__((unused)) struct mm_struct *new_process(void)
{
	struct mm_struct *mm = mm_alloc();

	BUG_ON(!mm || process_register(mm));
	return mm;
}

static __attribute__((unused)) void store(unsigned long addr, u64 v)
{
	BUG_ON(user_write(addr, &v, sizeof(v)));
}

static __attribute__((unused)) u64 load(unsigned long addr)
{
	u64 v = ~0ull;

	BUG_ON(user_read(addr, &v, sizeof(v)));
	return v;
}

static __attribute__((unused)) pmd_t *pmd_of(struct mm_struct *mm, unsigned long addr)
{
	unsigned long next;

	return pmd_find(mm, addr, &next);
}

/* => the page that addr shows, or NULL */
static __attribute__((unused)) struct page *page_at(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmd = pmd_of(mm, addr);
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte;

	if (!pmd)
		return NULL;
	if (pmd_huge(entry_read(pmd)))
		return pfn_to_page(pmd_pfn(entry_read(pmd)) + pte_index(addr));
	pte = pte_find(mm, addr, &ptl, &next);
	return pte && pte_present(entry_read(pte)) ? pfn_to_page(pte_pfn(entry_read(pte))) : NULL;
}

static __attribute__((unused)) bool is_huge(struct mm_struct *mm, unsigned long addr)
{
	pmd_t *pmd = pmd_of(mm, addr);

	return pmd && pmd_huge(entry_read(pmd));
}

static __attribute__((unused)) long rss(struct mm_struct *mm)
{
	return atomic_read(&mm->rss[MM_ANONPAGES]);
}

static __attribute__((unused)) unsigned long frames_free(void)
{
	return this_machine->zone.nr_free;
}

static void boot(void *arg)
{
	const struct protocol *protocols[NR_AXES];

	(void)arg;
	kernel_protocols(DEFAULT_KERNEL, protocols);
	if (the_test->cow)
		protocols[AXIS_COW] = protocol_find(AXIS_COW, the_test->cow);
	machine_boot(&the_config, protocols);
	for (int i = 0; i < 3; i++)
		machine_task_init(i, "actor");
	use_mm(current, new_process());
	the_test->setup();
	machine_setup_done();
	if (!the_test->actor[0])
		oracle_quiescent();
}

static void act(void *arg)
{
	machine_task_enter((int)(intptr_t)arg);
	if (the_test->actor[(intptr_t)arg])
		the_test->actor[(intptr_t)arg]();
}

static void check_all(void *arg)
{
	(void)arg;
	machine_task_enter(-1);
	if (the_test->check)
		the_test->check();
	oracle_quiescent();
}

static inline void make_program(struct engine_program *p)
{
	the_config = the_test->config;
	if (!the_config.nr_frames)
		the_config.nr_frames = DEFAULT_HUGE_FRAMES;
	*p = (struct engine_program){ .name = "huge",
				      .arena_size = machine_size(&the_config),
				      .setup = boot,
				      .check = check_all,
				      .lock_ranks = machine_lock_ranks(),
				      .describe = machine_describe };
	for (int i = 0; i < 3 && (i == 0 || the_test->actor[i]); i++)
		p->tasks[p->nr_tasks++] = (struct engine_task){ .name = i == 0 ? "a" :
									i == 1 ? "b" :
										 "c",
								.run = act,
								.arg = (void *)(intptr_t)i };
}

#define EXPLORE_SECONDS 40.0 /* what takes longer is no unit test */

/* => the set-up succeeds, and in every order of the actors' steps (natively: in some) nothing fires. executions 0: all */
#if FAULTLINE_CONTROLLED
static inline void run_huge(const struct huge_test *test)
{
	static struct engine_result r;
	const struct engine_options o = { .strategy = test->executions ? "random" : "dpor",
					  .executions = test->executions + test->first,
					  .preemptions = -1,
					  .seconds = EXPLORE_SECONDS,
					  .seed = 1,
					  .max_steps = 200000,
					  .choices = test->choices,
					  .data_race_fatal = true,
					  .lock_order_fatal = true };
	struct engine_program p;
	struct engine *e;
	char err[1024] = "";

	the_test = test;
	make_program(&p);
	e = engine_create(&p, err, sizeof(err));
	if (!e)
		fail_msg("%s", err);
	if (test->actor[0]) {
		if (engine_explore(e, &o, &r, err, sizeof(err)))
			fail_msg("%s", err);
		if (*r.violation.oracle)
			fail_msg("%s: %s (execution %llu)", r.violation.oracle, r.violation.message,
				 (unsigned long long)r.execution);
		if (!test->executions && !test->first && !r.stats.complete)
			fail_msg("not complete after %llu executions",
				 (unsigned long long)r.stats.executions);
		print_message("%llu executions\n", (unsigned long long)r.stats.executions);
	}
	engine_destroy(e);
}
#else
static inline void run_huge(const struct huge_test *test)
{
	const struct native_options o = { .rounds = test->actor[0] ? 30 : 1, .perturb = true, .seed = 1 };
	struct native_result r;
	struct engine_program p;
	char err[1024] = "";

	the_test = test;
	make_program(&p);
	if (native_stress(&p, &o, &r, err, sizeof(err)))
		fail_msg("%s", err);
}
#endif

#define EXPLORED(name, ...)                                                                                  \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		static const struct huge_test test = { __VA_ARGS__ };                                        \
		run_huge(&test);                                                                             \
	}
#define HUGE_SCRIPT(name, ...)                                                                               \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		static const struct huge_test test = { .setup = name, __VA_ARGS__ };                         \
		run_huge(&test);                                                                             \
	}

#endif
