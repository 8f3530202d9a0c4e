// SPDX-License-Identifier: MIT
/* mm_uaccess.c - the kernel's copies from and to user memory: where they stop, and what they leave as it was */
#include "machine.h"

static void copies_cross_pages_and_stop_at_holes(void)
{
	u8 in[300], out[300];

	memset(out, 7, sizeof(out));
	map_at(0, 2, RW, MAP_PRIVATE, -1);
	BUG_ON(copy_to_user(PAGE(1) - 100, out, 300));
	BUG_ON(copy_from_user(in, PAGE(1) - 100, 300) || memcmp(in, out, 300));
	BUG_ON(copy_to_user(PAGE(2) - 100, out, 300) != 200);
	BUG_ON(copy_from_user(in, PAGE(2) - 100, 300) != 200 || copy_from_user(in, PAGE(2), 1) != 1);
	BUG_ON(copy_from_user(in, TASK_SIZE - 1, 2) != 2);
}

static void a_failed_copy_is_no_signal(void)
{
	u8 byte;

	BUG_ON(vm_touch(PAGE(5)) != SIGSEGV);
	BUG_ON(copy_from_user(&byte, PAGE(9), 1) != 1);
	BUG_ON(current->sig != SIGSEGV || current->fault_address != PAGE(5));
}

static void rights_hold_for_the_kernel_too(void)
{
	u8 byte = 1;

	map_at(0, 1, PROT_READ, MAP_PRIVATE, -1);
	BUG_ON(copy_to_user(ADDR, &byte, 1) != 1 || copy_from_user(&byte, ADDR, 1) || byte);
}

static void atomic_copies_do_not_fault(void)
{
	u8 byte = 1;

	map_at(0, 1, RW, MAP_PRIVATE, -1);
	BUG_ON(copy_to_user_atomic(ADDR, &byte, 1) != 1 || faults() || present(PAGE(0)));
	BUG_ON(copy_to_user(ADDR, &byte, 1) || copy_to_user_atomic(ADDR, &byte, 1));
	BUG_ON(copy_from_user_atomic(&byte, ADDR, 1) || byte != 1 || current->pagefault_disabled);
}

static void faulting_in_touches_every_page(void)
{
	map_at(0, 3, RW, MAP_PRIVATE, -1);
	BUG_ON(fault_in_readable(PAGE(1) - 1, 2 + VM_PAGE));
	BUG_ON(!present(PAGE(0)) || !present(PAGE(1)) || !present(PAGE(2)));
	BUG_ON(fault_in_readable(PAGE(2), VM_PAGE + 1) != -EFAULT);
}

#define SCRIPT(name) SCRIPT_UNDER("linux-6.18", name)
SCRIPT(copies_cross_pages_and_stop_at_holes)
SCRIPT(a_failed_copy_is_no_signal)
SCRIPT(rights_hold_for_the_kernel_too)
SCRIPT(atomic_copies_do_not_fault)
SCRIPT(faulting_in_touches_every_page)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies_cross_pages_and_stop_at_holes),
		cmocka_unit_test(test_a_failed_copy_is_no_signal),
		cmocka_unit_test(test_rights_hold_for_the_kernel_too),
		cmocka_unit_test(test_atomic_copies_do_not_fault),
		cmocka_unit_test(test_faulting_in_touches_every_page),
	};

	return RUN_TESTS(tests, argc, argv);
}
