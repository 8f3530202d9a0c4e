// SPDX-License-Identifier: MIT
/* mm_vma.c - the vmas of a process by themselves: cut, joined, grown, copied, linked, and the room between them */
#include "machine.h"

#define vma_of vma_of_node /* the harness has another */
#include "mm/vma_internal.h"
#undef vma_of

static struct vm_area_struct *at(unsigned long page)
{
	return vma_lookup(current->mm, B + page * P);
}

static void cut_and_joined(void)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma, *joined;

	anon(0, 6, RW);
	vma = at(0);
	down_write(&mm->mmap_sem);
	BUG_ON(split_vma(mm, vma, B + 2 * P, 0) || at(0) != vma || at(2) == vma || mm->map_count != 2);
	BUG_ON(vma->vm_end != B + 2 * P || at(2)->vm_start != B + 2 * P ||
	       at(2)->vm_pgoff != (B >> PAGE_SHIFT) + 2);
	BUG_ON(vma_next(vma) != at(2) || vma_prev(at(2)) != vma || vma_prev(vma) || vma_next(at(2)));
	BUG_ON(split_vma(mm, at(2), B + 4 * P, 1) || mm->map_count != 3 || vma_prev(at(4)) != at(2));
	BUG_ON(__split_vma(mm, at(4), B + 5 * P, 0) || mm->map_count != 4);
	check_vmas();
	joined = vma_merge(mm, vma, B + 2 * P, B + 4 * P, vma->vm_flags, NULL, NULL, (B >> PAGE_SHIFT) + 2);
	BUG_ON(joined != at(0) || at(2) != joined || joined->vm_end < B + 4 * P);
	BUG_ON(vma_merge(mm, at(0), at(0)->vm_end + 3 * P, at(0)->vm_end + 4 * P, PROT_READ, NULL, NULL, 0));
	check_vmas();
	up_write(&mm->mmap_sem);
}

static void changed_in_the_middle(void)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma, *middle;
	int error = 0;

	anon(0, 3, RW);
	vma = at(0);
	down_write(&mm->mmap_sem);
	middle = vma_modify(vma, B + P, B + 2 * P, vma->vm_flags | VM_DONTCOPY, &error);
	BUG_ON(!middle || middle->vm_start != B + P || vma_pages(middle) != 1 || mm->map_count != 3);
	middle->vm_flags |= VM_DONTCOPY;
	middle = vma_modify(middle, B + P, B + 2 * P, at(0)->vm_flags, &error);
	BUG_ON(!middle || middle != at(1) || vma_pages(middle) != 3 || mm->map_count != 1);
	BUG_ON(mprotect_fixup(middle, B + P, B + 2 * P, middle->vm_flags & ~VM_WRITE) || mm->map_count != 3);
	BUG_ON(!is(0, "rw-p") || !is(1, "r--p") || !is(2, "rw-p"));
	BUG_ON(do_mlock_range(at(2), B + 2 * P, B + 3 * P, true) || mm->locked_vm != 1 || !is(2, "rw-pl"));
	check_vmas();
	up_write(&mm->mmap_sem);
}

static void protections_of_ptes(void)
{
	anon(0, 2, RW);
	put(0, 1);
	put(1, 2);
	down_write(&current->mm->mmap_sem);
	at(0)->vm_flags &= ~VM_WRITE;
	vma_set_page_prot(at(0));
	BUG_ON(at(0)->vm_page_prot.pgprot != vm_get_page_prot(at(0)->vm_flags).pgprot);
	change_protection(at(0), B, B + P, at(0)->vm_page_prot);
	BUG_ON(pte_write(pte_of(B)) || !pte_dirty(pte_of(B)) || !pte_write(pte_of(B + P)));
	up_write(&current->mm->mmap_sem);
	BUG_ON(vm_store(B, 3) != SIGSEGV);
}

static void grown_upwards(void)
{
	anon(0, 2, RW);
	anon(4, 2, RW);
	down_write(&current->mm->mmap_sem);
	vma_grow(at(0), B + 3 * P);
	BUG_ON(at(2) != at(0) || vma_pages(at(0)) != 3 || at(4) == at(0));
	check_vmas();
	vma_grow(at(0), B + 4 * P); /* touches its like */
	BUG_ON(at(4) != at(0) || vma_pages(at(0)) != 6 || current->mm->map_count != 1);
	check_vmas();
	up_write(&current->mm->mmap_sem);
}

static void room_is_found_from_the_top(void)
{
	struct mm_struct *mm = current->mm;
	unsigned long first, second;

	down_write(&mm->mmap_sem);
	first = unmapped_area_topdown(mm, 4 * P);
	BUG_ON(first != MMAP_BASE - 4 * P || get_unmapped_area(mm, 0, 4 * P, 0) != (long)first);
	BUG_ON(get_unmapped_area(mm, B, P, 0) != (long)B ||
	       get_unmapped_area(mm, B + 1, P, MAP_FIXED) != -EINVAL);
	BUG_ON(get_unmapped_area(mm, TASK_SIZE, P, MAP_FIXED) != -ENOMEM ||
	       unmapped_area_topdown(mm, TASK_SIZE));
	BUG_ON(do_mmap(mm, NULL, first, 2 * P, RW, AP | FX, 0) != (long)first);
	second = unmapped_area_topdown(mm, 4 * P);
	BUG_ON(second != first - 4 * P || unmapped_area_topdown(mm, 2 * P) != first + 2 * P);
	BUG_ON(do_munmap(mm, first, 2 * P) || unmapped_area_topdown(mm, 4 * P) != first);
	BUG_ON(max_map_count() != MAX_MAP_COUNT);
	up_write(&mm->mmap_sem);
}

static void linked_and_unlinked(void)
{
	struct address_space *mapping = FILE_DATA->f_mapping;
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;

	mapped(0, 2, RW, MAP_SHARED);
	anon(4, 2, RW);
	put(4, 1);
	vma = at(0);
	down_write(&mm->mmap_sem);
	BUG_ON(interval_tree_iter_first(&mapping->i_mmap, 0, ~0ul) != &vma->shared ||
	       !mapping->i_mmap_writable);
	unlink_file_vma(vma);
	BUG_ON(interval_tree_iter_first(&mapping->i_mmap, 0, ~0ul) || mapping->i_mmap_writable);
	link_file_vma(vma);
	BUG_ON(interval_tree_iter_first(&mapping->i_mmap, 1, 1) != &vma->shared);
	vma_tree_erase(mm, vma);
	vma_gap_update(vma_lookup(mm, B + 4 * P));
	vma_account(vma, -1);
	BUG_ON(at(0) || mm->total_vm != 2);
	unlink_file_vma(vma);
	vma_free(vma);
	check_vmas();
	BUG_ON(split_vma(mm, at(4), B + 5 * P, 0));
	vma = at(5);
	anon_vma_unlink(vma);
	BUG_ON(this_machine->slab.live[SLAB_ANON_VMA] != 1 ||
	       at(4)->anon_vma->head.next != &at(4)->anon_vma_node);
	BUG_ON(at(4)->anon_vma_node.next != &at(4)->anon_vma->head);
	anon_vma_link(vma);
	BUG_ON(at(4)->anon_vma_node.next != &vma->anon_vma_node);
	up_write(&mm->mmap_sem);
}

static void copied_elsewhere(void)
{
	struct vm_area_struct *vma, *copy;

	anon(0, 2, RW);
	put(0, 1);
	vma = at(0);
	down_write(&current->mm->mmap_sem);
	copy = copy_vma(&vma, B + 16 * P, 2 * P, vma->vm_pgoff);
	BUG_ON(!copy || vma != at(0) || copy != at(16) || copy->anon_vma != vma->anon_vma ||
	       vma_pages(copy) != 2);
	BUG_ON(present(B + 16 * P) || copy->vm_pgoff != vma->vm_pgoff);
	check_vmas();
	up_write(&current->mm->mmap_sem);
}

/* As fork does, one vma by hand. */
static void ptes_go_to_a_copy(void)
{
	struct mm_struct *parent = current->mm, *child = this_machine->process[vm_process()];
	struct vm_area_struct *vma;

	anon(0, 2, RW);
	put(0, 1);
	act_as(child);
	anon(0, 2, RW);
	vma = at(0);
	act_as(parent);
	down_write(&parent->mmap_sem);
	down_write_nested(&child->mmap_sem, 1);
	vma->anon_vma = at(0)->anon_vma;
	anon_vma_link(vma);
	observe_revoke_begin(parent);
	BUG_ON(copy_page_range(child, parent, vma, at(0)));
	flush_tlb_mm(parent);
	observe_revoke_end(parent);
	up_write(&child->mmap_sem);
	up_write(&parent->mmap_sem);
	BUG_ON(page_in(child, B) != page_of(B) || page_mapcount(page_of(B)) != 2 || pte_write(pte_of(B)));
	put(0, 2);
	act_as(child);
	BUG_ON(get(0) != 1);
	act_as(parent);
}

static const struct script_machine usual = { .config = { .io_at_once = true }, .kernel = "linux-6.18" };
SCRIPT_ON(&usual, cut_and_joined)
SCRIPT_ON(&usual, changed_in_the_middle)
SCRIPT_ON(&usual, protections_of_ptes)
SCRIPT_ON(&usual, grown_upwards)
SCRIPT_ON(&usual, room_is_found_from_the_top)
SCRIPT_ON(&usual, linked_and_unlinked)
SCRIPT_ON(&usual, copied_elsewhere)
SCRIPT_ON(&usual, ptes_go_to_a_copy)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_and_joined),
		cmocka_unit_test(test_changed_in_the_middle),
		cmocka_unit_test(test_protections_of_ptes),
		cmocka_unit_test(test_grown_upwards),
		cmocka_unit_test(test_room_is_found_from_the_top),
		cmocka_unit_test(test_linked_and_unlinked),
		cmocka_unit_test(test_copied_elsewhere),
		cmocka_unit_test(test_ptes_go_to_a_copy),
	};

	return RUN_TESTS(tests, argc, argv);
}
