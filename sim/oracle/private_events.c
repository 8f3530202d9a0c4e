/* SPDX-License-Identifier: MIT */
/*
 * private_events.c - what becomes of the bytes of private memory: forks, discardings, moves, devices
 *
 * See private_bytes.c for the rules. The ends of a fork and of a discarding, and a move, are steps on the location of all
 * user accesses: an access before and one after are held against different bytes.
 */
#include <string.h>

#include "oracle/private_bytes.h"

/* ---- fork ---------------------------------------------------------------------------------------------------------------- */

static void set_child(struct mm_struct *src, struct mm_struct *dst)
{
	sync_ghost_begin(&src->ghost_child, sizeof(src->ghost_child));
	src->ghost_child = dst;
	sync_ghost_end();
}

void observe_fork_begin(struct mm_struct *dst, struct mm_struct *src)
{
	if (this_machine->config.ghosts)
		set_child(src, dst);
}

/* What the parent stored while the page was being copied may be in the copy or not. */
static void inherit(u32 id, const struct ghost_word *from)
{
	struct ghost_word *w = ghost_find(id, from->addr);
	bool again = w;

	if (!w)
		w = ghost_new(id, from->addr);
	if (!w)
		return;
	ghost_change(w);
	if (again && memcmp(w->now, from->now, sizeof(w->now))) {
		memcpy(w->was, w->now, sizeof(w->was));
		w->flags |= GHOST_EITHER;
	} else if (!again) {
		*w = *from;
		w->mm = id;
		w->flags |= from->stores ? GHOST_EITHER : 0;
		w->stores = 0;
	}
	memcpy(w->now, from->now, sizeof(w->now));
	sync_ghost_end();
}

void observe_fork_page(struct mm_struct *dst, struct mm_struct *src, unsigned long addr, unsigned long size)
{
	struct ghost *g = ghost();
	u32 n = g->nr_words, from, to;

	if (!this_machine->config.ghosts)
		return;
	sync_ghost_begin(NULL, 0);
	from = ghost_id_of(src);
	to = ghost_id_of(dst);
	for (u32 i = 0; i < n; i++)
		if (g->word[i].mm == from && g->word[i].addr >= addr && g->word[i].addr < addr + size)
			inherit(to, &g->word[i]);
	sync_ghost_end();
}

void observe_fork_end(struct mm_struct *dst, struct mm_struct *src)
{
	if (!this_machine->config.ghosts)
		return;
	sync_ghost_step(ghost(), true, "forked");
	set_child(src, NULL);
}

/* ---- what goes ------------------------------------------------------------------------------------------------------------ */

static void set_window(u32 old_id, u32 id, unsigned long start, unsigned long end)
{
	struct ghost *g = ghost();

	for (int i = 0; i < GHOST_WINDOWS; i++) {
		struct ghost_window *w = &g->window[i];

		if (w->mm != old_id || (old_id && (w->start != start || w->end != end)))
			continue;
		sync_ghost_begin(w, sizeof(*w));
		*w = (struct ghost_window){ id, start, end };
		sync_ghost_end();
		return;
	}
	if (old_id)
		return;
	sync_ghost_begin(&g->full, sizeof(g->full));
	g->full = true;
	sync_ghost_end();
}

static bool within(u64 addr, unsigned long start, unsigned long end)
{
	return addr >= start && addr < end;
}

static void drop_pins(u32 id, unsigned long start, unsigned long end)
{
	struct ghost *g = ghost();

	for (int i = 0; i < GHOST_PINS; i++) {
		if (g->pin[i].mm != id || !within(g->pin[i].addr, start, end))
			continue;
		sync_ghost_begin(&g->pin[i], sizeof(g->pin[i]));
		g->pin[i] = (struct ghost_pin){ 0 };
		sync_ghost_end();
	}
}

static void drop_words(u32 id, unsigned long start, unsigned long end)
{
	struct ghost *g = ghost();

	for (u32 i = 0; i < g->nr_words; i++) {
		struct ghost_word *w = &g->word[i];

		if (w->mm != id || !within(w->addr, start, end))
			continue;
		if (!(w->flags & GHOST_DISCARDED)) {
			ghost_forget(w);
			continue;
		}
		ghost_change(w);
		w->flags |= GHOST_MAY_BE_LOST;
		if (!ghost_discarding(id, w->addr))
			w->flags &= (u8)~GHOST_DISCARDED;
		sync_ghost_end();
	}
}

void observe_discard_begin(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	if (!this_machine->config.ghosts)
		return;
	sync_ghost_step(ghost(), true, "discarding");
	sync_ghost_begin(NULL, 0);
	set_window(0, ghost_id_of(mm), start, end);
	sync_ghost_end();
}

void observe_discard_end(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	if (!this_machine->config.ghosts)
		return;
	sync_ghost_step(ghost(), true, "discarded");
	sync_ghost_begin(NULL, 0);
	set_window(ghost_id_of(mm), 0, start, end);
	drop_words(ghost_id_of(mm), start, end);
	drop_pins(ghost_id_of(mm), start, end);
	sync_ghost_end();
}

void observe_may_discard(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct ghost *g = ghost();

	if (!this_machine->config.ghosts)
		return;
	sync_ghost_step(g, true, "may_discard");
	sync_ghost_begin(NULL, 0);
	for (u32 i = 0; i < g->nr_words; i++) {
		if (g->word[i].mm != ghost_id_of(mm) || !within(g->word[i].addr, start, end))
			continue;
		ghost_change(&g->word[i]);
		g->word[i].flags |= GHOST_MAY_BE_LOST;
		sync_ghost_end();
	}
	sync_ghost_end();
}

void observe_move_begin(struct mm_struct *mm, unsigned long from, unsigned long to, unsigned long len)
{
	observe_discard_begin(mm, from, from + len);
	observe_discard_begin(mm, to, to + len);
}

/* A word goes along. Which of the stores that were made meanwhile is the last is not known. */
static void move_word(struct ghost_word *w, unsigned long by)
{
	struct ghost_word *there = ghost_find(w->mm, w->addr + by);

	ghost_change(w);
	w->addr += by;
	if (there || (w->flags & GHOST_DISCARDED))
		w->known = 0;
	w->flags &= (u8)~GHOST_DISCARDED;
	sync_ghost_end();
	if (there)
		ghost_forget(there);
}

void observe_moved(struct mm_struct *mm, unsigned long from, unsigned long to, unsigned long len)
{
	struct ghost *g = ghost();
	u32 id;

	if (!this_machine->config.ghosts)
		return;
	sync_ghost_step(g, true, "moved");
	sync_ghost_begin(NULL, 0);
	id = ghost_id_of(mm);
	set_window(id, 0, from, from + len);
	set_window(id, 0, to, to + len);
	for (u32 i = 0; i < g->nr_words; i++)
		if (g->word[i].mm == id && within(g->word[i].addr, from, from + len))
			move_word(&g->word[i], to - from);
	for (int i = 0; i < GHOST_PINS; i++) {
		if (g->pin[i].mm != id || !within(g->pin[i].addr, from, from + len))
			continue;
		sync_ghost_begin(&g->pin[i], sizeof(g->pin[i]));
		g->pin[i].addr += to - from;
		sync_ghost_end();
	}
	sync_ghost_end();
}

void observe_mm_gone(struct mm_struct *mm)
{
	if (!this_machine->config.ghosts || !mm->ghost_id)
		return;
	sync_ghost_begin(NULL, 0);
	drop_words(mm->ghost_id, 0, ~0ul);
	drop_words(mm->ghost_id, 0, ~0ul);
	drop_pins(mm->ghost_id, 0, ~0ul);
	sync_ghost_end();
}

/* ---- devices --------------------------------------------------------------------------------------------------------------- */

static void set_pin(const struct page *old, const struct ghost_pin *new)
{
	struct ghost *g = ghost();

	sync_ghost_begin(NULL, 0);
	for (int i = 0; i < GHOST_PINS; i++) {
		if (g->pin[i].page != old)
			continue;
		sync_ghost_begin(&g->pin[i], sizeof(g->pin[i]));
		g->pin[i] = *new;
		sync_ghost_end();
		break;
	}
	sync_ghost_end();
}

void observe_pin(struct mm_struct *mm, unsigned long addr, const struct page *page)
{
	if (this_machine->config.ghosts)
		set_pin(NULL, &(struct ghost_pin){ page, ghost_id_of(mm), addr & PAGE_MASK });
}

void observe_unpin(const struct page *page)
{
	if (this_machine->config.ghosts)
		set_pin(page, &(struct ghost_pin){ 0 });
}

static bool same_device_page(const struct ghost_pin *pin, const struct page *page)
{
	return pin->page == page && ghost_mm(pin->mm);
}

void observe_dma_store(const struct page *page, unsigned at, const void *buf, size_t n)
{
	struct ghost *g = ghost();

	if (!this_machine->config.ghosts)
		return;
	for (int i = 0; i < GHOST_PINS; i++)
		if (same_device_page(&g->pin[i], page))
			private_store_as(ghost_mm(g->pin[i].mm), g->pin[i].addr + at, page, buf, n, true);
}

void observe_dma_load(const struct page *page, unsigned at, const void *buf, size_t n)
{
	struct ghost *g = ghost();
	struct piece p;

	if (!this_machine->config.ghosts)
		return;
	for (int i = 0; i < GHOST_PINS; i++) {
		const struct mm_struct *mm =
			same_device_page(&g->pin[i], page) ? ghost_mm(g->pin[i].mm) : NULL;

		for (size_t done = 0; mm && ghost_piece(&p, g->pin[i].addr + at, buf, n, &done);)
			if (!private_judge(mm, "gives a device", &p, page))
				return;
	}
}
