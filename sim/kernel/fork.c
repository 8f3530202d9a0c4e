/* SPDX-License-Identifier: MIT */
/*
 * fork.c - address spaces of processes: made, copied, shared, torn down
 *
 * Mirrors mm_alloc(), dup_mm(), dup_mmap() and mmput() of kernel/fork.c of 2.6.29.
 *
 * I1: an mm has one user for each task that runs in it, and one for the process table.
 * I2: fork holds the parent's mmap_sem for write throughout: nobody of the parent faults meanwhile. Its CPUs may store
 *     through translations that they have; fork returns after those are flushed.
 *
 * Lock order: mmap_sem of the parent, then of the child, then i_mmap_lock, the anon_vma's lock, page table locks.
 *
 * Left out: mm_count (lazy TLB references), threads of the child, limits.
 */
#include "kernel/sys.h"
#include "hw/mmu.h"
#include "hw/observer.h"
#include "mm/mm.h"
#include "mm/protocols/cow.h"

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

void mmput(struct mm_struct *mm)
{
	if (!atomic_dec_and_test(&mm->mm_users))
		return;
	down_write(&mm->mmap_sem);
	exit_mmap(mm);
	up_write(&mm->mmap_sem);
	pgd_free(mm->pgd);
	observe_mm_gone(mm);
	kmem_free(mm, sizeof(*mm), SLAB_MM);
}

void use_mm(struct task_struct *task, struct mm_struct *mm)
{
	struct mm_struct *old = task->mm;

	for (int c = 0; old && c < NR_MM_COUNTERS; c++)
		if (task->rss[c])
			sync_mm_rss(task, old, (enum mm_counter)c);
	if (mm)
		atomic_inc(&mm->mm_users);
	task->mm = mm;
	switch_mm(task->cpu, mm);
	if (old)
		mmput(old);
}

/* ---- the process table: changed by set-ups, forks and exits; a slot belongs to who took it ------------------------ */

/* Two may register at once: the greater number stays. */
static void note_process(struct machine *m, int id)
{
	int n = READ_ONCE(m->nr_processes), seen;

	while (n <= id) {
		seen = cmpxchg(&m->nr_processes, n, id + 1);
		if (seen == n)
			return;
		n = seen;
	}
}

int process_register(struct mm_struct *mm)
{
	struct machine *m = this_machine;

	for (int i = 0; i < NR_PROCESSES; i++) {
		if (cmpxchg(&m->process[i], (struct mm_struct *)NULL, mm) != NULL)
			continue;
		mm->id = i;
		note_process(m, i);
		return 0;
	}
	return -EAGAIN;
}

void process_exit(struct mm_struct *mm)
{
	WRITE_ONCE(this_machine->process[mm->id], NULL);
	mmput(mm);
}

/* ---- fork ----------------------------------------------------------------------------------------------------------- */

/* => called with mmap_sem of both held for write; a copy of the vma, the heir'th of mm's, without ptes; NULL: no memory */
static struct vm_area_struct *dup_vma(struct mm_struct *mm, const struct vm_area_struct *old, u32 heir)
{
	struct vm_area_struct *new = kmem_alloc(sizeof(*new), SLAB_VMA);

	if (!new)
		return NULL;
	vma_copy(new, old);
	new->vm_mm = mm;
	new->vm_flags &= ~VM_LOCKED;
	if (new->vm_flags & VM_WIPEONFORK)
		new->anon_vma = NULL;
	new->anon_heir = new->anon_vma ? heir : 0;
	if (new->vm_file)
		get_file(new->vm_file);
	if (new->vm_ops &&new->vm_ops->open)
		new->vm_ops->open(new);
	return new;
}

/* => called with mmap_sem of both held for write; 0 or -ENOMEM: what was copied is the child's to tear down */
static int dup_mmap(struct mm_struct *mm, struct mm_struct *old)
{
	struct vm_area_struct *vma, *new;
	u32 nr = 0;
	int ret = 0;

	for (vma = vma_first(old); vma && !ret; vma = vma_next(vma)) {
		if (vma->vm_flags & VM_DONTCOPY)
			continue;
		new = dup_vma(mm, vma, ++nr);
		if (!new)
			return -ENOMEM;
		vma_link(mm, new);
		if (!(new->vm_flags &VM_WIPEONFORK))
			ret = copy_page_range(mm, old, new, vma);
	}
	return ret;
}

long sys_fork(struct mm_struct **child)
{
	struct mm_struct *old = current->mm, *mm = mm_alloc();
	int ret;

	*child = NULL;
	if (!mm)
		return -ENOMEM;
	down_write(&old->mmap_sem);
	down_write_nested(&mm->mmap_sem, 1);
	observe_revoke_begin(old);
	this_machine->cow->fork_begin(old);
	observe_fork_begin(mm, old);
	ret = dup_mmap(mm, old);
	SYNC_LABEL("copied_ptes");
	flush_tlb_mm(old);
	observe_fork_end(mm, old);
	this_machine->cow->fork_end(old);
	observe_revoke_end(old);
	up_write(&mm->mmap_sem);
	up_write(&old->mmap_sem);
	if (!ret)
		ret = process_register(mm);
	if (ret) {
		mmput(mm);
		return ret;
	}
	*child = mm;
	return 0;
}
