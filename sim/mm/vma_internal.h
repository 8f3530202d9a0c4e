/* SPDX-License-Identifier: MIT */
/* vma_internal.h - what vma.c and munmap.c share. => mmap_sem held for write */
#ifndef SIM_MM_VMA_INTERNAL_H
#define SIM_MM_VMA_INTERNAL_H

#include "mm/mm.h"

static inline struct vm_area_struct *vma_of(struct rb_node *n)
{
	return n ? container_of(n, struct vm_area_struct, vm_rb) : NULL;
}
/* => the gap of the vma after it is the caller's to correct */
void vma_tree_erase(struct mm_struct *mm, struct vm_area_struct *vma);
/* What a vma weighs in its mm. => called when it comes (sign 1) and before it changes or goes (-1) */
void vma_account(struct vm_area_struct *vma, int sign);
/* split_vma() without a look at the limit: for those who take a mapping away. */
int __split_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr, int new_below);

#endif
