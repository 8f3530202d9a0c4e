/* SPDX-License-Identifier: MIT */
/*
 * memory.c - the arena of a machine, the image that each round starts from, and the poison of both
 *
 * A jemalloc arena of its own holds all of a machine's memory, so that it is aligned, local, and gone at once
 * with the machine. Under a sanitizer its allocator stands in.
 *
 * A restore looks at the whole arena and copies the pages that differ: reading costs little, and pages that a
 * round left alone stay shared in every CPU's cache. Nothing runs meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "native/internal.h"

#define PAGE ((size_t)4096)
#define LINE ((size_t)64)

#if NATIVE_ASAN
#include <sanitizer/asan_interface.h>
#endif

#if NATIVE_ASAN || NATIVE_TSAN

static int open_arena(struct native_machine *m)
{
	(void)m;
	return 0;
}

static void close_arena(struct native_machine *m)
{
	free(m->arena);
	free(m->image);
	free(m->poison);
	free(m->poison_image);
}

static u8 *get(struct native_machine *m, size_t size)
{
	u8 *p = aligned_alloc(PAGE, size);

	(void)m;
	if (p)
		memset(p, 0, size);
	return p;
}

#else
#include <jemalloc/jemalloc.h>

static int open_arena(struct native_machine *m)
{
	size_t size = sizeof(m->jemalloc_arena);

	return mallctl("arenas.create", &m->jemalloc_arena, &size, NULL, 0);
}

static void close_arena(struct native_machine *m)
{
	char name[48];

	snprintf(name, sizeof(name), "arena.%u.destroy", m->jemalloc_arena);
	mallctl(name, NULL, NULL, NULL, 0);
}

static u8 *get(struct native_machine *m, size_t size)
{
	return mallocx(size, MALLOCX_ARENA(m->jemalloc_arena) | MALLOCX_TCACHE_NONE | MALLOCX_ALIGN(PAGE) |
				     MALLOCX_ZERO);
}
#endif

int memory_create(struct native_machine *m, char *err, size_t n)
{
	size_t size = (m->p->arena_size + PAGE - 1) & ~(PAGE - 1), map;

	m->size = size ? size : PAGE;
	map = (m->size / LINE + PAGE - 1) & ~(PAGE - 1);
	if (open_arena(m) == 0) {
		m->arena = get(m, m->size);
		m->image = get(m, m->size);
		m->poison = get(m, map);
		m->poison_image = get(m, map);
		if (m->arena && m->image && m->poison && m->poison_image)
			return 0;
		close_arena(m);
	}
	snprintf(err, n, "no memory for two arenas of %zu bytes", m->size);
	return -1;
}

void memory_destroy(struct native_machine *m)
{
#if NATIVE_ASAN
	__asan_unpoison_memory_region(m->arena, m->size);
#endif
	close_arena(m);
}

static void unwatch(struct native_machine *m)
{
#if NATIVE_ASAN
	__asan_unpoison_memory_region(m->arena, m->size);
#else
	(void)m;
#endif
}

static void watch(struct native_machine *m)
{
#if NATIVE_ASAN
	for (size_t i = 0; i < m->size / LINE; i++)
		if (m->poison[i])
			__asan_poison_memory_region(m->arena + i * LINE, LINE);
#else
	(void)m;
#endif
}

void memory_snapshot(struct native_machine *m)
{
	unwatch(m);
	memcpy(m->image, m->arena, m->size);
	memcpy(m->poison_image, m->poison, m->size / LINE);
	watch(m);
}

static void restore_pages(u8 *to, const u8 *from, size_t size)
{
	for (size_t off = 0; off < size; off += PAGE) {
		size_t n = size - off < PAGE ? size - off : PAGE;

		if (memcmp(to + off, from + off, n))
			memcpy(to + off, from + off, n);
	}
}

void memory_restore(struct native_machine *m)
{
	unwatch(m);
	restore_pages(m->arena, m->image, m->size);
	restore_pages(m->poison, m->poison_image, m->size / LINE);
	watch(m);
}
