/* SPDX-License-Identifier: MIT */
/*
 * content.h - contents of frames: a look at the frame's poison, and a copy
 *
 * Included by sync_impl.h alone. What looks costs one load where nothing in the page is poisoned.
 */
#ifndef SIM_NATIVE_CONTENT_H
#define SIM_NATIVE_CONTENT_H

void native_look(const void *p, const char *op);
void native_copy_bytes(void *dst, const void *src, size_t n);
void native_zero(void *dst, size_t n);
void native_copy_page(void *dst, const void *src, size_t n);

static inline void native_look_first(const void *p, const char *op)
{
	const struct native_task *t = native_self;
	size_t off = (size_t)((const u8 *)p - (const u8 *)t->arena);

	if (unlikely(off >= t->size || __atomic_load_n(&t->page_poison[off >> 12], __ATOMIC_RELAXED)))
		native_look(p, op);
}

/* A word is stored whole, as a user's instruction stores it. */
static inline void native_copy(void *dst, const void *src, size_t n)
{
#if !NATIVE_UNWATCHED_COPY
	if (likely(n == 8)) {
		__builtin_memcpy(dst, src, 8);
		return;
	}
#endif
	native_copy_bytes(dst, src, n);
}

static inline void content_read(void *local, const void *src, size_t n)
{
	native_look_first(src, "read");
	native_copy(local, src, n);
}
static inline void content_write(void *dst, const void *local, size_t n)
{
	native_look_first(dst, "write");
	native_copy(dst, local, n);
}
static inline void content_zero(void *dst, size_t n)
{
	native_look_first(dst, "zero");
	native_zero(dst, n);
}
static inline void content_copy(void *dst, const void *src, size_t n)
{
	native_look_first(src, "read");
	native_look_first(dst, "write");
	native_copy_page(dst, src, n);
}
/* The poison that follows says it. */
static inline void content_scrub(void *dst, size_t n)
{
}

#endif
