/* SPDX-License-Identifier: MIT */
/*
 * uaccess.c - the kernel reads and writes memory of the running process through its mappings
 *
 * Mirrors copy_from_user() and its kin of x86_64: the accesses go through the CPU's TLB and fault as the process's own
 * would, and what cannot be accessed ends the copy there.
 *
 * I1: a failed copy is no signal: what the task knows of its last signal stays.
 * I2: with faults disabled a copy neither sleeps nor takes mmap_sem.
 *
 * Lock order: a copy may take mmap_sem and all below it; the _atomic forms take nothing.
 *
 * Left out: accesses in units smaller than the part of a page that is copied.
 */
#include "hw/mmu.h"
#include "mm/mm.h"

/* => what is left of [addr, addr + n) in addr's page */
static size_t in_page(unsigned long addr, size_t n)
{
	size_t room = PAGE_SIZE - (addr & ~PAGE_MASK);

	return n < room ? n : room;
}

static int access_part(unsigned long addr, void *buf, size_t n, bool write)
{
	return write ? user_write(addr, buf, n) : user_read(addr, buf, n);
}

/* => how many bytes could not be copied */
static size_t copy_user(unsigned long addr, void *buf, size_t n, bool write)
{
	struct task_struct *task = current;
	int sig = task->sig, code = task->sig_code;
	unsigned long fault_address = task->fault_address;
	size_t part;

	if (addr >= TASK_SIZE || n > TASK_SIZE - addr)
		return n;
	for (; n; n -= part, addr += part, buf = (u8 *)buf + part) {
		part = in_page(addr, n);
		if (!access_part(addr, buf, part, write))
			continue;
		task->sig = sig;
		task->sig_code = code;
		task->fault_address = fault_address;
		break;
	}
	return n;
}

size_t copy_from_user(void *to, unsigned long from, size_t n)
{
	might_sleep();
	return copy_user(from, to, n, false);
}

size_t copy_to_user(unsigned long to, const void *from, size_t n)
{
	might_sleep();
	return copy_user(to, (void *)(uintptr_t)from, n, true);
}

static size_t copy_user_atomic(unsigned long addr, void *buf, size_t n, bool write)
{
	size_t left;

	current->pagefault_disabled++;
	left = copy_user(addr, buf, n, write);
	current->pagefault_disabled--;
	return left;
}

size_t copy_from_user_atomic(void *to, unsigned long from, size_t n)
{
	return copy_user_atomic(from, to, n, false);
}

size_t copy_to_user_atomic(unsigned long to, const void *from, size_t n)
{
	return copy_user_atomic(to, (void *)(uintptr_t)from, n, true);
}

int fault_in_readable(unsigned long addr, size_t n)
{
	size_t part;
	u8 byte;

	for (; n; n -= part, addr += part) {
		part = in_page(addr, n);
		if (copy_from_user(&byte, addr, 1))
			return -EFAULT;
	}
	return 0;
}
