/* SPDX-License-Identifier: MIT */
/*
 * stale_tlb.c - oracle stale-tlb-use
 *
 * I1: no access goes through a translation whose frame was freed since it was loaded, reused or not.
 * I2: no access goes through a translation that no pte stands behind, once those who cleared the pte have
 *     returned.
 * I3: at rest, no TLB holds such a translation.
 *
 * A translation whose pte now permits more (D set, made writable) is not stale.
 */
#include "oracle/private_bytes.h"

u32 observe_incarnation(const struct page *page)
{
	return page->incarnation;
}

/* => pte still stands behind the translation t */
static bool backed(const struct tlb_entry *t, u64 pte)
{
	return (pte & _PAGE_PRESENT) && pfn_of(pte) == pfn_of(t->pte) &&
	       !((t->pte & _PAGE_RW) & ~(pte & _PAGE_RW));
}

/*
 * The pte is looked at before `revoking`: whoever cleared it had announced that, and cannot be done while
 * its flush waits for this instruction.
 */
void observe_translation(const struct mm_struct *mm, unsigned long addr, const struct tlb_entry *t)
{
	const struct page *page = pfn_to_page(pfn_of(t->pte));

	sync_ghost_step(&this_machine->ghost, false, "access");
	if (unlikely(this_machine->config.ghosts))
		private_look(mm, addr);
	if (page->incarnation != t->incarnation)
		sync_violation("stale-tlb-use",
			       "mm %d reaches page %lu at %#lx by a translation from before it was freed",
			       mm->id, pfn_of(t->pte), addr);
	else if (!backed(t, pte_at(mm, addr)) && !READ_ONCE(mm->revoking))
		sync_violation("stale-tlb-use",
			       "mm %d reaches page %lu at %#lx by a translation that was revoked", mm->id,
			       pfn_of(t->pte), addr);
}

void observe_revoke_begin(struct mm_struct *mm)
{
	sync_ghost_begin(&mm->revoking, sizeof(mm->revoking));
	WRITE_ONCE(mm->revoking, mm->revoking + 1);
	sync_ghost_end();
}

void observe_revoke_end(struct mm_struct *mm)
{
	sync_ghost_step(&this_machine->ghost, true, "revoked");
	sync_ghost_begin(&mm->revoking, sizeof(mm->revoking));
	WRITE_ONCE(mm->revoking, mm->revoking - 1);
	sync_ghost_end();
}

void check_tlbs(const struct census *c)
{
	for (int i = 0; i < NR_CPUS; i++) {
		const struct cpu *cpu = &this_machine->cpu[i];

		for (int s = 0; cpu->active_mm && s < TLB_ENTRIES; s++) {
			const struct tlb_entry *t = &cpu->tlb[s];
			unsigned long addr = (t->tag - 1) << PAGE_SHIFT;

			if (!t->tag || t->generation != cpu->tlb_generation ||
			    backed(t, pte_at(cpu->active_mm, addr)))
				continue;
			sync_violation("stale-tlb-use", "CPU %d still translates %#lx of mm %d to page %lu",
				       i, addr, cpu->active_mm->id, pfn_of(t->pte));
			return;
		}
	}
}
