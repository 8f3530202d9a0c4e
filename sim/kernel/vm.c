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

/* Numbers of memfds begin behind those of the files that there may be. */
#define FIRST_MEMFD NR_FILES

/* => NULL, reported, when there is none of that number: natively a violation does not end the caller */
static struct file *file_of(int file)
{
	const struct machine *m = this_machine;
	bool known = file >= 0 && file < m->nr_files;

	if (file >= FIRST_MEMFD && file < FIRST_MEMFD + m->nr_memfds)
		return m->memfd[file - FIRST_MEMFD];
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

int vm_memfd(unsigned pages)
{
	struct machine *m = this_machine;
	struct file *file = m->nr_memfds < NR_FILES ? shmem_file_setup(pages * PAGE_SIZE) : NULL;

	if (!file) {
		sync_violation("assertion", "vm_memfd(%u): more than NR_FILES (%d) of them, or no memory",
			       pages, NR_FILES);
		return -1;
	}
	m->memfd[m->nr_memfds] = file;
	return FIRST_MEMFD + m->nr_memfds++;
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

int vm_mprotect(unsigned long addr, unsigned pages, int prot)
{
	return (int)sys_mprotect(addr, pages * PAGE_SIZE, (unsigned long)prot);
}

int vm_madvise(unsigned long addr, unsigned pages, int behaviour)
{
	return (int)sys_madvise(addr, pages * PAGE_SIZE, behaviour);
}

int vm_mremap(unsigned long from, unsigned pages, unsigned long to)
{
	unsigned long len = pages * PAGE_SIZE;
	long ret = sys_mremap(from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	return ret < 0 ? (int)ret : 0;
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

int vm_fsync(int file)
{
	struct file *f = file_of(file);

	return f ? (int)sys_fsync(f) : -EINVAL;
}

/* The same file, opened once more with O_DIRECT, for as long as the call takes. */
static int direct(int file, unsigned long pos, unsigned long addr, unsigned long n, bool write)
{
	struct file *f = file_of(file), opened;

	if (!f)
		return -EINVAL;
	opened = *f;
	opened.f_mode |= FMODE_DIRECT;
	atomic_set(&opened.f_count, 1); /* ours, so that nobody else's is the last */
	return (int)(write ? sys_pwrite(&opened, addr, n, pos) : sys_pread(&opened, addr, n, pos));
}

int vm_direct_read(int file, unsigned long pos, unsigned long addr, unsigned long n)
{
	return direct(file, pos, addr, n, false);
}

int vm_direct_write(int file, unsigned long pos, unsigned long addr, unsigned long n)
{
	return direct(file, pos, addr, n, true);
}

/* ---- processes ------------------------------------------------------------------------------------------------------- */

int vm_fork(void)
{
	struct mm_struct *child;
	long ret = sys_fork(&child);

	return ret ? (int)ret : child->id;
}

void vm_exit(int process)
{
	struct mm_struct *mm = mm_of(process);

	if (mm)
		process_exit(mm);
}

int vm_peek(int process, unsigned long addr, uint64_t *value)
{
	struct mm_struct *mm = mm_of(process);

	return mm && sys_peek(mm, addr, value, sizeof(*value)) == sizeof(*value) ? 0 : -EIO;
}

int vm_poke(int process, unsigned long addr, uint64_t value)
{
	struct mm_struct *mm = mm_of(process);

	return mm && sys_poke(mm, addr, &value, sizeof(value)) == sizeof(value) ? 0 : -EIO;
}

int vm_vmsplice(unsigned long addr, unsigned long n)
{
	return (int)sys_vmsplice(addr, n);
}

int vm_pipe_read(unsigned long addr, unsigned long n)
{
	return (int)sys_pipe_read(addr, n);
}
