// SPDX-License-Identifier: MIT
/* mm_pipe.c - the pipe: buffers, order of errors, and pages that are spliced rather than copied; as on Linux 6.18 */
#include "machine.h"

static void a_splice_costs_a_buffer_each(void)
{
	map_at(0, 2, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_store(ADDR, 7) || sys_vmsplice(PAGE(9), 1) != -EFAULT);
	for (int i = 0; i < 16; i++)
		BUG_ON(sys_vmsplice(ADDR, 1) != 1);
	BUG_ON(sys_vmsplice(ADDR, 1) != -EAGAIN || sys_vmsplice(PAGE(9), 1) != -EAGAIN ||
	       sys_vmsplice(ADDR, 0));
	BUG_ON(sys_pipe_write(PAGE(9), 1) != -EAGAIN);
	oracle_quiescent();
	BUG_ON(page_count(page_in(current->mm, ADDR)) != 17);
	BUG_ON(sys_pipe_read(PAGE(1), 100) != 16 || sys_pipe_read(PAGE(9), 1) != -EAGAIN);
	BUG_ON(page_count(page_in(current->mm, ADDR)) != 1 || load(PAGE(1)) != 0x0707070707070707);
}

static void a_splice_faults_in_more_than_fits(void)
{
	map_at(0, 20, PROT_READ, MAP_PRIVATE, -1);
	map_at(30, 1, RW, MAP_PRIVATE, -1);
	for (int i = 0; i < 5; i++)
		BUG_ON(sys_vmsplice(PAGE(30), 1) != 1);
	BUG_ON(sys_vmsplice(ADDR, 20 * VM_PAGE) != 11 * VM_PAGE || !present(PAGE(15)) || present(PAGE(16)));
	for (int i = 0; i < 11; i++)
		BUG_ON(sys_pipe_read(PAGE(30), VM_PAGE) <= 0);
	while (sys_pipe_read(PAGE(30), VM_PAGE) > 0)
		;
	BUG_ON(this_machine->pipe.head != this_machine->pipe.tail);
}

static void a_splice_stops_at_a_hole(void)
{
	map_at(0, 3, RW, MAP_PRIVATE, -1);
	map_at(5, 1, PROT_NONE, MAP_PRIVATE, -1);
	BUG_ON(sys_vmsplice(PAGE(2) + 100, 2 * VM_PAGE) != 3996 || sys_vmsplice(PAGE(5), 1) != -EFAULT);
	BUG_ON(sys_pipe_read(ADDR, VM_PAGE) != 3996);
}

static void small_writes_share_a_page(void)
{
	map_at(0, 20, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_store(ADDR, 0x0807060504030201) || sys_vmsplice(ADDR, 1) != 1);
	BUG_ON(sys_pipe_write(ADDR, 3) != 3 || sys_pipe_write(ADDR, 2) != 2);
	BUG_ON(this_machine->pipe.head - this_machine->pipe.tail != 2);
	BUG_ON(sys_pipe_read(PAGE(1), 100) != 6 || load(PAGE(1)) != 0x020103020101);
	BUG_ON(sys_pipe_write(ADDR, 0) || sys_pipe_read(ADDR, 0));
}

static void a_write_fills_the_pipe(void)
{
	map_at(0, 20, RW, MAP_PRIVATE, -1);
	BUG_ON(sys_pipe_write(ADDR, 17 * VM_PAGE) != 16 * VM_PAGE || sys_pipe_write(ADDR, 1) != -EAGAIN);
	BUG_ON(sys_pipe_read(ADDR, 10) != 10 || sys_pipe_write(ADDR, 1) != -EAGAIN);
	BUG_ON(sys_pipe_read(ADDR, VM_PAGE) != VM_PAGE || sys_pipe_write(ADDR, 1) != 1);
	while (sys_pipe_read(ADDR, 16 * VM_PAGE) > 0)
		;
}

static void what_cannot_be_read_stays(void)
{
	map_at(0, 1, RW, MAP_PRIVATE, -1);
	BUG_ON(sys_pipe_write(PAGE(1), 1) != -EFAULT || sys_pipe_write(ADDR, 3) != 3);
	BUG_ON(sys_pipe_read(PAGE(1), 3) != -EFAULT || sys_pipe_write(PAGE(1), 1) != -EFAULT);
	BUG_ON(sys_pipe_read(ADDR, 9) != 3);
}

/* Spliced, not copied: what is stored before the read is what is read. */
static void a_spliced_page_shows_later_stores(void)
{
	map_at(0, 2, RW, MAP_PRIVATE, -1);
	BUG_ON(vm_store(ADDR, 5) || vm_vmsplice(ADDR, 8) != 8 || vm_store(ADDR, 6));
	BUG_ON(vm_pipe_read(PAGE(1), 8) != 8 || load(PAGE(1)) != 6);
}

#define SCRIPT(name) SCRIPT_UNDER("linux-6.18", name)
SCRIPT(a_splice_costs_a_buffer_each)
SCRIPT(a_splice_faults_in_more_than_fits)
SCRIPT(a_splice_stops_at_a_hole)
SCRIPT(small_writes_share_a_page)
SCRIPT(a_write_fills_the_pipe)
SCRIPT(what_cannot_be_read_stays)
SCRIPT(a_spliced_page_shows_later_stores)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_splice_costs_a_buffer_each),
		cmocka_unit_test(test_a_splice_faults_in_more_than_fits),
		cmocka_unit_test(test_a_splice_stops_at_a_hole),
		cmocka_unit_test(test_small_writes_share_a_page),
		cmocka_unit_test(test_a_write_fills_the_pipe),
		cmocka_unit_test(test_what_cannot_be_read_stays),
		cmocka_unit_test(test_a_spliced_page_shows_later_stores),
	};

	return RUN_TESTS(tests, argc, argv);
}
