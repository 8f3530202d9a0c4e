/* SPDX-License-Identifier: MIT */
/*
 * gup_script.h - scripts for unit tests of the memory manager: each runs as the set-up of a machine, one task alone, and
 * then under the global oracles. What a script expects it says with BUG_ON(), which makes the set-up fail.
 */
#ifndef TESTS_GUP_SCRIPT_H
#define TESTS_GUP_SCRIPT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <faultline/vm.h>

#include "engine/engine.h"
#include "fs/fs.h"
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

#define ADDR 0x10000ul
#define PAGE(n) (ADDR + (n)*VM_PAGE)
enum { DATA };
#define WORD(page) file_initial_word(DATA, (page)*VM_PAGE)

/* The running script, and the kernel and protocol of axis cow that it runs under; written before it runs. */
static void (*the_script)(void);
static const char *the_kernel;

static void run_script(void *arg)
{
	const struct protocol *protocols[NR_AXES];

	(void)arg;
	BUG_ON(kernel_protocols(the_kernel, protocols));
	machine_boot(NULL, protocols);
	machine_task_init(0, "nobody");
	vm_file(3);
	vm_as(vm_process());
	the_script();
	machine_setup_done();
	oracle_quiescent();
}

static void nobody(void *arg)
{
	(void)arg;
	machine_task_enter(0);
}

/* => the set-up succeeds, or the test fails with what it said */
static void start(const struct engine_program *p)
{
	char err[512];
#if FAULTLINE_CONTROLLED
	struct engine *e = engine_create(p, err, sizeof(err));

	if (!e)
		fail_msg("%s", err);
	engine_destroy(e);
#else
	const struct native_options one_round = { .rounds = 1 };
	struct native_result r;

	if (native_stress(p, &one_round, &r, err, sizeof(err)))
		fail_msg("%s", err);
#endif
}

static void run_under(const char *kernel, void (*script)(void))
{
	struct engine_program p = { .name = "mm", .arena_size = machine_size(NULL), .setup = run_script };

	p.tasks[p.nr_tasks++] = (struct engine_task){ .name = "nobody", .run = nobody };
	p.tasks[p.nr_tasks++] = (struct engine_task){ .name = machine_devices[0].name,
						      .run = machine_devices[0].run,
						      .kind = ENGINE_DEVICE };
	the_script = script;
	the_kernel = kernel;
	start(&p);
}

#define SCRIPT_UNDER(kernel, name)                                                                           \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		(void)state;                                                                                 \
		run_under(kernel, name);                                                                     \
	}
#define SCRIPT(name) SCRIPT_UNDER("linux-6.18", name)

#define RUN_TESTS(tests, argc, argv)                                                                         \
	({                                                                                                   \
		if ((argc) > 1)                                                                              \
			cmocka_set_test_filter((argv)[1]);                                                   \
		cmocka_run_group_tests(tests, NULL, NULL);                                                   \
	})

/* ---- what several programs look at ------------------------------------------------------------------------------ */

/* Maps pages with these rights; file -1: anonymous. */
static inline void map(unsigned page, unsigned pages, unsigned long prot, unsigned long type, int file)
{
	long ret =
		sys_mmap(PAGE(page), pages * VM_PAGE, prot, MAP_FIXED | type | (file < 0 ? MAP_ANONYMOUS : 0),
			 file < 0 ? NULL : &this_machine->file[file], 0);

	BUG_ON(ret != (long)PAGE(page));
}
#define RW (PROT_READ | PROT_WRITE)

/* The pte of an address of a process, none if it has no table. */
static inline pte_t pte_of(struct mm_struct *mm, unsigned long addr)
{
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(mm, addr, &ptl, &next);

	return pte ? entry_read(pte) : (pte_t){ 0 };
}
static inline struct page *page_of(struct mm_struct *mm, unsigned long addr)
{
	return pfn_to_page(pte_pfn(pte_of(mm, addr)));
}
static inline bool present(unsigned page)
{
	return pte_present(pte_of(current->mm, PAGE(page)));
}
static inline bool shows_zero_page(unsigned page)
{
	return present(page) && is_zero_pfn(pte_pfn(pte_of(current->mm, PAGE(page))));
}
static inline unsigned long faults(void)
{
	return current->min_flt + current->maj_flt;
}
static inline u64 load(unsigned long addr)
{
	u64 v = 0;

	BUG_ON(vm_load(addr, &v));
	return v;
}

#endif
