/* SPDX-License-Identifier: MIT */
/*
 * oracle.h - scripts that harm a machine and ask what the oracles say
 *
 * A script runs as the set-up of a machine of its own, alone; then the global oracles look. What they say, or nothing,
 * is what the script came to.
 */
#ifndef TESTS_UNIT_ORACLE_H
#define TESTS_UNIT_ORACLE_H

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
#if FAULTLINE_NATIVE
#include "native/native.h"
#endif
#include "race/run.h"

#define ADDR 0x10000ul
enum { DATA };

static struct machine_config oracle_machine;
static void (*oracle_script)(void);
static char oracle_said[512];

static inline void oracle_setup(void *arg)
{
	const struct protocol *protocols[NR_AXES];

	kernel_protocols(DEFAULT_KERNEL, protocols);
	machine_boot(&oracle_machine, protocols);
	machine_task_init(0, "nobody");
	vm_file(3);
	vm_as(vm_process());
	oracle_script();
	machine_setup_done();
	oracle_quiescent();
}

static inline void oracle_nobody(void *arg)
{
	machine_task_enter(0);
}

static inline void oracle_start(const struct engine_program *p)
{
#if FAULTLINE_CONTROLLED
	struct engine *e = engine_create(p, oracle_said, sizeof(oracle_said));

	if (e)
		engine_destroy(e);
#else
	const struct native_options one_round = { .rounds = 1 };
	struct native_result r;

	native_stress(p, &one_round, &r, oracle_said, sizeof(oracle_said));
#endif
}

/* => what the set-up failed with; empty when it did not */
static inline const char *oracle_after(const struct machine_config *machine, void (*script)(void))
{
	struct engine_program p = { .name = "harmed", .setup = oracle_setup };

	oracle_machine = machine ? *machine : (struct machine_config){ 0 };
	oracle_script = script;
	oracle_said[0] = '\0';
	p.arena_size = machine_size(&oracle_machine);
	p.tasks[p.nr_tasks++] = (struct engine_task){ .name = "nobody", .run = oracle_nobody };
	for (int i = 0; i < nr_machine_devices; i++)
		if (!machine_devices[i].present || machine_devices[i].present(&oracle_machine))
			p.tasks[p.nr_tasks++] = (struct engine_task){ .name = machine_devices[i].name,
								      .run = machine_devices[i].run,
								      .kind = ENGINE_DEVICE };
	oracle_start(&p);
	return oracle_said;
}

static inline void oracle_expect(const struct machine_config *machine, void (*script)(void),
				 const char *oracle)
{
	char wanted[64];
	const char *said = oracle_after(machine, script);

	snprintf(wanted, sizeof(wanted), "failed: %s: ", oracle);
	if (*oracle ? !strstr(said, wanted) : *said != '\0')
		fail_msg("expected '%s', got '%s'", oracle, said);
}

/* The word `oracle` fires when the script has run; "": none does. */
#define SAYS(machine, oracle, script)                                                                        \
	static void test_##script(void **state)                                                              \
	{                                                                                                    \
		oracle_expect(machine, script, oracle);                                                      \
	}

/* ---- what scripts need ------------------------------------------------------------------------------------------ */

static inline pte_t *oracle_pte(unsigned long addr)
{
	unsigned long next;
	spinlock_t *ptl;

	return pte_find(current->mm, addr, &ptl, &next);
}

static inline struct vm_area_struct *oracle_vma(unsigned long addr)
{
	return vma_lookup(current->mm, addr);
}

/* A page of the file, mapped shared and in memory. => its only references are the pte's and the pagecache's */
static inline struct page *oracle_file_page(void)
{
	struct page *page;

	vm_mmap(ADDR, 1, MAPPED_SHARED, DATA, 0);
	vm_touch(ADDR);
	page = find_get_page(&this_machine->inode[DATA].i_data, 0);
	put_page(page);
	return page;
}

/* A page of anonymous memory. */
static inline struct page *oracle_anon_page(void)
{
	vm_mmap(ADDR, 1, MAPPED_PRIVATE, -1, 0);
	vm_store(ADDR, 1);
	return pfn_to_page(pte_pfn(entry_read(oracle_pte(ADDR))));
}

#endif
