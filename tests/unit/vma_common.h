// SPDX-License-Identifier: MIT
/*
 * vma_common.h - scripts of system calls on one process's memory, run as the set-up of a machine
 *
 * What a script expects it says with BUG_ON(); the global oracles look at what it leaves. Numbers are those that Linux
 * 6.18 returned to the same calls.
 */
#ifndef TESTS_UNIT_VMA_COMMON_H
#define TESTS_UNIT_VMA_COMMON_H

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
#include "mm/protocols/cow.h"
#include "mm/protocols/dirty.h"
#if FAULTLINE_NATIVE
#include "native/native.h"
#endif
#include "race/run.h"

enum { DATA };
#define B 0x100000000ul
#define P PAGE_SIZE
#define TOP TASK_SIZE
#define RW (PROT_READ | PROT_WRITE)
#define AP (MAP_PRIVATE | MAP_ANONYMOUS)
#define FX MAP_FIXED
#define MOVE MREMAP_MAYMOVE
#define WORD(page) file_initial_word(DATA, (page)*P)
#define FILE_DATA (&this_machine->file[DATA])

#ifndef VMA_SWAP
#define VMA_SWAP 0
#endif

static void (*the_script)(void);
static const struct machine_config vma_machine = { .lru = true, .swap_slots = VMA_SWAP };

static const struct dirty_protocol notified = { .writenotify = true };

static inline void run_script(void *arg)
{
	const struct protocol *protocols[NR_AXES];

	(void)arg;
	kernel_protocols(DEFAULT_KERNEL, protocols);
	machine_boot(&vma_machine, protocols);
	machine_task_init(0, "nobody");
	vm_file(3);
	vm_as(vm_process());
	this_machine->dirty = &notified;
	the_script();
	machine_setup_done();
	oracle_quiescent();
}

static inline void nobody(void *arg)
{
	(void)arg;
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
	struct engine_program p = { .name = "vma",
				    .arena_size = machine_size(&vma_machine),
				    .setup = run_script };

	p.tasks[p.nr_tasks++] = (struct engine_task){ .name = "nobody", .run = nobody };
	for (int i = 0; i < nr_machine_devices; i++) {
		if (machine_devices[i].present && !machine_devices[i].present(&vma_machine))
			continue;
		p.tasks[p.nr_tasks++] = (struct engine_task){ .name = machine_devices[i].name,
							      .run = machine_devices[i].run,
							      .kind = ENGINE_DEVICE };
	}
	the_script = script;
	start(&p);
}

#define SCRIPT(name)                                                                                         \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		(void)state;                                                                                 \
		run(name);                                                                                   \
	}
#define RUN_SCRIPTS(tests)                                                                                   \
	do {                                                                                                 \
		if (argc > 1)                                                                                \
			cmocka_set_test_filter(argv[1]);                                                     \
		return cmocka_run_group_tests(tests, NULL, NULL);                                            \
	} while (0)

/* ---- words of a script --------------------------------------------------------------------------------------------------- */

/* Anonymous private memory of so many pages at page `at` of the playground. */
static inline void anon(unsigned long at, unsigned long pages, unsigned long prot)
{
	BUG_ON(sys_mmap(B + at * P, pages * P, prot, AP | FX, NULL, 0) != (long)(B + at * P));
}
static inline void mapped(unsigned long at, unsigned long pages, unsigned long prot, unsigned long flags)
{
	BUG_ON(sys_mmap(B + at * P, pages * P, prot, flags | FX, FILE_DATA, 0) != (long)(B + at * P));
}
static inline void fresh(void)
{
	BUG_ON(sys_munmap(B, 64 * P));
}
static inline void put(unsigned long at, u64 v)
{
	BUG_ON(vm_store(B + at * P, v));
}
static inline u64 get(unsigned long at)
{
	u64 v = 0;

	BUG_ON(vm_load(B + at * P, &v));
	return v;
}
/* => a signal, 0: none */
static inline int touch(unsigned long at)
{
	return vm_touch(B + at * P);
}
/* What is mapped at page `at`: "rw-p" as /proc/PID/maps has it, and l: locked, ----: nothing. */
static inline bool is(unsigned long at, const char *perm)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, B + at * P);
	unsigned long f = vma ? vma->vm_flags : 0;

	if (!vma)
		return !strcmp(perm, "none");
	return perm[0] == (f & VM_READ ? 'r' : '-') && perm[1] == (f & VM_WRITE ? 'w' : '-') &&
	       perm[2] == (f & VM_EXEC ? 'x' : '-') && perm[3] == (f & VM_MAYSHARE ? 's' : 'p') &&
	       (perm[4] == 'l') == !!(f & VM_LOCKED);
}
/* A byte a page, as mincore() says. */
static inline bool core_is(unsigned long at, const char *bytes)
{
	u8 vec[16];
	size_t n = strlen(bytes);

	BUG_ON(sys_mincore(B + at * P, n * P, vec));
	for (size_t i = 0; i < n; i++)
		if (vec[i] != bytes[i] - '0')
			return false;
	return true;
}
/* Faults since it was called last. */
static inline unsigned long faults(void)
{
	static unsigned long last; /* of the test, not of the machine */
	unsigned long now = current->min_flt + current->maj_flt, n = now - last;

	last = now;
	return n;
}

/* Memory runs out: frames, or objects of a vma's size. Each kept pile is given back by the second. */
static inline struct page *take_frames(void)
{
	struct page *pile = NULL, *page;

	while ((page = __alloc_page(GFP_ATOMIC))) {
		page->private = (unsigned long)pile;
		pile = page;
	}
	return pile;
}
static inline void give_frames(struct page *pile)
{
	struct page *next;

	for (; pile; pile = next) {
		next = (struct page *)pile->private;
		pile->private = 0;
		put_page(pile);
	}
}
static inline void *take_objects(void)
{
	void **pile = NULL, **object;

	while ((object = kmem_alloc(sizeof(struct vm_area_struct), SLAB_MISC))) {
		*object = pile;
		pile = object;
	}
	return pile;
}
static inline void give_objects(void **pile)
{
	void **next;

	for (; pile; pile = next) {
		next = *pile;
		kmem_free(pile, sizeof(struct vm_area_struct), SLAB_MISC);
	}
}

/* Every vma is where it must be, and the tree knows the room between them. */
static inline void check_vmas(void)
{
	struct mm_struct *mm = current->mm;
	unsigned long end = MMAP_MIN_ADDR, pages = 0, locked = 0;
	struct vm_area_struct *vma;
	int n = 0;

	for (vma = vma_first(mm); vma; vma = vma_next(vma), n++) {
		unsigned long gap = vm_start_gap(vma) > end ? vm_start_gap(vma) - end : 0;
		unsigned long most = gap;

		for (int i = 0; i < 2; i++)
			if (vma->vm_rb.rb_child[i]) {
				unsigned long sub =
					container_of(vma->vm_rb.rb_child[i], struct vm_area_struct, vm_rb)
						->subtree_gap;

				most = sub > most ? sub : most;
			}
		BUG_ON(vma->vm_start >= vma->vm_end || vma->vm_mm != mm);
		BUG_ON(vma->gap != gap || vma->subtree_gap != most);
		end = vma->vm_end > MMAP_MIN_ADDR ? vma->vm_end : MMAP_MIN_ADDR;
		pages += vma_pages(vma);
		locked += vma->vm_flags & VM_LOCKED ? vma_pages(vma) : 0;
	}
	BUG_ON(n != mm->map_count || pages != mm->total_vm || locked != mm->locked_vm);
}

#endif
