// SPDX-License-Identifier: MIT
/* mm_process_vm.c - process_vm_readv() and _writev(): counts and errors as measured on Linux 6.18 */
#include "machine.h"

#define LOCAL PAGE(8)

static long rd(unsigned long remote, size_t n)
{
	return sys_process_vm_read(current->mm, LOCAL, remote, n);
}

static long wr(unsigned long remote, size_t n)
{
	return sys_process_vm_write(current->mm, LOCAL, remote, n);
}

static void holes_and_rights_end_the_copy(void)
{
	map_at(8, 4, RW, MAP_PRIVATE, -1);
	map_at(0, 2, RW, MAP_PRIVATE, -1);
	map_at(4, 1, PROT_NONE, MAP_PRIVATE, -1);
	map_at(5, 1, PROT_READ, MAP_PRIVATE, -1);
	BUG_ON(vm_store(ADDR, 7) || rd(ADDR, 4 * VM_PAGE) != 2 * VM_PAGE || load(LOCAL) != 7);
	BUG_ON(!shows_zero_page(PAGE(1)));
	BUG_ON(rd(PAGE(1) + 4000, 200) != 96 || rd(PAGE(2), 1) != -EFAULT || rd(PAGE(2), 0));
	BUG_ON(wr(ADDR, 4 * VM_PAGE) != 2 * VM_PAGE || wr(PAGE(2), 1) != -EFAULT);
	BUG_ON(rd(PAGE(4), 1) != -EFAULT || wr(PAGE(4), 1) != -EFAULT || wr(PAGE(5), 1) != -EFAULT);
	BUG_ON(rd(PAGE(5), 1) != 1 || rd(TASK_SIZE - 1, 2) != -EFAULT);
}

static void files_end_at_their_end(void)
{
	map_at(8, 4, RW, MAP_PRIVATE, -1);
	map_at(0, 4, RW, MAP_SHARED, DATA);
	BUG_ON(rd(ADDR, 4 * VM_PAGE) != 3 * VM_PAGE || load(PAGE(9)) != WORD(1));
	BUG_ON(rd(PAGE(3), 1) != -EFAULT || rd(PAGE(2), 2 * VM_PAGE) != VM_PAGE);
	BUG_ON(vm_store(LOCAL, 9) || wr(PAGE(1), 8) != 8 || load(PAGE(1)) != 9);
	BUG_ON(!PageDirty(page_in(current->mm, PAGE(1))));
}

static void private_files_are_copied_when_written(void)
{
	map_at(8, 1, RW, MAP_PRIVATE, -1);
	map_at(0, 1, RW, MAP_PRIVATE, DATA);
	BUG_ON(wr(ADDR, 1) != 1 || !PageAnon(page_in(current->mm, ADDR)) || faults() != 2);
}

static void the_caller_s_memory_ends_the_copy_by_the_byte(void)
{
	map_at(0, 3, RW, MAP_PRIVATE, -1);
	map_at(8, 1, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_store(ADDR, 1));
	BUG_ON(sys_process_vm_read(current->mm, PAGE(9), ADDR, 1) != -EFAULT);
	BUG_ON(sys_process_vm_read(current->mm, LOCAL, ADDR, 2 * VM_PAGE) != VM_PAGE);
	BUG_ON(sys_process_vm_read(current->mm, LOCAL + 4000, ADDR + 10, VM_PAGE) != 96);
	BUG_ON(sys_process_vm_write(current->mm, LOCAL + 4000, ADDR + 10, VM_PAGE) != 96);
	BUG_ON(sys_process_vm_write(current->mm, PAGE(9), ADDR, 1) != -EFAULT);
	BUG_ON(sys_process_vm_read(current->mm, TASK_SIZE - 1, ADDR, 2) != -EFAULT);
	BUG_ON(page_maybe_dma_pinned(page_in(current->mm, ADDR)));
}

static void between_two_processes(void)
{
	int other = vm_process();

	map_at(8, 1, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_store(LOCAL, 42));
	vm_as(other);
	map_at(0, 20, RW, MAP_PRIVATE, -1);
	vm_as(0);
	BUG_ON(sys_process_vm_write(this_machine->process[other], LOCAL, PAGE(3), 8) != 8);
	vm_as(other);
	BUG_ON(load(PAGE(3)) != 42 || !this_machine->process[other]->has_pinned);
}

static void many_pages_take_several_steps(void)
{
	map_at(0, 18, RW, MAP_PRIVATE, -1);
	map_at(20, 18, RW, MAP_PRIVATE, -1);
	for (unsigned i = 0; i < 18; i++)
		BUG_ON(vm_store(PAGE(i), i + 1));
	BUG_ON(sys_process_vm_read(current->mm, PAGE(20), ADDR, 18 * VM_PAGE) != 18 * VM_PAGE);
	for (unsigned i = 0; i < 18; i++)
		BUG_ON(load(PAGE(20 + i)) != i + 1);
}

#define SCRIPT(name) SCRIPT_UNDER("linux-6.18", name)
SCRIPT(holes_and_rights_end_the_copy)
SCRIPT(files_end_at_their_end)
SCRIPT(private_files_are_copied_when_written)
SCRIPT(the_caller_s_memory_ends_the_copy_by_the_byte)
SCRIPT(between_two_processes)
SCRIPT(many_pages_take_several_steps)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holes_and_rights_end_the_copy),
		cmocka_unit_test(test_files_end_at_their_end),
		cmocka_unit_test(test_private_files_are_copied_when_written),
		cmocka_unit_test(test_the_caller_s_memory_ends_the_copy_by_the_byte),
		cmocka_unit_test(test_between_two_processes),
		cmocka_unit_test(test_many_pages_take_several_steps),
	};

	return RUN_TESTS(tests, argc, argv);
}
