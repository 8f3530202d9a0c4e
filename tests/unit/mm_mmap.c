// SPDX-License-Identifier: MIT
/* mm_mmap.c - what may be mapped, where, and how vmas are cut and joined */
#include "machine.h"

static long map(unsigned long addr, unsigned long len, unsigned long prot, unsigned long flags)
{
	return sys_mmap(addr, len, prot, flags, NULL, 0);
}

static long map_file(unsigned long prot, unsigned long flags, unsigned long pgoff, unsigned mode)
{
	struct file *f = FILE_DATA;
	unsigned was = f->f_mode;
	long ret;

	f->f_mode = mode;
	ret = sys_mmap(B, P, prot, flags, f, pgoff);
	f->f_mode = was;
	return ret;
}

static void bad_arguments_have_their_errors(void)
{
	BUG_ON(map(0, 0, RW, AP) != -EINVAL);
	BUG_ON(map(0, P, RW, MAP_ANONYMOUS) != -EINVAL);
	BUG_ON(map(0, P, RW, MAP_ANONYMOUS | 3) != -EINVAL);
	BUG_ON(map(0, P, RW, MAP_ANONYMOUS | 4) != -EINVAL);
	BUG_ON(map(B + 1, P, RW, AP | FX) != -EINVAL);
	BUG_ON(map(B + 1, P, RW, AP | MAP_FIXED_NOREPLACE) != -EINVAL);
	BUG_ON(map(TOP, P, RW, AP | FX) != -ENOMEM);
	BUG_ON(map(TOP, P, RW, AP | FX | MAP_FIXED_NOREPLACE) != -ENOMEM);
	BUG_ON(map(0, 1ul << 47, RW, AP) != -ENOMEM);
	BUG_ON(map(0, -1ul, RW, AP) != -ENOMEM);
	BUG_ON(map(B, -2 * P, RW, AP | FX) != -ENOMEM);
	BUG_ON(map(B, P, PROT_READ, MAP_SHARED | MAP_GROWSDOWN | FX | MAP_ANONYMOUS) != -EINVAL);
	BUG_ON(sys_mmap(B, P, PROT_READ, MAP_SHARED, FILE_DATA, ~0ul) != -EOVERFLOW);
	BUG_ON(map_file(PROT_READ, MAP_SHARED | FX, (1ul << 51) - 1, 3) != -EOVERFLOW);
	BUG_ON(map_file(PROT_READ, MAP_SHARED | FX, (1ul << 51) - 2, 3) != (long)B);
	BUG_ON(map_file(PROT_READ, 0, 0, 3) != -EINVAL);
	BUG_ON(map(TOP - P, P, RW, AP | FX) != (long)(TOP - P) || sys_munmap(TOP - P, P));
	check_vmas();
}

static void a_file_is_mapped_as_it_was_opened(void)
{
	BUG_ON(map_file(PROT_READ, MAP_SHARED | FX, 0, FMODE_WRITE) != -EACCES);
	BUG_ON(map_file(PROT_READ, MAP_PRIVATE | FX, 0, FMODE_WRITE) != -EACCES);
	BUG_ON(map_file(PROT_WRITE, MAP_SHARED | FX, 0, FMODE_READ) != -EACCES);
	BUG_ON(map_file(PROT_READ, MAP_PRIVATE | MAP_GROWSDOWN | FX, 0, 3) != -EINVAL);
	BUG_ON(map_file(PROT_READ, MAP_SHARED_VALIDATE | FX | MAP_FIXED_NOREPLACE, 0, 3) != -EOPNOTSUPP);
	BUG_ON(map_file(PROT_READ, MAP_SHARED_VALIDATE | FX, 0, 3) != (long)B);
	BUG_ON(map_file(RW, MAP_PRIVATE | FX, 0, FMODE_READ) != (long)B || !is(0, "rw-p"));
	BUG_ON(map_file(PROT_READ, MAP_SHARED | FX, 0, FMODE_READ) != (long)B || !is(0, "r--s"));
	BUG_ON(sys_mprotect(B, P, RW) != -EACCES);
}

static void shared_mappings_of_a_file_are_counted(void)
{
	struct address_space *mapping = FILE_DATA->f_mapping;

	mapped(0, 3, RW, MAP_SHARED);
	BUG_ON(mapping->i_mmap_writable != 1);
	BUG_ON(sys_munmap(B + P, P) || mapping->i_mmap_writable != 2);
	mapped(8, 1, RW, MAP_PRIVATE);
	BUG_ON(mapping->i_mmap_writable != 2);
	fresh();
	BUG_ON(mapping->i_mmap_writable || !RB_EMPTY_ROOT(&mapping->i_mmap));
}

static void addresses_are_the_highest_that_are_free(void)
{
	long a, b, c;

	a = map(0, P, RW, AP);
	BUG_ON(a != (long)(MMAP_BASE - P));
	b = map(0, 4 * P, PROT_READ, AP);
	c = map(0, 2 * P, RW, AP);
	BUG_ON(b != a - (long)(4 * P) || c != b - (long)(2 * P));
	BUG_ON(sys_munmap((unsigned long)b, 4 * P));
	check_vmas();
	BUG_ON(map(0, 5 * P, RW, AP) != c - (long)(5 * P));
	BUG_ON(map(0, 3 * P, PROT_READ, AP) != b + (long)P);
	BUG_ON(map(0, P, PROT_READ, AP) != b);
	check_vmas();
}

static void gaps_are_found_wherever_they_are(void)
{
	/* A comb of single pages, then holes of growing size below it. */
	for (unsigned long i = 0; i < 12; i++)
		BUG_ON(map(MMAP_BASE - P - (i * (i + 1) / 2 + i) * P, P, i & 1 ? RW : PROT_READ, AP | FX) <
		       0);
	check_vmas();
	for (unsigned long n = 11; n > 0; n--)
		BUG_ON(map(0, n * P, PROT_EXEC, AP) != (long)(MMAP_BASE - P - (n * (n + 1) / 2 + n - 1) * P));
	check_vmas();
	BUG_ON(sys_munmap(MMAP_BASE - 200 * P, 200 * P) || current->mm->map_count);
}

static void hints_are_taken_where_there_is_room(void)
{
	BUG_ON(map(B + 1, P, RW, AP) != (long)B);
	BUG_ON(map(B, P, RW, AP) != (long)(MMAP_BASE - P));
	BUG_ON(map(B + P, P, RW, AP) != (long)(B + P));
	BUG_ON(map(P, P, RW, AP) != (long)MMAP_MIN_ADDR);
	BUG_ON(map(B, P, RW, AP | MAP_FIXED_NOREPLACE) != -EEXIST || !is(0, "rw-p"));
	BUG_ON(map(B + 2 * P, P, RW, AP | MAP_FIXED_NOREPLACE) != (long)(B + 2 * P));
	BUG_ON(map(0, P, RW, AP | FX) != 0 || sys_munmap(0, P));
	check_vmas();
}

static void a_stack_keeps_its_guard_gap(void)
{
	BUG_ON(map(B + 600 * P, 2 * P, RW, AP | FX | MAP_GROWSDOWN) < 0);
	BUG_ON(map(B + 400 * P, P, RW, AP) == (long)(B + 400 * P));
	BUG_ON(map(B + 343 * P, P, RW, AP) != (long)(B + 343 * P));
	check_vmas();
	BUG_ON(expand_stack(vma_lookup(current->mm, B + 600 * P), B + 599 * P) != -ENOMEM);
	BUG_ON(sys_munmap(B + 343 * P, P));
	put(599, 7);
	BUG_ON(get(599) != 7 || find_vma(current->mm, 0)->vm_start != B + 599 * P);
	check_vmas();
	BUG_ON(expand_stack(find_vma(current->mm, 0), B + 602 * P - STACK_LIMIT - P) != -ENOMEM);
	BUG_ON(map(MMAP_BASE - 2 * P, 2 * P, RW, AP | FX | MAP_GROWSDOWN) < 0);
	BUG_ON(map(0, P, RW, AP) != (long)(MMAP_BASE - 2 * P - STACK_GUARD_GAP - P));
	check_vmas();
}

static void neighbours_that_are_alike_are_joined(void)
{
	struct mm_struct *mm = current->mm;

	anon(0, 2, RW);
	anon(4, 2, RW);
	BUG_ON(mm->map_count != 2);
	anon(2, 2, RW);
	BUG_ON(mm->map_count != 1 || vma_pages(vma_first(mm)) != 6);
	check_vmas();
	for (unsigned long i = 0; i < 6; i++)
		put(i, i + 1);
	BUG_ON(sys_mprotect(B + 2 * P, P, PROT_READ) || mm->map_count != 3);
	BUG_ON(sys_mprotect(B + 3 * P, P, PROT_READ) || mm->map_count != 3); /* joins what was cut before */
	BUG_ON(sys_mprotect(B + P, P, PROT_READ) || mm->map_count != 3);
	check_vmas();
	BUG_ON(sys_mprotect(B + P, 3 * P, RW) || mm->map_count != 1);
	for (unsigned long i = 0; i < 6; i++)
		BUG_ON(get(i) != i + 1);
	anon(6, 1, PROT_READ);
	/* What was written to has memory reserved, what could never be has none. */
	BUG_ON(mm->map_count != 2 || sys_mprotect(B + 5 * P, P, PROT_READ) || mm->map_count != 3);
	BUG_ON(vma_lookup(mm, B + 5 * P)->vm_start != B + 5 * P);
	check_vmas();
}

/* What a child has from its parent is joined neither to the rest of it nor to what the child maps itself. */
static void what_fork_inherited_stays_apart(void)
{
	struct mm_struct *parent = current->mm, *child = NULL;

	anon(0, 2, RW);
	put(0, 1);
	anon(8, 3, RW);
	put(8, 1);
	BUG_ON(sys_mprotect(B + P, P, PROT_READ) || sys_fork(&child));
	use_mm(current, child);
	BUG_ON(sys_mprotect(B + P, P, RW) || child->map_count != 3);
	anon(2, 1, RW);
	BUG_ON(child->map_count != 4 || get(0) != 1);
	/* but what was cut is joined again */
	BUG_ON(sys_mprotect(B + 8 * P, P, PROT_READ) || sys_mprotect(B + 9 * P, P, PROT_READ) ||
	       vma_pages(vma_lookup(child, B + 8 * P)) != 2);
	check_vmas();
	use_mm(current, parent);
	process_exit(child);
	BUG_ON(sys_mprotect(B + P, P, RW) || parent->map_count != 2);
	anon(2, 1, RW);
	BUG_ON(parent->map_count != 2);
	check_vmas();
}

static void files_are_joined_where_their_pages_follow(void)
{
	struct mm_struct *mm = current->mm;

	mapped(0, 1, RW, MAP_SHARED);
	BUG_ON(sys_mmap(B + P, P, RW, MAP_SHARED | FX, FILE_DATA, 1) < 0 || mm->map_count != 1);
	BUG_ON(sys_mmap(B + 2 * P, P, RW, MAP_SHARED | FX, FILE_DATA, 1) < 0 || mm->map_count != 2);
	BUG_ON(get(1) != WORD(1) || get(2) != WORD(1));
	put(2, 9);
	BUG_ON(get(1) != 9);
	check_vmas();
}

static void munmap_checks_its_arguments(void)
{
	BUG_ON(sys_munmap(B, 0) != -EINVAL || sys_munmap(B + 1, P) != -EINVAL || sys_munmap(B, 1));
	BUG_ON(sys_munmap(TOP, P) != -EINVAL || sys_munmap(B, TOP) != -EINVAL);
	BUG_ON(sys_munmap(B, -1ul) != -EINVAL || sys_munmap(B, -P) != -EINVAL);
}

static void munmap_takes_many_vmas(void)
{
	unsigned long before = this_machine->zone.nr_free;

	for (unsigned long i = 0; i < 12; i++) {
		anon(i, 1, i & 1 ? RW : RW | PROT_EXEC);
		put(i, i);
	}
	mapped(12, 2, RW, MAP_SHARED);
	BUG_ON(current->mm->map_count != 13 || sys_munmap(B + P, 12 * P));
	check_vmas();
	BUG_ON(!is(0, "rwxp") || !is(1, "none") || !is(12, "none") || !is(13, "rw-s") || get(13) != WORD(1));
	fresh();
	BUG_ON(current->mm->map_count ||
	       this_machine->zone.nr_free < before - 1); /* the pagecache has one page */
}

static void too_many_vmas_are_refused(void)
{
	struct mm_struct *mm = current->mm;

	anon(0, 3, RW);
	mm->map_count += MAX_MAP_COUNT - 1; /* as if */
	BUG_ON(sys_munmap(B + P, P) != -ENOMEM || !is(1, "rw-p"));
	BUG_ON(sys_mprotect(B + P, P, PROT_READ) != -ENOMEM || !is(1, "rw-p"));
	BUG_ON(sys_mremap(B, P, 2 * P, MOVE, 0) != -ENOMEM);
	BUG_ON(sys_munmap(B, P) || is(0, "rw-p"));
	BUG_ON(map(B, P, RW, AP) < 0);
	mm->map_count += 1;
	BUG_ON(map(B + 30 * P, P, RW, AP) != -ENOMEM);
	mm->map_count -= MAX_MAP_COUNT;
	check_vmas();
}

static void populate_faults_everything_in(void)
{
	new_faults();
	BUG_ON(map(B, 8 * P, RW, AP | FX | MAP_POPULATE) < 0);
	BUG_ON(new_faults() != 8 || !core_is(0, "11111111"));
	for (unsigned long i = 0; i < 8; i++)
		put(i, i);
	BUG_ON(new_faults());
	BUG_ON(map(B + 8 * P, 2 * P, RW, AP | FX | MAP_LOCKED) < 0 || !is(8, "rw-pl") || !core_is(8, "11"));
	check_vmas();
}

static void the_end_of_a_process_takes_everything(void)
{
	struct mm_struct *mm = current->mm;

	for (unsigned long i = 0; i < 5; i++) {
		anon(i * 600, 2, RW);
		put(i * 600, i);
	}
	mapped(1, 2, RW, MAP_PRIVATE);
	put(1, 5);
	down_write(&mm->mmap_sem);
	exit_mmap(mm);
	up_write(&mm->mmap_sem);
	BUG_ON(mm->map_count || mm->total_vm || vma_first(mm));
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		BUG_ON(atomic_read(&mm->rss[i]));
	BUG_ON(touch(0) != SIGSEGV);
}

static void without_memory_nothing_changes(void)
{
	void *pile;

	anon(0, 3, RW);
	put(1, 7);
	pile = take_objects();
	BUG_ON(sys_munmap(B + P, P) != -ENOMEM || get(1) != 7);
	BUG_ON(map(B + P, P, PROT_READ, AP | FX) != -ENOMEM || get(1) != 7);
	BUG_ON(map(B, 3 * P, PROT_READ, AP | FX) != -ENOMEM || get(1) != 7);
	BUG_ON(sys_mprotect(B + P, P, PROT_READ) != -ENOMEM || !is(1, "rw-p"));
	check_vmas();
	give_objects(pile);
	BUG_ON(sys_munmap(B + P, P) || !is(1, "none"));
}

static void shared_anonymous_memory_is_a_file(void)
{
	BUG_ON(map(B, 2 * P, RW, MAP_SHARED | MAP_ANONYMOUS | FX) != (long)B || !is(0, "rw-s"));
	BUG_ON(get(0));
	put(0, 5);
	BUG_ON(get(0) != 5 || sys_mremap(B, 0, 2 * P, MOVE | MREMAP_FIXED, B + 8 * P) != (long)(B + 8 * P));
	BUG_ON(get(8) != 5);
	put(9, 6);
	BUG_ON(get(1) != 6 || touch(10) != SIGSEGV);
	BUG_ON(sys_munmap(B, 2 * P) || get(8) != 5);
}

static void protection_of_ptes_follows_the_flags(void)
{
	BUG_ON(vm_get_page_prot(VM_READ | VM_WRITE).pgprot & _PAGE_RW);
	BUG_ON(!(vm_get_page_prot(VM_WRITE | VM_SHARED).pgprot & _PAGE_RW));
	BUG_ON(!pte_protnone((pte_t){ vm_get_page_prot(VM_SHARED).pgprot }));
	BUG_ON(vm_get_page_prot(VM_EXEC).pgprot & _PAGE_NX);
	mapped(0, 1, RW, MAP_SHARED);
	BUG_ON(!vma_wants_writenotify(vma_first(current->mm)));
	BUG_ON(vma_first(current->mm)->vm_page_prot.pgprot & _PAGE_RW);
	mapped(0, 1, RW, MAP_PRIVATE);
	BUG_ON(vma_wants_writenotify(vma_first(current->mm)));
}

#define SCRIPT(name) SCRIPT_ON(&as_6_18, name)
SCRIPT(bad_arguments_have_their_errors)
SCRIPT(a_file_is_mapped_as_it_was_opened)
SCRIPT(shared_mappings_of_a_file_are_counted)
SCRIPT(addresses_are_the_highest_that_are_free)
SCRIPT(gaps_are_found_wherever_they_are)
SCRIPT(hints_are_taken_where_there_is_room)
SCRIPT(a_stack_keeps_its_guard_gap)
SCRIPT(neighbours_that_are_alike_are_joined)
SCRIPT(what_fork_inherited_stays_apart)
SCRIPT(files_are_joined_where_their_pages_follow)
SCRIPT(munmap_checks_its_arguments)
SCRIPT(munmap_takes_many_vmas)
SCRIPT(too_many_vmas_are_refused)
SCRIPT(populate_faults_everything_in)
SCRIPT(the_end_of_a_process_takes_everything)
SCRIPT(without_memory_nothing_changes)
SCRIPT(shared_anonymous_memory_is_a_file)
SCRIPT(protection_of_ptes_follows_the_flags)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_arguments_have_their_errors),
		cmocka_unit_test(test_a_file_is_mapped_as_it_was_opened),
		cmocka_unit_test(test_shared_mappings_of_a_file_are_counted),
		cmocka_unit_test(test_addresses_are_the_highest_that_are_free),
		cmocka_unit_test(test_gaps_are_found_wherever_they_are),
		cmocka_unit_test(test_hints_are_taken_where_there_is_room),
		cmocka_unit_test(test_a_stack_keeps_its_guard_gap),
		cmocka_unit_test(test_neighbours_that_are_alike_are_joined),
		cmocka_unit_test(test_what_fork_inherited_stays_apart),
		cmocka_unit_test(test_files_are_joined_where_their_pages_follow),
		cmocka_unit_test(test_munmap_checks_its_arguments),
		cmocka_unit_test(test_munmap_takes_many_vmas),
		cmocka_unit_test(test_too_many_vmas_are_refused),
		cmocka_unit_test(test_populate_faults_everything_in),
		cmocka_unit_test(test_the_end_of_a_process_takes_everything),
		cmocka_unit_test(test_without_memory_nothing_changes),
		cmocka_unit_test(test_shared_anonymous_memory_is_a_file),
		cmocka_unit_test(test_protection_of_ptes_follows_the_flags),
	};

	return RUN_TESTS(tests, argc, argv);
}
