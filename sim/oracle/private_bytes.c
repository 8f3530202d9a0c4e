/* SPDX-License-Identifier: MIT */
/*
 * private_bytes.c - oracles cow-leak, lost-write, lost-dma-write, dma-leak: whose bytes private memory holds
 *
 * I1: a load of private memory returns what its process last stored there, wherever the page has been since: copied,
 *     shared with a child, swapped out, moved, merged.
 * I2: a child begins with what the parent held when its CPUs were flushed, or when the page was copied for the child;
 *     nothing that either stores later is seen by the other.
 * I3: what a device writes to a page that was pinned for it belongs to the process that pinned it, at the address that
 *     it had pinned, until that is discarded; a device that reads sees the same.
 * I4: anonymous memory that nobody stored to since it was mapped, or discarded, is zero.
 *
 * A wrong value that another process holds is cow-leak, from a device dma-leak; else the right one was lost: lost-write,
 * lost-dma-write; or nothing was ever stored there: stale-content. While a discarding or a store is under way, a load may
 * see what was before and what comes after.
 *
 * A table in the arena, searched from its beginning, of words that were stored to: few, in a race. Words for which there
 * is no room are not judged, and then I4 is not either. Where one process stores and another looks does not conflict by
 * itself if the pages differ; so stores are steps, on a location that the address chooses, and so is the look.
 *
 * Left out: what a private copy of a file's page holds beside what was stored to it; I4 on the native ground.
 */
#include <string.h>

#include "oracle/private_bytes.h"

/* A piece of one word: bytes [first, last) of it. */
struct piece {
	u64 addr; /* of the word */
	u8 bytes[8];
	u8 mask;
	bool device;
};

static struct ghost *ghost(void)
{
	return &this_machine->ghost;
}

/* => false: [addr, addr + n) has no further word. *at: bytes that are done */
static bool next_piece(struct piece *p, unsigned long addr, const void *buf, size_t n, size_t *at)
{
	unsigned from = (addr + *at) & 7;

	if (*at == n)
		return false;
	*p = (struct piece){ .addr = (addr + *at) & ~7ul };
	for (; from < 8 && *at < n; from++, ++*at) {
		p->bytes[from] = ((const u8 *)buf)[*at];
		p->mask |= (u8)(1u << from);
	}
	return true;
}

static u32 id_of(const struct mm_struct *mm)
{
	u32 *id = (u32 *)(uintptr_t)&mm->ghost_id;

	if (!*id) {
		sync_ghost_begin(id, sizeof(*id));
		sync_ghost_begin(&ghost()->last_id, sizeof(ghost()->last_id));
		*id = ++ghost()->last_id;
		sync_ghost_end();
		sync_ghost_end();
	}
	return *id;
}

static const struct mm_struct *mm_of(u32 id)
{
	const struct mm_struct *mm;

	for (int i = 0; i < MAX_MMS; i++) {
		mm = mm_at(i);
		if (mm && mm->ghost_id == id)
			return mm;
	}
	return NULL;
}

/* Two processes that look at one address meet here, and so do a store and a load. */
static void step(u32 id, unsigned long addr, bool write, const char *name)
{
	sync_ghost_step(&ghost()->order[(id * 7 + (addr >> PAGE_SHIFT)) % GHOST_ORDERS], write, name);
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */

static struct ghost_word *find(u32 id, u64 addr)
{
	struct ghost *g = ghost();

	for (u32 i = 0; i < g->nr_words; i++)
		if (g->word[i].mm == id && g->word[i].addr == addr)
			return &g->word[i];
	return NULL;
}

static void change_begin(struct ghost_word *w)
{
	sync_ghost_begin(w, sizeof(*w));
}

static void forget(struct ghost_word *w)
{
	change_begin(w);
	w->mm = 0;
	sync_ghost_end();
}

/* => an empty one, or NULL: there is no room, and from now on what has no word is not judged */
static struct ghost_word *new_word(u32 id, u64 addr)
{
	struct ghost *g = ghost();
	u32 i = 0;

	while (i < g->nr_words && g->word[i].mm)
		i++;
	sync_ghost_begin(&g->last_id, sizeof(g->last_id) + sizeof(g->nr_words) + sizeof(g->full));
	if (i == GHOST_WORDS)
		g->full = true;
	else if (i == g->nr_words)
		g->nr_words++;
	sync_ghost_end();
	if (i == GHOST_WORDS)
		return NULL;
	change_begin(&g->word[i]);
	g->word[i] = (struct ghost_word){ .mm = id, .addr = addr };
	sync_ghost_end();
	return &g->word[i];
}

static bool discarding(u32 id, u64 addr)
{
	const struct ghost *g = ghost();

	for (int i = 0; i < GHOST_WINDOWS; i++)
		if (g->window[i].mm == id && addr >= g->window[i].start && addr < g->window[i].end)
			return true;
	return false;
}

/* => what has no word there is zero */
static bool begins_as_zero(const struct mm_struct *mm, u64 addr)
{
	const struct vm_area_struct *vma;

	if (FAULTLINE_NATIVE || ghost()->full)
		return false;
	vma = vma_at(mm, addr);
	return vma && !vma->vm_file && !(vma->vm_flags & (VM_SHARED | VM_PFNMAP | VM_MIXEDMAP));
}

/* ---- stores ---------------------------------------------------------------------------------------------------------- */

static void set_bytes(struct ghost_word *w, const struct piece *p)
{
	for (unsigned i = 0; i < 8; i++) {
		if (!(p->mask & (1u << i))) {
			if (!(w->flags & GHOST_EITHER) && !w->stores)
				w->was[i] = w->now[i];
			continue;
		}
		if (!w->stores)
			w->was[i] = w->now[i];
		w->now[i] = p->bytes[i];
	}
	w->known |= p->mask;
}

static void store_piece(const struct mm_struct *mm, const struct piece *p)
{
	u32 id = id_of(mm);
	struct ghost_word *w = find(id, p->addr);
	bool going = discarding(id, p->addr), fresh = !w;

	if (!w)
		w = new_word(id, p->addr);
	if (!w)
		return;
	change_begin(w);
	if (fresh && begins_as_zero(mm, p->addr))
		w->known = 0xff;
	set_bytes(w, p);
	w->stores++;
	if (p->mask == 0xff)
		w->flags &= (u8) ~(GHOST_EITHER | GHOST_MAY_BE_LOST);
	w->flags &= (u8)~GHOST_DEVICE;
	w->flags |= (u8)((going ? GHOST_DISCARDED : 0) | (p->device ? GHOST_DEVICE : 0));
	sync_ghost_end();
}

/* The store was a step: loads from here on see it. */
static void settle(const struct mm_struct *mm, const struct piece *p)
{
	struct ghost_word *w = find(id_of(mm), p->addr);

	if (!w || !w->stores)
		return;
	change_begin(w);
	w->stores--;
	sync_ghost_end();
}

/* Fork has not flushed yet, and the child has the very page: what goes there is from before the fork. */
static const struct mm_struct *shares(const struct mm_struct *mm, unsigned long addr, const struct page *page)
{
	const struct mm_struct *child = mm->ghost_child;
	u64 pte = child ? pte_at(child, addr) : 0;

	return entry_present(pte) && pfn_of(pte) == page_to_pfn(page) ? child : NULL;
}

static void store(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		  size_t n, bool device)
{
	const struct mm_struct *child = shares(mm, addr, page);
	struct piece p;

	for (size_t at = 0; next_piece(&p, addr, buf, n, &at);) {
		p.device = device;
		store_piece(mm, &p);
		if (child)
			store_piece(child, &p);
	}
	step(id_of(mm), addr, true, "stored");
	for (size_t at = 0; next_piece(&p, addr, buf, n, &at);) {
		settle(mm, &p);
		if (child)
			settle(child, &p);
	}
}

void private_store(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		   size_t n)
{
	store(mm, addr, page, buf, n, false);
}

void private_look(const struct mm_struct *mm, unsigned long addr)
{
	step(id_of(mm), addr, false, "look");
}

/* ---- loads ------------------------------------------------------------------------------------------------------------ */

static bool may_be(const struct ghost_word *w, const struct piece *p, unsigned i)
{
	return !(p->mask & w->known & (1u << i)) || p->bytes[i] == w->now[i] ||
	       ((w->stores || (w->flags & GHOST_EITHER)) && p->bytes[i] == w->was[i]) ||
	       ((w->flags & GHOST_MAY_BE_LOST) && !p->bytes[i]);
}

static u64 as_number(const u8 bytes[8])
{
	u64 v;

	memcpy(&v, bytes, sizeof(v));
	return v;
}

/* => who else holds what was loaded; NULL: nobody */
static const struct ghost_word *holder(u32 id, const struct piece *p)
{
	const struct ghost *g = ghost();

	for (u32 i = 0; i < g->nr_words; i++) {
		const struct ghost_word *w = &g->word[i];
		bool same = w->mm && w->mm != id && as_number(p->bytes);

		for (unsigned k = 0; same && k < 8; k++)
			same = !(p->mask & (1u << k)) || p->bytes[k] == w->now[k] || p->bytes[k] == w->was[k];
		if (same)
			return w;
	}
	return NULL;
}

/* w: what should be there; NULL: zeroes */
static void report(const struct mm_struct *mm, const char *verb, const struct ghost_word *w,
		   const struct piece *p, const struct page *page)
{
	const struct ghost_word *whose = holder(id_of(mm), p);
	const struct mm_struct *other = whose ? mm_of(whose->mm) : NULL;
	const char *oracle = !w ? "stale-content" : w->flags & GHOST_DEVICE ? "lost-dma-write" : "lost-write";
	unsigned long long got = as_number(p->bytes), right = w ? as_number(w->now) : 0;
	char text[PAGE_TEXT];

	if (w && (w->flags & GHOST_DEVICE) && !other)
		whose = NULL;
	if (other)
		sync_violation(whose->flags & GHOST_DEVICE ? "dma-leak" : "cow-leak",
			       "mm %d %s %#llx at %#lx, which mm %d %s; its own is %#llx: %s", mm->id, verb,
			       got, (unsigned long)p->addr, other->id,
			       whose->flags & GHOST_DEVICE ? "was given by a device" : "stored", right,
			       page_text(text, page));
	else
		sync_violation(oracle, "mm %d %s %#llx at %#lx, where %s %#llx: %s", mm->id, verb, got,
			       (unsigned long)p->addr,
			       !w		       ? "nothing was stored since it was mapped, not" :
			       w->flags & GHOST_DEVICE ? "a device wrote" :
							 "it had stored",
			       right, page_text(text, page));
}

/* What might have been two things was one, and that is now known. */
static void learn(struct ghost_word *w, const struct piece *p)
{
	u8 doubt = w->flags & (GHOST_EITHER | GHOST_MAY_BE_LOST);

	if (!doubt || p->mask != 0xff || w->stores)
		return;
	if (doubt == GHOST_MAY_BE_LOST && as_number(p->bytes))
		return;
	change_begin(w);
	memcpy(w->now, p->bytes, sizeof(w->now));
	w->flags &= (u8) ~(GHOST_EITHER | (as_number(p->bytes) ? 0 : GHOST_MAY_BE_LOST));
	sync_ghost_end();
}

/* => false, reported */
static bool judge(const struct mm_struct *mm, const char *verb, const struct piece *p,
		  const struct page *page)
{
	u32 id = id_of(mm);
	struct ghost_word *w = find(id, p->addr);

	if (discarding(id, p->addr))
		return true;
	if (!w && (!begins_as_zero(mm, p->addr) || !as_number(p->bytes)))
		return true;
	for (unsigned i = 0; i < 8; i++) {
		if (w ? may_be(w, p, i) : !p->bytes[i])
			continue;
		report(mm, verb, w, p, page);
		return false;
	}
	if (w)
		learn(w, p);
	return true;
}

void private_load(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		  size_t n)
{
	struct piece p;

	for (size_t at = 0; next_piece(&p, addr, buf, n, &at);)
		if (!judge(mm, "loads", &p, page))
			return;
}

/* A page of a file is seen where a private copy was stored to. => shared mappings have no words */
void private_load_of_file(const struct mm_struct *mm, unsigned long addr, const struct page *page,
			  const void *buf, size_t n)
{
	struct piece p;

	for (size_t at = 0; next_piece(&p, addr, buf, n, &at);) {
		struct ghost_word *w = find(id_of(mm), p.addr);

		if (!w || discarding(w->mm, p.addr))
			continue;
		if (w->flags & GHOST_MAY_BE_LOST)
			forget(w);
		else if (!judge(mm, "loads", &p, page))
			return;
	}
}

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
	struct ghost_word *w = find(id, from->addr);
	bool again = w;

	if (!w)
		w = new_word(id, from->addr);
	if (!w)
		return;
	change_begin(w);
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
	from = id_of(src);
	to = id_of(dst);
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
			forget(w);
			continue;
		}
		change_begin(w);
		w->flags |= GHOST_MAY_BE_LOST;
		if (!discarding(id, w->addr))
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
	set_window(0, id_of(mm), start, end);
	sync_ghost_end();
}

void observe_discard_end(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	if (!this_machine->config.ghosts)
		return;
	sync_ghost_step(ghost(), true, "discarded");
	sync_ghost_begin(NULL, 0);
	set_window(id_of(mm), 0, start, end);
	drop_words(id_of(mm), start, end);
	drop_pins(id_of(mm), start, end);
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
		if (g->word[i].mm != id_of(mm) || !within(g->word[i].addr, start, end))
			continue;
		change_begin(&g->word[i]);
		g->word[i].flags |= GHOST_MAY_BE_LOST;
		sync_ghost_end();
	}
	sync_ghost_end();
}

void observe_moved(struct mm_struct *mm, unsigned long from, unsigned long to, unsigned long len)
{
	struct ghost *g = ghost();

	if (!this_machine->config.ghosts)
		return;
	sync_ghost_step(g, true, "moved");
	sync_ghost_begin(NULL, 0);
	for (u32 i = 0; i < g->nr_words; i++) {
		if (g->word[i].mm != id_of(mm) || !within(g->word[i].addr, from, from + len))
			continue;
		change_begin(&g->word[i]);
		g->word[i].addr += to - from;
		sync_ghost_end();
	}
	for (int i = 0; i < GHOST_PINS; i++) {
		if (g->pin[i].mm != id_of(mm) || !within(g->pin[i].addr, from, from + len))
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
		set_pin(NULL, &(struct ghost_pin){ page, id_of(mm), addr & PAGE_MASK });
}

void observe_unpin(const struct page *page)
{
	if (this_machine->config.ghosts)
		set_pin(page, &(struct ghost_pin){ 0 });
}

static bool same_device_page(const struct ghost_pin *pin, const struct page *page)
{
	return pin->page == page && mm_of(pin->mm);
}

void observe_dma_store(const struct page *page, unsigned at, const void *buf, size_t n)
{
	struct ghost *g = ghost();

	if (!this_machine->config.ghosts)
		return;
	for (int i = 0; i < GHOST_PINS; i++)
		if (same_device_page(&g->pin[i], page))
			store(mm_of(g->pin[i].mm), g->pin[i].addr + at, page, buf, n, true);
}

void observe_dma_load(const struct page *page, unsigned at, const void *buf, size_t n)
{
	struct ghost *g = ghost();
	struct piece p;

	if (!this_machine->config.ghosts)
		return;
	for (int i = 0; i < GHOST_PINS; i++) {
		const struct mm_struct *mm = same_device_page(&g->pin[i], page) ? mm_of(g->pin[i].mm) : NULL;

		for (size_t done = 0; mm && next_piece(&p, g->pin[i].addr + at, buf, n, &done);)
			if (!judge(mm, "gives a device", &p, page))
				return;
	}
}
