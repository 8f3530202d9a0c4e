/* SPDX-License-Identifier: MIT */
/*
 * direct-io.c - O_DIRECT: the disk reads and writes user memory itself
 *
 * Mirrors fs/direct-io.c and the direct halves of generic_file_aio_read() and _write() of 2.6.29, with pins in place of
 * references where the protocol has them (axis pin), and the second invalidation where 4.14 put it: at the completion.
 *
 * The steps: cached pages of the range are written back and waited for, then, before a write, dropped; the user's pages
 * are pinned; a request a piece goes to the disk; at the end of the last one the pages are made dirty (the disk wrote
 * them) and let go, and after a write the range is dropped once more, since faults and reads may have brought it in.
 *
 * I1: the pages that a request moves are pinned from before it is submitted until after the last request has ended.
 * I2: pages that the disk writes are marked dirty before the transfer and again after it, since writeback or reclaim may
 *     have cleaned them in between.
 * I3: `pending` has one count more than requests under way until all are submitted: so the end comes once.
 * I4: the end of a request takes no page lock, for which it might wait for itself: who submitted finishes, or aio_run().
 *
 * Lock order: i_mutex (writes, until they are submitted; of synchronous ones to their end), then mmap_sem inside the
 * pinning and page locks; the aio lock is innermost.
 *
 * Without aio_run() (config.aio), and where a write extends the file, an asynchronous request is over when it was
 * submitted.
 *
 * The bytes that the oracles take for written are those that the pages hold when the requests are submitted.
 *
 * Left out: overlapping asynchronous writes in the oracles' eyes, holes, readahead, fallback to buffered writes.
 */
#include "fs/fs.h"
#include "hw/observer.h"
#include "mm/mm.h"

/* ---- pages ----------------------------------------------------------------------------------------------------------- */

/* => 0 and n cut down to what could be pinned; or -EFAULT, -ENOMEM */
static int pin_pages(struct kiocb *iocb)
{
	unsigned long offset = iocb->user & ~PAGE_MASK;
	unsigned long nr = (offset + iocb->n + PAGE_SIZE - 1) >> PAGE_SHIFT;
	long got = pin_user_pages_fast(iocb->user & PAGE_MASK, nr, iocb->write ? 0 : FOLL_WRITE, iocb->pages);

	if (got <= 0)
		return got ? (int)got : -EFAULT;
	iocb->nr_pages = (unsigned)got;
	for (unsigned i = 0; i < iocb->nr_pages; i++)
		observe_hold(iocb->pages[i], GUP_PIN_COUNTING_BIAS);
	for (unsigned i = 0; i < iocb->nr_pages && !iocb->write; i++)
		observe_pin(current->mm, (iocb->user & PAGE_MASK) + i * PAGE_SIZE, iocb->pages[i]);
	if (iocb->n > ((unsigned long)got << PAGE_SHIFT) - offset)
		iocb->n = ((unsigned long)got << PAGE_SHIFT) - offset;
	return 0;
}

/* Of a read they are dirty: the disk wrote them. => called without spinlocks and page locks */
static void unpin_pages(struct kiocb *iocb)
{
	for (unsigned i = 0; i < iocb->nr_pages; i++) {
		if (!iocb->write)
			observe_unpin(iocb->pages[i]);
		observe_hold(iocb->pages[i], -GUP_PIN_COUNTING_BIAS);
	}
	unpin_user_pages_dirty_lock(iocb->pages, iocb->nr_pages, !iocb->write);
	SYNC_LABEL("unpinned");
}

static void dirty_pages(struct kiocb *iocb)
{
	for (unsigned i = 0; i < iocb->nr_pages; i++) {
		lock_page(iocb->pages[i]);
		set_page_dirty(iocb->pages[i]);
		unlock_page(iocb->pages[i]);
	}
}

/* One byte of the user's buffer, `at` bytes into it: where it is in memory, and how many more are in that page. */
static u8 *buffer_at(const struct kiocb *iocb, size_t at, size_t *left)
{
	unsigned long from = (iocb->user & ~PAGE_MASK) + at;

	*left = PAGE_SIZE - (from & ~PAGE_MASK);
	return (u8 *)page_address(iocb->pages[from >> PAGE_SHIFT]) + (from & ~PAGE_MASK);
}

/* The longest piece from `at` on that lies in one page of memory and in one of the disk. */
static size_t piece_at(const struct kiocb *iocb, size_t at, u8 **frame)
{
	size_t in_block = PAGE_SIZE - ((iocb->pos + at) & ~PAGE_MASK), len;

	*frame = buffer_at(iocb, at, &len);
	if (len > in_block)
		len = in_block;
	return len < iocb->n - at ? len : iocb->n - at;
}

/* ---- what the oracles are told, a page of the file at a time ------------------------------------------------------------ */

static size_t page_of_file(const struct kiocb *iocb, size_t at)
{
	size_t in_block = PAGE_SIZE - ((iocb->pos + at) & ~PAGE_MASK);

	return in_block < iocb->n - at ? in_block : iocb->n - at;
}

static void tell_begin(const struct kiocb *iocb)
{
	u8 buf[PAGE_SIZE], *frame;
	size_t len, n;

	for (size_t at = 0; at < iocb->n; at += len) {
		len = page_of_file(iocb, at);
		for (size_t i = 0; i < len; i += n) {
			n = piece_at(iocb, at + i, &frame);
			content_read(buf + i, frame, n);
		}
		observe_write_begin(iocb->file->f_inode, iocb->pos + at, buf, len);
	}
}

static void tell_end(const struct kiocb *iocb)
{
	size_t len;

	for (size_t at = 0; at < iocb->n; at += len) {
		len = page_of_file(iocb, at);
		observe_write_end(iocb->file->f_inode, iocb->pos + at, iocb->error ? 0 : len);
	}
}

/* ---- the end ------------------------------------------------------------------------------------------------------------- */

/* All requests have ended. => called without locks but, of a synchronous write, i_mutex; may sleep */
static void dio_finish(struct kiocb *iocb)
{
	struct address_space *mapping = iocb->file->f_mapping;
	unsigned long end = iocb->pos + iocb->n - 1;

	if (iocb->write)
		tell_end(iocb);
	unpin_pages(iocb);
	if (iocb->write && READ_ONCE(mapping->nrpages)) /* errors are not told: the write itself is done */
		invalidate_inode_pages2_range(mapping, iocb->pos >> PAGE_SHIFT, end >> PAGE_SHIFT);
	iocb->ret = READ_ONCE(iocb->error) ? -EIO : (long)iocb->n;
	fput(iocb->file);
}

static void queue_finish(struct kiocb *iocb)
{
	struct aio_queue *q = &this_machine->aio;

	spin_lock(&q->lock);
	list_add_tail(&iocb->list, &q->done);
	spin_unlock(&q->lock);
	complete(&q->work);
}

static void end_request(void *data, bool error)
{
	struct kiocb *iocb = data;

	if (error)
		WRITE_ONCE(iocb->error, true);
	if (!atomic_dec_and_test(&iocb->pending))
		return;
	if (iocb->async)
		queue_finish(iocb);
	else
		complete(&iocb->done);
}

void aio_run(void *arg)
{
	struct aio_queue *q = &this_machine->aio;
	struct kiocb *iocb;

	for (;;) {
		wait_for_completion(&q->work);
		spin_lock(&q->lock);
		iocb = list_first_entry(&q->done, struct kiocb, list);
		list_del(&iocb->list);
		spin_unlock(&q->lock);
		dio_finish(iocb);
		complete(&iocb->done);
	}
}

/* ---- the beginning ------------------------------------------------------------------------------------------------------- */

/* => true: all requests have ended already, and nobody else will say so */
static bool submit_requests(struct kiocb *iocb)
{
	struct disk_request r = { .write = iocb->write, .user = true, .end_io = end_request, .data = iocb };
	unsigned long pos;
	size_t len;

	atomic_set(&iocb->pending, 1);
	for (size_t at = 0; at < iocb->n; at += len) {
		len = piece_at(iocb, at, &r.frame);
		pos = iocb->pos + at;
		r.block = iocb->file->f_inode->i_block + (pos >> PAGE_SHIFT);
		r.offset = (u32)(pos & ~PAGE_MASK);
		r.len = (u32)len;
		atomic_inc(&iocb->pending);
		disk_submit(&r);
	}
	return atomic_dec_and_test(&iocb->pending);
}

/* => 0: nothing of the range is cached dirty, or, before a write, at all; or -EIO, -ENOMEM */
static int clean_range(const struct kiocb *iocb)
{
	struct address_space *mapping = iocb->file->f_mapping;
	unsigned long end = iocb->pos + iocb->n - 1;
	int error = filemap_write_and_wait_range(mapping, iocb->pos, end);

	if (error || !iocb->write || !READ_ONCE(mapping->nrpages))
		return error;
	return invalidate_inode_pages2_range(mapping, iocb->pos >> PAGE_SHIFT, end >> PAGE_SHIFT);
}

static bool misaligned(const struct kiocb *iocb)
{
	return (iocb->user | iocb->pos | iocb->n) & (DISK_BEAT - 1);
}

/*
 * => called with i_mutex held for a write; 0: the requests are on their way, *over: or have ended; or -errno, and
 * nothing has changed
 */
static int dio_begin(struct kiocb *iocb, bool *over)
{
	int error = misaligned(iocb) ? -EINVAL : clean_range(iocb);

	if (error)
		return error;
	SYNC_LABEL("range_clean");
	error = pin_pages(iocb);
	if (error)
		return error;
	SYNC_LABEL("pinned");
	if (iocb->write)
		tell_begin(iocb);
	else
		dirty_pages(iocb);
	get_file(iocb->file);
	*over = submit_requests(iocb);
	return 0;
}

/* => called with i_mutex held for a write; as inode_operations has it */
static long dio_synchronous(struct kiocb *iocb)
{
	bool over;
	long ret = dio_begin(iocb, &over);

	if (ret)
		return ret;
	if (!over)
		wait_for_completion(&iocb->done);
	dio_finish(iocb);
	return iocb->ret;
}

static struct kiocb *kiocb_alloc(struct file *file, bool write, unsigned long user, size_t n,
				 unsigned long pos)
{
	struct kiocb *iocb = kmem_alloc(sizeof(*iocb), SLAB_IO);

	if (!iocb)
		return NULL;
	iocb->file = file;
	iocb->write = write;
	iocb->user = user;
	iocb->n = n;
	iocb->pos = pos;
	init_completion(&iocb->done);
	return iocb;
}

static void kiocb_free(struct kiocb *iocb)
{
	kmem_free(iocb, sizeof(*iocb), SLAB_IO);
}

/* ---- the calls ------------------------------------------------------------------------------------------------------------ */

/* What of n bytes from pos on the file has, in whole sectors. */
static size_t sectors_in_file(const struct inode *inode, size_t n, unsigned long pos)
{
	unsigned long size = i_size_read(inode), left = pos < size ? size - pos : 0;

	left = (left + DISK_BEAT - 1) & ~(unsigned long)(DISK_BEAT - 1);
	return n < left ? n : left;
}

/* What was read beyond the end of the file does not count. */
static long bytes_in_file(const struct inode *inode, long ret, unsigned long pos)
{
	unsigned long size = i_size_read(inode);

	if (ret <= 0)
		return ret;
	if (pos >= size)
		return 0;
	return ret < (long)(size - pos) ? ret : (long)(size - pos);
}

long direct_read(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	struct kiocb *iocb;
	long ret = -EINVAL;

	if ((user | n | pos) & (DISK_BEAT - 1))
		return ret;
	n = sectors_in_file(file->f_inode, n, pos);
	if (!n)
		return 0;
	iocb = kiocb_alloc(file, false, user, n, pos);
	if (!iocb)
		return -ENOMEM;
	ret = dio_synchronous(iocb);
	kiocb_free(iocb);
	return bytes_in_file(file->f_inode, ret, pos);
}

/* => called with i_mutex held, and n bytes from pos on written */
static void extend_file(struct inode *inode, unsigned long pos, long n)
{
	if (n > 0 && pos + (unsigned long)n > inode->i_size)
		i_size_write(inode, pos + (unsigned long)n);
}

long direct_write(struct file *file, unsigned long user, size_t n, unsigned long pos)
{
	struct inode *inode = file->f_inode;
	struct kiocb *iocb;
	long ret;

	if (!n)
		return 0;
	iocb = kiocb_alloc(file, true, user, n, pos);
	if (!iocb)
		return -ENOMEM;
	mutex_lock(&inode->i_mutex);
	file_update_time(inode);
	ret = dio_synchronous(iocb);
	extend_file(inode, pos, ret);
	mutex_unlock(&inode->i_mutex);
	kiocb_free(iocb);
	return ret;
}

/* => called with i_mutex held for a write; 0 or -errno */
static int submit(struct kiocb *iocb)
{
	struct inode *inode = iocb->file->f_inode;
	bool extends = iocb->write && iocb->pos + iocb->n > inode->i_size, over = false;
	int error;

	iocb->async = !extends && this_machine->config.aio;
	if (!iocb->async) {
		long ret = dio_synchronous(iocb);

		extend_file(inode, iocb->pos, ret);
		complete(&iocb->done);
		return ret < 0 ? (int)ret : 0;
	}
	error = dio_begin(iocb, &over);
	if (over)
		queue_finish(iocb);
	return error;
}

int aio_submit(struct file *file, bool write, unsigned long user, size_t n, unsigned long pos,
	       struct kiocb **iocbp)
{
	struct inode *inode = file->f_inode;
	struct kiocb *iocb;
	int error;

	if (!n || (!write && sectors_in_file(inode, n, pos) < n) || pos + n > FILE_PAGES_MAX * PAGE_SIZE)
		return -EINVAL;
	iocb = kiocb_alloc(file, write, user, n, pos);
	if (!iocb)
		return -ENOMEM;
	if (write) {
		mutex_lock(&inode->i_mutex);
		file_update_time(inode);
	}
	error = submit(iocb);
	if (write)
		mutex_unlock(&inode->i_mutex);
	if (error)
		kiocb_free(iocb);
	else
		*iocbp = iocb;
	return error;
}

long aio_wait(struct kiocb *iocb)
{
	long ret;

	wait_for_completion(&iocb->done);
	ret = iocb->ret;
	kiocb_free(iocb);
	return ret;
}
