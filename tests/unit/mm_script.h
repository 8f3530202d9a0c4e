/* SPDX-License-Identifier: MIT */
/*
 * mm_script.h - unit tests of the memory manager: scripts that run as the set-up of a machine, one task at a time
 *
 * What a script expects it says with BUG_ON(), which makes the set-up fail and names the line's words.
 */
#ifndef TESTS_UNIT_MM_SCRIPT_H
#define TESTS_UNIT_MM_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <faultline/vm.h>

#include "engine/engine.h"
#include "fs/fs.h"
#include "hw/machine.h"
#include "kernel/machine.h"
#include "kernel/sys.h"
#include "kernel/uapi.h"
#include "mm/mm.h"
#if FAULTLINE_NATIVE
#include "native/native.h"
#endif
#include "race/run.h"

enum { DATA };
#define ADDR 0x10000ul
#define WORD(page) file_initial_word(DATA, (page)*VM_PAGE)

static void (*the_script)(void);
static struct machine_config the_config;

static void run_script(void *arg)
{
	const struct protocol *protocols[NR_AXES];

	kernel_protocols(DEFAULT_KERNEL, protocols);
	machine_boot(&the_config, protocols);
	machine_task_init(0, "nobody");
	vm_file(3);
	vm_as(vm_process());
	the_script();
	vm_munmap(0x1000, 0x7fffffff);
	machine_setup_done();
	if (this_machine->nr_frames <= DEFAULT_FRAMES)
		oracle_quiescent();
}

static void nobody(void *arg)
{
	machine_task_enter(0);
}

/* => the set-up succeeded; else err says why not */
#if FAULTLINE_CONTROLLED
static bool start(const struct engine_program *p, char *err, size_t n)
{
	struct engine *e = engine_create(p, err, n);

	if (!e)
		return false;
	engine_destroy(e);
	return true;
}
#else
static bool start(const struct engine_program *p, char *err, size_t n)
{
	const struct native_options one_round = { .rounds = 1 };
	struct native_result r;

	return !native_stress(p, &one_round, &r, err, n);
}
#endif

/* expected: what the set-up is to fail with, a part of the report; NULL: it is to succeed */
static void run_on(const struct machine_config *config, void (*script)(void), const char *expected)
{
	struct engine_program p = { .name = "mm", .arena_size = machine_size(config), .setup = run_script };
	char err[1024] = "nothing";
	bool ok;

	p.tasks[p.nr_tasks++] = (struct engine_task){ .name = "nobody", .run = nobody };
	for (int i = 0; i < nr_machine_devices; i++)
		if (!machine_devices[i].present || machine_devices[i].present(config))
			p.tasks[p.nr_tasks++] = (struct engine_task){ .name = machine_devices[i].name,
								      .run = machine_devices[i].run,
								      .kind = ENGINE_DEVICE };
	the_script = script;
	the_config = *config;
	ok = start(&p, err, sizeof(err));
	if (expected ? ok || !strstr(err, expected) : !ok)
		fail_msg("expected %s: %s", expected ? expected : "nothing", err);
}

#define SCRIPT_ON(config, name)                                                                              \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		run_on(config, name, NULL);                                                                  \
	}
#define SCRIPT_FAILS(config, name, expected)                                                                 \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		run_on(config, name, expected);                                                              \
	}

/* ---- what scripts look at ----------------------------------------------------------------------------------- */

static inline unsigned long frames_free(void)
{
	return this_machine->zone.nr_free;
}

/* The pte of an address of the process that the script acts as, {0}: there is no table. */
static inline pte_t pte_of(unsigned long addr)
{
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(current->mm, addr, &ptl, &next);

	return pte ? entry_read(pte) : (pte_t){ 0 };
}

/* => the page that addr shows, or NULL */
static inline struct page *page_of(unsigned long addr)
{
	pte_t pte = pte_of(addr);

	return pte_present(pte) ? pfn_to_page(pte_pfn(pte)) : NULL;
}

static inline struct vm_area_struct *vma_of(unsigned long addr)
{
	return find_vma(current->mm, addr);
}

static inline int rss(enum mm_counter c)
{
	return atomic_read(&current->mm->rss[c]);
}

/* The process that the script acts as forks. => the child, not run as yet */
static inline struct mm_struct *fork_here(void)
{
	struct mm_struct *child = NULL;

	BUG_ON(sys_fork(&child));
	return child;
}

/* The script acts as this process. */
static inline void act_as(struct mm_struct *mm)
{
	use_mm(current, mm);
}

#endif
