/* SPDX-License-Identifier: MIT */
/*
 * disk.c - a disk: takes requests in order, moves them 512 bytes a step, then says so
 *
 * The device is a task of its own. Who submits goes on; the end of a request is what mpage's end_io does (the page is
 * uptodate, then unlocked; or its writeback ends), what the submitter wants called, and a completion.
 *
 * I1: requests between head and tail are whole; disk.work has been completed once for each that was put
 *     there.
 * I2: a page under writeback, or locked for a read, is in its file until its request ends; who has other frames moved
 *     holds references to them until then.
 *
 * Lock order: disk.lock is innermost. The end of a request takes a file's tree_lock.
 *
 * A transfer that fails (choice "io-error") moves nothing. On a machine with config.io_at_once a request is over when
 * it was submitted.
 *
 * Left out: merging, reordering, transfers that stop half-way, interrupts (the device completes by itself, which gives it no CPU
 * to disturb).
 */
#include "fs/fs.h"
#include "hw/observer.h"
#include "mm/mm.h"

/* One step of a transfer between the disk and pinned pages: the move and what the oracles are told of it are one. */
static void transfer_user(u8 *to, const u8 *from, bool to_user, u8 *beat)
{
	const u8 *frame = to_user ? to : from;
	unsigned at = (unsigned)((uintptr_t)frame & ~PAGE_MASK);

	observe_access_begin();
	content_read(beat, from, DISK_BEAT);
	content_write(to, beat, DISK_BEAT);
	if (to_user)
		observe_dma_store(virt_to_page(frame), at, beat, DISK_BEAT);
	else
		observe_dma_load(virt_to_page(frame), at, beat, DISK_BEAT);
	observe_access_end();
}

static void transfer(const struct disk_request *r, u8 *to, const u8 *from)
{
	u32 len = r->len ? r->len : (u32)PAGE_SIZE;
	u8 beat[DISK_BEAT];

	for (u32 i = 0; i < len; i += DISK_BEAT) {
		if (r->user) {
			transfer_user(to + i, from + i, !r->write, beat);
			continue;
		}
		content_read(beat, from + i, DISK_BEAT);
		content_write(to + i, beat, DISK_BEAT);
	}
}

static void end_page_read(struct page *page, bool error)
{
	if (!error)
		SetPageUptodate(page);
	unlock_page(page);
}

static void end_page_write(struct page *page, bool error)
{
	if (error) {
		SetPageError(page);
		set_bit(AS_EIO, &page->mapping->flags);
	}
	end_page_writeback(page);
}

static void end_io(const struct disk_request *r, bool error)
{
	if (r->page && r->write)
		end_page_write(r->page, error);
	else if (r->page)
		end_page_read(r->page, error);
	if (r->end_io)
		r->end_io(r->data, error);
	if (r->done && error)
		*r->error = true;
	if (r->done)
		complete(r->done);
}

static void serve(const struct disk_request *r)
{
	u8(*device)[PAGE_SIZE] = r->swap ? this_machine->swap.block : this_machine->disk.block;
	u8 *block = device[r->block] + r->offset;
	bool error = sync_choose("io-error", 2);

	if (!error && r->write)
		transfer(r, block, r->frame);
	else if (!error)
		transfer(r, r->frame, block);
	SYNC_LABEL("io_done");
	end_io(r, error);
}

void disk_submit(const struct disk_request *r)
{
	struct disk *d = &this_machine->disk;

	if (this_machine->config.io_at_once) {
		serve(r);
		return;
	}
	spin_lock(&d->lock);
	BUG_ON(d->tail - d->head == DISK_QUEUE);
	d->queue[d->tail++ % DISK_QUEUE] = *r;
	spin_unlock(&d->lock);
	complete(&d->work);
	SYNC_LABEL("submitted");
}

bool disk_congested(void)
{
	struct disk *d = &this_machine->disk;
	bool congested;

	spin_lock(&d->lock);
	congested = d->tail - d->head >= DISK_QUEUE / 2;
	spin_unlock(&d->lock);
	return congested;
}

static struct disk_request next_request(struct disk *d)
{
	struct disk_request r;

	wait_for_completion(&d->work);
	spin_lock(&d->lock);
	r = d->queue[d->head++ % DISK_QUEUE];
	spin_unlock(&d->lock);
	return r;
}

void disk_run(void *arg)
{
	for (;;) {
		struct disk_request r = next_request(&this_machine->disk);

		serve(&r);
	}
}
