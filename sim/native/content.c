/* SPDX-License-Identifier: MIT */
/*
 * content.c - page contents, which may be accessed concurrently, and poison
 *
 * Content accesses look at the poison of the first line that they touch, as those of the controlled build do.
 * What kernel code accesses only ASan looks at, where it is on.
 */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "native/internal.h"

#define LINE_SHIFT 6
#define LINE (1u << LINE_SHIFT)
#define LINES_AT_ONCE 8 /* poison bytes stored as one word */

/* ---- contents ----------------------------------------------------------------------------------- */

#if NATIVE_TSAN || NATIVE_ASAN
/* User memory and DMA race by right, and a poisoned page is our violation to report: neither sanitizer is to
 * look. */
#define UNWATCHED __attribute__((no_sanitize_address, no_sanitize_thread, noinline))

UNWATCHED static void copy(void *dst, const void *src, size_t n)
{
	volatile u8 *d = dst;
	const volatile u8 *s = src;

	if (!(((uintptr_t)d | (uintptr_t)s) & 7))
		for (; n >= 8; n -= 8, d += 8, s += 8)
			*(volatile u64 *)d = *(const volatile u64 *)s;
	while (n--)
		*d++ = *s++;
}

UNWATCHED static void zero(void *dst, size_t n)
{
	volatile u8 *d = dst;

	if (!((uintptr_t)d & 7))
		for (; n >= 8; n -= 8, d += 8)
			*(volatile u64 *)d = 0;
	while (n--)
		*d++ = 0;
}
#else
static inline void copy(void *dst, const void *src, size_t n)
{
	/* A word is stored whole, as a user's instruction stores it. */
	if (n == 8)
		memcpy(dst, src, 8);
	else
		memcpy(dst, src, n);
}

static inline void zero(void *dst, size_t n)
{
	memset(dst, 0, n);
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

static void look(const void *p, const char *op)
{
	struct native_machine *m = self_thread()->m;
	size_t off = (size_t)((const u8 *)p - m->arena);
	u8 number;

	if (unlikely(off >= m->size)) {
		sync_violation("assertion", "%s at %p, outside the machine", op, p);
		return;
	}
	number = __atomic_load_n(&m->poison[off >> LINE_SHIFT], __ATOMIC_RELAXED);
	if (unlikely(number))
		report_poisoned(m, p, number, op);
}

void content_read(void *local, const void *src, size_t n)
{
	look(src, "read");
	copy(local, src, n);
}

void content_write(void *dst, const void *local, size_t n)
{
	look(dst, "write");
	copy(dst, local, n);
}

void content_zero(void *dst, size_t n)
{
	look(dst, "zero");
	zero(dst, n);
}

/* ---- poison ------------------------------------------------------------------------------------- */

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

/* Sets the poison of all lines that [p, p + n) touches. */
static void set_poison(const void *p, size_t n, u8 number)
{
	struct native_machine *m = self_thread()->m;
	size_t off = (size_t)((const u8 *)p - m->arena);
	size_t line = off >> LINE_SHIFT, end = (off + n + LINE - 1) >> LINE_SHIFT;

	if (!n || off >= m->size || n > m->size - off)
		return;
#if NATIVE_ASAN
	if (number)
		__asan_poison_memory_region(m->arena + line * LINE, (end - line) * LINE);
	else
		__asan_unpoison_memory_region(m->arena + line * LINE, (end - line) * LINE);
#endif
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

void sync_poison(const void *p, size_t n, const char *oracle)
{
	set_poison(p, n, oracle_number(self_thread()->m, oracle));
}

void sync_unpoison(const void *p, size_t n)
{
	set_poison(p, n, 0);
}

/* ---- oracles' own state: one lock for all of it ---- */

static pthread_mutex_t ghost_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

void sync_ghost_begin(const void *p, size_t n)
{
	pthread_mutex_lock(&ghost_lock);
}

void sync_ghost_end(void)
{
	pthread_mutex_unlock(&ghost_lock);
}

u64 sync_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000u + (u64)t.tv_nsec;
}
