/* SPDX-License-Identifier: MIT */
/*
 * seqlock - a sequence count for each file, that says whether a revoker is at work
 *
 * Idea: revokers are in a write section from before they unmap (for truncation, from before i_size) until
 * they have removed the pages. A fault begins once no write section is open, and under the page table lock
 * starts again if one has begun.
 *
 * Ordering: a write section that begins before the fault's check is seen by it and the fault retries, after
 * the removal. One that begins later takes the same page table lock to unmap, after the pte was set, and
 * finds it. As revokers of different pages may overlap, the low byte counts those at work and the rest
 * those that are done; nothing else is new over the kernel's seqlock.
 *
 * A revoker may not let page_mapped() say that there is nothing to unmap: a fault sets the pte before it
 * counts it, and the unmapping's page table lock is half of the agreement.
 *
 * Fails to cover: progress: faults anywhere in the file wait for every revoker of it.
 *
 * Kernels: none; reconstructed from one sentence of the thread.
 */
#include "mm/protocols/invalidate.h"

#define WRITERS 0xffu
#define ONE_DONE 0x100u

static u32 seq_begin(struct address_space *mapping)
{
	u32 seq;

	do {
		wait_for_bits_u32(&mapping->invalidate_seq, WRITERS, 0, "seqlock");
		seq = READ_ONCE(mapping->invalidate_seq);
	} while (seq & WRITERS);
	smp_rmb();
	SYNC_LABEL("seq_read");
	return seq;
}

static bool seq_stale(struct address_space *mapping, struct page *page, u32 seq)
{
	smp_rmb();
	return READ_ONCE(mapping->invalidate_seq) != seq;
}

static void write_begin(struct address_space *mapping)
{
	__atomic_fetch_add(&mapping->invalidate_seq, 1, __ATOMIC_SEQ_CST);
	SYNC_LABEL("counted");
}

static void write_end(struct address_space *mapping)
{
	__atomic_fetch_add(&mapping->invalidate_seq, ONE_DONE - 1, __ATOMIC_SEQ_CST);
}

static int seq_invalidate_page(struct address_space *mapping, struct page *page)
{
	int ret;

	write_begin(mapping);
	ret = invalidate_page_always(mapping, page);
	write_end(mapping);
	return ret;
}

static void seq_truncate(struct inode *inode, unsigned long offset)
{
	write_begin(&inode->i_data);
	truncate_unmap_before(inode, offset);
	write_end(&inode->i_data);
}

static const struct invalidate_protocol seqlock = {
	.fault_begin = seq_begin,
	.nopage = filemap_nopage_unlocked,
	.fault_copied = fault_copied_nothing,
	.fault_stale = seq_stale,
	.fault_end = fault_end_nothing,
	.unmap_begin = unmap_begin_nothing,
	.invalidate_page = seq_invalidate_page,
	.truncate_page = truncate_complete_page,
	.truncate = seq_truncate,
};
PROTOCOL(seqlock, AXIS_INVALIDATE, "seqlock", &seqlock,
	 "Andrea Arcangeli's first fix (reconstructed): a seqlock a file, write-held from unmap to remove");
