// SPDX-License-Identifier: MIT
/*
 * ground.c - the native ground: the calling thread runs the task, as a check is run, that nobody runs beside
 *
 * Programs are many and short, so that a reset costs what a program used: struct machine and struct pages are compared
 * with the image, frames and objects are copied where the image has something in them. What is in free frames, slots
 * and objects means nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hw/machine.h"
#include "mm/page_flags.h"
#include "native/internal.h"
#include "prog/ground.h"

struct ground {
	struct engine_program program;
	struct native_options options;
	struct native_machine *m;
};

const char *ground_no_schedules(void)
{
	return "this is the native build: schedules and failures need the controlled one";
}

static void nothing(void *arg)
{
}

struct ground *ground_create(size_t size, void (*setup)(void *arg), void (*task)(void *arg), void *arg,
			     char *err, size_t n)
{
	struct ground *g = calloc(1, sizeof(*g));

	if (!g) {
		snprintf(err, n, "out of memory");
		return NULL;
	}
	g->program = (struct engine_program){
		.name = GROUND_TASK, .arena_size = size, .setup = setup, .check = task, .arg = arg
	};
	g->program.tasks[g->program.nr_tasks++] = (struct engine_task){ .name = GROUND_TASK, .run = nothing };
	g->m = machine_create(&g->program, &g->options, err, n);
	if (!g->m) {
		free(g);
		return NULL;
	}
	machine_setup(g->m, NATIVE_SETUP_SECONDS);
	if (g->m->violation.oracle[0]) {
		snprintf(err, n, "the set-up failed: %s: %.300s", g->m->violation.oracle,
			 g->m->violation.message);
		ground_destroy(g);
		return NULL;
	}
	memory_snapshot(g->m);
	return g;
}

#if NATIVE_ASAN || NATIVE_TSAN

static void reset(struct native_machine *m)
{
	memory_restore(m);
}

#else

#define LINE ((size_t)64)

/* What differs, a page at a time, from `from` to `to`, offsets of the arena. */
static void reset_range(struct native_machine *m, size_t from, size_t to)
{
	while (from < to) {
		size_t n = to - from < PAGE_SIZE ? to - from : PAGE_SIZE;

		if (memcmp(m->arena + from, m->image + from, n))
			memcpy(m->arena + from, m->image + from, n);
		from += n;
	}
}

static size_t offset_of(const struct native_machine *m, const void *p)
{
	return (size_t)((const u8 *)p - m->arena);
}

/* The machine of the image: its pointers lead into the arena. */
static const void *image_of(const struct native_machine *m, const void *p)
{
	return m->image + offset_of(m, p);
}

static void reset_frames(struct native_machine *m, const struct machine *image)
{
	const struct page *page = image_of(m, image->mem_map);
	size_t frames = offset_of(m, image->frame);

	for (unsigned long pfn = 0; pfn < image->nr_frames; pfn++)
		if (!(page[pfn].flags & (1ul << PG_free)))
			memcpy(m->arena + frames + pfn * PAGE_SIZE, m->image + frames + pfn * PAGE_SIZE,
			       PAGE_SIZE);
}

static void reset_class(struct native_machine *m, const struct slab_class *c)
{
	if (c->nr)
		memcpy(c->offset, image_of(m, c->offset), c->nr * sizeof(c->offset[0]));
}

/* => `used`: of the heap, before the machine was reset */
static void reset_slab(struct native_machine *m, const struct slab *s, size_t used)
{
	size_t heap = offset_of(m, s->heap);

	for (unsigned i = 0; i < SLAB_CLASSES; i++)
		reset_class(m, &s->free[i]);
	for (unsigned i = 0; i < SLAB_KINDS - SLAB_TYPESAFE; i++)
		reset_class(m, &s->typesafe[i]);
	reset_range(m, heap, heap + used);
	reset_range(m, heap + s->size, m->size);
}

/*
 * struct machine, without the disk's blocks and what is known of the contents of its files: programs have none on it, nor,
 * without config.ghosts, anybody who notes what private memory holds.
 */
static void reset_machine(struct native_machine *m, const struct machine *image)
{
	size_t disk = offsetof(struct machine, disk.block), ghost = offsetof(struct machine, ghost.page);
	size_t words = offsetof(struct machine, ghost.word), pins = offsetof(struct machine, ghost.pin);

	if (image->nr_files || ghost < disk) {
		reset_range(m, 0, offset_of(m, image->frame));
		return;
	}
	reset_range(m, 0, disk);
	reset_range(m, disk + sizeof(image->disk.block), ghost);
	reset_range(m, ghost + sizeof(image->ghost.page), image->config.ghosts ? pins : words);
	reset_range(m, pins, offset_of(m, image->frame));
}

static void reset(struct native_machine *m)
{
	const struct machine *machine = (const struct machine *)m->arena,
			     *image = (const struct machine *)m->image;
	size_t used = machine->slab.used;

	reset_machine(m, image);
	reset_frames(m, image);
	reset_range(m, offset_of(m, image->swap.map), offset_of(m, image->swap.map) + image->swap.nr_slots);
	reset_slab(m, &image->slab, used);
	memcpy(m->page_poison, m->poison_image, (size_t)(m->poison - m->page_poison) + m->size / LINE);
}

#endif

int ground_run(struct ground *g, const char *schedule, struct ground_end *end, char *err, size_t n)
{
	struct native_machine *m = g->m;

	memset(end, 0, sizeof(*end));
	if (schedule && *schedule) {
		snprintf(err, n, "%s", ground_no_schedules());
		return -1;
	}
	reset(m);
	m->violation.oracle[0] = '\0';
	m->violated = 0;
	m->host.task.data = NULL;
	machine_check(m);
	snprintf(end->oracle, sizeof(end->oracle), "%s", m->violation.oracle);
	snprintf(end->message, sizeof(end->message), "%s", m->violation.message);
	return 0;
}

void ground_destroy(struct ground *g)
{
	machine_destroy(g->m);
	free(g);
}
