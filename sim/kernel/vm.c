/* SPDX-License-Identifier: MIT */
/* vm.c - include/faultline/vm.h over the kernel: numbers in place of pointers */
#include <faultline/vm.h>

#include "fs/fs.h"
#include "hw/machine.h"
#include "hw/mmu.h"
#include "kernel/sys.h"
#include "mm/mm.h"

_Static_assert(VM_PAGE == PAGE_SIZE && VM_SIGBUS == SIGBUS && VM_SIGSEGV == SIGSEGV,
	       "vm.h says what the machine does");

#define WORDS (PAGE_SIZE / sizeof(u64))

static struct file *file_of(int file)
{
	BUG_ON(file < 0 || file >= this_machine->nr_files);
	return &this_machine->file[file];
}

static struct mm_struct *mm_of(int process)
{
	BUG_ON(process < 0 || process >= this_machine->nr_processes);
	return this_machine->process[process];
}

int vm_file(unsigned pages)
{
	struct file *file = file_create(pages);

	BUG_ON(!file);
	return (int)(file - this_machine->file);
}

int vm_process(void)
{
	struct machine *m = this_machine;
	struct mm_struct *mm = m->nr_processes < NR_PROCESSES ? mm_alloc() : NULL;

	BUG_ON(!mm);
	mm->id = m->nr_processes;
	m->process[m->nr_processes] = mm;
	return m->nr_processes++;
}

void vm_as(int process)
{
	use_mm(current, mm_of(process));
}

void vm_run(int actor, int process)
{
	use_mm(&this_machine->task[actor], mm_of(process));
}

int vm_mmap(unsigned long addr, unsigned pages, enum vm_mapping kind, int file, unsigned long first_page)
{
	unsigned long flags = VM_READ | VM_WRITE | (kind == MAPPED_SHARED ? VM_SHARED : 0);

	return (int)sys_mmap(addr, pages * PAGE_SIZE, flags, file < 0 ? NULL : file_of(file), first_page);
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
	return (int)sys_ftruncate(file_of(file), size);
}

int vm_invalidate(int file, unsigned long first_page, unsigned long last_page)
{
	return invalidate_inode_pages2_range(file_of(file)->f_mapping, first_page, last_page);
}

static void fill(u64 *buf, u64 word)
{
	for (unsigned i = 0; i < WORDS; i++)
		buf[i] = word;
}

int vm_write_direct(int file, unsigned long page, uint64_t word)
{
	u64 buf[WORDS];

	fill(buf, word);
	return (int)sys_pwrite_direct(file_of(file), buf, sizeof(buf), page * PAGE_SIZE);
}

int vm_write(int file, unsigned long page, uint64_t word)
{
	u64 buf[WORDS];

	fill(buf, word);
	return (int)sys_pwrite(file_of(file), buf, sizeof(buf), page * PAGE_SIZE);
}

int vm_read(int file, unsigned long pos, uint64_t *value)
{
	return (int)sys_pread(file_of(file), value, sizeof(*value), pos);
}
