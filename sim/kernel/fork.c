/* SPDX-License-Identifier: MIT */
/*
 * fork.c - address spaces of processes: made, shared, torn down
 *
 * Mirrors mm_alloc(), mmput() and exit_mmap() of kernel/fork.c and mm/mmap.c of 2.6.18.
 *
 * I1: an mm has one user for each task that runs in it, and one for the process table.
 *
 * Left out: fork itself, mm_count (lazy TLB references).
 */
#include "kernel/sys.h"
#include "hw/mmu.h"
#include "mm/mm.h"

struct mm_struct *mm_alloc(void)
{
	struct mm_struct *mm = kmem_alloc(sizeof(*mm), SLAB_MM);

	if (!mm)
		return NULL;
	init_rwsem(&mm->mmap_sem);
	spin_lock_init(&mm->page_table_lock);
	atomic_set(&mm->mm_users, 1);
	mm->mm_rb = RB_ROOT;
	mm->pgd = pgd_alloc();
	if (mm->pgd)
		return mm;
	kmem_free(mm, sizeof(*mm), SLAB_MM);
	return NULL;
}

/* => nobody else uses the mm */
static void exit_mmap(struct mm_struct *mm)
{
	down_write(&mm->mmap_sem);
	do_munmap(mm, 0, TASK_SIZE);
	up_write(&mm->mmap_sem);
	pgd_free(mm->pgd);
}

void mmput(struct mm_struct *mm)
{
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	exit_mmap(mm);
	kmem_free(mm, sizeof(*mm), SLAB_MM);
}

void use_mm(struct task_struct *task, struct mm_struct *mm)
{
	struct mm_struct *old = task->mm;

	if (mm)
		atomic_inc(&mm->mm_users);
	task->mm = mm;
	switch_mm(task->cpu, mm);
	if (old)
		mmput(old);
}
