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

/* => false: [addr, addr + n) has no further word. *at: bytes that are done */
bool ghost_piece(struct piece *p, unsigned long addr, const void *buf, size_t n, size_t *at)
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

u32 ghost_id_of(const struct mm_struct *mm)
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

const struct mm_struct *ghost_mm(u32 id)
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

struct ghost_word *ghost_find(u32 id, u64 addr)
{
	struct ghost *g = ghost();

	for (u32 i = 0; i < g->nr_words; i++)
		if (g->word[i].mm == id && g->word[i].addr == addr)
			return &g->word[i];
	return NULL;
}

void ghost_change(struct ghost_word *w)
{
	sync_ghost_begin(w, sizeof(*w));
}

void ghost_forget(struct ghost_word *w)
{
	ghost_change(w);
	w->mm = 0;
	sync_ghost_end();
}

/* => an empty one, or NULL: there is no room, and from now on what has no word is not judged */
struct ghost_word *ghost_new(u32 id, u64 addr)
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
	ghost_change(&g->word[i]);
	g->word[i] = (struct ghost_word){ .mm = id, .addr = addr };
	sync_ghost_end();
	return &g->word[i];
}

bool ghost_discarding(u32 id, u64 addr)
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
	u32 id = ghost_id_of(mm);
	struct ghost_word *w = ghost_find(id, p->addr);
	bool going = ghost_discarding(id, p->addr), fresh = !w;

	if (!w)
		w = ghost_new(id, p->addr);
	if (!w)
		return;
	ghost_change(w);
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
	struct ghost_word *w = ghost_find(ghost_id_of(mm), p->addr);

	if (!w || !w->stores)
		return;
	ghost_change(w);
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

void private_store_as(const struct mm_struct *mm, unsigned long addr, const struct page *page,
		      const void *buf, size_t n, bool device)
{
	const struct mm_struct *child = shares(mm, addr, page);
	struct piece p;

	for (size_t at = 0; ghost_piece(&p, addr, buf, n, &at);) {
		p.device = device;
		store_piece(mm, &p);
		if (child)
			store_piece(child, &p);
	}
	step(ghost_id_of(mm), addr, true, "stored");
	for (size_t at = 0; ghost_piece(&p, addr, buf, n, &at);) {
		settle(mm, &p);
		if (child)
			settle(child, &p);
	}
}

void private_store(const struct mm_struct *mm, unsigned long addr, const struct page *page, const void *buf,
		   size_t n)
{
	private_store_as(mm, addr, page, buf, n, false);
}

void private_look(const struct mm_struct *mm, unsigned long addr)
{
	step(ghost_id_of(mm), addr, false, "look");
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
	const struct ghost_word *whose = holder(ghost_id_of(mm), p);
	const struct mm_struct *other = whose ? ghost_mm(whose->mm) : NULL;
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
	ghost_change(w);
	memcpy(w->now, p->bytes, sizeof(w->now));
	w->flags &= (u8) ~(GHOST_EITHER | (as_number(p->bytes) ? 0 : GHOST_MAY_BE_LOST));
	sync_ghost_end();
}

/* => false, reported */
bool private_judge(const struct mm_struct *mm, const char *verb, const struct piece *p,
		   const struct page *page)
{
	u32 id = ghost_id_of(mm);
	struct ghost_word *w = ghost_find(id, p->addr);

	if (ghost_discarding(id, p->addr))
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

	for (size_t at = 0; ghost_piece(&p, addr, buf, n, &at);)
		if (!private_judge(mm, "loads", &p, page))
			return;
}

/* A page of a file is seen where a private copy was stored to. => shared mappings have no words */
void private_load_of_file(const struct mm_struct *mm, unsigned long addr, const struct page *page,
			  const void *buf, size_t n)
{
	struct piece p;

	for (size_t at = 0; ghost_piece(&p, addr, buf, n, &at);) {
		struct ghost_word *w = ghost_find(ghost_id_of(mm), p.addr);

		if (!w || ghost_discarding(w->mm, p.addr))
			continue;
		if (w->flags & GHOST_MAY_BE_LOST)
			ghost_forget(w);
		else if (!private_judge(mm, "loads", &p, page))
			return;
	}
}
