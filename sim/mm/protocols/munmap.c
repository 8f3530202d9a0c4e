/* SPDX-License-Identifier: MIT */
/*
 * munmap.c - munmap(2) that excludes faults throughout, and one that lets them in early
 *
 * Idea (Yang Shi, 4.20): once its vmas are out of the tree nobody finds them, so the long part, zapping ptes and freeing
 * pages and tables, needs mmap_sem only for read: faults elsewhere in the address space go on. What still needs it for
 * write, another mapping in the same place, waits.
 *
 * Fails to cover: whoever changes a vma with mmap_sem held for read. A stack beside the hole may grow into it, so there
 * it stays held for write (5.8); before, page tables were freed beneath the stack's new ptes.
 */
#include "mm/protocols/munmap.h"

static const struct munmap_protocol write = { .downgrade = false };
PROTOCOL(munmap_write, AXIS_MUNMAP, "write", &write, "to 4.19: mmap_sem is held for write until all is gone");

static const struct munmap_protocol downgrade = { .downgrade = true };
PROTOCOL(munmap_downgrade, AXIS_MUNMAP, "downgrade", &downgrade,
	 "4.20, with the care of 5.8: for read once the vmas are out of the tree");
