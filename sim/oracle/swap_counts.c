/* SPDX-License-Identifier: MIT */
/*
 * swap_counts.c - oracle bad-swap-count
 *
 * I1: at rest, a slot counts the ptes and the entries of shared memory that name it, and whether the swap cache has it.
 * I2: at rest, as many slots are not free as somebody names; else some leaked (memory-leak).
 */
#include "oracle/check.h"

static void check_slot(const struct census *c, u32 slot)
{
	const struct slot_use *s = &c->slot[slot];
	u8 map = this_machine->swap.map[slot];

	if ((u32)(map & ~SWAP_HAS_CACHE) != s->entries)
		sync_violation("bad-swap-count",
			       "swap slot %u counts %u entries, %u name it; the swap cache %s it", slot,
			       map & ~SWAP_HAS_CACHE, s->entries, s->cached ? "has" : "does not have");
	else if (!(map & SWAP_HAS_CACHE) != !s->cached)
		sync_violation("bad-swap-count",
			       "swap slot %u, which %u entries name, is said to be %s the swap cache", slot,
			       s->entries, map & SWAP_HAS_CACHE ? "in" : "not in");
}

static void find_lost_slots(const struct census *c)
{
	const struct swap_info *si = &this_machine->swap;
	u32 used = 0;

	for (u32 slot = 1; slot < si->nr_slots; slot++) {
		used += si->map[slot] != 0;
		if (si->map[slot] && !c->slot[slot].entries && !c->slot[slot].cached)
			sync_violation("memory-leak",
				       "swap slot %u counts %u entries%s, and nothing names it", slot,
				       si->map[slot] & ~SWAP_HAS_CACHE,
				       si->map[slot] & SWAP_HAS_CACHE ? " and the swap cache" : "");
	}
	sync_violation("bad-count", "%u of %u swap slots are used, the device counts %u free", used,
		       si->nr_slots - 1, si->nr_free);
}

void check_swap_counts(struct census *c)
{
	const struct swap_info *si = &this_machine->swap;

	for (u32 i = 0; i < c->nr_used_slots; i++)
		check_slot(c, c->used_slot[i]);
	if (si->nr_slots && c->nr_used_slots != si->nr_slots - 1 - si->nr_free)
		find_lost_slots(c);
}
