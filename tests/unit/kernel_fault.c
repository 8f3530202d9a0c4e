// SPDX-License-Identifier: MIT
/* kernel_fault.c - what a fault that cannot be served is told as, stacks that grow, and who runs on a machine */
#include "machine.h"

#define STACK 0x7f0000000000ul

static bool gets(unsigned long addr, bool write, int sig, int code)
{
	u64 v = 1;

	current->sig = current->sig_code = 0;
	if ((write ? user_write(addr, &v, 8) : user_read(addr, &v, 8)) != sig)
		return false;
	return current->sig == sig && current->sig_code == code && (!sig || current->fault_address == addr);
}

static void signals_and_codes(void)
{
	unsigned long counted;

	anon(0, 1, PROT_READ);
	anon(1, 1, PROT_NONE);
	anon(2, 1, PROT_WRITE);
	anon(3, 1, PROT_EXEC);
	mapped(4, 4, RW, MAP_SHARED);
	counted = faults();
	BUG_ON(!gets(B - 8, false, SIGSEGV, SEGV_MAPERR) || !gets(B - 8, true, SIGSEGV, SEGV_MAPERR));
	BUG_ON(!gets(B + 8 * P, false, SIGSEGV, SEGV_MAPERR));
	BUG_ON(!gets(B, true, SIGSEGV, SEGV_ACCERR));
	BUG_ON(!gets(B + P, false, SIGSEGV, SEGV_ACCERR) || !gets(B + P, true, SIGSEGV, SEGV_ACCERR));
	BUG_ON(!gets(B + 3 * P, true, SIGSEGV, SEGV_ACCERR));
	BUG_ON(!gets(B + 7 * P, false, SIGBUS, BUS_ADRERR) || !gets(B + 7 * P, true, SIGBUS, BUS_ADRERR));
	BUG_ON(faults() != counted); /* what ends with a signal is none of the two counts' */
	BUG_ON(!gets(B, false, 0, 0) || !gets(B + 2 * P, false, 0, 0) || !gets(B + 2 * P, true, 0, 0));
	BUG_ON(!gets(B + 3 * P, false, 0, 0) || !gets(B + 4 * P, true, 0, 0));
	BUG_ON(faults() != counted + 5);
	BUG_ON(sys_madvise(B, P, MADV_GUARD_INSTALL) || !gets(B, false, SIGSEGV, SEGV_MAPERR));
}

static void a_fault_by_itself(void)
{
	struct mm_struct *mm = current->mm;

	anon(0, 1, RW);
	BUG_ON(do_page_fault(B, false) || !shows_zero_page(B));
	BUG_ON(do_page_fault(B, true) || shows_zero_page(B) || !pte_write(pte_of(B)));
	BUG_ON(do_page_fault(B, true) || faults() != 3); /* somebody else was faster */
	BUG_ON(do_page_fault(B + P, false) != SIGSEGV || current->sig_code != SEGV_MAPERR);
	current->sig_code = 0;
	atomic_inc(&mm->mm_users);
	use_mm(current, NULL);
	BUG_ON(do_page_fault(B, false) != SIGSEGV || current->sig_code != SEGV_MAPERR);
	use_mm(current, mm);
	mmput(mm);
	down_write(&mm->mmap_sem); /* nobody left it taken */
	up_write(&mm->mmap_sem);
}

static void no_memory_is_sigbus(void)
{
	struct page *pile;

	anon(0, 1, RW);
	pile = take_frames();
	BUG_ON(!gets(B, true, SIGBUS, BUS_ADRERR) || !gets(B, false, SIGBUS, BUS_ADRERR));
	give_frames(pile);
	BUG_ON(!gets(B, true, 0, 0));
}

static void stacks_grow(void)
{
	unsigned long top = STACK + 16 * P;
	struct vm_area_struct *vma;

	BUG_ON(sys_mmap(STACK, 16 * P, RW, AP | FX | MAP_GROWSDOWN, NULL, 0) != (long)STACK);
	vma = vma_lookup(current->mm, STACK);
	BUG_ON(!gets(STACK - P + 8, true, 0, 0) || vma->vm_start != STACK - P || vma_pages(vma) != 17);
	BUG_ON(!gets(STACK - 10 * P, false, 0, 0) || vma->vm_start != STACK - 10 * P);
	BUG_ON(present(STACK - 5 * P));
	BUG_ON(!gets(top - STACK_LIMIT - 8, true, SIGSEGV, SEGV_MAPERR) || vma->vm_start != STACK - 10 * P);
	/* Something comes too near. */
	BUG_ON(sys_mmap(STACK - 300 * P, P, RW, AP | FX, NULL, 0) != (long)(STACK - 300 * P));
	BUG_ON(!gets(STACK - 43 * P, true, 0, 0) || vma->vm_start != STACK - 43 * P);
	BUG_ON(!gets(STACK - 44 * P, true, SIGSEGV, SEGV_MAPERR) || vma->vm_start != STACK - 43 * P);
	/* Nothing else grows. */
	anon(1, 1, RW);
	BUG_ON(!gets(B, true, SIGSEGV, SEGV_MAPERR));
	check_vmas();
}

static void faults_may_be_off(void)
{
	u64 v;

	anon(0, 1, RW);
	current->pagefault_disabled++;
	BUG_ON(user_read(B, &v, 8) != SIGSEGV || present(B) || faults());
	current->pagefault_disabled--;
	BUG_ON(user_read(B, &v, 8) || faults() != 1);
}

static void who_runs_where(void)
{
	const struct machine_config none = { 0 };
	struct mm_struct *mm = current->mm;

	BUG_ON(machine_cpus() != NR_CPUS || machine_size(&none) != machine_size(NULL));
	BUG_ON(machine_size(&this_machine->config) <= machine_size(NULL)); /* it has swap */
	BUG_ON(!machine_lock_ranks());
	machine_task_init(3, "third");
	BUG_ON(this_machine->task[3].cpu != 3 || strcmp(this_machine->task[3].comm, "third"));
	BUG_ON(atomic_read(&mm->mm_users) != 2);
	use_mm(&this_machine->task[3], mm);
	BUG_ON(atomic_read(&mm->mm_users) != 3 || !(mm->cpu_vm_mask & (1 << 3)));
	BUG_ON(this_machine->cpu[3].active_mm != mm);
	use_mm(&this_machine->task[3], NULL);
	BUG_ON(atomic_read(&mm->mm_users) != 2 || (mm->cpu_vm_mask & (1 << 3)));
	machine_task_enter(3);
	BUG_ON(current != &this_machine->task[3]);
	machine_task_enter(-1);
	BUG_ON(current->mm != mm);
}

static const struct script_machine usual = { .config = { .lru = true, .swap_slots = 8, .io_at_once = true },
					     .kernel = "linux-6.18" };
SCRIPT_ON(&usual, signals_and_codes)
SCRIPT_ON(&usual, a_fault_by_itself)
SCRIPT_ON(&usual, no_memory_is_sigbus)
SCRIPT_ON(&usual, stacks_grow)
SCRIPT_ON(&usual, faults_may_be_off)
SCRIPT_ON(&usual, who_runs_where)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signals_and_codes),    cmocka_unit_test(test_a_fault_by_itself),
		cmocka_unit_test(test_no_memory_is_sigbus),  cmocka_unit_test(test_stacks_grow),
		cmocka_unit_test(test_faults_may_be_off),    cmocka_unit_test(test_who_runs_where),
	};

	return RUN_TESTS(tests, argc, argv);
}
