/* SPDX-License-Identifier: MIT */
/*
 * files_common.h - scripts on files: each runs as the set-up of a machine, then the global oracles look
 *
 * What a script expects it says with BUG_ON(), which makes the set-up fail and names the line's words.
 */
#ifndef TESTS_UNIT_FILES_COMMON_H
#define TESTS_UNIT_FILES_COMMON_H

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
#include "hw/observer.h"
#include "kernel/machine.h"
#include "kernel/sys.h"
#include "kernel/uapi.h"
#include "mm/mm.h"
#if FAULTLINE_NATIVE
#include "native/native.h"
#endif
#include "race/run.h"

#define WINDOW 0x10000000ul /* 2 MiB aligned */
#define BUFFER 0x20000000ul /* a page of anonymous memory, and nothing behind it */
#define PAGES(n) ((n)*PAGE_SIZE)
#define RW (PROT_READ | PROT_WRITE)
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static struct machine_config the_config;
static const char *the_dirty, *the_around, *the_invalidate; /* protocols; NULL: the usual ones */
static void (*the_script)(void);

static inline void choose(const struct protocol **protocols, enum protocol_axis axis, const char *name)
{
	if (name)
		protocols[axis] = protocol_find(axis, name);
}

static inline void run_script(void *arg)
{
	const struct protocol *protocols[NR_AXES];

	kernel_protocols(DEFAULT_KERNEL, protocols);
	choose(protocols, AXIS_DIRTY, the_dirty);
	choose(protocols, AXIS_AROUND, the_around);
	choose(protocols, AXIS_INVALIDATE, the_invalidate);
	machine_boot(&the_config, protocols);
	machine_task_init(0, "nobody");
	vm_as(vm_process());
	BUG_ON(sys_mmap(BUFFER, PAGES(1), RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, NULL, 0) != BUFFER);
	the_script();
	machine_setup_done();
	oracle_quiescent();
}

static inline void nobody(void *arg)
{
	machine_task_enter(0);
}

/* => the set-up succeeds, or the test fails with what it said */
static inline void start(const struct engine_program *p)
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

static inline void run(void (*script)(void))
{
	struct engine_program p = { .name = "files",
				    .arena_size = machine_size(&the_config),
				    .setup = run_script };

	p.tasks[p.nr_tasks++] = (struct engine_task){ .name = "nobody", .run = nobody };
	for (int i = 0; i < nr_machine_devices; i++)
		if (!machine_devices[i].present || machine_devices[i].present(&the_config))
			p.tasks[p.nr_tasks++] = (struct engine_task){ .name = machine_devices[i].name,
								      .run = machine_devices[i].run,
								      .kind = ENGINE_DEVICE };
	the_script = script;
	start(&p);
}

/* ---- what scripts do --------------------------------------------------------------------------------------------- */

static inline void map(struct file *file, unsigned long addr, unsigned pages, unsigned long flags,
		       unsigned long pgoff)
{
	BUG_ON(sys_mmap(addr, PAGES(pages), RW, flags | MAP_FIXED, file, pgoff) != (long)addr);
}

static inline bool byte_is(unsigned long addr, u8 want)
{
	u8 got;

	return !user_read(addr, &got, 1) && got == want;
}

static inline void store(unsigned long addr, u8 byte)
{
	BUG_ON(user_write(addr, &byte, 1));
}

/* The whole buffer. */
static inline void fill_buffer(u8 byte)
{
	u8 page[PAGE_SIZE];

	memset(page, byte, sizeof(page));
	BUG_ON(copy_to_user(BUFFER, page, sizeof(page)));
}

static inline bool file_byte_is(struct file *file, unsigned long pos, u8 want)
{
	u8 got;

	return kernel_read(file, &got, 1, pos) == 1 && got == want;
}

static inline bool cached(struct file *file, unsigned long index)
{
	struct page *page = find_get_page(file->f_mapping, index);

	if (page)
		put_page(page);
	return page;
}

static inline bool present(unsigned long addr)
{
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(current->mm, addr, &ptl, &next);

	return pte && pte_present(entry_read(pte));
}

#endif
