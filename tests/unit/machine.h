/* SPDX-License-Identifier: MIT */
/*
 * machine.h - scripts: unit tests of the memory manager that run as the set-up of a machine, one task alone
 *
 * What a script expects it says with BUG_ON(), which makes the set-up fail and names the line's words. When it has ended,
 * the global oracles look; then every process is torn down, and they look again: nothing may be left.
 */
#ifndef TESTS_UNIT_MACHINE_H
#define TESTS_UNIT_MACHINE_H

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
#include "mm/protocols/cow.h"
#include "mm/protocols/dirty.h"
#if FAULTLINE_NATIVE
#include "native/native.h"
#endif
#include "race/run.h"

/* What a script runs on. */
struct script_machine {
	struct machine_config config;
	const char *kernel;			       /* NULL: the usual one */
	const char *invalidate, *cow, *around, *dirty; /* protocols; NULL: the kernel's */
	void (*begin)(void);			       /* before the script; NULL: it makes file DATA */
};

enum { DATA }; /* a file of three pages */
#define WORD(page) file_initial_word(DATA, (page)*PAGE_SIZE)
#define FILE_DATA (&this_machine->file[DATA])
#define RW (PROT_READ | PROT_WRITE)

/* The machine and the script that run next; written between runs only. */
static struct script_machine the_machine;
static void (*the_script)(void);

static inline void choose(const struct protocol **protocols, enum protocol_axis axis, const char *name)
{
	if (name)
		protocols[axis] = protocol_find(axis, name);
}

/* All of every process goes. => the oracles are silent before, and must be after */
static inline void script_teardown(void)
{
	struct machine *m = this_machine;

	for (int i = 0; i < NR_TASKS; i++)
		use_mm(&m->task[i], NULL);
	for (int i = 0; i < NR_PROCESSES; i++)
		if (m->process[i])
			process_exit(m->process[i]);
	BUG_ON(m->slab.live[SLAB_MM] || m->slab.live[SLAB_VMA] || m->slab.live[SLAB_ANON_VMA]);
	oracle_quiescent();
}

static inline void script_setup(void *arg)
{
	const struct protocol *protocols[NR_AXES];

	(void)arg;
	BUG_ON(kernel_protocols(the_machine.kernel ? the_machine.kernel : DEFAULT_KERNEL, protocols));
	choose(protocols, AXIS_INVALIDATE, the_machine.invalidate);
	choose(protocols, AXIS_COW, the_machine.cow);
	choose(protocols, AXIS_AROUND, the_machine.around);
	choose(protocols, AXIS_DIRTY, the_machine.dirty);
	machine_boot(&the_machine.config, protocols);
	machine_task_init(0, "nobody");
	vm_as(vm_process());
	if (the_machine.begin)
		the_machine.begin();
	else
		vm_file(3);
	the_script();
	machine_setup_done();
	oracle_quiescent();
	script_teardown();
}

static inline void script_nobody(void *arg)
{
	(void)arg;
	machine_task_enter(0);
}

/* => whether the set-up succeeded; else err says why not */
static inline bool script_start(const struct engine_program *p, char *err, size_t n)
{
#if FAULTLINE_CONTROLLED
	struct engine *e = engine_create(p, err, n);

	if (!e)
		return false;
	engine_destroy(e);
	return true;
#else
	const struct native_options one_round = { .rounds = 1 };
	struct native_result r;

	return !native_stress(p, &one_round, &r, err, n);
#endif
}

/* On the_machine. expected: what the set-up is to fail with, a part of the report; NULL: it is to succeed */
static inline void run_expecting(void (*script)(void), const char *expected)
{
	const struct machine_config *config = &the_machine.config;
	struct engine_program p = { .name = "script",
				    .arena_size = machine_size(config),
				    .setup = script_setup };
	char err[1024] = "nothing";
	bool ok;

	p.tasks[p.nr_tasks++] = (struct engine_task){ .name = "nobody", .run = script_nobody };
	for (int i = 0; i < nr_machine_devices; i++)
		if (!machine_devices[i].present || machine_devices[i].present(config))
			p.tasks[p.nr_tasks++] = (struct engine_task){ .name = machine_devices[i].name,
								      .run = machine_devices[i].run,
								      .kind = ENGINE_DEVICE };
	the_script = script;
	ok = script_start(&p, err, sizeof(err));
	if (expected ? ok || !strstr(err, expected) : !ok)
		fail_msg("expected %s: %s", expected ? expected : "nothing", err);
}

static inline void run(void (*script)(void))
{
	run_expecting(script, NULL);
}

static inline void run_on(const struct script_machine *machine, void (*script)(void), const char *expected)
{
	the_machine = *machine;
	run_expecting(script, expected);
}

/* On the smallest machine. */
static inline void run_under(const char *kernel, void (*script)(void))
{
	const struct script_machine machine = { .kernel = kernel };

	run_on(&machine, script, NULL);
}

#define SCRIPT_FAILS(machine, name, expected)                                                                \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		(void)state;                                                                                 \
		run_on(machine, name, expected);                                                             \
	}
#define SCRIPT_ON(machine, name) SCRIPT_FAILS(machine, name, NULL)
#define SCRIPT_UNDER(kernel, name)                                                                           \
	static void test_##name(void **state)                                                                \
	{                                                                                                    \
		(void)state;                                                                                 \
		run_under(kernel, name);                                                                     \
	}
/* Stores to clean shared pages fault, and there are LRU lists: what programs of Linux 6.18 see. */
static __attribute__((unused)) const struct script_machine as_6_18 = { .config = { .lru = true },
								       .kernel = "linux-6.18",
								       .dirty = "writenotify" };

#define RUN_TESTS(tests, argc, argv)                                                                         \
	({                                                                                                   \
		if ((argc) > 1)                                                                              \
			cmocka_set_test_filter((argv)[1]);                                                   \
		cmocka_run_group_tests(tests, NULL, NULL);                                                   \
	})

/* ---- what scripts look at --------------------------------------------------------------------------------------- */

static inline unsigned long frames_free(void)
{
	return this_machine->zone.nr_free;
}

/* The pte of an address of a process, {0}: there is no table. */
static inline pte_t pte_in(struct mm_struct *mm, unsigned long addr)
{
	unsigned long next;
	spinlock_t *ptl;
	pte_t *pte = pte_find(mm, addr, &ptl, &next);

	return pte ? entry_read(pte) : (pte_t){ 0 };
}
/* The same of the process that the script acts as. */
static inline pte_t pte_of(unsigned long addr)
{
	return pte_in(current->mm, addr);
}

/* => the page that addr shows, or NULL */
static inline struct page *page_in(struct mm_struct *mm, unsigned long addr)
{
	pte_t pte = pte_in(mm, addr);

	return pte_present(pte) ? pfn_to_page(pte_pfn(pte)) : NULL;
}
static inline struct page *page_of(unsigned long addr)
{
	return page_in(current->mm, addr);
}
static inline bool present(unsigned long addr)
{
	return pte_present(pte_of(addr));
}
static inline bool shows_zero_page(unsigned long addr)
{
	return present(addr) && is_zero_pfn(pte_pfn(pte_of(addr)));
}

static inline struct vm_area_struct *vma_of(unsigned long addr)
{
	return find_vma(current->mm, addr);
}
static inline int rss(enum mm_counter c)
{
	return atomic_read(&current->mm->rss[c]);
}
/* Faults ever taken, and those since it was asked last. */
static inline unsigned long faults(void)
{
	return current->min_flt + current->maj_flt;
}
static inline unsigned long new_faults(void)
{
	static unsigned long last; /* of the test, not of the machine */
	unsigned long now = faults(), n = now - last;

	last = now;
	return n;
}

static inline bool cached(struct file *file, unsigned long index)
{
	struct page *page = find_get_page(file->f_mapping, index);

	if (page)
		put_page(page);
	return page;
}

/* ---- what scripts do ---------------------------------------------------------------------------------------------- */

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

static inline u64 load(unsigned long addr)
{
	u64 v = 0;

	BUG_ON(vm_load(addr, &v));
	return v;
}
static inline bool byte_is(unsigned long addr, u8 want)
{
	u8 got;

	return !user_read(addr, &got, 1) && got == want;
}
static inline void store_byte(unsigned long addr, u8 byte)
{
	BUG_ON(user_write(addr, &byte, 1));
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

/* ---- the first playground: ADDR, a page at a time --------------------------------------------------------------- */

#define ADDR 0x10000ul
#define PAGE(n) (ADDR + (n)*PAGE_SIZE)

/* Maps pages with these rights; file -1: anonymous. */
static inline void map_at(unsigned page, unsigned pages, unsigned long prot, unsigned long type, int file)
{
	long ret = sys_mmap(PAGE(page), pages * PAGE_SIZE, prot,
			    MAP_FIXED | type | (file < 0 ? MAP_ANONYMOUS : 0),
			    file < 0 ? NULL : &this_machine->file[file], 0);

	BUG_ON(ret != (long)PAGE(page));
}

/* ---- the second: B, for calls that cut and join mappings -------------------------------------------------------- */

#define B 0x100000000ul
#define P PAGE_SIZE
#define TOP TASK_SIZE
#define AP (MAP_PRIVATE | MAP_ANONYMOUS)
#define FX MAP_FIXED
#define MOVE MREMAP_MAYMOVE

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
	return load(B + at * P);
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

/* ---- the third: files that the script makes, a window on them and a buffer --------------------------------------- */

#define WINDOW 0x10000000ul /* 2 MiB aligned */
#define BUFFER 0x20000000ul /* a page of anonymous memory, and nothing behind it */
#define PAGES(n) ((n)*PAGE_SIZE)
#define PUNCH (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

static inline void begin_with_buffer(void)
{
	BUG_ON(sys_mmap(BUFFER, PAGES(1), RW, AP | FX, NULL, 0) != BUFFER);
}
/* On the_machine, with the buffer in place of file DATA. */
static inline void run_with_buffer(void (*script)(void))
{
	the_machine.begin = begin_with_buffer;
	run(script);
}

static inline void file_map(struct file *file, unsigned long addr, unsigned pages, unsigned long flags,
		       unsigned long pgoff)
{
	BUG_ON(sys_mmap(addr, PAGES(pages), RW, flags | MAP_FIXED, file, pgoff) != (long)addr);
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

#endif
