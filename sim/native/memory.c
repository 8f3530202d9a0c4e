/* SPDX-License-Identifier: MIT */
/*
 * memory.c - the arena of a machine, the image that each round starts from, and the poison of both
 *
 * A jemalloc arena of its own holds all of a machine's memory, so that it is aligned, local, and gone at once
 * with the machine. Under a sanitizer its allocator stands in. A machine without an image is mapped instead, in huge
 * pages where there are any, and what it does not use is never there.
 *
 * A restore looks at the whole arena and copies the pages that differ: reading costs little, and pages that a
 * round left alone stay shared in every CPU's cache. Nothing runs meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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
	free(m->page_poison);
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

/* ---- memory that is committed when it is used ---- */

static u8 *map(size_t size)
{
	u8 *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	madvise(p, size, MADV_HUGEPAGE);
	return p;
}

static size_t map_size(const struct native_machine *m)
{
	size_t pages = (m->size / PAGE + LINE - 1) & ~(LINE - 1);

	return (pages + m->size / LINE + PAGE - 1) & ~(PAGE - 1);
}

static void unmap_all(struct native_machine *m)
{
	if (m->arena)
		munmap(m->arena, m->size);
	if (m->page_poison)
		munmap(m->page_poison, map_size(m));
}

static int map_all(struct native_machine *m)
{
	m->arena = map(m->size);
	m->page_poison = map(map_size(m));
	if (m->arena && m->page_poison)
		return 0;
	unmap_all(m);
	return -1;
}

static int get_all(struct native_machine *m)
{
	if (open_arena(m))
		return -1;
	m->arena = get(m, m->size);
	m->image = get(m, m->size);
	m->page_poison = get(m, map_size(m));
	m->poison_image = get(m, map_size(m));
	if (m->arena && m->image && m->page_poison && m->poison_image)
		return 0;
	close_arena(m);
	return -1;
}

int memory_create(struct native_machine *m, char *err, size_t n)
{
	size_t size = (m->p->arena_size + PAGE - 1) & ~(PAGE - 1);

	m->size = size ? size : PAGE;
	if ((m->no_image ? map_all : get_all)(m)) {
		snprintf(err, n, "no memory for %s of %zu bytes", m->no_image ? "an arena" : "two arenas",
			 m->size);
		return -1;
	}
	m->poison = m->page_poison + map_size(m) - m->size / LINE;
	return 0;
}

void memory_destroy(struct native_machine *m)
{
#if NATIVE_ASAN
	__asan_unpoison_memory_region(m->arena, m->size);
#endif
	(m->no_image ? unmap_all : close_arena)(m);
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
		if ((m->page_poison[i / (PAGE / LINE)] & 0x7f) || m->poison[i])
			__asan_poison_memory_region(m->arena + i * LINE, LINE);
#else
	(void)m;
#endif
}

void memory_snapshot(struct native_machine *m)
{
	unwatch(m);
	memcpy(m->image, m->arena, m->size);
	memcpy(m->poison_image, m->page_poison, map_size(m));
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
	restore_pages(m->page_poison, m->poison_image, map_size(m));
	watch(m);
}
