/* SPDX-License-Identifier: MIT */
/*
 * pipe.c - the machine's one pipe, which never blocks
 *
 * Mirrors fs/pipe.c and vmsplice_to_pipe() of fs/splice.c of 6.18: a ring of 16 buffers, each a page or a part of one.
 * What is written goes to pages of the pipe's own, appended to the last if it fits; what is spliced is the process's
 * pages themselves, a buffer each, held by a reference (FOLL_GET) and not copied.
 *
 * I1: buffers tail .. head - 1 hold data, one byte at least, and a reference to their page each.
 * I2: only a page that the pipe allocated is appended to.
 * I3: fullness and emptiness are judged before any address: -EAGAIN comes before -EFAULT.
 *
 * Lock order: pipe->mutex, then what a fault in user memory takes.
 *
 * Left out: readers and writers that wait, gifts, the pages that the kernel keeps for the next write, atomicity below
 * PIPE_BUF beyond what one buffer gives.
 */
#include "fs/fs.h"
#include "hw/observer.h"
#include "kernel/sys.h"
#include "mm/mm.h"

void pipe_init(void)
{
	mutex_init(&this_machine->pipe.mutex);
}

static struct pipe_buffer *slot(struct pipe *pipe, u32 i)
{
	return &pipe->buf[i % PIPE_BUFFERS];
}

/* ---- each => called with pipe->mutex held -------------------------------------------------------------------------- */

static bool pipe_full(const struct pipe *pipe)
{
	return pipe->head - pipe->tail == PIPE_BUFFERS;
}

static bool pipe_empty(const struct pipe *pipe)
{
	return pipe->head == pipe->tail;
}

/* => there is room; the pipe takes over the reference */
static void push(struct pipe *pipe, struct page *page, size_t offset, size_t len, bool merge)
{
	observe_hold(page, 1);
	*slot(pipe, pipe->head++) = (struct pipe_buffer){ page, (u32)offset, (u32)len, merge };
}

/* From user memory into a page. => how many bytes */
static size_t fill(struct page *page, size_t offset, unsigned long user, size_t n)
{
	u8 buf[PAGE_SIZE];
	size_t copied = n - copy_from_user(buf, user, n);

	if (copied)
		content_write((u8 *)page_address(page) + offset, buf, copied);
	return copied;
}

/* What does not fill a page is appended to the last buffer, if all of it fits. => how many bytes, or -EFAULT */
static long append(struct pipe *pipe, unsigned long user, size_t n)
{
	size_t chars = n & ~PAGE_MASK, end;
	struct pipe_buffer *last;

	if (!chars || pipe_empty(pipe))
		return 0;
	last = slot(pipe, pipe->head - 1);
	end = last->offset + last->len;
	if (!last->merge || end + chars > PAGE_SIZE)
		return 0;
	if (fill(last->page, end, user, chars) < chars)
		return -EFAULT;
	last->len += (u32)chars;
	return (long)chars;
}

/* A page of the pipe's own. => how many bytes went in, or -ENOMEM, -EFAULT */
static long write_page(struct pipe *pipe, unsigned long user, size_t n)
{
	struct page *page = alloc_page();

	if (!page)
		return -ENOMEM;
	if (n > PAGE_SIZE)
		n = PAGE_SIZE;
	if (fill(page, 0, user, n) < n) {
		put_page(page);
		return -EFAULT;
	}
	push(pipe, page, 0, n, true);
	return (long)n;
}

static long pipe_write(struct pipe *pipe, unsigned long user, size_t n)
{
	long part = append(pipe, user, n), done = part;

	if (part < 0)
		return part;
	while ((size_t)done < n) {
		part = pipe_full(pipe) ? -EAGAIN : write_page(pipe, user + (size_t)done, n - (size_t)done);
		if (part < 0)
			return done ? done : part;
		done += part;
	}
	return done;
}

static void release(struct pipe *pipe)
{
	struct page *page = slot(pipe, pipe->tail)->page;

	slot(pipe, pipe->tail++)->page = NULL;
	observe_hold(page, -1);
	put_page(page);
}

/* From the oldest buffer. => how many bytes, or -EFAULT and they stay */
static long read_buffer(struct pipe *pipe, unsigned long user, size_t n)
{
	struct pipe_buffer *b = slot(pipe, pipe->tail);
	u8 buf[PAGE_SIZE];

	if (n > b->len)
		n = b->len;
	content_read(buf, (u8 *)page_address(b->page) + b->offset, n);
	if (copy_to_user(user, buf, n))
		return -EFAULT;
	b->offset += (u32)n;
	b->len -= (u32)n;
	if (!b->len)
		release(pipe);
	return (long)n;
}

static long pipe_read(struct pipe *pipe, unsigned long user, size_t n)
{
	long part, done = 0;

	while ((size_t)done < n) {
		part = pipe_empty(pipe) ? -EAGAIN : read_buffer(pipe, user + (size_t)done, n - (size_t)done);
		if (part < 0)
			return done ? done : part;
		done += part;
	}
	return done;
}

/*
 * The pages of one pass: as many as a pipe has buffers, whatever room there is, so that pages are faulted in that find
 * none. => how many bytes went in, or -errno; *more: there was room for all
 */
static long splice_pages(struct pipe *pipe, unsigned long user, size_t n, bool *more)
{
	struct page *pages[PIPE_BUFFERS];
	size_t offset = user & ~PAGE_MASK, part, done = 0;
	unsigned long want = (offset + n + PAGE_SIZE - 1) >> PAGE_SHIFT;
	long got = get_user_pages_fast(user, want < PIPE_BUFFERS ? want : PIPE_BUFFERS, 0, pages);

	if (got <= 0)
		return got;
	for (long i = 0; i < got; i++, offset = 0) {
		if (pipe_full(pipe)) {
			*more = false;
			put_page(pages[i]);
			continue;
		}
		part = n - done < PAGE_SIZE - offset ? n - done : PAGE_SIZE - offset;
		push(pipe, pages[i], offset, part, false);
		done += part;
	}
	return (long)done;
}

static long pipe_splice(struct pipe *pipe, unsigned long user, size_t n)
{
	long part, done = 0;
	bool more = true;

	if (pipe_full(pipe))
		return -EAGAIN;
	while (more && (size_t)done < n) {
		part = splice_pages(pipe, user + (size_t)done, n - (size_t)done, &more);
		if (part < 0)
			return done ? done : part;
		done += part;
	}
	return done ? done : -EAGAIN;
}

/* ---- system calls ---------------------------------------------------------------------------------------------------- */

static long locked(long (*op)(struct pipe *, unsigned long, size_t), unsigned long user, size_t n)
{
	struct pipe *pipe = &this_machine->pipe;
	long ret;

	if (!n)
		return 0;
	mutex_lock(&pipe->mutex);
	ret = op(pipe, user, n);
	mutex_unlock(&pipe->mutex);
	return ret;
}

long sys_vmsplice(unsigned long user, size_t n)
{
	return locked(pipe_splice, user, n);
}

long sys_pipe_read(unsigned long user, size_t n)
{
	return locked(pipe_read, user, n);
}

long sys_pipe_write(unsigned long user, size_t n)
{
	return locked(pipe_write, user, n);
}
