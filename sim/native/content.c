/* SPDX-License-Identifier: MIT */
/*
 * content.c - page contents, which may be accessed concurrently, and poison
 *
 * Content accesses look at the poison of the first line that they touch, as those of the controlled build do.
 * What kernel code accesses only ASan looks at, where it is on.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "native/internal.h"

#define LINE_SHIFT 6
#define LINE ((size_t)1 << LINE_SHIFT)
#define PAGE_SHIFT 12
#define LINES_SHIFT (PAGE_SHIFT - LINE_SHIFT) /* lines of a page */
#define LINES 0x80			      /* of a page's byte */
#define AHEAD (32 * LINE)		      /* of stores that clear */
#define SPINS_BEFORE_YIELD 100
#define LINES_AT_ONCE 8 /* poison bytes stored as one word */

/* ---- contents ----------------------------------------------------------------------------------- */

#if NATIVE_UNWATCHED_COPY
#define UNWATCHED __attribute__((no_sanitize_address, no_sanitize_thread, noinline))

UNWATCHED void native_copy_bytes(void *dst, const void *src, size_t n)
{
	volatile u8 *d = dst;
	const volatile u8 *s = src;

	if (!(((uintptr_t)d | (uintptr_t)s) & 7))
		for (; n >= 8; n -= 8, d += 8, s += 8)
			*(volatile u64 *)d = *(const volatile u64 *)s;
	while (n--)
		*d++ = *s++;
}

UNWATCHED void native_zero(void *dst, size_t n)
{
	volatile u8 *d = dst;

	if (!((uintptr_t)d & 7))
		for (; n >= 8; n -= 8, d += 8)
			*(volatile u64 *)d = 0;
	while (n--)
		*d++ = 0;
}

void native_copy_page(void *dst, const void *src, size_t n)
{
	native_copy_bytes(dst, src, n);
}
#else
void native_copy_bytes(void *dst, const void *src, size_t n)
{
	memcpy(dst, src, n);
}

/* Lines that are to be written are asked for ahead, many at once: a frame is rarely in a cache. */
void native_zero(void *dst, size_t n)
{
	u8 *p = dst, *end = p + n;

	for (size_t off = 0; off < n && off < AHEAD; off += LINE)
		__builtin_prefetch(p + off, 1);
	for (; p + AHEAD < end; p += LINE) {
		__builtin_prefetch(p + AHEAD, 1);
		memset(p, 0, LINE);
	}
	memset(p, 0, (size_t)(end - p));
}

void native_copy_page(void *dst, const void *src, size_t n)
{
	for (size_t off = 0; off < n; off += LINE) {
		__builtin_prefetch((u8 *)dst + off, 1);
		__builtin_prefetch((const u8 *)src + off, 0);
	}
	memcpy(dst, src, n);
}
#endif

static void report_poisoned(struct native_machine *m, const void *p, u8 number, const char *op)
{
	char what[64] = "freed memory";

	if (m->p->describe)
		m->p->describe(p, 1, what, sizeof(what));
	sync_violation(m->poison_oracle[number], "%s of %s (offset %#zx) after it was freed", op, what,
		       (size_t)((const u8 *)p - m->arena));
}

/* The fast path found that p is no byte of an arena, or that something in its page is poisoned. */
void native_look(const void *p, const char *op)
{
	struct native_machine *m = self_thread()->m;
	size_t off = (size_t)((const u8 *)p - m->arena);
	u8 page, number;

	if (unlikely(off >= m->size)) {
		sync_violation("assertion", "%s at %p, outside the machine", op, p);
		return;
	}
	page = __atomic_load_n(&m->page_poison[off >> PAGE_SHIFT], __ATOMIC_ACQUIRE);
	number = page & ~LINES ? page & ~LINES :
				 __atomic_load_n(&m->poison[off >> LINE_SHIFT], __ATOMIC_RELAXED);
	if (unlikely(number))
		report_poisoned(m, p, number, op);
}

/*
 * ---- poison -----------------------------------------------------------------------------------------------------
 *
 * A byte for each page, and one for each line. P1: a line is poisoned by its page's number, or where that is 0 by its
 * own. P2: a page's LINES is set while any of its lines may have a number; so a page that is poisoned and released as
 * a whole, as frames are, costs one byte.
 */

#if NATIVE_ASAN
#include <sanitizer/asan_interface.h>
#endif

static u8 oracle_number(struct native_machine *m, const char *oracle)
{
	int i;

	for (i = 1; i <= NATIVE_MAX_ORACLES; i++) {
		const char *known = __atomic_load_n(&m->poison_oracle[i], __ATOMIC_ACQUIRE);

		if (known == oracle)
			return (u8)i;
		if (!known)
			break;
	}
	pthread_mutex_lock(&m->violation_lock);
	for (i = 1; i <= NATIVE_MAX_ORACLES; i++) {
		if (!m->poison_oracle[i])
			__atomic_store_n(&m->poison_oracle[i], oracle, __ATOMIC_RELEASE);
		if (m->poison_oracle[i] == oracle)
			break;
	}
	pthread_mutex_unlock(&m->violation_lock);
	return (u8)i;
}

static void set_lines(struct native_machine *m, size_t line, size_t end, u8 number)
{
	while (line < end) {
		if (line % LINES_AT_ONCE == 0 && end - line >= LINES_AT_ONCE) {
			__atomic_store_n((u64 *)&m->poison[line], number * 0x0101010101010101ull,
					 __ATOMIC_RELAXED);
			line += LINES_AT_ONCE;
		} else {
			__atomic_store_n(&m->poison[line++], number, __ATOMIC_RELAXED);
		}
	}
}

/* The page's poison is its lines' from now on. Several may do so at once, for different lines. */
static void split_page(struct native_machine *m, size_t page)
{
	u8 *whole = &m->page_poison[page], was;

	if (__atomic_load_n(whole, __ATOMIC_ACQUIRE) == LINES)
		return;
	pthread_mutex_lock(&m->violation_lock);
	was = __atomic_load_n(whole, __ATOMIC_RELAXED);
	if (was != LINES) {
		if (was & ~LINES)
			set_lines(m, page << LINES_SHIFT, (page + 1) << LINES_SHIFT, was & ~LINES);
		__atomic_store_n(whole, LINES, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&m->violation_lock);
}

static void set_page(struct native_machine *m, size_t page, u8 number)
{
	u8 *whole = &m->page_poison[page];

	if (unlikely(__atomic_load_n(whole, __ATOMIC_RELAXED) & LINES))
		set_lines(m, page << LINES_SHIFT, (page + 1) << LINES_SHIFT, 0);
	__atomic_store_n(whole, number, __ATOMIC_RELAXED);
}

/* Sets the poison of all lines that [p, p + n) touches. */
static void set_poison(const void *p, size_t n, u8 number)
{
	struct native_machine *m = self_thread()->m;
	size_t off = (size_t)((const u8 *)p - m->arena);
	size_t line = off >> LINE_SHIFT, end = (off + n + LINE - 1) >> LINE_SHIFT, stop;

	if (!n || off >= m->size || n > m->size - off)
		return;
#if NATIVE_ASAN
	if (number)
		__asan_poison_memory_region(m->arena + line * LINE, (end - line) * LINE);
	else
		__asan_unpoison_memory_region(m->arena + line * LINE, (end - line) * LINE);
#endif
	for (; line < end; line = stop) {
		size_t page = line >> LINES_SHIFT;

		stop = (page + 1) << LINES_SHIFT;
		if (line == page << LINES_SHIFT && stop <= end) {
			set_page(m, page, number);
			continue;
		}
		stop = stop < end ? stop : end;
		split_page(m, page);
		set_lines(m, line, stop, number);
	}
}

void sync_poison(const void *p, size_t n, const char *oracle)
{
	set_poison(p, n, oracle_number(self_thread()->m, oracle));
}

void sync_unpoison(const void *p, size_t n)
{
	set_poison(p, n, 0);
}

/*
 * ---- oracles' own state: one lock for all of a machine's. Who holds it does not wait, so nobody is called off there ----
 */

void native_ghost_begin(void)
{
	struct native_thread *t = self_thread();

	if (t->task.ghost_depth++ || t->task.alone)
		return;
	for (unsigned n = 1; __atomic_exchange_n(&t->m->ghost_lock, 1, __ATOMIC_ACQUIRE); n++)
		while (__atomic_load_n(&t->m->ghost_lock, __ATOMIC_RELAXED))
			if (n++ % SPINS_BEFORE_YIELD)
				__builtin_ia32_pause();
			else
				sched_yield();
}

void native_ghost_end(void)
{
	struct native_thread *t = self_thread();

	if (--t->task.ghost_depth == 0 && !t->task.alone)
		__atomic_store_n(&t->m->ghost_lock, 0, __ATOMIC_RELEASE);
}

u64 sync_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}
