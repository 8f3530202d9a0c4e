// SPDX-License-Identifier: MIT
/*
 * hw_mmu.c - the CPU's side: A and D bits, translations that are used although they are stale, what flushes flush
 *
 * The scripts change page tables by hand, as no kernel would, and put them back.
 */
#include "machine.h"

#define A 0x40000000ul
#define CPU (&this_machine->cpu[smp_processor_id()])

static pte_t *ptep_of(unsigned long addr)
{
	unsigned long next;
	spinlock_t *ptl;

	return pte_find(current->mm, addr, &ptl, &next);
}

static void flush(unsigned long addr)
{
	flush_tlb_page(vma_of(addr), addr);
}

/* => a translation of addr is in the TLB of this CPU */
static const struct tlb_entry *in_tlb(unsigned long addr)
{
	const struct tlb_entry *t = &CPU->tlb[tlb_slot(addr)];

	return t->tag == (addr >> PAGE_SHIFT) + 1 && t->generation == CPU->tlb_generation ? t : NULL;
}

static void map_two(void)
{
	BUG_ON(vm_mmap(A, 2, MAPPED_PRIVATE, -1, 0) || vm_store(A, 1) || vm_store(A + P, 2));
}

static void the_walk_sets_A_and_D(void)
{
	pte_t *pte;

	map_two();
	pte = ptep_of(A);
	set_pte(pte, pte_mkold(pte_mkclean(entry_read(pte))));
	BUG_ON(load(A) != 1 || pte_young(entry_read(pte))); /* no walk: the TLB has it */
	flush(A);
	BUG_ON(in_tlb(A) || load(A) != 1 || !in_tlb(A));
	BUG_ON(!pte_young(entry_read(pte)) || pte_dirty(entry_read(pte)));
	BUG_ON(in_tlb(A)->pte & _PAGE_DIRTY);
	BUG_ON(vm_store(A, 3) || !pte_dirty(entry_read(pte)) || !(in_tlb(A)->pte & _PAGE_DIRTY));
	set_pte(pte, pte_mkclean(entry_read(pte)));
	BUG_ON(vm_store(A, 1) || pte_dirty(entry_read(pte))); /* D is not written again either */
	flush(A);
	BUG_ON(vm_store(A, 1) || !pte_dirty(entry_read(pte)) || !pte_young(entry_read(pte)));
	BUG_ON(faults() != 2);
}

static void stale_translations_are_used(void)
{
	struct mm_struct *mm = current->mm;
	pte_t *pte, was, other;

	map_two();
	pte = ptep_of(A);
	was = entry_read(pte);
	other = entry_read(ptep_of(A + P));
	observe_revoke_begin(mm);
	set_pte(pte, other);
	BUG_ON(load(A) != 1);
	flush(A + P);
	BUG_ON(load(A) != 1 || in_tlb(A + P));
	flush(A);
	BUG_ON(load(A) != 2);
	set_pte(pte, was);
	flush(A);
	observe_revoke_end(mm);
	BUG_ON(load(A) != 1);
}

static void rights_of_a_translation(void)
{
	pte_t *pte, was;
	unsigned long before;

	map_two();
	pte = ptep_of(A);
	was = entry_read(pte);
	before = faults();
	observe_revoke_begin(current->mm);
	set_pte(pte, pte_wrprotect(was));
	BUG_ON(vm_store(A, 5) || faults() != before); /* the TLB still permits */
	flush(A);
	observe_revoke_end(current->mm);
	BUG_ON(load(A) != 5);
	set_pte(pte, was);
	BUG_ON(vm_store(A, 1) || faults() != before); /* it does not, the pte does: no fault */
	set_pte(pte, pte_wrprotect(was));
	flush(A);
	BUG_ON(vm_store(A, 1) || faults() != before + 1);
	set_pte(pte, (pte_t){ was.pte & ~_PAGE_USER }); /* not for user code */
	flush(A);
	current->pagefault_disabled++;
	BUG_ON(vm_touch(A) != SIGSEGV);
	set_pte(pte, pte_modify(was, vm_get_page_prot(0)));
	BUG_ON(!pte_protnone(entry_read(pte)) || vm_touch(A) != SIGSEGV || pte_pfn(entry_read(pte)) != pte_pfn(was));
	current->pagefault_disabled--;
	set_pte(pte, was);
	BUG_ON(load(A) != 1);
}

/* What a walk went through is kept until any flush: only so are freed tables found. */
static void the_cache_of_pmds_is_used(void)
{
	struct mm_struct *mm = current->mm;
	struct page *table;
	unsigned long next;
	pmd_t *pmd, was;
	pte_t *fake;

	map_two();
	table = pte_alloc_one(A);
	fake = page_address(table);
	fake[pte_index(A)] = fake[pte_index(A + P)] = entry_read(ptep_of(A));
	pmd = pmd_find(mm, A, &next);
	was = entry_read(pmd);
	flush_tlb_mm(mm);
	BUG_ON(load(A) != 1); /* fills it */
	observe_revoke_begin(mm);
	pmd->pmd = ((u64)page_to_pfn(table) << PAGE_SHIFT) | _PAGE_TABLE;
	BUG_ON(load(A + P) != 2);
	flush(A + P);
	BUG_ON(load(A + P) != 1);
	*pmd = was;
	flush(A + P);
	observe_revoke_end(mm);
	BUG_ON(load(A + P) != 2);
	put_page(table);
}

static void flushes_forget_what_they_say(void)
{
	struct mm_struct *mm = current->mm;
	u32 generation;

	BUG_ON(vm_mmap(A, 20, MAPPED_PRIVATE, -1, 0));
	for (unsigned i = 0; i < 20; i++)
		BUG_ON(vm_touch(A + i * P));
	generation = CPU->tlb_generation;
	flush_tlb_range(mm, A + 2 * P, A + 4 * P);
	BUG_ON(!in_tlb(A + P) || in_tlb(A + 2 * P) || in_tlb(A + 3 * P) || !in_tlb(A + 4 * P));
	for (int i = 0; i < PDE_CACHE_ENTRIES; i++)
		BUG_ON(CPU->pde_cache[i].tag);
	flush_tlb_range(mm, A, A + 16 * P);
	BUG_ON(in_tlb(A + 15 * P) || !in_tlb(A + 16 * P) || CPU->tlb_generation != generation);
	flush_tlb_range(mm, A, A + 17 * P); /* past the ceiling: all of them */
	BUG_ON(in_tlb(A + 18 * P) || CPU->tlb_generation == generation);
	BUG_ON(vm_touch(A));
	flush_tlb_mm(mm);
	BUG_ON(in_tlb(A));
}

static void a_switch_empties_the_tlb(void)
{
	struct mm_struct *mm = current->mm;
	int other = vm_process();

	map_two();
	BUG_ON(!in_tlb(A) || !(mm->cpu_vm_mask & 1));
	flush_tlb_mm(this_machine->process[other]); /* runs nowhere: nothing is forgotten */
	BUG_ON(!in_tlb(A));
	vm_as(other);
	BUG_ON(in_tlb(A) || (mm->cpu_vm_mask & 1) || CPU->active_mm == mm || vm_touch(A) != SIGSEGV);
	switch_mm(smp_processor_id(), NULL);
	BUG_ON(this_machine->process[other]->cpu_vm_mask || CPU->active_mm);
	switch_mm(smp_processor_id(), current->mm);
	act_as(mm);
	BUG_ON(load(A) != 1);
}

/* An entry of the pmd level that maps 2 MiB is cached 4 KiB at a time. */
static void huge_entries(void)
{
	struct page *page = alloc_huge_page_frames();
	unsigned long next;
	pte_t *pte;
	pmd_t *pmd;
	u64 v;

	BUG_ON(!page || vm_mmap(A, HPAGE_NR, MAPPED_PRIVATE, -1, 0) || !pmd_alloc_map(current->mm, A));
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		v = 100 + i;
		content_write(page_address(page + i), &v, sizeof(v));
	}
	page->mapping = (struct address_space *)PAGE_MAPPING_ANON;
	pmd = pmd_find(current->mm, A, &next);
	pte = (pte_t *)pmd;
	observe_revoke_begin(current->mm);
	set_pte(pte, pfn_pte(page_to_pfn(page), (pgprot_t){ _PAGE_PRESENT | _PAGE_USER | _PAGE_RW | _PAGE_PSE }));
	BUG_ON(load(A) != 100 || load(A + 5 * P) != 105 || load(A + 511 * P) != 611);
	BUG_ON(!pte_young(entry_read(pte)) || pte_dirty(entry_read(pte)));
	BUG_ON(!in_tlb(A + 5 * P) || in_tlb(A + 6 * P));
	BUG_ON(vm_store(A + 6 * P, 7) || !pte_dirty(entry_read(pte)) || load(A + 6 * P) != 7 || faults());
	set_pte(pte, (pte_t){ 0 });
	BUG_ON(load(A + 5 * P) != 105); /* stale, and used */
	flush_tlb_mm(current->mm);
	observe_revoke_end(current->mm);
	BUG_ON(vm_touch(A + 5 * P) || faults() != 1);
	page->mapping = NULL;
	put_page(page);
}

/* What stands in a pte that maps nothing. */
static void entries(void)
{
	const swp_entry_t e = swp_entry(1, 77), moving = swp_entry(SWP_MIGRATION_WRITE, 5);
	const pte_t pte = swp_entry_to_pte(e), exclusive = pte_swp_mkexclusive(pte);
	const pte_t guard = swp_entry_to_pte(swp_entry(SWP_MARKER, PTE_MARKER_GUARD));
	const pte_t file = pgoff_to_pte(1234), none = { 0 };

	BUG_ON(swp_type(e) != 1 || swp_offset(e) != 77 || pte_present(pte) || !is_swap_entry(pte));
	BUG_ON(!pte_swp_exclusive(exclusive) || pte_swp_exclusive(pte) || !is_swap_entry(exclusive));
	BUG_ON(pte_to_swp_entry(exclusive).val != e.val);
	BUG_ON(!pte_same(pte_swp_clear_exclusive(exclusive), pte));
	BUG_ON(!is_migration_entry(swp_entry_to_pte(moving)) || is_swap_entry(swp_entry_to_pte(moving)));
	BUG_ON(is_migration_entry(pte) || is_migration_entry(guard) || is_pte_marker(pte));
	BUG_ON(!is_pte_marker(guard) || is_swap_entry(guard) || pte_present(guard));
	BUG_ON(!pte_file(file) || pte_to_pgoff(file) != 1234 || is_swap_entry(file) || is_pte_marker(file));
	BUG_ON(is_swap_entry(none) || is_migration_entry(none) || is_pte_marker(none) || pte_file(none));
}

static const struct script_machine usual = { .config = { .io_at_once = true } };
static const struct script_machine big = { .config = { .io_at_once = true, .nr_frames = 4 * HPAGE_NR } };
SCRIPT_ON(&usual, the_walk_sets_A_and_D)
SCRIPT_ON(&usual, stale_translations_are_used)
SCRIPT_ON(&usual, rights_of_a_translation)
SCRIPT_ON(&usual, the_cache_of_pmds_is_used)
SCRIPT_ON(&usual, flushes_forget_what_they_say)
SCRIPT_ON(&usual, a_switch_empties_the_tlb)
SCRIPT_ON(&big, huge_entries)
SCRIPT_ON(&usual, entries)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_walk_sets_A_and_D),
		cmocka_unit_test(test_stale_translations_are_used),
		cmocka_unit_test(test_rights_of_a_translation),
		cmocka_unit_test(test_the_cache_of_pmds_is_used),
		cmocka_unit_test(test_flushes_forget_what_they_say),
		cmocka_unit_test(test_a_switch_empties_the_tlb),
		cmocka_unit_test(test_huge_entries),
		cmocka_unit_test(test_entries),
	};

	return RUN_TESTS(tests, argc, argv);
}
