/* SPDX-License-Identifier: MIT */
/*
 * disk.c - a disk: takes requests in order, moves them 512 bytes a step, then says so
 *
 * The device is a task of its own; its end-of-I/O is what mpage's end_io does: the page is uptodate, then
 * unlocked.
 *
 * I1: requests between head and tail are whole; disk.work has been completed once for each that was put
 *     there.
 *
 * Lock order: disk.lock is innermost.
 *
 * A transfer that fails (choice "io-error") moves nothing.
 *
 * Left out: merging, reordering, transfers that stop half-way, interrupts (the device completes by itself, which gives it no CPU
 * to disturb).
 */
#include "fs/fs.h"
#include "mm/mm.h"

void disk_init(void)
{
	struct disk *d = &this_machine->disk;

	spin_lock_init(&this_machine->disk.lock);
	init_completion(&d->work);
}

void disk_submit(const struct disk_request *r)
{
	struct disk *d = &this_machine->disk;

	spin_lock(&d->lock);
	BUG_ON(d->tail - d->head == DISK_QUEUE);
	d->queue[d->tail++ % DISK_QUEUE] = *r;
	spin_unlock(&d->lock);
	complete(&d->work);
	SYNC_LABEL("submitted");
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

static void transfer(u8 *to, const u8 *from)
{
	u8 beat[DISK_BEAT];

	for (unsigned i = 0; i < PAGE_SIZE; i += DISK_BEAT) {
		content_read(beat, from + i, DISK_BEAT);
		content_write(to + i, beat, DISK_BEAT);
	}
}

static void end_io(const struct disk_request *r, bool error)
{
	if (r->page) {
		if (!error)
			SetPageUptodate(r->page);
		unlock_page(r->page);
	}
	if (r->done && error)
		*r->error = true;
	if (r->done)
		complete(r->done);
}

void disk_run(void *arg)
{
	struct disk *d = &this_machine->disk;

	for (;;) {
		struct disk_request r = next_request(d);

		bool error = sync_choose("io-error", 2);

		if (!error && r.write)
			transfer(d->block[r.block], r.frame);
		else if (!error)
			transfer(r.frame, d->block[r.block]);
		SYNC_LABEL("io_done");
		end_io(&r, error);
	}
}
