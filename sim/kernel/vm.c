/* SPDX-License-Identifier: MIT */
/* vm.c - include/faultline/vm.h over the kernel: numbers in place of pointers */
#include <faultline/race.h>
#include <faultline/vm.h>

#include "fs/fs.h"
#include "hw/machine.h"
#include "hw/mmu.h"
#include "kernel/sys.h"
#include "mm/mm.h"

_Static_assert(VM_PAGE == PAGE_SIZE && VM_SIGBUS == SIGBUS && VM_SIGSEGV == SIGSEGV,
	       "vm.h says what the machine does");

#define WORDS (PAGE_SIZE / sizeof(u64))

/* => NULL, reported, when there is none of that number: natively a violation does not end the caller */
static struct file *file_of(int file)
{
	bool known = file >= 0 && file < this_machine->nr_files;

	BUG_ON(!known);
	return known ? &this_machine->file[file] : NULL;
}

/* => NULL, reported, as above */
static struct mm_struct *mm_of(int process)
{
	bool known = process >= 0 && process < this_machine->nr_processes;

	BUG_ON(!known);
	return known ? this_machine->process[process] : NULL;
}

int vm_file(unsigned pages)
{
	struct file *file = file_create(pages);

	if (!file)
		sync_violation(
			"assertion",
			"vm_file(%u): more than NR_FILES (%d) files, or more than FILE_PAGES_MAX (%d) pages",
			pages, NR_FILES, FILE_PAGES_MAX);
	return file ? (int)(file - this_machine->file) : -1;
}

int vm_process(void)
{
	struct mm_struct *mm = mm_alloc();

	if (!mm || process_register(mm)) {
		sync_violation("assertion",
			       "vm_process(): more than NR_PROCESSES (%d) processes, or no memory",
			       NR_PROCESSES);
		return -1;
	}
	return mm->id;
}

void vm_as(int process)
{
	use_mm(current, mm_of(process));
}

void vm_run(int actor, int process)
{
	bool known = actor >= 0 && actor < RACE_MAX_ACTORS;

	BUG_ON(!known);
	if (known)
		use_mm(&this_machine->task[actor], mm_of(process));
}

int vm_mmap(unsigned long addr, unsigned pages, enum vm_mapping kind, int file, unsigned long first_page)
{
	unsigned long flags = MAP_FIXED | (kind == MAPPED_SHARED ? MAP_SHARED : MAP_PRIVATE);
	long ret =
		sys_mmap(addr, pages * PAGE_SIZE, PROT_READ | PROT_WRITE,
			 flags | (file < 0 ? MAP_ANONYMOUS : 0), file < 0 ? NULL : file_of(file), first_page);

	return ret < 0 ? (int)ret : 0;
}

int vm_munmap(unsigned long addr, unsigned pages)
{
	return (int)sys_munmap(addr, pages * PAGE_SIZE);
}

int vm_load(unsigned long addr, uint64_t *value)
{
	return user_read(addr, value, sizeof(*value));
}

int vm_store(unsigned long addr, uint64_t value)
{
	return user_write(addr, &value, sizeof(value));
}

int vm_touch(unsigned long addr)
{
	uint64_t value;

	return vm_load(addr, &value);
}

int vm_truncate(int file, unsigned long size)
{
	struct file *f = file_of(file);

	return f ? (int)sys_ftruncate(f, size) : -EINVAL;
}

int vm_invalidate(int file, unsigned long first_page, unsigned long last_page)
{
	struct file *f = file_of(file);

	return f ? invalidate_inode_pages2_range(f->f_mapping, first_page, last_page) : -EINVAL;
}

static void fill(u64 *buf, u64 word)
{
	for (unsigned i = 0; i < WORDS; i++)
		buf[i] = word;
}

int vm_write_direct(int file, unsigned long page, uint64_t word)
{
	struct file *f = file_of(file);
	u64 buf[WORDS];

	fill(buf, word);
	return f ? (int)kernel_write_direct(f, buf, sizeof(buf), page * PAGE_SIZE) : -EINVAL;
}

int vm_write(int file, unsigned long page, uint64_t word)
{
	struct file *f = file_of(file);
	u64 buf[WORDS];

	fill(buf, word);
	return f ? (int)kernel_write(f, buf, sizeof(buf), page * PAGE_SIZE) : -EINVAL;
}

int vm_read(int file, unsigned long pos, uint64_t *value)
{
	struct file *f = file_of(file);

	return f ? (int)kernel_read(f, value, sizeof(*value), pos) : -EINVAL;
}
